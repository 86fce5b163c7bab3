//! When a request to S3 is repeated, and after how long a pause.
//!
//! Pauses double from one try to the next, up to a limit, and each is drawn from the upper half of its length: many
//! requests that failed at one moment do not all come back at another. What counts are tries without any progress in
//! between, so that a long object on a bad line is read to its end all the same.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use super::Timing;

/// No pause is longer, however many came before.
const LONGEST: Duration = Duration::from_secs(10);

/// The tries of one request.
#[derive(Debug)]
pub(super) struct Retry {
    timing: Timing,
    /// Since the last progress.
    failures: u32,
}

impl Retry {
    pub(super) const fn new(timing: Timing) -> Self {
        Self { timing, failures: 0 }
    }

    /// A try failed, after it had brought something new or not. Waits, and says whether there is to be another.
    pub(super) async fn again(&mut self, progress: bool) -> bool {
        self.failures = if progress { 0 } else { self.failures.saturating_add(1) };
        let goes_on = self.failures < self.timing.tries;
        if goes_on {
            tokio::time::sleep(pause(self.timing.backoff, self.failures.max(1), drawn())).await;
        }
        goes_on
    }
}

/// The pause after so many failures; `drawn` is a random number.
fn pause(first: Duration, failures: u32, drawn: u32) -> Duration {
    let doubled = first.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
    let half = doubled.min(LONGEST) / 2;
    half + half.mul_f64(f64::from(drawn) / f64::from(u32::MAX))
}

/// A random number. Each map's hasher has keys of its own, which is as much chance as this needs.
fn drawn() -> u32 {
    RandomState::new().hash_one(()) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit_and_are_spread() {
        let first = Duration::from_millis(200);
        for (failures, longest) in [(1, 200), (2, 400), (3, 800), (6, 6400), (7, 10_000), (40, 10_000)] {
            let longest = Duration::from_millis(longest);
            assert_eq!(pause(first, failures, 0), longest / 2, "{failures} failures");
            assert_eq!(pause(first, failures, u32::MAX), longest, "{failures} failures");
        }
        assert!((0..100).map(|_| drawn()).collect::<std::collections::HashSet<_>>().len() > 90);
    }
}
