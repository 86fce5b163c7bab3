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
use std::time::Duration;

use cypher::{Query, output};
use exec::clock::SystemClock;
use exec::context::Context;
use exec::memory::Memory;
use exec::{Map, Value as Parameter};
use model::Dataset;
use serde_json::{Value, json};
use store::statistics::Run;
use store::{CancelToken, Options, Store};

mod support;

use support::{Outcome, ask_all, folder, median, milliseconds, setting};

/// The server's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The server's share of a machine with 16 GiB.
const MEMORY: u64 = 4 << 30;
/// Bytes that a question may hold.
const HELD: u64 = 1 << 30;

/// What is asked, and of what.
struct Bench {
    store: Store,
    statistics: Option<Arc<Run>>,
}

fn main() -> Outcome<()> {
    let Some(folder) = folder() else { return Ok(()) };
    let store = Store::open(folder.as_ref(), Options { memory: MEMORY, create: false, ..Options::default() })?;
    // As a server at leisure has it.
    store.compact(Dataset::Pg)?;
    let standing = store.statistics().current(Dataset::Pg, Duration::from_mins(10), &CancelToken::new())?;
    let bench = Bench { store, statistics: standing.run };
    let nodes: Value = serde_json::from_slice(&bench.ask("MATCH (p:Person) RETURN count(*) AS n", None)?)?;
    let nodes = nodes["results"][0]["n"].as_u64().filter(|nodes| *nodes > 0).ok_or("there is no Person")?;
    ask_all("cypher", nodes, |text, ids, passes| bench.question(text, ids, passes))
}

impl Bench {
    /// Asks for each id, or once; the first pass warms and gives the answers, the others are measured.
    fn question(&self, text: &str, ids: Option<&[String]>, passes: u64) -> Outcome<Value> {
        let each: Vec<Option<&str>> =
            ids.map_or_else(|| vec![None], |ids| ids.iter().map(|id| Some(id.as_str())).collect());
        let columns: Vec<String> = Query::parse(text)?.columns().iter().map(|column| column.name.to_string()).collect();
        let mut answers = Vec::new();
        for id in &each {
            answers.push(rows(&self.ask(text, *id)?, &columns)?);
        }
        let (mut whole, mut plans) = (Vec::new(), Vec::new());
        for _ in 0..passes {
            for id in &each {
                whole.push(milliseconds(|| self.ask(text, *id).map(|answer| drop(black_box(answer))))?);
                plans.push(milliseconds(|| self.plan(text, *id).map(|plan| drop(black_box(plan))))?);
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
