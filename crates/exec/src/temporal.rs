//! Dates, times and durations: their types here, what is done with them in the modules below.
//!
//! - **Shape**: a day is a count of days, a time a count of nanoseconds, an instant a count of seconds, all 64 bits wide:
//!   years from -999,999,999 to 999,999,999. The zone rules of IANA are built in, so that an answer does not depend on
//!   the machine; they are asked through `jiff`, whose years end at 9999, and beyond that the rules of the last years it
//!   knows repeat.
//! - **Clock**: nothing reads it. What needs the time of day is given an [`Instant`].
//! - **Source**: ISO 8601; openCypher's CIP2015-08-06; TCK Temporal1 to Temporal10.

use std::fmt;

use crate::{EvalError, Result};

pub mod between;
pub mod component;
pub mod construct;
mod date;
mod datetime;
mod duration;
mod fields;
mod parts;
mod read;
mod scaled;
pub mod shift;
mod time;
pub mod truncate;
mod zone;

pub use date::Date;
pub use datetime::{DateTime, Instant, LocalDateTime};
pub use duration::Duration;
pub use time::{LocalTime, Time};
pub use zone::Zone;

/// Nanoseconds of a day: leap seconds are not counted.
pub const NANOS_PER_DAY: i64 = 86_400 * NANOS_PER_SECOND;
/// Nanoseconds of a second.
pub const NANOS_PER_SECOND: i64 = 1_000_000_000;
/// Seconds of a day.
pub const SECONDS_PER_DAY: i64 = 86_400;

/// What dates are bounded by.
const YEARS: &str = "the years -999999999 to 999999999";

/// Refuses a date beyond the years that are supported.
fn in_years<T>(operation: &'static str, value: Option<T>) -> Result<T> {
    value.ok_or(EvalError::TemporalOverflow { operation, range: YEARS })
}

/// Writes `.` and as many groups of three digits as it takes; nothing for zero.
fn write_fraction(out: &mut impl fmt::Write, nanos: u32) -> fmt::Result {
    if nanos == 0 {
        Ok(())
    } else if nanos.is_multiple_of(1_000_000) {
        write!(out, ".{:03}", nanos / 1_000_000)
    } else if nanos.is_multiple_of(1_000) {
        write!(out, ".{:06}", nanos / 1_000)
    } else {
        write!(out, ".{nanos:09}")
    }
}

#[cfg(test)]
mod tests;
