//! CASE, and maps made of parts of others.

use std::sync::Arc;

use super::{Around, Operand, computed, part};
use crate::batch::{Batch, Column};
use crate::expr::evaluate::Evaluator;
use crate::expr::{Expr, MapItem};
use crate::fault::Result;
use crate::{Map, Value, equality};

impl Evaluator<'_, '_> {
    /// Branch by branch: its condition with the rows that no branch before has taken, its value with those that it takes.
    pub(super) fn cases(
        self,
        subject: Option<&Expr>,
        branches: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
        batch: &Batch,
        around: Around<'_>,
    ) -> Result<Column> {
        let subject = subject.map(|subject| self.operand(subject, batch, around)).transpose()?;
        let mut chosen = vec![Value::Null; batch.len()];
        let mut choose = |value: &Expr, rows: &[u32]| -> Result {
            if !rows.is_empty() {
                let values = self.operand(value, &part(batch, rows, value), around)?;
                for (place, row) in rows.iter().enumerate() {
                    chosen[*row as usize] = values.at(place).clone();
                }
            }
            Ok(())
        };
        let mut open: Vec<u32> = (0..batch.len() as u32).collect();
        for (condition, value) in branches {
            if open.is_empty() {
                break;
            }
            let asked = part(batch, &open, condition);
            let truths = match &subject {
                None => self.truths("CASE", condition, &asked, around)?,
                Some(subject) => {
                    let conditions = self.operand(condition, &asked, around)?;
                    let equals =
                        |(place, row): (usize, &u32)| equality::equals(subject.at(*row as usize), conditions.at(place));
                    open.iter().enumerate().map(equals).collect()
                }
            };
            let of = |wanted: bool| {
                let rows = open.iter().zip(&truths).filter(move |(_, truth)| (**truth == Some(true)) == wanted);
                rows.map(|(row, _)| *row).collect::<Vec<u32>>()
            };
            let (taken, left) = (of(true), of(false));
            choose(value, &taken)?;
            open = left;
        }
        if let Some(otherwise) = otherwise {
            choose(otherwise, &open)?;
        }
        Ok(Column::values(chosen))
    }

    /// Item by item, so that each property is read for all rows at once.
    pub(super) fn projections(
        self,
        projection: &Expr,
        subject: &Expr,
        items: &[MapItem],
        batch: &Batch,
        around: Around<'_>,
    ) -> Result<Column> {
        let subjects = self.column_within(subject, batch, around)?;
        if (0..batch.len()).any(|row| subjects.is_null(row)) {
            // Nothing is asked of the items where there is no subject.
            return self.row_by_row(projection, batch, around);
        }
        let mut of = Vec::with_capacity(items.len() + 1);
        for item in items {
            of.push(match item {
                MapItem::Property(key) => {
                    let column = self.property_column(&subjects, key, batch.len())?;
                    Operand::of(&column, batch.len(), self.context)?
                }
                MapItem::Entry(_, value) => self.operand(value, batch, around)?,
                MapItem::All => Operand::One(Value::Null), // not of one key
            });
        }
        of.push(Operand::of(&subjects, batch.len(), self.context)?);
        let project = |row| {
            let mut entries: Vec<(Arc<str>, Value)> = Vec::with_capacity(items.len());
            for (item, value) in items.iter().zip(&of) {
                match item {
                    MapItem::Property(key) => entries.push((Arc::clone(&key.text), value.at(row).clone())),
                    MapItem::Entry(key, _) => entries.push((Arc::clone(key), value.at(row).clone())),
                    MapItem::All => entries.extend(self.properties(of[items.len()].at(row))?.iter().cloned()),
                }
            }
            Ok(Value::Map(Map::new(entries)?))
        };
        computed(self.context, &of, batch.len(), project)
    }
}
