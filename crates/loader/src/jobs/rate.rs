//! How fast a load reads: records a second over the last ten seconds.
//!
//! A load reads and writes by turns, so the speed of a moment says little, and that of the whole load hides a stall. Parser
//! threads leave a sample now and then; whoever asks holds the present against the newest sample that is as old as the
//! window.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What is looked back on.
const WINDOW: Duration = Duration::from_secs(10);
/// Between two samples, at least: this bounds how many there are.
const GAP: Duration = Duration::from_millis(500);
/// A shorter time is taken for this long, so that the first block does not look like a miracle.
const LEAST: Duration = Duration::from_millis(100);

/// The samples of one load.
#[derive(Debug, Default)]
pub(super) struct Rate(Mutex<VecDeque<Sample>>);

#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Instant,
    records: u64,
}

impl Rate {
    /// Reading begins. Records that were read before, by an earlier process, tell nothing of this one's speed.
    pub(super) fn begin(&self, at: Instant, records: u64) {
        let mut samples = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        samples.clear();
        samples.push_back(Sample { at, records });
    }

    /// So many records were read so far. A thread that finds another one here goes on: its sample is not needed.
    pub(super) fn note(&self, at: Instant, records: u64) {
        let Ok(mut samples) = self.0.try_lock() else { return };
        if samples.back().is_some_and(|last| at.saturating_duration_since(last.at) < GAP) {
            return;
        }
        samples.push_back(Sample { at, records });
        drop_old(&mut samples, at);
    }

    /// Records a second up to now, of which there are so many; 0 before reading begins.
    pub(super) fn per_second(&self, now: Instant, records: u64) -> u64 {
        let mut samples = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop_old(&mut samples, now);
        let Some(first) = samples.front() else { return 0 };
        let took = now.saturating_duration_since(first.at).max(LEAST);
        (records.saturating_sub(first.records) as f64 / took.as_secs_f64()) as u64
    }
}

/// Keeps one sample that is as old as the window, and those after it.
fn drop_old(samples: &mut VecDeque<Sample>, now: Instant) {
    while samples.get(1).is_some_and(|next| now.saturating_duration_since(next.at) >= WINDOW) {
        samples.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_looked_at_and_nothing_before_it() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let rate = Rate::default();
        assert_eq!(rate.per_second(at(0), 5), 0, "before it begins");
        rate.begin(at(0), 0);
        assert_eq!(rate.per_second(at(0), 0), 0);
        assert_eq!(rate.per_second(at(1), 100), 1_000, "the first block is no miracle");
        // 100 records a second for 20 seconds, then nothing.
        for second in 1..=20 {
            rate.note(at(1_000 * second), 100 * second);
        }
        assert_eq!(rate.per_second(at(20_000), 2_000), 100);
        assert_eq!(rate.per_second(at(25_000), 2_000), 50);
        assert_eq!(rate.per_second(at(31_000), 2_000), 0);
    }

    #[test]
    fn what_an_earlier_process_read_does_not_count() {
        let start = Instant::now();
        let rate = Rate::default();
        rate.note(start, 1_000_000);
        rate.begin(start, 1_000_000);
        assert_eq!(rate.per_second(start + Duration::from_secs(2), 1_000_500), 250);
    }

    #[test]
    fn samples_are_few() {
        let start = Instant::now();
        let rate = Rate::default();
        rate.begin(start, 0);
        for step in 0..100_000 {
            rate.note(start + Duration::from_millis(step), step);
        }
        let samples = rate.0.lock().expect("not poisoned").len() as u128;
        assert!(samples <= WINDOW.as_millis() / GAP.as_millis() + 2, "{samples}");
    }
}
