//! A tree to its canonical text.
//!
//! One line, keywords in upper case, names in backticks only where they need them, brackets only where precedence asks
//! for them. What is written parses to the tree it was written from, which property tests hold: so a plan can be kept
//! under the text of its query, and a query can be taken apart and put together again.

mod clause;
mod expression;
mod name;
mod pattern;

use std::fmt::{self, Display, Formatter};

use crate::tree::{Expression, Hint, Mode, PlanCache, Query, SingleQuery, Statement, Union};

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self.mode {
            Mode::Run => "",
            Mode::Explain => "EXPLAIN ",
            Mode::Profile => "PROFILE ",
        })?;
        for hint in &self.hints {
            write!(f, "USING QUERY:{hint} ")?;
        }
        self.query.fmt(f)
    }
}

impl Display for Hint {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::PlanCache(value) => {
                let value = match value {
                    PlanCache::Enabled => "enabled",
                    PlanCache::Disabled => "disabled",
                    PlanCache::Auto => "auto",
                };
                write!(f, "PLANCACHE \"{value}\"")
            }
            Self::TimeoutMilliseconds(limit) => write!(f, "TIMEOUTMILLISECONDS {limit}"),
            Self::AssumeConsistentDataTypes(value) => write!(f, "assumeConsistentDataTypes \"{value}\""),
        }
    }
}

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let between = match self.union {
            Union::Distinct => " UNION ",
            Union::All => " UNION ALL ",
        };
        joined(f, &self.parts, between)
    }
}

impl Display for SingleQuery {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        joined(f, &self.clauses, " ")
    }
}

/// Writes things with something between them.
fn joined<T: Display>(f: &mut Formatter<'_>, items: impl IntoIterator<Item = T>, between: &str) -> fmt::Result {
    for (number, item) in items.into_iter().enumerate() {
        if number > 0 {
            f.write_str(between)?;
        }
        item.fmt(f)?;
    }
    Ok(())
}

/// ` WHERE predicate`, if there is one.
fn filter(f: &mut Formatter<'_>, predicate: Option<&Expression>) -> fmt::Result {
    predicate.map_or(Ok(()), |predicate| write!(f, " WHERE {predicate}"))
}
