//! Shapes in the types of `geo`, and back: what is computed with.

use std::borrow::Cow;

use geo::algorithm::Validation;
use geo::orient::{Direction, Orient};
use geo::{
    Coord, GeometryCollection, Intersects, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon,
};

use crate::wkt::{Place, Shape};

/// The shape without its heights. What is empty is an empty collection, so that no line or ring is.
pub(super) fn of(shape: &Shape) -> geo::Geometry {
    match shape {
        Shape::Point(Some(place)) => Point(coord(place)).into(),
        Shape::LineString(places) if !places.is_empty() => line(places).into(),
        Shape::Polygon(rings) if rings.first().is_some_and(|ring| !ring.is_empty()) => polygon(rings).into(),
        Shape::MultiPoint(places) => MultiPoint(places.iter().map(|place| Point(coord(place))).collect()).into(),
        Shape::MultiLineString(parts) => MultiLineString(lines(parts).collect()).into(),
        Shape::MultiPolygon(polygons) => {
            let is_filled = |rings: &&Vec<Vec<Place>>| rings.first().is_some_and(|ring| !ring.is_empty());
            MultiPolygon(polygons.iter().filter(is_filled).map(|rings| polygon(rings)).collect()).into()
        }
        Shape::Collection(shapes) => collection(shapes.iter().map(of).collect()),
        Shape::Point(None) | Shape::LineString(_) | Shape::Polygon(_) => collection(Vec::new()),
    }
}

/// The same points, for a graph of them: it knows of no areas that overlap or share a side, and those of a collection
/// may. Where any two meet, all become one, its corners rounded to a thousand-millionth of its extent.
pub(super) fn joined(shape: &geo::Geometry) -> Cow<'_, geo::Geometry> {
    let geo::Geometry::GeometryCollection(shapes) = shape else { return Cow::Borrowed(shape) };
    let (mut areas, mut others) = (Vec::new(), Vec::new());
    split(shapes, &mut areas, &mut others);
    let meets = |(index, one): (usize, &&Polygon)| areas[..index].iter().any(|other| one.intersects(*other));
    // What crosses itself would make the overlay panic; nobody says what is inside it.
    if !areas.iter().enumerate().any(meets) || !areas.iter().all(|area| area.is_valid()) {
        return Cow::Borrowed(shape);
    }
    let areas: Vec<Polygon> = areas.into_iter().map(|area| area.orient(Direction::Default)).collect();
    let whole = geo::Geometry::from(geo::unary_union(&areas));
    Cow::Owned(collection(others.into_iter().cloned().chain([whole]).collect()))
}

fn split<'a>(shapes: &'a GeometryCollection, areas: &mut Vec<&'a Polygon>, others: &mut Vec<&'a geo::Geometry>) {
    for shape in shapes {
        match shape {
            geo::Geometry::Polygon(polygon) => areas.push(polygon),
            geo::Geometry::MultiPolygon(polygons) => areas.extend(polygons),
            geo::Geometry::GeometryCollection(inner) => split(inner, areas, others),
            other => others.push(other),
        }
    }
}

/// Polygons as one shape.
pub(super) fn shape(polygons: &MultiPolygon) -> Shape {
    let ring = |ring: &LineString| ring.coords().map(|at| Place { x: at.x + 0.0, y: at.y + 0.0, z: None }).collect();
    let rings = |polygon: &Polygon| std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(ring).collect();
    match polygons.0.as_slice() {
        [] => Shape::Polygon(Vec::new()),
        [one] => Shape::Polygon(rings(one)),
        many => Shape::MultiPolygon(many.iter().map(rings).collect()),
    }
}

/// The name of its type in SQL.
pub(super) const fn kind(shape: &Shape) -> &'static str {
    match shape {
        Shape::Point(_) => "ST_Point",
        Shape::LineString(_) => "ST_LineString",
        Shape::Polygon(_) => "ST_Polygon",
        Shape::MultiPoint(_) => "ST_MultiPoint",
        Shape::MultiLineString(_) => "ST_MultiLineString",
        Shape::MultiPolygon(_) => "ST_MultiPolygon",
        Shape::Collection(_) => "ST_GeometryCollection",
    }
}

const fn collection(shapes: Vec<geo::Geometry>) -> geo::Geometry {
    geo::Geometry::GeometryCollection(GeometryCollection(shapes))
}

fn lines(lines: &[Vec<Place>]) -> impl Iterator<Item = LineString> {
    lines.iter().filter(|places| !places.is_empty()).map(|places| line(places))
}

fn polygon(rings: &[Vec<Place>]) -> Polygon {
    let mut rings = lines(rings);
    Polygon::new(rings.next().unwrap_or_else(|| LineString(Vec::new())), rings.collect())
}

fn line(places: &[Place]) -> LineString {
    LineString(places.iter().map(coord).collect())
}

const fn coord(place: &Place) -> Coord {
    Coord { x: place.x, y: place.y }
}
