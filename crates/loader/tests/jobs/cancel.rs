//! Cancels: in every phase, twice at once, against the end of the load, at random moments.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use loader::request::Format;
use loader::{CancelError, LoadId, Phase};
use model::{Dataset, TermRef};
use serde_json::{Value, json};

use super::house::{Gate, House, rows};

fn graph(house: &House, count: u32) {
    let vertices = rows(count, |row| format!("v{row},L,{row}\n"));
    let edges = rows(count, |row| format!("e{row},v{row},v{},NEXT\n", (row + 1) % count));
    house.file("g/v.csv", format!("~id,~label,n:Int\n{vertices}"));
    house.file("g/e.csv", format!("~id,~from,~to,~label\n{edges}"));
}

/// What must hold for a cancelled load into an empty store, now and after a restart.
fn truthful(house: House, id: LoadId) {
    let status = house.status(id);
    assert_eq!(status["overallStatus"]["status"], "LOAD_CANCELLED_BY_USER", "{status}");
    let records = house.records(Dataset::Pg);
    assert_eq!(status["overallStatus"]["totalRecords"], records, "{status}");
    if let Some(Value::Object(last)) = status["feedCount"].as_array().and_then(|counts| counts.last()) {
        assert!(last.contains_key("LOAD_CANCELLED_BY_USER") || last.contains_key("LOAD_COMPLETED"), "{status}");
    }
    house.check();
    // The store may be merging what publishes before the cancel left; when that is done, nothing temporary is there.
    house.store.compact(Dataset::Pg).expect("there is space");
    assert_eq!(house.store.usage().temporary_bytes, 0);
    assert!(matches!(house.loader.cancel(&id.to_string(), None), Err(CancelError::NotFound { .. })));
    let house = house.reopened();
    assert_eq!(house.status(id), status);
    assert_eq!(house.records(Dataset::Pg), records);
    house.check();
}

/// Held at the gate in each phase, the load is cancelled; the gate is opened only after the cancel is under way.
#[test]
fn in_every_phase() {
    let phases = [
        (Phase::Listing, 0),
        (Phase::Classifying, 0),
        (Phase::Downloading, 0),
        (Phase::Parsing, 0),
        (Phase::Parsing, 7),
        (Phase::Preparing, 0),
        (Phase::Preparing, 1),
        (Phase::Writing, 0),
        (Phase::Writing, 1),
        (Phase::Staging, 0),
        (Phase::Staging, 2),
        (Phase::Publishing, 0),
        (Phase::Publishing, 1),
    ];
    for (phase, nth) in phases {
        let gate = Gate::at(phase, nth);
        let house = House::gated(&gate, |config| {
            config.block_bytes = 100;
            config.publish_at = Some(600);
            config.stage_at = Some(200);
        });
        graph(&house, 1000);
        let id = house.start(house.request("g", Format::Csv));
        gate.wait_held();
        assert_eq!(house.loader.progress(&id.to_string()).map(|progress| progress.phase), Some(phase));
        std::thread::scope(|scope| {
            let cancel = scope.spawn(|| house.loader.cancel(&id.to_string(), None));
            // Opened only once the token is pulled: then the load cannot get past the phase.
            while !house.loader.is_stopping(&id.to_string()) {
                std::thread::yield_now();
            }
            gate.open();
            cancel.join().expect("no panic").unwrap_or_else(|error| panic!("{phase:?} {nth}: {error}"));
        });
        truthful(house, id);
    }
}

#[test]
fn two_at_once_are_both_answered() {
    let gate = Gate::at(Phase::Parsing, 2);
    let house = House::gated(&gate, |config| config.block_bytes = 1000);
    graph(&house, 1000);
    let id = house.start(house.request("g", Format::Csv));
    gate.wait_held();
    std::thread::scope(|scope| {
        let cancels: Vec<_> = (0..4).map(|_| scope.spawn(|| house.loader.cancel(&id.to_string(), None))).collect();
        while !house.loader.is_stopping(&id.to_string()) {
            std::thread::yield_now();
        }
        gate.open();
        let outcomes: Vec<bool> = cancels.into_iter().map(|cancel| cancel.join().expect("no panic").is_ok()).collect();
        // Each either joined the first or came when all was over.
        assert!(outcomes.contains(&true), "{outcomes:?}");
    });
    truthful(house, id);
}

/// Many cancels around the end of a load: one outcome for all, and it is what the status says.
#[test]
fn against_the_final_publish() {
    let mut won = 0;
    for round in 0..40_u32 {
        let entered = Arc::new(AtomicU32::new(0));
        let gate = Gate::at(Phase::Publishing, 1);
        let house = House::gated(&gate, |_| {});
        graph(&house, 50);
        let id = house.start(house.request("g", Format::Csv));
        gate.wait_held();
        let outcome = std::thread::scope(|scope| {
            let cancel = scope.spawn(|| {
                entered.store(1, Ordering::SeqCst);
                for _ in 0..round * 50 {
                    std::hint::spin_loop();
                }
                house.loader.cancel(&id.to_string(), None)
            });
            while entered.load(Ordering::SeqCst) == 0 {
                std::hint::spin_loop();
            }
            gate.open();
            cancel.join().expect("no panic")
        });
        let status = house.ended(id);
        match outcome {
            Ok(()) => {
                won += 1;
                truthful(house, id);
            }
            Err(CancelError::NotFound { .. }) => {
                assert_eq!(status["overallStatus"]["status"], "LOAD_COMPLETED", "{status}");
                assert_eq!(status["overallStatus"]["totalRecords"], house.records(Dataset::Pg));
                house.check();
            }
            Err(error) => panic!("{error}"),
        }
    }
    println!("{won} of 40 cancels came before the publish");
}

