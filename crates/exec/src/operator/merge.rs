//! What is found, or else made, for each row.
//!
//! - **Shape**: all rows of the input are taken in first. Then, row by row: the properties of what would be made are
//!   computed (a null among them is an error, found or not), the pattern is looked for in the graph as it is by now, and
//!   what is found goes on, or what was made.

use super::write::{Rows, Writer, column_of};
use super::{Operator, Running, build};
use crate::batch::{Batch, ROWS, Slot};
use crate::context::Context;
use crate::expr::Scope;
use crate::fault::{Error, Result};
use crate::plan::{Plan, Write};
use crate::{Map, Value};

/// See the module.
pub(super) struct Merge<'q> {
    /// `None` once its rows are written.
    input: Option<Running<'q>>,
    find: &'q Plan,
    create: &'q [Write],
    on_match: &'q [Write],
    binds: &'q [Slot],
    context: &'q Context<'q>,
    rows: Rows,
}

impl<'q> Merge<'q> {
    pub(super) fn new(
        input: Running<'q>,
        (find, create, on_match, binds): (&'q Plan, &'q [Write], &'q [Write], &'q [Slot]),
        context: &'q Context<'q>,
    ) -> Self {
        Self { input: Some(input), find, create, on_match, binds, context, rows: Rows::new(context) }
    }

    fn run(&mut self, input: Running<'q>) -> Result {
        let mut writer = Writer::new(self.context);
        let mut before = Rows::drain(input, self.context)?;
        let mut rows = Rows::new(self.context);
        while let Some(batch) = before.pop()? {
            self.context.check()?;
            let mut merged = Merged::new(&batch, self.binds, self.context);
            for row in 0..batch.len() {
                self.merge(&mut writer, row, &mut merged, &mut rows)?;
            }
            merged.give(&mut rows)?;
        }
        self.rows = rows;
        writer.finish()
    }

    fn merge(&self, writer: &mut Writer<'_, 'q>, row: usize, merged: &mut Merged<'_, 'q>, rows: &mut Rows) -> Result {
        let argument = merged.batch.row(row);
        let made = self.properties(writer, &argument)?;
        let mut found = build(self.find, self.context, Some(&argument));
        let mut matches = Rows::new(self.context);
        while let Some(found) = found.next()? {
            self.context.check()?;
            matches.push(found)?;
        }
        drop(found);
        let mut is_found = false;
        while let Some(found) = matches.pop()? {
            is_found = true;
            let mut scope = argument.gather(&vec![0; found.len()]);
            for slot in self.binds {
                scope.set(*slot, found.column(*slot).clone());
            }
            for at in 0..found.len() {
                writer.run(self.on_match, &mut scope, at)?;
                merged.push(row, &scope, at, rows)?;
            }
        }
        if !is_found {
            let mut scope = argument;
            let (create, then) = self.create.split_at(made.len());
            for (write, properties) in create.iter().zip(&made) {
                writer.create(write, properties, &mut scope, 0)?;
            }
            writer.run(then, &mut scope, 0)?;
            merged.push(row, &scope, 0, rows)?;
        }
        Ok(())
    }

    /// The properties of what the row would make: of the nodes and relationships that stand before all other writes.
    fn properties(&self, writer: &Writer<'_, '_>, argument: &Batch) -> Result<Vec<Map>> {
        let mut made = Vec::new();
        for write in self.create {
            let (what, properties) = match write {
                Write::CreateNode { properties, .. } => ("node", properties),
                Write::CreateEdge { properties, .. } => ("relationship", properties),
                _ => break,
            };
            let map = writer.properties(properties.as_ref(), Scope::row(argument, 0))?;
            if let Some((key, _)) = map.iter().find(|(_, value)| value.is_null()) {
                return Err(Error::MergeNull { what, key: key.to_string() });
            }
            made.push(map);
        }
        Ok(made)
    }
}

impl Operator for Merge<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        if let Some(input) = self.input.take() {
            self.run(input)?;
        }
        self.rows.pop()
    }
}

/// Rows that go on: places in a batch of the input, and what is bound for each.
struct Merged<'b, 'q> {
    batch: &'b Batch,
    places: Vec<u32>,
    binds: &'b [Slot],
    values: Vec<Vec<Value>>,
    context: &'b Context<'q>,
}

impl<'b, 'q> Merged<'b, 'q> {
    fn new(batch: &'b Batch, binds: &'b [Slot], context: &'b Context<'q>) -> Self {
        Self { batch, places: Vec::new(), binds, values: vec![Vec::new(); binds.len()], context }
    }

    fn push(&mut self, row: usize, scope: &Batch, at: usize, rows: &mut Rows) -> Result {
        self.places.push(row as u32);
        for (slot, values) in self.binds.iter().zip(&mut self.values) {
            values.push(scope.column(*slot).value(at, self.context)?);
        }
        if self.places.len() < ROWS { Ok(()) } else { self.give(rows) }
    }

    fn give(&mut self, rows: &mut Rows) -> Result {
        if self.places.is_empty() {
            return Ok(());
        }
        let mut batch = self.batch.gather(&std::mem::take(&mut self.places));
        for (slot, values) in self.binds.iter().zip(&mut self.values) {
            batch.set(*slot, column_of(std::mem::take(values)));
        }
        rows.push(batch)
    }
}
