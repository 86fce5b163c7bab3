//! A day and a time together: of an unnamed place, or as an instant seen from a zone.

use std::cmp::Ordering;
use std::fmt;

use model::value::calendar::days_of_date;

use super::{Date, LocalTime, NANOS_PER_SECOND, SECONDS_PER_DAY, Zone, write_fraction, zone};

/// A moment of the world, as a clock is read: seconds since 1970-01-01T00:00Z and nanoseconds after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    seconds: i64,
    nanos: u32,
}

impl Instant {
    /// An instant; `None` beyond the years that are supported, or from a second of nanoseconds on.
    pub fn new(seconds: i64, nanos: u32) -> Option<Self> {
        LocalDateTime::from_seconds(seconds, nanos).map(|_| Self { seconds, nanos })
    }

    /// Seconds since 1970-01-01T00:00Z.
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds after them.
    pub const fn nanos(self) -> u32 {
        self.nanos
    }

    /// Nanoseconds since 1970-01-01T00:00Z.
    pub(crate) const fn total_nanos(self) -> i128 {
        self.seconds as i128 * NANOS_PER_SECOND as i128 + self.nanos as i128
    }

    pub(crate) fn from_total_nanos(nanos: i128) -> Option<Self> {
        let unit = i128::from(NANOS_PER_SECOND);
        Self::new(nanos.div_euclid(unit).try_into().ok()?, nanos.rem_euclid(unit) as u32)
    }
}

/// A day and a time of an unnamed place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalDateTime {
    /// As if the place were at UTC.
    seconds: i64,
    nanos: u32,
}

impl LocalDateTime {
    /// A day and a time.
    pub const fn new(date: Date, time: LocalTime) -> Self {
        Self {
            seconds: date.days() * SECONDS_PER_DAY + time.nanos() / NANOS_PER_SECOND,
            nanos: time.nanos_of_second() as u32,
        }
    }

    /// So many seconds and nanoseconds after 1970-01-01T00:00; `None` beyond the years that are supported, or from a
    /// second of nanoseconds on.
    pub const fn from_seconds(seconds: i64, nanos: u32) -> Option<Self> {
        let in_range = Date::from_days(seconds.div_euclid(SECONDS_PER_DAY)).is_some();
        if in_range && (nanos as i64) < NANOS_PER_SECOND { Some(Self { seconds, nanos }) } else { None }
    }

    pub(super) const fn second_of_year(year: i64) -> i64 {
        days_of_date(year, 1, 1) * SECONDS_PER_DAY
    }

    /// Seconds since 1970-01-01T00:00 of the same place.
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds after them.
    pub const fn nanos(self) -> u32 {
        self.nanos
    }

    /// Nanoseconds since 1970-01-01T00:00 of the same place.
    pub(crate) const fn total_nanos(self) -> i128 {
        self.seconds as i128 * NANOS_PER_SECOND as i128 + self.nanos as i128
    }

    pub(crate) fn plus_nanos(self, nanos: i128) -> Option<Self> {
        let instant = Instant::from_total_nanos(self.total_nanos().checked_add(nanos)?)?;
        Self::from_seconds(instant.seconds, instant.nanos)
    }

    /// The day.
    pub const fn date(self) -> Date {
        match Date::from_days(self.seconds.div_euclid(SECONDS_PER_DAY)) {
            Some(date) => date,
            // The constructors refuse what is out of range.
            None => Date::EPOCH,
        }
    }

    /// The time.
    pub fn time(self) -> LocalTime {
        let second = self.seconds.rem_euclid(SECONDS_PER_DAY);
        LocalTime::wrapping(i128::from(second * NANOS_PER_SECOND + i64::from(self.nanos)))
    }
}

/// ISO 8601.
impl fmt::Display for LocalDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{}", self.date(), self.time())
    }
}

/// An instant seen from a zone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DateTime {
    instant: Instant,
    zone: Zone,
}

impl DateTime {
    /// An instant seen from a zone. At the ends of the supported years the local time may be beyond them: then it is
    /// that of the end.
    pub const fn new(instant: Instant, zone: Zone) -> Self {
        Self { instant, zone }
    }

    /// The instant at which clocks of a zone show a time; see [`Zone::offset_of`] for times that they show twice or
    /// never. Within hours of the ends of the supported years it is that of the end.
    pub fn from_local(local: LocalDateTime, zone: Zone, preferred: Option<i32>) -> Self {
        let seconds = local.seconds() - i64::from(zone.offset_of(local, preferred));
        let instant = Instant::new(seconds, local.nanos());
        Self { instant: instant.unwrap_or(Instant { seconds: local.seconds(), nanos: local.nanos() }), zone }
    }

    /// The instant.
    pub const fn instant(&self) -> Instant {
        self.instant
    }

    /// The zone.
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The zone's offset in seconds at the instant.
    pub fn offset(&self) -> i32 {
        self.zone.offset_at(self.instant.seconds)
    }

    /// What a clock of the zone shows.
    pub fn local(&self) -> LocalDateTime {
        let Instant { seconds, nanos } = self.instant;
        let local = LocalDateTime::from_seconds(seconds + i64::from(self.offset()), nanos);
        local.unwrap_or(LocalDateTime { seconds, nanos })
    }

    /// The same instant seen from another zone.
    #[must_use]
    pub const fn at_zone(&self, zone: Zone) -> Self {
        Self { instant: self.instant, zone }
    }

    /// The instant as the service writes it: in UTC, always with seconds.
    pub fn write_utc(&self, out: &mut impl fmt::Write) -> fmt::Result {
        let Instant { seconds, nanos } = self.instant;
        let second = seconds.rem_euclid(SECONDS_PER_DAY);
        let date = LocalDateTime { seconds, nanos }.date();
        write!(out, "{date}T{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60)?;
        write_fraction(out, nanos)?;
        out.write_char('Z')
    }
}

/// By instant, then by offset from west to east, then by the name of the zone.
impl Ord for DateTime {
    fn cmp(&self, other: &Self) -> Ordering {
        self.instant.cmp(&other.instant).then_with(|| {
            if self.zone == other.zone {
                return Ordering::Equal;
            }
            self.offset().cmp(&other.offset()).then_with(|| self.zone.cmp(&other.zone))
        })
    }
}

impl PartialOrd for DateTime {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// ISO 8601, with the name of a zone that has one in brackets (RFC 9557).
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.local())?;
        zone::write_offset(f, self.offset())?;
        self.zone.name().map_or(Ok(()), |name| write!(f, "[{name}]"))
    }
}
