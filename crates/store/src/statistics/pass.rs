//! The pass: rows of SPOG as they come, one group of equal subject and predicate after the other.

use model::{Dataset, TermId, TermRef};

use super::names::Names;
use super::report;
use super::sets::{Place, Root, Sets};
use super::{Limits, Statistics};
use crate::order::Order;
use crate::view::View;
use crate::{CancelToken, Result, Snapshot};

/// Rows between two looks at the token.
const TICK: usize = 1 << 16;

const RDF_TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

/// Counts what a snapshot holds.
pub(super) fn run(snapshot: &Snapshot, limits: Limits, cancel: &CancelToken) -> Result<Statistics> {
    let commit = snapshot.commit();
    let found = match snapshot.dataset() {
        Dataset::Pg => {
            let mut tally = PropertyGraphTally::new(limits);
            walk(snapshot, cancel, &mut tally)?;
            report::property_graph(snapshot, &tally)?
        }
        Dataset::Rdf => {
            let mut tally = RdfTally::new(limits, snapshot.encode(TermRef::Iri(RDF_TYPE)));
            walk(snapshot, cancel, &mut tally)?;
            report::rdf(snapshot, &tally)?
        }
    };
    Ok(Statistics { commit, signatures: found.0, graph: found.1 })
}

/// Neighbouring rows of one subject and one predicate. A run of them may be handed over in several pieces.
struct Group<'a> {
    view: &'a View,
    from: usize,
    to: usize,
}

impl Group<'_> {
    fn rows(&self) -> u64 {
        (self.to - self.from) as u64
    }

    /// The objects, ascending. The column is decoded when it is first asked for.
    fn objects(&self) -> &[TermId] {
        &self.view.column(2)[self.from..self.to]
    }
}

/// What is told of a data set's rows.
trait Tally {
    /// A subject begins; `predicate` is its first one.
    fn begin(&mut self, subject: TermId, predicate: TermId);
    /// Rows of the subject. `new` unless more of the same group went before.
    fn add(&mut self, predicate: TermId, new: bool, group: &Group<'_>);
    /// The subject has ended.
    fn end(&mut self);
}

fn walk(snapshot: &Snapshot, cancel: &CancelToken, tally: &mut impl Tally) -> Result<()> {
    let mut merge = snapshot.merge(Order::Spog, true);
    merge.start()?;
    let mut last: Option<(TermId, TermId)> = None;
    let mut more = true;
    while more {
        cancel.check()?;
        more = merge.runs(&[TermId::MIN; 4], 0, TICK, &mut |view, low, high| {
            let subjects = &view.column(0)[low..high];
            let predicates = &view.column(1)[low..high];
            let mut from = 0;
            while let (Some(&subject), Some(&predicate)) = (subjects.get(from), predicates.get(from)) {
                let same = |(s, p): (&TermId, &TermId)| *s == subject && *p == predicate;
                let to = from + subjects[from..].iter().zip(&predicates[from..]).take_while(|row| same(*row)).count();
                if last.is_none_or(|(before, _)| before != subject) {
                    if last.is_some() {
                        tally.end();
                    }
                    tally.begin(subject, predicate);
                }
                let new = last != Some((subject, predicate));
                tally.add(predicate, new, &Group { view, from: low + from, to: low + to });
                last = Some((subject, predicate));
                from = to;
            }
        })?;
    }
    if last.is_some() {
        tally.end();
    }
    Ok(())
}

/// What is counted of a property graph.
#[derive(Debug)]
pub(super) struct PropertyGraphTally {
    pub(super) nodes: u64,
    pub(super) edges: u64,
    pub(super) node_values: u64,
    pub(super) edge_values: u64,
    /// Nodes that have each label.
    pub(super) node_labels: Names,
    /// Edges of each label.
    pub(super) edge_labels: Names,
    /// Nodes that have each key.
    pub(super) node_keys: Names,
    /// Edges that have each key.
    pub(super) edge_keys: Names,
    /// Subjects: nodes, and edges that have properties.
    pub(super) subjects: u64,
    /// A node's labels (as values), keys and labels of out-edges; an edge's keys.
    pub(super) sets: Sets,
    /// Where the set of the subject at hand is; `None` if it is no vertex and no edge.
    at: Option<Place>,
    is_edge: bool,
}

impl PropertyGraphTally {
    fn new(limits: Limits) -> Self {
        let names = || Names::new(limits.names);
        Self {
            nodes: 0,
            edges: 0,
            node_values: 0,
            edge_values: 0,
            node_labels: names(),
            edge_labels: names(),
            node_keys: names(),
            edge_keys: names(),
            subjects: 0,
            sets: Sets::new(limits),
            at: None,
            is_edge: false,
        }
    }

