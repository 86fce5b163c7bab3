//! Statistics and summaries over the wire: after a load, after deletes, after compaction, equal to a count by hand.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use model::{Dataset, Quad, TermRef};
use serde_json::{Value, json};
use store::CancelToken;

use crate::harness::{Running, start, start_with};

/// A vertex: id, label, and whether it has an age and a name.
type Vertex = (String, &'static str, bool, bool);
/// An edge: id, from, to, label, and whether it has a weight.
type Edge = (String, String, String, &'static str, bool);

/// A graph with several structures of each kind.
struct Graph {
    vertices: Vec<Vertex>,
    edges: Vec<Edge>,
}

const LABELS: [&str; 3] = ["Person", "Place", "a label of more than fifteen bytes"];
const RELATIONS: [&str; 2] = ["knows", "name"];

impl Graph {
    fn new(vertices: usize, edges: usize) -> Self {
        let vertex = |n: usize| (format!("v{n}"), LABELS[n % 3], n.is_multiple_of(2), !n.is_multiple_of(5));
        let edge = |n: usize| {
            let (from, to) = (format!("v{}", n * 7 % vertices), format!("v{}", n * 11 % vertices));
            (format!("e{n}"), from, to, RELATIONS[n % 2], n.is_multiple_of(3))
        };
        Self { vertices: (0..vertices).map(vertex).collect(), edges: (0..edges).map(edge).collect() }
    }

    fn load(&self, server: &Running) {
        let mut vertices = "~id,~label,age:Int,name:String\n".to_owned();
        for (id, label, age, name) in &self.vertices {
            let (age, name) = (if *age { "7" } else { "" }, if *name { id.as_str() } else { "" });
            writeln!(vertices, "{id},{label},{age},{name}").unwrap();
        }
        let mut edges = "~id,~from,~to,~label,weight:Double\n".to_owned();
        for (id, from, to, label, weight) in &self.edges {
            writeln!(edges, "{id},{from},{to},{label},{}", if *weight { "0.5" } else { "" }).unwrap();
        }
        server.load(&server.import("vertices.csv", &vertices), "csv");
        server.load(&server.import("edges.csv", &edges), "csv");
    }

    /// Deletes every third edge and the names of some vertices, in the store as here.
    fn thin_out(&mut self, server: &Running) {
        let mut transaction = server.store.begin(Dataset::Pg);
        let encode = |term: TermRef<'_>| server.store.encode(term);
        let mut number = 0;
        self.edges.retain(|(id, from, to, label, weight)| {
            number += 1;
            if number % 3 != 0 {
                return true;
            }
            let edge = encode(TermRef::Edge(id));
            let [from, to] = [from, to].map(|id| encode(TermRef::Vertex(id)));
            assert!(transaction.delete(&Quad::new(from, encode(TermRef::EdgeLabel(label)), to, edge)).unwrap());
            if *weight {
                let (key, value) = (encode(TermRef::Key("weight")), encode(TermRef::Double(0.5)));
                assert!(transaction.delete(&Quad::in_default_graph(edge, key, value)).unwrap());
            }
            false
        });
        for (id, _, _, name) in self.vertices.iter_mut().step_by(4).filter(|vertex| vertex.3) {
            let (key, value) = (encode(TermRef::Key("name")), encode(TermRef::String(id)));
            assert!(transaction.delete(&Quad::in_default_graph(encode(TermRef::Vertex(id)), key, value)).unwrap());
            *name = false;
        }
        transaction.commit().unwrap();
    }

    /// The member `graphSummary` of a detailed summary.
    fn summary(&self) -> Value {
        let keys = |age: &bool, name: &bool| -> Vec<&str> {
            [(*age, "age"), (*name, "name")].into_iter().filter_map(|(has, key)| has.then_some(key)).collect()
        };
        let mut leaving: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (_, from, _, label, _) in &self.edges {
            leaving.entry(from).or_default().insert(label);
        }
        let mut nodes: BTreeMap<_, u64> = BTreeMap::new();
        for (id, _, age, name) in &self.vertices {
            let outgoing = leaving.get(id.as_str()).cloned().unwrap_or_default();
            *nodes.entry((keys(age, name), outgoing)).or_default() += 1;
        }
        let mut nodes: Vec<_> = nodes.into_iter().collect();
        nodes.sort_by_key(|(_, count)| Reverse(*count));
        let node_structures: Vec<Value> = nodes
            .into_iter()
            .map(|((keys, labels), count)| {
                json!({"count": count, "nodeProperties": keys, "distinctOutgoingEdgeLabels": labels})
            })
            .collect();
        let labels = counted(self.vertices.iter().map(|vertex| vertex.1));
        let relations = counted(self.edges.iter().map(|edge| edge.3));
        let node_keys = counted(self.vertices.iter().flat_map(|(_, _, age, name)| keys(age, name)));
        let weights = self.edges.iter().filter(|edge| edge.4).count();
        json!({
            "numNodes": self.vertices.len(),
            "numEdges": self.edges.len(),
            "numNodeLabels": labels.len(),
            "numEdgeLabels": relations.len(),
            "nodeLabels": labels.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            "edgeLabels": relations.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            "numNodeProperties": node_keys.len(),
            "numEdgeProperties": 1,
            "nodeProperties": node_keys.iter().map(|(name, count)| json!({*name: count})).collect::<Vec<_>>(),
            "edgeProperties": [{"weight": weights}],
            "totalNodePropertyValues": node_keys.iter().map(|(_, count)| count).sum::<u64>(),
            "totalEdgePropertyValues": weights,
            "nodeStructures": node_structures,
            "edgeStructures": [{"count": weights, "edgeProperties": ["weight"]}],
        })
    }
}

/// Names with their counts, by falling count, then by name.
fn counted<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(&'a str, u64)> {
    let mut counts = BTreeMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    counts
}

fn summary(server: &Running) -> Value {
    let reply = server.ask("GET", "/pg/statistics/summary?mode=detailed");
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()["payload"]["graphSummary"].clone()
}

fn id(server: &Running) -> u64 {
    server.ask("GET", "/pg/statistics").json()["payload"]["statisticsId"].as_u64().unwrap()
}

#[test]
fn exact_after_a_load_after_deletes_and_after_compaction() {
    let server = start();
    let mut graph = Graph::new(300, 900);
    graph.load(&server);
    assert_eq!(summary(&server), graph.summary());
    let first = id(&server);

    graph.thin_out(&server);
    assert_eq!(summary(&server), graph.summary());
    let second = id(&server);
    assert!(second > first);

    server.store.compact(Dataset::Pg).unwrap();
    assert_eq!(summary(&server), graph.summary());
    server.store.settle(&CancelToken::new()).unwrap();
    assert_eq!(id(&server), second, "what is merged is not counted again");
}

#[test]
fn a_load_is_counted_in_the_background() {
    let server = start();
    Graph::new(50, 100).load(&server);
    // Zero patience begins nothing: it only looks.
    let look = || server.store.statistics().current(Dataset::Pg, Duration::ZERO, &CancelToken::new()).unwrap();
    while look().run.is_none() {
        std::thread::yield_now();
    }
    let before = look().run.unwrap().id;
    let shown = id(&server);
    assert!(shown >= before, "of the first load, or of the second");
}

#[test]
fn a_replica_shows_statistics_and_leaves_them_alone() {
    let server = start_with(|config, _| config.read_replica = true);
    let refused = "400 ReadOnlyViolationException: Writes are not permitted on a read replica instance";
    for path in ["/pg/statistics", "/rdf/statistics", "/sparql/statistics", "/gremlin/statistics"] {
        assert_eq!(server.send("POST", path, &[], br#"{"mode": "refresh"}"#).failure(), refused);
        assert_eq!(server.ask("DELETE", path).failure(), refused);
        assert_eq!(server.ask("GET", path).status, 200);
    }
    assert_eq!(summary(&server)["numNodes"], 0);
}

#[test]
fn storage_is_empty_at_first() {
    let server = start();
    let none = json!({"sizeInBytes": 0, "count": 0});
    let orders = json!({"SPOG": none, "POGS": none, "GPSO": none, "OSGP": none});
    let shown = server.ask("GET", "/storage/info").json();
    assert_eq!(shown["quads"], json!({"RDF": orders, "PG": orders}));
    assert_eq!(shown["dictionaries"], json!({"total": none}));
    assert!(shown["totalStorageBytesUsed"].as_u64().unwrap() > 0, "the engine has files");
}
