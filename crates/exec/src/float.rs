//! Floats as text, as Java writes them: clients of these languages have seen no other form.

use std::fmt;

/// Writes the shortest digits that give the float back: with a point from a thousandth to ten million, else with an
/// exponent (`1.0E10`).
pub(crate) fn write(out: &mut impl fmt::Write, value: f64) -> fmt::Result {
    if value.is_nan() {
        return out.write_str("NaN");
    }
    if value.is_infinite() {
        return out.write_str(if value > 0.0 { "Infinity" } else { "-Infinity" });
    }
    if value == 0.0 || (1e-3..1e7).contains(&value.abs()) {
        return write!(out, "{value:?}");
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').expect("this format has an exponent");
    write!(out, "{digits}{}E{exponent}", if digits.contains('.') { "" } else { ".0" })
}

/// The text of a float.
pub(crate) fn text(value: f64) -> String {
    let mut out = String::new();
    write(&mut out, value).expect("a string takes whatever is written");
    out
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn floats_are_written_as_java_writes_them() {
        for (value, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (2.3, "2.3"),
            (0.001, "0.001"),
            (0.000_9, "9.0E-4"),
            (9_999_999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (1.25e10, "1.25E10"),
            (-1e300, "-1.0E300"),
            (5e-324, "5.0E-324"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(text(value), expected);
        }
    }
}
