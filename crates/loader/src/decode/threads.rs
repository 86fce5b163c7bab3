//! Threads that decompress, and how the pieces of a file pass through them and stay in order.
//!
//! One thread cuts the file and numbers its pieces by a queue; workers decode them, each into a channel of its own; the
//! reader empties those channels in the order of the queue. Everything is bounded: pieces in the queue, text in a channel.
//! All threads end when the reader is dropped or the source fails, at the latest when the source says something.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded, never, select};

use super::reader::{Next, Piece, Split, Unit};

/// Bytes of text handed on at a time, and how many of those wait for the reader.
const TEXT: usize = 128 << 10;
const WAITING: usize = 8;

/// Memory that one thread takes for what it decodes: the state of a bzip2 block, the block and its text.
const PER_THREAD: u64 = 6 << 20;

/// Threads that files are decompressed on. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Threads {
    count: usize,
    started: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Threads {
    /// None: whoever reads decompresses.
    pub fn none() -> Self {
        Self::default()
    }

    /// At most `count` threads that decode a file, at least one, within about `memory` bytes.
    pub fn new(count: usize, memory: u64) -> Self {
        let affordable = usize::try_from(memory / PER_THREAD).unwrap_or(usize::MAX);
        Self { count: count.min(affordable).max(1), started: Arc::default() }
    }

    /// The same threads, but only one for each file.
    #[must_use]
    pub fn one_each(&self) -> Self {
        Self { count: self.count.min(1), started: Arc::clone(&self.started) }
    }

    pub(super) const fn is_none(&self) -> bool {
        self.count == 0
    }

    /// Waits until all that were started have ended; whether one of them panicked.
    pub fn join(&self) -> bool {
        let started = std::mem::take(&mut *self.started.lock().unwrap_or_else(PoisonError::into_inner));
        let outcomes: Vec<_> = started.into_iter().map(JoinHandle::join).collect();
        outcomes.iter().any(Result::is_err)
    }

    /// Cuts and decodes from now on on threads.
    pub(super) fn start(&self, split: Box<dyn Split>) -> io::Result<Running> {
        let (order, pending) = bounded(self.count);
        let (work, asked) = bounded(self.count);
        let (reading, gone) = bounded(0);
        for _ in 0..self.count {
            let (asked, gone) = (asked.clone(), gone.clone());
            self.spawn("load-decode", move || serve(&asked, &gone))?;
        }
        self.spawn("load-split", move || cut(split, &order, &work, &gone))?;
        Ok(Running { pending, _reading: reading })
    }

    /// Reads ahead on a thread.
    pub(super) fn ahead(&self, mut from: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
        let (text, texts) = bounded(WAITING);
        self.spawn("load-decode", move || {
            decode(&mut from, &text, &never());
        })?;
        Ok(Decoded::boxed(texts))
    }

    fn spawn(&self, name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let thread = Builder::new().name(name.to_owned()).spawn(work)?;
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        started.retain(|thread| !thread.is_finished());
        started.push(thread);
        Ok(())
    }
}

/// The reader's end of threads that cut and decode.
pub(super) struct Running {
    pub(super) pending: Receiver<Pending>,
    /// Its end ends every wait of theirs. That the queue is gone would not: what stands in it stays there, and with it the
    /// channels that they send text into.
    _reading: Sender<Never>,
}

/// What is never sent.
pub(super) enum Never {}

/// What the reader gets, in order: a piece under way, or why there is none.
pub(super) type Pending = io::Result<Cut>;

/// A piece of a file whose text comes by a channel, or its end.
pub(super) enum Cut {
    Piece(Piece),
    End(u64),
}

/// Text, and how it ended.
type Text = io::Result<Vec<u8>>;

struct Work {
    unit: Arc<Unit>,
    text: Sender<Text>,
}

/// Sends, unless the reader has gone; whether it was taken.
fn send<T>(to: &Sender<T>, what: T, gone: &Receiver<Never>) -> bool {
    select! {
        send(to, what) -> sent => sent.is_ok(),
        recv(gone) -> _ => false,
    }
}

/// The thread that cuts.
fn cut(mut split: Box<dyn Split>, order: &Sender<Pending>, work: &Sender<Work>, gone: &Receiver<Never>) {
    loop {
        let (text, texts) = bounded(WAITING);
        let channel = |unit| Ok(Cut::Piece(Piece { unit, text: Decoded::boxed(texts) }));
        let goes_on = match split.next() {
            Ok(Next::Unit(unit)) => {
                let unit = Arc::new(unit);
                let told = send(order, channel(Some(Arc::clone(&unit))), gone);
                told && send(work, Work { unit, text }, gone)
            }
            Ok(Next::Rest(mut rest)) => {
                let told = send(order, channel(None), gone);
                told && decode(&mut rest, &text, gone)
            }
            Ok(Next::End(at)) => {
                send(order, Ok(Cut::End(at)), gone);
                false
            }
            Err(error) => {
                send(order, Err(error), gone);
                false
            }
        };
        if !goes_on {
            return;
        }
    }
}

/// A thread that decodes.
fn serve(asked: &Receiver<Work>, gone: &Receiver<Never>) {
    for Work { unit, text } in asked {
        decode(&mut unit.text(), &text, gone);
    }
}

/// Sends the text on, until it ends, fails, or nobody wants it; whether all of it was taken.
fn decode(from: &mut dyn Read, to: &Sender<Text>, gone: &Receiver<Never>) -> bool {
    loop {
        let mut text = Vec::with_capacity(TEXT);
        let outcome = from.take(TEXT as u64).read_to_end(&mut text);
        let over = !matches!(outcome, Ok(count) if count == TEXT);
        if !text.is_empty() && !send(to, Ok(text), gone) {
            return false;
        }
        if over {
            // An empty text is the end.
            return send(to, outcome.map(|_| Vec::new()), gone);
        }
    }
}

/// The text of a piece that is decoded on another thread.
struct Decoded {
    texts: Receiver<Text>,
    text: Vec<u8>,
    at: usize,
}

impl Decoded {
    fn boxed(texts: Receiver<Text>) -> Box<dyn Read + Send> {
        Box::new(Self { texts, text: Vec::new(), at: 0 })
    }
}

impl Read for Decoded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.text.len() {
            self.at = 0;
            // A thread that panicked has closed the channel without an end.
            let stopped = || io::Error::other("decompressing was stopped");
            self.text = self.texts.recv().map_err(|_| stopped())??;
        }
        let count = (&self.text[self.at..]).read(buffer)?;
        self.at += count;
        Ok(count)
    }
}
