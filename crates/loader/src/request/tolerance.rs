//! How many errors a load may have and still count as completed: a number of them, or a share of its records.
//!
//! A share is kept as a whole number of millionths of a percent, so that whether a load is within it is exact.
//! **Source**: design §9, "Our own paths"; spec/loader.md §3.1 ("errors within an acceptable threshold").

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::shown;

/// Decimals of a percentage, at most.
const DECIMALS: usize = 6;
/// A percent in the unit of [`Tolerance::Share`].
const PERCENT: u64 = 1_000_000;
/// Everything, in the unit of [`Tolerance::Share`].
const WHOLE: u64 = 100 * PERCENT;

/// See the module. Kept in the journal as its user would write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Tolerance {
    /// So many errors.
    Errors(u64),
    /// So many millionths of a percent of the records, at most all of them.
    Share(u64),
}

impl Tolerance {
    /// Whether a load with so many errors among so many records is within it.
    pub fn admits(self, errors: u64, records: u64) -> bool {
        match self {
            Self::Errors(most) => errors <= most,
            Self::Share(share) => u128::from(errors) * u128::from(WHOLE) <= u128::from(share) * u128::from(records),
        }
    }

    /// Whether it admits no error at all, as a load without it.
    pub const fn is_none(self) -> bool {
        matches!(self, Self::Errors(0) | Self::Share(0))
    }
}

impl FromStr for Tolerance {
    type Err = String;

    /// Reads `N` or `N %`; the error is a clause that says what was expected.
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || {
            format!(
                "expected a whole number of errors, such as 10, or a share of the records from 0 % to 100 %, \
                 such as '0.5%', found {}",
                shown(text)
            )
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let trimmed = text.trim();
        let Some(percent) = trimmed.strip_suffix('%') else {
            return if digits(trimmed) { trimmed.parse().map(Self::Errors).map_err(|_| bad()) } else { Err(bad()) };
        };
        let (whole, decimals) = percent.trim_end().split_once('.').unwrap_or((percent.trim_end(), "0"));
        if !digits(whole) || !digits(decimals) || decimals.len() > DECIMALS {
            return Err(bad());
        }
        let number = |text: &str| text.parse::<u64>().map_err(|_| bad());
        let share = number(whole)?.checked_mul(PERCENT).zip(Some(number(&format!("{decimals:0<DECIMALS$}"))?));
        let share = share.and_then(|(whole, part)| whole.checked_add(part));
        share.filter(|share| *share <= WHOLE).map(Self::Share).ok_or_else(bad)
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Errors(most) => write!(f, "{most}"),
            Self::Share(share) if share % PERCENT == 0 => write!(f, "{}%", share / PERCENT),
            Self::Share(share) => {
                let decimals = format!("{:0DECIMALS$}", share % PERCENT);
                write!(f, "{}.{}%", share / PERCENT, decimals.trim_end_matches('0'))
            }
        }
    }
}

impl From<Tolerance> for String {
    fn from(tolerance: Tolerance) -> Self {
        tolerance.to_string()
    }
}

impl TryFrom<String> for Tolerance {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_and_shares_are_read() {
        for (text, expected) in [
            ("0", Tolerance::Errors(0)),
            (" 10 ", Tolerance::Errors(10)),
            ("18446744073709551615", Tolerance::Errors(u64::MAX)),
            ("0%", Tolerance::Share(0)),
            ("5 %", Tolerance::Share(5_000_000)),
            ("0.5%", Tolerance::Share(500_000)),
            ("0.000001 %", Tolerance::Share(1)),
            ("100.000000%", Tolerance::Share(100_000_000)),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in [
            "",
            "%",
            "-1",
            "+1",
            "1.5",
            "1e3",
            "ten",
            "5 percent",
            "100.1%",
            "101%",
            "-1%",
            ".5%",
            "5.%",
            "NaN%",
            "0.0000001%",
            "18446744073709551616",
            "18446744073709551615%",
            "١%",
            "5%%",
        ] {
            let error = text.parse::<Tolerance>().expect_err(text);
            assert!(error.starts_with("expected a whole number of errors, such as 10, or a share"), "{error}");
        }
    }

    #[test]
    fn the_border_is_within() {
        for (text, errors, records, within) in [
            ("2", 2, 2, true),
            ("2", 3, 1_000_000, false),
            ("1%", 1, 100, true),
            ("1%", 1, 99, false),
            ("33.333333%", 1, 3, false),
            ("100%", u64::MAX, u64::MAX, true),
            ("0%", 0, 0, true),
            ("0%", 1, u64::MAX, false),
        ] {
            let tolerance: Tolerance = text.parse().expect("good");
            assert_eq!(tolerance.admits(errors, records), within, "{errors} of {records} with {text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(errors: u64, share in 0..=WHOLE) {
            for tolerance in [Tolerance::Errors(errors), Tolerance::Share(share)] {
                prop_assert_eq!(tolerance.to_string().parse(), Ok(tolerance));
            }
        }
    }
}
