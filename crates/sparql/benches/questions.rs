//! A few questions to an RDF graph that is loaded already, warm, one after the other: from the text to the last row
//! written as JSON.
//!
//! `cargo bench -p halimede-sparql --bench questions -- DIRECTORY` (or `HALIMEDE_BENCH_DATA`) prints one object: the ids
//! that were asked for, and of each question the median milliseconds, those of parsing alone, and the answers: rows of
//! lexical forms. The questions are those that peers are asked: `xtask/src/bench/questions.json`. `HALIMEDE_BENCH_ONLY`
//! asks those alone whose names hold the text; `HALIMEDE_BENCH_PASSES` says how often, and `HALIMEDE_BENCH_PLAN` shows
//! the plans, too.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench: what it finds is printed")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::Dataset;
use serde_json::{Value, json};
use sparql::{OutputFormat, ParseOptions, Query};
use store::statistics::Run;
use store::{CancelToken, Options, Snapshot, Store};

/// The server's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The server's share of a machine with 16 GiB.
const MEMORY: u64 = 4 << 30;
/// A question over the whole graph is asked so many times more often than one is for each id.
const WHOLE: usize = 3;
/// Where the names of the generated graph begin.
const BASE: &str = "http://example.org/";

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let folder = std::env::args().skip(1).find(|arg| !arg.starts_with("--"));
    // Cargo also runs benches as tests, without a folder.
    let Some(folder) = folder.or_else(|| std::env::var("HALIMEDE_BENCH_DATA").ok()) else {
        eprintln!("skipped: a data directory was expected, as the argument or in HALIMEDE_BENCH_DATA");
        return Ok(());
    };
    let asked: Value = serde_json::from_str(include_str!("../../../xtask/src/bench/questions.json"))?;
    let store = Store::open(folder.as_ref(), Options { memory: MEMORY, create: false, ..Options::default() })?;
    let standing = store.statistics().current(Dataset::Rdf, Duration::from_mins(10), &CancelToken::new())?;
    let bench = Bench { snapshot: store.snapshot(Dataset::Rdf), statistics: standing.run };
    let nodes = bench.ask(&format!("PREFIX : <{BASE}> SELECT (COUNT(*) AS ?n) {{ ?p a :Person }}"))?;
    let nodes = rows(&nodes)?[0][0].as_str().and_then(|nodes| nodes.parse().ok()).filter(|nodes| *nodes > 0);
    let ids = draw(asked["ids"].as_u64().unwrap_or(1), nodes.ok_or("there is no Person")?);
    let passes =
        setting("PASSES").map_or_else(|| Ok(asked["passes"].as_u64().unwrap_or(1)), |passes| passes.parse())?;
    let only = setting("ONLY").unwrap_or_default();
    let mut found = Vec::new();
    for question in asked["questions"].as_array().ok_or("there are no questions")? {
        let name = question["name"].as_str().unwrap_or_default();
        if name.contains(&only) {
            let text = question["sparql"].as_str().ok_or("a question without a text")?;
            let texts: Vec<String> = if question["byId"] == true {
                ids.iter().map(|id| text.replace("$id", &format!("<{BASE}{id}>"))).collect()
            } else {
                vec![text.to_owned()]
            };
            let mut answers = bench.question(&texts, passes as usize)?;
            answers["name"] = name.into();
            found.push(answers);
        }
    }
    println!("{}", json!({ "ids": ids, "questions": found }));
    Ok(())
}

/// What is asked.
struct Bench {
    snapshot: Snapshot,
    statistics: Option<Arc<Run>>,
}

impl Bench {
    /// Asks each text; the first pass warms and gives the answers, the others are measured.
    fn question(&self, texts: &[String], passes: usize) -> Outcome<Value> {
        let answers = texts.iter().map(|text| Ok(rows(&self.ask(text)?)?.into())).collect::<Outcome<Vec<Value>>>()?;
        let passes = if texts.len() > 1 { passes } else { passes * WHOLE };
        let (mut whole, mut parses) = (Vec::new(), Vec::new());
        for _ in 0..passes {
            for text in texts {
                let begun = Instant::now();
                black_box(self.ask(text)?);
                whole.push(begun.elapsed().as_secs_f64() * 1e3);
                let begun = Instant::now();
                black_box(self.parse(text)?);
                parses.push(begun.elapsed().as_secs_f64() * 1e3);
            }
        }
        if setting("PLAN").is_some() {
            let plan = self.parse(&texts[0])?.explain(&self.snapshot, false, &CancelToken::new())?;
            eprintln!("{}\n{plan:#?}\n", texts[0]);
        }
        Ok(json!({ "median": median(whole), "parse": median(parses), "answers": answers }))
    }

    /// From the text to the last row.
    fn ask(&self, text: &str) -> Outcome<Vec<u8>> {
        let mut out = Vec::new();
        self.parse(text)?.run(&self.snapshot, OutputFormat::Json, &mut out, &CancelToken::new())?;
        Ok(out)
    }

    fn parse(&self, text: &str) -> Outcome<Query> {
        Ok(Query::parse(text, None, ParseOptions::default())?.with_statistics(self.statistics.clone()))
    }
}

/// The rows of an answer, each the list of its values' lexical forms.
fn rows(answer: &[u8]) -> Outcome<Vec<Value>> {
    let answer: Value = serde_json::from_slice(answer)?;
    let columns = answer["head"]["vars"].as_array().ok_or("an answer without columns")?;
    let names: Vec<&str> = columns.iter().filter_map(Value::as_str).collect();
    let list = |row: &Value| names.iter().map(|name| row[name]["value"].clone()).collect();
    Ok(answer["results"]["bindings"].as_array().into_iter().flatten().map(list).collect())
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
