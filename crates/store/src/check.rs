//! `check`: reads everything, verifies what the store promises, counts.
//!
//! 1. Each index order holds exactly the quads that it is there to hold, in order, with right checksums.
//! 2. Every hashed id in a live quad resolves in the dictionary.
//! 3. In the property graph, every edge goes from a vertex to a vertex, and no two edges share an id.

use std::sync::Arc;

use model::{Dataset, Quad, TermId};
use serde::{Deserialize, Serialize};

use crate::cursor::Merge;
use crate::order::{Key, Order};
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

/// Every block of every file: checksums, and keys that ascend strictly.
fn check_files(snapshot: &Snapshot, cancel: &CancelToken, problems: &mut Problems) -> Result<()> {
    for set in snapshot.layers().iter().filter_map(|layer| layer.disk()) {
        for segment in set.segments.iter().flatten() {
            let mut last: Option<Key> = None;
            let mut entries = 0;
            for number in 0..segment.blocks() {
                cancel.check()?;
                let block = match segment.read(number) {
                    Ok(block) => block,
                    Err(error) => {
                        problems.add(|| error.to_string());
                        continue;
                    }
                };
                entries += block.len() as u64;
                let ascending = (0..block.len()).all(|at| {
                    let key = block.key(at);
                    last.replace(key).is_none_or(|last| last < key)
                });
                let held = (0..block.len()).all(|at| segment.order().holds(&segment.order().quad(&block.key(at))));
                if !ascending {
                    problems.add(|| format!("{}: block {number} is out of order", segment.file().path().display()));
                }
                if !held {
                    problems.add(|| {
                        let path = segment.file().path().display();
                        format!("{path}: block {number} holds quads that are not for {}", segment.order().name())
                    });
                }
            }
            if entries != segment.file().entries() {
                problems.add(|| {
                    let (path, counted) = (segment.file().path().display(), segment.file().entries());
                    format!("{path}: holds {entries} entries, its footer says {counted}")
                });
            }
        }
        if let Some(dictionary) = &set.dictionary {
            for number in 0..dictionary.blocks() {
                cancel.check()?;
                if let Err(error) = dictionary.read(number) {
                    problems.add(|| error.to_string());
                }
            }
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
