//! A few questions to a graph that is loaded already, warm, one after the other: from the text to the last row written
//! as JSON.
//!
//! `cargo bench -p halimede-cypher --bench questions -- DIRECTORY` (or `HALIMEDE_BENCH_DATA`) prints one object: the ids
//! that were asked for, and of each question the median milliseconds, those of planning alone, and the answers. The
//! questions are those that peers are asked: `xtask/src/bench/questions.json`. `HALIMEDE_BENCH_ONLY` asks those alone
//! whose names hold the text; `HALIMEDE_BENCH_PASSES` says how often, and `HALIMEDE_BENCH_PLAN` shows the plans, too.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench: what it finds is printed")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cypher::{Query, output};
use exec::clock::SystemClock;
use exec::context::Context;
use exec::memory::Memory;
use exec::{Map, Value as Parameter};
use model::Dataset;
use serde_json::{Value, json};
use store::statistics::Run;
use store::{CancelToken, Options, Store};

/// The server's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The server's share of a machine with 16 GiB.
const MEMORY: u64 = 4 << 30;
/// Bytes that a question may hold.
const HELD: u64 = 1 << 30;
/// A question over the whole graph is asked so many times more often than one is for each id.
const WHOLE: usize = 3;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// What is asked, and of what.
struct Bench {
    store: Store,
    statistics: Option<Arc<Run>>,
}

fn main() -> Outcome<()> {
    let folder = std::env::args().skip(1).find(|arg| !arg.starts_with("--"));
    // Cargo also runs benches as tests, without a folder.
    let Some(folder) = folder.or_else(|| std::env::var("HALIMEDE_BENCH_DATA").ok()) else {
        eprintln!("skipped: a data directory was expected, as the argument or in HALIMEDE_BENCH_DATA");
        return Ok(());
    };
    let asked: Value = serde_json::from_str(include_str!("../../../xtask/src/bench/questions.json"))?;
    let store = Store::open(folder.as_ref(), Options { memory: MEMORY, create: false, ..Options::default() })?;
    let standing = store.statistics().current(Dataset::Pg, Duration::from_mins(10), &CancelToken::new())?;
    let bench = Bench { store, statistics: standing.run };
    let nodes: Value = serde_json::from_slice(&bench.ask("MATCH (p:Person) RETURN count(*) AS n", None)?)?;
    let nodes = nodes["results"][0]["n"].as_u64().filter(|nodes| *nodes > 0).ok_or("there is no Person")?;
    let ids = draw(asked["ids"].as_u64().unwrap_or(1), nodes);
    let passes =
        setting("PASSES").map_or_else(|| Ok(asked["passes"].as_u64().unwrap_or(1)), |passes| passes.parse())?;
    let only = setting("ONLY").unwrap_or_default();
    let mut found = Vec::new();
    for question in asked["questions"].as_array().ok_or("there are no questions")? {
        let name = question["name"].as_str().unwrap_or_default();
        if name.contains(&only) {
            let text = question["cypher"].as_str().ok_or("a question without a text")?;
            let by_id = question["byId"] == true;
            let mut answers = bench.question(text, by_id.then_some(ids.as_slice()), passes as usize)?;
            answers["name"] = name.into();
            found.push(answers);
        }
    }
    println!("{}", json!({ "ids": ids, "questions": found }));
    Ok(())
}

impl Bench {
    /// Asks for each id, or once; the first pass warms and gives the answers, the others are measured.
    fn question(&self, text: &str, ids: Option<&[String]>, passes: usize) -> Outcome<Value> {
        let each: Vec<Option<&str>> =
            ids.map_or_else(|| vec![None], |ids| ids.iter().map(|id| Some(id.as_str())).collect());
        let columns: Vec<String> = Query::parse(text)?.columns().iter().map(|column| column.name.to_string()).collect();
        let mut answers = Vec::new();
        for id in &each {
            answers.push(rows(&self.ask(text, *id)?, &columns)?);
        }
        let passes = if ids.is_some() { passes } else { passes * WHOLE };
        let (mut whole, mut plans) = (Vec::new(), Vec::new());
        for _ in 0..passes {
            for id in &each {
                let begun = Instant::now();
                black_box(self.ask(text, *id)?);
                whole.push(begun.elapsed().as_secs_f64() * 1e3);
                let begun = Instant::now();
                black_box(self.plan(text, *id)?);
                plans.push(begun.elapsed().as_secs_f64() * 1e3);
            }
        }
        if setting("PLAN").is_some() {
            eprintln!("{text}\n{:#?}\n", self.plan(text, each.first().copied().flatten())?.plan());
        }
        Ok(json!({ "median": median(whole), "plan": median(plans), "answers": answers }))
    }

    /// From the text to the last row.
    fn ask(&self, text: &str, id: Option<&str>) -> Outcome<Vec<u8>> {
        let query = Query::parse(text)?;
        let snapshot = self.store.snapshot(Dataset::Pg);
        let prepared = query.prepare(&parameters(id)?, &snapshot)?;
        let clock = SystemClock::now();
        let context = Context::reading(snapshot, CancelToken::new(), Memory::new(HELD), &clock)
            .with_statistics(self.statistics.clone());
        let mut out = Vec::new();
        output::write_json(&mut out, query.columns(), &mut prepared.rows(&context), &context)?;
        Ok(out)
    }

    /// From the text to the plan.
    fn plan(&self, text: &str, id: Option<&str>) -> Outcome<cypher::Prepared> {
        Ok(Query::parse(text)?.prepare(&parameters(id)?, &self.store.snapshot(Dataset::Pg))?)
    }
}

fn parameters(id: Option<&str>) -> Outcome<Map> {
    Ok(Map::new(id.map(|id| ("id".into(), Parameter::String(id.into()))))?)
}

/// The rows of an answer, each the list of its values.
fn rows(answer: &[u8], columns: &[String]) -> Outcome<Vec<Value>> {
    let answer: Value = serde_json::from_slice(answer)?;
    let list = |row: &Value| columns.iter().map(|column| row[column].clone()).collect();
    Ok(answer["results"].as_array().into_iter().flatten().map(list).collect())
}

/// Ids of the generated graph, `p` and a number below that of its vertices: the same ones each time.
fn draw(count: u64, below: u64) -> Vec<String> {
    let mut state: u64 = 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("p{}", (state >> 33) % below)
    };
    (0..count).map(|_| next()).collect()
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(0.0)
}

fn setting(name: &str) -> Option<String> {
    std::env::var(format!("HALIMEDE_BENCH_{name}")).ok()
}
