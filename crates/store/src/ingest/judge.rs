//! Judging the rows of a load: missing ends, edge ids used twice, second single values, duplicates.
//!
//! Everything is one walk over entries sorted by quad, beside a forward cursor over what the store holds. Rules are
//! applied in the order of rows (ordinals), so that the outcome is that of a load row by row.
//!
//! - **Source**: loader §2.8, §4.4, §5.3, §6.5, §7.4; design §5 and §9 "Counters".

use std::collections::BTreeMap;

use model::{Quad, TermId};
use rustc_hash::FxHashSet;

use super::{Entry, FeedCounts, Ordinal, Role, Rules, Violation, write};
use crate::cursor::Merge;
use crate::order::{Key, Order};
use crate::snapshot::Snapshot;
use crate::{CancelToken, Result};

/// Entries between two looks at the token.
const TICK: usize = 4096;

/// What is to be done.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    pub(super) feeds: BTreeMap<u32, FeedCounts>,
    pub(super) first_violation: Option<Ordinal>,
    /// New quads, sorted and distinct.
    pub(super) fresh: Vec<Quad>,
}

/// What becomes of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is in the graph afterwards.
    Kept,
    /// Its row is refused, or this record of it.
    Refused,
    /// Another value was there first.
    Ignored,
    /// Its row repeats a relationship and is passed over.
    Repeated,
    /// Its row is at or above the one that stops the load.
    Cut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    MissingEnd,
    EdgeIdTaken,
    SingleValue,
}

/// See the module. `entries` are sorted by quad, then ordinal.
pub(super) fn judge(
    entries: &[Entry],
    snapshot: &Snapshot,
    rules: Rules,
    stop_at_violation: bool,
    cancel: &CancelToken,
    on_violation: &mut dyn FnMut(Violation),
) -> Result<Judgement> {
    let mut court =
        Court { entries, snapshot, rules, cancel, fates: vec![Fate::Kept; entries.len()], rows: Vec::new() };
    let mut violations = court.sit()?;
    let mut first_violation = violations.iter().map(|(ordinal, ..)| *ordinal).min();
    if stop_at_violation && let Some(mut cut) = first_violation {
        // Without the rows from the cut on, a vertex may be missing that a lower edge relied on: cut again until
        // nothing below is refused.
        let mut lowest = violations.iter().min().copied();
        loop {
            court.restart(cut);
            let below = court.sit()?;
            let Some(lower) = below.iter().min() else { break };
            cut = lower.0;
            lowest = Some(*lower);
        }
        first_violation = Some(cut);
        violations = lowest.into_iter().collect();
    }
    violations.sort_unstable();
    for (ordinal, kind, at) in violations {
        let quad = entries[at].quad;
        on_violation(match kind {
            Kind::MissingEnd => Violation::MissingEnd { ordinal, edge: quad },
            Kind::EdgeIdTaken => Violation::EdgeIdTaken { ordinal, edge: quad },
            Kind::SingleValue => Violation::SingleValue { ordinal, quad },
        });
    }
    let (feeds, fresh) = court.count()?;
    Ok(Judgement { feeds, first_violation, fresh })
}

struct Court<'a> {
    entries: &'a [Entry],
    snapshot: &'a Snapshot,
    rules: Rules,
    cancel: &'a CancelToken,
    fates: Vec<Fate>,
    /// Feeds of rows that are duplicates as a whole ([`Rules::OpenCypher`]).
    rows: Vec<u32>,
}

type Found = (Ordinal, Kind, usize);

