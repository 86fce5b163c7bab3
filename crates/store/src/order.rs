//! The four index orders, the keys they sort by, and patterns that choose among them.
//!
//! SPOG (a subject's labels, properties and out-edges) and POSG (a label, a value, a range of values) hold every quad.
//! OPSG holds those whose object is a resource (in-edges). GSPO holds those whose graph is not the default one (an edge
//! by its id, a named graph). G stands last wherever it can, so that a triple in several graphs is a run of neighbours.

use model::{Quad, TermId};

/// A quad's four ids in the order of one index.
pub(crate) type Key = [TermId; 4];

/// An index order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order {
    /// Subject, predicate, object, graph: every quad.
    Spog,
    /// Predicate, object, subject, graph: every quad.
    Posg,
    /// Object, predicate, subject, graph: quads whose object is a resource.
    Opsg,
    /// Graph, subject, predicate, object: quads outside the default graph.
    Gspo,
}

impl Order {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Spog, Self::Posg, Self::Opsg, Self::Gspo];

    /// The name in file names and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spog => "spog",
            Self::Posg => "posg",
            Self::Opsg => "opsg",
            Self::Gspo => "gspo",
        }
    }

    /// Its place in arrays of four.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// For each column of this order, which of S, P, O, G (0 to 3) it holds.
    pub(crate) const fn positions(self) -> [usize; 4] {
        match self {
            Self::Spog => [0, 1, 2, 3],
            Self::Posg => [1, 2, 0, 3],
            Self::Opsg => [2, 1, 0, 3],
            Self::Gspo => [3, 0, 1, 2],
        }
    }

    /// The quad's key in this order.
    pub(crate) const fn key(self, quad: &Quad) -> Key {
        let Quad { s, p, o, g } = *quad;
        match self {
            Self::Spog => [s, p, o, g],
            Self::Posg => [p, o, s, g],
            Self::Opsg => [o, p, s, g],
            Self::Gspo => [g, s, p, o],
        }
    }

    /// The quad of a key in this order.
    pub(crate) const fn quad(self, key: &Key) -> Quad {
        let [a, b, c, d] = *key;
        match self {
            Self::Spog => Quad::new(a, b, c, d),
            Self::Posg => Quad::new(c, a, b, d),
            Self::Opsg => Quad::new(c, b, a, d),
            Self::Gspo => Quad::new(b, c, d, a),
        }
    }

    /// Whether this order is there to hold the quad.
    pub(crate) fn holds(self, quad: &Quad) -> bool {
        match self {
            Self::Spog | Self::Posg => true,
            Self::Opsg => quad.o.is_resource(),
            Self::Gspo => quad.g != TermId::DEFAULT_GRAPH,
        }
    }
}

/// Which positions of a quad are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    /// The subject, if given.
    pub s: Option<TermId>,
    /// The predicate, if given.
    pub p: Option<TermId>,
    /// The object, if given.
    pub o: Option<TermId>,
    /// The graph, if given.
    pub g: Option<TermId>,
}

impl Pattern {
    /// Nothing is given: every quad.
    pub const ALL: Self = Self { s: None, p: None, o: None, g: None };

    /// The order in which the pattern's quads are nearest to one run: the one with the longest given prefix, among
    /// those that hold all of them. OPSG only if the object is a given resource, GSPO only if the graph is given and
    /// not the default one.
    pub fn best_order(&self) -> Order {
        Order::ALL
            .into_iter()
            .filter(|order| self.is_held_by(*order))
            .rev() // of equals, `max_by_key` keeps the last: SPOG is the first choice
            .max_by_key(|order| self.prefix(*order).1)
            .unwrap_or(Order::Spog)
    }

    /// Whether the order holds every quad that the pattern can match.
    pub fn is_held_by(&self, order: Order) -> bool {
        match order {
            Order::Spog | Order::Posg => true,
            Order::Opsg => self.o.is_some_and(TermId::is_resource),
            Order::Gspo => self.g.is_some_and(|g| g != TermId::DEFAULT_GRAPH),
        }
    }

    /// Whether the quad matches.
    pub fn matches(&self, quad: &Quad) -> bool {
        self.s.is_none_or(|s| s == quad.s)
            && self.p.is_none_or(|p| p == quad.p)
            && self.o.is_none_or(|o| o == quad.o)
            && self.g.is_none_or(|g| g == quad.g)
    }

    /// The given ids by column of the order.
    pub(crate) fn columns(&self, order: Order) -> [Option<TermId>; 4] {
        let by_position = [self.s, self.p, self.o, self.g];
        order.positions().map(|position| by_position[position])
    }

    /// The smallest key that can match, and how many leading columns are given.
    pub(crate) fn prefix(&self, order: Order) -> (Key, usize) {
        let columns = self.columns(order);
        let given = columns.iter().take_while(|id| id.is_some()).count();
        let mut key = [TermId::MIN; 4];
        for (slot, id) in key.iter_mut().zip(columns.into_iter().flatten()).take(given) {
            *slot = id;
        }
        (key, given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Tag;

    const VALUE: TermId = TermId::new(Tag::Integer, 7);
    const IRI: TermId = TermId::new(Tag::IriHash, 7);

    #[test]
    fn keys_and_quads_are_inverse() {
        let ids = [1, 2, 3, 4].map(|n| TermId::new(Tag::IriHash, n));
        let quad = Quad::new(ids[0], ids[1], ids[2], ids[3]);
        for order in Order::ALL {
            assert_eq!(order.quad(&order.key(&quad)), quad);
            let by_position = [quad.s, quad.p, quad.o, quad.g];
            assert_eq!(order.key(&quad), order.positions().map(|i| by_position[i]));
        }
    }

    #[test]
    fn best_order_by_what_is_given() {
        let none = Pattern::ALL;
        for (pattern, order) in [
            (none, Order::Spog),
            (Pattern { s: Some(IRI), ..none }, Order::Spog),
            (Pattern { p: Some(IRI), ..none }, Order::Posg),
            (Pattern { o: Some(IRI), ..none }, Order::Opsg),
            (Pattern { o: Some(VALUE), ..none }, Order::Spog),
            (Pattern { p: Some(IRI), o: Some(VALUE), ..none }, Order::Posg),
            (Pattern { s: Some(IRI), p: Some(IRI), ..none }, Order::Spog),
            (Pattern { g: Some(IRI), ..none }, Order::Gspo),
            (Pattern { g: Some(TermId::DEFAULT_GRAPH), ..none }, Order::Spog),
            (Pattern { s: Some(IRI), g: Some(IRI), ..none }, Order::Gspo),
            (Pattern { s: Some(IRI), p: Some(IRI), o: Some(IRI), g: Some(IRI) }, Order::Spog),
        ] {
            assert_eq!(pattern.best_order(), order, "{pattern:?}");
        }
    }
}
