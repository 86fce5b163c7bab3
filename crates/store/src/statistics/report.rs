//! What a pass has found, with names spelled out and in the order in which it is shown.
//!
//! Lists of names go by falling count, then by name; names within a structure by name; structures by falling count,
//! then by their names.

use std::cmp::Reverse;
use std::sync::Arc;

use model::term::DEFAULT_NAMED_GRAPH;
use model::{Term, TermId};
use rustc_hash::{FxHashMap, FxHashSet};

use super::pass::{PropertyGraphTally, RdfTally};
use super::sets::{Root, Set, Sets};
use crate::{Result, Snapshot};

/// How many distinct sets of predicates subjects have. In the property graph the set of a node is its labels, its keys
/// and the labels of its out-edges, that of an edge its keys; edges without properties are no subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signatures {
    /// Distinct sets.
    pub signatures: u64,
    /// Subjects.
    pub instances: u64,
    /// Distinct predicates of all quads.
    pub predicates: u64,
}

/// A name and how often it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// A label, a key or an IRI.
    pub name: Arc<str>,
    /// How many have it.
    pub count: u64,
}

/// What a graph looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Graph {
    /// A property graph.
    Pg(PropertyGraph),
    /// An RDF data set.
    Rdf(Rdf),
}

/// What a property graph looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PropertyGraph {
    /// Vertices.
    pub nodes: u64,
    /// Edges.
    pub edges: u64,
    /// Labels, each with how many vertices have it.
    pub node_labels: Vec<Counted>,
    /// Labels of edges, each with how many edges have it.
    pub edge_labels: Vec<Counted>,
    /// Property keys, each with how many vertices have it.
    pub node_properties: Vec<Counted>,
    /// Property keys, each with how many edges have it.
    pub edge_properties: Vec<Counted>,
    /// Property values of all vertices.
    pub node_property_values: u64,
    /// Property values of all edges.
    pub edge_property_values: u64,
    /// Sets of keys and labels of out-edges; empty if signatures are too many.
    pub node_structures: Vec<NodeStructure>,
    /// Sets of keys of edges that have some; empty if signatures are too many.
    pub edge_structures: Vec<EdgeStructure>,
}

/// What some vertices have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeStructure {
    /// Vertices.
    pub count: u64,
    /// All their keys.
    pub properties: Vec<Arc<str>>,
    /// All labels of edges that leave them.
    pub outgoing: Vec<Arc<str>>,
}

/// What some edges have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeStructure {
    /// Edges.
    pub count: u64,
    /// All their keys.
    pub properties: Vec<Arc<str>>,
}

/// What an RDF data set looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rdf {
    /// Distinct subjects.
    pub subjects: u64,
    /// Quads; a statement in two graphs is two.
    pub quads: u64,
    /// Objects of `rdf:type` that are IRIs, each with how many subjects are of it.
    pub classes: Vec<Counted>,
    /// Predicates, each with how many quads have it.
    pub predicates: Vec<Counted>,
    /// Sets of predicates; empty if signatures are too many.
    pub subject_structures: Vec<SubjectStructure>,
}

/// What some subjects have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectStructure {
    /// Subjects.
    pub count: u64,
    /// All their predicates.
    pub predicates: Vec<Arc<str>>,
}

/// The names of a report by id.
struct Spelled(FxHashMap<TermId, Arc<str>>);

impl Spelled {
    fn of<'a>(snapshot: &Snapshot, names: impl Iterator<Item = &'a FxHashMap<TermId, u64>>) -> Result<Self> {
        let ids: FxHashSet<TermId> = names.flat_map(|names| names.keys().copied()).collect();
        let ids: Vec<TermId> = ids.into_iter().collect();
        let terms = snapshot.resolve_many(&ids)?;
        Ok(Self(ids.into_iter().zip(terms.into_iter().map(spell)).collect()))
    }

    fn get(&self, id: TermId) -> Arc<str> {
        Arc::clone(self.0.get(&id).expect("members of sets are counted names"))
    }

    fn counted(&self, names: &FxHashMap<TermId, u64>) -> Vec<Counted> {
        let mut counted: Vec<Counted> =
            names.iter().map(|(id, count)| Counted { name: self.get(*id), count: *count }).collect();
        counted.sort_unstable_by(|a, b| (Reverse(a.count), &a.name).cmp(&(Reverse(b.count), &b.name)));
        counted
    }

    fn sorted(&self, ids: impl Iterator<Item = TermId>) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = ids.map(|id| self.get(id)).collect();
        names.sort_unstable();
        names
    }
}

