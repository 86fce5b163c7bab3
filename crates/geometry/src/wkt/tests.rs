//! Every kind has one text, and what is wrong with a text is told.

use proptest::prelude::*;

use super::{Place, Shape, parse, text};

fn check(from: &str, expected: &str) {
    let found = match parse(from) {
        Ok(shape) => text(&shape).expect("what was read can be written"),
        Err(error) => error.to_string(),
    };
    assert_eq!(found, expected, "{from}");
}

#[test]
fn every_kind_has_one_text() {
    for (from, expected) in [
        ("point(1.0 -2.50)", "POINT (1 -2.5)"),
        (" POINT ( 1e3  1e-3 ) ", "POINT (1000 0.001)"),
        ("POINT(-0 0)", "POINT (0 0)"),
        ("POINT EMPTY", "POINT EMPTY"),
        ("POINT Z (1 2 3)", "POINT Z (1 2 3)"),
        ("POINTZ(1 2 3)", "POINT Z (1 2 3)"),
        ("POINT(1 2 3)", "POINT Z (1 2 3)"),
        ("POINT Z EMPTY", "POINT EMPTY"),
        ("LINESTRING(1 2,3 4)", "LINESTRING (1 2, 3 4)"),
        ("LINESTRING Z(1 2 0,3 4 0)", "LINESTRING Z (1 2 0, 3 4 0)"),
        ("POLYGON((0 0,0 1,1 1,0 0))", "POLYGON ((0 0, 0 1, 1 1, 0 0))"),
        ("POLYGON((0 0,9 0,9 9,0 0),(2 1,3 1,3 2,2 1))", "POLYGON ((0 0, 9 0, 9 9, 0 0), (2 1, 3 1, 3 2, 2 1))"),
        ("POLYGON EMPTY", "POLYGON EMPTY"),
        ("MULTIPOINT(1 2,3 4)", "MULTIPOINT ((1 2), (3 4))"),
        ("MULTIPOINT((1 2),(3 4))", "MULTIPOINT ((1 2), (3 4))"),
        ("MULTILINESTRING((1 2,3 4),EMPTY)", "MULTILINESTRING ((1 2, 3 4), EMPTY)"),
        ("MULTIPOLYGON(((0 0,0 1,1 1,0 0)),EMPTY)", "MULTIPOLYGON (((0 0, 0 1, 1 1, 0 0)), EMPTY)"),
        ("GEOMETRYCOLLECTION(POINT(1 2 3),LINESTRING EMPTY)", "GEOMETRYCOLLECTION (POINT Z (1 2 3), LINESTRING EMPTY)"),
        ("GEOMETRYCOLLECTION EMPTY", "GEOMETRYCOLLECTION EMPTY"),
    ] {
        check(from, expected);
        check(expected, expected);
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (from, expected) in [
        (
            "CIRCLE(1 2)",
            "at character 1: expected POINT, LINESTRING, POLYGON, MULTIPOINT, MULTILINESTRING, MULTIPOLYGON or GEOMETRYCOLLECTION",
        ),
        ("POINT", "at character 6: expected ( or EMPTY"),
        ("POINT(1)", "at character 8: expected a number"),
        ("POINT(1 x)", "at character 9: expected a number"),
        ("POINT(1 1e999)", "at character 9: expected a number"),
        ("POINT(1 inf)", "at character 9: expected a number"),
        ("POINT(1 2,3 4)", "at character 15: expected one place in a point"),
        ("POINT(1 2) x", "at character 12: expected nothing behind the shape"),
        ("POINT(1 2 3 4)", "at character 13: expected , or )"),
        ("POINT M (1 2 3)", "at character 7: expected ( or EMPTY"),
        ("LINESTRING(1 2)", "at character 16: expected at least two places in a line string"),
        ("LINESTRING(1 2,3 4 5)", "at character 20: expected places that all have a height, or none"),
        (
            "POLYGON((0 0,1 1,0 0))",
            "at character 22: expected a ring of at least four places, of which the last is the first",
        ),
        (
            "POLYGON((0 0,1 1,1 0,0 1))",
            "at character 26: expected a ring of at least four places, of which the last is the first",
        ),
        (
            "GEOMETRYCOLLECTION(POINT(1 2),POINT Z(1 2 3))",
            "at character 38: expected places without heights, as before",
        ),
    ] {
        check(from, expected);
    }
    let deep = format!("{}POINT(1 2){}", "GEOMETRYCOLLECTION(".repeat(1000), ")".repeat(1000));
    check(&deep, "at character 324: expected collections that nest at most 16 deep");
    check(&" ".repeat(70_000), "at character 1: expected at most 65536 bytes");
    let wide = format!("LINESTRING({}1 2)", "1e300 1e300,".repeat(500));
    check(&wide, "at character 1: expected a shape whose text has at most 65536 bytes");
}

fn places(least: usize) -> impl Strategy<Value = Vec<Place>> {
    let number =
        prop_oneof![(-180..180_i32).prop_map(f64::from), any::<f64>().prop_filter("finite", |n| n.is_finite())];
    let number = number.prop_map(|number: f64| number + 0.0).boxed();
    let place = (number.clone(), number).prop_map(|(x, y)| Place { x, y, z: None });
    proptest::collection::vec(place, least..least + 4)
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        points in places(0), line in places(2), mut ring in places(3), nest in 0..3_usize,
    ) {
        ring.extend(ring.first().copied());
        let mut shape = Shape::Collection(vec![
            Shape::Point(points.first().copied()),
            Shape::MultiPoint(points),
            Shape::LineString(line.clone()),
            Shape::MultiLineString(vec![line, Vec::new()]),
            Shape::Polygon(vec![ring.clone()]),
            Shape::MultiPolygon(vec![vec![ring], Vec::new()]),
        ]);
        for _ in 0..nest {
            shape = Shape::Collection(vec![shape]);
        }
        prop_assert_eq!(parse(&text(&shape).unwrap()), Ok(shape));
    }

    #[test]
    fn no_text_is_too_much(text in "[A-Z(), 0-9eEZ.-]{0,60}") {
        if let Ok(shape) = parse(&text) {
            prop_assert_eq!(parse(&super::text(&shape).unwrap()), Ok(shape));
        }
    }
}
