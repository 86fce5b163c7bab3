//! A store, a loader and a directory of files, for as long as a test needs them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use loader::request::{Format, LoadRequest, Mode};
use loader::source::SourceConfig;
use loader::{LoadId, Loader, LoaderConfig, Phase, RejectPart, StatusError, StatusQuery};
use model::{Dataset, Quad, Term, TermId, TermRef};
use serde_json::Value;
use store::{CancelToken, CheckReport, Options, Order, Pattern, Store};

const OPTIONS: Options =
    Options { memory: 256 << 20, disk_floor: 1 << 20, create: true, read_only: false, quiet: Duration::from_secs(10) };

/// See the module.
pub(crate) struct House {
    pub(crate) loader: Loader,
    pub(crate) store: Store,
    adjust: fn(&mut LoaderConfig),
    runtime: tokio::runtime::Runtime,
    directory: tempfile::TempDir,
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A house whose loads are told something else than the defaults.
    pub(crate) fn with(adjust: fn(&mut LoaderConfig)) -> Self {
        Self::in_directory(tempfile::tempdir().expect("a temporary directory"), adjust, |_| {})
    }

    /// A house whose loads stop at a gate.
    pub(crate) fn gated(gate: &Arc<Gate>, adjust: fn(&mut LoaderConfig)) -> Self {
        let gate = Arc::clone(gate);
        Self::in_directory(tempfile::tempdir().expect("a temporary directory"), adjust, move |config| {
            config.pause = Some(Arc::new(move |phase| gate.pass(phase)));
        })
    }

    /// A house whose loads are told something that only the test knows. Reopened, it is told nothing.
    pub(crate) fn hooked(hook: impl FnOnce(&mut LoaderConfig)) -> Self {
        Self::in_directory(tempfile::tempdir().expect("a temporary directory"), |_| {}, hook)
    }

