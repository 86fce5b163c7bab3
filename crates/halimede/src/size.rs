//! Sizes in bytes as people write them: `512MiB`, `1G`, `1_500kB`.
//!
//! The letters `K M G T` alone and with `iB` are powers of 1,024, as memory is sold; with `B` they are powers of 1,000,
//! as SI has them. A bare number is bytes.

use std::fmt;
use std::str::FromStr;

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ByteSize(pub(crate) u64);

/// Why a text is not a size.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// There is no number at its start, or what follows is not a unit.
    #[error("expected a size such as 512MiB, 2G or 1500000, found {0:?}")]
    Shape(String),
    /// More than 2^64 - 1 bytes.
    #[error("{0:?} is more than a size can be")]
    TooLarge(String),
}

impl FromStr for ByteSize {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let shape = || Error::Shape(text.to_owned());
        let trimmed = text.trim();
        let unit_at = trimmed.find(|c: char| !(c.is_ascii_digit() || c == '_' || c == '.')).unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(unit_at);
        let unit = unit_bytes(unit.trim_start()).ok_or_else(shape)?;
        let number = number.replace('_', "");
        let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
        if whole.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return Err(shape());
        }
        let too_large = || Error::TooLarge(text.to_owned());
        let whole: u64 = whole.parse().map_err(|_| too_large())?;
        let mut bytes = whole.checked_mul(unit).ok_or_else(too_large)?;
        if !fraction.is_empty() {
            // Below one unit, so a float is exact enough: nobody counts the bytes of 1.5GiB.
            let part: f64 = format!("0.{fraction}").parse().map_err(|_| shape())?;
            bytes = bytes.checked_add((part * unit as f64) as u64).ok_or_else(too_large)?;
        }
        Ok(Self(bytes))
    }
}

/// Bytes of one unit, or `None` if it is not one.
fn unit_bytes(unit: &str) -> Option<u64> {
    let lower = unit.to_ascii_lowercase();
    let (prefix, base) = match lower.as_str() {
        "" | "b" => return Some(1),
        other => match other.strip_suffix("ib") {
            Some(prefix) => (prefix, 1024_u64),
            None => match other.strip_suffix('b') {
                Some(prefix) => (prefix, 1000),
                None => (other, 1024),
            },
        },
    };
    let power = match prefix {
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => return None,
    };
    Some(base.pow(power))
}

impl fmt::Display for ByteSize {
    /// With one decimal of the largest binary unit that gives at least one: `1.5 GiB`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut value = self.0 as f64;
        let mut unit = "B";
        for larger in ["KiB", "MiB", "GiB", "TiB"] {
            if value < 1024.0 {
                break;
            }
            value /= 1024.0;
            unit = larger;
        }
        if unit == "B" { write!(f, "{} B", self.0) } else { write!(f, "{value:.1} {unit}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for (text, bytes) in [
            ("0", 0),
            ("1500000", 1_500_000),
            ("1_500_000", 1_500_000),
            ("512MiB", 512 << 20),
            ("512M", 512 << 20),
            ("512mib", 512 << 20),
            ("512MB", 512_000_000),
            ("1G", 1 << 30),
            ("1.5GiB", 3 << 29),
            (" 2 TiB ", 2 << 40),
            ("7b", 7),
            ("4k", 4096),
            ("4kB", 4000),
        ] {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "G", "-1", "1.2.3", "1X", "1 GiBi", "MiB512", "1e9", ".5G", "0x10"] {
            assert_eq!(text.parse::<ByteSize>(), Err(Error::Shape(text.to_owned())), "{text}");
        }
        for text in ["99999999999999999999", "99999999T"] {
            assert_eq!(text.parse::<ByteSize>(), Err(Error::TooLarge(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn sizes_are_shown() {
        for (bytes, text) in
            [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (3 << 29, "1.5 GiB"), (5 << 40, "5.0 TiB")]
        {
            assert_eq!(ByteSize(bytes).to_string(), text);
        }
    }
}
