//! Another plan, for each row of the input.
//!
//! - **Shape**: where each step of the inner plan works on rows one by one, it is run once for a whole batch: its rows
//!   tell of which outer row they are ([`Batch::origins`]). Else it is run for each row.
//! - Where only the existence of inner rows is asked for, no more are made than it takes. In a batch a row with very
//!   many must not hold the others up: the run is ended and begun again with those rows that have none yet.

use super::{Operator, Running, build};
use crate::batch::{Batch, ROWS};
use crate::context::Context;
use crate::fault::Result;
use crate::plan::{self, Plan};

/// See the module.
pub(super) struct Apply<'q> {
    input: Running<'q>,
    inner: &'q Plan,
    kind: &'q plan::Apply,
    /// Whether the inner plan is run for whole batches.
    whole: bool,
    context: &'q Context<'q>,
    batch: Batch,
    /// The next row of the batch for which the inner plan has not been run.
    row: usize,
    run: Option<Running<'q>>,
    /// Which rows of the batch have inner rows.
    met: Vec<bool>,
}

impl<'q> Apply<'q> {
    pub(super) fn new(input: Running<'q>, inner: &'q Plan, kind: &'q plan::Apply, context: &'q Context<'q>) -> Self {
        let whole = is_row_wise(inner);
        Self { input, inner, kind, whole, context, batch: Batch::of(0), row: 0, run: None, met: Vec::new() }
    }

    /// The next rows of the inner plan, with the outer row of each.
    fn inner_rows(&mut self) -> Result<Option<(Vec<u32>, Batch)>> {
        loop {
            self.context.check()?;
            if let Some(run) = &mut self.run {
                if let Some(rows) = run.next()? {
                    let origins =
                        if self.whole { rows.origins().to_vec() } else { vec![self.row as u32 - 1; rows.len()] };
                    for origin in &origins {
                        self.met[*origin as usize] = true;
                    }
                    return Ok(Some((origins, rows)));
                }
                self.run = None;
            }
            if self.row == self.batch.len() {
                return Ok(None);
            }
            self.run = Some(if self.whole {
                self.row = self.batch.len();
                build(self.inner, self.context, Some(&self.batch.clone().numbered()))
            } else {
                self.row += 1;
                build(self.inner, self.context, Some(&self.batch.row(self.row - 1)))
            });
        }
    }

    /// Finds out which rows of the batch have inner rows.
    fn meet(&mut self) -> Result {
        if !self.whole {
            while self.inner_rows()?.is_some() {
                self.run = None; // one is enough
            }
            return Ok(());
        }
        let mut open: Vec<u32> = (0..self.batch.len() as u32).collect();
        while !open.is_empty() {
            let argument = self.batch.gather(&open).numbered();
            let mut run = build(self.inner, self.context, Some(&argument));
            let mut patience = 8 * open.len() + 4 * ROWS;
            let mut ended = false;
            while !ended && patience > 0 {
                self.context.check()?;
                match run.next()? {
                    None => ended = true,
                    Some(rows) => {
                        patience = patience.saturating_sub(rows.len());
                        for origin in rows.origins() {
                            self.met[open[*origin as usize] as usize] = true;
                        }
                    }
                }
            }
            open.retain(|row| !self.met[*row as usize]);
            if ended {
                break;
            }
        }
        Ok(())
    }

    /// The outer rows that have inner rows, or those that have none.
    fn outer(&self, met: bool) -> Option<Batch> {
        let rows: Vec<u32> = (0..self.batch.len() as u32).filter(|row| self.met[*row as usize] == met).collect();
        (!rows.is_empty()).then(|| self.batch.gather(&rows))
    }
}

impl Operator for Apply<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        loop {
            if matches!(self.kind, plan::Apply::Cross | plan::Apply::Optional(_))
                && let Some((origins, rows)) = self.inner_rows()?
            {
                return Ok(Some(self.batch.joined(&origins, rows)));
            }
            if matches!(self.kind, plan::Apply::Optional(_)) && !self.met.is_empty() {
                let without = self.outer(false);
                self.met = Vec::new();
                if without.is_some() {
                    return Ok(without);
                }
            }
            let Some(batch) = self.input.next()? else { return Ok(None) };
            (self.met, self.batch, self.row) = (vec![false; batch.len()], batch, 0);
            let wanted = match self.kind {
                plan::Apply::Cross | plan::Apply::Optional(_) => continue,
                plan::Apply::Semi => true,
                plan::Apply::Anti => false,
            };
            self.meet()?;
            if let Some(rows) = self.outer(wanted) {
                return Ok(Some(rows));
            }
        }
    }
}

/// Whether each step of a plan gives its rows by way of [`Batch::gather`], and none looks at more than one row.
fn is_row_wise(plan: &Plan) -> bool {
    match plan {
        Plan::Argument => true,
        Plan::Nodes { input, .. }
        | Plan::Edges { input, .. }
        | Plan::Expand { input, .. }
        | Plan::Walk { input, .. }
        | Plan::Filter { input, .. }
        | Plan::Project { input, .. }
        | Plan::Unwind { input, .. }
        | Plan::Triples { input, .. }
        | Plan::Test { input, .. }
        | Plan::Keep { input, .. } => is_row_wise(input),
        Plan::Apply { input, inner, .. } => is_row_wise(input) && !inner.is_writing(),
        _ => false,
    }
}
