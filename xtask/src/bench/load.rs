//! A race: contestants load the same graph, in turns, several times; medians and ratios in a table.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{
    Bench,
    contestant::Contestant,
    data::Graph,
    measure::{Measured, measure},
    server::Server,
    statistics::median,
    table::{Table, mebibytes, rate},
};

/// A store that has no more segment sets than this, and nothing waiting to be merged, is settled.
const SETTLED: u64 = 4;

/// One contestant's runs.
struct Runs {
    contestant: Contestant,
    measured: Vec<Measured>,
    /// The most segment sets that a run left (ours only).
    sets: u64,
}

impl Runs {
    fn median(&self, figure: impl Fn(&Measured) -> f64) -> f64 {
        median(&self.measured.iter().map(figure).collect::<Vec<_>>())
    }
}

/// Runs the race and prints its table; `Ok(false)` if a store of ours was not settled at the end of a run. Wrong counts
/// are errors: the first run of each contestant is asked what it holds.
pub(super) fn race(bench: &Bench, graph: &Graph, contestants: &[Contestant], record: &mut Value) -> Result<bool> {
    let rdf = contestants.iter().any(|contestant| contestant.is_rdf());
    graph.warm(rdf)?;
    let new = |contestant: &Contestant| Runs { contestant: *contestant, measured: Vec::new(), sets: 0 };
    let mut all: Vec<Runs> = contestants.iter().map(new).collect();
    for round in 0..bench.flags.runs {
        // Each round begins with another contestant, so that nobody always follows the same one.
        for turn in 0..all.len() {
            let place = (round + turn) % all.len();
            let runs = &mut all[place];
            run(bench, graph, runs).with_context(|| format!("{}, run {}", runs.contestant.title(), round + 1))?;
        }
    }
    let records = graph.records(rdf);
    let what = if rdf { "N-Triples" } else { "CSV" };
    println!(
        "\n**{what}**: {} vertices, {} edges, {records} records; medians of {} runs, in turns. Ratios are ours to the peer's.\n",
        graph.vertices, graph.edges, bench.flags.runs
    );
    println!("{}", table(&all, records).render());
    let sets = all.iter().map(|runs| runs.sets).max().unwrap_or(0);
    if sets > SETTLED {
        println!("NOT SETTLED: a run of ours left {sets} segment sets; {SETTLED} or less count as settled.\n");
    }
    record[if rdf { "ntriples" } else { "csv" }] = all.iter().map(to_json).collect();
    Ok(sets <= SETTLED)
}

/// One run: measure, look at what is left, tidy up.
fn run(bench: &Bench, graph: &Graph, runs: &mut Runs) -> Result<()> {
    let folder = bench.scratch.join("result");
    fs::create_dir(&folder)?;
    let measured = measure(bench, &folder, &runs.contestant.load(bench, graph, &folder))?;
    eprintln!(
        "{}: {:.2} s, {:.2} CPU-s, {}, {} on disk",
        runs.contestant.title(),
        measured.wall,
        measured.cpu,
        mebibytes(measured.memory),
        mebibytes(measured.disk)
    );
    if runs.contestant.is_own() {
        let server = Server::start(&bench.binary, &folder, &[])?;
        runs.sets = runs.sets.max(server.gauge("halimede_store_segment_sets")?);
    }
    if runs.measured.is_empty() {
        runs.contestant.verify(bench, graph, &folder)?;
    }
    runs.measured.push(measured);
    Ok(fs::remove_dir_all(&folder)?)
}

/// The medians; the ratios are ours to the peer's, so that below 1 is better for us, but for the rate.
fn table(all: &[Runs], records: u64) -> Table {
    let mut table = Table::new(&[
        "contestant",
        "wall",
        "min–max",
        "CPU",
        "peak memory",
        "disk",
        "records",
        "wall ratio",
        "CPU ratio",
        "memory ratio",
        "disk ratio",
    ]);
    let own = all.iter().find(|runs| runs.contestant.is_own());
    for runs in all {
        let figures =
            [runs.median(|m| m.wall), runs.median(|m| m.cpu), runs.median(|m| m.memory), runs.median(|m| m.disk)];
        let [wall, cpu, memory, disk] = figures;
        let fastest = runs.measured.iter().map(|m| m.wall).fold(f64::INFINITY, f64::min);
        let slowest = runs.measured.iter().map(|m| m.wall).fold(0.0, f64::max);
        let mut cells = vec![
            runs.contestant.title().to_owned(),
            format!("{wall:.2} s"),
            format!("{fastest:.2}–{slowest:.2}"),
            format!("{cpu:.2} s"),
            mebibytes(memory),
            mebibytes(disk),
            rate(records as f64 / wall),
        ];
        let rival = own.filter(|_| !runs.contestant.is_own());
        let ours = rival.map(|own| {
            [own.median(|m| m.wall), own.median(|m| m.cpu), own.median(|m| m.memory), own.median(|m| m.disk)]
        });
        for (at, its) in figures.into_iter().enumerate() {
            cells.push(ours.map_or_else(|| "–".to_owned(), |ours| format!("{:.2}", ours[at] / its)));
        }
        table.row(cells);
    }
    table
}

fn to_json(runs: &Runs) -> Value {
    let measured: Vec<Value> = runs.measured.iter().map(|measured| measured.to_json()).collect();
    let sets = runs.contestant.is_own().then_some(runs.sets);
    json!({ "contestant": runs.contestant.title(), "runs": measured, "segmentSets": sets })
}
