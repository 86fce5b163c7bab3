//! A few questions to everybody who holds a property graph: loaded once, asked warm by one client, medians and ratios in
//! a table; ours once more through HTTP.
//!
//! The questions are those of `questions.json`, each in the dialect of whom it is put to. All must give the same answers.
//! The ids that are asked for are drawn by our own bench, which is asked first.

mod http;

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{
    Bench, contestant::Contestant, data::Graph, measure::ask, server::Server, statistics::median, table::Table,
};

/// What one contestant says.
struct Said {
    contestant: Contestant,
    /// Milliseconds and answers, question by question.
    questions: Vec<Value>,
}

impl Said {
    fn median(&self, question: usize) -> f64 {
        self.questions[question]["median"].as_f64().unwrap_or(f64::NAN)
    }
}

/// Loads, asks, compares and prints; `Ok(false)` if answers differ.
pub(super) fn run(bench: &Bench, graph: &Graph, record: &mut Value) -> Result<bool> {
    let mut asked: Value = serde_json::from_str(include_str!("questions.json"))?;
    let peers = bench.flags.peers.iter().copied().filter(|peer| !peer.is_rdf());
    let mut all: Vec<Said> = Vec::new();
    for contestant in [Contestant::HalimedeCsv].into_iter().chain(peers) {
        let folder = bench.scratch.join(contestant.name());
        std::fs::create_dir(&folder)?;
        ask(&contestant.load(bench, graph, &folder)).with_context(|| format!("loading {}", contestant.name()))?;
        let said =
            if contestant.is_own() { own(bench, &folder)? } else { peer(bench, graph, contestant, &folder, &asked)? };
        if contestant.is_own() {
            asked["ids"] = said["ids"].clone();
        }
        let questions = said["questions"].as_array().cloned().context("no questions were answered")?;
        ensure!(
            asked["questions"].as_array().map(Vec::len) == Some(questions.len()),
            "not every question was answered"
        );
        eprintln!("{}: {:?} ms", contestant.name(), questions.iter().map(|said| &said["median"]).collect::<Vec<_>>());
        all.push(Said { contestant, questions });
    }
    let folder = bench.scratch.join(Contestant::HalimedeCsv.name());
    let server = Server::start(&bench.binary, &folder, &[])?;
    let through = http::ask(server.address(), &asked)?;
    drop(server);
    println!(
        "\n**Questions**: {} vertices, {} edges; warm, one client, medians. Ratios are ours to the fastest peer's.\n",
        graph.vertices, graph.edges
    );
    println!("{}", table(&asked, &all, &through).render());
    let same = compare(&asked, &all, &through);
    record["questions"] = all
        .iter()
        .map(|said| {
            let medians: Vec<&Value> = said.questions.iter().map(|said| &said["median"]).collect();
            json!({ "contestant": said.contestant.name(), "milliseconds": medians })
        })
        .collect();
    record["questionsThroughHttp"] = through.iter().map(|said| said["median"].clone()).collect();
    Ok(same)
}

/// Our own bench, which is a program beside the tests.
fn own(bench: &Bench, folder: &Path) -> Result<Value> {
    let output = Command::new("cargo")
        .args(["bench", "--locked", "--quiet", "--package", "halimede-cypher", "--bench", "questions"])
        .args(["--profile", &bench.flags.profile, "--"])
        .arg(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "the bench of the questions failed");
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// A script asks a peer: it reads the questions, and writes what it found.
fn peer(bench: &Bench, graph: &Graph, peer: Contestant, folder: &Path, asked: &Value) -> Result<Value> {
    let mut questions = asked.clone();
    for question in questions["questions"].as_array_mut().into_iter().flatten() {
        question["text"] = question[peer.dialect()].clone();
    }
    let command = peer.ask(bench, graph, folder);
    let mut child = Command::new(&command[0])
        .args(&command[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {}", command[0]))?;
    let mut input = child.stdin.take().context("a script without input")?;
    input.write_all(questions.to_string().as_bytes())?;
    drop(input);
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{} failed", command.join(" "));
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn table(asked: &Value, all: &[Said], through: &[Value]) -> Table {
    let mut heading = vec!["milliseconds"];
    heading.extend(all.iter().map(|said| said.contestant.product()));
    heading.extend(["ratio", "through HTTP", "more than in process"]);
    let mut table = Table::new(&heading);
    for (place, question) in asked["questions"].as_array().into_iter().flatten().enumerate() {
        let mut cells = vec![question["name"].as_str().unwrap_or_default().to_owned()];
        cells.extend(all.iter().map(|said| milliseconds(said.median(place))));
        let (ours, fastest) =
            (all[0].median(place), all[1..].iter().map(|said| said.median(place)).fold(f64::NAN, f64::min));
        cells.push(if fastest.is_nan() { "–".to_owned() } else { format!("{:.2}", ours / fastest) });
        let http = through[place]["median"].as_f64().unwrap_or(f64::NAN);
        cells.extend([milliseconds(http), milliseconds(http - ours)]);
        table.row(cells);
    }
    table
}

fn milliseconds(figure: f64) -> String {
    if figure.abs() < 10.0 { format!("{figure:.3}") } else { format!("{figure:.1}") }
}

/// Whether everybody gave our answers, whatever the order of their rows; says what differs.
fn compare(asked: &Value, all: &[Said], through: &[Value]) -> bool {
    let mut same = true;
    let ours = &all[0].questions;
    let others = all[1..].iter().map(|said| (said.contestant.name(), &said.questions[..]));
    for (name, answers) in others.chain([("HTTP", through)]) {
        for (place, question) in asked["questions"].as_array().into_iter().flatten().enumerate() {
            let ranked = question["ranked"] == true;
            let (own, other) = (rows(&ours[place], ranked), rows(&answers[place], ranked));
            let differ = own.iter().zip(&other).position(|(own, other)| own != other);
            if own.len() != other.len() || differ.is_some() {
                same = false;
                let at = differ.unwrap_or(0);
                println!(
                    "ANSWERS DIFFER: {name}, {}, {}: {:?}, ours {:?}\n",
                    question["name"],
                    asked["ids"][at],
                    other.get(at),
                    own.get(at)
                );
            }
        }
    }
    same
}

/// The answers to a question, one for each id, each with its rows in order. Where rows are ranked, only by what counts:
/// who comes last among equals is not said.
fn rows(said: &Value, ranked: bool) -> Vec<Vec<String>> {
    let answers = said["answers"].as_array().into_iter().flatten();
    let sorted = |answer: &Value| {
        let counts = |row: &Value| row.as_array().and_then(|row| row.last()).map(Value::to_string).filter(|_| ranked);
        let text = |row: &Value| counts(row).unwrap_or_else(|| row.to_string());
        let mut rows: Vec<String> = answer.as_array().into_iter().flatten().map(text).collect();
        rows.sort_unstable();
        rows
    };
    answers.map(sorted).collect()
}
