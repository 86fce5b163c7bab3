//! `check`: reads everything, verifies what the store promises, counts.
//!
//! 1. Each index order holds exactly the quads that it is there to hold, in order, with right checksums.
//! 2. Every hashed id in a live quad resolves in the dictionary.
//! 3. The index, filter and footer of each file say what is in it.
//! 4. In the property graph, every edge goes from a vertex to a vertex, and no two edges share an id.
//!
//! A damaged block is named with what is lost by it, and the rest is checked on.

use std::sync::Arc;

use model::{Dataset, Quad, Term, TermId};
use serde::{Deserialize, Serialize};

use crate::cursor::Merge;
use crate::dictionary::Dictionary;
use crate::order::{Key, Order};
use crate::segment::Segment;
use crate::shared::Shared;
use crate::snapshot::Snapshot;
use crate::{CancelToken, Error, Result};

/// Problems told one by one, at most; the rest is counted.
const SHOWN: usize = 100;
/// Ids collected before they are sorted into the set of distinct ones.
const CHUNK: usize = 4 << 20;
/// Entries between two looks at the token.
const TICK: usize = 1024;

/// What was found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CheckReport {
    /// The counts, one entry a data set.
    pub datasets: Vec<DatasetReport>,
    /// What is wrong, in sentences; empty when all is well.
    pub problems: Vec<String>,
}

impl CheckReport {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }
}

/// The exact counts of one data set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetReport {
    /// `pg` or `rdf`.
    pub dataset: String,
    /// Live quads.
    pub quads: u64,
    /// Vertices: subjects with a `~label` quad.
    pub vertices: u64,
    /// Edges.
    pub edges: u64,
    /// Distinct terms.
    pub terms: u64,
    /// Named graphs beside the default one (RDF).
    pub graphs: u64,
}

struct Problems {
    shown: Vec<String>,
    more: u64,
}

impl Problems {
    fn add(&mut self, problem: impl FnOnce() -> String) {
        if self.shown.len() < SHOWN {
            self.shown.push(problem());
        } else {
            self.more += 1;
        }
    }
}

pub(crate) fn check(shared: &Arc<Shared>, cancel: &CancelToken) -> Result<CheckReport> {
    let mut problems = Problems { shown: Vec::new(), more: 0 };
    let mut datasets = Vec::new();
    for dataset in Dataset::ALL {
        let snapshot = shared.snapshot(dataset);
        check_files(&snapshot, cancel, &mut problems)?;
        match check_dataset(&snapshot, cancel, &mut problems) {
            Ok(report) => datasets.push(report),
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(error) => {
                problems.add(|| format!("{}: cannot be read whole: {error}", dataset.name()));
                datasets.push(DatasetReport { dataset: dataset.name().to_owned(), ..Default::default() });
            }
        }
    }
    let mut shown = problems.shown;
    if problems.more > 0 {
        shown.push(format!("and {} more", problems.more));
    }
    Ok(CheckReport { datasets, problems: shown })
}

/// Every block of every file: checksums, keys that ascend strictly, and what index, filter and footer say of them.
fn check_files(snapshot: &Snapshot, cancel: &CancelToken, problems: &mut Problems) -> Result<()> {
    for set in snapshot.layers().iter().filter_map(|layer| layer.disk()) {
        for segment in set.segments.iter().flatten() {
            check_segment(snapshot, segment, cancel, problems)?;
        }
        if let Some(dictionary) = &set.dictionary {
            check_dictionary(snapshot, dictionary, cancel, problems)?;
        }
    }
    Ok(())
}

/// What a reader makes of an id: its term, or the id itself if that cannot be told.
fn spell(snapshot: &Snapshot, id: TermId) -> String {
    snapshot.resolve(id).map_or_else(|_| format!("{id:?}"), |term| format!("{term:?}"))
}

