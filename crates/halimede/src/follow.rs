//! Following a load: a live bar on a terminal, else a line every few seconds; Ctrl-C cancels it. Then the store settles.
//!
//! All of it goes to standard error, so that standard output holds nothing but the finished job.

use std::io::{IsTerminal, Write, stderr};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

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
    /// Cancels it and returns when it has stopped; not an error if it had ended before.
    fn cancel(&self) -> Result<()>;
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
}

impl Moment {
    /// How much of the input is read and how long reading the rest takes: `12.0 MiB of 48.0 MiB, 6 s left`. Empty while
    /// the sizes are unknown.
    fn input(&self, elapsed: Duration) -> String {
        let (read, total) = self.bytes;
        if total == 0 {
            return String::new();
        }
        let text = format!("{} of {}", ByteSize(read), ByteSize(total));
        // Bytes say nothing about how long sorting and writing what was read takes.
        let reading = matches!(self.phase.as_str(), "downloading" | "parsing");
        if !reading || total <= read || read == 0 {
            return text;
        }
        let left = elapsed.as_secs_f64() * (total - read) as f64 / read as f64;
        format!("{text}, {} left", duration(left as u64 + 1))
    }

    /// What was made of it: `parsing, 1,200 records (600/s), 0 errors`.
    fn output(&self, elapsed: Duration) -> String {
        let rate = (self.records as f64 / elapsed.as_secs_f64().max(0.001)) as u64;
        let (records, errors) = (thousands(self.records), thousands(self.errors));
        format!("{}, {records} records ({}/s), {errors} errors", self.phase, thousands(rate))
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
}

/// Follows a load to its end, showing how far it is. Whether it was interrupted on the way.
///
/// # Errors
/// The load's own if it can no longer be followed.
pub(crate) fn follow(job: &dyn Job, interrupts: &Interrupts) -> Result<bool> {
    let mut display = Display::new();
    let ended = interrupts.send.clone();
    thread::scope(|scope| {
        scope.spawn(move || {
            // The receiver outlives this scope.
            let _ = ended.send(Event::Ended(job.wait()));
        });
        let mut interrupted = false;
        loop {
            match interrupts.receive.recv_timeout(display.tick()) {
                Ok(Event::Ended(outcome)) => {
                    display.clear();
                    return outcome.map(|()| interrupted);
                }
                Ok(Event::Interrupted) => {
                    interrupted = true;
                    display.note("cancelling the load; interrupt again to leave at once");
                    // It is followed on: whatever becomes of it is the result.
                    if let Err(error) = job.cancel() {
                        display.note(&format!("the load could not be cancelled: {error}"));
                    }
                }
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
    started: Instant,
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
        Self { started: Instant::now(), bar }
    }

    fn tick(&self) -> Duration {
        if self.bar.is_some() { TICK } else { LINE }
    }

    fn show(&self, moment: &Moment) {
        let elapsed = self.started.elapsed();
        let (input, output) = (moment.input(elapsed), moment.output(elapsed));
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
