//! Instants as signatures and policies write them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::TimeZone;

/// Reads the basic form of ISO 8601 in which requests are dated: `20150830T123600Z` and nothing else.
pub(crate) fn parse_basic(text: &str) -> Option<Timestamp> {
    let digits = |range: std::ops::Range<usize>| -> Option<i16> {
        let part = text.get(range)?;
        if part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse().ok() } else { None }
    };
    let small = |range| digits(range).and_then(|number| i8::try_from(number).ok());
    if text.len() != 16 || text.get(8..9) != Some("T") || text.get(15..) != Some("Z") {
        return None;
    }
    let date =
        DateTime::new(digits(0..4)?, small(4..6)?, small(6..8)?, small(9..11)?, small(11..13)?, small(13..15)?, 0);
    TimeZone::UTC.to_timestamp(date.ok()?).ok()
}

/// Reads a `Date` header: the basic form, or that of mail (`Sun, 30 Aug 2015 12:36:00 GMT`).
pub(crate) fn parse_date_header(text: &str) -> Option<Timestamp> {
    parse_basic(text).or_else(|| DateTimeParser::new().parse_timestamp(text).ok())
}

/// Writes the basic form.
pub(crate) fn basic(instant: Timestamp) -> String {
    instant.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Reads an instant of a policy or of the IAM file: ISO 8601 with a zone, a date alone (its first moment in UTC), or
/// seconds since 1970.
pub(crate) fn parse_any(text: &str) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    if let Ok(seconds) = text.parse::<i64>() {
        return Timestamp::from_second(seconds).ok();
    }
    // The length keeps a date with a time and no zone out: nobody can say which instant is meant.
    let date: Date = Some(text).filter(|text| text.len() == 10)?.parse().ok()?;
    TimeZone::UTC.to_timestamp(date.to_datetime(Time::midnight())).ok()
}

#[cfg(test)]
mod tests {
    use super::{basic, parse_any, parse_basic, parse_date_header};

    #[test]
    fn the_basic_form_is_read_and_written_as_a_pair() {
        for text in ["20150830T123600Z", "19700101T000000Z", "20240229T235959Z"] {
            assert_eq!(parse_basic(text).map(basic).as_deref(), Some(text));
        }
        for text in [
            "",
            "20150830",
            "20150830T123600",
            "2015-08-30T12:36:00Z",
            "20150830T1236000Z",
            "20150830t123600Z",
            "20150830T123600z",
            "+0150830T123600Z",
            "20150830T+23600Z",
            "20230229T000000Z",
            "20150830T246000Z",
            "2015083éT12360Z",
            " 0150830T123600Z",
        ] {
            assert_eq!(parse_basic(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_header_may_be_written_as_in_mail() {
        for text in ["Sun, 30 Aug 2015 12:36:00 GMT", "20150830T123600Z", "30 Aug 2015 14:36:00 +0200"] {
            assert_eq!(parse_date_header(text).map(basic).as_deref(), Some("20150830T123600Z"), "{text}");
        }
        assert_eq!(parse_date_header("yesterday"), None);
    }

    #[test]
    fn policies_write_instants_in_three_ways() {
        for (text, expected) in [
            ("2015-08-30T12:36:00Z", "20150830T123600Z"),
            ("2015-08-30T14:36:00+02:00", "20150830T123600Z"),
            ("2015-08-30", "20150830T000000Z"),
            ("1440938160", "20150830T123600Z"),
        ] {
            assert_eq!(parse_any(text).map(basic).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "soon", "2015-08-30T12:36:00", "99999999999999999"] {
            assert_eq!(parse_any(text), None, "{text}");
        }
    }
}
