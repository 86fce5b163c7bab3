//! The store beside its key-value engine alone, on the same data, in turns: rates and ratios in a table.
//!
//! The store is measured as a load left it, merged into one segment set, with a small cache (so that most seeks decode a
//! block), and with 100,000 quads in the delta. One thread each. Whatever both can be asked must have one answer.
//! `cargo bench -p halimede-store --bench ratios`; sizes are those of [`support`].

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench: what fails ends it, what it finds is printed")]

mod support;

use std::time::Instant;

use model::Dataset;
use store::{Order, Snapshot};
use support::{Draw, Engine, Fixture, MANY, SEEKS};

/// Measurements of each operation; the median counts.
const TIMES: usize = 5;
/// Quads of the delta.
const DELTA: u64 = 100_000;
/// The small budget: blocks get a quarter of it.
const SMALL: u64 = 4 << 20;

/// Asks a store for what was drawn; the number of entries found.
type Run<T> = Box<dyn Fn(&T, &Draw) -> u64>;

/// One operation on both.
struct Operation {
    name: String,
    /// Items that its rate counts, where it is not what the operation returns.
    items: Option<usize>,
    ours: Run<Snapshot>,
    theirs: Option<Run<Engine>>,
    /// Whether it is worth measuring with a small cache.
    seeks: bool,
}

/// Rates a second in one state of the store.
struct Rates {
    ours: f64,
    theirs: Option<f64>,
}

fn main() {
    // Cargo also runs benches as tests, without this.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let begun = Instant::now();
    let mut fixture = Fixture::new();
    println!(
        "\n**Store**: {} vertices, {} edges, {} quads, made in {:.1} s; one thread, medians of {TIMES}, in turns with fjall \
         alone.\n",
        fixture.vertices,
        fixture.edges,
        fixture.quads(),
        begun.elapsed().as_secs_f64(),
    );
    let operations = operations();
    let mut states = Vec::new();
    let sets = |fixture: &Fixture| fixture.store().usage().segment_sets;
    let loaded = format!("as loaded: {} sets", sets(&fixture));
    states.push((loaded, measure(&fixture, &operations, true, false)));
    fixture.store().compact(Dataset::Pg).unwrap();
    assert_eq!(sets(&fixture), 1, "compaction leaves one set");
    let (all, segments) = fixture.disk_bytes();
    states.push(("one set".to_owned(), measure(&fixture, &operations, true, false)));
    fixture.reopen(SMALL);
    states.push((format!("cache of {} MiB", SMALL >> 22), measure(&fixture, &operations, true, true)));
    fixture.reopen(fixture.memory());
    fixture.grow_delta(DELTA);
    // The engine has no delta: there is nothing to hold the counts against.
    states.push((format!("and {} k in the delta", DELTA / 1000), measure(&fixture, &operations, false, false)));
    print(&operations, &states);
    let per_quad = |bytes: u64| bytes as f64 / fixture.quads() as f64;
    let theirs = per_quad(fixture.engine().disk_bytes());
    println!("\n| bytes a quad on disk, four orders | Halimede | fjall | ratio |\n|---|--:|--:|--:|");
    for (what, bytes) in [("segments and dictionary", all), ("segments alone", segments)] {
        let ours = per_quad(bytes);
        println!("| {what} | {ours:.1} | {theirs:.1} | {:.2} |", ours / theirs);
    }
    println!();
}

