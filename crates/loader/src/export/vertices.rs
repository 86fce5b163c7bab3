//! Vertex files: a row a vertex, with its labels and properties.
//!
//! A vertex has a second row where one cannot hold it: rows of one id are one vertex. That happens for values that end
//! with a backslash, which before the `;` of an array would be read as `\;`, and for arrays too long for a cell.

use std::io::Write;

use model::{Quad, Term, TermId, Value};
use store::{Order, Pattern};

use super::columns::{self, Columns};
use super::csv;
use super::terms::Terms;
use super::{ExportError, Job, Part};
use crate::request::Format;

/// An array cell is not made longer than this, so that one row fits into memory and a loader's limits.
const ARRAY_BYTES: usize = 1 << 20;

/// Writes the file of vertices; gives the number of rows.
pub(super) fn write(job: &Job<'_>, out: &mut dyn Write) -> Result<u64, ExportError> {
    let columns = Columns::find(job, Part::Vertices)?;
    let system = if job.format == Format::OpenCypher { ":ID,:LABEL" } else { "~id,~label" };
    out.write_all(columns.header(system, job.format).as_bytes())?;
    let mut rows = Rows::new(&columns, out);
    let mut terms = Terms::default();
    let mut quads: Vec<Quad> = Vec::new();
    let mut current = None;
    for batch in job.snapshot.scan(Pattern::ALL, Order::Spog) {
        job.cancel.check()?;
        quads.clear();
        quads.extend(batch?.quads().filter(belongs));
        terms.resolve(job.snapshot, quads.iter().flat_map(|quad| [quad.s, quad.o]))?;
        for quad in &quads {
            if current != Some(quad.s) {
                rows.end()?;
                current = Some(quad.s);
                match terms.get(quad.s) {
                    Term::Vertex(id) if !id.contains('\0') => rows.begin(id),
                    Term::Vertex(id) => return Err(job.refuse(id, "an id holds no U+0000")),
                    other => return Err(job.misplaced(other, "a vertex")),
                }
            }
            match terms.get(quad.o) {
                Term::NoLabel => {}
                Term::Value(Value::String(label)) if quad.p == TermId::LABEL => {
                    if label.is_empty() || label.contains('\0') {
                        return Err(job.refuse(label, "a label is not empty and holds no U+0000"));
                    }
                    rows.label(label)?;
                }
                Term::Value(value) if quad.p != TermId::LABEL => {
                    let place =
                        columns.place(quad).ok_or_else(|| job.misplaced(terms.get(quad.o), "a property value"))?;
                    let refuse = |reason| job.refuse(&value.lexical(), reason);
                    rows.value(place, value)?.map_err(refuse)?;
                }
                other => return Err(job.misplaced(other, "a label or a property value")),
            }
        }
    }
    rows.end()?;
    Ok(rows.count)
}

/// Whether the quad is one of a vertex's own: out-edges are not.
fn belongs(quad: &Quad) -> bool {
    columns::is_property(quad, Part::Vertices) || (quad.s.is_vertex() && quad.p == TermId::LABEL)
}

/// The row that is being put together.
struct Rows<'a> {
    columns: &'a Columns,
    out: &'a mut dyn Write,
    count: u64,
    /// The id, as its cell is written; empty before the first vertex.
    id: String,
    labels: String,
    cells: Vec<Cell>,
    /// Whether the row holds something that no row before it does.
    unwritten: bool,
    value: String,
    row: String,
}

/// A property cell before it is quoted.
#[derive(Clone, Debug, Default)]
struct Cell {
    text: String,
    /// Whether there is a value: an empty text may be one.
    full: bool,
}

impl<'a> Rows<'a> {
    fn new(columns: &'a Columns, out: &'a mut dyn Write) -> Self {
        let cells = vec![Cell::default(); columns.columns.len()];
        let (id, labels, value, row) = Default::default();
        Self { columns, out, count: 0, id, labels, cells, unwritten: false, value, row }
    }

    /// Begins a vertex.
    fn begin(&mut self, id: &str) {
        self.id.clear();
        csv::push_cell(&mut self.id, id);
        self.labels.clear();
        self.unwritten = true;
    }

    /// Adds a label.
    fn label(&mut self, label: &str) -> Result<(), ExportError> {
        if !self.labels.is_empty() {
            if full(&self.labels) {
                self.end()?;
                self.labels.clear();
            } else {
                self.labels.push(';');
            }
        }
        csv::push_element(&mut self.labels, label);
        self.unwritten = true;
        Ok(())
    }

    /// Adds a property's value. The inner error says why it cannot be written.
    fn value(&mut self, place: usize, value: &Value) -> Result<Result<(), &'static str>, ExportError> {
        self.value.clear();
        if let Err(reason) = csv::push_value(&mut self.value, value) {
            return Ok(Err(reason));
        }
        let array = self.columns.columns[place].array;
        let cell = &self.cells[place];
        if cell.full && (!array || full(&cell.text)) {
            self.end()?;
        }
        let cell = &mut self.cells[place];
        if array {
            if cell.full {
                cell.text.push(';');
            }
            csv::push_element(&mut cell.text, &self.value);
        } else {
            cell.text.push_str(&self.value);
        }
        cell.full = true;
        self.unwritten = true;
        Ok(Ok(()))
    }

    /// Writes the row if it says anything new, and empties its properties.
    fn end(&mut self) -> Result<(), ExportError> {
        if !self.unwritten {
            return Ok(());
        }
        self.row.clear();
        self.row.push_str(&self.id);
        self.row.push(',');
        if !self.labels.is_empty() {
            csv::push_cell(&mut self.row, &self.labels);
        }
        for cell in &mut self.cells {
            self.row.push(',');
            if cell.full {
                csv::push_cell(&mut self.row, &cell.text);
                cell.text.clear();
                cell.full = false;
            }
        }
        self.row.push('\n');
        self.out.write_all(self.row.as_bytes())?;
        self.count += 1;
        self.unwritten = false;
        Ok(())
    }
}

/// Whether nothing can be added to an array: a backslash would swallow the semicolon, or it is long enough.
fn full(array: &str) -> bool {
    array.ends_with('\\') || array.len() > ARRAY_BYTES
}

#[cfg(test)]
mod tests;
