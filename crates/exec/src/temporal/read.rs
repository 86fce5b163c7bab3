//! Dates, times and zones as ISO 8601 writes them, with and without separators.
//!
//! **Source**: ISO 8601 (also weeks, ordinal days and quarters); RFC 9557 for `[Europe/Stockholm]`; TCK Temporal2;
//! spec/opencypher.md §5.

use super::{Date, DateTime, LocalDateTime, LocalTime, Time, Zone};

/// Reads a date; parts that are left out are 1.
pub(super) fn date(text: &str) -> Option<Date> {
    let (year, rest) = year(text.as_bytes())?;
    match rest {
        [] => Date::new(year, 1, 1),
        [b'-', b'W' | b'w', w1, w0] | [b'W' | b'w', w1, w0] => Date::from_week(year, number(&[*w1, *w0])?, 1),
        [b'-', b'W' | b'w', w1, w0, b'-', day] | [b'W' | b'w', w1, w0, day] => {
            Date::from_week(year, number(&[*w1, *w0])?, number(&[*day])?)
        }
        [b'-', b'Q' | b'q', quarter] | [b'Q' | b'q', quarter] => Date::from_quarter(year, number(&[*quarter])?, 1),
        [b'-', b'Q' | b'q', quarter, b'-', d1, d0] | [b'Q' | b'q', quarter, d1, d0] => {
            Date::from_quarter(year, number(&[*quarter])?, number(&[*d1, *d0])?)
        }
        [b'-', m1, m0] | [m1, m0] => Date::new(year, number(&[*m1, *m0])?, 1),
        [b'-', m1, m0, b'-', d1, d0] => Date::new(year, number(&[*m1, *m0])?, number(&[*d1, *d0])?),
        [b'-', ordinal @ ..] if ordinal.len() == 3 => Date::from_ordinal(year, number(ordinal)?),
        [m1, m0, d1, d0] => Date::new(year, number(&[*m1, *m0])?, number(&[*d1, *d0])?),
        [_, _, _] => Date::from_ordinal(year, number(rest)?),
        _ => None,
    }
}

/// A year and what follows it: four digits, or a sign and up to nine.
fn year(text: &[u8]) -> Option<(i64, &[u8])> {
    let (sign, digits) = match text.split_first()? {
        (b'+', rest) => (1, rest),
        (b'-', rest) => (-1, rest),
        _ => {
            let (year, rest) = text.split_at_checked(4)?;
            return Some((number(year)?, rest));
        }
    };
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (year, rest) = digits.split_at(length);
    (1..=9).contains(&length).then(|| Some((sign * number(year)?, rest)))?
}

/// Reads a time; parts that are left out are 0.
pub(super) fn time(text: &str) -> Option<LocalTime> {
    let (whole, fraction) = match text.split_once(['.', ',']) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let (hour, minute, second) = match *whole.as_bytes() {
        [h1, h0] => ([h1, h0], *b"00", None),
        [h1, h0, b':', m1, m0] | [h1, h0, m1, m0] => ([h1, h0], [m1, m0], None),
        [h1, h0, b':', m1, m0, b':', s1, s0] | [h1, h0, m1, m0, s1, s0] => ([h1, h0], [m1, m0], Some([s1, s0])),
        _ => return None,
    };
    let nanos = match fraction {
        None => 0,
        // Only seconds have fractions.
        Some(digits) if second.is_some() && (1..=9).contains(&digits.len()) => {
            number(digits.as_bytes())? * 10_i64.pow(9 - digits.len() as u32)
        }
        Some(_) => return None,
    };
    LocalTime::new(number(&hour)?, number(&minute)?, number(&second.unwrap_or(*b"00"))?, nanos)
}

/// Reads `Z`, `+02`, `+0200`, `+02:00` or `+02:00:30`, in seconds.
pub(super) fn offset(text: &str) -> Option<i32> {
    let (sign, digits) = match text.as_bytes().split_first()? {
        (b'Z' | b'z', []) => return Some(0),
        (b'+', digits) => (1, digits),
        (b'-', digits) => (-1, digits),
        _ => return None,
    };
    let (hour, minute, second) = match *digits {
        [h1, h0] => ([h1, h0], *b"00", *b"00"),
        [h1, h0, b':', m1, m0] | [h1, h0, m1, m0] => ([h1, h0], [m1, m0], *b"00"),
        [h1, h0, b':', m1, m0, b':', s1, s0] | [h1, h0, m1, m0, s1, s0] => ([h1, h0], [m1, m0], [s1, s0]),
        _ => return None,
    };
    let (hour, minute, second) = (number(&hour)?, number(&minute)?, number(&second)?);
    let exists = minute < 60 && second < 60;
    // Three pairs of digits fit.
    let seconds = sign * (hour * 3_600 + minute * 60 + second) as i32;
    (exists && super::zone::is_offset(seconds)).then_some(seconds)
}

/// Reads an offset or the name of a place.
pub(super) fn zone(text: &str) -> Option<Zone> {
    match offset(text) {
        Some(seconds) => Zone::fixed(seconds),
        None => Zone::named(text),
    }
}

/// Reads a time with an offset; without one it is at UTC.
pub(super) fn offset_time(text: &str) -> Option<Time> {
    let (local, offset_text) = split_offset(text);
    let seconds = if offset_text.is_empty() { 0 } else { offset(offset_text)? };
    Time::new(time(local)?, seconds)
}

/// Reads a date and a time; without a time it is midnight.
pub(super) fn local_date_time(text: &str) -> Option<LocalDateTime> {
    let (day, clock) = match text.split_once(['T', 't']) {
        Some((day, clock)) => (day, time(clock)?),
        None => (text, LocalTime::MIDNIGHT),
    };
    Some(LocalDateTime::new(date(day)?, clock))
}

