//! A value as JSON, as a client of the service reads it.
//!
//! - **Shape**: scalars, lists and maps as they are; a float always with a point or an exponent, so that it stays one;
//!   NaN and the infinities as the strings `NaN`, `INF` and `-INF`, which keeps the JSON valid; a date-time in UTC with
//!   seconds, other temporal values as their text. Nodes, relationships and paths carry ids, labels and properties,
//!   which [`Entities`] looks up.
//! - **Source**: spec/opencypher.md §2.

mod read;

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use model::TermId;

use crate::{Relationship, Value};
pub use read::{Unreadable, read_object};

/// Properties in the order in which they are written.
pub type Properties = Vec<(Arc<str>, Value)>;

/// Whoever knows what lies behind the ids of nodes and relationships.
pub trait Entities {
    /// Why a look-up failed.
    type Error: From<io::Error>;

    /// The id of a node, its labels and its properties.
    ///
    /// # Errors
    ///
    /// The store's.
    fn node(&mut self, id: TermId) -> Result<Node, Self::Error>;

    /// The ids of a relationship and its ends, its type and its properties.
    ///
    /// # Errors
    ///
    /// The store's.
    fn relationship(&mut self, relationship: &Relationship) -> Result<Edge, Self::Error>;
}

/// A node for a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The id.
    pub id: Arc<str>,
    /// The labels.
    pub labels: Vec<Arc<str>>,
    /// The properties.
    pub properties: Properties,
}

/// A relationship for a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The id.
    pub id: Arc<str>,
    /// The id of the node where it begins.
    pub start: Arc<str>,
    /// The id of the node where it ends.
    pub end: Arc<str>,
    /// The type.
    pub label: Arc<str>,
    /// The properties.
    pub properties: Properties,
}

/// Writes a value.
///
/// # Errors
///
/// Those of `out` and of `entities`.
pub fn write<E: Entities>(out: &mut impl io::Write, value: &Value, entities: &mut E) -> Result<(), E::Error> {
    let mut quoted = String::new();
    match value {
        Value::Null => out.write_all(b"null")?,
        Value::Boolean(value) => write!(out, "{value}")?,
        Value::Integer(value) => write!(out, "{value}")?,
        Value::Float(value) => write_float(out, *value)?,
        Value::String(text) => write_string(out, text)?,
        Value::List(list) => write_items(out, list.iter(), entities)?,
        Value::Map(map) => write_members(out, map.iter(), entities)?,
        Value::Node(id) => {
            let node = entities.node(*id)?;
            write_node(out, &node, entities)?;
        }
        Value::Relationship(relationship) => {
            let edge = entities.relationship(relationship)?;
            write_edge(out, &edge, entities)?;
        }
        Value::Path(path) => {
            let mut walk = vec![Value::Node(path.start)];
            for step in &path.steps {
                walk.extend([Value::Relationship(step.relationship.clone()), Value::Node(step.node)]);
            }
            write_items(out, walk.iter(), entities)?;
        }
        Value::DateTime(value) => {
            value.write_utc(&mut quoted).expect("a string takes whatever is written");
            write_string(out, &quoted)?;
        }
        Value::Date(value) => write_text(out, &mut quoted, value)?,
        Value::LocalTime(value) => write_text(out, &mut quoted, value)?,
        Value::Time(value) => write_text(out, &mut quoted, value)?,
        Value::LocalDateTime(value) => write_text(out, &mut quoted, value)?,
        Value::Duration(value) => write_text(out, &mut quoted, value)?,
        Value::Geometry(value) => write_string(out, value.text())?,
    }
    Ok(())
}

/// Writes a string with its quotes.
///
/// # Errors
///
/// Those of `out`.
pub fn write_string(out: &mut impl io::Write, text: &str) -> io::Result<()> {
    Ok(serde_json::to_writer(out, text)?)
}

fn write_text(out: &mut impl io::Write, text: &mut String, value: impl std::fmt::Display) -> io::Result<()> {
    write!(text, "{value}").expect("a string takes whatever is written");
    write_string(out, text)
}

fn write_float(out: &mut impl io::Write, value: f64) -> io::Result<()> {
    if value.is_finite() {
        // Writes a point or an exponent, and the shortest digits that give the float back.
        write!(out, "{value:?}")
    } else if value.is_nan() {
        out.write_all(b"\"NaN\"")
    } else {
        out.write_all(if value > 0.0 { b"\"INF\"" } else { b"\"-INF\"" })
    }
}

fn write_items<'a, E: Entities>(
    out: &mut impl io::Write,
    items: impl Iterator<Item = &'a Value>,
    entities: &mut E,
) -> Result<(), E::Error> {
    out.write_all(b"[")?;
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        write(out, item, entities)?;
    }
    Ok(out.write_all(b"]")?)
}

fn write_members<'a, E: Entities>(
    out: &mut impl io::Write,
    members: impl Iterator<Item = &'a (Arc<str>, Value)>,
    entities: &mut E,
) -> Result<(), E::Error> {
    out.write_all(b"{")?;
    for (at, (key, value)) in members.enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        write_string(out, key)?;
        out.write_all(b":")?;
        write(out, value, entities)?;
    }
    Ok(out.write_all(b"}")?)
}

fn write_node<E: Entities>(out: &mut impl io::Write, node: &Node, entities: &mut E) -> Result<(), E::Error> {
    out.write_all(b"{\"~id\":")?;
    write_string(out, &node.id)?;
    out.write_all(b",\"~entityType\":\"node\",\"~labels\":[")?;
    for (at, label) in node.labels.iter().enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        write_string(out, label)?;
    }
    out.write_all(b"],\"~properties\":")?;
    write_members(out, node.properties.iter(), entities)?;
    Ok(out.write_all(b"}")?)
}

fn write_edge<E: Entities>(out: &mut impl io::Write, edge: &Edge, entities: &mut E) -> Result<(), E::Error> {
    out.write_all(b"{\"~id\":")?;
    write_string(out, &edge.id)?;
    out.write_all(b",\"~entityType\":\"relationship\",\"~start\":")?;
    write_string(out, &edge.start)?;
    out.write_all(b",\"~end\":")?;
    write_string(out, &edge.end)?;
    out.write_all(b",\"~type\":")?;
    write_string(out, &edge.label)?;
    out.write_all(b",\"~properties\":")?;
    write_members(out, edge.properties.iter(), entities)?;
    Ok(out.write_all(b"}")?)
}

#[cfg(test)]
mod tests;
