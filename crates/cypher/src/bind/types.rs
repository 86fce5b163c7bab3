//! Static types, as coarse as the checks need.

use std::fmt;

/// What a value is known to be before anything is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Type {
    /// It can be anything.
    #[default]
    Any,
    /// It is null.
    Null,
    /// A boolean or null; so with all others.
    Boolean,
    /// An integer.
    Integer,
    /// A float.
    Float,
    /// A string.
    String,
    /// A date, a time, a duration.
    Temporal,
    /// A shape.
    Geometry,
    /// A map.
    Map,
    /// A node.
    Node,
    /// A relationship.
    Relationship,
    /// A path.
    Path,
    /// A list whose elements are all of one type.
    List(Box<Self>),
}

impl Type {
    /// A list of these.
    pub fn list(element: Self) -> Self {
        Self::List(Box::new(element))
    }

    /// Whether a value may be of another type: it is, or one of the two is not known well enough.
    pub fn may_be(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any | Self::Null, _) | (_, Self::Any | Self::Null) => true,
            (Self::List(one), Self::List(other)) => one.may_be(other),
            _ => self == other,
        }
    }

    /// Whether it may be one of these.
    pub fn may_be_any(&self, others: &[Self]) -> bool {
        others.iter().any(|other| self.may_be(other))
    }

    /// Whether it may be a list, of whatever.
    pub fn may_be_list(&self) -> bool {
        matches!(self, Self::Any | Self::Null | Self::List(_))
    }

    /// The narrowest type that both have.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Null, other) | (other, Self::Null) => other,
            (Self::List(one), Self::List(other)) => Self::list(one.join(*other)),
            (one, other) if one == other => one,
            _ => Self::Any,
        }
    }

    /// What the elements are, if it is a list.
    #[must_use]
    pub fn element(self) -> Self {
        match self {
            Self::List(element) => *element,
            _ => Self::Any,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "any value",
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Integer => "an integer",
            Self::Float => "a float",
            Self::String => "a string",
            Self::Temporal => "a date, time or duration",
            Self::Geometry => "a geometry",
            Self::Map => "a map",
            Self::Node => "a node",
            Self::Relationship => "a relationship",
            Self::Path => "a path",
            Self::List(_) => "a list",
        })
    }
}
