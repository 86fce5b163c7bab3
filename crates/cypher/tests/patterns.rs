//! Patterns against a matcher that tries everything: whatever way the rules choose, the rows are the same.
//!
//! Random graphs and random chains of nodes and relationships. Each chain is asked in several ways that mean the same:
//! forwards, backwards, cut into parts, with its labels and properties in WHERE, from a node that is looked up before.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use cypher::Query;
use exec::batch::Slot;
use exec::context::{Clock, Context};
use exec::memory::Memory;
use exec::temporal::Instant;
use exec::{Map, Value};
use model::Dataset;
use proptest::prelude::*;
use store::{CancelToken, Options, Store, Transaction};
use tempfile::TempDir;

#[derive(Clone, Debug)]
struct Node {
    labels: Vec<&'static str>,
    x: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
struct Edge {
    from: usize,
    to: usize,
    kind: &'static str,
    w: i64,
}

#[derive(Clone, Debug)]
struct Graph {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

/// A node of a chain: what it must be.
#[derive(Clone, Debug)]
struct Wanted {
    label: Option<&'static str>,
    x: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Right,
    Left,
    Either,
}

#[derive(Clone, Debug)]
struct Hop {
    way: Way,
    kinds: Vec<&'static str>,
    w: Option<i64>,
    /// Whether the chain comes back to its first node here.
    home: bool,
}

#[derive(Clone, Debug)]
struct Chain {
    start: Wanted,
    hops: Vec<(Hop, Wanted)>,
}

const LABELS: [&str; 3] = ["A", "B", "C"];
const KINDS: [&str; 2] = ["R", "S"];

fn graph() -> impl Strategy<Value = Graph> {
    let node = (proptest::sample::subsequence(LABELS.to_vec(), 0..=2), proptest::option::of(0..4_i64))
        .prop_map(|(labels, x)| Node { labels, x });
    proptest::collection::vec(node, 1..12).prop_flat_map(|nodes| {
        let count = nodes.len();
        let edge = (0..count, 0..count, proptest::sample::select(KINDS.to_vec()), 0..3_i64)
            .prop_map(|(from, to, kind, w)| Edge { from, to, kind, w });
        (Just(nodes), proptest::collection::vec(edge, 0..20)).prop_map(|(nodes, edges)| Graph { nodes, edges })
    })
}

fn wanted() -> impl Strategy<Value = Wanted> {
    (
        proptest::option::weighted(0.4, proptest::sample::select(LABELS.to_vec())),
        proptest::option::weighted(0.3, 0..4_i64),
    )
        .prop_map(|(label, x)| Wanted { label, x })
}

fn chain() -> impl Strategy<Value = Chain> {
    let way = proptest::sample::select(vec![Way::Right, Way::Left, Way::Either]);
    let kinds = proptest::sample::subsequence(KINDS.to_vec(), 0..=2);
    let hop = (way, kinds, proptest::option::weighted(0.2, 0..3_i64), proptest::bool::weighted(0.15))
        .prop_map(|(way, kinds, w, home)| Hop { way, kinds, w, home });
    (wanted(), proptest::collection::vec((hop, wanted()), 1..4)).prop_map(|(start, hops)| Chain { start, hops })
}

/// A row: the nodes and the relationships of a match, by their numbers.
type Row = Vec<usize>;

/// All matches, found by trying every relationship at every place.
fn naive(graph: &Graph, chain: &Chain) -> BTreeMap<Row, usize> {
    fn fits(node: &Node, wanted: &Wanted) -> bool {
        wanted.label.is_none_or(|label| node.labels.contains(&label)) && wanted.x.is_none_or(|x| node.x == Some(x))
    }
    fn go(
        graph: &Graph,
        chain: &Chain,
        nodes: &mut Vec<usize>,
        edges: &mut Vec<usize>,
        found: &mut BTreeMap<Row, usize>,
    ) {
        let Some((hop, wanted)) = chain.hops.get(edges.len()) else {
            *found.entry(nodes.iter().chain(edges.iter()).copied().collect()).or_default() += 1;
            return;
        };
        let at = nodes[nodes.len() - 1];
        for (number, edge) in graph.edges.iter().enumerate() {
            let kind = hop.kinds.is_empty() || hop.kinds.contains(&edge.kind);
            if !kind || edges.contains(&number) || hop.w.is_some_and(|w| w != edge.w) {
                continue;
            }
            let mut ends = Vec::new();
            if hop.way != Way::Left && edge.from == at {
                ends.push(edge.to);
            }
            if hop.way != Way::Right && edge.to == at && !(hop.way == Way::Either && edge.from == at) {
                ends.push(edge.from);
            }
            for end in ends {
                if fits(&graph.nodes[end], wanted) && (!hop.home || end == nodes[0]) {
                    nodes.push(end);
                    edges.push(number);
                    go(graph, chain, nodes, edges, found);
                    nodes.pop();
                    edges.pop();
                }
            }
        }
    }
    let mut found = BTreeMap::new();
    for (number, node) in graph.nodes.iter().enumerate() {
        if fits(node, &chain.start) {
            go(graph, chain, &mut vec![number], &mut Vec::new(), &mut found);
        }
    }
    found
}

/// The variable of a node of the chain: that of the first where the chain comes back to it.
fn variable(chain: &Chain, place: usize) -> String {
    if place > 0 && chain.hops[place - 1].0.home { "n0".to_owned() } else { format!("n{place}") }
}

fn node_text(chain: &Chain, place: usize, with: bool) -> String {
    let wanted = if place == 0 { &chain.start } else { &chain.hops[place - 1].1 };
    let mut text = format!("({}", variable(chain, place));
    if with {
        wanted.label.iter().for_each(|label| write!(text, ":{label}").expect("a string takes it"));
        wanted.x.iter().for_each(|x| write!(text, " {{x: {x}}}").expect("a string takes it"));
    }
    text + ")"
}

fn edge_text(chain: &Chain, place: usize, backwards: bool, with: bool) -> String {
    let hop = &chain.hops[place].0;
    let mut text = format!("[e{place}");
    if !hop.kinds.is_empty() {
        write!(text, ":{}", hop.kinds.join("|")).expect("a string takes it");
    }
    if with {
        hop.w.iter().for_each(|w| write!(text, " {{w: {w}}}").expect("a string takes it"));
    }
    match (hop.way, backwards) {
        (Way::Either, _) => format!("-{text}]-"),
        (Way::Right, false) | (Way::Left, true) => format!("-{text}]->"),
        (Way::Left, false) | (Way::Right, true) => format!("<-{text}]-"),
    }
}

fn predicates(chain: &Chain) -> String {
    let mut all = vec!["true".to_owned()];
    for place in 0..=chain.hops.len() {
        let wanted = if place == 0 { &chain.start } else { &chain.hops[place - 1].1 };
        let variable = variable(chain, place);
        all.extend(wanted.label.iter().map(|label| format!("{variable}:{label}")));
        all.extend(wanted.x.iter().map(|x| format!("{x} = {variable}.x")));
    }
    all.extend(chain.hops.iter().enumerate().filter_map(|(place, (hop, _))| Some(format!("e{place}.w = {}", hop.w?))));
    all.join(" AND ")
}

/// The ways to ask for a chain.
fn texts(chain: &Chain) -> Vec<String> {
    let hops = chain.hops.len();
    let forwards = |with| {
        let mut text = node_text(chain, 0, with);
        for place in 0..hops {
            text += &edge_text(chain, place, false, with);
            text += &node_text(chain, place + 1, with);
        }
        text
    };
    let mut backwards = node_text(chain, hops, true);
    for place in (0..hops).rev() {
        backwards += &edge_text(chain, place, true, true);
        backwards += &node_text(chain, place, true);
    }
    let part = |place| {
        format!(
            "{}{}{}",
            node_text(chain, place, true),
            edge_text(chain, place, false, true),
            node_text(chain, place + 1, true)
        )
    };
    let mut parts: Vec<String> = (0..hops).map(part).collect();
    parts.reverse();
    let names: Vec<String> = (0..=hops).map(|place| format!("{}.id", variable(chain, place))).collect();
    let edges: Vec<String> = (0..hops).map(|place| format!("e{place}.id")).collect();
    let result = format!("RETURN {}, {}", alias(&names, "a"), alias(&edges, "b"));
    vec![
        format!("MATCH {} {result}", forwards(true)),
        format!("MATCH {backwards} {result}"),
        format!("MATCH {} {result}", parts.join(", ")),
        format!("MATCH {} WHERE {} {result}", forwards(false), predicates(chain)),
        format!("MATCH (n0) WITH n0 MATCH {} {result}", forwards(true)),
        format!(
            "MATCH ({0}) OPTIONAL MATCH {1} WITH * WHERE {0}.id = {0}.id AND e0 IS NOT NULL {result}",
            variable(chain, hops),
            forwards(true)
        ),
        format!("UNWIND range(0, 20) AS i MATCH {} WHERE n0.id = i {result}", forwards(true)),
    ]
}

fn alias(expressions: &[String], prefix: &str) -> String {
    let named: Vec<String> =
        expressions.iter().enumerate().map(|(place, expression)| format!("{expression} AS {prefix}{place}")).collect();
    named.join(", ")
}

/// One store for all cases, and its folder.
static STORE: LazyLock<(TempDir, Store)> = LazyLock::new(|| {
    let directory = tempfile::tempdir().expect("a folder can be made");
    let store = Store::open(directory.path(), Options { create: true, ..Options::default() }).expect("a store");
    (directory, store)
});

struct Still;

impl Clock for Still {
    fn transaction(&self) -> Instant {
        Instant::new(0, 0).expect("it is within range")
    }

