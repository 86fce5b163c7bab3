//! Files opened ahead of their turn, so that a load of many small files does not wait for each of them in turn.
//!
//! A few threads open the next files and read their first bytes; formats that cannot be cut into blocks are parsed
//! whole on these threads, so that such files are at least parsed side by side. Each file has a small channel of its
//! own, and the feeder empties them in order: memory is bounded by how far ahead files are opened.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::Scope;

use crossbeam_channel::{Receiver, Sender, select};
use store::Ordinal;

use super::fault::{Fault, Place};
use super::plan::Plan;
use super::{Failure, Task, spawn};
use crate::blocks::{BlockReader, Cut};
use crate::decode;
use crate::format::{FormatOptions, Parsed, SerialParser};
use crate::source::FeedInfo;

/// How many files are opened ahead of the one that is read.
pub(super) const AHEAD: usize = 4;

/// Bytes of a block that stand for one statement: a parser that reads a file whole hands on as many as about fit a block.
const STATEMENT: usize = 256;

/// The decoded bytes of a file.
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

/// The threads that open files.
pub(super) struct Openers {
    requests: Sender<Request>,
    ahead: usize,
}

struct Request {
    feed: u32,
    pieces: Sender<Piece>,
}

impl Openers {
    /// Starts the threads. They end when this is dropped, or the load is halted.
    pub(super) fn spawn<'scope>(
        scope: &'scope Scope<'scope, '_>,
        task: &'scope Task<'_>,
        plan: &'scope Plan,
    ) -> Result<Self, Failure> {
        let cut = task.request.format.cut();
        let threads = if cut.is_some() { AHEAD } else { task.threads.max(2) };
        let (requests, asked) = crossbeam_channel::bounded(threads + 1);
        for _ in 0..threads.min(plan.feeds.len()) {
            let asked = asked.clone();
            spawn(scope, "load-opener", move || {
                task.job.halt.guard(|| {
                    serve(task, plan, cut, &asked);
                    Ok(())
                });
            })?;
        }
        Ok(Self { requests, ahead: threads })
    }

    /// How many files to ask for ahead of the one that is read.
    pub(super) const fn ahead(&self) -> usize {
        self.ahead
    }

    /// Asks for a file. At most one more than [`Self::ahead`] may be under way.
    pub(super) fn open(&self, feed: u32) -> Receiver<Piece> {
        let (pieces, receiver) = crossbeam_channel::bounded(2);
        // If the threads are gone, the load is halted, and the feeder learns it from the channel's end.
        let _ = self.requests.send(Request { feed, pieces });
        receiver
    }
}

/// One thread's work.
fn serve(task: &Task<'_>, plan: &Plan, cut: Option<Cut>, asked: &Receiver<Request>) {
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
        let info = &plan.feeds[request.feed as usize];
        let send = |piece| {
            select! {
                send(request.pieces, piece) -> sent => sent.is_ok(),
                recv(halt.pulled()) -> _ => false,
            }
        };
        match cut {
            Some(cut) => {
                send(Piece::Blocks(blocks(task, info, cut)));
            }
            None => read_whole(task, plan, request.feed, &options, &send),
        }
    }
}

/// The decoded bytes of a file. Reads its first bytes.
pub(super) fn reader(task: &Task<'_>, feed: &FeedInfo, bytes_read: &Arc<AtomicU64>) -> io::Result<Bytes> {
    decode::decoder(task.opened.read(feed, task.job.halt.reading(), Arc::clone(bytes_read)))
}

fn blocks(task: &Task<'_>, feed: &FeedInfo, cut: Cut) -> io::Result<BlockReader<Bytes>> {
    let mut blocks = BlockReader::new(reader(task, feed, &task.job.meter.bytes_read())?, cut, task.block_bytes);
    blocks.head()?;
    Ok(blocks)
}

/// Parses a file from beginning to end, and drops what was through before the load began; stops when nobody wants the
/// pieces any more.
fn read_whole(task: &Task<'_>, plan: &Plan, feed: u32, options: &FormatOptions, send: &impl Fn(Piece) -> bool) {
    let info = &plan.feeds[feed as usize];
    let place = |record| Place { feed, record, line: None };
    let bytes = match reader(task, info, &task.job.meter.bytes_read()) {
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
