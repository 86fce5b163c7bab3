//! Files opened ahead of their turn, so that a load of many small files does not wait for each of them in turn.
//!
//! The source is asked for the next files as soon as there is room for what comes: that costs no thread, so dozens of
//! round trips go on at once. A few threads read the first bytes of each; formats that cannot be cut into blocks are
//! parsed whole on these threads, so that such files are at least parsed side by side. Each file has a small channel of
//! its own, and the feeder empties them in order. Memory is bounded by what the files ahead may hold together.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::Scope;

use crossbeam_channel::{Receiver, Sender, select};
use store::Ordinal;

use super::fault::{Fault, Place};
use super::plan::Plan;
use super::{Failure, Task, spawn};
use crate::blocks::{BlockReader, Cut, HEAD_LIMIT};
use crate::decode::{self, Threads};
use crate::format::{FormatOptions, Parsed, SerialParser};
use crate::source::FeedInfo;

/// Threads that open files which are then cut into blocks.
const THREADS: usize = 4;

/// How many files are asked for ahead of the one that is read, if what they hold allows it.
pub(super) const AHEAD: usize = 64;

/// How many are, whatever they hold.
const LEAST_AHEAD: usize = 2;

/// Bytes of a block that stand for one statement: a parser that reads a file whole hands on as many as about fit a block.
const STATEMENT: usize = 256;

/// The bytes of a file, as they are stored or decoded.
pub(super) type Bytes = Box<dyn Read + Send>;

/// What the feeder gets of a file.
pub(super) enum Piece {
    /// It can be cut into blocks: the rest is for the feeder to do. The only piece.
    Blocks(io::Result<BlockReader<Bytes>>),
    /// Rows of a file that is read whole, and its records up to and with these.
    Rows(Parsed, u64),
    /// Its end, and why if it came early.
    End(Option<Fault>),
}

/// The files that are asked for, and the threads that open them.
pub(super) struct Openers<'a> {
    task: &'a Task<'a>,
    plan: &'a Plan,
    requests: Sender<Request>,
    not_asked: Range<u32>,
    /// In order, with what each may hold.
    asked: VecDeque<(Receiver<Piece>, u64)>,
    /// The sum of that.
    held: u64,
}

/// A file that was asked for.
struct Request {
    feed: u32,
    raw: Bytes,
    pieces: Sender<Piece>,
}

impl<'a> Openers<'a> {
    /// Starts the threads. They end when this is dropped, or the load is halted.
    pub(super) fn spawn<'scope>(
        scope: &'scope Scope<'scope, '_>,
        task: &'scope Task<'_>,
        plan: &'scope Plan,
        threads: &'scope Threads,
    ) -> Result<Self, Failure>
    where
        'scope: 'a,
    {
        let cut = task.request.format.cut();
        let openers = if cut.is_some() { THREADS } else { task.threads.max(2) };
        let (requests, asked) = crossbeam_channel::bounded(AHEAD + 1);
        for _ in 0..openers.min(plan.feeds.len()) {
            let asked = asked.clone();
            spawn(scope, "load-opener", move || {
                task.job.halt.guard(|| {
                    serve(task, plan, cut, &asked, threads);
                    Ok(())
                });
            })?;
        }
        let not_asked = plan.from.feed..plan.feeds.len() as u32;
        Ok(Self { task, plan, requests, not_asked, asked: VecDeque::new(), held: 0 })
    }

    /// The next file, in the order of the plan; asks for those that follow it. `None` after the last.
    pub(super) fn next(&mut self) -> Option<Receiver<Piece>> {
        while self.asked.len() <= AHEAD
            && (self.asked.len() <= LEAST_AHEAD || self.held < self.task.opened.read_ahead())
            && let Some(feed) = self.not_asked.next()
        {
            self.ask(feed);
        }
        let (pieces, holds) = self.asked.pop_front()?;
        self.held -= holds;
        Some(pieces)
    }

    fn ask(&mut self, feed: u32) {
        let info = &self.plan.feeds[feed as usize];
        let raw = raw(self.task, info, u64::MAX, self.task.job.meter.bytes_read());
        let (pieces, receiver) = crossbeam_channel::bounded(2);
        // There is room for all that may be asked for. If the threads are gone, the load is halted, and the feeder learns
        // it from the channel's end.
        let _ = self.requests.send(Request { feed, raw, pieces });
        // The raw bytes, and the beginning of the text, which compression may have made small.
        let holds = self.task.opened.held_ahead(info) + info.size.saturating_mul(8).min(HEAD_LIMIT as u64);
        self.asked.push_back((receiver, holds));
        self.held += holds;
    }
}

