//! Batches of quads, column by column.

use model::{Quad, TermId};

/// Which columns a reader wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Subjects.
    pub s: bool,
    /// Predicates.
    pub p: bool,
    /// Objects.
    pub o: bool,
    /// Graphs.
    pub g: bool,
}

impl Columns {
    /// All four.
    pub const ALL: Self = Self { s: true, p: true, o: true, g: true };
}

/// A struct of arrays. A column that was asked for has [`QuadBatch::len`] entries, another is empty.
#[derive(Clone, Debug, Default)]
pub struct QuadBatch {
    /// Subjects.
    pub s: Vec<TermId>,
    /// Predicates.
    pub p: Vec<TermId>,
    /// Objects.
    pub o: Vec<TermId>,
    /// Graphs.
    pub g: Vec<TermId>,
    pub(crate) len: usize,
}

impl QuadBatch {
    /// How many quads.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Row by row. Stops at once if not all four columns were asked for.
    pub fn quads(&self) -> impl Iterator<Item = Quad> + '_ {
        let (subjects, predicates) = (self.s.iter().copied(), self.p.iter().copied());
        let (objects, graphs) = (self.o.iter().copied(), self.g.iter().copied());
        subjects.zip(predicates).zip(objects).zip(graphs).map(|(((s, p), o), g)| Quad::new(s, p, o, g))
    }

    pub(crate) fn column_mut(&mut self, position: usize) -> &mut Vec<TermId> {
        match position {
            0 => &mut self.s,
            1 => &mut self.p,
            2 => &mut self.o,
            _ => &mut self.g,
        }
    }
}
