//! The stream under a serial parser: valid UTF-8 without byte order mark, with a limit, counting lines.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::cost::Meter;
use super::utf8::Utf8;
use crate::format::{MARK_BYTES, byte_order_mark};

/// How far reading has come; shared by the stream, which the parser owns, and the parser's owner.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What may be read until something comes of it, as [`Meter`] counts.
    allowance: u64,
    /// Bytes read.
    read: u64,
    /// Line ends read, but for those in `recent`.
    lines: u64,
    /// Places of the latest line ends.
    recent: VecDeque<u64>,
}

/// How many line ends are remembered: many more than a parser's read buffer holds.
const RECENT: usize = 32 << 10;

impl Progress {
    /// Allows so much more to be read, in bytes of plain text.
    pub(super) fn allow(&self, bytes: u64) {
        self.state().allowance = bytes;
    }

    /// The line that holds the byte at `offset`, from 1; `offset` must not lie far back.
    pub(super) fn line_at(&self, offset: u64) -> u64 {
        let state = self.state();
        state.lines + state.recent.partition_point(|end| *end < offset) as u64 + 1
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing under this lock can panic half-way; and a count is all that it guards.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Source<R> {
    reader: Utf8<R>,
    progress: Progress,
    meter: Meter,
    /// The first bytes, read to see whether they are a byte order mark, and not handed on yet.
    head: Vec<u8>,
    started: bool,
}

impl<R: Read> Source<R> {
    pub(super) const fn new(reader: R, progress: Progress, meter: Meter) -> Self {
        Self { reader: Utf8::new(reader), progress, meter, head: Vec::new(), started: false }
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let allowed = self.progress.state().allowance;
        if allowed == 0 {
            return Err(io::Error::new(io::ErrorKind::OutOfMemory, "no end of the statement in sight"));
        }
        let length = usize::try_from(allowed).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = buffer.get_mut(..length).unwrap_or_default();
        if !self.started {
            let missing = MARK_BYTES.saturating_sub(self.head.len());
            self.reader.by_ref().take(missing as u64).read_to_end(&mut self.head)?;
            self.head.drain(..byte_order_mark(&self.head));
            self.started = true;
        }
        let read = if self.head.is_empty() {
            self.reader.read(buffer)?
        } else {
            let read = self.head.as_slice().read(buffer)?;
            self.head.drain(..read);
            read
        };
        let bytes = buffer.get(..read).unwrap_or_default();
        let cost = self.meter.cost(bytes).map_err(|grown| io::Error::new(io::ErrorKind::OutOfMemory, grown))?;
        let mut state = self.progress.state();
        let start = state.read;
        state.read += read as u64;
        state.allowance = state.allowance.saturating_sub(cost);
        for end in memchr::memchr_iter(b'\n', bytes) {
            state.recent.push_back(start + end as u64);
            if state.recent.len() > RECENT {
                state.recent.pop_front();
                state.lines += 1;
            }
        }
        Ok(read)
    }
}
