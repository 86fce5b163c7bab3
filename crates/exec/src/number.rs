//! Integers and floats compared by their exact values.
//!
//! Turning an integer of 64 bits into a float rounds it, so that 2^53 and 2^53 + 1 would be one number.

use std::cmp::Ordering;

/// 2^63, which no 64-bit integer reaches.
const LIMIT: f64 = 9_223_372_036_854_775_808.0;

/// How an integer stands to a float; `None` if that is NaN.
pub(crate) fn compare(integer: i64, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float >= LIMIT {
        return Some(Ordering::Less);
    }
    if float < -LIMIT {
        return Some(Ordering::Greater);
    }
    // Within the limits the whole part is exact.
    let whole = float.trunc();
    Some(integer.cmp(&(whole as i64)).then_with(|| 0.0_f64.partial_cmp(&(float - whole)).unwrap_or(Ordering::Equal)))
}

/// The integer that a float is, if it is one.
pub(crate) fn integer(float: f64) -> Option<i64> {
    (float.fract() == 0.0 && (-LIMIT..LIMIT).contains(&float)).then_some(float as i64)
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering::{Equal, Greater, Less};

    use super::{compare, integer};

    #[test]
    fn integers_and_floats_compare_exactly() {
        for (left, right, expected) in [
            (1, 1.0, Some(Equal)),
            (1, 1.5, Some(Less)),
            (-1, -1.5, Some(Greater)),
            (0, -0.0, Some(Equal)),
            ((1 << 53) + 1, 9_007_199_254_740_992.0, Some(Greater)),
            (i64::MAX, 9_223_372_036_854_775_807.0, Some(Less)),
            (i64::MIN, -9_223_372_036_854_775_808.0, Some(Equal)),
            (i64::MIN, f64::NEG_INFINITY, Some(Greater)),
            (i64::MAX, f64::INFINITY, Some(Less)),
            (0, f64::NAN, None),
        ] {
            assert_eq!(compare(left, right), expected, "{left} and {right}");
        }
        assert_eq!(integer(-0.0), Some(0));
        assert_eq!(integer(9_223_372_036_854_775_808.0), None);
        assert_eq!(integer(0.5), None);
    }
}