    fn statement(&self) -> Instant {
        self.transaction()
    }

    fn realtime(&self) -> Instant {
        self.transaction()
    }

    fn random(&self) -> u64 {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NEXT: AtomicU64 = AtomicU64::new(1);
        NEXT.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed)
    }
}

fn run(text: &str, transaction: Transaction) -> (BTreeMap<Row, usize>, Transaction) {
    let mut transaction = transaction;
    let query = Query::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let prepared = query.prepare(&Map::default(), &transaction.snapshot()).expect("no parameter is missing");
    let context = Context::writing(transaction, CancelToken::new(), Memory::new(64 << 20), &Still);
    let mut found = BTreeMap::new();
    let mut rows = prepared.rows(&context);
    while let Some(batch) = rows.next_batch().unwrap_or_else(|error| panic!("{text}: {error}")) {
        for row in 0..batch.len() {
            let cell = |place| match batch.column(Slot(place)).value(row, &context) {
                Ok(Value::Integer(id)) => id as usize,
                other => panic!("{text}: {other:?}"),
            };
            *found.entry((0..query.columns().len() as u32).map(cell).collect()).or_default() += 1;
        }
    }
    drop(rows);
    (found, context.into_transaction().expect("it writes"))
}

fn create(graph: &Graph) -> String {
    let mut parts = Vec::new();
    for (id, node) in graph.nodes.iter().enumerate() {
        let labels: String = node.labels.iter().flat_map(|label| [":", label]).collect();
        let x = node.x.map_or(String::new(), |x| format!(", x: {x}"));
        parts.push(format!("(v{id}{labels} {{id: {id}{x}}})"));
    }
    for (id, Edge { from, to, kind, w }) in graph.edges.iter().enumerate() {
        parts.push(format!("(v{from})-[:{kind} {{id: {id}, w: {w}}}]->(v{to})"));
    }
    format!("CREATE {}", parts.join(", "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn every_way_to_ask_finds_what_there_is(graph in graph(), chains in proptest::collection::vec(chain(), 1..6)) {
        // What a case makes is never committed.
        let (_, mut transaction) = run(&create(&graph), STORE.1.begin(Dataset::Pg));
        for chain in &chains {
            let expected = naive(&graph, chain);
            for text in texts(chain) {
                let (found, after) = run(&text, transaction);
                transaction = after;
                prop_assert_eq!(&found, &expected, "{}", text);
            }
        }
    }
}
