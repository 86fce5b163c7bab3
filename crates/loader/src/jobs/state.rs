//! The states of jobs and feeds, their names on the wire, and how a job's last state follows from its feeds'.
//!
//! **Source**: spec/loader.md §3.1 (names), §3.2 (overall status), §4.2 (order of `feedCount`).

use serde::{Deserialize, Serialize};

/// The state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum JobState {
    /// Recorded, not started.
    #[serde(rename = "LOAD_NOT_STARTED")]
    NotStarted,
    /// Waiting for its turn.
    #[serde(rename = "LOAD_IN_QUEUE")]
    InQueue,
    /// Running.
    #[serde(rename = "LOAD_IN_PROGRESS")]
    InProgress,
    /// Ended, every file loaded without an error.
    #[serde(rename = "LOAD_COMPLETED")]
    Completed,
    /// Stopped by its user.
    #[serde(rename = "LOAD_CANCELLED_BY_USER")]
    CancelledByUser,
    /// Stopped by an error, some files untouched.
    #[serde(rename = "LOAD_CANCELLED_DUE_TO_ERRORS")]
    CancelledDueToErrors,
    /// Ended with errors.
    #[serde(rename = "LOAD_FAILED")]
    Failed,
    /// Ended by a fault of ours, or by the end of the process.
    #[serde(rename = "LOAD_UNEXPECTED_ERROR")]
    UnexpectedError,
    /// Ended with unresolved write conflicts.
    #[serde(rename = "LOAD_COMMITTED_W_WRITE_CONFLICTS")]
    CommittedWithWriteConflicts,
    /// Rolled back because of a deadlock. Never reached: loads lock in order.
    #[serde(rename = "LOAD_DATA_DEADLOCK")]
    DataDeadlock,
    /// Never ran: a load that it depends on did not complete.
    #[serde(rename = "LOAD_FAILED_BECAUSE_DEPENDENCY_NOT_SATISFIED")]
    DependencyNotSatisfied,
    /// Never ran: its source was refused when its turn came.
    #[serde(rename = "LOAD_FAILED_INVALID_REQUEST")]
    InvalidRequest,
}

impl JobState {
    /// All states.
    pub const ALL: [Self; 12] = [
        Self::NotStarted,
        Self::InQueue,
        Self::InProgress,
        Self::Completed,
        Self::CancelledByUser,
        Self::CancelledDueToErrors,
        Self::Failed,
        Self::UnexpectedError,
        Self::CommittedWithWriteConflicts,
        Self::DataDeadlock,
        Self::DependencyNotSatisfied,
        Self::InvalidRequest,
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotStarted => "LOAD_NOT_STARTED",
            Self::InQueue => "LOAD_IN_QUEUE",
            Self::InProgress => "LOAD_IN_PROGRESS",
            Self::Completed => "LOAD_COMPLETED",
            Self::CancelledByUser => "LOAD_CANCELLED_BY_USER",
            Self::CancelledDueToErrors => "LOAD_CANCELLED_DUE_TO_ERRORS",
            Self::Failed => "LOAD_FAILED",
            Self::UnexpectedError => "LOAD_UNEXPECTED_ERROR",
            Self::CommittedWithWriteConflicts => "LOAD_COMMITTED_W_WRITE_CONFLICTS",
            Self::DataDeadlock => "LOAD_DATA_DEADLOCK",
            Self::DependencyNotSatisfied => "LOAD_FAILED_BECAUSE_DEPENDENCY_NOT_SATISFIED",
            Self::InvalidRequest => "LOAD_FAILED_INVALID_REQUEST",
        }
    }

    /// Whether a job in this state has ended: the state never changes again.
    pub const fn is_terminal(self) -> bool {
        !matches!(self, Self::NotStarted | Self::InQueue | Self::InProgress)
    }

    /// Whether a job in this state never ran.
    pub const fn never_ran(self) -> bool {
        matches!(self, Self::NotStarted | Self::InQueue | Self::DependencyNotSatisfied | Self::InvalidRequest)
    }
}

