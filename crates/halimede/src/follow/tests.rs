//! What is said of a load under way, and that a cancel ends it.

use std::sync::{Condvar, Mutex};

use super::*;

#[test]
fn a_moment_is_told_in_two_parts() {
    let moment = Moment { phase: "parsing".to_owned(), bytes: (12 << 20, 48 << 20), records: 1200, errors: 3 };
    let elapsed = Duration::from_secs(2);
    assert_eq!(moment.input(elapsed), "12.0 MiB of 48.0 MiB, 7 s left");
    assert_eq!(moment.output(elapsed), "parsing, 1,200 records (600/s), 3 errors");
    let moment = Moment { phase: "preparing".to_owned(), ..moment };
    assert_eq!(moment.input(elapsed), "12.0 MiB of 48.0 MiB");
    let moment = Moment { phase: "listing".to_owned(), ..Moment::default() };
    assert_eq!(moment.input(Duration::ZERO), "");
    assert_eq!(moment.output(Duration::ZERO), "listing, 0 records (0/s), 0 errors");
}

#[test]
fn durations_are_said_in_words() {
    for (seconds, text) in [(0, "0 s"), (59, "59 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")] {
        assert_eq!(duration(seconds), text);
    }
}

/// What is left to do after a load ends with an interrupt, which may come before it begins; without one it is done.
#[test]
fn an_interrupt_ends_the_settling() {
    let (send, receive) = channel();
    let interrupts = Interrupts { send, receive };
    let mut done = false;
    settle(&interrupts, |_| {
        done = true;
        Ok(())
    });
    assert!(done);
    interrupts.send.send(Event::Interrupted).expect("the receiver is there");
    settle(&interrupts, |cancel| {
        while !cancel.is_cancelled() {
            thread::yield_now();
        }
        Err(store::Error::Cancelled.into())
    });
}

/// A load that runs until it is cancelled.
#[derive(Default)]
struct Endless {
    cancelled: Mutex<bool>,
    changed: Condvar,
}

impl Job for Endless {
    fn moment(&self) -> Moment {
        Moment::default()
    }

    fn wait(&self) -> Result<()> {
        let mut cancelled = self.cancelled.lock().expect("not poisoned");
        while !*cancelled {
            cancelled = self.changed.wait(cancelled).expect("not poisoned");
        }
        Ok(())
    }

    fn cancel(&self) -> Result<()> {
        *self.cancelled.lock().expect("not poisoned") = true;
        self.changed.notify_all();
        Ok(())
    }
}

#[test]
fn an_interrupt_cancels_and_waits_for_the_end() {
    let (send, receive) = channel();
    send.send(Event::Interrupted).expect("the receiver is here");
    let interrupts = Interrupts { send, receive };
    assert!(follow(&Endless::default(), &interrupts).expect("nothing fails"));
}
