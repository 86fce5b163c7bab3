//! The functions of shapes: those whose names begin with `ST_`. What they compute is in the crate `geometry`.
//!
//! - **Null**: where an argument is null, so is the answer.
//! - **Errors**: an argument of another type is [`EvalError::Spatial`], which the service has as a bad request.
//! - **Source**: spec/opencypher.md §5; the service's guide, "Spatial functions".

use std::sync::Arc;

use geometry::wkt::{MAX_TEXT, Malformed, Place, Shape};
use geometry::{Geometry, MOST_SEGMENTS};

use crate::{EvalError, Result, Value};

/// `ST_Point(x, y, z)`
///
/// # Errors
///
/// A coordinate is no number, or not finite.
pub fn point(x: &Value, y: &Value, z: Option<&Value>) -> Result {
    const OPERATION: &str = "ST_Point()";
    let z = z.map_or(Ok(None), |z| number(OPERATION, z))?;
    match (number(OPERATION, x)?, number(OPERATION, y)?) {
        (Some(x), Some(y)) => made(OPERATION, Geometry::new(&Shape::Point(Some(Place { x, y, z })))),
        _ => Ok(Value::Null),
    }
}

/// `ST_GeomFromText(text)`
///
/// # Errors
///
/// It is no string, or no well-known text.
pub fn from_text(text: &Value) -> Result {
    const OPERATION: &str = "ST_GeomFromText()";
    match text {
        Value::Null => Ok(Value::Null),
        Value::String(text) => match Geometry::read(text) {
            Ok(geometry) => Ok(Value::Geometry(Arc::new(geometry))),
            Err(error) => Err(EvalError::spatial(OPERATION, error.to_string())),
        },
        other => Err(EvalError::spatial(OPERATION, format!("takes well-known text, but was given {}", other.kind()))),
    }
}

/// `ST_AsText(geometry)`
///
/// # Errors
///
/// It is no geometry; so with all below.
pub fn as_text(of: &Value) -> Result {
    of_one("ST_AsText()", of, |of| Ok(of.text().into()))
}

/// `ST_GeometryType(geometry)`
pub fn kind(of: &Value) -> Result {
    of_one("ST_GeometryType()", of, |of| Ok(of.kind().into()))
}

/// `ST_Equals(one, other)`
pub fn equals(one: &Value, other: &Value) -> Result {
    of_two("ST_Equals()", one, other, |one, other| one.equals(other).into())
}

/// `ST_Contains(one, other)`
pub fn contains(one: &Value, other: &Value) -> Result {
    of_two("ST_Contains()", one, other, |one, other| one.contains(other).into())
}

/// `ST_Intersects(one, other)`
pub fn intersects(one: &Value, other: &Value) -> Result {
    of_two("ST_Intersects()", one, other, |one, other| one.intersects(other).into())
}

/// `ST_Distance(one, other)`
pub fn distance(one: &Value, other: &Value) -> Result {
    of_two("ST_Distance()", one, other, |one, other| one.distance(other).map_or(Value::Null, Value::Float))
}

/// `ST_DistanceSpheroid(one, other)`
pub fn distance_spheroid(one: &Value, other: &Value) -> Result {
    let distance = |one: &Geometry, other: &Geometry| one.distance_spheroid(other);
    of_two("ST_DistanceSpheroid()", one, other, |one, other| distance(one, other).map_or(Value::Null, Value::Float))
}

/// `ST_Envelope(geometry)`
pub fn envelope(of: &Value) -> Result {
    const OPERATION: &str = "ST_Envelope()";
    of_one(OPERATION, of, |of| made(OPERATION, of.envelope()))
}

/// `ST_Buffer(geometry, distance, segments)`: a quarter of a circle becomes so many lines, eight if it is not said.
///
/// # Errors
///
/// The distance is no finite number, the count no integer or too large.
pub fn buffer(of: &Value, distance: &Value, segments: Option<&Value>) -> Result {
    const OPERATION: &str = "ST_Buffer()";
    let segments = match segments {
        None => Some(8),
        Some(Value::Null) => None,
        // As documented, a negative one is none.
        Some(Value::Integer(count)) if *count <= MOST_SEGMENTS.into() => Some(u16::try_from(*count).unwrap_or(0)),
        Some(other) => {
            let problem = format!("takes at most {MOST_SEGMENTS} segments, but was given {other}");
            return Err(EvalError::spatial(OPERATION, problem));
        }
    };
    let asked = number(OPERATION, distance)?.zip(segments);
    of_one(OPERATION, of, |of| match asked {
        Some((distance, segments)) => made(OPERATION, of.buffer(distance, segments)),
        None => Ok(Value::Null),
    })
}

