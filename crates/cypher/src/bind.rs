//! What the names of a statement stand for.
//!
//! [`bind`] walks a statement clause by clause with the variables that are in scope, gives each a static [`Type`], and
//! refuses what can be known to fail before any data is read: unknown or doubly bound variables, aggregates where there
//! is nothing to aggregate, values of a type that an operator never takes. It says what columns the result has.
//!
//! - `scope`: variables that are visible, and their types.
//! - `types`: static types, as coarse as the checks need.
//! - `clause`, `pattern`, `projection`, `update`: the clauses.
//! - `expression`, `function`, `aggregate`: expressions, the table of functions, what may stand beside an aggregate.
//! - `procedure`: what CALL can call.
//!
//! **Source**: openCypher 9; the errors at compile time of its TCK, whose names [`ErrorKind`] has.

pub(crate) mod aggregate;
mod clause;
mod expression;
mod function;
mod pattern;
mod procedure;
mod projection;
mod scope;
mod types;
mod update;

pub use procedure::{Field, Procedure, Procedures};
pub use types::Type;

#[cfg(test)]
pub(crate) use function::scalars as scalar_functions;

use crate::tree::{Clause, Query, SingleQuery, Span};
use crate::{Error, ErrorKind, Parsed};
use scope::Scope;

type Result<T, E = Error> = std::result::Result<T, E>;

/// What is known of a statement before it is planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The columns of its result, in their order; none if it returns nothing.
    pub columns: Vec<Column>,
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: Box<str>,
    /// What its values are, as far as that can be told.
    pub kind: Type,
}

/// Checks the names and types of a statement.
///
/// Recurses as deep as the tree is high. Costs a time linear in the statement, but for variables in scope times the
/// number of WITH.
///
/// # Errors
///
/// The first mistake in the order of the clauses: see [`ErrorKind`].
pub fn bind(parsed: &Parsed, procedures: &Procedures) -> Result<Bound, Error> {
    let binder = Binder { text: &parsed.text, procedures };
    let columns = binder.query(&parsed.statement.query, None, Body::Statement)?;
    let columns = columns.into_iter().map(|(name, kind)| Column { name: name.into(), kind }).collect();
    Ok(Bound { columns })
}

/// Where a query stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    /// It is the statement.
    Statement,
    /// `CALL { … }`: sees outer variables only where it imports them.
    Call,
    /// `EXISTS { … }`: sees all outer variables.
    Exists,
}

/// Columns by name, in their order.
type Columns<'a> = Vec<(&'a str, Type)>;

struct Binder<'a> {
    text: &'a str,
    procedures: &'a Procedures,
}

impl<'a> Binder<'a> {
    fn error(&self, kind: ErrorKind, span: Span, message: impl Into<Box<str>>) -> Error {
        Error::new(kind, self.text, span, message)
    }

    fn slice(&self, span: Span) -> &'a str {
        &self.text[span.range()]
    }

    /// A query, and the columns that it returns.
    fn query(&self, query: &'a Query, outer: Option<&Scope<'a, '_>>, body: Body) -> Result<Columns<'a>> {
        let mut first: Option<Columns<'a>> = None;
        for part in &query.parts {
            let columns = self.single_query(part, outer, body)?;
            match &first {
                None => first = Some(columns),
                Some(first) => {
                    if !same_names(first, &columns) {
                        let message = format!(
                            "All queries of a UNION must have the same columns: the first returns {}, this one {}",
                            names(first),
                            names(&columns)
                        );
                        return Err(self.error(ErrorKind::DifferentColumnsInUnion, part.span, message));
                    }
                }
            }
        }
        Ok(first.unwrap_or_default())
    }

    fn single_query(&self, query: &'a SingleQuery, outer: Option<&Scope<'a, '_>>, body: Body) -> Result<Columns<'a>> {
        let mut scope = Scope::new(outer.filter(|_| body == Body::Exists));
        let mut clauses = query.clauses.as_slice();
        if body == Body::Call
            && let Some(outer) = outer
            && let [Clause::With(first), rest @ ..] = clauses
            && let Some(imported) = self.imports(first, outer)?
        {
            scope.replace(imported);
            clauses = rest;
        }
        let mut columns = Vec::new();
        for clause in clauses {
            columns = self.clause(clause, &mut scope, body, query.clauses.len() == 1)?;
        }
        Ok(columns)
    }
}

fn same_names(left: &Columns<'_>, right: &Columns<'_>) -> bool {
    let sorted = |columns: &Columns<'_>| {
        let mut names: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        names.sort();
        names
    };
    sorted(left) == sorted(right)
}

fn names(columns: &Columns<'_>) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}
