//! What makes an element: ids and labels, the cells that both CSV formats have beside properties.

use model::{HashKey, Quad, TermId, TermRef};
use store::Role;

use super::csv::Row;
use super::rows::{Record, Refusal};
use super::{columns, excerpt};

/// The label that an edge has if its row gives none.
const DEFAULT_EDGE_LABEL: &str = "edge";

/// A column by place and by the name in its header.
#[derive(Clone, Debug)]
pub(crate) struct SystemColumn {
    pub(crate) column: usize,
    pub(crate) name: String,
}

impl SystemColumn {
    /// The cell of a column that must have one. The empty string is an id, nothing is not (§6.5).
    ///
    /// # Errors
    ///
    /// The cell is blank; `what` says what it should hold.
    pub(crate) fn required<'b, 'a: 'b>(
        &self,
        row: Row<'a>,
        what: &str,
        scratch: &'b mut String,
    ) -> Result<&'b str, Refusal> {
        let cell = row.cell(self.column, scratch);
        if cell.is_blank() {
            let message = format!("Column '{}' is blank, expected {what}", excerpt(&self.name));
            return Err(Refusal::parse(message).at(self.column));
        }
        Ok(cell.text)
    }

    /// The one label of an edge; the default one if the cell is blank.
    ///
    /// # Errors
    ///
    /// The label is the empty string.
    pub(crate) fn edge_label<'b, 'a: 'b>(&self, row: Row<'a>, scratch: &'b mut String) -> Result<&'b str, Refusal> {
        let cell = row.cell(self.column, scratch);
        if cell.is_blank() {
            return Ok(DEFAULT_EDGE_LABEL);
        }
        if cell.text.is_empty() {
            return Err(self.empty_label());
        }
        Ok(cell.text)
    }

    fn empty_label(&self) -> Refusal {
        let message =
            format!("Column '{}': found an empty label, expected text or nothing at all", excerpt(&self.name));
        Refusal::parse(message).at(self.column)
    }
}

/// An edge's label by its column, if the file has one.
///
/// # Errors
///
/// See [`SystemColumn::edge_label`].
pub(crate) fn edge_label<'b, 'a: 'b>(
    column: Option<&SystemColumn>,
    row: Row<'a>,
    scratch: &'b mut String,
) -> Result<&'b str, Refusal> {
    column.map_or(Ok(DEFAULT_EDGE_LABEL), |column| column.edge_label(row, scratch))
}

/// Pushes the vertex's labels, then `values`, then counts: a row that has neither is one record by its ∅, in any other ∅
/// stands for "no label" uncounted (`spec/loader.md` §4.4, §6.5).
///
/// # Errors
///
/// The cell holds nothing but empty labels, or `values` fails.
pub(crate) fn push_vertex(
    vertex: TermId,
    label: Option<&SystemColumn>,
    key: &HashKey,
    record: &mut Record<'_>,
    values: impl FnOnce(&mut Record<'_>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let first = record.batch.entries.len();
    if let Some(label) = label {
        push_labels(vertex, label, key, record)?;
    }
    let unlabelled = record.batch.entries.len() == first;
    if unlabelled {
        let quad = Quad::in_default_graph(vertex, TermId::LABEL, TermId::NO_LABEL);
        record.batch.push(quad, record.ordinal, Role::Record);
    }
    values(record)?;
    let has_values = record.batch.entries.len() > first + 1;
    if let Some(entry) = record.batch.entries.get_mut(first).filter(|_| unlabelled && has_values) {
        entry.role = Role::Silent;
    }
    Ok(())
}

/// One entry a label. Empty labels between semicolons are passed over.
fn push_labels(vertex: TermId, label: &SystemColumn, key: &HashKey, record: &mut Record<'_>) -> Result<(), Refusal> {
    let cell = record.row.cell(label.column, &mut record.texts.cell);
    if cell.is_blank() {
        return Ok(());
    }
    let first = record.batch.entries.len();
    let mut labels = columns::elements(cell.text);
    while let Some(text) = labels.next(&mut record.texts.part) {
        if !text.is_empty() {
            let object = record.batch.term(key, TermRef::String(text));
            let quad = Quad::in_default_graph(vertex, TermId::LABEL, object);
            record.batch.push(quad, record.ordinal, Role::Record);
        }
    }
    if record.batch.entries.len() == first { Err(label.empty_label()) } else { Ok(()) }
}
