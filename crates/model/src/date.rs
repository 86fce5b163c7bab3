//! Dates and times as they come in: civil text to milliseconds, and `xsd:dateTime` to UTC.
//!
//! Two readers share one calendar: [`milliseconds`] is the property graph's Date and DateTime (`spec/loader.md` §6.3),
//! [`to_utc`] the normalisation that Neptune documents for `xsd:dateTime` literals (§8; spec/sparql.md §2).

use crate::value::calendar;

/// The instant of a Date or DateTime cell, in milliseconds since 1970-01-01T00:00:00Z; `None` if it is no date.
///
/// `yyyy-MM-dd`, or that with `THH:mm`, `THH:mm:ss` or `THH:mm:ss.fraction`, then nothing (UTC), `Z`, `+hh:mm` or
/// `+hhmm`. A fraction finer than a millisecond is cut.
pub fn milliseconds(text: &str) -> Option<i64> {
    let mut cursor = Cursor(text.as_bytes());
    let year = cursor.digits(4)?;
    cursor.expect(b'-')?;
    let month = cursor.digits(2)?;
    cursor.expect(b'-')?;
    let day = cursor.digits(2)?;
    let days = days(year, month, day)?;
    if cursor.is_empty() {
        return Some(days * MILLISECONDS_PER_DAY);
    }
    cursor.expect(b'T')?;
    let hour = cursor.digits(2).filter(|hour| *hour < 24)?;
    cursor.expect(b':')?;
    let minute = cursor.digits(2).filter(|minute| *minute < 60)?;
    let (mut second, mut millisecond) = (0, 0);
    if cursor.take(b':') {
        second = cursor.digits(2).filter(|second| *second < 60)?;
        if cursor.take(b'.') {
            millisecond = cursor.fraction()?;
        }
    }
    let offset = cursor.offset()?;
    let minutes = hour * 60 + minute - offset;
    Some(days * MILLISECONDS_PER_DAY + (minutes * 60 + second) * 1000 + millisecond)
}

const MILLISECONDS_PER_DAY: i64 = 24 * 60 * 60 * 1000;
const MINUTES_PER_DAY: i64 = 24 * 60;

/// An `xsd:dateTime` that names an offset, rewritten in UTC with `Z` into `into`. False, with `into` untouched, if the
/// text needs no change: it names no zone, is in `Z` already, or is no `xsd:dateTime`.
pub fn to_utc(lexical: &str, into: &mut String) -> bool {
    utc(lexical).map(|text| *into = text).is_some()
}

fn utc(lexical: &str) -> Option<String> {
    let split = lexical.len().checked_sub(6)?; // +hh:mm
    let (local, offset) = lexical.split_at_checked(split)?;
    let mut zone = Cursor(offset.as_bytes());
    if !matches!(offset.as_bytes(), [b'+' | b'-', _, _, b':', _, _]) {
        return None;
    }
    let offset = zone.offset()?;
    let (negative, unsigned) = local.strip_prefix('-').map_or((false, local), |rest| (true, rest));
    let (year, rest) = unsigned.split_once('-')?;
    let canonical = year.len() == 4 || (year.len() > 4 && !year.starts_with('0'));
    if !canonical || year.len() > 9 || !year.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year: i64 = year.parse().ok()?;
    let mut cursor = Cursor(rest.as_bytes());
    let month = cursor.digits(2)?;
    cursor.expect(b'-')?;
    let day = cursor.digits(2)?;
    let days = days(if negative { -year } else { year }, month, day)?;
    cursor.expect(b'T')?;
    let hour = cursor.digits(2).filter(|hour| *hour <= 24)?;
    cursor.expect(b':')?;
    let minute = cursor.digits(2).filter(|minute| *minute < 60)?;
    cursor.expect(b':')?;
    let second = cursor.digits(2).filter(|second| *second < 60)?;
    let fraction = str::from_utf8(cursor.0).ok()?;
    let digits = fraction.strip_prefix('.');
    if !fraction.is_empty()
        && !digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return None;
    }
    let midnight = minute == 0 && second == 0 && digits.unwrap_or_default().bytes().all(|byte| byte == b'0');
    if hour == 24 && !midnight {
        return None;
    }
    let minutes = days * MINUTES_PER_DAY + hour * 60 + minute - offset;
    let (year, month, day) = calendar::date_of_days(minutes.div_euclid(MINUTES_PER_DAY));
    let of_day = minutes.rem_euclid(MINUTES_PER_DAY);
    let sign = if year < 0 { "-" } else { "" };
    Some(format!(
        "{sign}{:04}-{month:02}-{day:02}T{:02}:{:02}:{second:02}{fraction}Z",
        year.abs(),
        of_day / 60,
        of_day % 60
    ))
}

/// Days from 1970-01-01 to this day; `None` if the calendar has no such day.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let month = u8::try_from(month).ok().filter(|month| (1..=12).contains(month))?;
    let day = u8::try_from(day).ok().filter(|day| (1..=calendar::days_in_month(year, month)).contains(day))?;
    Some(calendar::days_of_date(year, month, day))
}

/// What is left to read.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Exactly `count` digits, as a number.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        digits.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
    }

    /// Skips `byte` if it is next.
    fn take(&mut self, byte: u8) -> bool {
        match self.0 {
            [first, rest @ ..] if *first == byte => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }

    /// One to nine digits of a fraction of a second, as milliseconds.
    fn fraction(&mut self) -> Option<i64> {
        let count = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        if !(1..=9).contains(&count) {
            return None;
        }
        let padded = digits.iter().copied().chain([b'0', b'0']).take(3);
        Some(padded.fold(0, |number, byte| number * 10 + i64::from(byte - b'0')))
    }

    /// The rest as a zone, in minutes east of UTC: nothing, `Z`, `+hh:mm` or `+hhmm`.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.0 {
            [] | [b'Z'] => return Some(0),
            [b'+', ..] => 1,
            [b'-', ..] => -1,
            _ => return None,
        };
        self.0 = self.0.get(1..)?;
        let hours = self.digits(2)?;
        self.take(b':');
        let minutes = self.digits(2).filter(|minutes| *minutes < 60)?;
        let offset = hours * 60 + minutes;
        (self.is_empty() && offset <= 14 * 60).then_some(sign * offset)
    }
}

#[cfg(test)]
mod tests;
