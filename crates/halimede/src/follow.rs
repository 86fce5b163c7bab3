//! Following a load: a live bar on a terminal, else a line every few seconds; Ctrl-C cancels it, or leaves it to the server
//! that runs it. Then the store settles.
//!
//! All of it goes to standard error, so that standard output holds nothing but the finished job.

use std::io::{IsTerminal, Write, stderr};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use store::CancelToken;
use tokio::runtime::Handle;

use crate::error::Result;
use crate::signals::Signals;
use crate::size::ByteSize;
use crate::table::thousands;

/// Between two looks at the job, for a bar.
const TICK: Duration = Duration::from_millis(100);
/// Between two lines, where there is no terminal.
const LINE: Duration = Duration::from_secs(5);

/// A load that can be followed, in this process or on a server.
pub(crate) trait Job: Sync {
    /// How far it is.
    fn moment(&self) -> Moment;
    /// Returns when it has ended.
    fn wait(&self) -> Result<()>;
    /// Answers Ctrl-C.
    fn interrupt(&self) -> Interrupt<'_>;
}

/// What Ctrl-C does to a load.
pub(crate) enum Interrupt<'a> {
    /// Ends it. The call returns when it has stopped; not an error if it had ended before.
    Cancel(Box<dyn FnOnce() -> Result<()> + 'a>),
    /// Ends the following alone: from now on [`Job::wait`] returns soon. What to say about it.
    Leave(String),
}

/// How the following of a load ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Followed {
    /// With the load.
    Ended,
    /// With the load, of which a cancel was asked.
    Interrupted,
    /// The load goes on.
    Left,
}

/// How far a load is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moment {
    /// What it does, in a word.
    pub(crate) phase: String,
    /// Bytes read, and bytes of all files (0 while unknown).
    pub(crate) bytes: (u64, u64),
    /// Records read.
    pub(crate) records: u64,
    /// Errors so far.
    pub(crate) errors: u64,
    /// Records read a second of late, where that is known.
    pub(crate) rate: Option<u64>,
    /// Files done, and all files (0 while unknown).
    pub(crate) files: (u64, u64),
    /// Seconds that it still takes, where that can be told.
    pub(crate) left: Option<u64>,
}

impl Moment {
    /// How much of the input is read and how long the rest takes: `12.0 MiB of 48.0 MiB, 1 of 3 files, 6 s left`. Empty
    /// while the sizes are unknown.
    pub(crate) fn input(&self) -> String {
        let ((read, total), (done, files)) = (self.bytes, self.files);
        let mut parts = Vec::new();
        if total > 0 {
            parts.push(format!("{} of {}", ByteSize(read), ByteSize(total)));
        }
        if files > 1 {
            parts.push(format!("{} of {} files", thousands(done), thousands(files)));
        }
        if let Some(left) = self.left {
            parts.push(format!("{} left", duration(left)));
        }
        parts.join(", ")
    }

    /// What was made of it: `parsing, 1,200 records (600/s), 0 errors`.
    fn output(&self) -> String {
        let (records, errors) = (thousands(self.records), thousands(self.errors));
        match self.rate {
            Some(rate) => format!("{}, {records} records ({}/s), {errors} errors", self.phase, thousands(rate)),
            None => format!("{}, {records} records, {errors} errors", self.phase),
        }
    }
}

/// Seconds as people say them: `42 s`, `3 min 20 s`, `2 h 5 min`.
fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// What can happen while a load is followed.
#[derive(Debug)]
enum Event {
    Ended(Result<()>),
    Interrupted,
}

/// Ctrl-C and SIGTERM from now on, as events for one load.
#[derive(Debug)]
pub(crate) struct Interrupts {
    send: Sender<Event>,
    receive: Receiver<Event>,
}

impl Interrupts {
    /// Starts to listen. The first signal asks for a cancel; a second one ends the process at once, which loses nothing
    /// that was published.
    pub(crate) fn listen(runtime: &Handle) -> Result<Self> {
        let (send, receive) = channel();
        let interrupt = send.clone();
        let mut signals = Signals::listen(runtime)?;
        runtime.spawn(async move {
            signals.next().await;
            let _ = interrupt.send(Event::Interrupted);
            signals.next().await;
            std::process::exit(130);
        });
        Ok(Self { send, receive })
    }

