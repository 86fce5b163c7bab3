//! The Gregorian calendar, extended to all times, and how instants are written.
//!
//! - **Shape**: a day is counted from 1970-01-01, an instant in seconds from that day's midnight; years are astronomical
//!   (0 is 1 BC). Payloads hold both biased, so that earlier is smaller.
//! - **Source**: XML Schema Part 2 (1.1) §3.3.7, §3.3.9. Days are counted in eras of 400 years that begin in March,
//!   so that a leap day is the last of its year.

use std::fmt;

/// Seconds of a day: leap seconds are not counted.
pub const SECONDS_PER_DAY: i64 = 86_400;
/// Nanoseconds of a second.
pub const NANOS_PER_SECOND: u32 = 1_000_000_000;
/// Fraction digits that fit.
pub(super) const MAX_DIGITS: u8 = 9;

const DAYS_PER_ERA: i64 = 146_097;
const YEARS_PER_ERA: i64 = 400;
/// From 0000-03-01 to 1970-01-01.
const EPOCH: i64 = 719_468;

/// The days from 1970-01-01 to this date. Month (1 to 12) and day (from 1) must exist; see [`days_in_month`]. Any year
/// that a 64-bit count of seconds can reach is in range.
pub const fn days_of_date(year: i64, month: u8, day: u8) -> i64 {
    let months_since_march = (month as i64 + 9) % 12;
    let year = if month <= 2 { year - 1 } else { year };
    let year_of_era = year.rem_euclid(YEARS_PER_ERA);
    let day_of_year = (153 * months_since_march + 2) / 5 + day as i64 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    year.div_euclid(YEARS_PER_ERA) * DAYS_PER_ERA + day_of_era - EPOCH
}

/// Year, month and day of a count of days from 1970-01-01. Any count that a 64-bit count of seconds can reach is in
/// range.
pub const fn date_of_days(days: i64) -> (i64, u8, u8) {
    let days = days + EPOCH;
    let day_of_era = days.rem_euclid(DAYS_PER_ERA);
    // Leap days before this one are left out, then years are as long as each other.
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let month = (months_since_march + 2) % 12 + 1;
    let year = days.div_euclid(DAYS_PER_ERA) * YEARS_PER_ERA + year_of_era;
    (if month <= 2 { year + 1 } else { year }, month as u8, day as u8)
}

/// The length of a month (1 to 12).
pub const fn days_in_month(year: i64, month: u8) -> u8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// An instant as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Instant {
    pub(super) seconds: i64,
    pub(super) nanos: u32,
    pub(super) digits: u8,
}

impl Instant {
    /// With as many fraction digits as it takes.
    pub(super) const fn from_milliseconds(milliseconds: i64) -> Self {
        let millis = milliseconds.rem_euclid(1_000) as u32;
        let digits = match millis {
            0 => 0,
            _ if millis.is_multiple_of(100) => 1,
            _ if millis.is_multiple_of(10) => 2,
            _ => 3,
        };
        Self { seconds: milliseconds.div_euclid(1_000), nanos: millis * 1_000_000, digits }
    }

    /// `yyyy-mm-ddThh:mm:ss` with up to nine fraction digits and no zone, of a year from 1 to 9999, as this module
    /// writes it: a day has no hour 24 and a minute no second 60.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let (date, time) = (bytes.get(..10)?, bytes.get(10..19)?);
        let days = parse_date(date)?;
        let [b'T', h1, h0, b':', m1, m0, b':', s1, s0] = *time else {
            return None;
        };
        let (hour, minute, second) = (number(&[h1, h0])?, number(&[m1, m0])?, number(&[s1, s0])?);
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let (nanos, digits) = match &bytes[19..] {
            [] => (0, 0),
            [b'.', fraction @ ..] if (1..=usize::from(MAX_DIGITS)).contains(&fraction.len()) => {
                let digits = fraction.len() as u8;
                (number(fraction)? * unit(digits), digits)
            }
            _ => return None,
        };
        let seconds = days * SECONDS_PER_DAY + i64::from(hour * 3_600 + minute * 60 + second);
        Some(Self { seconds, nanos, digits })
    }

    /// Writes what [`Self::parse`] reads; other years as ISO 8601 extends it (`-0044`, `12000`).
    pub(super) fn write(self, out: &mut impl fmt::Write) -> fmt::Result {
        write_date(out, self.seconds.div_euclid(SECONDS_PER_DAY))?;
        let second = self.seconds.rem_euclid(SECONDS_PER_DAY);
        write!(out, "T{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60)?;
        let digits = self.digits.min(MAX_DIGITS);
        if digits > 0 {
            write!(out, ".{:0width$}", self.nanos / unit(digits), width = usize::from(digits))?;
        }
        Ok(())
    }

    /// 64 bits of seconds, 30 of nanoseconds, 4 of digits, and zeros; unless these make no instant.
    pub(super) fn to_payload(self) -> Option<u128> {
        let fits =
            self.digits <= MAX_DIGITS && self.nanos < NANOS_PER_SECOND && self.nanos.is_multiple_of(unit(self.digits));
        let seconds = u128::from(self.seconds.cast_unsigned() ^ SIGN);
        fits.then(|| (seconds << 56) | (u128::from(self.nanos) << 26) | (u128::from(self.digits) << 22))
    }

    /// The inverse.
    pub(super) const fn from_payload(payload: u128) -> Self {
        Self {
            seconds: ((payload >> 56) as u64 ^ SIGN).cast_signed(),
            nanos: (payload >> 26) as u32 & ((1 << 30) - 1),
            digits: (payload >> 22) as u8 & 0xf,
        }
    }
}

/// Turns two's complement into an order.
const SIGN: u64 = 1 << 63;

/// The days of `yyyy-mm-dd` in a year from 1 to 9999.
pub(super) fn parse_date(text: &[u8]) -> Option<i64> {
    let &[y3, y2, y1, y0, b'-', m1, m0, b'-', d1, d0] = text else {
        return None;
    };
    let year = i64::from(number(&[y3, y2, y1, y0])?);
    // Two digits fit a byte.
    let (month, day) = (number(&[m1, m0])? as u8, number(&[d1, d0])? as u8);
    let exists = year > 0 && (1..=12).contains(&month) && day > 0 && day <= days_in_month(year, month);
    exists.then(|| days_of_date(year, month, day))
}

/// Writes what [`parse_date`] reads; other years as ISO 8601 extends it.
pub(super) fn write_date(out: &mut impl fmt::Write, days: i64) -> fmt::Result {
    let (year, month, day) = date_of_days(days);
    let sign = if year < 0 { "-" } else { "" };
    write!(out, "{sign}{:04}-{month:02}-{day:02}", year.unsigned_abs())
}

/// The payload of a count of days.
pub(super) fn days_to_payload(days: i32) -> u128 {
    u128::from(days.cast_unsigned() ^ (1 << 31))
}

/// The count of days of a payload.
pub(super) const fn days_from_payload(payload: u128) -> i32 {
    (payload as u32 ^ (1 << 31)).cast_signed()
}

/// The nanoseconds of one in the last of `digits` places (at most [`MAX_DIGITS`]).
const fn unit(digits: u8) -> u32 {
    10_u32.pow((MAX_DIGITS - digits) as u32)
}

/// The number that at most nine digits write.
fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0')))
}
