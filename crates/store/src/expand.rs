//! Expand: the quads behind many ids, a piece at a time.
//!
//! - **Shape**: what is asked is sorted, so that each layer is walked once. A piece ends where it has about as many rows
//!   as were wanted, within one id if need be: an id with millions of quads never lies in memory.
//! - Ids that are asked for twice are read once; each has its rows.
//! - Where all fits into the first piece, its rows stand in the order of the ids that were handed in; else in the order
//!   of the ids.

use std::ops::Range;

use model::TermId;

use crate::batch::{Columns, QuadBatch};
use crate::cursor::Merge;
use crate::order::{Key, Order};
use crate::snapshot::{Snapshot, take, take_where};
use crate::{CancelToken, Result};

/// Which quads of an id are wanted, by the order's columns behind it.
#[derive(Clone, Copy, Debug)]
pub enum Behind<'a> {
    /// Those whose second column is not below this.
    From(TermId),
    /// Those whose second column is one of these.
    Second(&'a [TermId]),
    /// Those whose second column is one of these, and whose third is this: one for each id.
    Third(&'a [TermId], &'a [TermId]),
}

/// See the module. After an error it is not asked again.
#[derive(Debug)]
pub struct Expander {
    merge: Merge,
    order: Order,
    wanted: Columns,
    asked: Vec<Asked>,
    /// Whether they came in this order.
    in_order: bool,
    /// How many leading columns every row of a run has in common.
    given: usize,
    /// The graph that all quads must be of.
    graph: Option<TermId>,
    /// Whether quads that differ in their graph alone count once.
    once: bool,
    /// The columns behind the given ones of the row before, where that matters.
    last: Option<[TermId; 3]>,
    /// Those of `asked` with the same key: the run that is being read is theirs.
    unit: Range<usize>,
    /// Whether the run's beginning was sought.
    inside: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No piece was asked for.
    Fresh,
    /// There may be more.
    Begun,
    /// Nothing comes any more.
    Finished,
}

/// What was asked for, in the order in which it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    key: [TermId; 3],
    origin: u32,
}

/// Rows of a piece, and who asked for them.
struct Part {
    unit: Range<usize>,
    rows: Range<usize>,
}

impl Snapshot {
    /// For each id, the live quads that have it in the order's first column and match behind it; only the columns
    /// that are wanted.
    pub fn expand(&self, ids: &[TermId], behind: Behind<'_>, order: Order, wanted: Columns) -> Expander {
        let ids = ids.iter().copied().zip(0..);
        match behind {
            Behind::From(first) => {
                let keys = ids.map(|(id, origin)| Asked { key: [id, first, TermId::MIN], origin });
                self.expander(keys.collect(), 1, order, wanted)
            }
            Behind::Second(seconds) => {
                let seconds = sorted(seconds);
                let keys = ids.flat_map(|(id, origin)| {
                    seconds.iter().map(move |second| Asked { key: [id, *second, TermId::MIN], origin })
                });
                self.expander(keys.collect(), 2, order, wanted)
            }
            Behind::Third(seconds, thirds) => {
                let seconds = sorted(seconds);
                let keys = ids.zip(thirds).flat_map(|((id, origin), third)| {
                    seconds.iter().map(move |second| Asked { key: [id, *second, *third], origin })
                });
                self.expander(keys.collect(), 3, order, wanted)
            }
        }
    }

    /// For each key, the live quads that begin with its first `given` columns in the order; only the columns that are
    /// wanted.
    pub fn probe(&self, keys: &[[TermId; 3]], given: usize, order: Order, wanted: Columns) -> Expander {
        let asked = keys.iter().zip(0..).map(|(key, origin)| Asked { key: *key, origin });
        self.expander(asked.collect(), given, order, wanted)
    }

    fn expander(&self, mut asked: Vec<Asked>, given: usize, order: Order, wanted: Columns) -> Expander {
        let in_order = asked.is_sorted();
        if !in_order {
            asked.sort_unstable();
        }
        Expander {
            merge: self.merge(order, given == 0),
            order,
            wanted,
            asked,
            in_order,
            given,
            graph: None,
            once: false,
            last: None,
            unit: 0..0,
            inside: false,
            state: State::Fresh,
        }
    }
}

fn sorted(ids: &[TermId]) -> Vec<TermId> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    ids
}

