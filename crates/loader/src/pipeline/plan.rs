//! Which files a load has, and in which order they are loaded: vertices before edges.
//!
//! To tell them apart only headers are read. What is wrong with a file is not decided here: a file whose header cannot be
//! read stands among the vertex files, and is reported when its turn comes.
//! **Source**: spec/loader.md §2.11.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use model::Dataset;

use super::{Failure, Task, opening, spawn};
use crate::blocks::HEAD_LIMIT;
use crate::decode::{self, Threads};
use crate::format::{FeedKind, FeedParser, FormatOptions};
use crate::jobs::Position;
use crate::request::Format;
use crate::source::{FeedInfo, SourceError};

/// How much of a file is read first to find its header; more only if that is not enough.
const FIRST_LOOK: u64 = 64 << 10;

/// Threads that look for headers.
const THREADS: usize = 4;

/// How many files each of them asks for at once.
const AT_ONCE: usize = opening::AHEAD / THREADS;

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

/// Which of the files hold edges. Each look is a round trip, so many go on at once: a few threads each ask for the heads
/// of some files, then look at them.
fn edge_files(task: &Task<'_>, feeds: &[FeedInfo]) -> Result<Vec<bool>, Failure> {
    let halt = &task.job.halt;
    let options = task.format_options();
    let next = AtomicUsize::new(0);
    let edges: Vec<AtomicBool> = feeds.iter().map(|_| AtomicBool::new(false)).collect();
    thread::scope(|scope| {
        for _ in 0..THREADS.min(feeds.len()) {
            let (next, options, edges) = (&next, &options, &edges);
            spawn(scope, "load-classify", move || {
                halt.guard(|| {
                    loop {
                        task.check()?;
                        let at = next.fetch_add(AT_ONCE, Ordering::Relaxed);
                        let some = feeds.iter().zip(edges).skip(at).take(AT_ONCE);
                        let asked: Vec<_> =
                            some.map(|(feed, edges)| (feed, edges, head(task, feed, FIRST_LOOK))).collect();
                        if asked.is_empty() {
                            return Ok(());
                        }
                        for (feed, edges, head) in asked {
                            edges.store(holds_edges(task, options, feed, head).unwrap_or(false), Ordering::Relaxed);
                        }
                    }
                });
            })?;
        }
        Ok::<(), Failure>(())
    })?;
    task.check()?;
    Ok(edges.into_iter().map(AtomicBool::into_inner).collect())
}

/// Asks for the first bytes of a file. What is read here is read again: it does not count as progress.
fn head(task: &Task<'_>, feed: &FeedInfo, limit: u64) -> opening::Bytes {
    opening::raw(task, feed, limit, Arc::default())
}

fn holds_edges(task: &Task<'_>, options: &FormatOptions, feed: &FeedInfo, raw: opening::Bytes) -> io::Result<bool> {
    let format = task.request.format;
    let open = |head: &[u8]| FeedParser::open(format, options, 0, &feed.key, head, &task.store.hash_key());
    let first = text(raw, FIRST_LOOK)?;
    let mut opened = open(&first);
    if opened.is_err() && FIRST_LOOK <= feed.size.max(first.len() as u64) {
        opened = open(&text(head(task, feed, u64::MAX), HEAD_LIMIT as u64)?);
    }
    Ok(matches!(opened, Ok((_, FeedKind::Edges, _))))
}

/// The first `limit` bytes of text. What is compressed may be cut off after that.
fn text(raw: opening::Bytes, limit: u64) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    match decode::decoder(raw, &Threads::none())?.take(limit).read_to_end(&mut head) {
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(head),
    }
}