/// The state of a feed (one file of a load). The order is that of `feedCount`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FeedState {
    /// Not touched.
    #[serde(rename = "LOAD_NOT_STARTED")]
    NotStarted,
    /// Being loaded now.
    #[serde(rename = "LOAD_IN_PROGRESS")]
    InProgress,
    /// Loaded and visible, without an error.
    #[serde(rename = "LOAD_COMPLETED")]
    Completed,
    /// Loaded but for unresolved write conflicts.
    #[serde(rename = "LOAD_COMMITTED_W_WRITE_CONFLICTS")]
    CommittedWithWriteConflicts,
    /// Has errors.
    #[serde(rename = "LOAD_FAILED")]
    Failed,
    /// The object could not be read.
    #[serde(rename = "LOAD_S3_READ_ERROR")]
    S3ReadError,
    /// The object may not be read.
    #[serde(rename = "LOAD_S3_ACCESS_DENIED_ERROR")]
    S3AccessDenied,
    /// Rolled back because of a deadlock. Never reached.
    #[serde(rename = "LOAD_DATA_DEADLOCK")]
    DataDeadlock,
    /// The object changed or vanished after it was listed.
    #[serde(rename = "LOAD_DATA_FAILED_DUE_TO_FEED_MODIFIED_OR_DELETED")]
    ModifiedOrDeleted,
    /// Ended by a fault of ours.
    #[serde(rename = "LOAD_UNEXPECTED_ERROR")]
    UnexpectedError,
    /// Stopped because of an error elsewhere.
    #[serde(rename = "LOAD_CANCELLED_DUE_TO_ERRORS")]
    CancelledDueToErrors,
    /// Stopped by the user.
    #[serde(rename = "LOAD_CANCELLED_BY_USER")]
    CancelledByUser,
}

impl FeedState {
    /// All states, in the order of `feedCount`.
    pub const ALL: [Self; 12] = [
        Self::NotStarted,
        Self::InProgress,
        Self::Completed,
        Self::CommittedWithWriteConflicts,
        Self::Failed,
        Self::S3ReadError,
        Self::S3AccessDenied,
        Self::DataDeadlock,
        Self::ModifiedOrDeleted,
        Self::UnexpectedError,
        Self::CancelledDueToErrors,
        Self::CancelledByUser,
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotStarted => "LOAD_NOT_STARTED",
            Self::InProgress => "LOAD_IN_PROGRESS",
            Self::Completed => "LOAD_COMPLETED",
            Self::CommittedWithWriteConflicts => "LOAD_COMMITTED_W_WRITE_CONFLICTS",
            Self::Failed => "LOAD_FAILED",
            Self::S3ReadError => "LOAD_S3_READ_ERROR",
            Self::S3AccessDenied => "LOAD_S3_ACCESS_DENIED_ERROR",
            Self::DataDeadlock => "LOAD_DATA_DEADLOCK",
            Self::ModifiedOrDeleted => "LOAD_DATA_FAILED_DUE_TO_FEED_MODIFIED_OR_DELETED",
            Self::UnexpectedError => "LOAD_UNEXPECTED_ERROR",
            Self::CancelledDueToErrors => "LOAD_CANCELLED_DUE_TO_ERRORS",
            Self::CancelledByUser => "LOAD_CANCELLED_BY_USER",
        }
    }

    /// Whether the feed has ended.
    pub const fn is_terminal(self) -> bool {
        !matches!(self, Self::NotStarted | Self::InProgress)
    }

    /// Whether `failedFeeds` lists a feed in this state: it ended, but neither well nor by its user's wish.
    pub const fn is_failure(self) -> bool {
        self.is_terminal() && !matches!(self, Self::Completed | Self::CancelledByUser)
    }
}

/// How many feeds are in each state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FeedTally([u64; FeedState::ALL.len()]);

impl FeedTally {
    /// Counts one feed.
    pub fn add(&mut self, state: FeedState) {
        self.0[state as usize] += 1;
    }

    /// How many feeds are in this state.
    pub const fn get(&self, state: FeedState) -> u64 {
        self.0[state as usize]
    }

