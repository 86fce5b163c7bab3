//! Loads that wait: their order, their places, what they depend on, and who takes them out again.

use std::sync::Arc;

use loader::request::{Format, LoadRequest, RequestKeys};
use loader::{Attempt, CancelError, JobState, LoadId, Phase, Scope, StartError, StatusError, StatusQuery};
use serde_json::json;

use super::house::{Gate, House};

const CANCELLED: &str = "LOAD_CANCELLED_BY_USER";
const NOT_SATISFIED: &str = "LOAD_FAILED_BECAUSE_DEPENDENCY_NOT_SATISFIED";

/// A house with a load that is held, and a file for each load that follows.
struct Queue {
    house: House,
    gate: Arc<Gate>,
    running: LoadId,
}

impl Queue {
    fn new() -> Self {
        let gate = Gate::at(Phase::Parsing, 0);
        let house = House::gated(&gate, |_| {});
        house.file("running.csv", "~id\nrunning\n");
        let running = house.start(house.request("running.csv", Format::Csv));
        gate.wait_held();
        Self { house, gate, running }
    }

    /// A request that is willing to wait, for a file of its own.
    fn request(&self, name: &str) -> LoadRequest {
        self.house.file(&format!("{name}.csv"), format!("~id\n{name}\n"));
        LoadRequest { queue_request: true, ..self.house.request(&format!("{name}.csv"), Format::Csv) }
    }

    fn after(&self, name: &str, dependencies: &[LoadId]) -> LoadRequest {
        LoadRequest { dependencies: dependencies.iter().map(ToString::to_string).collect(), ..self.request(name) }
    }

    fn queue(&self, name: &str) -> LoadId {
        let id = self.house.start(self.request(name));
        assert_eq!(self.state(id), "LOAD_IN_QUEUE");
        id
    }

    fn queue_after(&self, name: &str, dependencies: &[LoadId]) -> LoadId {
        let id = self.house.start(self.after(name, dependencies));
        assert_eq!(self.state(id), "LOAD_IN_QUEUE");
        id
    }

    fn state(&self, id: LoadId) -> String {
        state(&self.house, id)
    }

    /// The process ends and another one comes.
    fn restarted(self) -> House {
        let Self { house, gate, running } = self;
        std::thread::scope(|scope| {
            scope.spawn(|| house.loader.shutdown());
            while !house.loader.is_stopping(&running.to_string()) {
                std::thread::yield_now();
            }
            gate.open();
        });
        house.reopened()
    }
}

fn state(house: &House, id: LoadId) -> String {
    house.status(id)["overallStatus"]["status"].as_str().expect("a state").to_owned()
}

fn cancel_running(queue: &Queue) {
    let id = queue.running.to_string();
    std::thread::scope(|scope| {
        let cancel = scope.spawn(|| queue.house.loader.cancel(&id, None));
        while !queue.house.loader.is_stopping(&id) {
            std::thread::yield_now();
        }
        queue.gate.open();
        cancel.join().expect("no panic").expect("the cancel wins");
    });
}

#[test]
fn loads_that_wait_run_in_the_order_in_which_they_came() {
    let queue = Queue::new();
    let ids: Vec<LoadId> = ["a", "b", "c"].iter().map(|name| queue.queue(name)).collect();
    let status = queue.house.status(ids[0]);
    assert_eq!(
        status,
        json!({
            "overallStatus": {
                "fullUri": status["overallStatus"]["fullUri"], "runNumber": 1, "retryNumber": 0,
                "status": "LOAD_IN_QUEUE", "totalTimeSpent": 0, "startTime": status["overallStatus"]["startTime"],
                "totalRecords": 0, "totalDuplicates": 0, "parsingErrors": 0, "datatypeMismatchErrors": 0,
                "insertErrors": 0, "ignored": 0,
            },
            "failedFeeds": [],
            "errors": {"startIndex": 0, "endIndex": 0, "loadId": ids[0].to_string(), "errorLogs": []},
        })
    );
    let listed: Vec<String> = ids.iter().rev().chain([&queue.running]).map(ToString::to_string).collect();
    assert_eq!(queue.house.loader.list(100, true), listed);
    assert_eq!(queue.house.loader.list(100, false), [queue.running.to_string()]);
    assert_eq!(queue.house.loader.counters().jobs[&JobState::InQueue], 3);
    queue.gate.open();
    for id in ids.iter().rev() {
        let status = queue.house.ended(*id);
        assert_eq!(status["overallStatus"]["status"], "LOAD_COMPLETED", "{status}");
        assert_eq!(status["feedCount"], json!([{"LOAD_COMPLETED": 1}]));
    }
    assert_eq!(queue.house.vertices(), super::house::names(&["running", "a", "b", "c"]));
}

