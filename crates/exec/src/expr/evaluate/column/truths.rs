//! Predicates for all rows of a batch.

use super::{Around, Operand, compare, part};
use crate::Value;
use crate::batch::{Batch, Column};
use crate::expr::evaluate::{Evaluator, Scope, refused};
use crate::expr::{Binary, Compare, Expr, Unary};
use crate::fault::Result;
use crate::graph::{Name, entity};
use crate::logic::{self, Truth};

impl Evaluator<'_, '_> {
    /// The truth of a predicate in each row; `operation` is who asks.
    pub(super) fn truths(
        self,
        operation: &'static str,
        predicate: &Expr,
        batch: &Batch,
        around: Around<'_>,
    ) -> Result<Vec<Truth>> {
        let Some(around) = around.inner() else {
            let scope = |row| Scope { batch, row, local: around.local };
            return (0..batch.len()).map(|row| self.truth(operation, predicate, scope(row))).collect();
        };
        match predicate {
            Expr::Constant(value) => Ok(vec![logic::truth(operation, value)?; batch.len()]),
            Expr::Comparison(first, rest) => self.comparisons(first, rest, batch, around),
            Expr::IsNull(operand) => {
                let column = self.column_within(operand, batch, around)?;
                Ok((0..batch.len()).map(|row| Some(column.is_null(row))).collect())
            }
            Expr::Unary(Unary::Not, operand) => {
                let truths = self.truths("NOT", operand, batch, around)?;
                Ok(truths.into_iter().map(logic::not).collect())
            }
            Expr::Binary(operator, left, right) if operator.is_predicate() => {
                self.predicates(*operator, left, right, batch, around)
            }
            Expr::HasLabels { target, labels } => {
                let column = self.column_within(target, batch, around)?;
                self.have_labels(&column, labels, batch.len())
            }
            Expr::And(operands) => self.connections("AND", operands, batch, around, logic::and, Some(false)),
            Expr::Or(operands) => self.connections("OR", operands, batch, around, logic::or, Some(true)),
            Expr::Xor(operands) => self.connections("XOR", operands, batch, around, logic::xor, None),
            other => {
                let operand = self.operand(other, batch, around)?;
                Ok((0..batch.len())
                    .map(|row| logic::truth(operation, operand.at(row)))
                    .collect::<crate::Result<_>>()?)
            }
        }
    }

    fn comparisons(
        self,
        first: &Expr,
        rest: &[(Compare, Expr)],
        batch: &Batch,
        around: Around<'_>,
    ) -> Result<Vec<Truth>> {
        let mut left = self.column_within(first, batch, around)?;
        let mut holds: Option<Vec<Truth>> = None;
        for (operator, right) in rest {
            let right = self.column_within(right, batch, around)?;
            let truths = self.compared(*operator, &left, &right, batch.len())?;
            holds = Some(match holds {
                None => truths,
                Some(before) => {
                    before.into_iter().zip(truths).map(|(before, truth)| logic::and(before, truth)).collect()
                }
            });
            left = right;
        }
        Ok(holds.unwrap_or_else(|| vec![Some(true); batch.len()]))
    }

    fn compared(self, operator: Compare, left: &Column, right: &Column, rows: usize) -> Result<Vec<Truth>> {
        match (left, right) {
            (Column::Terms(terms), Column::Constant(value)) => compare::terms(terms, operator, value, self.context),
            (Column::Constant(value), Column::Terms(terms)) => {
                compare::terms(terms, operator.flipped(), value, self.context)
            }
            (Column::Nodes(left), Column::Nodes(right)) if operator.is_equality() => {
                let wanted = operator == Compare::Equal;
                Ok(left.iter().zip(&**right).map(|(left, right)| Some((left == right) == wanted)).collect())
            }
            // That the relationships of a pattern differ is asked of each of its rows.
            (Column::Edges(left), Column::Edges(right)) if operator.is_equality() => {
                let wanted = operator == Compare::Equal;
                Ok(left.iter().zip(&**right).map(|(left, right)| Some((left.id == right.id) == wanted)).collect())
            }
            _ => {
                let left = Operand::of(left, rows, self.context)?;
                let right = Operand::of(right, rows, self.context)?;
                Ok((0..rows).map(|row| operator.of(left.at(row), right.at(row))).collect())
            }
        }
    }

    fn predicates(
        self,
        operator: Binary,
        left: &Expr,
        right: &Expr,
        batch: &Batch,
        around: Around<'_>,
    ) -> Result<Vec<Truth>> {
        let (left, right) = (self.operand(left, batch, around)?, self.operand(right, batch, around)?);
        let truth = |row| match self.of_two(operator, left.at(row), right.at(row))? {
            Value::Boolean(truth) => Ok(Some(truth)),
            _ => Ok(None),
        };
        (0..batch.len()).map(truth).collect()
    }

    fn have_labels(self, targets: &Column, labels: &[Name], rows: usize) -> Result<Vec<Truth>> {
        // What was deleted refuses to be asked, one by one.
        if let Column::Nodes(nodes) = targets
            && self.context.deleted.borrow().is_empty()
        {
            let mut have = vec![true; rows];
            for label in labels {
                let found = self.context.have_label(nodes, label.id)?;
                have.iter_mut().zip(found).for_each(|(have, found)| *have &= found);
            }
            return Ok(have.into_iter().map(Some).collect());
        }
        let targets = Operand::of(targets, rows, self.context)?;
        let has = |row| match (entity(targets.at(row)), targets.at(row)) {
            (Some(entity), _) => self.context.has_labels(entity, labels).map(Some),
            (None, Value::Null) => Ok(None),
            (None, other) => Err(refused("a label predicate", "a node or a relationship", other)),
        };
        (0..rows).map(has).collect()
    }

    /// Connects truths operand by operand, with the rows that the operands before do not decide.
    fn connections(
        self,
        operation: &'static str,
        operands: &[Expr],
        batch: &Batch,
        around: Around<'_>,
        connect: fn(Truth, Truth) -> Truth,
        decides: Truth,
    ) -> Result<Vec<Truth>> {
        let Some((first, rest)) = operands.split_first() else { return Ok(vec![None; batch.len()]) };
        let mut connected = self.truths(operation, first, batch, around)?;
        for operand in rest {
            let is_open = |truth: &Truth| truth.is_none() || *truth != decides;
            let open: Vec<u32> =
                (0..).zip(&connected).filter(|(_, truth)| is_open(truth)).map(|(row, _)| row).collect();
            if open.is_empty() {
                break;
            }
            let truths = self.truths(operation, operand, &part(batch, &open, operand), around)?;
            for (row, truth) in open.into_iter().zip(truths) {
                let so_far = &mut connected[row as usize];
                *so_far = connect(*so_far, truth);
            }
        }
        Ok(connected)
    }
}
