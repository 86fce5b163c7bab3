//! Shapes in the plane, and what is asked about them.
//!
//! - [`wkt`]: their text; here: how two relate, and how far they are apart; `buffer`: what lies around one; `spheroid`:
//!   distances on the Earth; `plane`: shapes in the types of `geo`, which computes.
//! - **Heights** are kept and written, and no question looks at them, as in Neptune.
//! - **Cost**: a question about two shapes may compare each side of one with each of the other, and each of a collection
//!   with each of its own; the length of their texts ([`wkt::MAX_TEXT`]) bounds it.
//! - A crate of its own, so that what builds on it need not compile the algorithms again.
//! - **Source**: the service's guide, "Spatial functions"; ISO 13249-3.

use std::fmt;

use geo::relate::IntersectionMatrix;
use geo::{BoundingRect, Contains, Distance, Euclidean, HasDimensions, Intersects, Relate};

mod buffer;
mod plane;
mod spheroid;
#[cfg(test)]
mod tests;
pub mod wkt;

pub use buffer::MOST_SEGMENTS;
use wkt::{Malformed, Place, Shape};

/// A shape: its text and, for computing, the same without heights, where what is empty is an empty collection.
#[derive(Debug)]
pub struct Geometry {
    text: String,
    kind: &'static str,
    plane: geo::Geometry,
}

impl Geometry {
    /// That of a shape.
    ///
    /// # Errors
    ///
    /// Its text would be longer than [`wkt::MAX_TEXT`].
    pub fn new(shape: &Shape) -> Result<Self, Malformed> {
        Ok(Self { text: wkt::text(shape)?, kind: plane::kind(shape), plane: plane::of(shape) })
    }

    /// That of a well-known text.
    ///
    /// # Errors
    ///
    /// Where it is none.
    pub fn read(text: &str) -> Result<Self, Malformed> {
        wkt::parse(text).and_then(|shape| Self::new(&shape))
    }

    /// Its well-known text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name of its type in SQL, `ST_Point` and the like.
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    fn is_empty(&self) -> bool {
        self.plane.is_empty()
    }

    /// Whether both cover the same points.
    pub fn equals(&self, other: &Self) -> bool {
        match (self.is_empty(), other.is_empty()) {
            (false, false) => self.relate(other).is_equal_topo(),
            (one, other) => one && other,
        }
    }

    /// Whether every point of the other is in this one, and their insides meet.
    pub fn contains(&self, other: &Self) -> bool {
        match (&self.plane, &other.plane) {
            _ if self.is_empty() || other.is_empty() => false,
            // What is asked most needs no graph of both.
            (geo::Geometry::Polygon(polygon), geo::Geometry::Point(point)) => polygon.contains(point),
            _ => self.relate(other).is_contains(),
        }
    }

    fn relate(&self, other: &Self) -> IntersectionMatrix {
        plane::joined(&self.plane).relate(plane::joined(&other.plane).as_ref())
    }

    /// Whether they have a point in common.
    pub fn intersects(&self, other: &Self) -> bool {
        self.plane.intersects(&other.plane)
    }

    /// The shortest distance, in the unit of the coordinates; `None` if one is empty.
    pub fn distance(&self, other: &Self) -> Option<f64> {
        (!self.is_empty() && !other.is_empty()).then(|| Euclidean.distance(&self.plane, &other.plane))
    }

    /// The shortest distance on the Earth in metres; `None` if one is empty, and NaN if one is not on the Earth.
    pub fn distance_spheroid(&self, other: &Self) -> Option<f64> {
        (!self.is_empty() && !other.is_empty()).then(|| spheroid::distance(&self.plane, &other.plane))
    }

    /// The smallest box around it, counter-clockwise; of a point the point.
    ///
    /// # Errors
    ///
    /// Its text would be longer than [`wkt::MAX_TEXT`].
    pub fn envelope(&self) -> Result<Self, Malformed> {
        let place = |x, y| Place { x, y, z: None };
        Self::new(&match self.plane.bounding_rect().map(|bounds| (bounds.min(), bounds.max())) {
            None => Shape::Point(None),
            Some((low, high)) if low == high => Shape::Point(Some(place(low.x, low.y))),
            Some((low, high)) => {
                let corners = [(low.x, low.y), (high.x, low.y), (high.x, high.y), (low.x, high.y), (low.x, low.y)];
                Shape::Polygon(vec![corners.map(|(x, y)| place(x, y)).to_vec()])
            }
        })
    }

    /// Everything that is no farther away than a distance, a finite number: a polygon, clockwise around what it covers.
    /// A quarter of a circle around a corner becomes so many lines, [`MOST_SEGMENTS`] at most; of none the corner is cut.
    ///
    /// # Errors
    ///
    /// Its text would be longer than [`wkt::MAX_TEXT`].
    pub fn buffer(&self, distance: f64, segments: u16) -> Result<Self, Malformed> {
        Self::new(&plane::shape(&buffer::around(&self.plane, distance, segments.min(MOST_SEGMENTS))))
    }
}

/// Equal if written alike, heights included; whether two shapes cover the same points is [`Geometry::equals`].
impl PartialEq for Geometry {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Geometry {}

impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
