//! Which files a load has, and in which order they are loaded: vertices before edges.
//!
//! To tell them apart only headers are read. What is wrong with a file is not decided here: a file whose header cannot be
//! read stands among the vertex files, and is reported when its turn comes.
//! **Source**: spec/loader.md §2.11.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;

use model::Dataset;

use super::{Failure, Task, opening, spawn};
use crate::blocks::HEAD_LIMIT;
use crate::format::{FeedKind, FeedParser, FormatOptions};
use crate::jobs::Position;
use crate::request::Format;
use crate::source::{FeedInfo, SourceError};

/// How much of a file is read first to find its header; more only if that is not enough.
const FIRST_LOOK: u64 = 64 << 10;

/// The files of a load.
#[derive(Debug)]
pub(super) struct Plan {
    /// In the order in which they are loaded; a feed's number is its place here.
    pub(super) feeds: Vec<FeedInfo>,
    /// How many of them, from the first, are published before the others are begun; 0 if all go together.
    pub(super) vertex_feeds: usize,
    /// Where the load begins: after a restart, behind what is published or sealed.
    pub(super) from: Position,
}

impl Plan {
    /// Records of a feed that are through before the load begins.
    pub(super) const fn through(&self, feed: u32) -> u64 {
        if feed == self.from.feed { self.from.records } else { 0 }
    }
}

/// The data set that this format fills.
pub(super) const fn dataset(format: Format) -> Dataset {
    if format.is_rdf() { Dataset::Rdf } else { Dataset::Pg }
}

/// Asks the source for its files.
pub(super) fn list(task: &Task<'_>) -> Result<Vec<FeedInfo>, Failure> {
    task.opened.list(task.job.halt.reading()).map_err(|error| match error {
        SourceError::Cancelled => Failure::Halted,
        error => Failure::Listing(error),
    })
}

/// Puts the files in order.
pub(super) fn arrange(task: &Task<'_>, feeds: Vec<FeedInfo>) -> Result<Plan, Failure> {
    let request = task.request;
    if request.format.is_rdf() || request.edge_only_load || feeds.len() < 2 {
        return Ok(Plan { feeds, vertex_feeds: 0, from: Position::default() });
    }
    let edges = edge_files(task, &feeds)?;
    let (mut ordered, mut last) = (Vec::with_capacity(feeds.len()), Vec::new());
    for (feed, is_edges) in feeds.into_iter().zip(edges) {
        if is_edges { last.push(feed) } else { ordered.push(feed) }
    }
    let vertex_feeds = if last.is_empty() { 0 } else { ordered.len() };
    ordered.extend(last);
    Ok(Plan { feeds: ordered, vertex_feeds, from: Position::default() })
}

/// Which of the files hold edges; some are looked at side by side, since each look is a wait.
fn edge_files(task: &Task<'_>, feeds: &[FeedInfo]) -> Result<Vec<bool>, Failure> {
    let halt = &task.job.halt;
    let options = task.format_options();
    let next = AtomicUsize::new(0);
    let edges: Vec<AtomicBool> = feeds.iter().map(|_| AtomicBool::new(false)).collect();
    thread::scope(|scope| {
        for _ in 0..opening::AHEAD.min(feeds.len()) {
            let (next, options, edges) = (&next, &options, &edges);
            spawn(scope, "load-classify", move || {
                halt.guard(|| {
                    loop {
                        task.check()?;
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let (Some(feed), Some(edges)) = (feeds.get(at), edges.get(at)) else { return Ok(()) };
                        edges.store(holds_edges(task, options, feed).unwrap_or(false), Ordering::Relaxed);
                    }
                });
            })?;
        }
        Ok::<(), Failure>(())
    })?;
    task.check()?;
    Ok(edges.into_iter().map(AtomicBool::into_inner).collect())
}

fn holds_edges(task: &Task<'_>, options: &FormatOptions, feed: &FeedInfo) -> io::Result<bool> {
    // What is read here is read again: it does not count as progress.
    let mut reader = opening::reader(task, feed, &Arc::<AtomicU64>::default())?;
    let mut head = Vec::new();
    reader.by_ref().take(FIRST_LOOK).read_to_end(&mut head)?;
    let format = task.request.format;
    let open = |head: &[u8]| FeedParser::open(format, options, 0, &feed.key, head, &task.store.hash_key());
    let mut opened = open(&head);
    if opened.is_err() && head.len() as u64 == FIRST_LOOK {
        reader.take(HEAD_LIMIT as u64 - FIRST_LOOK).read_to_end(&mut head)?;
        opened = open(&head);
    }
    Ok(matches!(opened, Ok((_, FeedKind::Edges, _))))
}
