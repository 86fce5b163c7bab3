//! Equivalence: what DISTINCT and grouping take for the same.
//!
//! It is equality in which null is null and NaN is NaN, so that it always answers and a hash can agree with it. `1` and
//! `1.0` are equivalent, as they are equal.
//!
//! **Source**: openCypher 9, "Equivalence".

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use crate::{List, Map, Value, number};

/// Equivalence.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Boolean(left), Self::Boolean(right)) => left == right,
            (Self::Integer(left), Self::Integer(right)) => left == right,
            (Self::Float(left), Self::Float(right)) => left == right || (left.is_nan() && right.is_nan()),
            (Self::Integer(integer), Self::Float(float)) | (Self::Float(float), Self::Integer(integer)) => {
                number::compare(*integer, *float) == Some(Ordering::Equal)
            }
            (Self::String(left), Self::String(right)) => left == right,
            (Self::List(left), Self::List(right)) => left == right,
            (Self::Map(left), Self::Map(right)) => left == right,
            (Self::Node(left), Self::Node(right)) => left == right,
            (Self::Relationship(left), Self::Relationship(right)) => left.id == right.id,
            (Self::Path(left), Self::Path(right)) => left == right,
            (Self::Date(left), Self::Date(right)) => left == right,
            (Self::LocalTime(left), Self::LocalTime(right)) => left == right,
            (Self::Time(left), Self::Time(right)) => left == right,
            (Self::LocalDateTime(left), Self::LocalDateTime(right)) => left == right,
            (Self::DateTime(left), Self::DateTime(right)) => left == right,
            (Self::Duration(left), Self::Duration(right)) => left == right,
            (Self::Geometry(left), Self::Geometry(right)) => left == right,
            _ => false,
        }
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // A float that is an integer hashes like one, since it is equivalent to one.
        if let Self::Float(float) = self {
            if let Some(integer) = number::integer(*float) {
                Self::Integer(integer).hash(state);
            } else {
                state.write_u8(1);
                let canonical = if float.is_nan() { f64::NAN } else { *float };
                canonical.to_bits().hash(state);
            }
            return;
        }
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Null | Self::Float(_) => {}
            Self::Boolean(value) => value.hash(state),
            Self::Integer(value) => value.hash(state),
            Self::String(value) => value.hash(state),
            Self::List(value) => value.hash(state),
            Self::Map(value) => value.hash(state),
            Self::Node(value) => value.hash(state),
            Self::Relationship(value) => value.id.hash(state),
            Self::Path(value) => value.hash(state),
            Self::Date(value) => value.hash(state),
            Self::LocalTime(value) => value.hash(state),
            Self::Time(value) => value.hash(state),
            Self::LocalDateTime(value) => value.hash(state),
            Self::DateTime(value) => value.hash(state),
            Self::Duration(value) => value.hash(state),
            Self::Geometry(value) => value.text().hash(state),
        }
    }
}

impl PartialEq for List {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for List {}

impl Hash for List {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

/// The order of writing does not count.
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter_by_key().eq(other.iter_by_key())
    }
}

impl Eq for Map {}

impl Hash for Map {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.len().hash(state);
        self.iter_by_key().for_each(|entry| entry.hash(state));
    }
}
