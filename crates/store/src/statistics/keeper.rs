//! Statistics at hand: at most one pass for each commit of a data set, shared by all who ask.
//!
//! A pass runs on a thread of its own and goes on when those who asked for it have left; they wait as long as they
//! like. It begins when somebody asks for what is not known yet, or in the background after a load
//! ([`StatisticsKeeper::after_load`]). A later commit makes what is known outdated; it is kept until something newer is
//! there. A reset drops it.
//!
//! - **Settings**: whether statistics are computed unasked, and whether they were deleted, are kept over a restart, in a
//!   record beside the manifest. What was computed is not.
//! - **Locks**: a data set's desk, below all others but the engine's; never held during a pass.
//! - **Source**: spec/statistics.md §3 to §5; design §4, "Exact statistics".

mod settings;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use model::Dataset;

use super::Statistics;
use crate::engine::Write;
use crate::shared::{Shared, index};
use crate::{CancelToken, Error, Result};
use settings::Settings;

/// How often who waits looks at the token.
const TICK: Duration = Duration::from_millis(20);

/// What a pass has found, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The run's number: when it began, in milliseconds since 1970-01-01T00:00:00Z. Later runs have larger ones.
    pub id: u64,
    /// When it ended, in milliseconds since 1970-01-01T00:00:00Z.
    pub ended_millis: u64,
    /// What was there.
    pub statistics: Statistics,
}

/// How it stands with the statistics of a data set.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Whether they are computed unasked.
    pub auto_compute: bool,
    /// The newest that are there.
    pub run: Option<Arc<Run>>,
    /// The run that goes on.
    pub computing: Option<u64>,
    /// Why the last run failed, if no later one did better.
    pub failure: Option<String>,
}

/// See the module. Clones share it.
#[derive(Clone, Debug)]
pub struct StatisticsKeeper(pub(crate) Arc<Keeper>);

/// What the clones share.
#[derive(Debug)]
pub(crate) struct Keeper {
    shared: Arc<Shared>,
    desks: [Desk; 2],
    after_loads: AtomicBool,
    closing: AtomicBool,
}

#[derive(Debug, Default)]
struct Desk {
    state: Mutex<State>,
    /// A run has ended or was given up.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    settings: Settings,
    latest: Option<Arc<Run>>,
    running: Option<Running>,
    failed: Option<Failed>,
    last_id: u64,
    /// Threads of runs, those included that were given up and have not noticed yet.
    threads: usize,
}

#[derive(Debug)]
struct Running {
    id: u64,
    token: CancelToken,
}

#[derive(Debug)]
struct Failed {
    id: u64,
    text: String,
}

impl State {
    fn standing(&self) -> Standing {
        Standing {
            auto_compute: self.settings.auto_compute,
            run: self.latest.clone(),
            computing: self.running.as_ref().map(|running| running.id),
            failure: self.failed.as_ref().map(|failed| failed.text.clone()),
        }
    }

    fn is_current(&self, commit: u64) -> bool {
        self.latest.as_ref().is_some_and(|run| run.statistics.commit >= commit)
    }

    /// Whether a run may begin unasked when this commit is the last.
    fn may_begin(&self, commit: u64) -> bool {
        self.settings.auto_compute && self.settings.deleted_at.is_none_or(|deleted| commit > deleted)
    }

    /// Forgets what was computed, and what is being computed.
    fn forget(&mut self) {
        if let Some(running) = self.running.take() {
            running.token.cancel();
        }
        self.latest = None;
        self.failed = None;
    }
}

impl StatisticsKeeper {
    /// From now on a load that has ended gets its statistics computed. A process that ends with its load does not ask
    /// for that.
    pub fn compute_after_loads(&self) {
        self.0.after_loads.store(true, Ordering::SeqCst);
    }

    /// A load has ended, and no other follows at once: computes in the background what is outdated, if that was asked
    /// for.
    pub fn after_load(&self) {
        if !self.0.after_loads.load(Ordering::SeqCst) {
            return;
        }
        for dataset in Dataset::ALL {
            let (commit, empty) = self.0.moment(dataset);
            let mut state = self.0.state(dataset);
            let due = !empty && !state.is_current(commit) && state.may_begin(commit) && state.running.is_none();
            if due && let Err(error) = self.0.begin(dataset, &mut state) {
                tracing::debug!(dataset = dataset.name(), %error, "statistics are not computed in the background");
            }
        }
    }

