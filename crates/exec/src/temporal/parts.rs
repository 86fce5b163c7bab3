//! A temporal value taken apart into what it has of day, time and zone.

use super::{Date, DateTime, LocalDateTime, LocalTime, Time, Zone};
use crate::Value;

/// What a temporal value has.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    pub(super) date: Option<Date>,
    pub(super) time: Option<LocalTime>,
    pub(super) zone: Option<Zone>,
    /// The offset that a time has which clocks of the zone show twice.
    pub(super) offset: Option<i32>,
}

impl Parts {
    /// The parts of a temporal value; `None` if it is none.
    pub(super) fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Date(date) => Self { date: Some(*date), ..Self::default() },
            Value::LocalTime(time) => Self { time: Some(*time), ..Self::default() },
            Value::Time(time) => Self::of_time(*time),
            Value::LocalDateTime(local) => Self::of_local(*local),
            Value::DateTime(value) => {
                Self { zone: Some(value.zone().clone()), offset: Some(value.offset()), ..Self::of_local(value.local()) }
            }
            _ => return None,
        })
    }

    fn of_time(time: Time) -> Self {
        let zone = Zone::fixed(time.offset());
        Self { date: None, time: Some(time.local()), zone, offset: Some(time.offset()) }
    }

    fn of_local(local: LocalDateTime) -> Self {
        Self { date: Some(local.date()), time: Some(local.time()), zone: None, offset: None }
    }

    /// Day and time; midnight of 1970-01-01 where they are missing.
    pub(super) fn local(&self) -> LocalDateTime {
        LocalDateTime::new(self.date.unwrap_or(Date::EPOCH), self.time.unwrap_or(LocalTime::MIDNIGHT))
    }

    /// As an instant; UTC where the zone is missing.
    pub(super) fn date_time(&self) -> DateTime {
        DateTime::from_local(self.local(), self.zone.clone().unwrap_or(Zone::UTC), self.offset)
    }
}