fn spell(term: Term) -> Arc<str> {
    match term {
        Term::Key(text) | Term::EdgeLabel(text) | Term::Iri(text) | Term::Vertex(text) | Term::Edge(text) => {
            text.into()
        }
        Term::Value(value) => value.lexical().into(),
        Term::DefaultGraph => DEFAULT_NAMED_GRAPH.into(),
        Term::Blank(identity) => format!("_:{identity:x}").into(),
        Term::NoLabel | Term::Label => "~label".into(),
    }
}

pub(super) type Found = (Option<Signatures>, Option<Graph>);

/// The report of a property graph.
pub(super) fn property_graph(snapshot: &Snapshot, tally: &PropertyGraphTally) -> Result<Found> {
    let (Some(node_labels), Some(edge_labels), Some(node_keys), Some(edge_keys)) =
        (tally.node_labels.counts(), tally.edge_labels.counts(), tally.node_keys.counts(), tally.edge_keys.counts())
    else {
        return Ok((None, None));
    };
    let spelled = Spelled::of(snapshot, [node_labels, edge_labels, node_keys, edge_keys].into_iter())?;
    let mut graph = PropertyGraph {
        nodes: tally.nodes,
        edges: tally.edges,
        node_labels: spelled.counted(node_labels),
        edge_labels: spelled.counted(edge_labels),
        node_properties: spelled.counted(node_keys),
        edge_properties: spelled.counted(edge_keys),
        node_property_values: tally.node_values,
        edge_property_values: tally.edge_values,
        ..PropertyGraph::default()
    };
    let Some(sets) = tally.sets.all() else { return Ok((None, Some(Graph::Pg(graph)))) };
    let mut signatures = 0;
    // Nodes that differ in nothing but labels are of one structure.
    let mut node_structures: FxHashMap<Vec<TermId>, u64> = FxHashMap::default();
    for Set { root, mut members, subjects } in sets {
        signatures += 1;
        match root {
            Root::Node => {
                members.retain(|member| member.is_key() || member.is_edge_label());
                *node_structures.entry(members).or_default() += subjects;
            }
            Root::Edge => {
                let properties = spelled.sorted(members.into_iter());
                graph.edge_structures.push(EdgeStructure { count: subjects, properties });
            }
        }
    }
    graph.node_structures = node_structures
        .into_iter()
        .map(|(members, count)| NodeStructure {
            count,
            properties: spelled.sorted(members.iter().copied().filter(|member| member.is_key())),
            outgoing: spelled.sorted(members.iter().copied().filter(|member| member.is_edge_label())),
        })
        .collect();
    graph.node_structures.sort_unstable_by(|a, b| {
        (Reverse(a.count), &a.properties, &a.outgoing).cmp(&(Reverse(b.count), &b.properties, &b.outgoing))
    });
    graph
        .edge_structures
        .sort_unstable_by(|a, b| (Reverse(a.count), &a.properties).cmp(&(Reverse(b.count), &b.properties)));
    let both = edge_keys.keys().filter(|key| node_keys.contains_key(key)).count();
    let predicates = node_keys.len() + edge_keys.len() - both + edge_labels.len() + usize::from(tally.nodes > 0);
    let signatures = Signatures { signatures, instances: tally.subjects, predicates: predicates as u64 };
    Ok((Some(signatures), Some(Graph::Pg(graph))))
}

/// The report of an RDF data set.
pub(super) fn rdf(snapshot: &Snapshot, tally: &RdfTally) -> Result<Found> {
    let (Some(predicates), Some(classes)) = (tally.predicates.counts(), tally.classes.counts()) else {
        return Ok((None, None));
    };
    let spelled = Spelled::of(snapshot, [predicates, classes].into_iter())?;
    let mut graph = Rdf {
        subjects: tally.subjects,
        quads: tally.quads,
        classes: spelled.counted(classes),
        predicates: spelled.counted(predicates),
        subject_structures: Vec::new(),
    };
    let structures = structures(&tally.sets, &spelled);
    let signatures = structures.as_ref().map(|structures| Signatures {
        signatures: structures.len() as u64,
        instances: tally.subjects,
        predicates: predicates.len() as u64,
    });
    graph.subject_structures = structures.unwrap_or_default();
    Ok((signatures, Some(Graph::Rdf(graph))))
}

fn structures(sets: &Sets, spelled: &Spelled) -> Option<Vec<SubjectStructure>> {
    let structure =
        |set: Set| SubjectStructure { count: set.subjects, predicates: spelled.sorted(set.members.into_iter()) };
    let mut structures: Vec<_> = sets.all()?.map(structure).collect();
    structures.sort_unstable_by(|a, b| (Reverse(a.count), &a.predicates).cmp(&(Reverse(b.count), &b.predicates)));
    Some(structures)
}
