//! Which files a load need not load: those that the loads before it completed.
//!
//! A load in mode RESUME or AUTO goes on with the latest ended load of the same source and format. Its own feeds begin as
//! those that it skips, completed, so what loads of one chain have completed accumulates from one to the next. Nodes and
//! edges that a file leaves without a name are named after the first load of the chain, so that a file that is read again
//! gives the same ones.
//!
//! **Source**: spec/loader.md §2.5; design §9, "Modes".

use std::collections::HashSet;

use store::Journal;

use super::Error;
use super::id::LoadId;
use super::journal;
use super::record::{JobRecord, SourceIdentity};
use super::registry::Registry;
use super::state::FeedState;
use crate::request::Mode;
use crate::source::FeedInfo;

/// What a load goes on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Resumption {
    /// The load before it.
    pub(super) previous: LoadId,
    /// The first load of their chain.
    pub(super) first: LoadId,
}

/// The mode is RESUME and there is nothing to resume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NothingToResume;

/// What a load of this source goes on with in this mode, if it began now.
pub(super) fn resumption(
    registry: &Registry,
    mode: Mode,
    identity: &SourceIdentity,
) -> Result<Option<Resumption>, NothingToResume> {
    let previous = registry.previous(identity).map(|job| {
        job.with_record(|record| Resumption { previous: record.id, first: record.first.unwrap_or(record.id) })
    });
    match mode {
        Mode::New => Ok(None),
        Mode::Auto => Ok(previous),
        Mode::Resume => previous.map(Some).ok_or(NothingToResume),
    }
}

/// Records what a load goes on with.
pub(super) fn resume(record: &mut JobRecord, resumption: Option<Resumption>) {
    record.resumes = resumption.map(|resumption| resumption.previous);
    record.first = resumption.map(|resumption| resumption.first);
}

/// The files that this load skips, by their full names.
pub(super) fn completed_before(
    journal: &Journal,
    record_of: impl Fn(LoadId) -> Option<JobRecord>,
    record: &JobRecord,
) -> Result<HashSet<String>, Error> {
    let mut completed = HashSet::new();
    let previous = record.resumes.and_then(&record_of);
    // What the load before the previous one completed is among the feeds of the previous one, unless it was not there when
    // that one was listed.
    let before = previous.as_ref().and_then(|previous| previous.resumes).and_then(&record_of);
    for record in previous.iter().chain(&before) {
        let feeds = journal::read_feeds(journal, record)?;
        completed.extend(feeds.into_iter().filter(|feed| feed.state == FeedState::Completed).map(|feed| feed.uri));
    }
    Ok(completed)
}

/// Parts the files of a load into those to load and those to skip.
pub(crate) fn part(feeds: Vec<FeedInfo>, skip: &HashSet<String>) -> (Vec<FeedInfo>, Vec<FeedInfo>) {
    if skip.is_empty() { (feeds, Vec::new()) } else { feeds.into_iter().partition(|feed| !skip.contains(&feed.uri)) }
}

/// What a status says of a load that skipped files.
pub(super) fn note(skipped: usize, all: usize) -> Option<String> {
    let nothing = if skipped == all { "Nothing was loaded: " } else { "" };
    (skipped > 0).then(|| {
        format!("{nothing}{skipped} of {all} files were loaded before and are skipped. Use mode NEW to load them again")
    })
}
