//! Threads that are kept for a while: to start one costs more than many a query does.

use std::io;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a thread waits for more work before it ends.
const KEPT: Duration = Duration::from_secs(10);

/// What a thread does once. It does not panic.
pub(super) type Work = Box<dyn FnOnce() + Send>;

/// The threads of a lane. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Threads(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    /// Those without work, the one that came last at the end.
    idle: Vec<Idle>,
    next: u64,
}

#[derive(Debug)]
struct Idle {
    number: u64,
    to: SyncSender<Work>,
}

impl Threads {
    /// Begins work on a thread that waits for some, or on a new one.
    ///
    /// # Errors
    ///
    /// The machine's, if it gives no thread.
    pub(super) fn begin(&self, name: &str, mut work: Work) -> io::Result<()> {
        // The last one's stack and memory are warm, and those that nobody needs end.
        while let Some(idle) = { self.waiting().idle.pop() } {
            match idle.to.send(work) {
                Ok(()) => return Ok(()),
                Err(mpsc::SendError(back)) => work = back,
            }
        }
        let threads = self.clone();
        thread::Builder::new().name(name.to_owned()).spawn(move || threads.serve(work)).map(drop)
    }

    /// The life of a thread.
    fn serve(&self, mut work: Work) {
        loop {
            work();
            let (number, from) = self.wait();
            work = match from.recv_timeout(KEPT) {
                Ok(next) => next,
                // Whoever has taken this thread from the list meanwhile is about to send.
                Err(_) if self.leave(number) => return,
                Err(_) => match from.recv() {
                    Ok(next) => next,
                    Err(_) => return,
                },
            };
        }
    }

    fn wait(&self) -> (u64, Receiver<Work>) {
        let (to, from) = mpsc::sync_channel(1);
        let mut waiting = self.waiting();
        let number = waiting.next;
        waiting.next += 1;
        waiting.idle.push(Idle { number, to });
        (number, from)
    }

    /// Leaves the list; whether it was still on it.
    fn leave(&self, number: u64) -> bool {
        let idle = &mut self.waiting().idle;
        let before = idle.len();
        idle.retain(|other| other.number != number);
        idle.len() < before
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // A list is whole whatever panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_works_again_and_none_waits_for_another() {
        let threads = Threads::default();
        let (out, names) = mpsc::channel();
        let once =
            |out: mpsc::Sender<thread::ThreadId>| Box::new(move || out.send(thread::current().id()).unwrap_or(()));
        threads.begin("one", once(out.clone())).expect("a thread");
        let first = names.recv().expect("it worked");
        while threads.waiting().idle.is_empty() {
            thread::yield_now();
        }
        threads.begin("one", once(out.clone())).expect("a thread");
        assert_eq!(names.recv().expect("it worked"), first);
        // While all are busy, each piece of work has a thread of its own.
        let barrier = Arc::new(std::sync::Barrier::new(3));
        for _ in 0..2 {
            let (barrier, out) = (Arc::clone(&barrier), out.clone());
            let work = move || {
                barrier.wait();
                out.send(thread::current().id()).unwrap_or(());
            };
            threads.begin("two", Box::new(work)).expect("a thread");
        }
        barrier.wait();
        assert_ne!(names.recv().expect("it worked"), names.recv().expect("it worked"));
    }

    #[test]
    fn one_that_leaves_is_not_asked() {
        let threads = Threads::default();
        let (number, _from) = threads.wait();
        assert!(threads.leave(number) && !threads.leave(number));
        let (out, done) = mpsc::channel();
        let (_, gone) = threads.wait();
        drop(gone);
        threads.begin("new", Box::new(move || out.send(()).unwrap_or(()))).expect("a thread");
        assert!(done.recv().is_ok());
    }
}
