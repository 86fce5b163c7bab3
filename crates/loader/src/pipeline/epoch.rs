//! One epoch: parser threads take work until memory is full or a publish is worth it, and parse whatever they took.
//!
//! Work is taken in order and numbered. A thread that has parsed its piece waits until all earlier pieces of the epoch are
//! parsed too: only then is it certain whether an earlier row ends the feed, or the load, before these rows. What is
//! beyond such a place is dropped; the rest goes to the store. Errors are counted in the order of rows. Pieces are of one size, so these waits are short.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering as Atomic};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use store::{Ingest, Ordinal, Role};

use super::course::Course;
use super::fault::Fault;
use super::feeder::CutOff;
use super::plan::Plan;
use super::publish::End;
use super::queue::{Queue, Work};
use super::{Failure, Task, rejects, spawn};
use crate::format::{FeedParser, Parsed, RowError, RowErrorKind};
use crate::jobs::Phase;

/// How often a thread that waits for others looks whether the load is halted.
const GLANCE: Duration = Duration::from_millis(20);
/// So many sets are staged before the time between two seals doubles.
const SETS_AT_A_PACE: usize = 8;

/// Parses until the epoch ends; why it did.
///
/// # Errors
/// The load is halted, or the store refuses.
pub(super) fn parse(
    task: &Task<'_>,
    plan: &Plan,
    queue: &Queue<'_>,
    cut_off: &CutOff,
    ingest: &Ingest,
    course: &mut Course,
) -> Result<End, Failure> {
    // Some loads publish at their end alone.
    let publish_at =
        if task.goes_at_once() { u64::MAX } else { ingest.publish_at().min(task.publish_at.unwrap_or(u64::MAX)) };
    let epoch = Epoch {
        task,
        plan,
        queue,
        cut_off,
        ingest,
        due_at: publish_at.saturating_sub(ingest.staged()),
        late_at: Instant::now().checked_add(patience(task, ingest)),
        enough: AtomicBool::new(false),
        vertices_done: AtomicBool::new(false),
        taking: Mutex::new(0),
        turn: Mutex::new(Turn { course, below: 0, done: BTreeSet::new(), told: 0, untold: BTreeMap::new() }),
        turned: Condvar::new(),
    };
    thread::scope(|scope| {
        for _ in 0..task.threads {
            spawn(scope, "load-parser", || task.job.halt.guard(|| epoch.work()))
                .inspect_err(|_| task.job.halt.pull())?; // or those that run would go on
        }
        Ok::<(), Failure>(())
    })?;
    task.check()?;
    // What is seldom is worth a publish, however little it is.
    let due = epoch.is_due() || epoch.is_late() && !task.goes_at_once();
    Ok(if queue.is_exhausted() || course.stop().is_some() {
        End::Last
    } else if due {
        End::Due
    } else {
        End::Full
    })
}

/// How long an epoch lasts at most, however little it finds. An atomic load cannot publish, and each staged set makes the
/// next ones dearer: so it seals ever more seldom, and the number of its sets grows with the logarithm of its time.
fn patience(task: &Task<'_>, ingest: &Ingest) -> Duration {
    task.seal_after.saturating_mul(1 << (ingest.staged_sets() / SETS_AT_A_PACE).min(20))
}

struct Epoch<'a> {
    task: &'a Task<'a>,
    plan: &'a Plan,
    queue: &'a Queue<'a>,
    cut_off: &'a CutOff,
    ingest: &'a Ingest,
    /// Pending quads that are worth a publish, with what is staged.
    due_at: u64,
    /// When it has lasted long enough.
    late_at: Option<Instant>,
    /// No more work is taken.
    enough: AtomicBool,
    /// What comes next are edges.
    vertices_done: AtomicBool,
    /// The number of the next piece. Held while one is waited for.
    taking: Mutex<u64>,
    turn: Mutex<Turn<'a>>,
    turned: Condvar,
}

struct Turn<'a> {
    course: &'a mut Course,
    /// All pieces with lower numbers are parsed.
    below: u64,
    /// Parsed pieces from there on.
    done: BTreeSet<u64>,
    /// The errors of all pieces with lower numbers are counted.
    told: u64,
    /// Errors of pieces from there on.
    untold: BTreeMap<u64, Errors>,
}

/// The errors of one piece, and what read it.
#[derive(Default)]
struct Errors {
    rows: Vec<RowError>,
    parser: Option<Arc<FeedParser>>,
}

impl Turn<'_> {
    /// Counts errors in the order of rows, as far as all before them are known.
    fn tell(&mut self, number: u64, errors: Errors, plan: &Plan) -> Result<(), Failure> {
        self.untold.insert(number, errors);
        while let Some(errors) = self.untold.remove(&self.told) {
            self.told += 1;
            for error in errors.rows {
                let uri = &plan.feeds[error.ordinal.feed() as usize].uri;
                self.course.count(Fault::of_row(error, uri, errors.parser.as_ref())).map_err(rejects::failed)?;
            }
        }
        Ok(())
    }
}

/// A piece to parse.
struct Piece {
    number: u64,
    feed: u32,
    work: Work,
}

