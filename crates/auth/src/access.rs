//! What a query may do, and in which language it asks.

use crate::Action;

/// What a query may do to the graph, told from its syntax tree before it runs: the union over all its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// It may read.
    pub read: bool,
    /// It may insert.
    pub write: bool,
    /// It may delete.
    pub delete: bool,
}

impl Access {
    /// Nothing at all.
    pub const NONE: Self = Self { read: false, write: false, delete: false };
    /// Reads alone.
    pub const READ: Self = Self { read: true, write: false, delete: false };
    /// Reads, inserts and deletes.
    pub const ALL: Self = Self { read: true, write: true, delete: true };

    /// What either of the two may do.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self { read: self.read || other.read, write: self.write || other.write, delete: self.delete || other.delete }
    }

    /// Whether it changes the graph.
    pub const fn changes(self) -> bool {
        self.write || self.delete
    }

    /// The actions that must each be allowed, in the order read, write, delete.
    pub fn actions(self) -> impl Iterator<Item = Action> {
        [
            (self.read, Action::ReadDataViaQuery),
            (self.write, Action::WriteDataViaQuery),
            (self.delete, Action::DeleteDataViaQuery),
        ]
        .into_iter()
        .filter_map(|(is_needed, action)| is_needed.then_some(action))
    }
}

/// Implemented by each query language on its syntax tree. **Source**: the table of `spec/iam.md` §2.
pub trait Accesses {
    /// What this query may do.
    fn accesses(&self) -> Access;
}

/// A query language, as the condition key `neptune-db:QueryLanguage` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Gremlin.
    Gremlin,
    /// openCypher.
    OpenCypher,
    /// SPARQL.
    Sparql,
}

impl Language {
    /// The key's value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gremlin => "Gremlin",
            Self::OpenCypher => "OpenCypher",
            Self::Sparql => "Sparql",
        }
    }
}