/// Reads a date and a time with an offset, a place in brackets, or both; without either it is at UTC. An offset that the
/// place does not have at that time is refused.
pub(super) fn date_time(text: &str) -> Option<DateTime> {
    let (text, place) = match text.strip_suffix(']') {
        Some(text) => {
            let (text, name) = text.split_once('[')?;
            (text, Some(Zone::named(name)?))
        }
        None => (text, None),
    };
    let (day, clock) = match text.split_once(['T', 't']) {
        Some((day, clock)) => (day, clock),
        None => (text, "00"),
    };
    let (clock, offset_text) = split_offset(clock);
    let seconds = if offset_text.is_empty() { None } else { Some(offset(offset_text)?) };
    let local = LocalDateTime::new(date(day)?, time(clock)?);
    let zone = match place {
        Some(zone) => zone,
        None => Zone::fixed(seconds.unwrap_or(0))?,
    };
    let has_offset = seconds.is_none_or(|seconds| zone.offset_of(local, Some(seconds)) == seconds);
    has_offset.then(|| DateTime::from_local(local, zone, seconds))
}

/// A time, and the offset that stands behind it.
fn split_offset(text: &str) -> (&str, &str) {
    text.find(['Z', 'z', '+', '-']).map_or((text, ""), |at| text.split_at(at))
}

/// Up to nine digits.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0_i64, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{date, date_time, local_date_time, offset, offset_time, time};

    fn shown(value: Option<impl ToString>) -> String {
        value.map_or("none".to_owned(), |value| value.to_string())
    }

    #[test]
    fn dates_are_read_in_every_form() {
        for (text, expected) in [
            ("2015-07-21", "2015-07-21"),
            ("20150721", "2015-07-21"),
            ("2015-07", "2015-07-01"),
            ("201507", "2015-07-01"),
            ("2015-W30-2", "2015-07-21"),
            ("2015W302", "2015-07-21"),
            ("2015-W30", "2015-07-20"),
            ("2015W30", "2015-07-20"),
            ("2015-202", "2015-07-21"),
            ("2015202", "2015-07-21"),
            ("2015-Q2-60", "2015-05-30"),
            ("2015Q260", "2015-05-30"),
            ("2015-Q2", "2015-04-01"),
            ("2015", "2015-01-01"),
            ("-0001-02-03", "-0001-02-03"),
            ("+999999999-12-31", "+999999999-12-31"),
            ("+12345", "+12345-01-01"),
            ("", "none"),
            ("201", "none"),
            ("2015-7-21", "none"),
            ("2015-02-30", "none"),
            ("2015-W54", "none"),
            ("+1000000000-01-01", "none"),
            ("2015-07-21 ", "none"),
            ("二〇一五", "none"),
        ] {
            assert_eq!(shown(date(text)), expected, "{text}");
        }
    }

    #[test]
    fn times_are_read_in_every_form() {
        for (text, expected) in [
            ("21:40:32.142", "21:40:32.142"),
            ("214032.142", "21:40:32.142"),
            ("214032,142000001", "21:40:32.142000001"),
            ("21:40", "21:40"),
            ("2140", "21:40"),
            ("21", "21:00"),
            ("24:00", "none"),
            ("21:60", "none"),
            ("21:40.5", "none"),
            ("21:40:32.", "none"),
            ("21:40:32.1234567890", "none"),
        ] {
            assert_eq!(shown(time(text)), expected, "{text}");
        }
    }

    #[test]
    fn offsets_are_read_in_every_form() {
        for (text, expected) in [
            ("Z", Some(0)),
            ("+01", Some(3_600)),
            ("-0130", Some(-5_400)),
            ("+02:05:59", Some(7_559)),
            ("-00:00", Some(0)),
            ("+18:00", Some(64_800)),
            ("+18:01", None),
            ("+1", None),
            ("01:00", None),
        ] {
            assert_eq!(offset(text), expected, "{text}");
        }
        assert_eq!(shown(offset_time("2140-02")), "21:40-02:00");
        assert_eq!(shown(offset_time("21:40")), "21:40Z");
    }

    #[test]
    fn dates_and_times_stand_together() {
        assert_eq!(shown(local_date_time("2015-W30T2140")), "2015-07-20T21:40");
        assert_eq!(shown(local_date_time("2015")), "2015-01-01T00:00");
        assert_eq!(shown(local_date_time("2015-07-21T21:40Z")), "none");
        for (text, expected) in [
            ("2015-07-21T21:40:32.142+0100", "2015-07-21T21:40:32.142+01:00"),
            ("2015202T21+18:00", "2015-07-21T21:00+18:00"),
            ("2015-07-21", "2015-07-21T00:00Z"),
            ("2015-07-21T21:40[Europe/London]", "2015-07-21T21:40+01:00[Europe/London]"),
            ("2017-10-29T02:00+01:00[Europe/Stockholm]", "2017-10-29T02:00+01:00[Europe/Stockholm]"),
            ("2017-10-29T02:00+02:00[Europe/Stockholm]", "2017-10-29T02:00+02:00[Europe/Stockholm]"),
            ("2015-07-21T21:40+01:00[Europe/Stockholm]", "none"),
            ("2015-07-21T21:40[Nowhere/Land]", "none"),
            ("2015-07-21T", "none"),
        ] {
            assert_eq!(shown(date_time(text)), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_readers_panic(text in "[-+0-9TtWwQqZz:.,\\[\\]é]{0,20}") {
            let _ = (date(&text), time(&text), offset(&text), offset_time(&text), local_date_time(&text), date_time(&text));
        }
    }
}
