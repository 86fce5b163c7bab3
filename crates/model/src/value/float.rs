//! Floating-point numbers: bits in total order, and the notation they were written in.
//!
//! - **Shape**: payload = order bits, then the notation's byte, then zeros. The order is IEEE 754's total order with
//!   one NaN, which is last: -INF, negative, -0, 0, positive, INF, NaN.
//! - **Source**: XML Schema Part 2 (1.1) §3.3.4, §3.3.5; the canonical form is that of its first edition (`1.0E0`),
//!   which most RDF writers use.

use std::fmt::{self, Display, UpperExp};
use std::str::FromStr;

use crate::id::PAYLOAD_BITS;
use crate::value::StackText;

/// How a floating-point number was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Notation {
    /// The canonical form of XML Schema: `1.0E0`, `-1.25E-7`, `INF`, `-INF`, `NaN`.
    Scientific,
    /// Without exponent and with this many fraction digits: `47.1200` has four, `47` none.
    Fixed(u8),
}

impl Notation {
    /// Fraction digits that fit into a term's id.
    pub const MAX_DIGITS: u8 = 17;

    /// The byte on disk.
    const fn to_byte(self) -> u8 {
        match self {
            Self::Scientific => 0,
            Self::Fixed(digits) => digits.saturating_add(1),
        }
    }

    /// The notation of a byte; a byte too large gives one that no id has.
    const fn from_byte(byte: u8) -> Self {
        match byte {
            0 => Self::Scientific,
            _ => Self::Fixed(byte - 1),
        }
    }
}

/// `f32` and `f64`.
pub(super) trait Real: Copy + Display + UpperExp + FromStr {
    /// Width in bits.
    const BITS: u32;
    /// The bits such that a larger value has a larger number.
    fn to_order(self) -> u64;
    /// The value of such bits.
    fn from_order(order: u64) -> Self;
    /// As `f64` says it.
    fn is_finite(self) -> bool;
    /// What stands for a value that is not finite.
    fn name(self) -> &'static str;
}

macro_rules! real {
    ($float:ty, $unsigned:ty) => {
        impl Real for $float {
            const BITS: u32 = <$unsigned>::BITS;

            fn to_order(self) -> u64 {
                const SIGN: $unsigned = 1 << (<$unsigned>::BITS - 1);
                let bits = if self.is_nan() { <$float>::NAN } else { self }.to_bits();
                u64::from(if bits & SIGN == 0 { bits | SIGN } else { !bits })
            }

            fn from_order(order: u64) -> Self {
                const SIGN: $unsigned = 1 << (<$unsigned>::BITS - 1);
                let order = order as $unsigned;
                Self::from_bits(if order & SIGN == 0 { !order } else { order & !SIGN })
            }

            fn is_finite(self) -> bool {
                self.is_finite()
            }

            fn name(self) -> &'static str {
                if self.is_nan() {
                    "NaN"
                } else if self > 0.0 {
                    "INF"
                } else {
                    "-INF"
                }
            }
        }
    };
}
real!(f32, u32);
real!(f64, u64);

/// The value and notation that write exactly this text, if there are any.
pub(super) fn parse<R: Real>(lexical: &str) -> Option<(R, Notation)> {
    /// No text with an id is longer: the canonical ones have 24 characters, and a fixed one is kept short so that
    /// comparing stays cheap.
    const LONGEST: usize = 40;
    if lexical.len() > LONGEST {
        return None;
    }
    let value = lexical.parse::<R>().ok()?;
    let notation = if lexical.contains('E') || !value.is_finite() {
        Notation::Scientific
    } else {
        let digits = lexical.rfind('.').map_or(0, |point| lexical.len() - point - 1);
        Notation::Fixed(u8::try_from(digits).ok().filter(|digits| *digits <= Notation::MAX_DIGITS)?)
    };
    let mut written = StackText::<LONGEST>::default();
    write(&mut written, value, notation).ok()?;
    (written.as_bytes() == lexical.as_bytes()).then_some((value, notation))
}

/// Writes the value. One that is not finite has but one form.
pub(super) fn write<R: Real>(out: &mut impl fmt::Write, value: R, notation: Notation) -> fmt::Result {
    if !value.is_finite() {
        return out.write_str(value.name());
    }
    match notation {
        Notation::Fixed(digits) => write!(out, "{value:.digits$}", digits = usize::from(digits)),
        Notation::Scientific => {
            /// `-1.2345678901234567E-308` has 24 characters.
            const LONGEST: usize = 32;
            let mut written = StackText::<LONGEST>::default();
            fmt::Write::write_fmt(&mut written, format_args!("{value:E}"))?;
            let written = written.as_str();
            match written.split_once('E') {
                Some((mantissa, exponent)) if !mantissa.contains('.') => {
                    write!(out, "{mantissa}.0E{exponent}")
                }
                _ => out.write_str(written),
            }
        }
    }
}

/// Whether two values are one term: NaN equals itself, and the zeros differ.
pub(super) fn same<R: Real>(a: R, b: R) -> bool {
    a.to_order() == b.to_order()
}

/// The payload, unless the notation has too many digits. That the notation writes the whole value is not checked.
pub(super) fn to_payload<R: Real>(value: R, notation: Notation) -> Option<u128> {
    let notation = if value.is_finite() { notation } else { Notation::Scientific };
    let fits = !matches!(notation, Notation::Fixed(digits) if digits > Notation::MAX_DIGITS);
    let bits = (u128::from(value.to_order()) << 8) | u128::from(notation.to_byte());
    fits.then_some(bits << (PAYLOAD_BITS - 8 - R::BITS))
}

/// The value and notation of a payload.
pub(super) fn from_payload<R: Real>(payload: u128) -> (R, Notation) {
    let bits = payload >> (PAYLOAD_BITS - 8 - R::BITS);
    (R::from_order((bits >> 8) as u64), Notation::from_byte(bits as u8))
}
