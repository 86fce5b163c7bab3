//! The whole of a text: prefixes, hints, and the query.

use super::{Clause, Span};

/// What a text says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Statement {
    /// Whether the query is run, explained or profiled.
    pub mode: Mode,
    /// Neptune's hints before the query, in their order.
    pub hints: Vec<Hint>,
    /// The query.
    pub query: Query,
    /// The whole, without a semicolon.
    pub span: Span,
}

/// What to do with the query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Run it.
    #[default]
    Run,
    /// `EXPLAIN`: say how it would be run.
    Explain,
    /// `PROFILE`: run it and say how.
    Profile,
}

/// One of Neptune's hints: `USING QUERY:HINT value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hint {
    /// `PLANCACHE`: whether the plan may be kept.
    PlanCache(PlanCache),
    /// `TIMEOUTMILLISECONDS`: a limit of time beside the server's.
    TimeoutMilliseconds(u64),
    /// `assumeConsistentDataTypes`: whether only integers of 64 bits and doubles are compared.
    AssumeConsistentDataTypes(bool),
}

/// Values of the hint `PLANCACHE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PlanCache {
    /// The plan is kept.
    Enabled,
    /// The plan is not kept.
    Disabled,
    /// The server decides.
    Auto,
}

/// One query, or several whose rows are joined by UNION. Also the body of a subquery.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Query {
    /// How the parts are joined; [`Union::Distinct`] where there is one only.
    pub union: Union,
    /// At least one.
    pub parts: Vec<SingleQuery>,
    /// The whole.
    pub span: Span,
}

/// How rows of several queries are joined. The two ways cannot be mixed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Union {
    /// `UNION`: equal rows count once.
    #[default]
    Distinct,
    /// `UNION ALL`.
    All,
}

/// Clauses, each working on the rows of the one before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SingleQuery {
    /// At least one. A RETURN is the last; between an update and a reading clause there is a WITH.
    pub clauses: Vec<Clause>,
    /// The whole.
    pub span: Span,
}