    fn step(&mut self, member: TermId) {
        self.at = self.at.map(|at| self.sets.step(at, member));
    }
}

impl Tally for PropertyGraphTally {
    fn begin(&mut self, subject: TermId, predicate: TermId) {
        self.is_edge = subject.is_edge();
        // Labels sort first, and without one there is no vertex.
        let is_node = subject.is_vertex() && predicate == TermId::LABEL;
        self.nodes += u64::from(is_node);
        self.at = if is_node {
            Some(Root::Node.place())
        } else if self.is_edge && predicate.is_key() {
            Some(Root::Edge.place())
        } else {
            None
        };
        self.subjects += u64::from(self.at.is_some());
    }

    fn add(&mut self, predicate: TermId, new: bool, group: &Group<'_>) {
        let rows = group.rows();
        if predicate.is_edge_label() {
            self.edges += rows;
            self.edge_labels.add(predicate, rows);
            if new {
                self.step(predicate);
            }
        } else if self.at.is_none() {
            // Nothing that belongs to no element counts.
        } else if predicate.is_key() {
            let (values, keys) = if self.is_edge {
                (&mut self.edge_values, &mut self.edge_keys)
            } else {
                (&mut self.node_values, &mut self.node_keys)
            };
            *values += rows;
            if new {
                keys.add(predicate, 1);
                self.step(predicate);
            }
        } else if predicate == TermId::LABEL && !self.is_edge {
            for label in group.objects().iter().filter(|label| **label != TermId::NO_LABEL) {
                self.node_labels.add(*label, 1);
                self.step(*label);
            }
        }
    }

    fn end(&mut self) {
        if let Some(at) = self.at.take() {
            self.sets.end(at);
        }
    }
}

/// What is counted of an RDF data set.
#[derive(Debug)]
pub(super) struct RdfTally {
    rdf_type: TermId,
    pub(super) quads: u64,
    pub(super) subjects: u64,
    /// Quads with each predicate.
    pub(super) predicates: Names,
    /// Subjects of each class.
    pub(super) classes: Names,
    /// Predicates of each subject.
    pub(super) sets: Sets,
    at: Place,
    last_class: Option<TermId>,
}

impl RdfTally {
    fn new(limits: Limits, rdf_type: TermId) -> Self {
        Self {
            rdf_type,
            quads: 0,
            subjects: 0,
            predicates: Names::new(limits.names),
            classes: Names::new(limits.names),
            sets: Sets::new(limits),
            at: Root::Node.place(),
            last_class: None,
        }
    }
}

impl Tally for RdfTally {
    fn begin(&mut self, _subject: TermId, _predicate: TermId) {
        self.subjects += 1;
        self.at = Root::Node.place();
        self.last_class = None;
    }

    fn add(&mut self, predicate: TermId, new: bool, group: &Group<'_>) {
        self.quads += group.rows();
        self.predicates.add(predicate, group.rows());
        if new {
            self.at = self.sets.step(self.at, predicate);
        }
        if predicate == self.rdf_type {
            for class in group.objects().iter().filter(|class| is_iri(**class)) {
                // The same statement in several graphs stands in neighbouring rows.
                if self.last_class.replace(*class) != Some(*class) {
                    self.classes.add(*class, 1);
                }
            }
        }
    }

    fn end(&mut self) {
        self.sets.end(self.at);
    }
}

/// A class without a name cannot be listed.
fn is_iri(class: TermId) -> bool {
    class.is_resource() && class.tag() != Some(model::Tag::Blank)
}
