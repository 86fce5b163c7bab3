//! Metres on the Earth.

use geo::line_measures::metric_spaces::Geodesic;
use geo::{Coord, CoordsIter, Distance, Intersects, LinesIter, Point};

/// Between longitudes and latitudes in degrees, on the spheroid of WGS 84; NaN if one of them is none.
///
/// Of two points it is the length of the geodesic. Of other shapes it is that between the two places of their sides
/// that are nearest to each other, where a side is taken for a straight line through the Earth: right to a part of a
/// thousand for sides of hundreds of kilometres.
pub(super) fn distance(one: &geo::Geometry, other: &geo::Geometry) -> f64 {
    if !is_on_earth(one) || !is_on_earth(other) {
        return f64::NAN;
    }
    if one.intersects(other) {
        return 0.0;
    }
    let (here, there) = nearest(&sides(one), &sides(other));
    Geodesic.distance(Point(here), Point(there))
}

fn is_on_earth(shape: &geo::Geometry) -> bool {
    shape.coords_iter().all(|at| at.x.abs() <= 180.0 && at.y.abs() <= 90.0)
}

/// A side, in degrees and in space; a point is a side without length.
struct Side {
    ends: [Coord; 2],
    start: Vector,
    along: Vector,
}

type Vector = [f64; 3];

impl Side {
    fn new(start: Coord, end: Coord) -> Self {
        let from = in_space(start);
        Self { ends: [start, end], start: from, along: minus(in_space(end), from) }
    }

    fn at(&self, share: f64) -> Coord {
        let [start, end] = self.ends;
        start + (end - start) * share
    }
}

fn sides(shape: &geo::Geometry) -> Vec<Side> {
    let between = |line: geo::Line| Side::new(line.start, line.end);
    match shape {
        geo::Geometry::Point(point) => vec![Side::new(point.0, point.0)],
        geo::Geometry::MultiPoint(points) => points.iter().map(|point| Side::new(point.0, point.0)).collect(),
        geo::Geometry::GeometryCollection(shapes) => shapes.iter().flat_map(sides).collect(),
        geo::Geometry::LineString(line) => line.lines_iter().map(between).collect(),
        geo::Geometry::MultiLineString(lines) => lines.lines_iter().map(between).collect(),
        geo::Geometry::Polygon(polygon) => polygon.lines_iter().map(between).collect(),
        geo::Geometry::MultiPolygon(polygons) => polygons.lines_iter().map(between).collect(),
        // Never made of a text.
        geo::Geometry::Line(_) | geo::Geometry::Rect(_) | geo::Geometry::Triangle(_) => Vec::new(),
    }
}

/// The two places, one of each, that are nearest to each other.
fn nearest(here: &[Side], there: &[Side]) -> (Coord, Coord) {
    let pairs = here.iter().flat_map(|one| there.iter().map(move |other| (one, other)));
    let nearest = pairs.map(|(one, other)| {
        let (share, other_share) = shares(one, other);
        let place = |side: &Side, share| plus(side.start, times(side.along, share));
        let apart = minus(place(one, share), place(other, other_share));
        (dot(apart, apart), one.at(share), other.at(other_share))
    });
    let nearest = nearest.min_by(|one, other| one.0.total_cmp(&other.0));
    nearest.map_or_else(Default::default, |(_, here, there)| (here, there))
}

/// How far along each of two sides the nearest places are. **Source**: C. Ericson, Real-Time Collision Detection, §5.1.9.
fn shares(one: &Side, other: &Side) -> (f64, f64) {
    let apart = minus(one.start, other.start);
    let (length, other_length) = (dot(one.along, one.along), dot(other.along, other.along));
    let (ahead, other_ahead) = (dot(one.along, apart), dot(other.along, apart));
    let clamp = |share: f64| share.clamp(0.0, 1.0);
    if length == 0.0 && other_length == 0.0 {
        return (0.0, 0.0);
    }
    if length == 0.0 {
        return (0.0, clamp(other_ahead / other_length));
    }
    if other_length == 0.0 {
        return (clamp(-ahead / length), 0.0);
    }
    let both = dot(one.along, other.along);
    let slant = length * other_length - both * both;
    let share = if slant > 0.0 { clamp((both * other_ahead - ahead * other_length) / slant) } else { 0.0 };
    let other_share = (both * share + other_ahead) / other_length;
    if other_share < 0.0 {
        (clamp(-ahead / length), 0.0)
    } else if other_share > 1.0 {
        (clamp((both - ahead) / length), 1.0)
    } else {
        (share, other_share)
    }
}

/// A place on the spheroid, the half axis of the equator as unit.
fn in_space(place: Coord) -> Vector {
    /// 1 - e², of WGS 84.
    const SQUASH: f64 = 0.993_305_620_009_858_7;
    let (longitude, latitude) = (place.x.to_radians(), place.y.to_radians());
    let radius = 1.0 / (1.0 - (1.0 - SQUASH) * latitude.sin().powi(2)).sqrt();
    let flat = radius * latitude.cos();
    [flat * longitude.cos(), flat * longitude.sin(), radius * SQUASH * latitude.sin()]
}

fn dot([a, b, c]: Vector, [x, y, z]: Vector) -> f64 {
    a * x + b * y + c * z
}

fn minus([a, b, c]: Vector, [x, y, z]: Vector) -> Vector {
    [a - x, b - y, c - z]
}

fn plus([a, b, c]: Vector, [x, y, z]: Vector) -> Vector {
    [a + x, b + y, c + z]
}

fn times([a, b, c]: Vector, by: f64) -> Vector {
    [a * by, b * by, c * by]
}
