//! Shapes in the plane, written as well-known text: `POINT (1 2)`.
//!
//! - **Shape**: the seven kinds of OGC Simple Features. A place may have a height, which is kept and written, and which
//!   all places of a text have or none.
//! - **Invariant**: every shape has one text, which [`parse()`] reads back: `POLYGON ((0 0, 4 0, 4 4, 0 0))`, numbers with
//!   as few digits as give them back and without exponents, `POINT Z (1 2 3)` where there are heights.
//! - **Invariant**: numbers are finite, a line string has no places or at least two, a ring none or at least four of
//!   which the last is the first, collections nest at most [`MAX_DEPTH`] deep, and the text has at most [`MAX_TEXT`]
//!   bytes.
//! - **Source**: OGC 06-103r4, §7; the 64 KB of `ST_AsText`.

use std::fmt::{self, Write};

use thiserror::Error;

mod parse;
#[cfg(test)]
mod tests;

pub use parse::parse;

/// How many bytes a shape's text has at most, as it is read and as it is written. It also bounds what a question about
/// two shapes costs.
pub const MAX_TEXT: usize = 64 << 10;

/// How deep collections may nest.
pub const MAX_DEPTH: usize = 16;

/// A place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The first coordinate, or the longitude.
    pub x: f64,
    /// The second coordinate, or the latitude.
    pub y: f64,
    /// The height, if there are heights.
    pub z: Option<f64>,
}

/// A shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// `POINT`; without a place it is empty.
    Point(Option<Place>),
    /// `LINESTRING`
    LineString(Vec<Place>),
    /// `POLYGON`: its outer ring, then its holes.
    Polygon(Vec<Vec<Place>>),
    /// `MULTIPOINT`
    MultiPoint(Vec<Place>),
    /// `MULTILINESTRING`
    MultiLineString(Vec<Vec<Place>>),
    /// `MULTIPOLYGON`
    MultiPolygon(Vec<Vec<Vec<Place>>>),
    /// `GEOMETRYCOLLECTION`
    Collection(Vec<Self>),
}

/// Why a text is no shape.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("at character {at}: expected {expected}")]
pub struct Malformed {
    /// Where, counted in characters from 1.
    pub at: usize,
    /// What should stand there.
    pub expected: &'static str,
}

/// The one text of a shape.
///
/// # Errors
///
/// It would have more than [`MAX_TEXT`] bytes.
pub fn text(shape: &Shape) -> Result<String, Malformed> {
    let mut out = Bounded(String::new());
    match write!(out, "{shape}") {
        Ok(()) => Ok(out.0),
        Err(_) => Err(Malformed { at: 1, expected: "a shape whose text has at most 65536 bytes" }),
    }
}

/// A text that takes no more than [`MAX_TEXT`] bytes.
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > MAX_TEXT {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

impl Shape {
    /// The name in well-known text.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Point(_) => "POINT",
            Self::LineString(_) => "LINESTRING",
            Self::Polygon(_) => "POLYGON",
            Self::MultiPoint(_) => "MULTIPOINT",
            Self::MultiLineString(_) => "MULTILINESTRING",
            Self::MultiPolygon(_) => "MULTIPOLYGON",
            Self::Collection(_) => "GEOMETRYCOLLECTION",
        }
    }

    /// Any place of it; `None` if it is empty.
    fn first(&self) -> Option<Place> {
        match self {
            Self::Point(place) => *place,
            Self::LineString(places) | Self::MultiPoint(places) => places.first().copied(),
            Self::Polygon(lines) | Self::MultiLineString(lines) => lines.iter().flatten().next().copied(),
            Self::MultiPolygon(polygons) => polygons.iter().flatten().flatten().next().copied(),
            Self::Collection(shapes) => shapes.iter().find_map(Self::first),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        // The members of a collection say for themselves whether they have heights.
        if !matches!(self, Self::Collection(_)) && self.first().is_some_and(|place| place.z.is_some()) {
            f.write_str(" Z")?;
        }
        f.write_char(' ')?;
        match self {
            Self::Point(place) => write_list(f, place.as_slice(), write_place),
            Self::LineString(places) => write_line(f, places),
            Self::Polygon(lines) | Self::MultiLineString(lines) => write_list(f, lines, |f, line| write_line(f, line)),
            Self::MultiPoint(places) => {
                write_list(f, places, |f, place| write_list(f, std::slice::from_ref(place), write_place))
            }
            Self::MultiPolygon(polygons) => {
                write_list(f, polygons, |f, rings| write_list(f, rings, |f, ring| write_line(f, ring)))
            }
            Self::Collection(shapes) => write_list(f, shapes, |f, shape| write!(f, "{shape}")),
        }
    }
}

fn write_line(f: &mut fmt::Formatter<'_>, places: &[Place]) -> fmt::Result {
    write_list(f, places, write_place)
}

/// `(a, b)`, or `EMPTY`.
fn write_list<T>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    mut write: impl FnMut(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    if items.is_empty() {
        return f.write_str("EMPTY");
    }
    for (index, item) in items.iter().enumerate() {
        f.write_str(if index == 0 { "(" } else { ", " })?;
        write(f, item)?;
    }
    f.write_char(')')
}

fn write_place(f: &mut fmt::Formatter<'_>, place: &Place) -> fmt::Result {
    write!(f, "{} {}", place.x, place.y)?;
    place.z.map_or(Ok(()), |z| write!(f, " {z}"))
}