    /// Waits for so long at most; whether an interrupt came.
    pub(crate) fn within(&self, time: Duration) -> bool {
        matches!(self.receive.recv_timeout(time), Ok(Event::Interrupted))
    }
}

/// Follows a load to its end, showing how far it is, or until it is left alone.
///
/// # Errors
/// The load's own if it can no longer be followed.
pub(crate) fn follow(job: &dyn Job, interrupts: &Interrupts) -> Result<Followed> {
    let mut display = Display::new();
    let ended = interrupts.send.clone();
    thread::scope(|scope| {
        scope.spawn(move || {
            // The receiver outlives this scope.
            let _ = ended.send(Event::Ended(job.wait()));
        });
        let mut followed = Followed::Ended;
        loop {
            match interrupts.receive.recv_timeout(display.tick()) {
                Ok(Event::Ended(outcome)) => {
                    display.clear();
                    return outcome.map(|()| followed);
                }
                Ok(Event::Interrupted) => match job.interrupt() {
                    Interrupt::Cancel(cancel) => {
                        followed = Followed::Interrupted;
                        display.note("cancelling the load; interrupt again to leave at once");
                        // It is followed on: whatever becomes of it is the result.
                        if let Err(error) = cancel() {
                            display.note(&format!("the load could not be cancelled: {error}"));
                        }
                    }
                    Interrupt::Leave(text) => {
                        followed = Followed::Left;
                        display.clear();
                        display.note(&text);
                    }
                },
                Err(RecvTimeoutError::Timeout) => display.show(&job.moment()),
                Err(RecvTimeoutError::Disconnected) => unreachable!("`interrupts` holds a sender"),
            }
        }
    })
}

/// Does what is left to do in the store after a load, and says so. An interrupt stops it; the load is kept either way.
pub(crate) fn settle(interrupts: &Interrupts, work: impl FnOnce(&CancelToken) -> Result<()> + Send) {
    let mut display = Display::new();
    let cancel = CancelToken::new();
    let ended = interrupts.send.clone();
    thread::scope(|scope| {
        let token = &cancel;
        scope.spawn(move || {
            // The receiver outlives this scope.
            let _ = ended.send(Event::Ended(work(token)));
        });
        loop {
            match interrupts.receive.recv_timeout(display.tick()) {
                Ok(Event::Ended(outcome)) => {
                    display.clear();
                    match outcome {
                        Ok(()) => {}
                        Err(_) if cancel.is_cancelled() => display.note("left before the data directory was settled"),
                        Err(error) => display.note(&format!("the data directory could not be settled: {error}")),
                    }
                    return;
                }
                Ok(Event::Interrupted) => cancel.cancel(),
                Err(RecvTimeoutError::Timeout) => display.say("settling: the load is kept, its files are merged"),
                Err(RecvTimeoutError::Disconnected) => unreachable!("`interrupts` holds a sender"),
            }
        }
    });
}

/// A bar, or lines.
struct Display {
    bar: Option<ProgressBar>,
}

impl Display {
    fn new() -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            let style = ProgressStyle::with_template("{bar:24} {percent:>3}%  {prefix}\n{wide_msg}");
            bar.set_style(style.expect("the template is well formed"));
            bar
        });
        Self { bar }
    }

    fn tick(&self) -> Duration {
        if self.bar.is_some() { TICK } else { LINE }
    }

    fn show(&self, moment: &Moment) {
        let (input, output) = (moment.input(), moment.output());
        match &self.bar {
            Some(bar) => {
                // Nothing to measure yet: an empty bar, not a full one.
                bar.set_length(moment.bytes.1.max(1));
                bar.set_position(moment.bytes.0);
                bar.set_prefix(input);
                bar.set_message(output);
            }
            None if input.is_empty() => drop(writeln!(stderr(), "{output}")),
            None => drop(writeln!(stderr(), "{output}, {input}")),
        }
    }

    /// Shows a text where the progress stands.
    fn say(&self, text: &'static str) {
        match &self.bar {
            Some(bar) => bar.set_message(text),
            None => drop(writeln!(stderr(), "{text}")),
        }
    }

    fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| drop(writeln!(stderr(), "{text}"))),
            None => drop(writeln!(stderr(), "{text}")),
        }
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests;