    /// A house whose loads and caches have this many bytes.
    pub(crate) fn budgeted(memory: u64, hook: impl FnOnce(&mut LoaderConfig)) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        Self::with_options(directory, Options { memory, ..OPTIONS }, |_| {}, hook)
    }

    /// A house whose first load panics in `phase`.
    pub(crate) fn panicking(phase: Phase) -> Self {
        let armed = AtomicBool::new(true);
        Self::in_directory(
            tempfile::tempdir().expect("a temporary directory"),
            |_| {},
            move |config| {
                config.pause = Some(Arc::new(move |entered| {
                    assert!(entered != phase || !armed.swap(false, Ordering::SeqCst), "a panic made to be caught");
                }));
            },
        )
    }

    /// A house with no space left for data, whose loads stop at a gate.
    pub(crate) fn full(gate: &Arc<Gate>) -> Self {
        // A floor above all that is free refuses every segment, and leaves the journal writable.
        let options = Options { disk_floor: u64::MAX / 2, ..OPTIONS };
        let gate = Arc::clone(gate);
        let directory = tempfile::tempdir().expect("a temporary directory");
        Self::with_options(
            directory,
            options,
            |_| {},
            move |config| {
                config.pause = Some(Arc::new(move |phase| gate.pass(phase)));
            },
        )
    }

    fn in_directory(
        directory: tempfile::TempDir,
        adjust: fn(&mut LoaderConfig),
        hook: impl FnOnce(&mut LoaderConfig),
    ) -> Self {
        Self::with_options(directory, OPTIONS, adjust, hook)
    }

    fn with_options(
        directory: tempfile::TempDir,
        options: Options,
        adjust: fn(&mut LoaderConfig),
        hook: impl FnOnce(&mut LoaderConfig),
    ) -> Self {
        let data = directory.path().join("data");
        std::fs::create_dir_all(directory.path().join("files")).expect("a directory for files");
        let store = Store::open(&data, options).expect("a store");
        let sources = SourceConfig { any_local: true, data_dir: data, ..SourceConfig::default() };
        let mut config = LoaderConfig::new(sources);
        config.threads = 3;
        adjust(&mut config);
        hook(&mut config);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let loader = Loader::open(store.clone(), config, runtime.handle().clone()).expect("a loader");
        Self { loader, store, adjust, runtime, directory }
    }

    /// The same directory, opened again as after the end of the process.
    pub(crate) fn reopened(self) -> Self {
        self.reopened_with(|_| {})
    }

    /// The same, with loads that are told something else.
    pub(crate) fn reopened_with(self, hook: impl FnOnce(&mut LoaderConfig)) -> Self {
        let Self { loader, store, adjust, runtime, directory } = self;
        loader.shutdown(); // the last load's thread may still be on its way out
        drop((loader, store, runtime));
        Self::in_directory(directory, adjust, hook)
    }

    /// The end of the process while its load is held at a gate, and a new process with the same directory. What the old
    /// one had not written by then it does not write any more.
    pub(crate) fn restarted(self, gate: &Gate, id: LoadId, hook: impl FnOnce(&mut LoaderConfig)) -> Self {
        std::thread::scope(|scope| {
            scope.spawn(|| self.loader.shutdown());
            while !self.loader.is_stopping(&id.to_string()) {
                std::thread::yield_now();
            }
            gate.open();
        });
        let house = self.reopened_with(hook);
        house.loader.take_up();
        house
    }

    /// Writes a file; its path, to be used as a source.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("below the files")).expect("a directory");
        std::fs::write(&path, bytes).expect("a file");
        path.display().to_string()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join("files").join(name)
    }

    /// A request to load everything below `name`; mode NEW, failOnError FALSE.
    pub(crate) fn request(&self, name: &str, format: Format) -> LoadRequest {
        let mut request = LoadRequest::new(self.path(name).display().to_string(), format);
        request.mode = Mode::New;
        request.fail_on_error = false;
        request
    }

    /// Starts a load.
    pub(crate) fn start(&self, request: LoadRequest) -> LoadId {
        self.loader.start(request, None).expect("the load starts")
    }

    /// Runs a load to its end; its whole status.
    pub(crate) fn load(&self, request: LoadRequest) -> Value {
        let id = self.start(request);
        self.ended(id)
    }

    /// Waits for the end of a load; its whole status.
    pub(crate) fn ended(&self, id: LoadId) -> Value {
        self.loader.wait(&id.to_string()).expect("there is such a load");
        self.status(id)
    }

    /// The whole status.
    pub(crate) fn status(&self, id: LoadId) -> Value {
        let query = StatusQuery { details: true, errors: true, page: 1, errors_per_page: 1_000 };
        self.loader.status(&id.to_string(), query).expect("there is such a load")
    }

    /// What rows of a load were rejected.
    pub(crate) fn rejects(&self, id: LoadId) -> Value {
        self.loader.rejects(&id.to_string()).expect("there is such a load")
    }

    /// The text of one file of rejects; empty if there is none.
    pub(crate) fn reject_file(&self, id: LoadId, feed: u64, part: RejectPart) -> String {
        let mut text = Vec::new();
        match self.loader.reject_file(&id.to_string(), feed, part) {
            Ok(mut file) => file.read_to_end(&mut text).expect("a file"),
            Err(StatusError::NoRejects { .. }) => 0,
            Err(error) => panic!("{error}"),
        };
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The store's own verdict; fails the test if something is wrong.
    pub(crate) fn check(&self) -> CheckReport {
        let report = self.store.check(&CancelToken::new()).expect("the check runs");
        assert!(report.is_clean(), "{:?}", report.problems);
        report
    }

    pub(crate) fn quads(&self, dataset: Dataset) -> Vec<Quad> {
        let snapshot = self.store.snapshot(dataset);
        let batches = snapshot.scan(Pattern::ALL, Order::Spog);
        batches.flat_map(|batch| batch.expect("the scan runs").quads().collect::<Vec<_>>()).collect()
    }

    /// How many records the data set holds: its quads without those that only say that a vertex has no label.
    pub(crate) fn records(&self, dataset: Dataset) -> u64 {
        self.quads(dataset).iter().filter(|quad| quad.o != TermId::NO_LABEL).count() as u64
    }

    /// The files that hold the data, and their sizes.
    pub(crate) fn segments(&self) -> BTreeMap<PathBuf, u64> {
        let files = std::fs::read_dir(self.store.directory().join("segments")).expect("a directory");
        let files = files.map(|file| file.expect("a file"));
        files.map(|file| (file.path(), file.metadata().expect("its size").len())).collect()
    }

    pub(crate) fn vertices(&self) -> BTreeSet<String> {
        self.names(|quad| (quad.p == TermId::LABEL).then_some(quad.s))
    }

    pub(crate) fn edges(&self) -> BTreeSet<String> {
        self.names(|quad| (quad.g != TermId::DEFAULT_GRAPH).then_some(quad.g))
    }

    /// Whether these are all the values of a key, on whatever elements.
    pub(crate) fn has_values(&self, key: &str, values: &[TermRef<'_>]) -> bool {
        let p = self.store.encode(TermRef::Key(key));
        let mut found: Vec<TermId> =
            self.quads(Dataset::Pg).iter().filter(|quad| quad.p == p).map(|quad| quad.o).collect();
        let mut expected: Vec<TermId> = values.iter().map(|value| self.store.encode(*value)).collect();
        found.sort_unstable();
        expected.sort_unstable();
        found == expected
    }

    fn names(&self, pick: impl Fn(&Quad) -> Option<TermId>) -> BTreeSet<String> {
        let snapshot = self.store.snapshot(Dataset::Pg);
        let quads = self.quads(Dataset::Pg);
        let names = quads.iter().filter_map(pick).map(|id| match snapshot.resolve(id).expect("a term") {
            Term::Vertex(name) | Term::Edge(name) => name,
            other => panic!("{other:?} is no element"),
        });
        names.collect()
    }
}

/// The text of `count` rows, numbered from 0.
pub(crate) fn rows(count: u32, row: impl Fn(u32) -> String) -> String {
    (0..count).map(row).collect()
}

/// The names, as a set to compare with.
pub(crate) fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

/// Holds a load where it enters a phase, until it is opened or the load is cancelled by someone else.
#[derive(Default)]
pub(crate) struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    closed_at: Option<Phase>,
    /// How often the phase may be passed before the gate closes.
    lets_pass: u32,
    held: bool,
}

