//! The random graph: persons who know each other.
//!
//! Degrees are skewed as in real networks: ends are drawn by rank, rank *r* with a density that falls as *r*^-1/2, and
//! ranks are scattered over the ids so that neighbours in a file are not neighbours in degree. No edge is a loop and no two
//! have the same ends, so that the number of edges is also the number of triples.

use rustc_hash::FxHashSet;

/// Rows of one batch.
const ROWS: usize = 4096;

/// First names; a person has one, a family name and a number.
pub(super) const FIRST: [&str; 16] = [
    "Amal", "Bela", "Chidi", "Dana", "Eero", "Fumiko", "Gita", "Hugo", "Ivo", "Juno", "Kiri", "Luca", "Mei", "Nils",
    "Oya", "Pia",
];
/// Family names.
pub(super) const LAST: [&str; 16] = [
    "Adler", "Brandt", "Cruz", "Duarte", "Eklund", "Ferro", "Grant", "Hoang", "Iqbal", "Juarez", "Kovac", "Lind",
    "Mbeki", "Nagy", "Ortiz", "Popov",
];
/// Number of days among which dates are drawn, from 2010-01-01 on.
pub(super) const DAYS: u16 = 5000;

/// A vertex, `p` and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Person {
    /// Index into [`FIRST`].
    pub(super) first: u8,
    /// Index into [`LAST`].
    pub(super) last: u8,
    /// Third part of the name.
    pub(super) number: u32,
    /// Years, 18 to 90.
    pub(super) age: u8,
    /// In ten-thousandths.
    pub(super) score: u32,
    /// Days since 2010-01-01.
    pub(super) created: u16,
}

/// An edge, `e` and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Knows {
    /// Number of the person who knows.
    pub(super) from: u32,
    /// Number of the person who is known.
    pub(super) to: u32,
    /// Days since 2010-01-01.
    pub(super) since: u16,
    /// In ten-thousandths.
    pub(super) weight: u16,
}

/// Rows of one kind with consecutive numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Batch {
    /// Vertices, from number `first` on.
    Persons {
        /// Number of the first row.
        first: u64,
        /// The rows.
        rows: Vec<Person>,
    },
    /// Edges, from number `first` on.
    Knows {
        /// Number of the first row.
        first: u64,
        /// The rows.
        rows: Vec<Knows>,
    },
}

/// The graph as it is drawn: all vertices, then all edges.
#[derive(Debug)]
pub(super) struct Graph {
    random: Random,
    vertices: u64,
    edges: u64,
    /// Coprime to `vertices`: multiplying by it scatters ranks over ids, one to one.
    stride: u64,
    next_vertex: u64,
    next_edge: u64,
    seen: FxHashSet<u64>,
}

impl Graph {
    /// `vertices` must be from 1 to 2^32 - 1, `edges` at most `vertices * (vertices - 1)`.
    pub(super) fn new(seed: u64, vertices: u64, edges: u64) -> Self {
        // Near the golden section consecutive ranks land far apart.
        let mut stride = (vertices as f64 * 0.618_033_988_7) as u64 | 1;
        while common_divisor(stride, vertices) != 1 {
            stride += 2;
        }
        Self { random: Random(seed), vertices, edges, stride, next_vertex: 0, next_edge: 0, seen: FxHashSet::default() }
    }

    fn person(&mut self) -> Person {
        let random = &mut self.random;
        Person {
            first: random.below(FIRST.len() as u64) as u8,
            last: random.below(LAST.len() as u64) as u8,
            number: random.below(100_000) as u32,
            age: 18 + random.below(73) as u8,
            score: random.below(1_000_000) as u32,
            created: random.below(u64::from(DAYS)) as u16,
        }
    }

    fn knows(&mut self) -> Knows {
        loop {
            let from = self.end();
            // Shifted, so that those who know many are not those whom many know.
            let to = (self.end() + self.vertices / 3) % self.vertices;
            if from != to && self.seen.insert((from << 32) | to) {
                return Knows {
                    from: from as u32,
                    to: to as u32,
                    since: self.random.below(u64::from(DAYS)) as u16,
                    weight: self.random.below(10_000) as u16,
                };
            }
        }
    }

    /// Draws the end of an edge.
    fn end(&mut self) -> u64 {
        let unit = self.random.unit();
        let rank = (self.vertices as f64 * unit * unit) as u64;
        rank.min(self.vertices - 1) * self.stride % self.vertices
    }
}

impl Iterator for Graph {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        if self.next_vertex < self.vertices {
            let first = self.next_vertex;
            let count = (self.vertices - first).min(ROWS as u64);
            self.next_vertex += count;
            Some(Batch::Persons { first, rows: (0..count).map(|_| self.person()).collect() })
        } else if self.next_edge < self.edges {
            let first = self.next_edge;
            let count = (self.edges - first).min(ROWS as u64);
            self.next_edge += count;
            Some(Batch::Knows { first, rows: (0..count).map(|_| self.knows()).collect() })
        } else {
            None
        }
    }
}

/// Euclid's algorithm.
const fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// SplitMix64 (Steele, Lea and Flood 2014). Our own because its numbers must never change: a seed names a graph.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 up to but not including 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From 0 up to but not including `bound`; the bias of a bound this small is far below what anyone could count.
    fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(graph: Graph) -> Vec<Knows> {
        graph
            .flat_map(|batch| match batch {
                Batch::Knows { rows, .. } => rows,
                Batch::Persons { .. } => Vec::new(),
            })
            .collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_graph() {
        let draw = |seed| Graph::new(seed, 5000, 9000).collect::<Vec<_>>();
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn edges_are_distinct_and_no_loops() {
        let edges = edges(Graph::new(1, 300, 20_000));
        assert_eq!(edges.len(), 20_000);
        let pairs: FxHashSet<(u32, u32)> = edges.iter().map(|edge| (edge.from, edge.to)).collect();
        assert_eq!(pairs.len(), 20_000);
        assert!(pairs.iter().all(|(from, to)| from != to && *from < 300 && *to < 300));
    }

    #[test]
    fn a_full_graph_can_be_drawn() {
        assert_eq!(edges(Graph::new(1, 20, 380)).len(), 380);
        assert_eq!(Graph::new(1, 1, 0).count(), 1);
    }

    #[test]
    fn degrees_are_skewed() {
        let mut degrees = vec![0_u32; 1000];
        for edge in edges(Graph::new(3, 1000, 10_000)) {
            degrees[edge.from as usize] += 1;
        }
        degrees.sort_unstable_by(|a, b| b.cmp(a));
        let top: u32 = degrees[..100].iter().sum();
        assert!(top > 2500, "a tenth of the vertices has {top} of 10,000 edges");
    }
}
