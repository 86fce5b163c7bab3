//! The feeder: one thread that puts the work of all files into the queue, in the order of their ordinals.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crossbeam_channel::{Receiver, Sender, select};

use super::Task;
use super::fault::{Fault, Place};
use super::opening::{Bytes, Openers, Piece};
use super::plan::Plan;
use super::queue::Work;
use crate::blocks::BlockReader;
use crate::format::{FeedParser, FormatOptions};
use crate::jobs::Phase;

/// Tells the feeder that the feed it reads was cut off, so that the rest need not be read.
#[derive(Debug, Default)]
pub(super) struct CutOff(AtomicU32);

impl CutOff {
    /// The feed is cut off. Feeds before it have been read already.
    pub(super) fn at(&self, feed: u32) {
        self.0.fetch_max(feed + 1, Ordering::Relaxed);
    }

    fn is(&self, feed: u32) -> bool {
        self.0.load(Ordering::Relaxed) == feed + 1
    }
}

/// Feeds the whole load. Ends early when nobody takes the work any more, or the load is halted.
pub(super) fn feed(task: &Task<'_>, plan: &Plan, openers: Openers<'_>, queue: &Sender<Work>, cut_off: &CutOff) {
    let feeder = Feeder { task, plan, queue, cut_off, options: task.format_options() };
    // The outcome says only whether anyone still listens.
    let _ = feeder.run(openers);
}

struct Feeder<'a> {
    task: &'a Task<'a>,
    plan: &'a Plan,
    queue: &'a Sender<Work>,
    cut_off: &'a CutOff,
    options: FormatOptions,
}

/// Nobody listens any more.
struct Gone;

impl Feeder<'_> {
    fn run(&self, mut openers: Openers<'_>) -> Result<(), Gone> {
        for feed in self.plan.from.feed..self.plan.feeds.len() as u32 {
            if self.plan.vertex_feeds > 0 && feed as usize == self.plan.vertex_feeds {
                self.send(Work::VerticesDone)?;
            }
            let Some(pieces) = openers.next() else { return Err(Gone) };
            if self.queue.is_empty() {
                self.task.job.enter(Phase::Downloading);
            }
            self.feed(feed, &pieces)?;
        }
        self.send(Work::Finished)
    }

    /// One file.
    fn feed(&self, feed: u32, pieces: &Receiver<Piece>) -> Result<(), Gone> {
        let uri = &self.plan.feeds[feed as usize].uri;
        let mut begun = false;
        loop {
            let piece = select! {
                recv(pieces) -> piece => piece.map_err(|_| Gone)?,
                recv(self.task.job.halt.pulled()) -> _ => return Err(Gone),
            };
            if !begun {
                self.send(Work::Begin { feed })?;
                begun = true;
            }
            match piece {
                Piece::Blocks(Ok(blocks)) => return self.blocks(feed, blocks),
                Piece::Blocks(Err(error)) => {
                    let place = Place { feed, record: 1, line: Some(1) };
                    let fault = Some(Fault::of_stream(&error, place, uri));
                    return self.send(Work::End { feed, fault, place: None });
                }
                // The rest of a cut-off file is read in vain, which is cheaper than to tell its thread.
                Piece::Rows(parsed, through) => self.send(Work::Rows { feed, parsed, through })?,
                Piece::End(fault) => return self.send(Work::End { feed, fault, place: None }),
            }
        }
    }

    fn blocks(&self, feed: u32, mut blocks: BlockReader<Bytes>) -> Result<(), Gone> {
        let info = &self.plan.feeds[feed as usize];
        let format = self.task.request.format;
        let key = self.task.store.hash_key();
        let head = match blocks.head() {
            Ok(head) => head,
            Err(error) => {
                let fault = Fault::of_stream(&error, Place { feed, record: 1, line: Some(1) }, &info.uri);
                return self.send(Work::End { feed, fault: Some(fault), place: None });
            }
        };
        let parser = match FeedParser::open(format, &self.options, feed, &info.key, head, &key) {
            Ok((parser, _, consumed)) => {
                blocks.consume(consumed);
                Arc::new(parser)
            }
            Err(error) => {
                // A header that is no header because the stream broke off is the stream's fault.
                let fault = match blocks.failure() {
                    Some(error) => Fault::of_stream(&error, Place { feed, record: 1, line: Some(1) }, &info.uri),
                    None => Fault::of_row(error, &info.uri, None),
                };
                return self.send(Work::End { feed, fault: Some(fault), place: None });
            }
        };
        let through = self.plan.through(feed);
        let fault = loop {
            if self.cut_off.is(feed) {
                break None;
            }
            match blocks.next_block() {
                // Cut, which is cheap, and not parsed.
                Ok(Some(block)) if block.first_record + block.records <= through + 1 => {}
                Ok(Some(block)) => self.send(Work::Block { feed, parser: Arc::clone(&parser), block })?,
                Ok(None) => break None,
                Err(error) => {
                    let place = Place { feed, record: blocks.next_record(), line: Some(blocks.next_line()) };
                    break Some(Fault::of_block(&error, place, &info.uri));
                }
            }
        };
        let place = Some(Place { feed, record: blocks.next_record(), line: Some(blocks.next_line()) });
        self.send(Work::End { feed, fault, place })
    }

    fn send(&self, work: Work) -> Result<(), Gone> {
        select! {
            send(self.queue, work) -> sent => sent.map_err(|_| Gone),
            recv(self.task.job.halt.pulled()) -> _ => Err(Gone),
        }
    }
}