impl Gate {
    /// A gate that closes when `phase` is entered for the `nth` time, from 0.
    pub(crate) fn at(phase: Phase, nth: u32) -> Arc<Self> {
        let gate = Self::default();
        *gate.state.lock().expect("no panic") = GateState { closed_at: Some(phase), lets_pass: nth, held: false };
        Arc::new(gate)
    }

    /// Closes when `phase` is entered for the `nth` time from now, from 0; lets go what it holds.
    pub(crate) fn close_at(&self, phase: Phase, nth: u32) {
        *self.state.lock().expect("no panic") = GateState { closed_at: Some(phase), lets_pass: nth, held: false };
        self.changed.notify_all();
    }

    /// A gate that is open.
    pub(crate) fn open_one() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn pass(&self, phase: Phase) {
        let mut state = self.state.lock().expect("no panic");
        if state.closed_at != Some(phase) {
            return;
        }
        if state.lets_pass > 0 {
            state.lets_pass -= 1;
            return;
        }
        state.held = true;
        self.changed.notify_all();
        drop(self.changed.wait_while(state, |state| state.closed_at == Some(phase)).expect("no panic"));
    }

    /// Whether the load stands at the gate.
    pub(crate) fn is_held(&self) -> bool {
        self.state.lock().expect("no panic").held
    }

    /// Waits until the load stands at the gate.
    pub(crate) fn wait_held(&self) {
        let state = self.state.lock().expect("no panic");
        drop(self.changed.wait_while(state, |state| !state.held).expect("no panic"));
    }

    /// Lets everybody pass from now on.
    pub(crate) fn open(&self) {
        self.state.lock().expect("no panic").closed_at = None;
        self.changed.notify_all();
    }
}