impl Court<'_> {
    /// Forgets all judgements and leaves out the rows from `cut` on.
    fn restart(&mut self, cut: Ordinal) {
        self.rows.clear();
        for (fate, entry) in self.fates.iter_mut().zip(self.entries) {
            *fate = if entry.ordinal < cut { Fate::Kept } else { Fate::Cut };
        }
    }

    fn sit(&mut self) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        if self.rules != Rules::Rdf {
            self.judge_edges(&mut found)?;
            self.judge_single_values(&mut found)?;
            if self.rules == Rules::OpenCypher {
                self.count_repeated_nodes()?;
            }
        }
        Ok(found)
    }

    fn is_kept(&self, at: usize) -> bool {
        self.fates[at] == Fate::Kept
    }

    /// Missing ends, then ids: a row refused for its ends claims no id.
    fn judge_edges(&mut self, found: &mut Vec<Found>) -> Result<()> {
        let mut edges: Vec<usize> =
            (0..self.entries.len()).filter(|at| self.is_kept(*at) && is_edge(&self.entries[*at].quad)).collect();
        if edges.is_empty() {
            return Ok(());
        }
        let missing = self.missing_ends(&edges)?;
        let mut refused: FxHashSet<Ordinal> = FxHashSet::default();
        if !missing.is_empty() {
            edges.retain(|at| {
                let Entry { quad, ordinal, .. } = self.entries[*at];
                let lacks = missing.contains(&quad.s) || missing.contains(&quad.o);
                if lacks {
                    refused.insert(ordinal);
                    found.push((ordinal, Kind::MissingEnd, *at));
                }
                !lacks
            });
        }
        let mut repeated: FxHashSet<Ordinal> = FxHashSet::default();
        write::sort(&mut edges, self.cancel, |at| (self.entries[*at].quad.g, self.entries[*at].ordinal))?;
        let mut known = self.snapshot.merge(Order::Gspo, false);
        for group in edges.chunk_by(|a, b| self.entries[*a].quad.g == self.entries[*b].quad.g) {
            self.cancel.check()?;
            let first = self.entries[group[0]].quad;
            let prefix = [first.g, TermId::MIN, TermId::MIN, TermId::MIN];
            let owner = known.first(&prefix, 1)?.map(|key| Order::Gspo.quad(&key));
            for (i, at) in group.iter().enumerate() {
                let Entry { quad, ordinal, .. } = self.entries[*at];
                let conflict = quad != owner.unwrap_or(first);
                match self.rules {
                    Rules::OpenCypher if conflict && owner.is_none() => {
                        repeated.insert(ordinal);
                        self.rows.push(ordinal.feed());
                    }
                    _ if conflict => {
                        refused.insert(ordinal);
                        found.push((ordinal, Kind::EdgeIdTaken, *at));
                    }
                    Rules::OpenCypher if i > 0 || owner.is_some() => self.rows.push(ordinal.feed()),
                    Rules::OpenCypher | Rules::GremlinCsv | Rules::Rdf => {}
                }
            }
        }
        if !refused.is_empty() || !repeated.is_empty() {
            for (fate, entry) in self.fates.iter_mut().zip(self.entries) {
                if *fate != Fate::Kept {
                } else if refused.contains(&entry.ordinal) {
                    *fate = Fate::Refused;
                } else if repeated.contains(&entry.ordinal) {
                    *fate = Fate::Repeated;
                }
            }
        }
        Ok(())
    }

    /// Ends of these edges that are a vertex neither in the store nor in this load.
    fn missing_ends(&self, edges: &[usize]) -> Result<FxHashSet<TermId>> {
        let mut ends: Vec<TermId> = Vec::with_capacity(edges.len() * 2);
        for at in edges {
            ends.extend([self.entries[*at].quad.s, self.entries[*at].quad.o]);
        }
        write::sort(&mut ends, self.cancel, |id| *id)?;
        ends.dedup();
        let mut loaded = self
            .entries
            .iter()
            .zip(&self.fates)
            .filter(|(entry, fate)| entry.quad.p == TermId::LABEL && **fate == Fate::Kept)
            .map(|(entry, _)| entry.quad.s)
            .peekable();
        let mut known = self.snapshot.merge(Order::Spog, false);
        let mut missing = FxHashSet::default();
        for (i, end) in ends.into_iter().enumerate() {
            if i % TICK == 0 {
                self.cancel.check()?;
            }
            while loaded.next_if(|vertex| *vertex < end).is_some() {}
            if loaded.peek() != Some(&end) && known.first(&label_of(end), 2)?.is_none() {
                missing.insert(end);
            }
        }
        Ok(missing)
    }

    /// A single value is refused (or, for openCypher, ignored) if the element has another value by then.
    fn judge_single_values(&mut self, found: &mut Vec<Found>) -> Result<()> {
        let mut known = self.snapshot.merge(Order::Spog, false);
        let mut values: Vec<TermId> = Vec::new();
        let mut group: Vec<usize> = Vec::new();
        let mut from = 0;
        while from < self.entries.len() {
            let Quad { s, p, .. } = self.entries[from].quad;
            let to = from + self.entries[from..].iter().take_while(|e| e.quad.s == s && e.quad.p == p).count();
            if from / TICK != to / TICK {
                self.cancel.check()?;
            }
            if self.entries[from..to].iter().any(|entry| entry.role == Role::Single) {
                values.clear();
                existing_values(&mut known, s, p, &mut values)?;
                group.clear();
                group.extend((from..to).filter(|at| self.is_kept(*at)));
                group.sort_unstable_by_key(|at| self.entries[*at].ordinal);
                for at in &group {
                    let Entry { quad, ordinal, role } = self.entries[*at];
                    if values.contains(&quad.o) {
                        continue; // a duplicate
                    }
                    if role == Role::Single && !values.is_empty() {
                        if self.rules == Rules::OpenCypher {
                            self.fates[*at] = Fate::Ignored;
                        } else {
                            self.fates[*at] = Fate::Refused;
                            found.push((ordinal, Kind::SingleValue, *at));
                        }
                        continue;
                    }
                    values.push(quad.o);
                }
            }
            from = to;
        }
        Ok(())
    }

    /// openCypher: each row beyond the first of a node, or any row of a node that exists, is one duplicate.
    fn count_repeated_nodes(&mut self) -> Result<()> {
        let mut known = self.snapshot.merge(Order::Spog, false);
        let mut ordinals: Vec<Ordinal> = Vec::new();
        let mut labels = (0..self.entries.len())
            .filter(|at| self.is_kept(*at) && self.entries[*at].quad.p == TermId::LABEL)
            .map(|at| (self.entries[at].quad.s, self.entries[at].ordinal))
            .peekable();
        let mut rows = Vec::new();
        while let Some((vertex, ordinal)) = labels.next() {
            ordinals.clear();
            ordinals.push(ordinal);
            while let Some((_, ordinal)) = labels.next_if(|(next, _)| *next == vertex) {
                ordinals.push(ordinal);
            }
            ordinals.sort_unstable();
            ordinals.dedup();
            let new = usize::from(known.first(&label_of(vertex), 2)?.is_none());
            rows.extend(ordinals.iter().skip(new).map(|ordinal| ordinal.feed()));
        }
        drop(labels);
        self.rows.extend(rows);
        Ok(())
    }

    /// Counts every entry and collects what is new.
    fn count(&self) -> Result<(BTreeMap<u32, FeedCounts>, Vec<Quad>)> {
        let mut feeds = Tally::default();
        let mut known = self.snapshot.merge(Order::Spog, false);
        let mut fresh = Vec::with_capacity(self.entries.len());
        let by_row = self.rules == Rules::OpenCypher;
        let mut last: Option<Quad> = None;
        for (at, entry) in self.entries.iter().enumerate() {
            if at % TICK == 0 {
                self.cancel.check()?;
            }
            let counted = u64::from(entry.role != Role::Silent);
            let feed = entry.ordinal.feed();
            match self.fates[at] {
                Fate::Cut => {}
                Fate::Refused => feeds.of(feed).refused += counted,
                Fate::Ignored => feeds.of(feed).ignored += counted,
                Fate::Repeated => feeds.of(feed).duplicate_records += counted,
                Fate::Kept => {
                    // Of equal quads the lowest ordinal comes first: it is the one that loads.
                    let repeat = last == Some(entry.quad);
                    last = Some(entry.quad);
                    if repeat || known.first(&Order::Spog.key(&entry.quad), 4)?.is_some() {
                        let counts = feeds.of(feed);
                        counts.duplicate_records += counted;
                        if !by_row {
                            counts.duplicates += counted;
                        }
                    } else {
                        feeds.of(feed).loaded += counted;
                        fresh.push(entry.quad);
                    }
                }
            }
        }
        for feed in &self.rows {
            feeds.of(*feed).duplicates += 1;
        }
        Ok((feeds.done(), fresh))
    }
}

