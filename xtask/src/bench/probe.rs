//! How long a small sync takes on a file system, all the while: it tells a slow disk from a slow program.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

/// Bytes written before each sync.
const BLOCK: [u8; 4096] = [42; 4096];
/// Rest between two syncs, so that the probe takes little of the disk itself.
const REST: Duration = Duration::from_millis(20);

/// One write and sync.
#[derive(Clone, Copy, Debug)]
struct Sync {
    begun: Instant,
    ended: Instant,
}

/// A thread that writes and syncs until this is dropped.
pub(super) struct Probe {
    syncs: Arc<Mutex<Vec<Sync>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Probe {
    /// Begins, on a file of its own.
    pub(super) fn start(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("making {}", path.display()))?;
        let (syncs, stop) = (Arc::<Mutex<Vec<Sync>>>::default(), Arc::new(AtomicBool::new(false)));
        let (theirs, stopped) = (Arc::clone(&syncs), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let begun = Instant::now();
                if let Err(error) = file.write_all_at(&BLOCK, 0).and_then(|()| file.sync_all()) {
                    eprintln!("the probe: {error}");
                    return;
                }
                let sync = Sync { begun, ended: Instant::now() };
                theirs.lock().unwrap_or_else(PoisonError::into_inner).push(sync);
                thread::sleep(REST);
            }
        });
        Ok(Self { syncs, stop, thread: Some(thread) })
    }

    /// Seconds of the slowest sync that was under way at some time between two moments. Waits for the one that is.
    pub(super) fn slowest(&self, from: Instant, to: Instant) -> Result<f64> {
        loop {
            let ended = self.thread.as_ref().is_none_or(JoinHandle::is_finished);
            {
                let syncs = self.syncs.lock().unwrap_or_else(PoisonError::into_inner);
                if syncs.last().is_some_and(|sync| sync.ended >= to) {
                    let beside = syncs.iter().rev().take_while(|sync| sync.ended >= from);
                    let seconds = beside.filter(|sync| sync.begun <= to).map(Sync::seconds);
                    return Ok(seconds.fold(0.0, f64::max));
                }
            }
            if ended {
                bail!("the probe has ended");
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Seconds of all syncs so far.
    pub(super) fn seconds(&self) -> Vec<f64> {
        self.syncs.lock().unwrap_or_else(PoisonError::into_inner).iter().map(Sync::seconds).collect()
    }
}

impl Sync {
    fn seconds(&self) -> f64 {
        (self.ended - self.begun).as_secs_f64()
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic there was printed; the measurements so far are good.
            drop(thread.join());
        }
    }
}
