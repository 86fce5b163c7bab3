//! The body of a summary, in its two modes.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use store::statistics::{Counted, Graph, PropertyGraph, Rdf, Statistics};

use crate::exception::{Exception, Failure};
use crate::parameters::{Parameters, excerpt};

/// Unknown parameters that a refusal names, at most.
const SHOWN: usize = 10;

/// How much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Without structures.
    Basic,
    /// With them.
    Detailed,
}

impl Mode {
    /// The parameter `mode`, by default `basic`. No other may be there.
    pub(super) fn read(parameters: &Parameters) -> Result<Self, Failure> {
        let invalid = |text: String| Failure::new(Exception::InvalidParameter, text);
        let unknown: BTreeSet<&str> = parameters.names().filter(|name| *name != "mode").collect();
        if !unknown.is_empty() {
            let named: Vec<String> = unknown.iter().take(SHOWN).map(|name| format!("'{}'", excerpt(name))).collect();
            return Err(invalid(format!("Request contains unknown parameters: {}.", named.join(", "))));
        }
        match parameters.one("mode")? {
            None | Some("basic") => Ok(Self::Basic),
            Some("detailed") => Ok(Self::Detailed),
            Some(other) => {
                Err(invalid(format!("URI query parameter 'mode' has unsupported value '{}'.", excerpt(other))))
            }
        }
    }
}

/// The member `graphSummary`; `None` if a limit keeps it from being known.
pub(super) fn graph(statistics: &Statistics, mode: Mode) -> Option<Value> {
    if mode == Mode::Detailed && statistics.signatures.is_none() {
        return None;
    }
    Some(match statistics.graph.as_ref()? {
        Graph::Pg(graph) => property_graph(graph, mode),
        Graph::Rdf(graph) => rdf(graph, mode),
    })
}

fn property_graph(graph: &PropertyGraph, mode: Mode) -> Value {
    let mut summary = json!({
        "numNodes": graph.nodes,
        "numEdges": graph.edges,
        "numNodeLabels": graph.node_labels.len(),
        "numEdgeLabels": graph.edge_labels.len(),
        "nodeLabels": names(&graph.node_labels),
        "edgeLabels": names(&graph.edge_labels),
        "numNodeProperties": graph.node_properties.len(),
        "numEdgeProperties": graph.edge_properties.len(),
        "nodeProperties": counts(&graph.node_properties),
        "edgeProperties": counts(&graph.edge_properties),
        "totalNodePropertyValues": graph.node_property_values,
        "totalEdgePropertyValues": graph.edge_property_values,
    });
    if mode == Mode::Detailed {
        let nodes = graph.node_structures.iter().map(|structure| {
            json!({
                "count": structure.count,
                "nodeProperties": list(&structure.properties),
                "distinctOutgoingEdgeLabels": list(&structure.outgoing),
            })
        });
        let edges = graph
            .edge_structures
            .iter()
            .map(|structure| json!({"count": structure.count, "edgeProperties": list(&structure.properties)}));
        summary["nodeStructures"] = nodes.collect();
        summary["edgeStructures"] = edges.collect();
    }
    summary
}

fn rdf(graph: &Rdf, mode: Mode) -> Value {
    let mut summary = json!({
        "numDistinctSubjects": graph.subjects,
        "numDistinctPredicates": graph.predicates.len(),
        "numQuads": graph.quads,
        "numClasses": graph.classes.len(),
        "classes": names(&graph.classes),
        "predicates": counts(&graph.predicates),
    });
    if mode == Mode::Detailed {
        let structures = graph
            .subject_structures
            .iter()
            .map(|structure| json!({"count": structure.count, "predicates": list(&structure.predicates)}));
        summary["subjectStructures"] = structures.collect();
    }
    summary
}

fn names(counted: &[Counted]) -> Value {
    counted.iter().map(|each| &*each.name).collect()
}

/// One object a name.
fn counts(counted: &[Counted]) -> Value {
    let each = |counted: &Counted| Value::Object(Map::from_iter([(counted.name.to_string(), counted.count.into())]));
    counted.iter().map(each).collect()
}

fn list(names: &[Arc<str>]) -> Value {
    names.iter().map(|name| &**name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(query: &str) -> Result<Mode, String> {
        Mode::read(&Parameters::decode(query.as_bytes()).unwrap()).map_err(|failure| failure.to_string())
    }

    #[test]
    fn the_mode_alone_is_understood() {
        assert_eq!(mode(""), Ok(Mode::Basic));
        assert_eq!(mode("mode=basic"), Ok(Mode::Basic));
        assert_eq!(mode("mode=detailed"), Ok(Mode::Detailed));
        for (query, refusal) in [
            ("mode=all", "URI query parameter 'mode' has unsupported value 'all'."),
            ("mode=Basic", "URI query parameter 'mode' has unsupported value 'Basic'."),
            ("mode", "URI query parameter 'mode' has unsupported value ''."),
            ("x=1", "Request contains unknown parameters: 'x'."),
            ("mode=basic&y=3&x=1&x=2", "Request contains unknown parameters: 'x', 'y'."),
        ] {
            assert_eq!(mode(query), Err(format!("InvalidParameterException: {refusal}")), "{query}");
        }
    }

    #[test]
    fn empty_graphs_have_every_member() {
        let statistics = |graph| Statistics {
            commit: 0,
            signatures: Some(store::statistics::Signatures { signatures: 0, instances: 0, predicates: 0 }),
            graph: Some(graph),
        };
        assert_eq!(
            graph(&statistics(Graph::Pg(PropertyGraph::default())), Mode::Detailed),
            Some(json!({
                "numNodes": 0, "numEdges": 0, "numNodeLabels": 0, "numEdgeLabels": 0, "nodeLabels": [], "edgeLabels": [],
                "numNodeProperties": 0, "numEdgeProperties": 0, "nodeProperties": [], "edgeProperties": [],
                "totalNodePropertyValues": 0, "totalEdgePropertyValues": 0, "nodeStructures": [], "edgeStructures": []
            }))
        );
        assert_eq!(
            graph(&statistics(Graph::Rdf(Rdf::default())), Mode::Detailed),
            Some(json!({
                "numDistinctSubjects": 0, "numDistinctPredicates": 0, "numQuads": 0, "numClasses": 0, "classes": [],
                "predicates": [], "subjectStructures": []
            }))
        );
    }

    #[test]
    fn what_a_limit_hides() {
        let many = Statistics { commit: 7, signatures: None, graph: Some(Graph::Rdf(Rdf::default())) };
        assert!(graph(&many, Mode::Basic).is_some());
        assert_eq!(graph(&many, Mode::Detailed), None, "structures are not known");
        assert_eq!(graph(&Statistics { graph: None, ..many }, Mode::Basic), None);
    }
}
