//! A time of day, with and without an offset from UTC.

use std::cmp::Ordering;
use std::fmt;

use super::{NANOS_PER_DAY, NANOS_PER_SECOND, write_fraction, zone};

/// A time of day of an unnamed place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime(u64);

impl LocalTime {
    /// 00:00
    pub const MIDNIGHT: Self = Self(0);

    /// So many nanoseconds after midnight; `None` from a day on.
    pub const fn from_nanos(nanos: u64) -> Option<Self> {
        if nanos < NANOS_PER_DAY as u64 { Some(Self(nanos)) } else { None }
    }

    /// So many nanoseconds after midnight, days left out.
    pub(crate) fn wrapping(nanos: i128) -> Self {
        Self(nanos.rem_euclid(NANOS_PER_DAY.into()) as u64)
    }

    /// A time by its parts; `None` if there is no such time (24:00 is none).
    pub fn new(hour: i64, minute: i64, second: i64, nanos: i64) -> Option<Self> {
        let exists = (0..24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..60).contains(&second)
            && (0..NANOS_PER_SECOND).contains(&nanos);
        exists.then(|| Self(((hour * 3_600 + minute * 60 + second) * NANOS_PER_SECOND + nanos).cast_unsigned()))
    }

    /// Nanoseconds since midnight.
    pub const fn nanos(self) -> i64 {
        self.0.cast_signed()
    }

    /// The hour.
    pub const fn hour(self) -> i64 {
        self.nanos() / (3_600 * NANOS_PER_SECOND)
    }

    /// The minute.
    pub const fn minute(self) -> i64 {
        self.nanos() / (60 * NANOS_PER_SECOND) % 60
    }

    /// The second.
    pub const fn second(self) -> i64 {
        self.nanos() / NANOS_PER_SECOND % 60
    }

    /// Nanoseconds of the second.
    pub const fn nanos_of_second(self) -> i64 {
        self.nanos() % NANOS_PER_SECOND
    }
}

/// ISO 8601, without seconds where they are zero.
impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour(), self.minute())?;
        let (second, nanos) = (self.second(), self.nanos_of_second());
        if second != 0 || nanos != 0 {
            write!(f, ":{second:02}")?;
            // Less than a second fits.
            write_fraction(f, nanos as u32)?;
        }
        Ok(())
    }
}

/// A time of day with its offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Time {
    local: LocalTime,
    offset: i32,
}

impl Time {
    /// A time at an offset in seconds; `None` if that is beyond 18 hours.
    pub const fn new(local: LocalTime, offset: i32) -> Option<Self> {
        if zone::is_offset(offset) { Some(Self { local, offset }) } else { None }
    }

    /// The time as a clock shows it.
    pub const fn local(self) -> LocalTime {
        self.local
    }

    /// The offset in seconds.
    pub const fn offset(self) -> i32 {
        self.offset
    }

    /// Nanoseconds from midnight of UTC, beyond a day or below zero for a time of the next or last day there.
    pub const fn utc_nanos(self) -> i64 {
        self.local.nanos() - self.offset as i64 * NANOS_PER_SECOND
    }

    /// The same moment on a clock of another offset.
    pub(crate) fn at_offset(self, offset: i32) -> Self {
        let nanos = self.utc_nanos() + i64::from(offset) * NANOS_PER_SECOND;
        Self { local: LocalTime::wrapping(nanos.into()), offset }
    }
}

/// By moment, then by offset from west to east.
impl Ord for Time {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.utc_nanos(), self.offset).cmp(&(other.utc_nanos(), other.offset))
    }
}

impl PartialOrd for Time {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// ISO 8601.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.local)?;
        zone::write_offset(f, self.offset)
    }
}
