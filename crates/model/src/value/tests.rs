//! Canonical forms, and orders of ids held against orders of values.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::calendar::{date_of_days, days_in_month, days_of_date};
use super::*;
use crate::datatype::*;

/// Any value that has an id of its own.
pub(crate) fn any_scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::Boolean),
        any_integer(),
        any_decimal(),
        any_notation::<f64>().prop_map(|(value, notation)| Value::Double { value, notation }),
        any_notation::<f32>().prop_map(|(value, notation)| Value::Float { value, notation }),
        any_instant(),
        any::<i32>().prop_map(|days| Value::Date { days }),
    ]
}

fn any_integer() -> impl Strategy<Value = Value> {
    (0..IntegerType::ALL.len(), any::<i128>(), -3..3_i128, any::<bool>()).prop_map(|(kind, bits, near, at_end)| {
        let kind = IntegerType::ALL[kind];
        let (lowest, highest) = kind.range();
        let span = highest - lowest + 1;
        let offset = if at_end { near } else { bits };
        Value::Integer { kind, value: lowest + offset.rem_euclid(span) }
    })
}

fn any_decimal() -> impl Strategy<Value = Value> {
    (-10_i128.pow(34)..10_i128.pow(34), 0..=18_u8).prop_map(|(bits, digits)| {
        let unit = 10_i128.pow(18 - u32::from(digits));
        Value::Decimal { scaled: bits / unit * unit, digits }
    })
}

fn any_instant() -> impl Strategy<Value = Value> {
    (any::<i64>(), 0..1_000_000_000_u32, 0..=9_u8, any::<bool>()).prop_map(|(seconds, nanos, digits, zoned)| {
        let unit = 10_u32.pow(9 - u32::from(digits));
        Value::DateTime { seconds, nanos: nanos / unit * unit, digits, zoned }
    })
}

/// Any number in a notation that writes it whole.
fn any_notation<R: float::Real + Arbitrary + 'static>() -> impl Strategy<Value = (R, Notation)>
where
    R::Strategy: 'static,
{
    let scientific = any::<R>().prop_map(|value| (value, Notation::Scientific));
    let special = (0..6_usize)
        .prop_filter_map("exists", |index| float::parse::<R>(["0.0E0", "-0.0E0", "INF", "-INF", "NaN", "-0.0"][index]));
    let fixed = "-?(0|[1-9][0-9]{0,5})(\\.[0-9]{1,5})?".prop_filter_map("whole", |text| float::parse::<R>(&text));
    prop_oneof![scientific, special, fixed]
}

