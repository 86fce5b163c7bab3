//! What the benches of questions share, whatever the language: what is asked and how often, and what is told of it.

use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A question over the whole graph is asked so many times more often than one is for each id.
const WHOLE: u64 = 3;

pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// The data directory; `None` if there is none, since cargo also runs benches as tests.
pub(crate) fn folder() -> Option<String> {
    let folder = std::env::args().skip(1).find(|arg| !arg.starts_with("--"));
    let folder = folder.or_else(|| std::env::var("HALIMEDE_BENCH_DATA").ok());
    if folder.is_none() {
        eprintln!("skipped: a data directory was expected, as the argument or in HALIMEDE_BENCH_DATA");
    }
    folder
}

/// Asks each question in a language, of a graph with so many vertices, and prints what `question` makes of its text, the
/// ids that it is asked for, and how often.
pub(crate) fn ask_all(
    language: &str,
    nodes: u64,
    question: impl Fn(&str, Option<&[String]>, u64) -> Outcome<Value>,
) -> Outcome<()> {
    let asked: Value = serde_json::from_str(include_str!("../../../xtask/src/bench/questions.json"))?;
    let ids = draw(asked["ids"].as_u64().unwrap_or(1), nodes);
    let passes =
        setting("PASSES").map_or_else(|| Ok(asked["passes"].as_u64().unwrap_or(1)), |passes| passes.parse())?;
    let only = setting("ONLY").unwrap_or_default();
    let mut found = Vec::new();
    for asked in asked["questions"].as_array().ok_or("there are no questions")? {
        let name = asked["name"].as_str().unwrap_or_default();
        if name.contains(&only) {
            let text = asked[language].as_str().ok_or("a question without a text")?;
            let mut answers = if asked["byId"] == true {
                question(text, Some(&ids), passes)?
            } else {
                question(text, None, passes * WHOLE)?
            };
            answers["name"] = name.into();
            found.push(answers);
        }
    }
    println!("{}", json!({ "ids": ids, "questions": found }));
    Ok(())
}

/// How long something takes. `HALIMEDE_BENCH_PAUSE` are microseconds to sleep before it: a server sleeps between requests,
/// and what it does next finds the core cold.
pub(crate) fn milliseconds(run: impl FnOnce() -> Outcome<()>) -> Outcome<f64> {
    if let Some(pause) = setting("PAUSE") {
        sleep(Duration::from_micros(pause.parse()?));
    }
    let begun = Instant::now();
    run()?;
    Ok(begun.elapsed().as_secs_f64() * 1e3)
}

pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(0.0)
}

pub(crate) fn setting(name: &str) -> Option<String> {
    std::env::var(format!("HALIMEDE_BENCH_{name}")).ok()
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
