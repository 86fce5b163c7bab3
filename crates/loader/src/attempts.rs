//! One call, one answer: the successful answers to starts and cancels, remembered for the attempts that repeat them.
//!
//! SDKs send a call again when they have not seen its answer, with the same invocation id. A repeat must not start a
//! second job, nor be told that the job it cancelled does not exist. So a successful answer is kept for 15 minutes
//! under the call's fingerprint, in the same batch of the journal as what it did; and a repeat that arrives while the
//! first attempt is still at work waits for it. Failures are not remembered: a repeat tries again.
//!
//! **Source**: design §9, "Retries".

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::jobs::LoadId;

/// How long an answer is remembered.
const REMEMBERED_FOR: Duration = Duration::from_mins(15);
/// How many answers are remembered; beyond that the oldest go first.
const REMEMBERED_AT_MOST: usize = 4_096;

/// The fingerprint of a call: equal for all attempts of one call, different for any other call.
///
/// Made by the front door from everything that tells calls apart (principal, method, path, query, body hash and
/// invocation id), by a hash that a caller cannot find collisions of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Attempt {
    /// The hash.
    pub fingerprint: [u8; 16],
}

impl Attempt {
    /// Reads what [`fmt::Display`] writes.
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = is_hex.then(|| u128::from_str_radix(text, 16).ok()).flatten()?;
        Some(Self { fingerprint: number.to_be_bytes() })
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.fingerprint))
    }
}

/// An answer as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remembered {
    /// What was done.
    pub(crate) did: Did,
    /// The job it was done to; `None` if to all.
    pub(crate) load: Option<LoadId>,
    /// To how many jobs.
    #[serde(default = "one")]
    pub(crate) jobs: u64,
    /// When, in seconds since 1970.
    pub(crate) at_seconds: u64,
}

const fn one() -> u64 {
    1
}

impl Remembered {
    /// What was done to one job.
    pub(crate) const fn one(did: Did, load: LoadId, at_seconds: u64) -> Self {
        Self { did, load: Some(load), jobs: 1, at_seconds }
    }
}

/// What a remembered call did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Did {
    /// Started the job.
    Start,
    /// Cancelled it.
    Cancel,
    /// Cancelled all that waited, or that one besides.
    CancelAll,
}

/// What is remembered and what is being answered right now.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    table: Mutex<Table>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Table {
    slots: HashMap<Attempt, Slot>,
    /// Remembered attempts, oldest first.
    ages: VecDeque<(u64, Attempt)>,
}

#[derive(Clone, Copy, Debug)]
enum Slot {
    Working,
    Answered(Remembered),
}

/// What an attempt finds.
#[derive(Debug)]
pub(crate) enum Claim<'a> {
    /// It is the first: it does the work and tells the outcome.
    First(Ticket<'a>),
    /// The call was answered before.
    Repeat(Remembered),
}

impl Attempts {
    /// What the journal remembers; what is too old at `now_seconds` is returned, to be deleted there.
    pub(crate) fn restore(mut kept: Vec<(Attempt, Remembered)>, now_seconds: u64) -> (Self, Vec<Attempt>) {
        kept.sort_by_key(|(_, answer)| answer.at_seconds);
        let attempts = Self::default();
        let mut gone = Vec::new();
        for (attempt, answer) in kept {
            gone.extend(attempts.remember(attempt, answer, now_seconds));
        }
        (attempts, gone)
    }

    /// Asks for the right to answer `attempt`; waits while another holds it.
    pub(crate) fn claim(&self, attempt: Attempt, now_seconds: u64) -> Claim<'_> {
        let mut table = self.lock();
        loop {
            match table.slots.get(&attempt).copied() {
                Some(Slot::Answered(answer)) if !expired(answer.at_seconds, now_seconds) => {
                    return Claim::Repeat(answer);
                }
                Some(Slot::Working) => {
                    table = self.changed.wait(table).unwrap_or_else(PoisonError::into_inner);
                }
                Some(Slot::Answered(_)) | None => {
                    table.slots.insert(attempt, Slot::Working);
                    return Claim::First(Ticket { attempts: self, attempt });
                }
            }
        }
    }

    /// Keeps an answer; returns the attempts that are forgotten for their age or number.
    fn remember(&self, attempt: Attempt, answer: Remembered, now_seconds: u64) -> Vec<Attempt> {
        let mut table = self.lock();
        table.slots.insert(attempt, Slot::Answered(answer));
        table.ages.push_back((answer.at_seconds, attempt));
        let mut gone = Vec::new();
        while let Some(&(at_seconds, oldest)) = table.ages.front() {
            if table.ages.len() <= REMEMBERED_AT_MOST && !expired(at_seconds, now_seconds) {
                break;
            }
            table.ages.pop_front();
            // An attempt that was answered again since is younger than this entry of it says.
            let same = matches!(table.slots.get(&oldest), Some(Slot::Answered(kept)) if kept.at_seconds == at_seconds);
            if same {
                table.slots.remove(&oldest);
                gone.push(oldest);
            }
        }
        drop(table);
        self.changed.notify_all();
        gone
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn expired(at_seconds: u64, now_seconds: u64) -> bool {
    now_seconds.saturating_sub(at_seconds) > REMEMBERED_FOR.as_secs()
}

/// The right to answer one attempt. Dropped without an answer, the next repeat tries again.
#[derive(Debug)]
pub(crate) struct Ticket<'a> {
    attempts: &'a Attempts,
    attempt: Attempt,
}