#[test]
fn there_are_64_places_and_a_cancel_frees_one() {
    let queue = Queue::new();
    let request = queue.request("w");
    let ids: Vec<LoadId> = (0..64).map(|_| queue.house.start(request.clone())).collect();
    let refused = queue.house.loader.start(request.clone(), None).expect_err("all places are taken");
    assert_eq!(
        refused.to_string(),
        format!(
            "Failed to start new load for the source {}. Max load task queue size limit breached. Limit is 64",
            request.source
        )
    );
    assert_eq!(queue.house.loader.list(100, true).len(), 65, "a refused load leaves nothing");
    queue.house.loader.cancel(&ids[10].to_string(), None).expect("it waits");
    let last = queue.house.start(request.clone());
    assert_eq!(queue.house.status(last)["overallStatus"]["runNumber"], 65);
    assert!(matches!(queue.house.loader.start(request, None), Err(StartError::QueueLimit { .. })));
    assert_eq!(queue.house.loader.cancel_all(Scope::Queue, None).expect("they wait"), 64);
    queue.gate.open();
}

/// While somebody waits, nobody who does not want to wait comes between, whatever the moment.
#[test]
fn nobody_overtakes_the_queue() {
    let queue = Queue::new();
    queue.house.file("hasty.csv", "~id\nhasty\n");
    let hasty = queue.house.request("hasty.csv", Format::Csv);
    let ids: Vec<LoadId> = (0..6).map(|n| queue.queue(&format!("w{n}"))).collect();
    std::thread::scope(|scope| {
        let attempts = scope.spawn(|| {
            loop {
                match queue.house.loader.start(hasty.clone(), None) {
                    Ok(id) => break id,
                    Err(StartError::ConcurrentLimit { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
        queue.gate.open();
        let id = attempts.join().expect("no panic");
        for waiting in &ids {
            assert_eq!(queue.state(*waiting), "LOAD_COMPLETED", "it came before");
        }
        queue.house.ended(id);
    });
}

/// A source is looked at when the load's turn comes, not before.
#[test]
fn a_bad_source_is_found_when_the_turn_comes() {
    let queue = Queue::new();
    let missing = LoadRequest { queue_request: true, ..queue.house.request("nothing.csv", Format::Csv) };
    let bad = queue.house.start(missing);
    let after = queue.queue_after("after", &[bad]);
    let good = queue.queue("good");
    queue.gate.open();
    let status = queue.house.ended(bad);
    assert_eq!(status["overallStatus"]["status"], "LOAD_FAILED_INVALID_REQUEST");
    assert!(status.get("feedCount").is_none(), "it never ran: {status}");
    let entries = status["errors"]["errorLogs"].as_array().expect("entries");
    assert_eq!(entries.len(), 1, "{status}");
    let message = entries[0]["errorMessage"].as_str().expect("a message");
    assert!(message.contains("does not exist/not reachable"), "{message}");
    assert_eq!(entries[0]["fileName"], status["overallStatus"]["fullUri"]);
    assert_eq!(queue.state(after), NOT_SATISFIED);
    assert_eq!(queue.house.ended(good)["overallStatus"]["status"], "LOAD_COMPLETED");
    let house = queue.house.reopened();
    assert_eq!(house.status(bad), status);
}

#[test]
fn a_failure_is_carried_on_to_all_who_depend_on_it() {
    let queue = Queue::new();
    let second = queue.queue_after("second", &[queue.running]);
    let third = queue.queue_after("third", &[second]);
    let stranger = queue.queue("stranger");
    let heir = queue.queue_after("heir", &[stranger]);
    cancel_running(&queue);
    // Before the cancel has answered, those who waited in vain have ended.
    for (id, because, end) in [(second, queue.running, CANCELLED), (third, second, NOT_SATISFIED)] {
        let status = queue.house.status(id);
        assert_eq!(status["overallStatus"]["status"], NOT_SATISFIED);
        assert_eq!(status["note"], format!("Not executed: it depends on load {because}, which ended as {end}"));
        assert!(status.get("feedCount").is_none(), "{status}");
    }
    for id in [stranger, heir] {
        assert_eq!(queue.house.ended(id)["overallStatus"]["status"], "LOAD_COMPLETED");
    }
    // What has ended before is known at once.
    let late = queue.house.start(queue.after("late", &[heir, third]));
    assert_eq!(queue.state(late), NOT_SATISFIED);
    let fine = queue.house.start(queue.after("fine", &[heir, stranger]));
    assert_eq!(queue.house.ended(fine)["overallStatus"]["status"], "LOAD_COMPLETED");
    let house = queue.house.reopened();
    assert_eq!([second, third, late].map(|id| state(&house, id)), [NOT_SATISFIED; 3]);
}

#[test]
fn dependencies_that_are_refused() {
    let queue = Queue::new();
    let unknown = "0a237328-afd5-4574-a0bc-c29ce5f54802";
    let named = |name: &str| LoadRequest { dependencies: vec![name.to_owned()], ..queue.request("x") };
    let refused = queue.house.loader.start(named(unknown), None).expect_err("nobody knows it");
    assert!(matches!(refused, StartError::UnknownDependency { .. }));
    assert!(refused.to_string().starts_with(&format!("The load with id = {unknown} does not exist")), "{refused}");
    let refused = queue.house.loader.start(named("garbage"), None).expect_err("no id");
    assert!(matches!(refused, StartError::Dependency(_)), "{refused}");

    // Who does not want to wait can depend only on what has completed.
    let impatient = |id: LoadId| LoadRequest { queue_request: false, ..queue.after("x", &[id]) };
    let refused = queue.house.loader.start(impatient(queue.running), None).expect_err("it runs");
    assert!(matches!(refused, StartError::ConcurrentLimit { .. }), "{refused}");
    let dead = queue.queue("dead");
    queue.house.loader.cancel(&dead.to_string(), None).expect("it waits");
    let refused = queue.house.loader.start(impatient(dead), None).expect_err("it was cancelled");
    assert!(matches!(refused, StartError::Unsatisfied { .. }), "{refused}");
    assert!(refused.to_string().contains(CANCELLED), "{refused}");
    queue.gate.open();
    queue.house.ended(queue.running);
    let id = queue.house.start(impatient(queue.running));
    assert_eq!(queue.house.ended(id)["overallStatus"]["status"], "LOAD_COMPLETED");
}

#[test]
fn a_cancelled_load_leaves_the_queue_at_once_and_for_good() {
    let queue = Queue::new();
    let first = queue.queue("first");
    let gone = queue.queue("gone");
    let after = queue.queue_after("after", &[gone]);
    let last = queue.queue("last");
    let call = |n| Some(Attempt { fingerprint: [n; 16] });
    queue.house.loader.cancel(&gone.to_string(), call(1)).expect("it waits");
    assert_eq!([gone, after].map(|id| queue.state(id)), [CANCELLED, NOT_SATISFIED]);
    assert!(queue.house.status(gone).get("feedCount").is_none());
    queue.house.loader.cancel(&gone.to_string(), call(1)).expect("another attempt of the same call");
    let again = queue.house.loader.cancel(&gone.to_string(), call(2)).expect_err("a call of its own");
    assert_eq!(again.to_string(), format!("The load with id = {gone} does not exist or not active"));
    let house = queue.restarted();
    assert_eq!([gone, after].map(|id| state(&house, id)), [CANCELLED, NOT_SATISFIED]);
    house.loader.cancel(&gone.to_string(), call(1)).expect("another attempt of the same call");
    assert!(matches!(house.loader.cancel(&gone.to_string(), None), Err(CancelError::NotFound { .. })));
    house.loader.take_up();
    for id in [first, last] {
        assert_eq!(house.ended(id)["overallStatus"]["status"], "LOAD_COMPLETED");
    }
    assert_eq!(
        house.vertices(),
        super::house::names(&["running", "first", "last"]),
        "the running one went on before them"
    );
}

#[test]
fn the_whole_queue_is_cancelled_at_once() {
    let queue = Queue::new();
    let first = queue.queue("first");
    let second = queue.queue_after("second", &[first]);
    let call = Some(Attempt { fingerprint: [7; 16] });
    assert_eq!(queue.house.loader.cancel_all(Scope::Queue, call).expect("they wait"), 2);
    assert_eq!([first, second].map(|id| queue.state(id)), [CANCELLED; 2]);
    assert_eq!(queue.state(queue.running), "LOAD_IN_PROGRESS");
    let third = queue.queue("third");
    assert_eq!(queue.house.loader.cancel_all(Scope::Queue, call).expect("the same call"), 2, "the same answer");
    assert_eq!(queue.state(third), "LOAD_IN_QUEUE", "a repeat cancels nothing more");
    std::thread::scope(|scope| {
        let cancel = scope.spawn(|| queue.house.loader.cancel_all(Scope::Running, None));
        while !queue.house.loader.is_stopping(&queue.running.to_string()) {
            std::thread::yield_now();
        }
        queue.gate.open();
        assert_eq!(cancel.join().expect("no panic").expect("it runs"), 2);
    });
    assert_eq!([queue.running, third].map(|id| queue.state(id)), [CANCELLED; 2]);
    assert_eq!(queue.house.loader.cancel_all(Scope::Running, None).expect("there is nothing"), 0);
    queue.house.load(queue.request("next"));
}

#[test]
fn the_queue_is_kept_over_restarts_in_its_order() {
    let queue = Queue::new();
    let names = ["c", "a", "b"];
    let ids: Vec<LoadId> = names.iter().map(|name| queue.queue(name)).collect();
    let dependent = queue.queue_after("d", &[ids[1]]);
    let listed = queue.house.loader.list(100, true);
    let house = queue.restarted();
    assert_eq!(house.loader.list(100, true), listed);
    assert_eq!(state(&house, ids[0]), "LOAD_IN_QUEUE", "nobody has taken it up yet");
    let house = house.reopened();
    assert_eq!(house.loader.list(100, true), listed);
    // Whoever opens the directory for something else is not kept from it.
    house.file("own.csv", "~id\nown\n");
    house.load(house.request("own.csv", Format::Csv));
    assert_eq!(state(&house, ids[0]), "LOAD_IN_QUEUE");
    house.loader.take_up();
    assert_eq!(house.ended(dependent)["overallStatus"]["status"], "LOAD_COMPLETED");
    let ends: Vec<_> = ids.iter().map(|id| house.status(*id)).collect();
    assert!(ends.iter().all(|status| status["overallStatus"]["status"] == "LOAD_COMPLETED"), "{ends:?}");
    house.check();
}

/// Keys are in memory only: a load that waited with some over a restart cannot run, and says why.
#[test]
fn keys_are_lost_with_the_process() {
    let queue = Queue::new();
    let keys = RequestKeys { access_key: "AKIDWAITS".to_owned(), secret_key: "hushhush".to_owned() };
    let with_keys = LoadRequest { keys: Some(keys), ..queue.request("keys") };
    let id = queue.house.start(with_keys);
    for (key, value) in queue.house.store.journal().scan(b"").expect("the journal reads") {
        for secret in [b"AKIDWAITS".as_slice(), b"hushhush"] {
            assert!(!value.windows(secret.len()).any(|window| window == secret), "{}", String::from_utf8_lossy(&key));
        }
    }
    let house = queue.restarted();
    house.loader.take_up();
    let status = house.ended(id);
    assert_eq!(status["overallStatus"]["status"], "LOAD_FAILED_INVALID_REQUEST");
    let message = status["errors"]["errorLogs"][0]["errorMessage"].as_str().expect("a message");
    assert!(message.starts_with("Couldn't find the AWS credential for iam_role_arn"), "{message}");
    assert!(message.contains("start it again"), "{message}");
}

#[test]
fn keys_are_there_while_the_process_is() {
    let queue = Queue::new();
    let keys = RequestKeys { access_key: "k".to_owned(), secret_key: "s".to_owned() };
    let id = queue.house.start(LoadRequest { keys: Some(keys), ..queue.request("keys") });
    queue.gate.open();
    assert_eq!(queue.house.ended(id)["overallStatus"]["status"], "LOAD_COMPLETED");
}

#[test]
fn jobs_that_run_or_wait_are_never_forgotten() {
    let gate = Gate::at(Phase::Parsing, 0);
    let house = House::gated(&gate, |config| config.retained_jobs = 3);
    house.file("v.csv", "~id\na\n");
    let request = LoadRequest { queue_request: true, ..house.request("v.csv", Format::Csv) };
    let running = house.start(request.clone());
    gate.wait_held();
    let waiting: Vec<LoadId> = (0..4).map(|_| house.start(request.clone())).collect();
    house.loader.cancel(&waiting[1].to_string(), None).expect("it waits");
    let dependent = LoadRequest { dependencies: vec![running.to_string()], ..request.clone() };
    let dependent = house.start(dependent);
    assert!(matches!(
        house.loader.status(&waiting[1].to_string(), StatusQuery::default()),
        Err(StatusError::NotFound { .. })
    ));
    assert_eq!(house.loader.list(100, true).len(), 5);
    let on_forgotten = LoadRequest { dependencies: vec![waiting[1].to_string()], ..request.clone() };
    assert!(matches!(house.loader.start(on_forgotten, None), Err(StartError::UnknownDependency { .. })));
    gate.open();
    let status = house.ended(dependent);
    assert_eq!(status["overallStatus"]["status"], "LOAD_COMPLETED", "{status}");
    house.load(request);
    assert_eq!(house.loader.list(100, true).len(), 3);
}
