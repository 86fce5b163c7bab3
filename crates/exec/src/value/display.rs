//! A value as text, written like a literal: for messages and tests.

use std::fmt::{self, Write};

use super::Value;
use crate::float;

/// Writes a literal: `{a: [1, 2.0, 'x']}`. Temporal values are written as their text in quotes, nodes and the like as
/// what their ids are.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) => float::write(f, *value),
            Self::String(text) => quoted(f, text),
            Self::List(list) => {
                f.write_char('[')?;
                for (at, item) in list.iter().enumerate() {
                    write!(f, "{}{item}", if at == 0 { "" } else { ", " })?;
                }
                f.write_char(']')
            }
            Self::Map(map) => {
                f.write_char('{')?;
                for (at, (key, value)) in map.iter().enumerate() {
                    write!(f, "{}{key}: {value}", if at == 0 { "" } else { ", " })?;
                }
                f.write_char('}')
            }
            Self::Node(id) => write!(f, "({id:?})"),
            Self::Relationship(relationship) => write!(f, "[{:?}]", relationship.id),
            Self::Path(path) => {
                write!(f, "<({:?})", path.start)?;
                for step in &path.steps {
                    write!(f, "-[{:?}]-({:?})", step.relationship.id, step.node)?;
                }
                f.write_char('>')
            }
            Self::Date(value) => write!(f, "'{value}'"),
            Self::LocalTime(value) => write!(f, "'{value}'"),
            Self::Time(value) => write!(f, "'{value}'"),
            Self::LocalDateTime(value) => write!(f, "'{value}'"),
            Self::DateTime(value) => write!(f, "'{value}'"),
            Self::Duration(value) => write!(f, "'{value}'"),
            Self::Geometry(value) => write!(f, "'{value}'"),
        }
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('\'')?;
    for character in text.chars() {
        match character {
            '\'' => f.write_str("\\'")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('\'')
}
