//! The quad, the two data sets, and how a property graph is written in quads.
//!
//! | property graph | S | P | O | G |
//! |---|---|---|---|---|
//! | vertex `v` has label `L` | v | [`TermId::LABEL`] | string L | default |
//! | vertex `v` has no label | v | [`TermId::LABEL`] | [`TermId::NO_LABEL`] | default |
//! | vertex property | v | key | value | default |
//! | edge `e` from `a` to `b` labelled `L` | a | edge label L | b | e |
//! | edge property | e | key | value | default |
//!
//! A vertex exists if and only if it has a `~label` quad.

use crate::TermId;

/// One fact. Fields are public: any four ids make a quad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quad {
    /// Subject.
    pub s: TermId,
    /// Predicate.
    pub p: TermId,
    /// Object.
    pub o: TermId,
    /// Graph; an edge's own id where the quad is an edge.
    pub g: TermId,
}

impl Quad {
    /// The quad of these four.
    pub const fn new(s: TermId, p: TermId, o: TermId, g: TermId) -> Self {
        Self { s, p, o, g }
    }

    /// A quad of the default graph.
    pub const fn in_default_graph(s: TermId, p: TermId, o: TermId) -> Self {
        Self::new(s, p, o, TermId::DEFAULT_GRAPH)
    }
}

/// The two graphs of one store. A client of one never sees the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dataset {
    /// The property graph.
    Pg,
    /// RDF.
    Rdf,
}

impl Dataset {
    /// Both, in the order in which they are shown.
    pub const ALL: [Self; 2] = [Self::Pg, Self::Rdf];

    /// `pg` or `rdf`: the name on disk and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pg => "pg",
            Self::Rdf => "rdf",
        }
    }
}
