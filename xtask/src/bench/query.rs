//! A few questions to everybody who holds the graph: loaded once, asked warm by one client, medians and ratios in a
//! table; ours once more through HTTP.
//!
//! The questions are those of `questions.json`, each in the dialect of whom it is put to. All must give the same answers.
//! The ids that are asked for are drawn by our own bench, which is asked first.

mod http;

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
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
    fn figure(&self, question: usize, name: &str) -> f64 {
        self.questions[question][name].as_f64().unwrap_or(f64::NAN)
    }

    fn median(&self, question: usize) -> f64 {
        self.figure(question, "median")
    }
}

/// Loads, asks, compares and prints; `Ok(false)` if answers differ.
pub(super) fn run(bench: &Bench, graph: &Graph, record: &mut Value) -> Result<bool> {
    let mut asked: Value = serde_json::from_str(include_str!("questions.json"))?;
    let own = bench.flags.language.own();
    let peers = bench.flags.peers.iter().copied().filter(|peer| peer.is_rdf() == own.is_rdf());
    let mut all: Vec<Said> = Vec::new();
    for contestant in [own].into_iter().chain(peers) {
        let folder = loaded(bench, graph, contestant)?;
        let said = if contestant.is_own() {
            in_process(bench, &folder)?
        } else {
            peer(bench, graph, contestant, &folder, &asked)?
        };
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
    let server = Server::start(&bench.binary, &loaded(bench, graph, own)?, &[])?;
    // Which waits until all is counted: in process, too, plans are made with the counts.
    server.ask(
        "GET",
        if own.is_rdf() { "/rdf/statistics/summary" } else { "/propertygraph/statistics/summary" },
        "",
    )?;
    let through = http::ask(server.address(), &asked, bench.flags.language)?;
    drop(server);
    println!(
        "\n**Questions**, in {}: {} vertices, {} edges; warm, one client, medians. A ratio says how many times as long as \
         we a peer takes.\n",
        if own.is_rdf() { "SPARQL" } else { "openCypher" },
        graph.vertices,
        graph.edges
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

/// The folder in which a contestant has the graph: one that was kept, or a new one.
fn loaded(bench: &Bench, graph: &Graph, contestant: Contestant) -> Result<PathBuf> {
    let kept = bench.flags.databases.as_ref().unwrap_or(&bench.scratch);
    let size = format!("{}-{}", graph.vertices, graph.edges);
    let folder = kept.join(size).join(format!("{}-{}", contestant.name(), contestant.dialect()));
    let stamp = folder.with_extension("loaded");
    if stamp.is_file() {
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("emptying {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let begun = Instant::now();
    for command in [Some(contestant.load(bench, graph, &folder)), contestant.settle(bench, &folder)].iter().flatten() {
        ask(command).with_context(|| format!("loading {}", contestant.name()))?;
    }
    eprintln!("{}: loaded in {:.0} s", contestant.name(), begun.elapsed().as_secs_f64());
    contestant.verify(bench, graph, &folder)?;
    File::create(stamp)?;
    Ok(folder)
}

/// Our own bench, which is a program beside the tests.
fn in_process(bench: &Bench, folder: &Path) -> Result<Value> {
    let output = Command::new("cargo")
        .args(["bench", "--locked", "--quiet", "--package", bench.flags.language.package(), "--bench", "questions"])
        .args(["--profile", &bench.flags.profile, "--"])
        .arg(folder)
        .env_remove("CARGO_MANIFEST_DIR") // see `runner::Command::cargo`
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
    // What our bench tells apart: SPARQL is planned while it runs.
    let (part, name) =
        if all[0].contestant.is_rdf() { ("of which parsing", "parse") } else { ("of which planning", "plan") };
    let mut heading = vec!["milliseconds", "Halimede", part, "through HTTP", "more than in process", "a socket alone"];
    heading.extend(all[1..].iter().flat_map(|said| [said.contestant.product(), "ratio"]));
    let mut table = Table::new(&heading);
    for (place, question) in asked["questions"].as_array().into_iter().flatten().enumerate() {
        let mut cells = vec![question["name"].as_str().unwrap_or_default().to_owned()];
        let ours = all[0].median(place);
        let http = through[place]["median"].as_f64().unwrap_or(f64::NAN);
        let socket = through[place]["socket"].as_f64().unwrap_or(f64::NAN);
        cells.extend([ours, all[0].figure(place, name), http, http - ours, socket].map(milliseconds));
        for said in &all[1..] {
            let theirs = said.median(place);
            cells.extend([milliseconds(theirs), format!("{:.2}", theirs / ours)]);
        }
        table.row(cells);
    }
    table
}

fn milliseconds(figure: f64) -> String {
    if figure.is_nan() {
        "–".to_owned()
    } else if figure.abs() < 10.0 {
        format!("{figure:.3}")
    } else {
        format!("{figure:.1}")
    }
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
/// who comes last among equals is not said. SPARQL's results have numbers as text, so 7 and "7" are the same.
fn rows(said: &Value, ranked: bool) -> Vec<Vec<Vec<String>>> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let row = |row: &Value| {
        let values: Vec<String> = row.as_array().into_iter().flatten().map(text).collect();
        if ranked { values.last().cloned().into_iter().collect() } else { values }
    };
    let sorted = |answer: &Value| {
        let mut rows: Vec<Vec<String>> = answer.as_array().into_iter().flatten().map(row).collect();
        rows.sort_unstable();
        rows
    };
    said["answers"].as_array().into_iter().flatten().map(sorted).collect()
}