fn operations() -> Vec<Operation> {
    let mut all = Vec::new();
    for order in Order::ALL {
        all.push(Operation {
            name: format!("full scan {}, entries", order.name()),
            items: None,
            ours: Box::new(move |snapshot, _| support::scan(snapshot, order)),
            theirs: Some(Box::new(move |engine, _| engine.scan(order))),
            seeks: false,
        });
    }
    for (what, order) in [("s, p", Order::Spog), ("o, p", Order::Opsg)] {
        all.push(Operation {
            name: format!("seek ({what}) and read, seeks"),
            items: Some(SEEKS),
            ours: Box::new(move |snapshot, draw| support::seek(snapshot, draw.pairs(order), order)),
            theirs: Some(Box::new(move |engine, draw| engine.seek(draw.pairs(order), order))),
            seeks: true,
        });
    }
    for (what, knows, order) in [
        ("out-edges", true, Order::Spog),
        ("in-edges", true, Order::Opsg),
        ("everything of the subject", false, Order::Spog),
    ] {
        all.push(Operation {
            name: format!("`scan_many`, {what}, vertices"),
            items: Some(MANY),
            ours: Box::new(move |snapshot, draw| {
                support::expand(snapshot, &draw.vertices, knows.then_some(draw.knows), order)
            }),
            theirs: Some(Box::new(move |engine, draw| {
                engine.expand(&draw.vertices, knows.then_some(draw.knows), order)
            })),
            seeks: false,
        });
    }
    all.push(Operation {
        name: "`contains_many`, quads".to_owned(),
        items: Some(MANY),
        ours: Box::new(|snapshot, draw| support::contains(snapshot, &draw.quads)),
        theirs: Some(Box::new(|engine, draw| engine.contains(&draw.quads))),
        seeks: false,
    });
    all.push(Operation {
        name: "`resolve_many`, names".to_owned(),
        items: Some(MANY),
        ours: Box::new(|snapshot, draw| support::resolve(snapshot, &draw.names)),
        theirs: None,
        seeks: false,
    });
    all
}

/// Rates of the operations in the present state; `None` for those left out.
fn measure(fixture: &Fixture, operations: &[Operation], same: bool, seeks_only: bool) -> Vec<Option<Rates>> {
    let snapshot = fixture.snapshot();
    let one = |operation: &Operation| {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for time in 0..TIMES {
            let draw = fixture.draw(time as u64);
            let begun = Instant::now();
            let found = (operation.ours)(&snapshot, &draw);
            ours.push(operation.items.unwrap_or(found as usize) as f64 / begun.elapsed().as_secs_f64());
            if let Some(run) = &operation.theirs {
                let begun = Instant::now();
                let found_too = run(fixture.engine(), &draw);
                theirs.push(operation.items.unwrap_or(found_too as usize) as f64 / begun.elapsed().as_secs_f64());
                assert!(!same || found == found_too, "{}: {found} here, {found_too} there", operation.name);
            }
        }
        Rates { ours: median(ours), theirs: (!theirs.is_empty()).then(|| median(theirs)) }
    };
    operations.iter().map(|operation| (operation.seeks || !seeks_only).then(|| one(operation))).collect()
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn print(operations: &[Operation], states: &[(String, Vec<Option<Rates>>)]) {
    let names: Vec<&str> = states.iter().map(|(name, _)| name.as_str()).collect();
    let ratios: Vec<String> = names.iter().map(|name| format!("ratio, {name}")).collect();
    println!("| a second | {} | fjall | {} |", names.join(" | "), ratios.join(" | "));
    println!("|---|{}", "--:|".repeat(2 * names.len() + 1));
    for (at, operation) in operations.iter().enumerate() {
        let rates: Vec<Option<&Rates>> = states.iter().map(|(_, rates)| rates[at].as_ref()).collect();
        let mut cells = vec![operation.name.clone()];
        let shown = |rate: Option<f64>| rate.map_or_else(|| "–".to_owned(), rate_text);
        cells.extend(rates.iter().map(|rates| shown(rates.map(|rates| rates.ours))));
        // The engine is the same in all states but that with a small cache; the second is the quietest.
        cells.push(shown(rates[1].and_then(|rates| rates.theirs)));
        cells.extend(rates.iter().map(|rates| {
            let ratio = rates.and_then(|rates| Some(rates.ours / rates.theirs?));
            ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"))
        }));
        println!("| {} |", cells.join(" | "));
    }
}

fn rate_text(rate: f64) -> String {
    if rate >= 1e6 { format!("{:.2} M", rate / 1e6) } else { format!("{:.0} k", rate / 1e3) }
}
