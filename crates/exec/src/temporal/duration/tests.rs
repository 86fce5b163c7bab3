//! Durations: how they are read and written, and that arithmetic keeps their parts apart.

use proptest::prelude::*;

use super::Duration;
use crate::Value;

fn read(text: &str) -> Duration {
    Duration::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn fractions_go_down_to_smaller_parts() {
    for (text, expected) in [
        ("P14DT16H12M", "P14DT16H12M"),
        ("P5M1.5D", "P5M1DT12H"),
        ("P0.75M", "P22DT19H51M49.5S"),
        ("PT0.75M", "PT45S"),
        ("P2.5W", "P17DT12H"),
        ("P12Y5M14DT16H12M70S", "P12Y5M14DT16H13M10S"),
        ("P2012-02-02T14:37:21.545", "P2012Y2M2DT14H37M21.545S"),
        ("PT-1.5S", "PT-1.5S"),
        ("-P1YT1S", "P-1YT-1S"),
        ("P1DT-0.001S", "P1DT-0.001S"),
        ("PT0.1H", "PT6M"),
        ("P0D", "PT0S"),
    ] {
        assert_eq!(read(text).to_string(), expected, "{text}");
    }
}

#[test]
fn what_is_no_duration_is_refused() {
    for text in ["", "P", "PT", "1Y", "P1", "P1S", "PT1D", "P1D1Y", "P1DT", "P1YT1H1H", "P1.D", "Px", "P20120-02-02"] {
        assert_eq!(Duration::parse(text).unwrap_err().names().1, "InvalidArgumentValue", "{text}");
    }
    for text in ["P9223372036854775808M", "P99999999999999999999D", "PT9223372036854775807H"] {
        assert!(Duration::parse(text).is_err(), "{text}");
    }
}

#[test]
fn durations_are_scaled_part_by_part() {
    let duration = read("P1M3DT1.5S");
    for (factor, product, quotient) in [
        (Value::from(2), "P2M6DT3S", "P16DT17H14M33.75S"),
        (Value::from(0.5), "P16DT17H14M33.75S", "P2M6DT3S"),
        (Value::from(-1), "P-1M-3DT-1.5S", "P-1M-3DT-1.5S"),
    ] {
        assert_eq!(duration.times(&factor).unwrap().to_string(), product);
        assert_eq!(duration.divided(&factor).unwrap().to_string(), quotient);
    }
    assert_eq!(duration.divided(&0.into()).unwrap_err().names().1, "DivisionByZero");
    assert_eq!(duration.times(&i64::MAX.into()).unwrap_err().names().1, "NumberOutOfRange");
}

#[test]
fn a_day_is_not_24_hours_but_is_sorted_beside_them() {
    let (day, hours) = (read("P1D"), read("PT24H"));
    assert_ne!(day, hours);
    assert!(hours.cmp_by_length(&day).is_lt());
    assert!(read("PT23H59M").cmp_by_length(&hours).is_lt());
    assert!(read("P31D").cmp_by_length(&read("P1M")).is_gt());
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        months in -100_000..100_000_i64, days in any::<i32>(), seconds in any::<i32>(), nanos in 0..1_000_000_000_u32
    ) {
        let duration = Duration::new(months, days.into(), seconds.into(), nanos);
        prop_assert_eq!(read(&duration.to_string()), duration);
        prop_assert_eq!(duration.plus(&duration).unwrap().minus(&duration).unwrap(), duration);
        prop_assert_eq!(duration.times(&3.into()).unwrap(), duration.plus(&duration).unwrap().plus(&duration).unwrap());
    }
}
