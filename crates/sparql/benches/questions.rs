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
use std::time::Duration;

use model::Dataset;
use serde_json::{Value, json};
use sparql::{OutputFormat, ParseOptions, Query};
use store::statistics::Run;
use store::{CancelToken, Options, Snapshot, Store};

#[path = "../../cypher/benches/support.rs"]
mod support;

use support::{Outcome, ask_all, folder, median, milliseconds, setting};

/// The server's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The server's share of a machine with 16 GiB.
const MEMORY: u64 = 4 << 30;
/// Where the names of the generated graph begin.
const BASE: &str = "http://example.org/";

fn main() -> Outcome<()> {
    let Some(folder) = folder() else { return Ok(()) };
    let store = Store::open(folder.as_ref(), Options { memory: MEMORY, create: false, ..Options::default() })?;
    // As a server at leisure has it.
    store.compact(Dataset::Rdf)?;
    let standing = store.statistics().current(Dataset::Rdf, Duration::from_mins(10), &CancelToken::new())?;
    let bench = Bench { snapshot: store.snapshot(Dataset::Rdf), statistics: standing.run };
    let nodes = bench.ask(&format!("PREFIX : <{BASE}> SELECT (COUNT(*) AS ?n) {{ ?p a :Person }}"))?;
    let nodes = rows(&nodes)?[0][0].as_str().and_then(|nodes| nodes.parse().ok()).filter(|nodes| *nodes > 0);
    ask_all("sparql", nodes.ok_or("there is no Person")?, |text, ids, passes| {
        let named = |id: &String| text.replace("$id", &format!("<{BASE}{id}>"));
        bench.question(&ids.map_or_else(|| vec![text.to_owned()], |ids| ids.iter().map(named).collect()), passes)
    })
}

/// What is asked.
struct Bench {
    snapshot: Snapshot,
    statistics: Option<Arc<Run>>,
}

impl Bench {
    /// Asks each text; the first pass warms and gives the answers, the others are measured.
    fn question(&self, texts: &[String], passes: u64) -> Outcome<Value> {
        let answers = texts.iter().map(|text| Ok(rows(&self.ask(text)?)?.into())).collect::<Outcome<Vec<Value>>>()?;
        let (mut whole, mut parses) = (Vec::new(), Vec::new());
        for _ in 0..passes {
            for text in texts {
                whole.push(milliseconds(|| self.ask(text).map(|answer| drop(black_box(answer))))?);
                parses.push(milliseconds(|| self.parse(text).map(|query| drop(black_box(query))))?);
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
