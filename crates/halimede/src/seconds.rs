//! Lengths of time as people write them in seconds: `20`, `0.5`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A length of time, from a millisecond to a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Seconds(pub(crate) Duration);

/// Why a text is no length of time.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected seconds from 0.001 to 86400, such as 20 or 0.5, found {0:?}")]
pub(crate) struct Error(String);

impl FromStr for Seconds {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let plain = text.trim();
        let number = plain.parse::<f64>().ok().filter(|_| plain.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
        let bounded = number.filter(|seconds| (0.001..=86_400.0).contains(seconds));
        bounded.map(|seconds| Self(Duration::from_secs_f64(seconds))).ok_or_else(|| Error(text.to_owned()))
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_read_and_bounded() {
        for (text, milliseconds) in [("20", 20_000), (" 0.5 ", 500), (".25", 250), ("86400", 86_400_000)] {
            assert_eq!(text.parse(), Ok(Seconds(Duration::from_millis(milliseconds))), "{text}");
        }
        for text in ["", "0", "-1", "1s", "1e3", "86401", "NaN", "inf"] {
            assert_eq!(text.parse::<Seconds>(), Err(Error(text.to_owned())));
        }
        assert_eq!(Seconds(Duration::from_millis(200)).to_string(), "0.2");
    }
}
