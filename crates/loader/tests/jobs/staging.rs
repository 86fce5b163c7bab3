//! Loads that do not fit into their memory: staged, and published as ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use loader::request::{Format, LoadRequest};
use loader::{LoaderConfig, Phase};
use model::Dataset;
use serde_json::json;

use super::house::{Gate, House, rows};

/// Counts how often a load stages and publishes.
#[derive(Default)]
struct Steps {
    staged: AtomicU32,
    published: AtomicU32,
}

impl Steps {
    fn count(self: &Arc<Self>, config: &mut LoaderConfig) {
        let steps = Arc::clone(self);
        config.pause = Some(Arc::new(move |phase| {
            let counter = match phase {
                Phase::Staging => &steps.staged,
                Phase::Publishing => &steps.published,
                _ => return,
            };
            counter.fetch_add(1, Ordering::Relaxed);
        }));
    }

    fn counts(&self) -> (u32, u32) {
        (self.staged.load(Ordering::Relaxed), self.published.load(Ordering::Relaxed))
    }
}

/// A real budget, and more than it bears.
#[test]
fn a_small_budget_stages() {
    for atomic in [false, true] {
        let steps = Arc::<Steps>::default();
        let house = House::budgeted(4 << 20, |config| {
            config.block_bytes = 64 << 10;
            steps.count(config);
        });
        let vertices = rows(150_000, |row| format!("vertex number {row},L,{row}\n"));
        house.file("g/v.csv", format!("~id,~label,n:Int\n{vertices}"));
        let edges = rows(50_000, |row| format!("e{row},vertex number {row},vertex number {},NEXT\n", row * 3));
        house.file("g/w.csv", format!("~id,~from,~to,~label\n{edges}"));
        let status = house.load(LoadRequest { atomic, fail_on_error: true, ..house.request("g", Format::Csv) });
        assert_eq!(status["overallStatus"]["status"], "LOAD_COMPLETED", "{status}");
        assert_eq!(status["overallStatus"]["totalRecords"], 350_000);
        assert_eq!(house.records(Dataset::Pg), 350_000);
        let (staged, published) = steps.counts();
        assert!(staged > 0, "the budget bears it all at once");
        assert_eq!(published, if atomic { 1 } else { 2 }, "vertices, then edges; or all at once");
        house.check();
    }
}

/// What is staged is worth a publish together with what is pending.
#[test]
fn staged_layers_are_published_together() {
    let steps = Arc::<Steps>::default();
    let house = House::hooked(|config| {
        config.block_bytes = 60;
        config.stage_at = Some(100);
        config.publish_at = Some(450);
        steps.count(config);
    });
    house.file("v.csv", format!("~id,~label,n:Int\n{}", rows(900, |row| format!("v{row},L,{row}\n"))));
    let status = house.load(house.request("v.csv", Format::Csv));
    assert_eq!(status["overallStatus"]["totalRecords"], 1800);
    assert_eq!(house.records(Dataset::Pg), 1800);
    let (staged, published) = steps.counts();
    assert!((3..=5).contains(&published), "{published} publishes");
    assert!(staged >= 2 * published, "{staged} stages, {published} publishes");
    house.check();
}

/// Until they are visible, staged rows, their errors and the ends of their files are in no record.
#[test]
fn the_record_knows_nothing_of_what_is_staged() {
    let gate = Gate::at(Phase::Staging, 4);
    let house = House::gated(&gate, |config| {
        config.block_bytes = 40;
        config.stage_at = Some(50);
    });
    house.file("g/v.csv", "~id,~label,n:Int\na,L,1\nb,L,wrong\n");
    house.file("g/w.csv", format!("~id,~label,n:Int\n{}", rows(400, |row| format!("w{row},L,{row}\n"))));
    let id = house.start(house.request("g", Format::Csv));
    gate.wait_held();
    let live = house.status(id);
    assert_eq!(live["feedCount"], json!([{"LOAD_IN_PROGRESS": 2}]), "v.csv is read, and not visible");
    assert_eq!(live["overallStatus"]["datatypeMismatchErrors"], 1, "live: what was read so far");
    assert_eq!(live["errors"]["errorLogs"], json!([]));
    assert_eq!(house.records(Dataset::Pg), 0);
    gate.open();
    let status = house.ended(id);
    assert_eq!(status["feedCount"], json!([{"LOAD_COMPLETED": 1}, {"LOAD_FAILED": 1}]), "{status}");
    assert_eq!(status["errors"]["errorLogs"][0]["recordNum"], 2);
    super::errors::adds_up(&house, &status, Dataset::Pg);
}

/// failOnError TRUE: rows below the lowest error stay, none after, wherever stages and publishes fall.
#[test]
fn a_violation_in_a_staged_epoch_keeps_the_rows_below() {
    for (stage_at, publish_at) in [(20, None), (20, Some(90)), (60, Some(100)), (1, None)] {
        let steps = Arc::<Steps>::default();
        let house = House::hooked(|config| {
            config.block_bytes = 150;
            config.stage_at = Some(stage_at);
            config.publish_at = publish_at;
            steps.count(config);
        });
        house.file("g/v.csv", format!("~id,~label\n{}", rows(50, |row| format!("v{row},L\n"))));
        let edges = rows(400, |row| {
            let end = if row == 123 || row > 300 { "nobody".to_owned() } else { format!("v{}", row % 50) };
            format!("e{row},v1,{end},X\n")
        });
        house.file("g/w.csv", format!("~id,~from,~to,~label\n{edges}"));
        let status = house.load(LoadRequest { fail_on_error: true, ..house.request("g", Format::Csv) });
        assert_eq!(status["overallStatus"]["status"], "LOAD_FAILED", "{status}");
        assert_eq!(status["feedCount"], json!([{"LOAD_COMPLETED": 1}, {"LOAD_FAILED": 1}]));
        assert_eq!(status["overallStatus"]["insertErrors"], 1);
        assert_eq!(status["overallStatus"]["totalRecords"], 50 + 123 + 1);
        assert_eq!(house.edges().len(), 123, "rows below the violation");
        assert!(steps.counts().0 > 0, "it staged");
        super::errors::adds_up(&house, &status, Dataset::Pg);
    }
}

/// The log keeps the latest 10,000, however many of its errors were staged.
#[test]
fn the_log_of_staged_epochs_is_bounded() {
    let house = House::with(|config| {
        config.block_bytes = 2_000;
        config.stage_at = Some(10);
    });
    let text = rows(12_345, |row| {
        if row % 50 == 0 {
            format!("<http://ex.test/{row}> <http://ex.test/p> \"x\" .\n| bad\n")
        } else {
            "| bad\n".into()
        }
    });
    house.file("d.nt", text);
    let id = house.start(house.request("d.nt", Format::NTriples));
    house.ended(id);
    let query = loader::StatusQuery { errors: true, page: 1, errors_per_page: u64::MAX, details: false };
    let status = house.loader.status(&id.to_string(), query).expect("a status");
    assert_eq!(status["overallStatus"]["parsingErrors"], 12_345);
    assert_eq!(status["errors"]["endIndex"], 10_000);
    assert_eq!(status["errors"]["errorLogs"][9_999]["recordNum"], 12_345 + 247);
    super::errors::adds_up(&house, &status, Dataset::Rdf);
}
