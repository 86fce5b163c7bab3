//! How soon a cancel is answered, at random moments of a load, and whether it leaves anything behind.
//!
//! Each round begins on the same content, none: a new server on an empty folder. Beside it runs a [`Probe`], so that an
//! answer that waited for a slow disk is told apart. A round whose load ended before its cancel came is not counted.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{
    Bench,
    data::Graph,
    probe::Probe,
    server::Server,
    statistics::{largest, median, percentile},
    table::Table,
};

/// Time in which a store may tidy up in the background before what it has not accounted for counts as left behind.
const TIDYING: Duration = Duration::from_secs(5);
/// What the probe measures alone, before the first round, for comparison.
const QUIET: Duration = Duration::from_secs(4);
/// Seconds: a slower answer is listed by itself.
const SLOW: f64 = 0.2;

/// One cancel.
struct Round {
    /// Seconds after the load's start.
    moment: f64,
    /// The phase that the status told just before.
    phase: String,
    /// Seconds from DELETE to its answer.
    answer: f64,
    /// Seconds of the slowest sync of the probe meanwhile.
    sync: f64,
    /// The state of the job afterwards.
    state: String,
    /// Bytes of temporary files, and of files that the store does not account for.
    left: u64,
}

impl Round {
    fn cancelled(&self) -> bool {
        self.state == "LOAD_CANCELLED_BY_USER"
    }
}

/// Runs the rounds and prints their tables; `Ok(false)` if anything was left behind.
pub(super) fn run(bench: &Bench, graph: &Graph, record: &mut Value) -> Result<bool> {
    graph.warm(false)?;
    let usual = usual(bench, graph)?;
    let quiet = Probe::start(&bench.scratch.join("probe"))?;
    thread::sleep(QUIET);
    let alone = quiet.seconds();
    drop(quiet);
    let probe = Probe::start(&bench.scratch.join("probe"))?;
    let mut random = Random(bench.flags.seed);
    let mut rounds = Vec::new();
    for number in 1..=bench.flags.cancels {
        let moment = random.unit() * usual;
        let round = one(bench, graph, &probe, moment).with_context(|| format!("cancel {number}"))?;
        eprintln!(
            "{number}: {:.2} s, {}: {:.1} ms (sync {:.1} ms), {}, {} bytes left",
            round.moment,
            round.phase,
            round.answer * 1e3,
            round.sync * 1e3,
            round.state,
            round.left
        );
        rounds.push(round);
    }
    let beside = probe.seconds();
    let (counted, late): (Vec<&Round>, Vec<&Round>) = rounds.iter().partition(|round| round.cancelled());
    println!(
        "\n**Cancel**: {} vertices, {} edges, {} cancels at random moments (seed {}) of a load that takes {usual:.1} s; {} more \
         came after its end.\n",
        graph.vertices,
        graph.edges,
        counted.len(),
        bench.flags.seed,
        late.len()
    );
    println!("{}", table(&counted, &alone, &beside).render());
    slow(&counted);
    let leaving = rounds.iter().filter(|round| round.left > 0).count();
    println!("Rounds that left bytes behind: {leaving} of {}.\n", rounds.len());
    record["cancel"] = json!({
        "usualSeconds": usual,
        "rounds": rounds.iter().map(to_json).collect::<Vec<_>>(),
        "syncAloneSeconds": { "median": median(&alone), "p99": percentile(&alone, 0.99), "max": largest(&alone) },
        "syncBesideSeconds": { "median": median(&beside), "p99": percentile(&beside, 0.99), "max": largest(&beside) },
    });
    Ok(leaving == 0)
}

/// Answers by phase, and the probe for comparison, in milliseconds.
fn table(rounds: &[&Round], alone: &[f64], beside: &[f64]) -> Table {
    let mut table = Table::new(&["answered in phase", "cancels", "median", "99th percentile", "largest"]);
    let mut add = |name: String, seconds: &[f64]| {
        let figures = [median(seconds), percentile(seconds, 0.99), largest(seconds)];
        let shown = figures.map(|figure| format!("{:.1} ms", figure * 1e3));
        table.row([name, seconds.len().to_string()].into_iter().chain(shown).collect());
    };
    let mut phases: Vec<&str> = Vec::new();
    for round in rounds {
        if !phases.contains(&round.phase.as_str()) {
            phases.push(&round.phase);
        }
    }
    for phase in phases {
        let inside = rounds.iter().filter(|round| round.phase == phase);
        add(phase.to_owned(), &inside.map(|round| round.answer).collect::<Vec<_>>());
    }
    add("all".to_owned(), &rounds.iter().map(|round| round.answer).collect::<Vec<_>>());
    let quick: Vec<f64> =
        rounds.iter().filter(|round| round.sync < round.answer / 2.0).map(|round| round.answer).collect();
    add("all without a sync half as long beside".to_owned(), &quick);
    add("(a sync of 4 KiB, nothing else running)".to_owned(), alone);
    add("(a sync of 4 KiB, during the rounds)".to_owned(), beside);
    table
}

