//! What a client sends, message by message, while others of its messages are worked on.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bolt::{Inbound, Request};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, timeout_at};

use crate::body::{self, BYTES_A_SECOND};
use crate::door::Door;
use crate::exception::{Exception, Failure, Limit};
use crate::watch::{Cause, Watch};

/// Bytes that are read at once.
const PIECE: usize = 16 << 10;

/// Most bytes of a message of who has not logged in: credentials with a session token, and room.
pub(super) const LOGIN_BYTES: usize = 128 << 10;

/// Bytes by which the room for messages is counted.
const UNIT: usize = 1 << 10;

/// Messages that wait may have so much together, in units. A larger one waits alone.
const AHEAD: u32 = (LOGIN_BYTES / UNIT) as u32;

/// A message, with its share of the memory for all of them until it is dropped.
#[derive(Debug)]
pub(super) struct Message {
    /// Its bytes, out of their chunks.
    pub(super) bytes: Vec<u8>,
    _shares: Vec<OwnedSemaphorePermit>,
    _room: OwnedSemaphorePermit,
}

/// What the two halves of a connection tell each other beside the messages.
#[derive(Debug, Default)]
pub(super) struct Link {
    /// RESETs that were read and not yet done.
    resets: AtomicUsize,
    /// What runs now.
    running: Mutex<Option<Watch>>,
    /// Whether somebody is logged in.
    open: AtomicBool,
    /// Whether the client sends nothing more.
    left: AtomicBool,
}

impl Link {
    /// Whether a RESET is on its way: what stands before it is not done any more.
    pub(super) fn is_interrupted(&self) -> bool {
        self.resets.load(Ordering::SeqCst) > 0
    }

    /// A RESET was done.
    pub(super) fn has_reset(&self) {
        self.resets.fetch_sub(1, Ordering::SeqCst);
    }

    /// Says what a RESET ends from now on.
    pub(super) fn set_running(&self, watch: Option<Watch>) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let is_late = self.is_interrupted() || self.left.load(Ordering::SeqCst);
        if let Some(watch) = watch.as_ref().filter(|_| is_late) {
            watch.pull(Cause::Vanished);
        }
        *running = watch;
    }

    /// Says whether large messages are read.
    pub(super) fn set_open(&self, open: bool) {
        self.open.store(open, Ordering::SeqCst);
    }

    fn reset(&self) {
        self.end_running(|| {
            self.resets.fetch_add(1, Ordering::SeqCst);
        });
    }

    fn leave(&self) {
        self.end_running(|| self.left.store(true, Ordering::SeqCst));
    }

    /// Ends what runs, and what begins after `mark`.
    fn end_running(&self, mark: impl FnOnce()) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        mark();
        if let Some(watch) = &*running {
            watch.pull(Cause::Vanished);
        }
    }
}

/// Reads until the client leaves. What cannot be read is told once; then the rest is thrown away.
pub(super) async fn read(
    mut stream: impl AsyncRead + Unpin,
    queue: mpsc::Sender<Result<Message, Failure>>,
    link: &Link,
    door: &Door,
) {
    let mut buffer = vec![0; PIECE];
    let read = messages(&mut stream, &mut buffer, &queue, link, door).await;
    link.leave();
    if let Err(failure) = read
        && queue.send(Err(failure)).await.is_ok()
    {
        // A client that still sends would not read its answer if the connection were closed now.
        while matches!(stream.read(&mut buffer).await, Ok(1..)) {}
    }
}

async fn messages(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut [u8],
    queue: &mpsc::Sender<Result<Message, Failure>>,
    link: &Link,
    door: &Door,
) -> Result<(), Failure> {
    let mut inbound = Inbound::new(LOGIN_BYTES);
    let room = Arc::new(Semaphore::new(AHEAD as usize));
    let mut shares = Vec::new();
    let mut began = None;
    loop {
        let reading = stream.read(buffer);
        let read = match began {
            None => reading.await,
            Some(began) => {
                let bought = Duration::from_secs(inbound.held() as u64 / BYTES_A_SECOND);
                timeout_at(began + door.config.receive_timeout + bought, reading).await.map_err(|_| too_slow())?
            }
        };
        let Ok(read @ 1..) = read else { return Ok(()) };
        let mut bytes = &buffer[..read];
        loop {
            let open = link.open.load(Ordering::SeqCst);
            inbound.set_limit(if open { door.config.request_bytes } else { LOGIN_BYTES });
            let message = inbound
                .take(&mut bytes)
                .map_err(|error| Failure::new(Exception::BadRequest, error.to_string()).over(Limit::Body))?;
            let Some(bytes) = message else { break };
            began = None;
            if Request::is_reset(&bytes) {
                link.reset();
            }
            let units = u32::try_from(bytes.len().div_ceil(UNIT)).unwrap_or(AHEAD).min(AHEAD);
            let Ok(room) = Arc::clone(&room).acquire_many_owned(units).await else { return Ok(()) };
            let message = Message { bytes, _shares: std::mem::take(&mut shares), _room: room };
            if queue.send(Ok(message)).await.is_err() {
                return Ok(());
            }
        }
        if inbound.held() > 0 {
            began.get_or_insert_with(Instant::now);
            body::cover(&door.budget, inbound.held(), &mut shares)?;
        }
    }
}

fn too_slow() -> Failure {
    Failure::new(Exception::ClientTimeout, "The message was not received in time").over(Limit::ReceiveTime)
}
