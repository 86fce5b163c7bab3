//! What is read is what was written, and hostile bytes cost nothing.

use std::sync::Arc;

use exec::temporal::{Date, DateTime, Duration, LocalDateTime, LocalTime, NANOS_PER_DAY, Time, Zone};
use exec::{EvalError, Map, Value};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{DecodeError, Unpacker};
use crate::Dialect;
use crate::value::{self, write_plain};

const MEMORY: usize = 1 << 20;

/// Any value that can be a parameter.
pub(crate) fn any_parameter() -> impl Strategy<Value = Value> {
    let offset = prop_oneof![Just(0), Just(3_600), -64_800..=64_800_i32];
    let zone = prop_oneof![
        offset.clone().prop_map(|seconds| Zone::fixed(seconds).expect("in range")),
        Just(Zone::named("Europe/Stockholm").expect("exists")),
    ];
    let time = (0..NANOS_PER_DAY.cast_unsigned()).prop_map(|nanos| LocalTime::from_nanos(nanos).expect("within a day"));
    let local = (-100_000_000_000..100_000_000_000_i64, 0..1_000_000_000_u32)
        .prop_map(|(seconds, nanos)| LocalDateTime::from_seconds(seconds, nanos).expect("in range"));
    let duration = (any::<i32>(), any::<i32>(), any::<i64>(), 0..1_000_000_000_u32)
        .prop_map(|(months, days, seconds, nanos)| Duration::new(months.into(), days.into(), seconds, nanos));
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop_oneof![any::<i64>(), -200..200_i64, any::<i16>().prop_map(i64::from)].prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        (-100_000..100_000_i64).prop_map(|days| Value::Date(Date::from_days(days).expect("in range"))),
        time.clone().prop_map(Value::LocalTime),
        (time, offset).prop_map(|(time, offset)| Value::Time(Time::new(time, offset).expect("in range"))),
        local.clone().prop_map(Value::LocalDateTime),
        (local, zone).prop_map(|(local, zone)| Value::DateTime(DateTime::from_local(local, zone, None))),
        duration.prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 40, 20, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..20).prop_map(|items| Value::list(items).expect("not deep")),
            vec(("[a-z]{0,20}", inner), 0..20).prop_map(|entries| {
                let entries = entries.into_iter().map(|(key, value)| (key.into(), value));
                Value::Map(Map::new(entries).expect("not deep"))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn values_come_out_as_they_went_in(value in any_parameter()) {
        let mut bytes = Vec::new();
        write_plain(&mut bytes, &value);
        let mut input = Unpacker::new(&bytes, MEMORY);
        prop_assert_eq!(input.value().unwrap(), value);
        prop_assert!(input.is_at_end());
        for end in 0..bytes.len() {
            let cut = Unpacker::new(&bytes[..end], MEMORY).value();
            let ended = matches!(&cut, Err(DecodeError::Malformed { .. }));
            prop_assert!(ended, "{:?}", cut);
        }
    }

    /// What clocks show twice in autumn is read as the first time, as everywhere.
    #[test]
    fn old_date_times_are_read_too(seconds in -2_000_000_000..2_000_000_000_i64, offset in -64_800..=64_800_i32) {
        let local = LocalDateTime::from_seconds(seconds, 5).unwrap();
        for zone in [Zone::fixed(offset).unwrap(), Zone::named("America/New_York").unwrap()] {
            let moment = Value::DateTime(DateTime::from_local(local, zone, None));
            let mut bytes = Vec::new();
            let dialect = Dialect { element_ids: false, utc: false };
            value::write(&mut bytes, &moment, dialect, &mut value::tests::Graph).unwrap();
            prop_assert!(matches!(bytes[1], b'F' | b'f'));
            prop_assert_eq!(Unpacker::new(&bytes, MEMORY).value().unwrap(), moment);
        }
    }

    #[test]
    fn bytes_at_random_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        // Whatever it is, it ends and takes no more memory than it may.
        let _ = Unpacker::new(&bytes, MEMORY).value();
    }
}

#[test]
fn numbers_take_as_few_bytes_as_they_can() {
    for (number, length) in [
        (0, 1),
        (-16, 1),
        (127, 1),
        (-17, 2),
        (-128, 2),
        (128, 3),
        (-129, 3),
        (32_767, 3),
        (32_768, 5),
        (-2_147_483_648, 5),
        (2_147_483_648, 9),
        (i64::MIN, 9),
    ] {
        let mut bytes = Vec::new();
        write_plain(&mut bytes, &Value::Integer(number));
        assert_eq!(bytes.len(), length, "{number}");
        assert_eq!(Unpacker::new(&bytes, MEMORY).value(), Ok(Value::Integer(number)));
    }
}

#[test]
fn a_length_is_not_believed() {
    for marker in [0xD2, 0xD6, 0xDA] {
        let bytes = [marker, 0xFF, 0xFF, 0xFF, 0xFF, 0xC0];
        let error = Unpacker::new(&bytes, usize::MAX).value().unwrap_err();
        assert!(matches!(error, DecodeError::Malformed { .. }), "{error}");
    }
}

#[test]
fn small_items_do_not_make_large_values() {
    let mut bytes = vec![0xD6, 0, 1, 0, 0];
    bytes.extend(std::iter::repeat_n(0xC0, 1 << 16));
    assert_eq!(Unpacker::new(&bytes, MEMORY).value().unwrap_err(), DecodeError::TooLarge { limit: MEMORY });
    assert!(Unpacker::new(&bytes, 4 * MEMORY).value().is_ok());
}

#[test]
fn nesting_ends() {
    let deep = vec![0x91; 100_000];
    let error = Unpacker::new(&deep, 64 * MEMORY).value().unwrap_err();
    assert_eq!(error, EvalError::TooDeep { limit: exec::limits::MAX_DEPTH }.into());
}

#[test]
fn what_cannot_be_a_parameter_says_so() {
    for (bytes, text) in [
        (vec![0xCC, 1, 7], "byte arrays are not supported: send a list of integers or a string"),
        (vec![0xB3, b'N', 1, 0x90, 0xA0], "a node, a relationship or a path cannot be a parameter: send its id"),
        (vec![0xB3, b'X', 1, 1, 1], "points are not supported"),
        (vec![0xB1, b't', 0xFF], "the parameter is no local time that exists"),
        (vec![0xB3, b'i', 1, 1, 0x84, b'M', b'a', b'r', b's'], "the parameter's time zone 'Mars' is not known"),
        (
            vec![0xB1, b'Q', 1],
            "byte 2 of the message: expected a structure that is a value, with its number of fields, found 0x51",
        ),
        (vec![0xC7], "byte 0 of the message: expected a value, found 0xC7"),
        (vec![0x82, 0xFF, b'a'], "byte 1 of the message: expected UTF-8, found other bytes"),
    ] {
        assert_eq!(Unpacker::new(&bytes, MEMORY).value().unwrap_err().to_string(), text);
    }
}

#[test]
fn a_duration_carries_its_nanoseconds() {
    // 3 s and -1 ns.
    let bytes = [0xB4, b'E', 1, 2, 3, 0xFF];
    let expected = Duration::new(1, 2, 2, 999_999_999);
    assert_eq!(Unpacker::new(&bytes, MEMORY).value(), Ok(Value::Duration(Arc::new(expected))));
}
