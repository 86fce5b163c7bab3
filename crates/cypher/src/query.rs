//! A statement from its text to its rows.

use auth::{Access, Accesses as _};
use exec::Map;
use exec::batch::{Batch, Slot};
use exec::context::Context;
use exec::fault;
use exec::operator::{self, Running};
use exec::plan::{Plan, rules};
use store::Snapshot;

use crate::lower::{Lowered, lower};
use crate::tree::Statement;
use crate::{Bound, Column, Error, Parsed, Procedures, bind, parse};

/// A statement whose names and types are checked.
#[derive(Clone, Debug)]
pub struct Query {
    parsed: Parsed,
    bound: Bound,
    procedures: Procedures,
}

impl Query {
    /// Reads a text.
    ///
    /// # Errors
    ///
    /// The first mistake: see [`crate::ErrorKind`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::parse_with(text, &Procedures::default())
    }

    /// Reads a text that may call procedures.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`].
    pub fn parse_with(text: &str, procedures: &Procedures) -> Result<Self, Error> {
        let parsed = parse(text)?;
        let bound = bind(&parsed, procedures)?;
        Ok(Self { parsed, bound, procedures: procedures.clone() })
    }

    /// The tree, with its hints and whether it is to be explained.
    pub const fn statement(&self) -> &Statement {
        &self.parsed.statement
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.parsed.text
    }

    /// The columns of the result; none if it returns nothing.
    pub fn columns(&self) -> &[Column] {
        &self.bound.columns
    }

    /// What it may do to the data.
    pub fn accesses(&self) -> Access {
        self.statement().accesses()
    }

    /// Whether it changes the graph: it needs a transaction then.
    pub fn is_updating(&self) -> bool {
        self.accesses().changes()
    }

    /// Plans it for a graph.
    ///
    /// # Errors
    ///
    /// A parameter that is missing or of the wrong type.
    pub fn prepare(&self, parameters: &Map, snapshot: &Snapshot) -> Result<Prepared, Error> {
        let Lowered { plan, columns } =
            lower(&self.parsed, &self.bound.columns, &self.procedures, parameters, snapshot)?;
        Ok(Prepared { plan: rules::apply(plan, snapshot, &columns), columns })
    }
}

/// A statement that is planned for one graph and one set of parameters.
#[derive(Clone, Debug)]
pub struct Prepared {
    plan: Plan,
    /// The slot of each column of the result.
    columns: Vec<Slot>,
}

impl Prepared {
    /// Its rows: pulled batch by batch, computed as they are pulled. A statement that writes has to be pulled to its end
    /// before its transaction is committed, even if it returns nothing.
    pub fn rows<'q>(&'q self, context: &'q Context<'q>) -> Rows<'q> {
        Rows { running: operator::build(&self.plan, context, None), columns: &self.columns }
    }

    /// The plan.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }
}

/// Rows of a result.
pub struct Rows<'q> {
    running: Running<'q>,
    columns: &'q [Slot],
}

impl Rows<'_> {
    /// The next rows, at least one, whose slots are the columns of the result, counted from 0; `None` behind the last.
    ///
    /// # Errors
    ///
    /// Each of [`fault::Error`].
    pub fn next_batch(&mut self) -> fault::Result<Option<Batch>> {
        loop {
            let Some(mut batch) = self.running.next()? else { return Ok(None) };
            if self.columns.is_empty() {
                continue; // a statement that returns nothing
            }
            let mut result = Batch::of(batch.len());
            for (place, slot) in (0..).zip(self.columns) {
                // A variable may be returned twice under two names.
                let column = if self.columns.iter().filter(|other| *other == slot).count() > 1 {
                    batch.column(*slot).clone()
                } else {
                    batch.take(*slot)
                };
                result.set(Slot(place), column);
            }
            return Ok(Some(result));
        }
    }
}

impl std::fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("columns", &self.columns).finish_non_exhaustive()
    }
}