/// One thread's work.
fn serve(task: &Task<'_>, plan: &Plan, cut: Option<Cut>, asked: &Receiver<Request>, threads: &Threads) {
    let halt = &task.job.halt;
    let options = task.format_options();
    loop {
        let request = select! {
            recv(asked) -> request => match request {
                Ok(request) => request,
                Err(_) => return,
            },
            recv(halt.pulled()) -> _ => return,
        };
        let send = |piece| {
            select! {
                send(request.pieces, piece) -> sent => sent.is_ok(),
                recv(halt.pulled()) -> _ => false,
            }
        };
        match cut {
            Some(cut) => {
                send(Piece::Blocks(blocks(task, request.raw, cut, threads)));
            }
            None => read_whole(task, plan, request.feed, request.raw, &options, threads, &send),
        }
    }
}

/// Asks for at most `limit` bytes of a file, as they are stored.
pub(super) fn raw(task: &Task<'_>, feed: &FeedInfo, limit: u64, bytes_read: Arc<AtomicU64>) -> Bytes {
    task.opened.read_until(feed, limit, task.job.halt.reading(), bytes_read)
}

/// The decoded bytes of a file, for one who reads it alone. Reads its first bytes.
pub(super) fn reader(task: &Task<'_>, feed: &FeedInfo, bytes_read: &Arc<AtomicU64>) -> io::Result<Bytes> {
    decode::decoder(raw(task, feed, u64::MAX, Arc::clone(bytes_read)), &Threads::none())
}

fn blocks(task: &Task<'_>, raw: Bytes, cut: Cut, threads: &Threads) -> io::Result<BlockReader<Bytes>> {
    let mut blocks = BlockReader::new(decode::decoder(raw, threads)?, cut, task.block_bytes);
    blocks.head()?;
    Ok(blocks)
}

/// Parses a file from beginning to end, and drops what was through before the load began; stops when nobody wants the
/// pieces any more.
fn read_whole(
    task: &Task<'_>,
    plan: &Plan,
    feed: u32,
    raw: Bytes,
    options: &FormatOptions,
    threads: &Threads,
    send: &impl Fn(Piece) -> bool,
) {
    let info = &plan.feeds[feed as usize];
    let place = |record| Place { feed, record, line: None };
    let bytes = match decode::decoder(raw, threads) {
        Ok(bytes) => bytes,
        Err(error) => {
            send(Piece::End(Some(Fault::of_stream(&error, place(1), &info.uri))));
            return;
        }
    };
    let format = task.request.format;
    let mut parser = match SerialParser::open(format, options, feed, &info.key, bytes, &task.store.hash_key()) {
        Ok(parser) => parser,
        Err(error) => {
            send(Piece::End(Some(Fault::of_row(error, &info.uri, None))));
            return;
        }
    };
    let (mut rows, through) = (0, plan.through(feed));
    let statements = task.block_bytes.div_ceil(STATEMENT);
    loop {
        let (mut parsed, before) = (Parsed::new(), rows);
        let next = parser.next(statements, &mut parsed);
        rows += parsed.rows;
        if before < through {
            parsed.forget(Ordinal::new(feed, through));
        }
        // What was read before an error stays.
        if rows > before.max(through) && !send(Piece::Rows(parsed, rows)) {
            return;
        }
        let fault = match next {
            Ok(true) => continue,
            Ok(false) => None,
            Err(error) => Some(Fault::of_stream(&error, place(rows + 1), &info.uri)),
        };
        send(Piece::End(fault));
        return;
    }
}