/// The value of a geometry, if its text is not too long.
fn made(operation: &'static str, geometry: Result<Geometry, Malformed>) -> Result {
    let what = "a geometry whose text has more bytes than";
    let geometry = geometry.map_err(|_| EvalError::TooLarge { operation, what, limit: MAX_TEXT })?;
    Ok(Value::Geometry(Arc::new(geometry)))
}

/// The geometry that an argument is; `None` if it is null.
fn geometry<'a>(operation: &'static str, value: &'a Value) -> Result<Option<&'a Geometry>> {
    match value {
        Value::Null => Ok(None),
        Value::Geometry(geometry) => Ok(Some(geometry)),
        other => Err(EvalError::spatial(operation, format!("takes a geometry, but was given {}", other.kind()))),
    }
}

/// The finite number that an argument is; `None` if it is null.
fn number(operation: &'static str, value: &Value) -> Result<Option<f64>> {
    match value {
        Value::Null => Ok(None),
        Value::Integer(number) => Ok(Some(*number as f64)),
        // Minus zero is no other place than zero.
        Value::Float(number) if number.is_finite() => Ok(Some(*number + 0.0)),
        other => Err(EvalError::spatial(operation, format!("takes finite numbers, but was given {other}"))),
    }
}

fn of_one(operation: &'static str, of: &Value, answer: impl FnOnce(&Geometry) -> Result) -> Result {
    geometry(operation, of)?.map_or(Ok(Value::Null), answer)
}

fn of_two(
    operation: &'static str,
    one: &Value,
    other: &Value,
    answer: impl FnOnce(&Geometry, &Geometry) -> Value,
) -> Result {
    let (one, other) = (geometry(operation, one)?, geometry(operation, other)?);
    Ok(one.zip(other).map_or(Value::Null, |(one, other)| answer(one, other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(result: Result) -> String {
        match result {
            Ok(value) => value.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn points_are_made_of_numbers() {
        for (x, y, z, expected) in [
            (Value::from(5.0), Value::from(7.0), None, "'POINT (5 7)'"),
            (5.into(), (-0.0).into(), Some(Value::Null), "'POINT (5 0)'"),
            (5.into(), 7.into(), Some(1.5.into()), "'POINT Z (5 7 1.5)'"),
            (Value::Null, 7.into(), None, "null"),
            (5.into(), Value::Null, None, "null"),
            ("5".into(), 7.into(), None, "ST_Point(): takes finite numbers, but was given '5'"),
            (5.into(), f64::NAN.into(), None, "ST_Point(): takes finite numbers, but was given NaN"),
        ] {
            assert_eq!(shown(point(&x, &y, z.as_ref())), expected);
        }
    }

    #[test]
    fn a_geometry_is_made_of_a_text() {
        for (text, expected) in [
            (Value::Null, "null"),
            ("polygon((0 0,0 1,1 1,1 0,0 0))".into(), "'POLYGON ((0 0, 0 1, 1 1, 1 0, 0 0))'"),
            (1.into(), "ST_GeomFromText(): takes well-known text, but was given an integer"),
            ("POINT(1)".into(), "ST_GeomFromText(): at character 8: expected a number"),
        ] {
            assert_eq!(shown(from_text(&text)), expected);
        }
    }

    #[test]
    fn only_geometries_are_asked_and_null_answers_null() {
        let geometry = point(&1.into(), &2.into(), None).unwrap();
        let questions: [fn(&Value, &Value) -> Result; 5] = [equals, contains, intersects, distance, distance_spheroid];
        for question in questions {
            assert!(!question(&geometry, &geometry).unwrap().is_null());
            assert!(question(&Value::Null, &geometry).unwrap().is_null());
            assert!(question(&geometry, &Value::Null).unwrap().is_null());
            let error = question(&geometry, &"POINT(1 2)".into()).unwrap_err();
            assert!(error.to_string().ends_with("takes a geometry, but was given a string"), "{error}");
            assert_eq!(error.names().1, "InvalidGeometry");
        }
        for question in [as_text, kind, envelope] {
            assert!(question(&Value::Null).unwrap().is_null());
            assert!(question(&1.into()).is_err());
        }
        assert!(buffer(&Value::Null, &1.into(), None).unwrap().is_null());
        assert!(buffer(&geometry, &Value::Null, None).unwrap().is_null());
        assert!(buffer(&geometry, &1.into(), Some(&Value::Null)).unwrap().is_null());
        assert_eq!(shown(buffer(&geometry, &0.into(), Some(&(-3).into()))), "'POLYGON EMPTY'");
        let error = buffer(&geometry, &1.into(), Some(&2000.into())).unwrap_err();
        assert_eq!(error.to_string(), "ST_Buffer(): takes at most 1000 segments, but was given 2000");
    }
}
