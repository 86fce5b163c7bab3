//! Durations as ISO 8601 writes them.

use super::Duration;
use crate::temporal::scaled::Scaled;
use crate::{EvalError, Result};

const OPERATION: &str = "duration()";

/// Reads `P1Y2M3W4DT5H6M7.8S`, each part with an optional sign and fraction, or `P2012-02-02T14:37:21.545`.
pub(super) fn duration(text: &str) -> Result<Duration> {
    let unreadable = || EvalError::unreadable(OPERATION, "an ISO 8601 duration such as 'P1Y2M3DT4H5M6.7S'", text);
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let rest = rest.strip_prefix(['P', 'p']).ok_or_else(unreadable)?;
    let parts = by_units(rest).or_else(|| by_positions(rest)).ok_or_else(unreadable)?;
    let [months, days, seconds] = parts;
    let duration = Duration::of_parts(OPERATION, months, days, seconds)?;
    if negative { Duration::ZERO.minus(&duration) } else { Ok(duration) }
}

/// Months, days and seconds of what follows a `P`.
fn by_units(text: &str) -> Option<[Scaled; 3]> {
    let (date, time) = match text.split_once(['T', 't']) {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (text, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let [mut months, mut days, mut seconds] = [Scaled::ZERO; 3];
    for (amount, unit) in amounts(date, "YMWD")? {
        match unit {
            b'Y' => months = months.plus(amount.times(12)?)?,
            b'M' => months = months.plus(amount)?,
            b'W' => days = days.plus(amount.times(7)?)?,
            _ => days = days.plus(amount)?,
        }
    }
    for (amount, unit) in amounts(time, "HMS")? {
        let length = match unit {
            b'H' => 3_600,
            b'M' => 60,
            _ => 1,
        };
        seconds = seconds.plus(amount.times(length)?)?;
    }
    Some([months, days, seconds])
}

/// Numbers, each with its unit; units come in their order, each at most once.
fn amounts(mut text: &str, units: &str) -> Option<Vec<(Scaled, u8)>> {
    let mut found = Vec::new();
    let mut units = units.bytes();
    while !text.is_empty() {
        let end = text.find(|character: char| character.is_ascii_alphabetic())?;
        let unit = text.as_bytes()[end].to_ascii_uppercase();
        units.find(|candidate| *candidate == unit)?;
        found.push((Scaled::parse(&text[..end])?, unit));
        text = &text[end + 1..];
    }
    Some(found)
}

/// `yyyy-mm-ddThh:mm:ss.fff`, where each number is an amount.
fn by_positions(text: &str) -> Option<[Scaled; 3]> {
    let (date, time) = text.split_once(['T', 't']).unwrap_or((text, ""));
    let numbers = |text: &str, separator: char, widths: &[usize]| {
        let mut parts = text.split(separator);
        let numbers: Option<Vec<Scaled>> = widths
            .iter()
            .map(|width| {
                let part = parts.next()?;
                let whole = part.split(['.', ',']).next()?;
                (whole.len() == *width && whole.bytes().all(|byte| byte.is_ascii_digit()))
                    .then(|| Scaled::parse(part))?
            })
            .collect();
        numbers.filter(|_| parts.next().is_none())
    };
    let date = numbers(date, '-', &[4, 2, 2])?;
    let time = if time.is_empty() { vec![Scaled::ZERO; 3] } else { numbers(time, ':', &[2, 2, 2])? };
    let [years, months, days] = date[..] else { return None };
    let [hours, minutes, seconds] = time[..] else { return None };
    Some([years.times(12)?.plus(months)?, days, hours.times(3_600)?.plus(minutes.times(60)?)?.plus(seconds)?])
}
