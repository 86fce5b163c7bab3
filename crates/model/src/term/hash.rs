//! The keyed hash that names long terms and blank nodes.
//!
//! - **Shape**: SipHash-1-3 of 128 bits over the tag's byte and the spelling, cut to the 120 bits of a payload.
//! - **Invariant**: the key never leaves the store, so that nobody can prepare two terms with one id. By chance, 10^10
//!   terms collide with a probability of about 4 in 10^17.

use std::fmt;
use std::hash::Hasher as _;

use siphasher::sip128::{Hasher128 as _, SipHasher13};

use crate::id::PAYLOAD_MASK;
use crate::{Tag, TermId};

/// The secret with which long terms are hashed; random per store, so that nobody can construct collisions.
#[derive(Clone, Copy)]
pub struct HashKey([u8; 16]);

impl HashKey {
    /// The key of these bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be kept with the store.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The identity of the blank node that is known by these parts: load, file and label, say. Each part counts with its
    /// length, so that no two lists of parts run together. 120 bits.
    pub fn blank(&self, parts: &[&[u8]]) -> u128 {
        let mut hasher = self.hasher(Tag::Blank);
        for part in parts {
            hasher.write(&(part.len() as u64).to_le_bytes());
            hasher.write(part);
        }
        finish(&hasher)
    }

    /// The id with this tag of a term that is spelled so.
    pub(super) fn id(&self, tag: Tag, spelling: &[u8]) -> TermId {
        let mut hasher = self.hasher(tag);
        hasher.write(spelling);
        TermId::new(tag, finish(&hasher))
    }

    /// The id with this tag of a term that is spelled in two parts with a NUL between them, the first in lower case.
    pub(super) fn id_lower(&self, tag: Tag, lower: &str, rest: &[u8]) -> TermId {
        /// Language tags are short; a longer text takes more rounds.
        const PIECE: usize = 32;
        let mut hasher = self.hasher(tag);
        for piece in lower.as_bytes().chunks(PIECE) {
            let mut lowered = [0; PIECE];
            let lowered = &mut lowered[..piece.len()];
            lowered.copy_from_slice(piece);
            lowered.make_ascii_lowercase();
            hasher.write(lowered);
        }
        hasher.write(&[0]);
        hasher.write(rest);
        TermId::new(tag, finish(&hasher))
    }

    /// The id with this tag of a term that is spelled in two parts with a NUL between them.
    pub(super) fn id_pair(&self, tag: Tag, first: &[u8], rest: &[u8]) -> TermId {
        let mut hasher = self.hasher(tag);
        hasher.write(first);
        hasher.write(&[0]);
        hasher.write(rest);
        TermId::new(tag, finish(&hasher))
    }

    fn hasher(&self, tag: Tag) -> SipHasher13 {
        let mut hasher = SipHasher13::new_with_key(&self.0);
        hasher.write(&[tag as u8]);
        hasher
    }
}

/// Does not show the key.
impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(…)")
    }
}

fn finish(hasher: &SipHasher13) -> u128 {
    u128::from(hasher.finish128()) & PAYLOAD_MASK
}
