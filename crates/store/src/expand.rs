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
use crate::snapshot::{Snapshot, take};
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
    /// The second columns, ascending; the lower bound if only one column is given.
    seconds: Vec<TermId>,
    /// How many leading columns every row of a run has in common.
    given: usize,
    /// Those of `asked` with the same id.
    group: Range<usize>,
    /// Which of `seconds` is being read.
    second: usize,
    /// Those of the group with the same third column: the run that is being read is theirs.
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
    id: TermId,
    third: TermId,
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
        let (mut seconds, given) = match behind {
            Behind::From(first) => (vec![first], 1),
            Behind::Second(seconds) => (seconds.to_vec(), 2),
            Behind::Third(seconds, _) => (seconds.to_vec(), 3),
        };
        seconds.sort_unstable();
        seconds.dedup();
        let third = |at: usize| match behind {
            Behind::Third(_, thirds) => thirds[at],
            Behind::From(_) | Behind::Second(_) => TermId::MIN,
        };
        let asked = ids.iter().enumerate().map(|(at, id)| Asked { id: *id, third: third(at), origin: at as u32 });
        let mut asked: Vec<Asked> = asked.collect();
        let in_order = asked.is_sorted();
        if !in_order {
            asked.sort_unstable();
        }
        Expander {
            merge: self.merge(order, false),
            order,
            wanted,
            asked,
            in_order,
            seconds,
            given,
            group: 0..0,
            second: 0,
            unit: 0..0,
            inside: false,
            state: State::Fresh,
        }
    }
}

impl Expander {
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
        if self.unit.end < self.group.end {
            self.unit = self.run_of(self.unit.end, self.group.end, |asked| asked.third);
            return true;
        }
        self.second += 1;
        if self.group.is_empty() || self.second >= self.seconds.len() {
            if self.group.end == self.asked.len() || self.seconds.is_empty() {
                return false;
            }
            self.group = self.run_of(self.group.end, self.asked.len(), |asked| asked.id);
            self.second = 0;
        }
        self.unit = self.run_of(self.group.start, self.group.end, |asked| asked.third);
        true
    }

    /// The places from `from` on that have the same key.
    fn run_of(&self, from: usize, end: usize, key: impl Fn(&Asked) -> TermId) -> Range<usize> {
        let same = |asked: &&Asked| key(asked) == key(&self.asked[from]);
        from..from + self.asked[from..end].iter().take_while(same).count()
    }

    /// Reads some of the run; whether there may be more.
    fn read(&mut self, limit: usize, rows: &mut QuadBatch) -> Result<bool> {
        let Asked { id, third, .. } = self.asked[self.unit.start];
        let prefix: Key = [id, self.seconds[self.second], third, TermId::MIN];
        let given = self.given;
        if !self.inside {
            self.merge.seek_prefix(&prefix, given)?;
        }
        let (positions, wanted) = (self.order.positions(), self.wanted);
        self.merge.runs(&prefix, given, limit, &mut |block, low, high| {
            take(rows, positions, wanted, (&prefix, given), block, low, high, None);
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
