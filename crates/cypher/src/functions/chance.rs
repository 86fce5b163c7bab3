//! Random bits in shape.

/// A number from 0 to below 1, out of 53 bits.
pub(super) fn fraction(random: u64) -> f64 {
    (random >> 11) as f64 / (1_u64 << 53) as f64
}

/// A random UUID (RFC 9562, version 4).
pub(super) fn uuid(random: [u64; 2]) -> String {
    let bits = (u128::from(random[0]) << 64) | u128::from(random[1]);
    let bits = (bits & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let text = format!("{bits:032x}");
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::{fraction, uuid};

    #[test]
    fn randomness_is_shaped_and_not_made_here() {
        assert_eq!(uuid([0, 0]), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid([u64::MAX, u64::MAX]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert!((0.0..1.0).contains(&fraction(0)) && (0.0..1.0).contains(&fraction(u64::MAX)));
    }
}