    /// The states that some feed is in, in the order of `feedCount`.
    pub fn present(&self) -> impl Iterator<Item = (FeedState, u64)> + '_ {
        FeedState::ALL.into_iter().map(|state| (state, self.get(state))).filter(|(_, count)| *count > 0)
    }
}

impl FromIterator<FeedState> for FeedTally {
    fn from_iter<I: IntoIterator<Item = FeedState>>(states: I) -> Self {
        let mut tally = Self::default();
        states.into_iter().for_each(|state| tally.add(state));
        tally
    }
}

/// What made a job end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its user's cancel took effect.
    Cancelled,
    /// A fault of ours, or the process went down.
    Fault,
    /// The disk is full or the source cannot be listed: the load as a whole failed, whatever its feeds.
    Failed,
    /// Its turn came, and its source was refused.
    Refused,
    /// Nothing was left to do.
    Done,
}

/// A job's last state: the first row of spec/loader.md §3.2's table that matches.
pub(super) fn overall(ending: Ending, feeds: &FeedTally) -> JobState {
    let any = |state| feeds.get(state) > 0;
    match ending {
        Ending::Cancelled => JobState::CancelledByUser,
        Ending::Fault => JobState::UnexpectedError,
        Ending::Failed => JobState::Failed,
        Ending::Refused => JobState::InvalidRequest,
        Ending::Done => {
            if any(FeedState::S3ReadError) || any(FeedState::S3AccessDenied) {
                JobState::Failed
            } else if any(FeedState::DataDeadlock) {
                JobState::DataDeadlock
            } else if any(FeedState::Failed) && any(FeedState::NotStarted) {
                JobState::CancelledDueToErrors
            } else if any(FeedState::Failed)
                || any(FeedState::ModifiedOrDeleted)
                || any(FeedState::UnexpectedError)
                || any(FeedState::CancelledDueToErrors)
            {
                JobState::Failed
            } else if any(FeedState::CommittedWithWriteConflicts) {
                JobState::CommittedWithWriteConflicts
            } else {
                JobState::Completed
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_kept_ones() {
        for state in JobState::ALL {
            assert_eq!(serde_json::to_value(state).expect("a name"), state.name());
        }
        for (at, state) in FeedState::ALL.into_iter().enumerate() {
            assert_eq!(serde_json::to_value(state).expect("a name"), state.name());
            assert_eq!(state as usize, at, "the tally is indexed by the order");
        }
    }

    #[test]
    fn overall_is_the_first_row_that_matches() {
        use FeedState as F;
        let check = |ending, feeds: &[FeedState], expected| {
            let tally = feeds.iter().copied().collect();
            assert_eq!(overall(ending, &tally), expected, "{ending:?} {feeds:?}");
        };
        check(Ending::Cancelled, &[F::Failed, F::CancelledByUser], JobState::CancelledByUser);
        check(Ending::Fault, &[F::S3ReadError], JobState::UnexpectedError);
        check(Ending::Failed, &[F::Failed, F::NotStarted], JobState::Failed);
        check(Ending::Refused, &[], JobState::InvalidRequest);
        check(Ending::Done, &[], JobState::Completed);
        check(Ending::Done, &[F::Completed; 3], JobState::Completed);
        check(Ending::Done, &[F::Completed, F::Failed], JobState::Failed);
        check(Ending::Done, &[F::Failed], JobState::Failed);
        check(Ending::Done, &[F::Completed, F::Failed, F::NotStarted], JobState::CancelledDueToErrors);
        check(Ending::Done, &[F::S3AccessDenied, F::NotStarted], JobState::Failed);
        check(Ending::Done, &[F::S3ReadError, F::Failed, F::NotStarted], JobState::Failed);
        check(Ending::Done, &[F::ModifiedOrDeleted, F::NotStarted], JobState::Failed);
        check(Ending::Done, &[F::DataDeadlock, F::Failed], JobState::DataDeadlock);
        check(Ending::Done, &[F::CommittedWithWriteConflicts, F::Completed], JobState::CommittedWithWriteConflicts);
    }
}
