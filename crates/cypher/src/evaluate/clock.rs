//! The moments that a statement is given.

use exec::temporal::Instant;

/// Who knows what time it is, and draws numbers. One of each statement, so that a run can be repeated.
pub trait Clock {
    /// When the transaction began.
    fn transaction(&self) -> Instant;

    /// When the statement began.
    fn statement(&self) -> Instant;

    /// Now.
    fn realtime(&self) -> Instant;

    /// The next random number of 64 bits.
    fn random(&self) -> u64;
}