/// Answers that took longer than anybody wants to wait, one by one.
fn slow(rounds: &[&Round]) {
    for round in rounds.iter().filter(|round| round.answer > SLOW) {
        println!(
            "- slow: {:.1} ms in {} at {:.2} s; slowest sync beside it {:.1} ms",
            round.answer * 1e3,
            round.phase,
            round.moment,
            round.sync * 1e3
        );
    }
}

/// Seconds that the load takes if nobody stops it.
fn usual(bench: &Bench, graph: &Graph) -> Result<f64> {
    let folder = fresh(bench)?;
    let server = serve(bench, graph, &folder)?;
    let begun = Instant::now();
    let id = start(&server, graph)?;
    loop {
        let status = server.status(&id)?;
        let state = status["overallStatus"]["status"].as_str().unwrap_or_default();
        if state != "LOAD_IN_PROGRESS" && state != "LOAD_NOT_STARTED" && state != "LOAD_IN_QUEUE" {
            ensure!(state == "LOAD_COMPLETED", "the load ended as {status}");
            return Ok(begun.elapsed().as_secs_f64());
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// A load on an empty folder, cancelled after `moment` seconds.
fn one(bench: &Bench, graph: &Graph, probe: &Probe, moment: f64) -> Result<Round> {
    let folder = fresh(bench)?;
    let server = serve(bench, graph, &folder)?;
    let empty = server.gauge("halimede_store_disk_bytes")?;
    let begun = Instant::now();
    let id = start(&server, graph)?;
    thread::sleep(Duration::from_secs_f64(moment).saturating_sub(begun.elapsed()));
    let before = server.status(&id)?;
    let phase = before["progress"]["phase"].as_str().unwrap_or("ended").to_owned();
    let sent = Instant::now();
    // A job that has ended cannot be cancelled any more; the state tells.
    server.send("DELETE", &format!("/loader/{id}"), "")?;
    let answered = Instant::now();
    let state = server.status(&id)?["overallStatus"]["status"].as_str().unwrap_or_default().to_owned();
    let left = left(&server, &folder, empty)?;
    let (answer, sync) = ((answered - sent).as_secs_f64(), probe.slowest(sent, answered)?);
    drop(server);
    Ok(Round { moment: (sent - begun).as_secs_f64(), phase, answer, sync, state, left })
}

/// Bytes that should not be there: temporary ones by the store's own count, and files that it does not count at all.
/// `empty` is what the engine took before the load; it has grown since, so a few kilobytes more go unnoticed.
fn left(server: &Server, folder: &Path, empty: u64) -> Result<u64> {
    let begun = Instant::now();
    loop {
        let temporary = server.gauge("halimede_store_temporary_bytes")?;
        let counted = server.gauge("halimede_store_disk_bytes")?.saturating_sub(empty);
        let left = temporary.max(outside_engine(folder)?.saturating_sub(counted));
        if left == 0 || begun.elapsed() > TIDYING {
            return Ok(left);
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Bytes of the files in a data folder that are neither the engine's nor held back.
fn outside_engine(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if ["engine", "ballast", "LOCK"].iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        // What goes away meanwhile counts as nothing.
        let Ok(file) = entry.metadata() else { continue };
        bytes += if file.is_dir() { outside_engine(&entry.path())? } else { file.len() };
    }
    Ok(bytes)
}

fn fresh(bench: &Bench) -> Result<std::path::PathBuf> {
    let folder = bench.scratch.join("cancel");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    Ok(folder)
}

fn serve(bench: &Bench, graph: &Graph, folder: &Path) -> Result<Server> {
    let mut flags = vec!["--import-dir".to_owned(), graph.csv().display().to_string()];
    if let Some(memory) = &bench.flags.memory {
        flags.extend(["--memory".to_owned(), memory.clone()]);
    }
    Server::start(&bench.binary, folder, &flags)
}

/// Starts the load; its id.
fn start(server: &Server, graph: &Graph) -> Result<String> {
    let request = json!({
        "source": format!("file://{}", graph.csv().display()),
        "format": "csv",
        "mode": "NEW",
        "region": "us-east-1",
        "iamRoleArn": "arn:aws:iam::000000000000:role/bench",
        "failOnError": "TRUE",
        "parallelism": "HIGH",
    });
    let answer: Value = serde_json::from_str(&server.ask("POST", "/loader", &request.to_string())?)?;
    Ok(answer["payload"]["loadId"].as_str().context("an answer without an id")?.to_owned())
}

fn to_json(round: &Round) -> Value {
    json!({
        "momentSeconds": round.moment,
        "phase": round.phase,
        "answerSeconds": round.answer,
        "slowestSyncSeconds": round.sync,
        "state": round.state,
        "bytesLeft": round.left,
    })
}

/// SplitMix64: the same seed gives the same moments.
struct Random(u64);

impl Random {
    /// From 0 to 1.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