impl Ticket<'_> {
    /// Whose ticket it is.
    pub(crate) const fn attempt(&self) -> Attempt {
        self.attempt
    }

    /// The answer is durable: repeats get it from now on. Returns what is forgotten for it.
    pub(crate) fn answered(self, answer: Remembered) -> Vec<Attempt> {
        self.attempts.remember(self.attempt, answer, answer.at_seconds)
        // The drop that follows finds an answer and leaves it.
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut table = self.attempts.lock();
        if matches!(table.slots.get(&self.attempt), Some(Slot::Working)) {
            table.slots.remove(&self.attempt);
        }
        drop(table);
        self.attempts.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(number: u128) -> Attempt {
        Attempt { fingerprint: number.to_be_bytes() }
    }

    fn started(at_seconds: u64) -> Remembered {
        Remembered::one(Did::Start, LoadId::random(), at_seconds)
    }

    fn first(attempts: &Attempts, number: u128, now: u64) -> Ticket<'_> {
        match attempts.claim(attempt(number), now) {
            Claim::First(ticket) => ticket,
            Claim::Repeat(answer) => panic!("answered before: {answer:?}"),
        }
    }

    #[test]
    fn hex_is_read_back() {
        let attempt = attempt(0x1234_5678_9abc);
        assert_eq!(Attempt::from_hex(&attempt.to_string()), Some(attempt));
        assert_eq!(Attempt::from_hex("+0000000000000000000000000000001"), None);
        assert_eq!(Attempt::from_hex(""), None);
    }

    #[test]
    fn a_repeat_gets_the_answer_and_a_failure_is_tried_again() {
        let attempts = Attempts::default();
        drop(first(&attempts, 1, 0));
        let answer = started(10);
        assert_eq!(first(&attempts, 1, 10).answered(answer), []);
        assert!(matches!(attempts.claim(attempt(1), 10 + 900), Claim::Repeat(kept) if kept == answer));
        assert!(matches!(attempts.claim(attempt(1), 10 + 901), Claim::First(_)));
        assert!(matches!(attempts.claim(attempt(2), 10), Claim::First(_)));
    }

    #[test]
    fn a_repeat_waits_for_the_first() {
        let attempts = Attempts::default();
        let ticket = first(&attempts, 7, 0);
        let answer = started(5);
        std::thread::scope(|scope| {
            let repeat = scope.spawn(|| match attempts.claim(attempt(7), 5) {
                Claim::Repeat(answer) => answer,
                Claim::First(_) => panic!("two attempts of one call at work"),
            });
            ticket.answered(answer);
            assert_eq!(repeat.join().expect("no panic"), answer);
        });
    }

    #[test]
    fn age_and_number_are_bounded() {
        let attempts = Attempts::default();
        for number in 0..REMEMBERED_AT_MOST as u128 {
            assert_eq!(first(&attempts, number, 0).answered(started(100)), []);
        }
        assert_eq!(first(&attempts, 1 << 100, 0).answered(started(100)), [attempt(0)]);
        let gone = first(&attempts, 1 << 101, 0).answered(started(1001));
        assert_eq!(gone.len(), REMEMBERED_AT_MOST, "all but the one just answered are too old");
    }

    #[test]
    fn a_restart_remembers() {
        let (young, old) = (started(1000), started(50));
        let (attempts, gone) = Attempts::restore(vec![(attempt(1), young), (attempt(2), old)], 1200);
        assert_eq!(gone, [attempt(2)]);
        assert!(matches!(attempts.claim(attempt(1), 1200), Claim::Repeat(kept) if kept == young));
        assert!(matches!(attempts.claim(attempt(2), 1200), Claim::First(_)));
    }
}