/// Counts by feed, with the feed at hand outside the map.
#[derive(Default)]
struct Tally {
    done: BTreeMap<u32, FeedCounts>,
    feed: u32,
    counts: FeedCounts,
}

impl Tally {
    fn of(&mut self, feed: u32) -> &mut FeedCounts {
        if feed != self.feed {
            self.put_away();
            self.feed = feed;
        }
        &mut self.counts
    }

    fn put_away(&mut self) {
        if self.counts != FeedCounts::default() {
            let FeedCounts { loaded, duplicates, duplicate_records, ignored, refused } =
                std::mem::take(&mut self.counts);
            let total = self.done.entry(self.feed).or_default();
            total.loaded += loaded;
            total.duplicates += duplicates;
            total.duplicate_records += duplicate_records;
            total.ignored += ignored;
            total.refused += refused;
        }
    }

    fn done(mut self) -> BTreeMap<u32, FeedCounts> {
        self.put_away();
        self.done
    }
}

fn is_edge(quad: &Quad) -> bool {
    quad.p.is_edge_label() && quad.g.is_edge()
}

/// The prefix of a vertex's labels.
fn label_of(vertex: TermId) -> Key {
    [vertex, TermId::LABEL, TermId::MIN, TermId::MIN]
}

/// The values that an element has for a key in the store.
fn existing_values(known: &mut Merge, s: TermId, p: TermId, values: &mut Vec<TermId>) -> Result<()> {
    let prefix = [s, p, TermId::MIN, TermId::MIN];
    known.seek(&prefix)?;
    let mut more = true;
    while more {
        more = known.runs(&prefix, 2, TICK, &mut |block, low, high| {
            values.extend_from_slice(&block.column(2)[low..high]);
        })?;
    }
    Ok(())
}