    /// What was computed last, of whatever commit; nothing is begun for whoever asks here.
    pub fn known(&self, dataset: Dataset) -> Option<Arc<Run>> {
        self.0.state(dataset).latest.clone()
    }

    /// How it stands once the statistics of what is visible now are there; of data that never was, nothing is computed.
    /// Waits at most `patience`: then what there is may be outdated, or nothing.
    ///
    /// # Errors
    /// [`Error::Cancelled`] once `cancel` was pulled or the store was closed; the machine's, if no thread can be had.
    pub fn standing(&self, dataset: Dataset, patience: Duration, cancel: &CancelToken) -> Result<Standing> {
        self.0.wait(dataset, false, patience, cancel)
    }

    /// The same, and the statistics of an empty data set are computed too: all zero.
    ///
    /// # Errors
    /// As [`Self::standing`].
    pub fn current(&self, dataset: Dataset, patience: Duration, cancel: &CancelToken) -> Result<Standing> {
        self.0.wait(dataset, true, patience, cancel)
    }

    /// Begins a run if what is known is outdated or was deleted, and none goes on. The number of the run that is under
    /// way or whose outcome is there.
    ///
    /// # Errors
    /// The engine's, if a deletion has to be undone; the machine's, if no thread can be had.
    pub fn refresh(&self, dataset: Dataset) -> Result<u64> {
        let (commit, _) = self.0.moment(dataset);
        let mut state = self.0.state(dataset);
        if state.settings.deleted_at.is_some() {
            let settings = Settings { deleted_at: None, ..state.settings };
            self.0.save(dataset, &mut state, settings)?;
        }
        match (&state.running, &state.latest) {
            (Some(running), _) => Ok(running.id),
            (None, Some(run)) if state.is_current(commit) => Ok(run.id),
            _ => self.0.begin(dataset, &mut state),
        }
    }

    /// Switches computing unasked on or off. A run that goes on is not stopped.
    ///
    /// # Errors
    /// The engine's, [`Error::ReadOnly`]; then it stays as it was.
    pub fn set_auto_compute(&self, dataset: Dataset, auto_compute: bool) -> Result<()> {
        let mut state = self.0.state(dataset);
        let settings = Settings { auto_compute, ..state.settings };
        self.0.save(dataset, &mut state, settings)
    }

    /// Drops the statistics; they come back by [`Self::refresh`], or unasked after the next commit. Whether there were
    /// any, or would have been for whoever asked.
    ///
    /// # Errors
    /// The engine's, [`Error::ReadOnly`]; then they are still there.
    pub fn delete(&self, dataset: Dataset) -> Result<bool> {
        let (commit, empty) = self.0.moment(dataset);
        let mut state = self.0.state(dataset);
        let there = state.latest.is_some() || state.running.is_some() || (!empty && state.may_begin(commit));
        if there {
            let settings = Settings { deleted_at: Some(commit), ..state.settings };
            self.0.save(dataset, &mut state, settings)?;
            state.forget();
            drop(state);
            self.0.desks[index(dataset)].changed.notify_all();
        }
        Ok(there)
    }
}

impl Keeper {
    /// With the settings that an earlier process left.
    pub(crate) fn open(shared: &Arc<Shared>) -> Result<Arc<Self>> {
        let keeper = Self {
            shared: Arc::clone(shared),
            desks: Default::default(),
            after_loads: AtomicBool::new(false),
            closing: AtomicBool::new(false),
        };
        for dataset in Dataset::ALL {
            keeper.state(dataset).settings = Settings::read(shared, dataset)?;
        }
        Ok(Arc::new(keeper))
    }

    fn state(&self, dataset: Dataset) -> MutexGuard<'_, State> {
        // Every change of a desk is whole before anything that can panic runs.
        self.desks[index(dataset)].state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last visible commit, and whether nothing is there.
    fn moment(&self, dataset: Dataset) -> (u64, bool) {
        let snapshot = self.shared.snapshot(dataset);
        (snapshot.commit(), snapshot.layers().is_empty())
    }

