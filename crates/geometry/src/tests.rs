//! How shapes relate, and what lies around them; and that no shape is too strange to be asked.

use super::*;

fn of(text: &str) -> Geometry {
    Geometry::read(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// How a question about two shapes is answered, both ways.
fn check_two<T>(question: fn(&Geometry, &Geometry) -> T, shown: fn(T) -> String, table: &[(&str, &str, &str, &str)]) {
    for (one, other, expected, reversed) in table {
        let (first, second) = (of(one), of(other));
        assert_eq!(shown(question(&first, &second)), *expected, "{one}, {other}");
        assert_eq!(shown(question(&second, &first)), *reversed, "{other}, {one}");
    }
}

fn truth(answer: bool) -> String {
    answer.to_string()
}

fn length(answer: Option<f64>) -> String {
    answer.map_or_else(|| "none".to_owned(), |length| format!("{length:.6}"))
}

fn metres(answer: Option<f64>) -> String {
    answer.map_or_else(|| "none".to_owned(), |length| format!("{length:.0}"))
}

const HOLED: &str = "POLYGON((0 0,10 0,10 10,0 10,0 0),(2 2,2 5,5 5,5 2,2 2))";
const OVERLAPPING: &str = "GEOMETRYCOLLECTION(POLYGON((0 0,0 10,8 10,8 0,0 0)),POLYGON((3 0,9 0,9 10,3 10,3 0)))";
const SQUARE: &str = "POLYGON((0 0,10 0,10 10,0 10,0 0))";

#[test]
fn kinds_have_the_names_of_sql() {
    for (text, expected) in [
        ("POINT EMPTY", "ST_Point"),
        ("LINESTRING(77.29 29.07,77.42 29.26)", "ST_LineString"),
        ("POLYGON((0 0,0 1,1 1,1 0,0 0))", "ST_Polygon"),
        ("MULTIPOINT(1 2)", "ST_MultiPoint"),
        ("MULTILINESTRING((1 2,3 4))", "ST_MultiLineString"),
        ("MULTIPOLYGON(((0 0,0 1,1 1,0 0)))", "ST_MultiPolygon"),
        ("GEOMETRYCOLLECTION(POINT(1 2))", "ST_GeometryCollection"),
    ] {
        assert_eq!(of(text).kind(), expected, "{text}");
    }
}

#[test]
fn shapes_are_equal_if_they_cover_the_same() {
    check_two(
        Geometry::equals,
        truth,
        &[
            ("POLYGON ((0 2,1 1,0 -1,0 2))", "POLYGON((-1 3,2 1,0 -3,-1 3))", "false", "false"),
            ("LINESTRING (1 0, 10 0)", "LINESTRING(1 0,5 0,10 0)", "true", "true"),
            ("LINESTRING (1 0, 10 0)", "LINESTRING(10 0,1 0)", "true", "true"),
            ("POLYGON((0 0,4 0,4 4,0 0))", "POLYGON((4 4,0 0,4 0,4 4))", "true", "true"),
            ("POINT(1 2)", "POINT Z(1 2 3)", "true", "true"),
            ("POINT(1 2)", "MULTIPOINT(1 2,1 2)", "true", "true"),
            ("POINT EMPTY", "LINESTRING EMPTY", "true", "true"),
            ("POINT EMPTY", "POINT(1 2)", "false", "false"),
            (HOLED, SQUARE, "false", "false"),
            // Parts of a collection may share a side, overlap, and lie within each other.
            (
                "GEOMETRYCOLLECTION(POLYGON((0 0,5 0,5 10,0 10,0 0)),POLYGON((5 0,10 0,10 10,5 10,5 0)))",
                SQUARE,
                "true",
                "true",
            ),
            (
                "GEOMETRYCOLLECTION(POLYGON((0 0,0 10,8 10,8 0,0 0)),POLYGON((3 0,10 0,10 10,3 10,3 0)))",
                SQUARE,
                "true",
                "true",
            ),
            (
                "GEOMETRYCOLLECTION(POLYGON((0 0,10 0,10 10,0 10,0 0)),POLYGON((2 2,2 5,5 5,2 2)))",
                SQUARE,
                "true",
                "true",
            ),
            ("GEOMETRYCOLLECTION(POLYGON((0 0,9 0,9 9,0 0)),POLYGON((0 0,9 9,0 9,0 0)))", SQUARE, "false", "false"),
        ],
    );
}

#[test]
fn a_shape_contains_what_is_inside() {
    check_two(
        Geometry::contains,
        truth,
        &[
            ("POLYGON((0 2,1 1,0 -1,0 2))", "POLYGON((-1 3,2 1,0 -3,-1 3))", "false", "true"),
            (SQUARE, "POINT(5 5)", "true", "false"),
            // What lies on the edge alone is not inside.
            (SQUARE, "POINT(0 5)", "false", "false"),
            (SQUARE, "LINESTRING(0 0,10 0)", "false", "false"),
            (SQUARE, "LINESTRING(0 0,10 10)", "true", "false"),
            (SQUARE, SQUARE, "true", "true"),
            (HOLED, "POINT(3 3)", "false", "false"),
            (SQUARE, HOLED, "true", "false"),
            ("LINESTRING(0 0,4 0)", "POINT(2 0)", "true", "false"),
            (SQUARE, "POINT EMPTY", "false", "false"),
            (SQUARE, "MULTIPOINT(1 1,11 1)", "false", "false"),
            (
                SQUARE,
                "GEOMETRYCOLLECTION(POINT(9 9),POLYGON((1 1,5 1,5 5,1 1)),POLYGON((1 1,5 5,1 5,1 1)))",
                "true",
                "false",
            ),
            (OVERLAPPING, "POINT(3 5)", "true", "false"),
            (OVERLAPPING, "LINESTRING(1 1,8.5 9)", "true", "false"),
            (
                "GEOMETRYCOLLECTION(POLYGON((0.1 0.1,0.7 0.1,0.7 0.7,0.1 0.1)),POLYGON((2 2,3 2,3 3,2 2)))",
                "POLYGON((0.1 0.1,0.7 0.1,0.7 0.7,0.1 0.1))",
                "true",
                "false",
            ),
            ("MULTIPOLYGON(((0 0,4 0,4 4,0 0)),((9 9,8 9,8 8,9 9)))", "MULTIPOINT(3 1,8.2 8.5)", "true", "false"),
        ],
    );
}

#[test]
fn shapes_intersect_if_they_have_a_point_in_common() {
    check_two(
        Geometry::intersects,
        truth,
        &[
            (HOLED, "MULTIPOINT((4 4),(6 6))", "true", "true"),
            (HOLED, "POINT(4 4)", "false", "false"),
            (HOLED, "POINT(2 3)", "true", "true"),
            ("LINESTRING(0 0,4 4)", "LINESTRING(0 4,4 0)", "true", "true"),
            ("LINESTRING(0 0,4 4)", "LINESTRING(5 5,6 6)", "false", "false"),
            (SQUARE, "POINT EMPTY", "false", "false"),
            (SQUARE, "GEOMETRYCOLLECTION(POINT(20 20),LINESTRING(5 5,20 20))", "true", "true"),
        ],
    );
}

#[test]
fn distances_are_the_shortest() {
    check_two(
        Geometry::distance,
        length,
        &[
            ("POLYGON((0 2,1 1,0 -1,0 2))", "POLYGON((-1 -3,-2 -1,0 -3,-1 -3))", "1.414214", "1.414214"),
            ("POINT(0 0)", "POINT(3 4)", "5.000000", "5.000000"),
            ("POINT(0 0)", "POINT Z(3 4 12)", "5.000000", "5.000000"),
            (SQUARE, "POINT(5 5)", "0.000000", "0.000000"),
            (HOLED, "POINT(3 3)", "1.000000", "1.000000"),
            (SQUARE, "POINT EMPTY", "none", "none"),
            ("MULTIPOINT(0 0,9 9)", "LINESTRING(9 0,9 5)", "4.000000", "4.000000"),
        ],
    );
}

#[test]
fn distances_on_the_earth_are_in_metres() {
    check_two(
        Geometry::distance_spheroid,
        metres,
        &[
            ("POINT(-110 42)", "POINT(-118 38)", "814279", "814279"),
            // A quarter of the meridian, and around the back of the Pacific.
            ("POINT(0 0)", "POINT(0 90)", "10001966", "10001966"),
            ("POINT(179 0)", "POINT(-179 0)", "222639", "222639"),
            ("POINT(1 1)", "POINT(1 1)", "0", "0"),
            // Off the earth: latitude and longitude changed places.
            ("POINT(33.6367 -84.4281)", "POINT(0 -184)", "NaN", "NaN"),
            ("POINT(200 0)", "POINT(0 0)", "NaN", "NaN"),
            ("POINT EMPTY", "POINT(0 0)", "none", "none"),
            // One degree north of the equator, which is the nearest side.
            ("POINT(0.5 1)", "POLYGON((0 0,1 0,1 -1,0 -1,0 0))", "110574", "110574"),
            ("LINESTRING(0 1,1 1)", "LINESTRING(0 2,1 2)", "110575", "110575"),
            ("POINT(0.5 -0.5)", "POLYGON((0 0,1 0,1 -1,0 -1,0 0))", "0", "0"),
            ("GEOMETRYCOLLECTION(POINT(50 50),POINT(0 1))", "MULTIPOINT(0 0,90 0)", "110574", "110574"),
        ],
    );
}

#[test]
fn an_envelope_is_a_box_or_a_point() {
    for (text, expected) in [
        ("POLYGON ((2 1, 4 3, 6 1, 5 5, 3 4, 2 1))", "POLYGON ((2 1, 6 1, 6 5, 2 5, 2 1))"),
        ("GEOMETRYCOLLECTION(POINT Z(1 2 3))", "POINT (1 2)"),
        ("LINESTRING EMPTY", "POINT EMPTY"),
        ("LINESTRING(0 0,4 0)", "POLYGON ((0 0, 4 0, 4 0, 0 0, 0 0))"),
    ] {
        assert_eq!(of(text).envelope().unwrap().text(), expected, "{text}");
    }
}

#[test]
fn a_buffer_is_what_is_near() {
    let circle = of("POINT (1 1)").buffer(1.0, 8).unwrap();
    let start = "POLYGON ((2 1, 1.9807852804032304 0.8049096779838718, 1.9238795325112867 0.6173165676349102, ";
    assert!(circle.text().starts_with(start), "{circle}");
    for (text, distance, segments, covers, spares) in [
        (
            "LINESTRING (1 2,5 2,5 8)",
            2.0,
            4,
            "MULTIPOINT(-0.9 2,5 9.9,3 4,6.4 0.6)",
            "MULTIPOINT(-1.1 2,6.5 0.5,2.9 5)",
        ),
        ("MULTIPOINT(0 0,10 0)", 1.0, 8, "MULTIPOINT(0.9 0,9.1 0)", "MULTIPOINT(5 0,0.9 0.9)"),
        (SQUARE, 1.0, 8, "MULTIPOINT(-0.9 5,-0.5 -0.5)", "MULTIPOINT(-0.9 -0.9,-1.1 5)"),
        (SQUARE, -1.0, 8, "MULTIPOINT(1.1 1.1,5 5)", "MULTIPOINT(0.9 5,0.5 0.5)"),
        (SQUARE, 0.0, 8, "POINT(5 5)", "POINT(10.1 5)"),
        ("GEOMETRYCOLLECTION(POINT(0 0),LINESTRING(5 0,9 0))", 1.0, 8, "MULTIPOINT(0.9 0,7 0.9)", "POINT(2 0)"),
        ("LINESTRING(0 0,4 0)", 1.0, 0, "POINT(2 0.9)", "POINT(4.5 0)"),
    ] {
        let around = of(text).buffer(distance, segments).unwrap();
        assert!(around.contains(&of(covers)), "{text} within {distance}: {around}");
        assert!(!around.intersects(&of(spares)), "{text} within {distance}: {around}");
    }
    for (text, distance) in [("POINT EMPTY", 1.0), ("POINT(1 1)", 0.0), ("POINT(1 1)", -1.0), (SQUARE, -6.0)] {
        assert_eq!(of(text).buffer(distance, 8).unwrap().text(), "POLYGON EMPTY", "{text} within {distance}");
    }
}

mod any {
    use proptest::prelude::*;

    use super::super::*;

    /// Shapes on a small grid, so that sides meet, touch and cross themselves.
    fn shapes() -> impl Strategy<Value = Shape> {
        let place = (0..5_u8, 0..5_u8).prop_map(|(x, y)| Place { x: x.into(), y: y.into(), z: None });
        let line = proptest::collection::vec(place.clone(), 2..7).boxed();
        let ring = proptest::collection::vec(place, 3..7).prop_map(|mut ring| {
            ring.push(ring[0]);
            ring
        });
        let rings = proptest::collection::vec(ring, 1..3).boxed();
        let one = prop_oneof![
            line.clone().prop_map(|line| Shape::Point(line.first().copied())),
            line.clone().prop_map(Shape::MultiPoint),
            line.clone().prop_map(Shape::LineString),
            proptest::collection::vec(line, 0..3).prop_map(Shape::MultiLineString),
            rings.clone().prop_map(Shape::Polygon),
            proptest::collection::vec(rings, 0..3).prop_map(Shape::MultiPolygon),
        ]
        .boxed();
        prop_oneof![one.clone(), proptest::collection::vec(one, 0..3).prop_map(Shape::Collection)]
    }

    proptest! {
        /// However malformed polygons are, every question is answered.
        #[test]
        fn no_shape_is_too_strange(one in shapes(), other in shapes(), around in -2.0..3.0, segments in 0..4_u16) {
            let [one, other] = [one, other].map(|of| Geometry::new(&of).unwrap());
            for question in [Geometry::equals, Geometry::contains, Geometry::intersects] {
                question(&one, &other);
            }
            prop_assert!(one.distance(&other).is_none_or(|distance| distance >= 0.0));
            prop_assert!(one.distance_spheroid(&other).is_none_or(|distance| distance >= 0.0));
            one.envelope().unwrap();
            one.buffer(around, segments).unwrap();
            prop_assert_eq!(Geometry::read(one.text()).unwrap(), one);
        }
    }
}
