//! JSON by example, and that a JSON reader takes whatever is written.

use std::io;
use std::sync::Arc;

use model::TermId;
use proptest::prelude::*;

use super::{Edge, Entities, Node, write};
use crate::temporal::construct::{Type, construct};
use crate::temporal::{Duration, Instant};
use crate::value::tests::{any_value, list, map, vertex};
use crate::{Path, Relationship, Step, Value};

/// Two vertices and an edge.
struct Graph;

impl Entities for Graph {
    type Error = io::Error;

    fn node(&mut self, id: TermId) -> io::Result<Node> {
        Ok(Node {
            id: id.payload().to_string().into(),
            labels: vec!["airport".into()],
            properties: vec![("code".into(), "ANC".into())],
        })
    }

    fn relationship(&mut self, relationship: &Relationship) -> io::Result<Edge> {
        let text = |id: TermId| id.payload().to_string().into();
        Ok(Edge {
            id: text(relationship.id),
            start: text(relationship.start),
            end: text(relationship.end),
            label: "route".into(),
            properties: vec![("dist".into(), 5.into())],
        })
    }
}

fn text(value: &Value) -> String {
    let mut out = Vec::new();
    write(&mut out, value, &mut Graph).expect("memory takes whatever is written");
    String::from_utf8(out).expect("JSON is UTF-8")
}

#[test]
fn scalars_lists_and_maps_are_written_as_they_are() {
    for (value, expected) in [
        (Value::Null, "null"),
        (true.into(), "true"),
        ((-5).into(), "-5"),
        (1.0.into(), "1.0"),
        (2.71.into(), "2.71"),
        (1e300.into(), "1e300"),
        (f64::NAN.into(), "\"NaN\""),
        (f64::NEG_INFINITY.into(), "\"-INF\""),
        ("a \"b\"\n\u{1}ä".into(), r#""a \"b\"\n\u0001ä""#),
        (list([1.into(), list([])]), "[1,[]]"),
        (map([("b", 1.into()), ("a\"", Value::Null)]), r#"{"b":1,"a\"":null}"#),
    ] {
        assert_eq!(text(&value), expected);
    }
}

#[test]
fn temporal_values_are_strings_and_date_times_are_in_utc() {
    let now = Instant::new(0, 0).unwrap();
    for (of, input, expected) in [
        (Type::DateTime, "2024-04-02T01:59:59+02:00", "\"2024-04-01T23:59:59Z\""),
        (Type::DateTime, "2024-04-01T23:59:59.5Z", "\"2024-04-01T23:59:59.500Z\""),
        (Type::DateTime, "2024-07-01T12:00[Europe/Stockholm]", "\"2024-07-01T10:00:00Z\""),
        (Type::Date, "2024-04-01", "\"2024-04-01\""),
        (Type::Time, "12:00+01:00", "\"12:00+01:00\""),
        (Type::LocalDateTime, "2024-04-01T12:00", "\"2024-04-01T12:00\""),
    ] {
        assert_eq!(text(&construct(of, &input.into(), now).unwrap()), expected);
    }
    assert_eq!(text(&Duration::construct(&"P1D".into()).unwrap()), "\"P1D\"");
}

#[test]
fn entities_carry_what_lies_behind_their_ids() {
    let edge = Arc::new(Relationship { id: vertex(7), start: vertex(1), label: vertex(9), end: vertex(2) });
    let node =
        |id| format!(r#"{{"~id":"{id}","~entityType":"node","~labels":["airport"],"~properties":{{"code":"ANC"}}}}"#);
    let route =
        r#"{"~id":"7","~entityType":"relationship","~start":"1","~end":"2","~type":"route","~properties":{"dist":5}}"#;
    assert_eq!(text(&Value::Node(vertex(1))), node(1));
    assert_eq!(text(&Value::Relationship(edge.clone())), route);
    let path = Path { start: vertex(1), steps: vec![Step { relationship: edge, node: vertex(2) }] };
    assert_eq!(text(&Value::Path(Arc::new(path))), format!("[{},{route},{}]", node(1), node(2)));
}

proptest! {
    #[test]
    fn whatever_is_written_is_json(value in any_value()) {
        let written = text(&value);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&written).is_ok(), "{}", written);
    }
}