    fn save(&self, dataset: Dataset, state: &mut State, settings: Settings) -> Result<()> {
        if settings != state.settings {
            if self.shared.options.read_only {
                return Err(Error::ReadOnly);
            }
            self.shared.engine.write(&[settings.write(dataset)])?;
            state.settings = settings;
        }
        Ok(())
    }

    /// Begins a run, whatever is known. The desk is held.
    fn begin(self: &Arc<Self>, dataset: Dataset, state: &mut State) -> Result<u64> {
        if self.closing.load(Ordering::SeqCst) {
            return Err(Error::Cancelled);
        }
        let id = now_millis().max(state.last_id + 1);
        let token = CancelToken::new();
        let (keeper, cancel) = (Arc::clone(self), token.clone());
        std::thread::Builder::new()
            .name("statistics".to_owned())
            .spawn(move || keeper.run(dataset, id, &cancel))
            .map_err(|error| Error::Engine(format!("cannot start the statistics thread: {error}")))?;
        state.last_id = id;
        state.threads += 1;
        state.running = Some(Running { id, token });
        Ok(id)
    }

    /// The life of a run's thread.
    fn run(&self, dataset: Dataset, id: u64, cancel: &CancelToken) {
        let began = Instant::now();
        // The snapshot is let go of before anybody can see that the run has ended.
        let pass = AssertUnwindSafe(|| self.shared.snapshot(dataset).statistics(cancel));
        let found = catch_unwind(pass).unwrap_or_else(|_| Err(Error::Engine("the statistics panicked".to_owned())));
        let mut state = self.state(dataset);
        state.threads -= 1;
        // One that was given up has no say any more.
        if state.running.as_ref().is_some_and(|running| running.id == id) {
            state.running = None;
            match found {
                Ok(statistics) => {
                    tracing::debug!(dataset = dataset.name(), took = ?began.elapsed(), "statistics computed");
                    let ended_millis = now_millis().max(id);
                    state.latest = Some(Arc::new(Run { id, ended_millis, statistics }));
                    state.failed = None;
                }
                Err(Error::Cancelled) => {}
                Err(error) => {
                    tracing::warn!(dataset = dataset.name(), %error, "the statistics could not be computed");
                    state.failed = Some(Failed { id, text: error.to_string() });
                }
            }
        }
        drop(state);
        self.desks[index(dataset)].changed.notify_all();
    }

    fn wait(
        self: &Arc<Self>,
        dataset: Dataset,
        of_nothing_too: bool,
        patience: Duration,
        cancel: &CancelToken,
    ) -> Result<Standing> {
        let deadline = Instant::now() + patience;
        let (commit, empty) = self.moment(dataset);
        let mut waited_for = None;
        let mut state = self.state(dataset);
        loop {
            cancel.check()?;
            let failed = state.failed.as_ref().is_some_and(|failed| waited_for == Some(failed.id));
            if state.is_current(commit) || failed || Instant::now() >= deadline {
                return Ok(state.standing());
            }
            match &state.running {
                Some(running) => waited_for = Some(running.id),
                None if state.may_begin(commit) && (of_nothing_too || !empty) => {
                    waited_for = Some(self.begin(dataset, &mut state)?);
                }
                None => return Ok(state.standing()),
            }
            let changed = &self.desks[index(dataset)].changed;
            state = changed.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What has to be written with a reset, after which nothing is deleted any more.
    pub(crate) fn reset_writes(&self) -> Vec<Write> {
        let deleted = |dataset: &Dataset| self.state(*dataset).settings.deleted_at.is_some();
        Dataset::ALL
            .into_iter()
            .filter(deleted)
            .map(|dataset| Settings { deleted_at: None, ..self.state(dataset).settings }.write(dataset))
            .collect()
    }

    /// Everything was removed.
    pub(crate) fn reset(&self) {
        for dataset in Dataset::ALL {
            let mut state = self.state(dataset);
            state.settings.deleted_at = None;
            state.forget();
            drop(state);
            self.desks[index(dataset)].changed.notify_all();
        }
    }

    /// Ends all runs, and waits until they have ended. No other begins.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
        for (dataset, desk) in Dataset::ALL.into_iter().zip(&self.desks) {
            let mut state = self.state(dataset);
            if let Some(running) = state.running.take() {
                running.token.cancel();
            }
            while state.threads > 0 {
                state = desk.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

fn now_millis() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
