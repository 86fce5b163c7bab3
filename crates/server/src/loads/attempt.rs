//! The fingerprint by which a call that is sent again is known.
//!
//! SDKs resend what was not answered in time, and all attempts of one call carry the same `amz-sdk-invocation-id`. The id
//! alone is no proof: everything else that makes the call what it is counts, too, and the hash is keyed with the store's
//! secret, so that nobody can make a call that passes for another.

use std::hash::Hasher as _;

use loader::Attempt;
use siphasher::sip128::{Hasher128 as _, SipHasher13};
use store::Store;

use super::text_header;
use crate::door::Call;
use axum::http::HeaderName;

/// The header that is the same in all attempts of one call.
const INVOCATION_ID: HeaderName = HeaderName::from_static("amz-sdk-invocation-id");

/// The call's fingerprint; `None` without the header: then every request is a call of its own.
pub(super) fn fingerprint(store: &Store, call: &Call) -> Option<Attempt> {
    let invocation = text_header(&call.headers, &INVOCATION_ID).filter(|id| !id.is_empty())?;
    let parts: [&[u8]; 6] = [
        call.identity.principal().as_bytes(),
        call.method.as_str().as_bytes(),
        call.path.as_bytes(),
        call.query.as_deref().unwrap_or_default().as_bytes(),
        &call.body.bytes,
        invocation.as_bytes(),
    ];
    Some(Attempt { fingerprint: digest(store.hash_key().as_bytes(), parts) })
}

/// Each part counts with its length, so that no two lists of parts run together.
fn digest(key: &[u8; 16], parts: [&[u8]; 6]) -> [u8; 16] {
    let mut hasher = SipHasher13::new_with_key(key);
    hasher.write(b"attempt");
    for part in parts {
        hasher.write(&(part.len() as u64).to_le_bytes());
        hasher.write(part);
    }
    hasher.finish128().as_u128().to_be_bytes()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_part_counts_and_none_runs_into_the_next() {
        let parts: [&[u8]; 6] = [b"", b"DELETE", b"/loader", b"loadId=1", b"", b"id"];
        let digest = |parts| super::digest(&[7; 16], parts);
        assert_eq!(digest(parts), digest(parts));
        for changed in 0..parts.len() {
            let mut others = parts;
            others[changed] = b"other";
            assert_ne!(digest(others), digest(parts));
        }
        assert_ne!(digest([b"", b"a", b"b", b"", b"", b""]), digest([b"", b"ab", b"", b"", b"", b""]));
        assert_ne!(super::digest(&[8; 16], parts), digest(parts));
    }
}