/// A seeded walk over moments: each cancel comes after a number of parsed blocks, entered phases and spins.
#[test]
fn at_random_moments() {
    let mut seed = 0x5eed_u64;
    let mut random = |below: u64| {
        // SplitMix64
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    };
    let mut ends = [0, 0];
    for _ in 0..60 {
        let gate = Gate::at(Phase::ALL[random(8) as usize], random(12) as u32);
        let house = House::gated(&gate, |config| {
            config.block_bytes = 500;
            config.publish_at = Some(300);
            config.stage_at = Some(100);
        });
        graph(&house, 300);
        let id = house.start(house.request("g", Format::Csv));
        let spins = random(20_000);
        let outcome = std::thread::scope(|scope| {
            let cancel = scope.spawn(|| {
                for _ in 0..spins {
                    std::thread::yield_now();
                }
                house.loader.cancel(&id.to_string(), None)
            });
            // The gate may never close: then the load just ends.
            scope.spawn(|| {
                for _ in 0..spins / 2 {
                    std::thread::yield_now();
                }
                gate.open();
            });
            cancel.join().expect("no panic")
        });
        match outcome {
            Ok(()) => {
                ends[0] += 1;
                truthful(house, id);
            }
            Err(CancelError::NotFound { .. }) => {
                ends[1] += 1;
                let status = house.ended(id);
                assert_eq!(status["overallStatus"]["status"], "LOAD_COMPLETED");
                assert_eq!(status["overallStatus"]["totalRecords"], house.records(Dataset::Pg));
                house.check();
            }
            Err(error) => panic!("{error}"),
        }
    }
    println!("{} cancelled, {} completed first", ends[0], ends[1]);
}

#[test]
fn of_what_is_not_there() {
    let house = House::new();
    house.file("v.csv", "~id\na\n");
    let id = house.start(house.request("v.csv", Format::Csv));
    house.ended(id);
    let error = house.loader.cancel(&id.to_string(), None).expect_err("it has ended");
    assert_eq!(error.to_string(), format!("The load with id = {id} does not exist or not active"));
    let unknown = "00000000-0000-4000-8000-000000000000";
    assert!(matches!(house.loader.cancel(unknown, None), Err(CancelError::NotFound { .. })));
    assert!(matches!(
        house.loader.cancel("garbage", None),
        Err(CancelError::Id(loader::LoadIdError::Malformed { .. }))
    ));
    assert!(matches!(
        house.loader.cancel(&"x".repeat(257), None),
        Err(CancelError::Id(loader::LoadIdError::TooLong { .. }))
    ));
}

/// Errors of rows that were not published are dropped with them.
#[test]
fn unpublished_errors_are_dropped() {
    let gate = Gate::at(Phase::Preparing, 0);
    let house = House::gated(&gate, |_| {});
    house.file("v.csv", "~id,~label,n:Int\na,L,1\nb,L,wrong\n");
    let id = house.start(house.request("v.csv", Format::Csv));
    gate.wait_held();
    let live = house.status(id);
    assert_eq!(live["overallStatus"]["status"], "LOAD_IN_PROGRESS");
    assert_eq!(live["overallStatus"]["totalRecords"], 3, "live: what was read so far");
    assert_eq!(live["overallStatus"]["datatypeMismatchErrors"], 1);
    assert_eq!(live["feedCount"], json!([{"LOAD_IN_PROGRESS": 1}]));
    std::thread::scope(|scope| {
        let cancel = scope.spawn(|| house.loader.cancel(&id.to_string(), None));
        while !house.loader.is_stopping(&id.to_string()) {
            std::thread::yield_now();
        }
        gate.open();
        cancel.join().expect("no panic").expect("the cancel wins");
    });
    let status = house.status(id);
    assert_eq!(status["overallStatus"]["totalRecords"], 0);
    assert_eq!(status["overallStatus"]["datatypeMismatchErrors"], 0);
    assert_eq!(status["errors"]["errorLogs"], json!([]));
    assert_eq!(status["feedCount"], json!([{"LOAD_CANCELLED_BY_USER": 1}]));
    truthful(house, id);
}

/// While a transaction keeps the writer slot, a load waits for it to publish. A cancel does not.
#[test]
fn while_waiting_for_the_writer_slot() {
    let house = House::new();
    graph(&house, 10);
    let mut transaction = house.store.begin(Dataset::Pg);
    let nobody = TermRef::Vertex("nobody");
    let written = transaction.insert(nobody, TermRef::Label, TermRef::String("L"), TermRef::DefaultGraph);
    assert!(written.expect("the slot is free"));
    let waiting = |id: LoadId| {
        let phase = || house.loader.progress(&id.to_string()).map(|progress| progress.phase);
        while phase() != Some(Phase::Preparing) {
            std::thread::yield_now();
        }
    };
    let cancelled = house.start(house.request("g", Format::Csv));
    waiting(cancelled);
    house.loader.cancel(&cancelled.to_string(), None).expect("the cancel wins");
    let patient = house.start(house.request("g", Format::Csv));
    waiting(patient);
    transaction.rollback();
    assert_eq!(house.ended(patient)["overallStatus"]["status"], "LOAD_COMPLETED");
    assert_eq!(house.vertices().len(), 10);
    let status = house.status(cancelled);
    assert_eq!(status["overallStatus"]["totalRecords"], 0, "{status}");
    house.check();
}