#[test]
fn canonical_forms_lie_in_the_id() {
    let forms = [
        (XSD_BOOLEAN, &["true", "false"][..]),
        (XSD_INTEGER, &["0", "-1", "18446744073709551615", "-9223372036854775808"]),
        (XSD_BYTE, &["-128", "127"]),
        (XSD_NEGATIVE_INTEGER, &["-1"]),
        (XSD_DECIMAL, &["5", "5.0", "-5.000", "0", "0.0", "-0.1", "0.123456789012345678", "10000000000000000", "1.50"]),
        (XSD_DOUBLE, &["1.0E0", "-1.25E-7", "1.7976931348623157E308", "5.0E-324", "INF", "-INF", "NaN", "-0.0E0"]),
        (XSD_DOUBLE, &["47.1200", "47", "0", "-0.0", "-0", "0.1", "100000000000000000000", "0.30000000000000004"]),
        (XSD_FLOAT, &["3.4028235E38", "1.0E-45", "NaN", "0.1", "16777216"]),
        (XSD_DATE_TIME, &["1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "0001-01-01T00:00:00.0Z"]),
        (XSD_DATE_TIME, &["2024-02-29T12:30:00", "1969-12-31T23:59:59.90"]),
        (XSD_DATE, &["1970-01-01", "0001-01-01", "9999-12-31", "2000-02-29"]),
    ];
    for (datatype, lexical_forms) in forms {
        for lexical in lexical_forms {
            let value = Value::scalar(lexical, datatype).unwrap_or_else(|| panic!("{lexical} of {datatype}"));
            assert_eq!((&*value.lexical(), value.datatype()), (*lexical, datatype));
            let id = value.inline().unwrap_or_else(|| panic!("{lexical} of {datatype} has an id"));
            let tag = id.tag().unwrap_or_else(|| panic!("{lexical} of {datatype} has a tag"));
            assert_eq!(Value::from_inline(tag, id.payload()), Some(value), "{lexical} of {datatype}");
        }
    }
}

#[test]
fn milliseconds_are_written_with_few_digits() {
    let written = [
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_700_000_000_120, "2023-11-14T22:13:20.12Z"),
        (1_700_000_000_100, "2023-11-14T22:13:20.1Z"),
        (253_402_300_800_000, "10000-01-01T00:00:00Z"),
        (-62_167_219_200_001, "-0001-12-31T23:59:59.999Z"),
        (i64::MAX, "292278994-08-17T07:12:55.807Z"),
        (i64::MIN, "-292275055-05-16T16:47:04.192Z"),
    ];
    for (milliseconds, lexical) in written {
        assert_eq!(Value::instant(milliseconds).lexical(), lexical);
    }
}

#[test]
fn integer_types_are_found_by_tag_and_name() {
    for tag in Tag::ALL {
        assert!(IntegerType::from_tag(tag).is_none_or(|kind| kind.tag() == tag));
    }
    for kind in IntegerType::ALL {
        assert_eq!(IntegerType::from_tag(kind.tag()), Some(kind));
        let name = kind.datatype().strip_prefix(XSD).unwrap_or_default();
        assert_eq!(IntegerType::from_name(name), Some(kind));
    }
}

#[test]
fn the_calendar_counts_every_day() {
    let mut day = days_of_date(-401, 1, 1);
    for year in -401..=2401 {
        for month in 1..=12 {
            for day_of_month in 1..=days_in_month(year, month) {
                assert_eq!(days_of_date(year, month, day_of_month), day);
                assert_eq!(date_of_days(day), (year, month, day_of_month));
                day += 1;
            }
        }
    }
    assert_eq!(days_of_date(1970, 1, 1), 0);
    assert_eq!(days_of_date(2000, 3, 1), 11_017);
}

/// That ids sort as `expected` says.
fn check_order(a: &Value, b: &Value, expected: Ordering) -> Result<(), TestCaseError> {
    let (x, y) = (a.inline(), b.inline());
    prop_assert!(x.is_some() && y.is_some());
    prop_assert_eq!(x.cmp(&y), expected, "{:?} {:?}", a, b);
    Ok(())
}

proptest! {
    #[test]
    fn integers_sort_by_value(a in any_integer(), b in any_integer()) {
        if let (Value::Integer { kind, value: a }, Value::Integer { value: b, .. }) = (a, b) {
            let (lowest, highest) = kind.range();
            let b = b.clamp(lowest, highest);
            let value = |value| Value::Integer { kind, value };
            check_order(&value(a), &value(b), a.cmp(&b))?;
        }
    }

    #[test]
    fn decimals_sort_by_value(a in any_decimal(), b in any_decimal()) {
        if let (Value::Decimal { scaled: x, digits: m }, Value::Decimal { scaled: y, digits: n }) = (&a, &b) {
            check_order(&a, &b, (x, m).cmp(&(y, n)))?;
        }
    }

    #[test]
    fn doubles_sort_by_value(a in any_notation::<f64>(), b in any_notation::<f64>()) {
        let value = |(value, notation)| Value::Double { value, notation };
        let expected = total(a.0).total_cmp(&total(b.0));
        if expected.is_ne() {
            check_order(&value(a), &value(b), expected)?;
        }
    }

    #[test]
    fn floats_sort_by_value(a in any_notation::<f32>(), b in any_notation::<f32>()) {
        let value = |(value, notation)| Value::Float { value, notation };
        let expected = total(a.0.into()).total_cmp(&total(b.0.into()));
        if expected.is_ne() {
            check_order(&value(a), &value(b), expected)?;
        }
    }

    #[test]
    fn instants_sort_by_value(a in any_instant(), b in any_instant()) {
        if let (
            Value::DateTime { seconds: s, nanos: m, digits: x, zoned },
            Value::DateTime { seconds: t, nanos: n, digits: y, .. },
        ) = (a, b) {
            let (a, b) = ((s, m, x), (t, n, y));
            let value = |(seconds, nanos, digits)| Value::DateTime { seconds, nanos, digits, zoned };
            check_order(&value(a), &value(b), a.cmp(&b))?;
        }
    }

    #[test]
    fn days_sort_by_value(a in any::<i32>(), b in any::<i32>()) {
        check_order(&Value::Date { days: a }, &Value::Date { days: b }, a.cmp(&b))?;
    }

    #[test]
    fn scalars_are_read_as_they_are_written(value in any_scalar()) {
        // Instants of years beyond 1 to 9999 have an id when they come as milliseconds only.
        let read = Value::literal(&value.lexical(), value.datatype());
        prop_assert_eq!(read.lexical(), value.lexical());
        if !matches!(value, Value::DateTime { .. } | Value::Date { .. }) {
            prop_assert_eq!(read, value);
        }
    }

    #[test]
    fn dates_count_from_any_day(days in i64::MIN / 86_400..i64::MAX / 86_400) {
        let (year, month, day) = date_of_days(days);
        prop_assert!((1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month));
        prop_assert_eq!(days_of_date(year, month, day), days);
    }
}

/// The one NaN sorts last.
fn total(value: f64) -> f64 {
    if value.is_nan() { f64::NAN } else { value }
}
