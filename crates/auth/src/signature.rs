//! The arithmetic of Signature Version 4: keys, texts to sign, comparison in constant time.

use std::fmt::Write as _;

use ring::{digest, hmac};

use crate::Secret;

/// The one algorithm.
pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// What every scope ends with.
pub(crate) const TERMINATOR: &str = "aws4_request";

/// The SHA-256 of nothing: that of the body of a GET.
pub const EMPTY_SHA256: [u8; 32] = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41,
    0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// The SHA-256 of a body.
pub fn sha256(body: &[u8]) -> [u8; 32] {
    finish(&digest::digest(&digest::SHA256, body))
}

pub(crate) fn finish(digest: &digest::Digest) -> [u8; 32] {
    digest.as_ref().try_into().expect("a SHA-256 has 32 bytes")
}

/// What a signature is good for: a day, a region, a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) day: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

impl Scope {
    /// The key that signs within this scope.
    pub(crate) fn key(&self, secret: &Secret) -> hmac::Key {
        let mut key = format!("AWS4{}", secret.reveal()).into_bytes();
        for part in [self.day.as_str(), &self.region, &self.service, TERMINATOR] {
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes());
            key.clear();
            key.extend_from_slice(tag.as_ref());
        }
        hmac::Key::new(hmac::HMAC_SHA256, &key)
    }

    /// The text that is signed, of a request made at `date` (basic form) whose canonical text has this hash.
    pub(crate) fn string_to_sign(&self, date: &str, canonical_sha256: &[u8; 32]) -> String {
        let Self { day, region, service } = self;
        format!("{ALGORITHM}\n{date}\n{day}/{region}/{service}/{TERMINATOR}\n{}", hex(canonical_sha256))
    }
}

/// Whether `signature` is that of `text`. Takes the same time whichever byte differs.
pub(crate) fn is_signature_of(key: &hmac::Key, text: &str, signature: &[u8; 32]) -> bool {
    hmac::verify(key, text.as_bytes(), signature).is_ok()
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a string takes any text");
    }
    text
}

/// Reads 32 bytes of lower-case hexadecimal, the only form in which signatures and hashes are sent.
pub(crate) fn unhex(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let mut bytes = [0; 32];
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{EMPTY_SHA256, hex, sha256, unhex};

    #[test]
    fn hexadecimal_is_read_back_in_lower_case_only() {
        let text = hex(&EMPTY_SHA256);
        assert_eq!(unhex(&text), Some(EMPTY_SHA256));
        assert_eq!(sha256(b""), EMPTY_SHA256);
        for wrong in
            [text.to_uppercase(), text[1..].to_owned(), format!("{text}0"), text.replace('e', "g"), String::new()]
        {
            assert_eq!(unhex(&wrong), None, "{wrong}");
        }
    }
}
