//! Nodes, relationships and paths, byte by byte.

use std::io;
use std::sync::Arc;

use exec::json::{Edge, Entities, Node};
use exec::{Path, Relationship, Step, Value};
use model::{Tag, TermId};

use super::{integer_id, write};
use crate::Dialect;
use crate::pack::Packer;

const OLD: Dialect = Dialect { element_ids: false, utc: false };
const NEW: Dialect = Dialect { element_ids: true, utc: true };

/// Vertex n is called `vn`, has the label `L` and the property `n`; edge n is called `en`.
pub(crate) struct Graph;

impl Entities for Graph {
    type Error = io::Error;

    fn node(&mut self, id: TermId) -> io::Result<Node> {
        let number = number(id);
        let properties = vec![("n".into(), Value::Integer(number))];
        Ok(Node { id: format!("v{number}").into(), labels: vec!["L".into()], properties })
    }

    fn relationship(&mut self, relationship: &Relationship) -> io::Result<Edge> {
        let name = |kind, id| format!("{kind}{}", number(id)).into();
        Ok(Edge {
            id: name('e', relationship.id),
            start: name('v', relationship.start),
            end: name('v', relationship.end),
            label: "T".into(),
            properties: Vec::new(),
        })
    }
}

fn number(id: TermId) -> i64 {
    (0..100).find(|number| id == vertex(*number) || id == edge_id(*number)).expect("one of the tests'")
}

fn vertex(number: i64) -> TermId {
    TermId::new(Tag::VertexHash, number as u128)
}

fn edge_id(number: i64) -> TermId {
    TermId::new(Tag::EdgeHash, number as u128)
}

fn edge(number: i64, start: i64, end: i64) -> Relationship {
    Relationship { id: edge_id(number), start: vertex(start), label: TermId::LABEL, end: vertex(end) }
}

fn written(value: &Value, dialect: Dialect) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, value, dialect, &mut Graph).unwrap();
    out
}

fn packed(pack: impl FnOnce(&mut Packer<'_>)) -> Vec<u8> {
    let mut out = Vec::new();
    pack(&mut Packer(&mut out));
    out
}

#[test]
fn a_node_has_an_integer_and_newly_a_string() {
    let old = packed(|packer| {
        packer.structure(b'N', 3);
        packer.integer(integer_id("v7"));
        packer.list(1);
        packer.string("L");
        packer.map(1);
        packer.string("n");
        packer.integer(7);
    });
    let mut new = old.clone();
    new[0] = 0xB4;
    Packer(&mut new).string("v7");
    assert_eq!(written(&Value::Node(vertex(7)), OLD), old);
    assert_eq!(written(&Value::Node(vertex(7)), NEW), new);
}

#[test]
fn a_relationship_names_its_ends() {
    let expected = packed(|packer| {
        packer.structure(b'R', 8);
        for id in ["e3", "v1", "v2"] {
            packer.integer(integer_id(id));
        }
        packer.string("T");
        packer.map(0);
        for id in ["e3", "v1", "v2"] {
            packer.string(id);
        }
    });
    let value = Value::Relationship(Arc::new(edge(3, 1, 2)));
    assert_eq!(written(&value, NEW), expected);
    assert_eq!(written(&value, OLD)[..2], [0xB5, b'R']);
}

#[test]
fn a_path_tells_each_once_and_the_direction_of_each_step() {
    // (1)-[1]->(2)<-[2]-(1)-[3]->(1)
    let step = |number, start, end, node| Step { relationship: Arc::new(edge(number, start, end)), node: vertex(node) };
    let steps = vec![step(1, 1, 2, 2), step(2, 1, 2, 1), step(3, 1, 1, 1)];
    let path = Value::Path(Arc::new(Path { start: vertex(1), steps }));
    let expected = packed(|packer| {
        packer.structure(b'P', 3);
        packer.list(2);
        for node in [1, 2] {
            packer.0.extend(written(&Value::Node(vertex(node)), OLD));
        }
        packer.list(3);
        for name in ["e1", "e2", "e3"] {
            packer.structure(b'r', 3);
            packer.integer(integer_id(name));
            packer.string("T");
            packer.map(0);
        }
        packer.list(6);
        for number in [1, 1, -2, 0, 3, 0] {
            packer.integer(number);
        }
    });
    assert_eq!(written(&path, OLD), expected);
    assert_eq!(written(&Value::Path(Arc::new(Path { start: vertex(1), steps: Vec::new() })), NEW)[..2], [0xB3, b'P']);
}

/// Clients may have stored them.
#[test]
fn integers_of_ids_stay_the_same() {
    assert_eq!(integer_id(""), 7_565_435_706_391_538_070);
    assert!(["a", "v1", "42"].iter().all(|id| integer_id(id) >= 0));
}
