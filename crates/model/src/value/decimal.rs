//! Decimals: the value times 10^18, and how many fraction digits were written.
//!
//! - **Shape**: payload = (scaled value + 2^113) · 32 + number of fraction digits. Equal values written with more or
//!   fewer zeros are neighbours, not one term.
//! - **Source**: XML Schema Part 2 (1.1) §3.3.3.

use std::fmt;

/// Fraction digits that fit.
pub(super) const MAX_DIGITS: u8 = 18;
/// 10^18: what a value is multiplied by.
pub(super) const SCALE: i128 = 1_000_000_000_000_000_000;
/// One more than the largest absolute scaled value, and what is added so that negative ones have payloads.
const BIAS: i128 = 1 << 113;
/// Bits that hold the number of digits.
const DIGIT_BITS: u32 = 5;

/// The scaled value and number of fraction digits of a decimal that is written without plus sign or needless leading
/// zeros and with a digit on each side of its point. `-0` in any form has no id of its own.
pub(super) fn parse(lexical: &str) -> Option<(i128, u8)> {
    /// Digits of 2^113 / 10^18; so many cannot overflow an `i128`.
    const LONGEST: usize = 17;
    let (negative, rest) = match lexical.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, lexical),
    };
    let (whole, fraction) = match rest.split_once('.') {
        Some((_, "")) => return None,
        Some((whole, fraction)) => (whole.as_bytes(), fraction.as_bytes()),
        None => (rest.as_bytes(), &[][..]),
    };
    if whole.is_empty()
        || (whole[0] == b'0' && whole.len() > 1)
        || whole.len() > LONGEST
        || fraction.len() > usize::from(MAX_DIGITS)
    {
        return None;
    }
    let mut scaled = 0;
    for digit in whole.iter().chain(fraction) {
        if !digit.is_ascii_digit() {
            return None;
        }
        scaled = scaled * 10 + i128::from(digit - b'0');
    }
    let digits = fraction.len() as u8;
    scaled *= unit(digits);
    if negative && scaled == 0 {
        return None;
    }
    Some((if negative { -scaled } else { scaled }, digits))
}

/// Writes the value with that many fraction digits.
pub(super) fn write(out: &mut impl fmt::Write, scaled: i128, digits: u8) -> fmt::Result {
    let sign = if scaled < 0 { "-" } else { "" };
    let scale = SCALE.unsigned_abs();
    let (whole, fraction) = (scaled.unsigned_abs() / scale, scaled.unsigned_abs() % scale);
    write!(out, "{sign}{whole}")?;
    let digits = digits.min(MAX_DIGITS);
    if digits > 0 {
        let fraction = fraction / unit(digits).unsigned_abs();
        write!(out, ".{fraction:0width$}", width = usize::from(digits))?;
    }
    Ok(())
}

/// The payload, unless the value is too large or has more digits than are written.
pub(super) fn to_payload(scaled: i128, digits: u8) -> Option<u128> {
    let fits = digits <= MAX_DIGITS && -BIAS < scaled && scaled < BIAS && scaled % unit(digits) == 0;
    fits.then(|| (((scaled + BIAS) << DIGIT_BITS) | i128::from(digits)).cast_unsigned())
}

/// The scaled value and number of digits of a payload.
pub(super) const fn from_payload(payload: u128) -> (i128, u8) {
    let digits = payload & ((1 << DIGIT_BITS) - 1);
    ((payload >> DIGIT_BITS).cast_signed() - BIAS, digits as u8)
}

/// The scaled value of one in the last of `digits` places (at most [`MAX_DIGITS`]).
const fn unit(digits: u8) -> i128 {
    10_i128.pow((MAX_DIGITS - digits) as u32)
}
