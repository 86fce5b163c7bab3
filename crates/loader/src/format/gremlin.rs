//! Gremlin CSV: rows of vertices or edges to entries (`spec/loader.md` §6).

use model::{HashKey, Quad, TermId, TermRef};
use store::Role;

use super::columns::{self, Cardinality};
use super::csv::Row;
use super::data_type::Dialect;
use super::element::{self, SystemColumn};
use super::properties::Properties;
use super::rows::{self, Record, Refusal};
use super::{FeedKind, FormatOptions, Parsed, excerpt};
use crate::blocks::Block;

/// What the header says.
#[derive(Debug)]
pub(crate) struct Reader {
    names: Vec<String>,
    id: SystemColumn,
    label: Option<SystemColumn>,
    /// Of an edge file.
    ends: Option<Ends>,
    properties: Properties,
}

/// `~from` and `~to`.
#[derive(Debug)]
struct Ends {
    from: SystemColumn,
    to: SystemColumn,
}

/// The system columns, as they are found.
#[derive(Default)]
struct System {
    id: Option<SystemColumn>,
    label: Option<SystemColumn>,
    from: Option<SystemColumn>,
    to: Option<SystemColumn>,
}

impl Reader {
    /// Reads the header's names.
    ///
    /// # Errors
    ///
    /// Missing, unknown or repeated columns; types and cardinalities that the file's kind cannot have (§6.2).
    pub(crate) fn new(names: &[String], options: &FormatOptions) -> Result<Self, Refusal> {
        let mut system = System::default();
        for (column, name) in names.iter().enumerate() {
            let Some(found) = system.slot(name) else {
                if name.starts_with('~') {
                    let message = format!(
                        "Header column '{}' is unknown: expected ~id, ~label, ~from, ~to or a property name",
                        excerpt(name)
                    );
                    return Err(Refusal::parse(message).at(column));
                }
                continue;
            };
            if found.replace(SystemColumn { column, name: name.clone() }).is_some() {
                return Err(Refusal::parse(format!("Header has two columns {}", excerpt(name))).at(column));
            }
        }
        let is_edge = system.from.is_some() || system.to.is_some();
        let required = |found: Option<SystemColumn>, name: &str| {
            found.ok_or_else(|| {
                let kind = if is_edge { "an edge file needs ~id, ~from and ~to" } else { "a vertex file needs ~id" };
                let first = names.first().map(|name| excerpt(name)).unwrap_or_default();
                Refusal::parse(format!("Header has no column {name}: {kind}, found '{first}' first"))
            })
        };
        let id = required(system.id, "~id")?;
        let ends = if is_edge {
            Some(Ends { from: required(system.from, "~from")?, to: required(system.to, "~to")? })
        } else {
            None
        };
        let mut properties = Properties::new(Dialect::Gremlin, options.allow_empty_strings);
        for (column, name) in names.iter().enumerate().filter(|(_, name)| !name.starts_with('~')) {
            let property = columns::property(column, name, Dialect::Gremlin)
                .map_err(|message| Refusal::parse(message).at(column))?;
            let set = property.array || property.cardinality == Some(Cardinality::Set);
            if is_edge && set {
                let message =
                    format!("Header column '{}' holds a set of values: an edge property has one", excerpt(name));
                return Err(Refusal::parse(message).at(column));
            }
            let single = is_edge || property.cardinality == Some(Cardinality::Single);
            properties.push(property, if single { Role::Single } else { Role::Record }, name)?;
        }
        Ok(Self { names: names.to_vec(), id, label: system.label, ends, properties })
    }

    /// Vertices, or edges if the header has `~from` and `~to`.
    pub(crate) const fn kind(&self) -> FeedKind {
        if self.ends.is_some() { FeedKind::Edges } else { FeedKind::Vertices }
    }

    /// The column in which the row has this property value, as the header names it.
    pub(crate) fn column_of(&self, row: Row<'_>, quad: &Quad, key: &HashKey) -> Option<String> {
        self.properties.column_of(row, quad, key).map(ToOwned::to_owned)
    }

    /// Reads a block.
    pub(crate) fn parse(&self, feed: u32, key: &HashKey, block: &Block, out: &mut Parsed) {
        let mut keys = std::mem::take(&mut out.scratch.keys);
        self.properties.keys(key, &mut out.batch, &mut keys);
        rows::each(feed, &self.names, block, out, |record| match &self.ends {
            Some(ends) => self.edge(ends, &keys, key, record),
            None => self.vertex(&keys, key, record),
        });
        out.scratch.keys = keys;
    }

    /// A vertex: one record a label and one a property value.
    fn vertex(&self, keys: &[TermId], key: &HashKey, mut record: Record<'_>) -> Result<(), Refusal> {
        let id = self.id.required(record.row, "the vertex's id", &mut record.texts.cell)?;
        let vertex = record.batch.term(key, TermRef::Vertex(id));
        element::push_vertex(vertex, self.label.as_ref(), key, &mut record, |record| {
            self.properties.push_values(vertex, keys, key, record)
        })
    }

    /// An edge: one record, and one a property value.
    fn edge(&self, ends: &Ends, keys: &[TermId], key: &HashKey, mut record: Record<'_>) -> Result<(), Refusal> {
        let row = record.row;
        let id = self.id.required(row, "the edge's id", &mut record.texts.cell)?;
        let edge = record.batch.term(key, TermRef::Edge(id));
        let from = ends.from.required(row, "the id of the vertex that the edge leaves", &mut record.texts.cell)?;
        let from = record.batch.term(key, TermRef::Vertex(from));
        let to = ends.to.required(row, "the id of the vertex that the edge enters", &mut record.texts.cell)?;
        let to = record.batch.term(key, TermRef::Vertex(to));
        let label = element::edge_label(self.label.as_ref(), row, &mut record.texts.cell)?;
        let label = record.batch.term(key, TermRef::EdgeLabel(label));
        record.batch.push(Quad::new(from, label, to, edge), record.ordinal, Role::Record);
        self.properties.push_values(edge, keys, key, &mut record)
    }
}

impl System {
    /// Where a column of this name belongs; `None` if it is no system column.
    fn slot(&mut self, name: &str) -> Option<&mut Option<SystemColumn>> {
        let slots =
            [("~id", &mut self.id), ("~label", &mut self.label), ("~from", &mut self.from), ("~to", &mut self.to)];
        slots.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, slot)| slot)
    }
}

#[cfg(test)]
mod tests;
