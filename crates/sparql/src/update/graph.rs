//! One graph as a whole, as the Graph Store Protocol writes it.
//!
//! A body with graphs of its own writes each statement into its own graph and into the one that is addressed.
//!
//! **Source**: spec/sparql.md §4; SPARQL 1.1 Graph Store HTTP Protocol.

use oxrdf::{GraphName, NamedNode, Quad};
use spargebra::algebra::GraphTarget;
use store::{Snapshot, Transaction};

use super::document::{self, Body};
use super::run::{Applied, Surroundings, Writer};
use super::template::Blanks;
use crate::dataset::View;
use crate::query::{DEFAULT_MEMORY, Graphs};
use crate::{Error, terms};

/// What is done with a graph.
#[derive(Clone, Copy, Debug)]
pub enum GraphChange<'a> {
    /// The statements of the documents take the place of those that it has.
    Replace(&'a [Body]),
    /// The statements of the documents are added.
    Add(&'a [Body]),
    /// It goes.
    Remove,
}

/// The graph of this name, or the fallback graph.
///
/// # Errors
///
/// [`Error::Syntax`] if the name is no absolute IRI.
pub fn graph_name(graph: Option<&str>) -> Result<Option<NamedNode>, Error> {
    let parse = |iri: &str| {
        NamedNode::new(iri).map_err(|error| Error::malformed(format!("the graph {iri} is no absolute IRI: {error}")))
    };
    graph.map(parse).transpose()
}

/// Whether the graph has a statement.
///
/// # Errors
///
/// [`Error::Store`].
pub fn graph_exists(snapshot: &Snapshot, graph: &NamedNode) -> Result<bool, Error> {
    let view = View::new(snapshot, &Graphs::Union, DEFAULT_MEMORY, &store::CancelToken::new());
    let id = snapshot.encode(terms::to_model(&graph.clone().into()));
    let found = view.has_triples(id).map_err(|_| Error::Cancelled);
    match view.into_failure() {
        Some(failure) => Err(failure),
        None => found,
    }
}

/// Changes a graph, the fallback graph if it has no name, in the caller's transaction.
///
/// # Errors
///
/// [`Error::Document`] for a document that is not what it says, and those of the store.
pub fn change_graph(
    transaction: &mut Transaction,
    graph: Option<&NamedNode>,
    change: GraphChange<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Applied, Error> {
    let began = std::time::Instant::now();
    transaction.lock(surroundings.cancel)?;
    let mut writer = Writer::new(transaction, surroundings.cancel, false);
    if matches!(change, GraphChange::Replace(_) | GraphChange::Remove) {
        writer.clear(&graph.map_or(GraphTarget::DefaultGraph, |graph| GraphTarget::NamedNode(graph.clone())))?;
    }
    let bodies = match change {
        GraphChange::Replace(bodies) | GraphChange::Add(bodies) => bodies,
        GraphChange::Remove => &[],
    };
    let addressed = graph.map_or(GraphName::DefaultGraph, |graph| graph.clone().into());
    for (number, body) in bodies.iter().enumerate() {
        let blanks = Blanks::of(surroundings.seed, number);
        document::read(body, body.base(), surroundings.cancel, |quad| {
            let quad = blanks.rename(quad);
            if !quad.graph_name.is_default_graph() && quad.graph_name != addressed {
                writer.insert([quad.clone()])?;
            }
            writer.insert([Quad { graph_name: addressed.clone(), ..quad }])
        })?;
    }
    Ok(Applied { elapsed: began.elapsed(), ..writer.applied })
}
