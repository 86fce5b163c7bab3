//! The values of a query: cheap to clone, at most 32 bytes each.
//!
//! - **Shape**: small values lie in the enum, larger ones behind an `Arc`. A node is its vertex id; a relationship brings
//!   its two ends and its label along, because whoever met it in the store had them in hand; neither holds properties.
//! - **Invariant**: lists and maps nest at most [`crate::limits::MAX_DEPTH`] deep, so that recursion over a value ends.
//! - **Equality**: `==` and `Hash` are [equivalence](crate::equivalence), which is what a hash table of values needs.
//!   The `=` of the languages is [`crate::equality`].
//!
//! Gremlin's decimals, sets and the like become variants of their own when there is something to give them.

use std::fmt;
use std::sync::Arc;

use geometry::Geometry;
use model::TermId;

use crate::temporal::{Date, DateTime, Duration, LocalDateTime, LocalTime, Time};

mod display;
mod entity;
mod list;
mod map;
#[cfg(test)]
pub(crate) mod tests;

pub use entity::{Path, Relationship, Step};
pub use list::List;
pub use map::Map;

/// A value.
#[derive(Clone, Debug)]
pub enum Value {
    /// No value, or an unknown one.
    Null,
    /// True or false.
    Boolean(bool),
    /// A 64-bit integer.
    Integer(i64),
    /// A 64-bit float.
    Float(f64),
    /// A string.
    String(Arc<str>),
    /// A list.
    List(List),
    /// A map from strings.
    Map(Map),
    /// A node, by its vertex id.
    Node(TermId),
    /// A relationship.
    Relationship(Arc<Relationship>),
    /// A path.
    Path(Arc<Path>),
    /// A day.
    Date(Date),
    /// A time of an unnamed place.
    LocalTime(LocalTime),
    /// A time with its offset from UTC.
    Time(Time),
    /// A day and a time of an unnamed place.
    LocalDateTime(LocalDateTime),
    /// An instant, seen from a time zone.
    DateTime(DateTime),
    /// Months, days and seconds, which are not multiples of each other.
    Duration(Arc<Duration>),
    /// A shape in the plane.
    Geometry(Arc<Geometry>),
}

/// What stands before anything that is shared: how many hold it, and how large it is.
const BOX: usize = 16;

const _: () = assert!(size_of::<Value>() == 32, "columns of values count on this");

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// [`Value::Map`]
    Map,
    /// [`Value::Node`]
    Node,
    /// [`Value::Relationship`]
    Relationship,
    /// [`Value::List`]
    List,
    /// [`Value::Path`]
    Path,
    /// [`Value::DateTime`]
    DateTime,
    /// [`Value::LocalDateTime`]
    LocalDateTime,
    /// [`Value::Date`]
    Date,
    /// [`Value::Time`]
    Time,
    /// [`Value::LocalTime`]
    LocalTime,
    /// [`Value::Duration`]
    Duration,
    /// [`Value::Geometry`]
    Geometry,
    /// [`Value::String`]
    String,
    /// [`Value::Boolean`]
    Boolean,
    /// [`Value::Integer`]
    Integer,
    /// [`Value::Float`]
    Float,
    /// [`Value::Null`]
    Null,
}

impl Value {
    /// A string.
    pub fn string(text: impl Into<Arc<str>>) -> Self {
        Self::String(text.into())
    }

    /// A list of these items.
    ///
    /// # Errors
    ///
    /// [`crate::EvalError::TooDeep`].
    pub fn list(items: impl Into<Vec<Self>>) -> crate::Result {
        List::new(items.into()).map(Self::List)
    }

    /// A truth value; unknown is null.
    pub const fn truth(truth: Option<bool>) -> Self {
        match truth {
            Some(truth) => Self::Boolean(truth),
            None => Self::Null,
        }
    }

    /// The type.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Boolean(_) => Kind::Boolean,
            Self::Integer(_) => Kind::Integer,
            Self::Float(_) => Kind::Float,
            Self::String(_) => Kind::String,
            Self::List(_) => Kind::List,
            Self::Map(_) => Kind::Map,
            Self::Node(_) => Kind::Node,
            Self::Relationship(_) => Kind::Relationship,
            Self::Path(_) => Kind::Path,
            Self::Date(_) => Kind::Date,
            Self::LocalTime(_) => Kind::LocalTime,
            Self::Time(_) => Kind::Time,
            Self::LocalDateTime(_) => Kind::LocalDateTime,
            Self::DateTime(_) => Kind::DateTime,
            Self::Duration(_) => Kind::Duration,
            Self::Geometry(_) => Kind::Geometry,
        }
    }

    /// Whether this is null.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// About how many bytes it takes, with what it alone is known to hold: what is shared counts each time.
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::String(text) => BOX + text.len(),
                Self::List(list) => BOX + list.size().bytes,
                Self::Map(map) => BOX + map.size().bytes,
                Self::Relationship(_) => BOX + size_of::<Relationship>(),
                Self::Path(path) => BOX + path.steps.len() * (size_of::<Step>() + size_of::<Relationship>()),
                Self::Duration(_) => BOX + size_of::<Duration>(),
                // Its text, and about as much for its coordinates.
                Self::Geometry(geometry) => BOX + size_of::<Geometry>() + 2 * geometry.text().len(),
                _ => 0,
            }
    }

    /// The same, but of what others hold, too, only what it takes to hold it.
    pub fn own_bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::String(text) if Arc::strong_count(text) > 1 => 0,
                Self::Path(path) if Arc::strong_count(path) > 1 => 0,
                Self::List(list) if list.is_shared() => 0,
                Self::Map(map) if map.is_shared() => 0,
                Self::List(list) => BOX + list.size().own,
                Self::Map(map) => BOX + map.size().own,
                _ => return self.bytes(),
            }
    }

    /// How deep lists and maps nest in it: 0 for a scalar, 1 for `[1]`.
    pub(crate) fn depth(&self) -> u16 {
        match self {
            Self::List(list) => list.size().depth,
            Self::Map(map) => map.size().depth,
            _ => 0,
        }
    }
}

/// With an article, as in "was given a list".
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Map => "a map",
            Self::Node => "a node",
            Self::Relationship => "a relationship",
            Self::List => "a list",
            Self::Path => "a path",
            Self::DateTime => "a date-time",
            Self::LocalDateTime => "a local date-time",
            Self::Date => "a date",
            Self::Time => "a time",
            Self::LocalTime => "a local time",
            Self::Duration => "a duration",
            Self::Geometry => "a geometry",
            Self::String => "a string",
            Self::Boolean => "a boolean",
            Self::Integer => "an integer",
            Self::Float => "a float",
            Self::Null => "null",
        })
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::String(value.into())
    }
}

impl From<Duration> for Value {
    fn from(value: Duration) -> Self {
        Self::Duration(Arc::new(value))
    }
}