fn check_segment(snapshot: &Snapshot, segment: &Segment, cancel: &CancelToken, problems: &mut Problems) -> Result<()> {
    let path = segment.file().path().display();
    let (order, blocks) = (segment.order(), segment.blocks());
    let mut last: Option<Key> = None;
    let (mut tombstones, mut leads, mut damaged) = (0, 0, false);
    for number in 0..blocks {
        cancel.check()?;
        let first = segment.first_key(number);
        let block = match segment.read(number) {
            Ok(block) => block,
            Err(error) => {
                damaged = true;
                problems.add(|| {
                    let end = (number + 1 < blocks).then(|| segment.first_key(number + 1)[0]);
                    let to = end.map_or_else(|| "to the end".to_owned(), |id| format!("to {}", spell(snapshot, id)));
                    let (entries, from) = (segment.entries(number), spell(snapshot, first[0]));
                    format!("{error}; lost are {entries} entries of order {}, from {from} {to}", order.name())
                });
                continue;
            }
        };
        if block.key(0) != first {
            problems.add(|| format!("{path}: block {number} does not begin with the key that the index has"));
        }
        let (mut ascending, mut held, mut filtered) = (true, true, true);
        for at in 0..block.len() {
            let key = block.key(at);
            if last.is_none_or(|last| last[0] != key[0]) {
                leads += 1;
                filtered &= segment.may_hold(key[0]);
            }
            ascending &= last.replace(key).is_none_or(|last| last < key);
            held &= order.holds(&order.quad(&key));
        }
        tombstones += block.count_tombstones();
        for (sound, what) in [
            (ascending, "is out of order"),
            (held, "holds quads that are not for this order"),
            (filtered, "holds quads that the filter does not know"),
        ] {
            if !sound {
                problems.add(|| format!("{path}: block {number} of order {} {what}", order.name()));
            }
        }
    }
    for (counted, footer, what) in
        [(tombstones, segment.file().tombstones(), "tombstones"), (leads, segment.leads(), "distinct leading ids")]
    {
        if counted != footer && !damaged {
            problems.add(|| format!("{path}: holds {counted} {what}, its footer says {footer}"));
        }
    }
    Ok(())
}

/// Every block of a dictionary: checksums, ids that ascend, and that each spelling is that of its id.
fn check_dictionary(
    snapshot: &Snapshot,
    dictionary: &Dictionary,
    cancel: &CancelToken,
    problems: &mut Problems,
) -> Result<()> {
    let path = dictionary.file().path().display();
    let mut last: Option<TermId> = None;
    for number in 0..dictionary.blocks() {
        cancel.check()?;
        let block = match dictionary.read(number) {
            Ok(block) => block,
            Err(error) => {
                problems.add(|| format!("{error}; lost are {} spellings", dictionary.terms(number)));
                continue;
            }
        };
        if dictionary.file().key(number) != block.id(0).to_be_bytes() {
            problems.add(|| format!("{path}: block {number} does not begin with the id that the index has"));
        }
        let (mut ascending, mut wrong) = (true, 0);
        for at in 0..block.len() {
            let id = block.id(at);
            ascending &= last.replace(id).is_none_or(|last| last < id);
            let term = Term::decode(id, Some(block.spelling(at)));
            wrong += u64::from(!term.is_ok_and(|term| snapshot.encode(term.as_ref()) == id));
        }
        if !ascending {
            problems.add(|| format!("{path}: block {number} is out of order"));
        }
        if wrong > 0 {
            problems.add(|| format!("{path}: {wrong} spellings of block {number} are not those of their ids"));
        }
    }
    Ok(())
}

/// A checksum of a set of quads that does not depend on their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Digest {
    quads: u64,
    sum: u128,
}

impl Digest {
    fn add(&mut self, quad: &Quad) {
        let mut mixed = 0_u128;
        for id in [quad.s, quad.p, quad.o, quad.g] {
            mixed = (mixed ^ id.get()).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).rotate_left(61);
        }
        self.quads += 1;
        self.sum = self.sum.wrapping_add(mixed);
    }
}

fn for_each(merge: &mut Merge, order: Order, cancel: &CancelToken, each: &mut dyn FnMut(Quad)) -> Result<()> {
    merge.start()?;
    let mut more = true;
    while more {
        cancel.check()?;
        more = merge.runs(&[TermId::MIN; 4], 0, TICK, &mut |block, low, high| {
            (low..high).for_each(|at| each(order.quad(&block.key(at))));
        })?;
    }
    Ok(())
}

