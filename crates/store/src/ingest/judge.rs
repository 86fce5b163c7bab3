//! Judging the rows of a load: missing ends, edge ids used twice, second single values, duplicates.
//!
//! Everything is a walk over entries sorted by quad, beside a forward cursor over what the store holds; sets of ids are
//! bits by code. Rules are applied in the order of rows (ordinals), so that the outcome is that of a load row by row.
//!
//! - **Source**: loader §2.8, §4.4, §5.3, §6.5, §7.4; design §5 and §9 "Counters".

use std::collections::BTreeMap;

use model::{Quad, TermId};
use rustc_hash::{FxHashMap, FxHashSet};

use super::codes::CodeSet;
use super::lane::{Coded, Codes, place, quad};
use super::memory::{Lent, Pool};
use super::past::{Past, leads};
use super::replaced::Replaced;
use super::vocabulary::Vocabulary;
use super::{FeedCounts, Ordinal, Role, Rules, Violation, write};
use crate::order::Order;
use crate::snapshot::Snapshot;
use crate::{CancelToken, Result};

/// Entries between two looks at the token.
const TICK: usize = 4096;

/// What is to be done.
#[derive(Debug)]
pub(super) struct Judgement<'a> {
    pub(super) feeds: BTreeMap<u32, FeedCounts>,
    pub(super) first_violation: Option<Ordinal>,
    /// New quads, sorted and distinct.
    pub(super) fresh: Lent<'a, 4>,
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
    /// A value that a later row replaces, or that the store has again in the end: it was loaded, and adds nothing.
    Superseded,
    /// The element had this value already when its row came.
    Duplicate,
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

/// What is to be judged.
pub(super) struct Case<'a> {
    /// Sorted by quad, then by row.
    pub(super) entries: &'a [Coded],
    pub(super) vocabulary: &'a Vocabulary,
    /// What the load builds on.
    pub(super) snapshot: &'a Snapshot,
    /// What was there before the load began, if the rules make a difference ([`Rules::OpenCypher`]).
    pub(super) before: Option<&'a Snapshot>,
    pub(super) rules: Rules,
    /// Whether the lowest violation is the only one, and rows from it on are left out.
    pub(super) stop_at_violation: bool,
}

/// See the module.
pub(super) fn judge<'a>(
    case: &Case<'_>,
    pool: &'a Pool,
    cancel: &CancelToken,
    on_violation: &mut dyn FnMut(Violation),
    replaced: &mut Replaced<'_>,
) -> Result<Judgement<'a>> {
    let Case { entries, vocabulary, snapshot, before, rules, stop_at_violation } = *case;
    let fates = vec![Fate::Kept; entries.len()];
    let resources = vocabulary.resources..vocabulary.default_graph;
    // The graphs of a property graph are its edges.
    let graphs = if rules == Rules::Rdf { resources.clone() } else { vocabulary.edges.clone() };
    let past = Past {
        vocabulary,
        snapshot,
        before,
        subjects: leads(vocabulary, snapshot, Order::Spog, resources.clone(), cancel)?,
        graphs: leads(vocabulary, snapshot, Order::Gspo, graphs, cancel)?,
    };
    let mut court = Court { entries, vocabulary, past: &past, rules, cancel, fates, rows: Vec::new(), replaced };
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
        let quad = court.quad(at);
        on_violation(match kind {
            Kind::MissingEnd => Violation::MissingEnd { ordinal, edge: quad },
            Kind::EdgeIdTaken => Violation::EdgeIdTaken { ordinal, edge: quad },
            Kind::SingleValue => Violation::SingleValue { ordinal, quad },
        });
    }
    let (feeds, fresh) = court.count(pool)?;
    Ok(Judgement { feeds, first_violation, fresh })
}

struct Court<'a, 'r> {
    entries: &'a [Coded],
    vocabulary: &'a Vocabulary,
    past: &'a Past<'a>,
    rules: Rules,
    cancel: &'a CancelToken,
    fates: Vec<Fate>,
    /// Feeds of rows that are duplicates as a whole ([`Rules::OpenCypher`]).
    rows: Vec<u32>,
    /// What goes from the store ([`Rules::GremlinCsvReplacing`]).
    replaced: &'a mut Replaced<'r>,
}