impl Expander {
    /// The same of one graph alone, or of all.
    #[must_use]
    pub fn of_graph(mut self, graph: Option<TermId>) -> Self {
        self.graph = graph;
        self
    }

    /// The same with quads that differ in their graph alone as one; not for the order that begins with the graph.
    #[must_use]
    pub fn once(mut self, once: bool) -> Self {
        self.once = once;
        self
    }

    /// The next rows, about `limit` at most, and for each the place of the id that it was found for; `None` behind the
    /// last.
    pub fn next(&mut self, limit: usize, cancel: &CancelToken) -> Result<Option<(Vec<u32>, QuadBatch)>> {
        let mut rows = QuadBatch::default();
        let mut parts: Vec<Part> = Vec::new();
        let mut given = 0;
        let first = self.state == State::Fresh;
        self.state = State::Begun;
        while given < limit {
            if self.unit.is_empty() && !self.advance() {
                self.state = State::Finished;
                break;
            }
            let repeats = self.unit.len();
            let from = rows.len;
            let more = self.read(((limit - given) / repeats).max(1), &mut rows)?;
            if rows.len > from {
                given += (rows.len - from) * repeats;
                parts.push(Part { unit: self.unit.clone(), rows: from..rows.len });
            } else if parts.is_empty() {
                cancel.check()?; // nothing may match for long
            }
            self.inside = more;
            if !more {
                self.unit.start = self.unit.end;
            }
        }
        Ok((given > 0).then(|| self.piece(&parts, rows, first && self.is_finished())))
    }

    /// Whether it is known that nothing comes any more.
    pub fn is_finished(&self) -> bool {
        self.state == State::Finished
    }

    /// Moves to the next run; whether there is one.
    fn advance(&mut self) -> bool {
        let from = self.unit.end;
        let Some(first) = self.asked.get(from) else { return false };
        let same = self.asked[from..].iter().take_while(|asked| asked.key == first.key).count();
        self.unit = from..from + same;
        true
    }

    /// Reads some of the run; whether there may be more.
    fn read(&mut self, limit: usize, rows: &mut QuadBatch) -> Result<bool> {
        let [first, second, third] = self.asked[self.unit.start].key;
        // Where a triple is given, its graph can be, too.
        let given = if self.given == 3 && self.graph.is_some() { 4 } else { self.given };
        let prefix: Key = [first, second, third, self.graph.unwrap_or(TermId::MIN)];
        let graph = self.graph.filter(|_| given < 4);
        if !self.inside {
            self.last = None;
            if given == 0 {
                self.merge.start()?;
            } else {
                self.merge.seek_prefix(&prefix, given)?;
            }
        }
        let (positions, wanted, last) = (self.order.positions(), self.wanted, &mut self.last);
        let picks = self.once || graph.is_some();
        self.merge.runs(&prefix, given, limit, &mut |block, low, high| {
            if !picks {
                return take(rows, positions, wanted, (&prefix, given), block, low, high, None);
            }
            // The graph is the last column: a triple in several graphs is a run of neighbours.
            take_where(rows, positions, wanted, block, low, high, &mut |row| {
                graph.is_none_or(|graph| block.get(3, row) == graph) && {
                    let triple: [TermId; 3] =
                        std::array::from_fn(
                            |column| if column < given { prefix[column] } else { block.get(column, row) },
                        );
                    last.replace(triple) != Some(triple)
                }
            });
        })
    }

    /// Gives each row its origin; in the order of the origins if it is all.
    fn piece(&self, parts: &[Part], rows: QuadBatch, all: bool) -> (Vec<u32>, QuadBatch) {
        let each = parts.iter().flat_map(|part| self.asked[part.unit.clone()].iter().map(move |asked| (asked, part)));
        let mut each: Vec<(u32, Range<usize>)> = each.map(|(asked, part)| (asked.origin, part.rows.clone())).collect();
        if all && !self.in_order {
            each.sort_by_key(|(origin, _)| *origin); // stable: the rows of one stay in their order
        }
        let mut origins = Vec::with_capacity(rows.len);
        let mut as_read = true;
        for (origin, span) in &each {
            as_read &= span.start == origins.len();
            origins.resize(origins.len() + span.len(), *origin);
        }
        if as_read {
            return (origins, rows);
        }
        let spans = each.iter().map(|(_, span)| span.clone());
        let quads = rows.gather(self.wanted, origins.len(), &spans);
        (origins, quads)
    }
}