impl<'a> Epoch<'a> {
    /// One thread's work.
    fn work(&self) -> Result<(), Failure> {
        let mut buffer = Parsed::new();
        while let Some(Piece { number, feed, work }) = self.take()? {
            self.task.job.enter(Phase::Parsing);
            let mut first = Ordinal::new(feed, 0);
            let mut reader = None;
            match work {
                Work::Block { parser, block, .. } => {
                    first = Ordinal::new(feed, block.first_record);
                    parser.parse(&block, &mut buffer);
                    let through = self.plan.through(feed);
                    if block.first_record <= through {
                        buffer.forget(Ordinal::new(feed, through)); // it was cut elsewhere before
                    }
                    reader = Some(parser);
                }
                Work::Rows { parsed, .. } => buffer = parsed,
                Work::Begin { .. } | Work::End { .. } | Work::VerticesDone | Work::Finished => {}
            }
            if self.judge(number, first, &mut buffer, reader)? {
                self.ingest.add(&mut buffer.batch)?;
                if self.is_due() || self.is_full() || self.is_late() {
                    self.enough.store(true, Atomic::SeqCst);
                }
            }
            buffer.clear();
        }
        Ok(())
    }

    /// The next piece, or `None` when the epoch ends. What is no piece is dealt with on the way.
    fn take(&self) -> Result<Option<Piece>, Failure> {
        let mut next = self.taking.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            // A source may be so slow that nothing comes for a long time.
            let begun = *next > 0;
            let work = self.queue.take(|| self.enough.load(Atomic::SeqCst) || begun && self.is_late())?;
            let feed = match work {
                None | Some(Work::Finished) => return Ok(None),
                Some(Work::Begin { feed }) => {
                    self.turn().course.reach(feed, self.plan.through(feed));
                    self.task.job.feed_started(feed);
                    continue;
                }
                Some(Work::End { feed, fault, place }) => {
                    let mut turn = self.turn();
                    if let Some(place) = place {
                        turn.course.note(feed, place.record, place.line.unwrap_or_default());
                    }
                    turn.course.end(feed, fault.map(|fault| fault.behind(self.plan.from)));
                    turn.course.reach(feed + 1, 0);
                    if turn.course.stop().is_some() {
                        self.enough.store(true, Atomic::SeqCst);
                    }
                    continue;
                }
                Some(Work::VerticesDone) => {
                    self.vertices_done.store(true, Atomic::SeqCst);
                    if self.is_due() {
                        self.enough.store(true, Atomic::SeqCst);
                    }
                    continue;
                }
                Some(Work::Block { feed, ref block, .. }) => {
                    let mut turn = self.turn();
                    turn.course.note(feed, block.first_record, block.first_line);
                    turn.course.reach(feed, block.first_record + block.records - 1);
                    feed
                }
                Some(Work::Rows { feed, through, .. }) => {
                    self.turn().course.reach(feed, through);
                    feed
                }
            };
            let number = *next;
            *next += 1;
            return Ok(work.map(|work| Piece { number, feed, work }));
        }
    }

    /// Waits for its turn, then counts the errors of a piece; whether its rows stay.
    fn judge(
        &self,
        number: u64,
        first: Ordinal,
        parsed: &mut Parsed,
        parser: Option<Arc<FeedParser>>,
    ) -> Result<bool, Failure> {
        let feed = first.feed();
        let uri = &self.plan.feeds[feed as usize].uri;
        let mut turn = self.turn();
        let fail_on_error = turn.course.fail_on_error();
        let decisive = parsed.errors.iter().find(|error| fail_on_error || error.fatal);
        if let Some(error) = decisive {
            turn.course.learn(Fault::of_row(error.clone(), uri, parser.as_ref()));
            if fail_on_error {
                self.enough.store(true, Atomic::SeqCst);
            } else {
                self.cut_off.at(feed);
            }
        }
        turn.done.insert(number);
        while {
            let below = turn.below;
            turn.done.remove(&below)
        } {
            turn.below += 1;
        }
        self.turned.notify_all();
        while turn.below <= number {
            self.task.check()?;
            turn = self.turned.wait_timeout(turn, GLANCE).unwrap_or_else(PoisonError::into_inner).0;
        }
        if turn.course.is_beyond(first) {
            turn.tell(number, Errors::default(), self.plan)?;
            return Ok(false);
        }
        let datatype = parsed.errors.iter().filter(|error| error.kind == RowErrorKind::Datatype).count() as u64;
        let parsing = parsed.errors.len() as u64 - datatype;
        turn.tell(number, Errors { rows: std::mem::take(&mut parsed.errors), parser }, self.plan)?;
        if turn.course.is_full() {
            self.enough.store(true, Atomic::SeqCst);
        }
        drop(turn);
        let records = parsed.batch.entries.iter().filter(|entry| entry.role != Role::Silent).count();
        self.task.job.meter.add_rows(records as u64, parsing, datatype);
        Ok(true)
    }

    /// Whether a publish is worth it.
    fn is_due(&self) -> bool {
        let vertices_done = self.vertices_done.load(Atomic::SeqCst) && !self.task.goes_at_once();
        vertices_done || self.ingest.pending() >= self.due_at
    }

    /// Whether no more may be held in memory.
    fn is_full(&self) -> bool {
        self.ingest.is_full() || self.task.stage_at.is_some_and(|stage_at| self.ingest.pending() >= stage_at)
    }

    /// Whether it has lasted long enough.
    fn is_late(&self) -> bool {
        self.late_at.is_some_and(|late_at| Instant::now() >= late_at)
    }

    fn turn(&self) -> MutexGuard<'_, Turn<'a>> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
