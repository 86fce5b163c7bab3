//! Everything that is no farther away than a distance.

use std::f64::consts::FRAC_PI_2;

use geo::buffer::{BufferStyle, LineCap, LineJoin};
use geo::orient::{Direction, Orient};
use geo::{Buffer, Coord, HasDimensions, LineString, MultiPolygon, Polygon};

/// Into how many lines a quarter of a circle may be cut: about as many as a text can hold.
pub const MOST_SEGMENTS: u16 = 1000;

pub(super) fn around(shape: &geo::Geometry, distance: f64, segments: u16) -> MultiPolygon {
    match shape {
        empty if empty.is_empty() => MultiPolygon(Vec::new()),
        _ if distance == 0.0 => still(shape),
        geo::Geometry::Point(centre) if distance > 0.0 => circle(centre.0, distance, segments.max(1)),
        other => other.buffer_with_style(style(distance, segments)).orient(Direction::Reversed),
    }
}

fn style(distance: f64, segments: u16) -> BufferStyle<f64> {
    let style = BufferStyle::new(distance);
    if segments == 0 {
        return style.line_join(LineJoin::Bevel).line_cap(LineCap::Butt);
    }
    let angle = FRAC_PI_2 / f64::from(segments);
    style.line_join(LineJoin::Round(angle)).line_cap(LineCap::Round(angle))
}

/// What covers an area, as it is.
fn still(shape: &geo::Geometry) -> MultiPolygon {
    match shape {
        geo::Geometry::Polygon(polygon) => MultiPolygon(vec![polygon.orient(Direction::Reversed)]),
        geo::Geometry::MultiPolygon(polygons) => polygons.orient(Direction::Reversed),
        _ => MultiPolygon(Vec::new()),
    }
}

/// Clockwise, from the east.
fn circle(centre: Coord, radius: f64, segments: u16) -> MultiPolygon {
    let at = |step: u16| {
        let angle = FRAC_PI_2 * f64::from(step) / f64::from(segments);
        Coord { x: centre.x + radius * angle.cos(), y: centre.y - radius * angle.sin() }
    };
    let mut ring: Vec<Coord> = (0..4 * segments).map(at).collect();
    ring.push(at(0));
    MultiPolygon(vec![Polygon::new(LineString(ring), Vec::new())])
}
