//! What is said of a load under way, and that a cancel ends it.

use std::sync::{Condvar, Mutex};

use super::*;

#[test]
fn a_moment_is_told_in_two_parts() {
    let moment = Moment {
        phase: "parsing".to_owned(),
        bytes: (12 << 20, 48 << 20),
        records: 1200,
        errors: 3,
        rate: Some(600),
        files: (2, 12),
        left: Some(67),
    };
    assert_eq!(moment.input(), "12.0 MiB of 48.0 MiB, 2 of 12 files, 1 min 7 s left");
    assert_eq!(moment.output(), "parsing, 1,200 records (600/s), 3 errors");
    let moment = Moment { files: (0, 1), left: None, ..moment };
    assert_eq!(moment.input(), "12.0 MiB of 48.0 MiB");
    let moment = Moment { phase: "in queue".to_owned(), ..Moment::default() };
    assert_eq!(moment.input(), "");
    assert_eq!(moment.output(), "in queue, 0 records, 0 errors");
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

/// A load that runs until it is cancelled, or left alone.
#[derive(Default)]
struct Endless {
    goes_on: bool,
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

    fn interrupt(&self) -> Interrupt<'_> {
        let end = || {
            *self.cancelled.lock().expect("not poisoned") = true;
            self.changed.notify_all();
            Ok(())
        };
        if self.goes_on {
            let _ = end();
            return Interrupt::Leave("it goes on".to_owned());
        }
        Interrupt::Cancel(Box::new(end))
    }
}

#[test]
fn an_interrupt_cancels_and_waits_for_the_end_or_leaves() {
    for (goes_on, expected) in [(false, Followed::Interrupted), (true, Followed::Left)] {
        let (send, receive) = channel();
        send.send(Event::Interrupted).expect("the receiver is here");
        let interrupts = Interrupts { send, receive };
        let load = Endless { goes_on, ..Endless::default() };
        assert_eq!(follow(&load, &interrupts).expect("nothing fails"), expected);
    }
}