type Found = (Ordinal, Kind, usize);

impl Court<'_, '_> {
    fn quad(&self, at: usize) -> Quad {
        let [s, p, o, g] = quad(&self.entries[at]).map(|code| self.vocabulary.id(code));
        Quad::new(s, p, o, g)
    }

    /// Forgets all judgements and leaves out the rows from `cut` on.
    fn restart(&mut self, cut: Ordinal) {
        self.rows.clear();
        self.replaced.clear();
        for (fate, entry) in self.fates.iter_mut().zip(self.entries) {
            *fate = if place(entry).ordinal() < cut { Fate::Kept } else { Fate::Cut };
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

    fn is_edge(&self, quad: &Codes) -> bool {
        self.vocabulary.edge_labels.contains(&quad[1]) && self.vocabulary.edges.contains(&quad[3])
    }

    fn is_label(&self, quad: &Codes) -> bool {
        self.vocabulary.label.contains(&quad[1])
    }

    /// Calls `each` with the place of every edge that is kept.
    fn edges(&self, mut each: impl FnMut(usize, &Codes)) -> Result<()> {
        if self.vocabulary.edge_labels.is_empty() {
            return Ok(());
        }
        for (chunk, entries) in self.entries.chunks(TICK).enumerate() {
            self.cancel.check()?;
            for (at, entry) in (chunk * TICK..).zip(entries) {
                if self.is_edge(&quad(entry)) && self.is_kept(at) {
                    each(at, &quad(entry));
                }
            }
        }
        Ok(())
    }

    /// Missing ends, then ids: a row refused for its ends claims no id.
    fn judge_edges(&mut self, found: &mut Vec<Found>) -> Result<()> {
        let missing = self.missing_ends()?;
        let mut refused: FxHashSet<Ordinal> = FxHashSet::default();
        // Few ids are on more than one edge. Those are looked at closely.
        let (mut claimed, mut contested) = (CodeSet::new(self.vocabulary), CodeSet::new(self.vocabulary));
        self.edges(|at, quad| {
            let ordinal = place(&self.entries[at]).ordinal();
            if !missing.is_empty() && (missing.contains(quad[0]) || missing.contains(quad[2])) {
                refused.insert(ordinal);
                found.push((ordinal, Kind::MissingEnd, at));
            } else if !claimed.insert(quad[3]) {
                contested.insert(quad[3]);
            }
        })?;
        let owners = self.owners(&claimed)?;
        let mut edges: Vec<usize> = Vec::new();
        if !contested.is_empty() || !owners.is_empty() {
            self.edges(|at, quad| {
                let [s, _, o, g] = *quad;
                if (contested.contains(g) || owners.contains_key(&g))
                    && (missing.is_empty() || !missing.contains(s) && !missing.contains(o))
                {
                    edges.push(at);
                }
            })?;
        }
        let mut repeated: FxHashSet<Ordinal> = FxHashSet::default();
        write::sort(&mut edges, self.cancel, |at| (self.entries[*at][3], place(&self.entries[*at])))?;
        for group in edges.chunk_by(|a, b| self.entries[*a][3] == self.entries[*b][3]) {
            self.cancel.check()?;
            let first = self.quad(group[0]);
            let owner = owners.get(&self.entries[group[0]][3]).copied();
            for (i, at) in group.iter().enumerate() {
                let (quad, ordinal) = (self.quad(*at), place(&self.entries[*at]).ordinal());
                let conflict = quad != owner.unwrap_or(first);
                match self.rules {
                    Rules::OpenCypher if conflict && !self.past.was_there(owner)? => {
                        repeated.insert(ordinal);
                        self.rows.push(ordinal.feed());
                    }
                    _ if conflict => {
                        refused.insert(ordinal);
                        found.push((ordinal, Kind::EdgeIdTaken, *at));
                    }
                    Rules::OpenCypher if i > 0 || owner.is_some() => self.rows.push(ordinal.feed()),
                    Rules::OpenCypher | Rules::GremlinCsv | Rules::GremlinCsvReplacing | Rules::Rdf => {}
                }
            }
        }
        if !refused.is_empty() || !repeated.is_empty() {
            for (fate, entry) in self.fates.iter_mut().zip(self.entries) {
                if *fate != Fate::Kept {
                } else if refused.contains(&place(entry).ordinal()) {
                    *fate = Fate::Refused;
                } else if repeated.contains(&place(entry).ordinal()) {
                    *fate = Fate::Repeated;
                }
            }
        }
        Ok(())
    }

    /// The edges of the store that have one of these ids.
    fn owners(&self, claimed: &CodeSet) -> Result<FxHashMap<u32, Quad>> {
        let mut owners = FxHashMap::default();
        let mut known = self.past.known(Order::Gspo);
        for (i, code) in claimed.iter().enumerate() {
            if i % TICK == 0 {
                self.cancel.check()?;
            }
            if let Some(key) = known.first(code, &[])? {
                owners.insert(code, Order::Gspo.quad(&key));
            }
        }
        Ok(owners)
    }

    /// Ends of edges that are a vertex neither in the store nor in this load.
    fn missing_ends(&self) -> Result<CodeSet> {
        let mut ends = CodeSet::new(self.vocabulary);
        self.edges(|_, quad| {
            ends.insert(quad[0]);
            ends.insert(quad[2]);
        })?;
        if ends.is_empty() {
            return Ok(ends);
        }
        if !self.vocabulary.label.is_empty() {
            for (at, entry) in self.entries.iter().enumerate() {
                if at % TICK == 0 {
                    self.cancel.check()?;
                }
                if self.is_label(&quad(entry)) && self.is_kept(at) {
                    ends.remove(entry[0]);
                }
            }
        }
        self.past.without_vertices(ends, self.cancel)
    }

    /// A single value is refused (or, for openCypher, ignored) if the element has another value by then.
    fn judge_single_values(&mut self, found: &mut Vec<Found>) -> Result<()> {
        let mut known = self.past.known(Order::Spog);
        let mut values: Vec<TermId> = Vec::new();
        let mut group: Vec<usize> = Vec::new();
        let mut from = 0;
        while from < self.entries.len() {
            let [s, p, ..] = self.entries[from];
            let mut to = from + 1;
            while to < self.entries.len() && self.entries[to][0] == s && self.entries[to][1] == p {
                to += 1;
            }
            if from / TICK != to / TICK {
                self.cancel.check()?;
            }
            // One entry alone can only clash with what the store has.
            let alone = to == from + 1;
            if self.entries[from..to].iter().any(|entry| place(entry).role() == Role::Single)
                && (!alone || self.past.subjects.contains(s))
            {
                values.clear();
                known.values(s, p, &mut values)?;
                group.clear();
                group.extend((from..to).filter(|at| self.is_kept(*at)));
                group.sort_unstable_by_key(|at| place(&self.entries[*at]));
                if self.rules == Rules::GremlinCsvReplacing {
                    self.replace_values(&group, &values)?;
                    from = to;
                    continue;
                }
                for at in &group {
                    let (quad, place) = (quad(&self.entries[*at]), place(&self.entries[*at]));
                    let o = self.vocabulary.id(quad[2]);
                    if values.contains(&o) {
                        continue; // a duplicate
                    }
                    if place.role() == Role::Single && !values.is_empty() {
                        if self.rules == Rules::OpenCypher {
                            self.fates[*at] = Fate::Ignored;
                        } else {
                            self.fates[*at] = Fate::Refused;
                            found.push((place.ordinal(), Kind::SingleValue, *at));
                        }
                        continue;
                    }
                    values.push(o);
                }
            }
            from = to;
        }
        Ok(())
    }

    /// The values of one element for one key, row by row: a single one replaces all that were there by then.
    fn replace_values(&mut self, group: &[usize], stored: &[TermId]) -> Result<()> {
        // With the entry that brought it, if that is not the store.
        let mut values: Vec<(TermId, Option<usize>)> = stored.iter().map(|value| (*value, None)).collect();
        for at in group {
            let o = self.vocabulary.id(self.entries[*at][2]);
            if values.iter().any(|(value, _)| *value == o) {
                self.fates[*at] = Fate::Duplicate;
                continue;
            }
            if place(&self.entries[*at]).role() == Role::Single {
                for before in values.drain(..).filter_map(|(_, brought)| brought) {
                    self.fates[before] = Fate::Superseded;
                }
            }
            values.push((o, Some(*at)));
        }
        for (_, brought) in values.iter().filter(|(value, _)| stored.contains(value)) {
            if let Some(at) = brought {
                self.fates[*at] = Fate::Superseded; // it went and came again
            }
        }
        for value in stored.iter().filter(|stored| values.iter().all(|(value, _)| value != *stored)) {
            let Some(at) = group.first() else { break };
            self.replaced.push(Quad { o: *value, ..self.quad(*at) })?;
        }
        Ok(())
    }

    /// openCypher: each row beyond the first of a node, or any row of a node that exists, is one duplicate.
    fn count_repeated_nodes(&mut self) -> Result<()> {
        let mut known = self.past.known(Order::Spog);
        let mut ordinals: Vec<Ordinal> = Vec::new();
        let mut labels = (0..self.entries.len())
            .filter(|at| self.is_label(&quad(&self.entries[*at])) && self.is_kept(*at))
            .map(|at| (self.entries[at][0], place(&self.entries[at]).ordinal()))
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
            let new = usize::from(known.first(vertex, &[TermId::LABEL])?.is_none());
            rows.extend(ordinals.iter().skip(new).map(|ordinal| ordinal.feed()));
        }
        drop(labels);
        self.rows.extend(rows);
        Ok(())
    }

    /// Counts every entry and collects what is new.
    fn count<'a>(&self, pool: &'a Pool) -> Result<(BTreeMap<u32, FeedCounts>, Lent<'a, 4>)> {
        let mut feeds = Tally::default();
        let mut known = self.past.known(Order::Spog);
        let mut lent = pool.lend(self.entries.len());
        let fresh = &mut *lent;
        let mut count = 0;
        let by_row = self.rules == Rules::OpenCypher;
        let mut last: Option<Codes> = None;
        for (at, entry) in self.entries.iter().enumerate() {
            if at % TICK == 0 {
                self.cancel.check()?;
            }
            let counted = u64::from(place(entry).role() != Role::Silent);
            let feed = place(entry).ordinal().feed();
            match self.fates[at] {
                Fate::Cut => {}
                Fate::Refused => feeds.of(feed).refused += counted,
                Fate::Ignored => feeds.of(feed).ignored += counted,
                Fate::Repeated => feeds.of(feed).duplicate_records += counted,
                Fate::Superseded => feeds.of(feed).loaded += counted,
                Fate::Duplicate => {
                    let counts = feeds.of(feed);
                    counts.duplicate_records += counted;
                    counts.duplicates += counted;
                }
                Fate::Kept => {
                    // Of equal quads the lowest row comes first: it is the one that loads.
                    let repeat = last == Some(quad(entry));
                    last = Some(quad(entry));
                    // A subject or a graph that is new needs no search.
                    let graph = entry[3];
                    let may_be_old = graph == self.vocabulary.default_graph || self.past.graphs.contains(graph);
                    if repeat || may_be_old && known.holds(&quad(entry))? {
                        let counts = feeds.of(feed);
                        counts.duplicate_records += counted;
                        if !by_row {
                            counts.duplicates += counted;
                        }
                    } else {
                        feeds.of(feed).loaded += counted;
                        fresh[count] = quad(entry);
                        count += 1;
                    }
                }
            }
        }
        for feed in &self.rows {
            feeds.of(*feed).duplicates += 1;
        }
        lent.truncate(count);
        Ok((feeds.done(), lent))
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
