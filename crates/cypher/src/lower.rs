//! From the tree to a plan: names become slots, clauses become steps.
//!
//! What is said once here: which variables a clause sees, what it binds, and in which order its parts take effect. How a
//! pattern is best looked for is the business of [`exec::plan::rules`].
//!
//! - `scope`: variables and their slots; what an expression sees.
//! - `clause`, `pattern`, `projection`, `update`, `call`: the clauses.
//! - `expression`: expressions.
//!
//! **Source**: openCypher 9.

mod call;
mod clause;
mod expression;
mod pattern;
mod projection;
mod scope;
mod update;

use std::cell::Cell;
use std::sync::Arc;

use exec::Map;
use exec::batch::Slot;
use exec::graph::Name;
use exec::plan::Plan;
use model::TermRef;
use store::Snapshot;

use crate::tree::{self, Query, SingleQuery, Span, Union};
use crate::{Column, Error, ErrorKind, Parsed, Procedures};
use scope::Scope;

type Result<T, E = Error> = std::result::Result<T, E>;

/// A plan, and the slots of its result's columns.
pub(crate) struct Lowered {
    pub(crate) plan: Plan,
    pub(crate) columns: Vec<Slot>,
}

/// Lowers a statement whose names and types are in order.
///
/// Recurses as deep as the tree is high.
///
/// # Errors
///
/// A parameter that is missing, or that is no map where a map is asked for.
pub(crate) fn lower(
    parsed: &Parsed,
    columns: &[Column],
    procedures: &Procedures,
    parameters: &Map,
    snapshot: &Snapshot,
) -> Result<Lowered> {
    let lowerer = Lowerer { text: &parsed.text, procedures, parameters, snapshot, next: Cell::new(0) };
    let (plan, returned) = lowerer.query(&parsed.statement.query, &Plan::Unit, None)?;
    let slot = |column: &Column| {
        let found = returned.iter().find(|(name, _)| **name == *column.name);
        found.map_or(Slot(u32::MAX), |(_, slot)| *slot)
    };
    Ok(Lowered { plan, columns: columns.iter().map(slot).collect() })
}

/// Columns by name, in their order.
type Columns<'a> = Vec<(&'a str, Slot)>;

struct Lowerer<'a> {
    text: &'a str,
    procedures: &'a Procedures,
    parameters: &'a Map,
    snapshot: &'a Snapshot,
    next: Cell<u32>,
}

impl<'a> Lowerer<'a> {
    /// A slot that nobody has yet.
    fn slot(&self) -> Slot {
        let slot = self.next.get();
        self.next.set(slot + 1);
        Slot(slot)
    }

    fn error(&self, kind: ErrorKind, span: Span, message: impl Into<Box<str>>) -> Error {
        Error::new(kind, self.text, span, message)
    }

    fn slice(&self, span: Span) -> &'a str {
        &self.text[span.range()]
    }

    fn key(&self, text: &str) -> Name {
        Name { text: Arc::from(text), id: self.snapshot.encode(TermRef::Key(text)) }
    }

    fn label(&self, name: &tree::Name) -> Name {
        Name { text: Arc::from(&*name.text), id: self.snapshot.encode(TermRef::String(&name.text)) }
    }

    fn labels(&self, names: &[tree::Name]) -> Vec<Name> {
        names.iter().map(|name| self.label(name)).collect()
    }

    fn relationship_type(&self, name: &tree::Name) -> Name {
        Name { text: Arc::from(&*name.text), id: self.snapshot.encode(TermRef::EdgeLabel(&name.text)) }
    }

    /// A query whose rows come out of `input`, and what it returns. `outer` are the variables that it sees from around it.
    fn query(&self, query: &'a Query, input: &Plan, outer: Option<&Scope<'a>>) -> Result<(Plan, Columns<'a>)> {
        let mut parts = Vec::with_capacity(query.parts.len());
        for part in &query.parts {
            parts.push(self.single_query(part, input.clone(), outer.cloned().unwrap_or_default())?);
        }
        if parts.len() == 1
            && let Some(part) = parts.pop()
        {
            return Ok(part);
        }
        let names: Vec<&str> =
            parts.first().map(|(_, columns)| columns).into_iter().flatten().map(|(name, _)| *name).collect();
        let to: Vec<Slot> = names.iter().map(|_| self.slot()).collect();
        let in_order = |columns: &Columns<'a>| {
            names
                .iter()
                .filter_map(|name| columns.iter().find(|(other, _)| other == name))
                .map(|(_, slot)| *slot)
                .collect()
        };
        let parts = parts.into_iter().map(|(plan, columns)| {
            let slots = in_order(&columns);
            (plan, slots)
        });
        let mut plan = Plan::Union { parts: parts.collect(), to: to.clone() };
        if query.union == Union::Distinct {
            plan = Plan::Distinct { input: Box::new(plan), slots: to.clone() };
        }
        Ok((plan, names.into_iter().zip(to).collect()))
    }

    fn single_query(&self, query: &'a SingleQuery, input: Plan, mut scope: Scope<'a>) -> Result<(Plan, Columns<'a>)> {
        let is_alone = query.clauses.len() == 1;
        let mut plan = input;
        let mut columns = Vec::new();
        for clause in &query.clauses {
            (plan, columns) = self.clause(clause, plan, &mut scope, is_alone)?;
        }
        Ok((plan, columns))
    }
}
