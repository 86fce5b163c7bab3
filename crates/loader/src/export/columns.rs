//! The property columns of a CSV file, found by one scan before the first row.
//!
//! A key has one column a type: the loader may have met it in many files with many types. A vertex's column is an array
//! if some vertex has more than one value of that key and type.

use model::{Quad, TermId};
use rustc_hash::FxHashMap;
use store::{Order, Pattern};

use super::csv::{self, CellType};
use super::{ExportError, Job, Part};
use crate::request::Format;

/// The longest header that a loader reads.
const HEADER_BYTES: usize = 1 << 20;

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    /// The property's key.
    pub(super) key: String,
    /// What its cells hold.
    pub(super) cell_type: CellType,
    /// Whether a cell holds several values.
    pub(super) array: bool,
}

/// The columns of a file, by name and type.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) columns: Vec<Column>,
    places: FxHashMap<(TermId, CellType), usize>,
}

impl Columns {
    /// Scans for the keys and types of a part's properties.
    ///
    /// # Errors
    ///
    /// A key that cannot stand in a header; a value of no CSV type; an element with several values where one is all
    /// that the format can say.
    pub(super) fn find(job: &Job<'_>, part: Part) -> Result<Self, ExportError> {
        let mut found: FxHashMap<(TermId, CellType), bool> = FxHashMap::default();
        let single = part == Part::Edges || job.format == Format::OpenCypher;
        let mut last: Option<(Quad, CellType)> = None;
        for batch in job.snapshot.scan(Pattern::ALL, Order::Spog) {
            job.cancel.check()?;
            for quad in batch?.quads().filter(|quad| is_property(quad, part)) {
                let Some(cell_type) = CellType::of(quad.o) else {
                    let term = job.snapshot.resolve(quad.o)?;
                    return Err(job.misplaced(&term, "a property value"));
                };
                // One key's values are neighbours, and so are those of one type among them.
                let (same_key, same_type) = last.map_or((false, false), |(last, last_type)| {
                    let same_key = (last.s, last.p) == (quad.s, quad.p);
                    (same_key, same_key && last_type == cell_type)
                });
                if same_key && single {
                    return Err(several_values(job, part, &quad)?);
                }
                *found.entry((quad.p, cell_type)).or_default() |= same_type;
                last = Some((quad, cell_type));
            }
        }
        Self::new(job, part, found)
    }

    /// Puts the columns into the order of their names.
    fn new(job: &Job<'_>, part: Part, found: FxHashMap<(TermId, CellType), bool>) -> Result<Self, ExportError> {
        let keys: Vec<TermId> = found.keys().map(|(key, _)| *key).collect();
        let names = job.snapshot.resolve_many(&keys)?;
        let mut columns = Vec::with_capacity(found.len());
        for (((id, cell_type), array), name) in found.into_iter().zip(names) {
            let model::Term::Key(key) = name else {
                return Err(job.misplaced(&name, "a property key"));
            };
            columns.push((Column { key, cell_type, array }, id));
        }
        columns.sort_unstable_by(|(a, _), (b, _)| (&a.key, a.cell_type).cmp(&(&b.key, b.cell_type)));
        let mut result = Self::default();
        for (place, (mut column, id)) in columns.into_iter().enumerate() {
            let refuse = |key, reason| ExportError::Key { format: job.format, key, reason };
            if let Some(reason) = csv::unnameable(job.format, &column.key) {
                return Err(refuse(column.key, reason));
            }
            if column.is_untyped() {
                if column.cell_type != CellType::String {
                    return Err(refuse(column.key, "a backslash at its end cannot stand before a type"));
                }
                column.array = false;
            }
            result.places.insert((id, column.cell_type), place);
            result.columns.push(column);
        }
        let length: usize = result.columns.iter().map(|column| column.key.len() + LONGEST_TYPE).sum();
        if length > HEADER_BYTES {
            return Err(ExportError::Header { part, columns: result.columns.len(), limit: HEADER_BYTES });
        }
        Ok(result)
    }

    /// The place of the column that holds such a property; `None` if none was found (the scan finds all).
    pub(super) fn place(&self, quad: &Quad) -> Option<usize> {
        self.places.get(&(quad.p, CellType::of(quad.o)?)).copied()
    }

    /// The header's line: the format's own columns, then these.
    pub(super) fn header(&self, system: &str, format: Format) -> String {
        let mut header = system.to_owned();
        for column in &self.columns {
            header.push(',');
            csv::push_cell(&mut header, &column.name(format));
        }
        header.push('\n');
        header
    }
}

/// More than a comma, a colon, the longest type, an array's brackets and the quotes round it take.
const LONGEST_TYPE: usize = 16;

impl Column {
    /// Whether a type would be read as part of the name: `a\:Int` is a property called `a:Int`.
    fn is_untyped(&self) -> bool {
        self.key.ends_with('\\')
    }

    /// The column as its header names it.
    fn name(&self, format: Format) -> String {
        let mut name = String::new();
        csv::push_name(&mut name, &self.key);
        if !self.is_untyped() {
            name.push(':');
            name.push_str(self.cell_type.name(format));
        }
        if self.array {
            name.push_str("[]");
        }
        name
    }
}

/// Whether the quad is a property of one of the part's elements.
pub(super) const fn is_property(quad: &Quad, part: Part) -> bool {
    quad.p.is_key()
        && match part {
            Part::Vertices => quad.s.is_vertex(),
            Part::Edges => quad.s.is_edge(),
            Part::Statements => false,
        }
}

/// The error for an element with several values, or the error of looking up what it is called.
fn several_values(job: &Job<'_>, part: Part, quad: &Quad) -> Result<ExportError, ExportError> {
    let text = |term| match term {
        model::Term::Vertex(text) | model::Term::Edge(text) | model::Term::Key(text) => text,
        other => format!("{other:?}"),
    };
    Ok(ExportError::SeveralValues {
        format: job.format,
        part,
        key: text(job.snapshot.resolve(quad.p)?),
        element: text(job.snapshot.resolve(quad.s)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(key: &str, cell_type: CellType, array: bool) -> Column {
        Column { key: key.to_owned(), cell_type, array }
    }

    #[test]
    fn headers_name_key_type_and_array() {
        let columns = Columns {
            columns: vec![
                column("age", CellType::Int, false),
                column("born", CellType::Date, false),
                column("c:d", CellType::String, true),
                column("e\\", CellType::String, false),
                column("f\"", CellType::Bool, false),
            ],
            places: FxHashMap::default(),
        };
        let gremlin = columns.header("~id,~label", Format::Csv);
        assert_eq!(gremlin, "~id,~label,age:Int,born:Date,c\\:d:String[],e\\,\"f\"\":Bool\"\n");
        let cypher = columns.header(":ID,:LABEL", Format::OpenCypher);
        assert!(cypher.starts_with(":ID,:LABEL,age:Int,born:DateTime,"), "{cypher}");
    }
}
