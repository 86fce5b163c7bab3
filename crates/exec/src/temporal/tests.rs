//! Moments by example: what the TCK leaves open, and that arithmetic can be undone.

use proptest::prelude::*;

use super::construct::{Type, construct, current, from_epoch, from_epoch_millis, zone_argument};
use super::{Duration, Instant, LocalDateTime, NANOS_PER_SECOND, Zone, between, component, shift, truncate};
use crate::value::tests::{any_value, map};
use crate::{Kind, Result, Value};

fn now() -> Instant {
    Instant::new(1_711_936_799, 5_000_000).expect("in range")
}

fn shown(result: Result) -> String {
    result.map_or_else(|error| error.to_string(), |value| value.to_string())
}

fn built<const N: usize>(of: Type, entries: [(&str, Value); N]) -> String {
    shown(construct(of, &map(entries), now()))
}

fn read(of: Type, text: &str) -> Value {
    construct(of, &text.into(), now()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn components_that_make_no_moment_are_named() {
    for (result, expected) in [
        (
            built(Type::Date, [("year", 2023.into()), ("month", 2.into()), ("day", 29.into())]),
            "date(): there is no day {month: 2, day: 29, year: 2023}",
        ),
        (built(Type::Date, [("year", 2023.into()), ("day", 29.into())]), "date(): month must be given"),
        (built(Type::Date, [("month", 2.into())]), "date(): year must be given"),
        (
            built(Type::Date, [("year", 1.into()), ("week", 2.into()), ("day", 3.into())]),
            "date(): a day is named either by month and day or by week and dayOfWeek, not by both",
        ),
        (built(Type::Date, [("year", 1.into()), ("hour", 2.into())]), "date(): a date has no hour"),
        (built(Type::Date, [("yaer", 1.into())]), "date(): yaer is no component of a date or time"),
        (built(Type::Date, [("year", 1.5.into())]), "date() takes integers as components, but was given a float"),
        (built(Type::Date, [("year", Value::Null)]), "null"),
        (built(Type::LocalTime, [("hour", 24.into())]), "localtime(): there is no time {hour: 24}"),
        (built(Type::LocalTime, [("hour", 1.into()), ("second", 1.into())]), "localtime(): minute must be given"),
        (
            built(
                Type::LocalTime,
                [
                    ("hour", 1.into()),
                    ("minute", 1.into()),
                    ("second", 1.into()),
                    ("millisecond", 1.into()),
                    ("microsecond", 1_000.into()),
                ],
            ),
            "localtime(): there is no time {hour: 1, minute: 1, second: 1, millisecond: 1, microsecond: 1000}",
        ),
        (
            built(Type::Time, [("hour", 1.into()), ("timezone", "Mars/Olympus".into())]),
            "time(): \"Mars/Olympus\" is not an offset such as '+01:00' or a zone such as 'Europe/Stockholm'",
        ),
        (
            built(Type::DateTime, [("epochSeconds", 1.into()), ("year", 1.into())]),
            "datetime(): an instant since the epoch has no year",
        ),
        (
            shown(construct(Type::Date, &"2015-13".into(), now())),
            "date(): \"2015-13\" is not a date such as '2015-07-21'",
        ),
        (
            shown(construct(Type::Date, &1.into(), now())),
            "date() takes a string, a map or a temporal value with these parts, but was given an integer",
        ),
        (
            shown(construct(Type::LocalTime, &read(Type::Date, "2015"), now())),
            "localtime() takes a string, a map or a temporal value with these parts, but was given a date",
        ),
    ] {
        assert_eq!(result, expected);
    }
}

#[test]
fn a_day_that_was_not_asked_for_gives_way_to_the_end_of_the_month() {
    let leap = read(Type::Date, "2024-02-29");
    assert_eq!(built(Type::Date, [("date", leap.clone()), ("year", 2023.into())]), "'2023-02-28'");
    assert_eq!(built(Type::Date, [("date", leap.clone()), ("month", 3.into())]), "'2024-03-29'");
    assert_eq!(
        built(Type::Date, [("date", leap), ("year", 2023.into()), ("day", 29.into())]),
        "date(): there is no day {day: 29, year: 2023}"
    );
}

#[test]
fn instants_are_counted_from_1970() {
    let seconds = [("epochSeconds", Value::from(1)), ("nanosecond", 5.into()), ("timezone", "+01:00".into())];
    assert_eq!(built(Type::DateTime, seconds), "'1970-01-01T01:00:01.000000005+01:00'");
    assert_eq!(built(Type::DateTime, [("epochMillis", (-1).into())]), "'1969-12-31T23:59:59.999Z'");
    assert_eq!(shown(from_epoch(&416_779.into(), &999_999_999.into())), "'1970-01-05T19:46:19.999999999Z'");
    assert_eq!(shown(from_epoch_millis(&i64::MAX.into())), "'+292278994-08-17T07:12:55.807Z'");
    assert!(from_epoch(&i64::MAX.into(), &0.into()).is_err());
}

#[test]
fn the_present_is_handed_in() {
    let tokyo = zone_argument(Type::Date, Some(&"Asia/Tokyo".into())).unwrap().unwrap();
    for (of, utc, there) in [
        (Type::Date, "'2024-04-01'", "'2024-04-01'"),
        (Type::LocalTime, "'01:59:59.005'", "'10:59:59.005'"),
        (Type::Time, "'01:59:59.005Z'", "'10:59:59.005+09:00'"),
        (Type::LocalDateTime, "'2024-04-01T01:59:59.005'", "'2024-04-01T10:59:59.005'"),
        (Type::DateTime, "'2024-04-01T01:59:59.005Z'", "'2024-04-01T10:59:59.005+09:00[Asia/Tokyo]'"),
    ] {
        assert_eq!(current(of, now(), &Zone::UTC).to_string(), utc);
        assert_eq!(current(of, now(), &tokyo).to_string(), there);
        assert_eq!(built(of, [("timezone", "Asia/Tokyo".into())]), there);
        assert_eq!(built(of, []), utc);
    }
    assert_eq!(zone_argument(Type::Date, Some(&Value::Null)), Ok(None));
}

#[test]
fn a_selected_time_brings_its_zone_along() {
    let (day, clock) = (read(Type::Date, "1984-07-11"), read(Type::Time, "12:31+01:00"));
    let stockholm = read(Type::DateTime, "1984-10-11T12:00[Europe/Stockholm]");
    let select = |clock: &Value, zone: Option<&str>| {
        let mut entries = vec![("date".into(), day.clone()), ("time".into(), clock.clone())];
        entries.extend(zone.map(|zone| ("timezone".into(), zone.into())));
        shown(construct(Type::DateTime, &Value::Map(crate::Map::new(entries).expect("not deep")), now()))
    };
    assert_eq!(select(&clock, None), "'1984-07-11T12:31+01:00'");
    assert_eq!(select(&clock, Some("+05:00")), "'1984-07-11T16:31+05:00'");
    assert_eq!(select(&stockholm, None), "'1984-07-11T12:00+02:00[Europe/Stockholm]'");
    assert_eq!(select(&stockholm, Some("Pacific/Honolulu")), "'1984-07-11T00:00-10:00[Pacific/Honolulu]'");
}

#[test]
fn units_that_are_not_there_cannot_be_cut_off() {
    let cut = |of, unit: &str, value: Value| shown(truncate::truncate(of, &unit.into(), &value, None));
    let (day, clock) = (read(Type::Date, "1984-10-11"), read(Type::LocalTime, "12:31:14.645876123"));
    for (result, expected) in [
        (cut(Type::Date, "Week", day.clone()), "'1984-10-08'"),
        (cut(Type::Date, "hour", day.clone()), "date.truncate(): the result has no hour"),
        (cut(Type::DateTime, "hour", day.clone()), "datetime.truncate(): a date has no hour"),
        (cut(Type::LocalTime, "year", clock.clone()), "localtime.truncate(): the result has no year"),
        (cut(Type::LocalTime, "day", day.clone()), "localtime.truncate(): a date has no time"),
        (cut(Type::Date, "day", clock.clone()), "date.truncate(): a local time has no day"),
        (cut(Type::LocalTime, "microsecond", clock), "'12:31:14.645876'"),
        (cut(Type::Date, "fortnight", day), "date.truncate(): fortnight is no unit of time"),
        (cut(Type::Date, "day", Value::Null), "null"),
        (cut(Type::Date, "millennium", read(Type::Date, "-0001-01-01")), "'-1000-01-01'"),
        (cut(Type::Date, "millennium", read(Type::Date, "-999999999-05-01")), "'-999999999-05-01'"),
    ] {
        assert_eq!(result, expected);
    }
}

#[test]
fn in_a_zone_days_keep_the_clock_and_hours_keep_the_instant() {
    let before = read(Type::DateTime, "2017-10-28T12:00[Europe/Stockholm]");
    let moved = |duration: &str| shown(shift::plus(&before, &Duration::parse(duration).unwrap()).unwrap());
    assert_eq!(moved("P1D"), "'2017-10-29T12:00+01:00[Europe/Stockholm]'");
    assert_eq!(moved("PT24H"), "'2017-10-29T11:00+01:00[Europe/Stockholm]'");
    assert_eq!(moved("PT15H"), "'2017-10-29T02:00+01:00[Europe/Stockholm]'");
    assert_eq!(moved("P1DT-9H"), "'2017-10-29T03:00+01:00[Europe/Stockholm]'");
    let last = read(Type::Date, "+999999999-12-31");
    let day = Duration::parse("P1D").unwrap();
    assert_eq!(
        shown(shift::plus(&last, &day).unwrap()),
        "+: the result is outside of the years -999999999 to 999999999"
    );
    assert!(shift::plus(&1.into(), &day).is_none());
}

#[test]
fn components_are_those_of_the_type() {
    let duration = Duration::parse("P1Y4M10DT1H1M1.111111111S").unwrap().into();
    let get = |value: &Value, name: &str| shown(component::component(value, name).expect("temporal"));
    for (name, expected) in [
        ("years", "1"),
        ("quarters", "5"),
        ("months", "16"),
        ("weeks", "1"),
        ("days", "10"),
        ("minutes", "61"),
        ("milliseconds", "3661111"),
        ("quartersOfYear", "1"),
        ("monthsOfQuarter", "1"),
        ("monthsOfYear", "4"),
        ("daysOfWeek", "3"),
        ("secondsOfMinute", "1"),
        ("microsecondsOfSecond", "111111"),
        ("nanosecondsOfSecond", "111111111"),
        ("year", "a component: a duration has no year"),
    ] {
        assert_eq!(get(&duration, name), expected, "{name}");
    }
    let time = read(Type::Time, "12:31+02:05:59");
    assert_eq!(get(&time, "timezone"), "'+02:05:59'");
    assert_eq!(get(&time, "offsetSeconds"), "7559");
    assert_eq!(get(&time, "epochSeconds"), "a component: a time has no epochSeconds");
    assert_eq!(get(&read(Type::DateTime, "1969-12-31T23:59:59.9995Z"), "epochMillis"), "-1");
    let last = read(Type::DateTime, "+999999999-12-31T00:00Z");
    assert_eq!(get(&last, "epochMillis"), "epochMillis: the result is outside of 64 bits");
    assert_eq!(get(&last, "epochSeconds"), "31556889832694400");
    assert!(component::component(&1.into(), "year").is_none());
}

/// Moments near to each other and far away.
fn any_local() -> impl Strategy<Value = LocalDateTime> {
    let seconds = prop_oneof![-200_000..200_000_i64, -100_000_000_000..100_000_000_000_i64];
    (seconds, 0..NANOS_PER_SECOND as u32)
        .prop_map(|(seconds, nanos)| LocalDateTime::from_seconds(seconds, nanos).expect("in range"))
}

proptest! {
    #[test]
    fn what_is_between_two_moments_leads_from_one_to_the_other(from in any_local(), to in any_local()) {
        let (from, to) = (Value::LocalDateTime(from), Value::LocalDateTime(to));
        let Value::Duration(duration) = between::between(&from, &to).unwrap() else { panic!("no duration") };
        prop_assert_eq!(shift::plus(&from, &duration).unwrap().unwrap(), to.clone());
        let Value::Duration(exact) = between::in_seconds(&from, &to).unwrap() else { panic!("no duration") };
        prop_assert_eq!(shift::plus(&from, &exact).unwrap().unwrap(), to.clone());
        prop_assert_eq!(shift::minus(&to, &exact).unwrap().unwrap(), from);
    }

    #[test]
    fn the_text_of_a_moment_is_read_back(value in any_value()) {
        let of = match value.kind() {
            Kind::Date => Type::Date,
            Kind::LocalTime => Type::LocalTime,
            Kind::Time => Type::Time,
            Kind::LocalDateTime => Type::LocalDateTime,
            Kind::DateTime => Type::DateTime,
            _ => return Ok(()),
        };
        prop_assert_eq!(construct(of, &crate::convert::to_string(&value).unwrap(), now()).unwrap(), value);
    }
}
