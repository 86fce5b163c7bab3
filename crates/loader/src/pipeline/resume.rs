//! Where an earlier process had come with the load.
//!
//! What is staged and what is sealed are written together and read together: if what is staged is gone (something else was
//! committed since, or the load was being given up when the process ended), so is what was found in it, and the load goes
//! on from what is published.
//! **Source**: design §5 ("Seal").

use std::sync::atomic::Ordering;

use store::Ingest;

use super::findings::Findings;
use super::plan::Plan;
use super::publish::RETRIES;
use super::{Failure, Task};
use crate::jobs::Position;
use crate::source::FeedInfo;

/// The files, from where the load goes on, and what is to be told with the next publish; `None` if it begins anew.
///
/// # Errors
/// The load is halted, or the store refuses.
pub(super) fn resume(task: &Task<'_>, ingest: &mut Ingest) -> Result<Option<(Plan, Findings)>, Failure> {
    let job = task.job;
    task.check()?;
    if !task.request.dry_run {
        take_over(task, ingest)?;
    }
    let Some((mark, feeds)) = job.resumed() else { return Ok(None) };
    let vertex_feeds = mark.vertex_feeds;
    let sealed = mark.sealed.filter(|sealed| sealed.sets == ingest.staged_sets());
    let Some(sealed) = sealed else {
        if mark.published == Position::default() {
            ingest.discard(); // what was there before it is not what was there then
        } else {
            ingest.unstage();
        }
        return Ok(Some((go_on(task, feeds, vertex_feeds, mark.published), Findings::default())));
    };
    let findings = Findings::of_seals(job.seals(sealed.seals, task.journal)?);
    let (records, parsing_errors, datatype_errors) = findings.read();
    job.meter.add_rows(records, parsing_errors, datatype_errors);
    Ok(Some((go_on(task, feeds, vertex_feeds, sealed.position), findings)))
}

fn go_on(task: &Task<'_>, feeds: Vec<FeedInfo>, vertex_feeds: usize, from: Position) -> Plan {
    let Position { feed, records } = from;
    tracing::info!(load = %task.job.id, feed, records, "load goes on behind this record");
    let bytes = feeds.iter().take(feed as usize).map(|feed| feed.size).sum();
    task.job.meter.bytes_read().store(bytes, Ordering::Relaxed);
    Plan { feeds, vertex_feeds, from }
}

/// Takes what the load has staged, if it has, and the writer slot with it.
fn take_over(task: &Task<'_>, ingest: &mut Ingest) -> Result<(), Failure> {
    let mut tries = 0;
    loop {
        match ingest.go_by(&task.job.id.to_string()) {
            Err(store::Error::WriterBusy { .. }) if tries < RETRIES => {
                tries += 1;
                task.job.retried();
            }
            taken => return Ok(taken?),
        }
    }
}
