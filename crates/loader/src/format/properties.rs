//! The property cells of a row to entries, for vertices and edges of both CSV formats.

use model::{HashKey, Quad, TermId, TermRef};
use store::{IngestBatch, Role};

use super::columns::{self, Property};
use super::csv::{Cell, Row};
use super::data_type::{DataType, Dialect};
use super::rows::{Record, Refusal};
use super::{RowErrorKind, excerpt};

/// The property columns of a file.
#[derive(Debug)]
pub(crate) struct Properties {
    columns: Vec<Column>,
    dialect: Dialect,
    allow_empty_strings: bool,
}

/// A property column and what its values are to their rows.
#[derive(Debug)]
struct Column {
    property: Property,
    role: Role,
    /// The column as its header writes it, for messages.
    header: String,
}

impl Properties {
    /// No columns yet.
    pub(crate) const fn new(dialect: Dialect, allow_empty_strings: bool) -> Self {
        Self { columns: Vec::new(), dialect, allow_empty_strings }
    }

    /// Adds a column.
    ///
    /// # Errors
    ///
    /// Another column has the same key and type. (With another type it is the same key's: a key may have values of many
    /// types, and an export has a column for each.)
    pub(crate) fn push(&mut self, property: Property, role: Role, header: &str) -> Result<(), Refusal> {
        let column = property.column;
        let same = |known: &Property| (&known.name, known.data_type) == (&property.name, property.data_type);
        if self.columns.iter().any(|known| same(&known.property)) {
            let message = format!(
                "Header column '{}': the property '{}' has two columns of one type",
                excerpt(header),
                excerpt(&property.name)
            );
            return Err(Refusal::parse(message).at(column));
        }
        self.columns.push(Column { property, role, header: header.to_owned() });
        Ok(())
    }

    /// The ids of the keys, one a column. Asked for once a block, because a batch must know their spellings.
    pub(crate) fn keys(&self, key: &HashKey, batch: &mut IngestBatch, into: &mut Vec<TermId>) {
        into.clear();
        into.extend(self.columns.iter().map(|column| batch.term(key, TermRef::Key(&column.property.name))));
    }

    /// Pushes the row's property values as entries of `subject`. `keys` are those of [`Self::keys`].
    ///
    /// # Errors
    ///
    /// The first value that does not fit its type; what was pushed before it is the caller's to take back.
    pub(crate) fn push_values(
        &self,
        subject: TermId,
        keys: &[TermId],
        key: &HashKey,
        record: &mut Record<'_>,
    ) -> Result<(), Refusal> {
        for (column, predicate) in self.columns.iter().zip(keys) {
            let cell = record.row.cell(column.property.column, &mut record.texts.cell);
            let mut shape = String::new();
            let mut push = |value: TermRef<'_>| {
                let object = record.batch.term(key, value);
                let quad = Quad::in_default_graph(subject, *predicate, object);
                record.batch.push(quad, record.ordinal, column.role);
            };
            if column.property.array {
                if cell.is_blank() {
                    continue;
                }
                let mut elements = columns::elements(cell.text);
                while let Some(text) = elements.next(&mut record.texts.part) {
                    // An element of a cell that is there is as good as quoted.
                    if let Some(value) = self.value(column, Cell { text, quoted: true }, &mut shape)? {
                        push(value);
                    }
                }
            } else if let Some(value) = self.value(column, cell, &mut shape)? {
                push(value);
            }
        }
        Ok(())
    }

    /// The column, as its header writes it, in which the row has the value of `quad`. Looks at columns of one value only.
    pub(crate) fn column_of(&self, row: Row<'_>, quad: &Quad, key: &HashKey) -> Option<&str> {
        let (mut scratch, mut shape) = (String::new(), String::new());
        let found = self.columns.iter().find(|column| {
            let Property { name, column: at, array, .. } = &column.property;
            !array && TermRef::Key(name).encode(key) == quad.p && {
                let value = self.value(column, row.cell(*at, &mut scratch), &mut shape);
                value.is_ok_and(|value| value.is_some_and(|value| value.encode(key) == quad.o))
            }
        });
        found.map(|column| column.header.as_str())
    }

    /// A cell's value; `None` if there is none to store.
    fn value<'a>(
        &self,
        column: &Column,
        cell: Cell<'a>,
        shape: &'a mut String,
    ) -> Result<Option<TermRef<'a>>, Refusal> {
        let data_type = column.property.data_type;
        let absent = match data_type {
            DataType::String => cell.is_blank() || (cell.text.is_empty() && !self.allow_empty_strings),
            _ => cell.text.trim_ascii().is_empty(),
        };
        if absent {
            return Ok(None);
        }
        data_type.value(cell.text, self.dialect, shape).map(Some).ok_or_else(|| Refusal {
            kind: RowErrorKind::Datatype,
            message: format!(
                "Column '{}': found '{}', expected {}",
                excerpt(&column.header),
                excerpt(cell.text),
                data_type.expected()
            ),
            column: Some(column.property.column),
        })
    }
}
