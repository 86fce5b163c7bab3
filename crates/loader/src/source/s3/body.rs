//! One object's bytes: read ahead in parts by tasks on the runtime, handed in order to a blocking reader.
//!
//! A small object is one GET. A larger one is a first part, and then, once somebody has begun to read in earnest, several
//! parts at a time, each a GET of its range. Every part has a channel that can hold all of it, so the parts under way
//! bound the memory: the [`Window`]. The reader looks at its cancel token every few milliseconds while it waits; when it
//! is dropped, the tasks are aborted and their sockets closed, however stalled.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Buf, Bytes};
use store::CancelToken;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::object::{Object, Pieces};
use crate::source::error::ReadError;
use crate::source::wait;

/// How much of an object is read ahead, and in which pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Bytes of every part but the first.
    part: u64,
    /// Parts under way at a time.
    lanes: usize,
}

impl Window {
    /// Bytes of an object's first part, and of an object that is read in one piece. A reader that nobody reads from
    /// holds no more, which allows to open files ahead of their turn.
    pub(crate) const FIRST: u64 = 2 << 20;

    /// A reader in whose object somebody has come this far is read in earnest: beyond what a look at the head takes.
    const EARNEST: u64 = (1 << 20) + (256 << 10);

    /// A thirty-second of a memory budget.
    pub(crate) fn of(memory: u64) -> Self {
        let bytes = (memory / 32).clamp(4 << 20, 64 << 20);
        let lanes = if bytes < 32 << 20 { 4 } else { 8 };
        Self { part: bytes / lanes, lanes: lanes as usize }
    }

    /// Bytes of all parts under way.
    pub(crate) const fn bytes(self) -> u64 {
        self.part * self.lanes as u64
    }
}

/// A part under way, or read and not yet handed out.
#[derive(Debug)]
struct Part {
    pieces: Pieces,
    /// Bytes that are still to come.
    left: u64,
    task: JoinHandle<()>,
}

impl Part {
    fn ask(object: &Arc<Object>, start: u64, end: u64, runtime: &Handle) -> Self {
        let (sender, pieces) = Object::channel(end - start);
        let object = Arc::clone(object);
        let task = runtime.spawn(async move {
            if let Err(error) = object.fetch(start, end, &sender).await {
                // Nobody listens any more if this fails.
                let _ = sender.send(Err(error)).await;
            }
        });
        Self { pieces, left: end - start, task }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The blocking end.
#[derive(Debug)]
pub(crate) struct BodyReader {
    object: Arc<Object>,
    window: Window,
    /// In order; the first is the one that is read.
    parts: VecDeque<Part>,
    /// Where the next part to ask for begins.
    asked: u64,
    /// Bytes handed out.
    given: u64,
    current: Bytes,
    /// What every read answers from now on.
    over: Option<Result<(), ReadError>>,
    runtime: Handle,
    cancel: CancelToken,
    bytes_read: Arc<AtomicU64>,
}

impl BodyReader {
    pub(crate) fn start(
        object: Object,
        window: Window,
        runtime: &Handle,
        cancel: &CancelToken,
        bytes_read: Arc<AtomicU64>,
    ) -> Self {
        let object = Arc::new(object);
        let first = object.end().min(Window::FIRST);
        // An empty object is asked for too: it may be gone, or not be empty any more.
        let parts = VecDeque::from([Part::ask(&object, 0, first, runtime)]);
        Self {
            object,
            window,
            parts,
            asked: first,
            given: 0,
            current: Bytes::new(),
            over: None,
            runtime: runtime.clone(),
            cancel: cancel.clone(),
            bytes_read,
        }
    }

    /// Asks for as many parts as may be under way.
    fn ask_ahead(&mut self) {
        let lanes = if self.given > Window::EARNEST { self.window.lanes } else { 1 };
        while self.parts.len() < lanes && self.asked < self.object.end() {
            let end = self.object.end().min(self.asked + self.window.part);
            self.parts.push_back(Part::ask(&self.object, self.asked, end, &self.runtime));
            self.asked = end;
        }
    }

    /// Waits for the next piece; `None` at the end.
    fn next_piece(&mut self) -> Result<Option<Bytes>, ReadError> {
        loop {
            self.ask_ahead();
            let Some(part) = self.parts.front_mut() else { return Ok(None) };
            let received = match part.pieces.try_recv() {
                Ok(piece) => Some(piece),
                Err(mpsc::error::TryRecvError::Disconnected) => None,
                Err(mpsc::error::TryRecvError::Empty) => {
                    wait::unless_cancelled(&self.runtime, &self.cancel, part.pieces.recv())
                        .ok_or(ReadError::Cancelled)?
                }
            };
            match received {
                Some(Ok(piece)) => {
                    part.left = part.left.saturating_sub(piece.len() as u64);
                    return Ok(Some(piece));
                }
                Some(Err(error)) => return Err(error),
                None if part.left == 0 => {
                    self.parts.pop_front();
                }
                // The task ends without a word only when its runtime does.
                None => return Err(ReadError::Failed(format!("reading {} was stopped", self.object.uri()))),
            }
        }
    }
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_cancelled() {
            return Err(ReadError::Cancelled.into());
        }
        if buffer.is_empty() {
            return Ok(0);
        }
        while self.current.is_empty() {
            match &self.over {
                Some(Ok(())) => return Ok(0),
                Some(Err(error)) => return Err(error.clone().into()),
                None => match self.next_piece() {
                    Ok(Some(piece)) => self.current = piece,
                    Ok(None) => self.over = Some(Ok(())),
                    Err(error) => {
                        self.over = Some(Err(error));
                        self.parts.clear();
                    }
                },
            }
        }
        let count = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..count]);
        self.given += count as u64;
        self.bytes_read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_a_small_share_of_the_budget() {
        for (memory, bytes, lanes) in [(0_u64, 4_u64, 4), (100, 4, 4), (512, 16, 4), (1024, 32, 8), (24 << 10, 64, 8)] {
            let window = Window::of(memory << 20);
            assert_eq!((window.bytes(), window.lanes), (bytes << 20, lanes), "{memory} MiB");
        }
    }
}
