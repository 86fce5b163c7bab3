//! A day of the Gregorian calendar, in each of the ways in which ISO 8601 names it.

use std::fmt;

use model::value::calendar::{date_of_days, days_in_month, days_of_date};

/// The last year, and less its sign the first.
const MAX_YEAR: i64 = 999_999_999;
const MIN_DAYS: i64 = days_of_date(-MAX_YEAR, 1, 1);
const MAX_DAYS: i64 = days_of_date(MAX_YEAR, 12, 31);

/// A day. Weeks begin on Monday, and the first week of a year is the one that holds its first Thursday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i64);

impl Date {
    /// 1970-01-01
    pub const EPOCH: Self = Self(0);

    /// So many days after 1970-01-01; `None` beyond the years that are supported.
    pub const fn from_days(days: i64) -> Option<Self> {
        if days >= MIN_DAYS && days <= MAX_DAYS { Some(Self(days)) } else { None }
    }

    /// A day of a month, both counted from 1; `None` if there is no such day.
    pub fn new(year: i64, month: i64, day: i64) -> Option<Self> {
        let exists = (-MAX_YEAR..=MAX_YEAR).contains(&year)
            && (1..=12).contains(&month)
            && (1..=i64::from(days_in_month(year, month as u8))).contains(&day);
        exists.then(|| Self(days_of_date(year, month as u8, day as u8)))
    }

    /// The day of a month, or the last one of it if it is shorter.
    pub(crate) fn clamped(year: i64, month: i64, day: i64) -> Option<Self> {
        if !(1..=12).contains(&month) {
            return None;
        }
        Self::new(year, month, day.min(days_in_month(year, month as u8).into()))
    }

    /// A day of a week, Monday being 1; `None` if the year has no such week.
    pub fn from_week(week_year: i64, week: i64, weekday: i64) -> Option<Self> {
        if !(1..=53).contains(&week) || !(1..=7).contains(&weekday) {
            return None;
        }
        // The fourth of January is in the first week, whatever its weekday.
        let fourth = Self::new(week_year, 1, 4)?;
        let monday = fourth.0 - fourth.weekday() + 1;
        let day = Self::from_days(monday + (week - 1) * 7 + weekday - 1)?;
        (day.week_year() == week_year).then_some(day)
    }

    /// A day of a year, counted from 1.
    pub fn from_ordinal(year: i64, ordinal: i64) -> Option<Self> {
        let first = Self::new(year, 1, 1)?;
        let exists = (1..=366).contains(&ordinal);
        let day = Self::from_days(first.0 + if exists { ordinal } else { 1 } - 1)?;
        (exists && day.year() == year).then_some(day)
    }

    /// A day of a quarter, both counted from 1.
    pub fn from_quarter(year: i64, quarter: i64, day_of_quarter: i64) -> Option<Self> {
        if !(1..=4).contains(&quarter) || !(1..=92).contains(&day_of_quarter) {
            return None;
        }
        let first = Self::new(year, quarter * 3 - 2, 1)?;
        let day = Self::from_days(first.0 + day_of_quarter - 1)?;
        (day.quarter() == quarter).then_some(day)
    }

    /// Days since 1970-01-01.
    pub const fn days(self) -> i64 {
        self.0
    }

    /// Year, month and day.
    pub const fn ymd(self) -> (i64, i64, i64) {
        let (year, month, day) = date_of_days(self.0);
        (year, month as i64, day as i64)
    }

    /// The year; 0 is 1 BC.
    pub const fn year(self) -> i64 {
        self.ymd().0
    }

    /// The quarter, from 1.
    pub const fn quarter(self) -> i64 {
        (self.ymd().1 + 2) / 3
    }

    /// The day within the quarter, from 1.
    pub fn day_of_quarter(self) -> i64 {
        self.0 - days_of_date(self.year(), (self.quarter() * 3 - 2) as u8, 1) + 1
    }

    /// The day within the year, from 1.
    pub const fn ordinal(self) -> i64 {
        self.0 - days_of_date(self.year(), 1, 1) + 1
    }

    /// The day within the week: 1 is Monday.
    pub const fn weekday(self) -> i64 {
        // The epoch was a Thursday.
        (self.0 + 3).rem_euclid(7) + 1
    }

    /// The year that the week belongs to.
    pub const fn week_year(self) -> i64 {
        self.thursday().year()
    }

    /// The week within that year, from 1.
    pub const fn week(self) -> i64 {
        (self.thursday().ordinal() - 1) / 7 + 1
    }

    /// The Thursday of the same week, which may lie days beyond what is supported.
    const fn thursday(self) -> Self {
        Self(self.0 + 4 - self.weekday())
    }

    /// So many months later: the same day, or the last one of a shorter month.
    pub fn plus_months(self, months: i64) -> Option<Self> {
        let (year, month, day) = self.ymd();
        let month = (year * 12 + month - 1).checked_add(months)?;
        Self::clamped(month.div_euclid(12), month.rem_euclid(12) + 1, day)
    }

    /// So many days later.
    pub const fn plus_days(self, days: i64) -> Option<Self> {
        match self.0.checked_add(days) {
            Some(days) => Self::from_days(days),
            None => None,
        }
    }
}

/// ISO 8601; a year that does not have four digits is written with its sign.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        match year {
            ..0 => write!(f, "-{:04}", -year)?,
            0..10_000 => write!(f, "{year:04}")?,
            _ => write!(f, "+{year}")?,
        }
        write!(f, "-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Date, MAX_DAYS, MIN_DAYS};

    #[test]
    fn days_that_do_not_exist_are_refused() {
        assert_eq!(Date::new(2023, 2, 29), None);
        assert_eq!(Date::new(2024, 13, 1), None);
        assert_eq!(Date::new(1_000_000_000, 1, 1), None);
        assert_eq!(Date::from_week(1817, 53, 1), None);
        assert_eq!(Date::from_ordinal(2023, 366), None);
        assert_eq!(Date::from_quarter(2023, 1, 91), None);
        assert_eq!(Date::from_ordinal(2023, i64::MAX), None);
    }

    #[test]
    fn the_end_of_a_month_stays_within_the_month() {
        let end = Date::new(2024, 1, 31).unwrap();
        assert_eq!(end.plus_months(1).unwrap().to_string(), "2024-02-29");
        assert_eq!(end.plus_months(-11).unwrap().to_string(), "2023-02-28");
        assert_eq!(end.plus_months(i64::MAX), None);
    }

    #[test]
    fn years_that_do_not_have_four_digits_carry_a_sign() {
        for (year, text) in [(0, "0000-01-01"), (-1, "-0001-01-01"), (10_000, "+10000-01-01"), (28, "0028-01-01")] {
            assert_eq!(Date::new(year, 1, 1).unwrap().to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn each_name_of_a_day_gives_it_back(days in prop_oneof![-800_000..800_000_i64, MIN_DAYS + 7..MAX_DAYS - 7]) {
            let date = Date::from_days(days).unwrap();
            let (year, month, day) = date.ymd();
            prop_assert_eq!(Date::new(year, month, day), Some(date));
            prop_assert_eq!(Date::from_ordinal(year, date.ordinal()), Some(date));
            prop_assert_eq!(Date::from_quarter(year, date.quarter(), date.day_of_quarter()), Some(date));
            prop_assert_eq!(Date::from_week(date.week_year(), date.week(), date.weekday()), Some(date));
        }
    }
}
