//! The rows of a statement, one after the other, as records.

use std::sync::Arc;

use bolt::{Dialect, response};
use cypher::Rows;
use exec::Value;
use exec::batch::{Column, Slot};
use exec::context::Context;
use exec::fault;
use exec::graph::Shown;

/// Where a statement is in its rows. They are computed as they are asked for.
pub(super) struct Cursor<'q> {
    rows: Rows<'q>,
    context: &'q Context<'q>,
    /// What lies behind the values of the current batch.
    shown: Shown<'q, 'q>,
    dialect: Dialect,
    width: usize,
    /// Of the current batch.
    columns: Vec<Column>,
    length: usize,
    /// The next row of it.
    row: usize,
    ended: bool,
}

impl<'q> Cursor<'q> {
    /// Before the first row of a result of so many columns.
    pub(super) fn new(rows: Rows<'q>, context: &'q Context<'q>, dialect: Dialect, width: usize) -> Self {
        let shown = Shown::new(context);
        Self { rows, context, shown, dialect, width, columns: Vec::new(), length: 0, row: 0, ended: false }
    }

    /// Whether there is no row any more. The rows of a statement that writes have to be asked for until there is none.
    pub(super) fn is_at_end(&mut self) -> fault::Result<bool> {
        if self.row >= self.length && !self.ended {
            self.context.check()?;
            match self.rows.next_batch()? {
                None => (self.ended, self.columns) = (true, Vec::new()),
                Some(mut batch) => {
                    (self.length, self.row) = (batch.len(), 0);
                    let slots = (0..self.width as u32).map(Slot);
                    self.columns = slots.map(|slot| self.looked_up(batch.take(slot))).collect::<Result<_, _>>()?;
                    let rows = |column| (0..self.length).map(move |row| value_at(column, row));
                    self.shown.read(self.columns.iter().flat_map(rows))?;
                }
            }
            self.context.rest(); // its client may take its time
        }
        Ok(self.ended)
    }

    /// Values that are known by their ids only are looked up for all rows of a batch at once.
    fn looked_up(&self, column: Column) -> fault::Result<Column> {
        match column {
            Column::Terms(terms) => Ok(Column::values(self.context.values(&terms)?)),
            other => Ok(other),
        }
    }

    /// Appends the row as a record, and goes on to the next. There must be one.
    pub(super) fn write(&mut self, out: &mut Vec<u8>) -> fault::Result<()> {
        let row = self.row;
        self.row += 1;
        let Self { columns, context, shown, dialect, .. } = self;
        response::record(out, columns.len(), |out| {
            // A record may be larger by far than what is kept of its values, if these share their parts.
            let mut held = context.memory.hold();
            columns.iter().try_for_each(|column| {
                bolt::value::write(out, &value_at(column, row), *dialect, shown)?;
                held.set(out.len() as u64)
            })
        })
    }

    /// Goes on to the next row.
    pub(super) fn skip(&mut self) {
        self.row += 1;
    }
}

/// What a column has in a row. Cheap: what is large is shared.
fn value_at(column: &Column, row: usize) -> Value {
    let found = match column {
        Column::Absent | Column::Terms(_) => None,
        Column::Constant(value) => Some(value.clone()),
        Column::Nodes(nodes) => nodes.get(row).map(|node| Value::Node(*node)),
        Column::Edges(edges) => edges.get(row).map(|edge| Value::Relationship(Arc::new(*edge))),
        Column::Values(values) => values.get(row).cloned(),
    };
    found.unwrap_or(Value::Null)
}
