//! Batches of quads, column by column.

use model::{Quad, TermId};

/// A set of columns: those that a reader wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns(u8);

impl Columns {
    /// None: the quads are counted alone.
    pub const NONE: Self = Self(0);
    /// Subjects.
    pub const S: Self = Self(1);
    /// Predicates.
    pub const P: Self = Self(2);
    /// Objects.
    pub const O: Self = Self(4);
    /// Graphs.
    pub const G: Self = Self(8);
    /// All four.
    pub const ALL: Self = Self(15);

    /// These and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the column of a position (S, P, O, G: 0 to 3) is wanted.
    pub(crate) const fn wants(self, position: usize) -> bool {
        self.0 >> position & 1 == 1
    }
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

    /// Makes room for so many more quads.
    pub(crate) fn reserve(&mut self, wanted: Columns, quads: usize) {
        for position in (0..4).filter(|position| wanted.wants(*position)) {
            self.column_mut(position).reserve(quads);
        }
    }

    /// The rows of these spans, one span behind the other: `rows` in all.
    pub(crate) fn gather(
        &self,
        wanted: Columns,
        rows: usize,
        spans: &(impl Iterator<Item = std::ops::Range<usize>> + Clone),
    ) -> Self {
        let pick = |position: usize, ids: &[TermId]| {
            let mut picked = Vec::new();
            if wanted.wants(position) {
                picked.reserve_exact(rows);
                spans.clone().for_each(|span| picked.extend_from_slice(&ids[span]));
            }
            picked
        };
        Self { s: pick(0, &self.s), p: pick(1, &self.p), o: pick(2, &self.o), g: pick(3, &self.g), len: rows }
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
