//! Time zones: a fixed offset, or a place with rules.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::LazyLock;

use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp, civil};

use super::LocalDateTime;

/// The largest offset, in seconds: 18 hours.
const MAX_OFFSET: i32 = 18 * 3_600;

/// The rules that were built in. A machine's own may differ from those of its neighbour, or be absent.
static RULES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Seconds of 400 years, after which the calendar repeats, weekdays included.
const CYCLE: i64 = 146_097 * super::SECONDS_PER_DAY;
/// The years that are asked of the rules as they are: one cycle within what `jiff` knows.
const RULED_SECONDS: std::ops::Range<i64> = LocalDateTime::second_of_year(-9_500)..LocalDateTime::second_of_year(9_500);

pub(super) const fn is_offset(seconds: i32) -> bool {
    seconds.unsigned_abs() <= MAX_OFFSET.unsigned_abs()
}

/// A time zone. Cloning one is cheap.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    /// UTC, as an offset.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// An offset in seconds; `None` beyond 18 hours.
    pub fn fixed(seconds: i32) -> Option<Self> {
        let offset = is_offset(seconds).then(|| Offset::from_seconds(seconds).ok()).flatten()?;
        Some(Self(TimeZone::fixed(offset)))
    }

    /// A place by its IANA name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        RULES.get(name).ok().map(Self)
    }

    /// The IANA name, unless this is an offset (or UTC, which is written as one).
    pub fn name(&self) -> Option<&str> {
        self.0.iana_name().filter(|name| *name != "UTC")
    }

    /// The offset in seconds at an instant, in seconds since 1970-01-01T00:00Z.
    pub fn offset_at(&self, seconds: i64) -> i32 {
        if let Ok(offset) = self.0.to_fixed_offset() {
            return offset.seconds();
        }
        let timestamp = Timestamp::from_second(ruled(seconds)).expect("within the years that jiff knows");
        self.0.to_offset(timestamp).seconds()
    }

    /// The offset in seconds of a local time. Of the two that a time has when clocks are set back it is `preferred`, or
    /// the earlier one; a time that clocks skip has the offset from before, which moves it on by what was skipped.
    pub fn offset_of(&self, local: LocalDateTime, preferred: Option<i32>) -> i32 {
        if let Ok(offset) = self.0.to_fixed_offset() {
            return offset.seconds();
        }
        let seconds = ruled(local.seconds());
        let civil = civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
        let civil = civil.checked_add(SignedDuration::from_secs(seconds)).expect("within the years that jiff knows");
        match self.0.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.seconds(),
            AmbiguousOffset::Gap { before, .. } => before.seconds(),
            AmbiguousOffset::Fold { before, after } => {
                if preferred == Some(after.seconds()) {
                    after.seconds()
                } else {
                    before.seconds()
                }
            }
        }
    }
}

/// The same second of the calendar in a year that the rules are known for.
const fn ruled(seconds: i64) -> i64 {
    if seconds < RULED_SECONDS.start {
        RULED_SECONDS.start + (seconds - RULED_SECONDS.start).rem_euclid(CYCLE)
    } else if seconds >= RULED_SECONDS.end {
        RULED_SECONDS.end - CYCLE + (seconds - RULED_SECONDS.end).rem_euclid(CYCLE)
    } else {
        seconds
    }
}

/// By name or offset: two places with the same rules differ.
impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Zone {}

impl Ord for Zone {
    fn cmp(&self, other: &Self) -> Ordering {
        // Offsets have no name and stand first; two of them differ by their one offset.
        self.name().cmp(&other.name()).then_with(|| match self.name() {
            Some(_) => Ordering::Equal,
            None => self.offset_at(0).cmp(&other.offset_at(0)),
        })
    }
}

impl PartialOrd for Zone {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Zone {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.name() {
            Some(name) => name.hash(state),
            None => self.offset_at(0).hash(state),
        }
    }
}

/// Writes `Z`, `+02:00` or `+02:05:59`.
pub(super) fn write_offset(out: &mut impl fmt::Write, seconds: i32) -> fmt::Result {
    if seconds == 0 {
        return out.write_char('Z');
    }
    let size = seconds.unsigned_abs();
    let sign = if seconds < 0 { '-' } else { '+' };
    write!(out, "{sign}{:02}:{:02}", size / 3_600, size / 60 % 60)?;
    if size.is_multiple_of(60) { Ok(()) } else { write!(out, ":{:02}", size % 60) }
}

#[cfg(test)]
mod tests {
    use super::{LocalDateTime, Zone, write_offset};
    use crate::temporal::Date;

    fn at(year: i64, month: i64, day: i64, hour: i64) -> LocalDateTime {
        let midnight = Date::new(year, month, day).unwrap().days() * 86_400;
        LocalDateTime::from_seconds(midnight + hour * 3_600, 0).unwrap()
    }

    #[test]
    fn a_place_has_its_offset_in_every_year() {
        let zone = Zone::named("europe/stockholm").unwrap();
        assert_eq!(zone.name(), Some("Europe/Stockholm"));
        for (local, hours) in [
            (at(1984, 10, 11, 12), 1),
            (at(1984, 8, 14, 12), 2),
            (at(9_999, 7, 1, 0), 2),
            (at(999_999_999, 12, 31, 0), 1),
            (at(123_456, 7, 1, 0), 2),
        ] {
            assert_eq!(zone.offset_of(local, None), hours * 3_600, "{local}");
            assert_eq!(zone.offset_at(local.seconds()), hours * 3_600, "{local}");
        }
        // Before there were zones, a place had the time of its sun.
        assert_eq!(zone.offset_of(at(-999_999_999, 1, 1, 0), None), zone.offset_of(at(1700, 1, 1, 0), None));
        assert_eq!(Zone::named("Europe/Atlantis"), None);
    }

    #[test]
    fn of_two_offsets_the_preferred_one_is_taken() {
        let zone = Zone::named("Europe/Stockholm").unwrap();
        let twice = at(2017, 10, 29, 2);
        assert_eq!(zone.offset_of(twice, None), 7_200);
        assert_eq!(zone.offset_of(twice, Some(3_600)), 3_600);
        assert_eq!(zone.offset_of(twice, Some(0)), 7_200);
        // 02:00 did not happen: with the offset from before it is 03:00.
        assert_eq!(zone.offset_of(at(2017, 3, 26, 2), None), 3_600);
    }

    #[test]
    fn offsets_are_written_as_short_as_they_are() {
        for (seconds, text) in
            [(0, "Z"), (3_600, "+01:00"), (-5_400, "-01:30"), (7_559, "+02:05:59"), (-7_507, "-02:05:07")]
        {
            let mut out = String::new();
            write_offset(&mut out, seconds).unwrap();
            assert_eq!(out, text);
        }
        assert_eq!(Zone::fixed(64_801), None);
        assert_eq!(Zone::fixed(0), Some(Zone::UTC));
    }
}
