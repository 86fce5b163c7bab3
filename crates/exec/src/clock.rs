//! The clock and the chance of this machine, for whoever runs a statement for real. Nothing else in this crate asks them.

use std::cell::RefCell;

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngCore as _, SeedableRng as _};

use crate::context::Clock;
use crate::temporal::Instant;

/// The machine's clock, read when the statement begins.
#[derive(Debug)]
pub struct SystemClock {
    transaction: Instant,
    statement: Instant,
    /// Made when the first number is drawn, which most statements never do.
    random: RefCell<Option<StdRng>>,
}

impl SystemClock {
    /// Of a statement that begins now, in a transaction of its own.
    pub fn now() -> Self {
        let now = instant();
        Self::within(now)
    }

    /// Of a statement that begins now, in a transaction that began then.
    pub fn within(transaction: Instant) -> Self {
        Self { transaction, statement: instant(), random: RefCell::default() }
    }
}

/// What time it is.
pub fn instant() -> Instant {
    let now = Timestamp::now();
    let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
    Instant::new(now.as_second(), nanos).expect("jiff's years end at 9999, ours far beyond")
}

impl Clock for SystemClock {
    fn transaction(&self) -> Instant {
        self.transaction
    }

    fn statement(&self) -> Instant {
        self.statement
    }

    fn realtime(&self) -> Instant {
        instant()
    }

    fn random(&self) -> u64 {
        self.random.borrow_mut().get_or_insert_with(StdRng::from_os_rng).next_u64()
    }
}
