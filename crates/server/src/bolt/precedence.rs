//! Who takes the writers' place before reading.
//!
//! A transaction that reads before it writes waits for nobody while it reads, and is turned away if others have written
//! meanwhile: its driver tries again, later and later, and gives up in the end. So that it does not come to that where many
//! write to one thing, each refusal lets some transactions that come next take the place first. They are written one
//! after the other, as writes are anyway, and can't be turned away.

use std::sync::atomic::{AtomicU32, Ordering};

/// Transactions that take the place first after each refusal.
const EACH: u32 = 8;

/// Most that are owed it.
const MOST: u32 = 256;

/// How many transactions are owed the place before they read.
#[derive(Debug, Default)]
pub(crate) struct Precedence(AtomicU32);

impl Precedence {
    /// Notes that a transaction was turned away.
    pub(super) fn owe(&self) {
        self.change(|owed| Some((owed + EACH).min(MOST)));
    }

    /// Whether a transaction that begins has to take the place first.
    pub(super) fn claim(&self) -> bool {
        self.change(|owed| owed.checked_sub(1))
    }

    fn change(&self, to: impl Fn(u32) -> Option<u32>) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, to).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_is_paid_for_and_no_more_than_the_most() {
        let precedence = Precedence::default();
        assert!(!precedence.claim());
        precedence.owe();
        assert_eq!((0..100).filter(|_| precedence.claim()).count(), EACH as usize);
        (0..1_000).for_each(|_| precedence.owe());
        assert_eq!((0..1_000).filter(|_| precedence.claim()).count(), MOST as usize);
    }
}