fn check_dataset(snapshot: &Snapshot, cancel: &CancelToken, problems: &mut Problems) -> Result<DatasetReport> {
    let name = snapshot.dataset().name();
    let mut report = DatasetReport { dataset: name.to_owned(), ..Default::default() };
    let mut expected = [Digest::default(); 4];
    let mut ids = DistinctIds::default();
    let mut vertices: Vec<TermId> = Vec::new();
    let mut ends: Vec<TermId> = Vec::new();
    let mut orphan_sources = 0_u64;
    for_each(&mut snapshot.merge(Order::Spog, true), Order::Spog, cancel, &mut |quad| {
        for order in Order::ALL.into_iter().filter(|order| order.holds(&quad)) {
            expected[order.index()].add(&quad);
        }
        ids.add(&quad);
        if quad.p == TermId::LABEL {
            if vertices.last() != Some(&quad.s) {
                vertices.push(quad.s);
            }
        } else if quad.p.is_edge_label() {
            report.edges += 1;
            ends.push(quad.o);
            // Labels sort before edges, so the source's label has been seen.
            if vertices.last() != Some(&quad.s) {
                orphan_sources += 1;
            }
        }
    })?;
    report.quads = expected[0].quads;
    report.vertices = vertices.len() as u64;
    for order in [Order::Posg, Order::Opsg, Order::Gspo] {
        let mut found = Digest::default();
        let mut last: Option<TermId> = None;
        let mut shared_ids = 0_u64;
        for_each(&mut snapshot.merge(order, true), order, cancel, &mut |quad| {
            found.add(&quad);
            if order == Order::Gspo {
                if last != Some(quad.g) {
                    report.graphs += 1;
                } else if quad.g.is_edge() {
                    shared_ids += 1;
                }
                last = Some(quad.g);
            }
        })?;
        if found != expected[order.index()] {
            problems.add(|| {
                let (found, expected) = (found.quads, expected[order.index()].quads);
                format!("{name}: order {} holds {found} quads, not the {expected} that it must", order.name())
            });
        }
        if shared_ids > 0 {
            problems.add(|| format!("{name}: {shared_ids} edges share an id with another edge"));
        }
    }
    if snapshot.dataset() == Dataset::Pg {
        report.graphs = 0;
        ends.sort_unstable();
        ends.dedup();
        let mut known = vertices.iter().peekable();
        let mut orphan_targets = 0_u64;
        for end in &ends {
            while known.next_if(|vertex| *vertex < end).is_some() {}
            orphan_targets += u64::from(known.peek() != Some(&end));
        }
        if orphan_sources > 0 {
            problems.add(|| format!("pg: {orphan_sources} edges leave from no vertex"));
        }
        if orphan_targets > 0 {
            problems.add(|| format!("pg: edges lead to {orphan_targets} ids that are no vertices"));
        }
    }
    let ids = ids.done();
    report.terms = ids.len() as u64;
    let mut unknown = 0_u64;
    for (i, id) in ids.iter().filter(|id| id.is_hashed()).enumerate() {
        if i % TICK == 0 {
            cancel.check()?;
        }
        if !snapshot.knows(*id)? {
            unknown += 1;
        }
    }
    if unknown > 0 {
        problems.add(|| format!("{name}: {unknown} terms are not in the dictionary"));
    }
    let strange = ids.iter().filter(|id| id.tag().is_none()).count();
    if strange > 0 {
        problems.add(|| format!("{name}: {strange} term ids have no known tag"));
    }
    Ok(report)
}

/// The set of ids seen, sorted.
#[derive(Default)]
struct DistinctIds {
    sorted: Vec<TermId>,
    fresh: Vec<TermId>,
    last: [Option<TermId>; 4],
}

impl DistinctIds {
    fn add(&mut self, quad: &Quad) {
        for (last, id) in self.last.iter_mut().zip([quad.s, quad.p, quad.o, quad.g]) {
            // ∅ is no term of the user's, and the default graph is everywhere.
            if *last != Some(id) && id != TermId::NO_LABEL && id != TermId::DEFAULT_GRAPH && id != TermId::LABEL {
                self.fresh.push(id);
            }
            *last = Some(id);
        }
        if self.fresh.len() >= CHUNK {
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.fresh.sort_unstable();
        self.fresh.dedup();
        self.sorted.append(&mut self.fresh);
        self.sorted.sort(); // two sorted runs: a merge
        self.sorted.dedup();
    }

    fn done(mut self) -> Vec<TermId> {
        self.settle();
        self.sorted
    }
}
