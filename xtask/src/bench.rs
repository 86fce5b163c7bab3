//! `cargo xtask bench`: us and our peers on the same data, in the same run, taking turns.
//!
//! Everything that is made (graphs, results, the peers' installation) is in the user's cache; the tables printed are
//! Markdown, to be put into `docs/benchmarks.md`. Nothing here is part of the gate: figures are for people to judge.

mod cancel;
mod contestant;
mod data;
mod flags;
mod load;
mod machine;
mod measure;
mod probe;
mod query;
mod server;
mod statistics;
mod table;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::{environment::Environment, runner::Command};
use contestant::Contestant;
use data::Graph;
use flags::{Flags, Part};

/// Where a bench works and with what.
struct Bench {
    flags: Flags,
    /// Our binary.
    binary: PathBuf,
    /// An interpreter beside which the peers are installed.
    python: PathBuf,
    /// The scripts that it runs.
    scripts: PathBuf,
    /// Where results go, one folder a run, removed after it.
    scratch: PathBuf,
}

/// Runs what the flags ask for; `Ok(false)` if something measured was wrong: counts, leftovers, an unsettled store.
pub(crate) fn run(rest: &[String]) -> Result<bool> {
    let environment = Environment::find()?;
    let flags = match Flags::parse(rest) {
        Ok(flags) => flags,
        Err(error) => {
            eprintln!("{}", flags::USAGE);
            return Err(error);
        }
    };
    let cache = flags.cache.clone().unwrap_or_else(|| environment.cached("bench"));
    let mut sound = true;
    let mut record = json!({ "machine": machine::describe(), "vertices": flags.vertices, "edges": flags.edges });
    println!("{}\n", machine::sentence());
    if flags.does(Part::Store) {
        store(&flags)?;
    }
    if [Part::Load, Part::Query, Part::Cancel].into_iter().any(|part| flags.does(part)) {
        let binary = match &flags.binary {
            Some(binary) => binary.clone(),
            None => environment.build_optimised(&flags.profile)?,
        };
        let scratch = cache.join("scratch");
        // What an interrupted bench left behind.
        if scratch.exists() {
            fs::remove_dir_all(&scratch).with_context(|| format!("emptying {}", scratch.display()))?;
        }
        fs::create_dir_all(&scratch).with_context(|| format!("making {}", scratch.display()))?;
        let scripts = environment.root.join("xtask/src/bench");
        let python = environment.python_with("bench-python", "xtask/src/bench/requirements.txt")?;
        let bench = Bench { flags, binary, python, scripts, scratch };
        let graph = Graph::make(&bench.binary, &cache.join("graphs"), bench.flags.vertices, bench.flags.edges)?;
        if bench.flags.does(Part::Load) {
            for contestants in bench.races() {
                sound &= load::race(&bench, &graph, &contestants, &mut record)?;
            }
        }
        if bench.flags.does(Part::Query) {
            sound &= query::run(&bench, &graph, &mut record)?;
        }
        if bench.flags.does(Part::Cancel) {
            sound &= cancel::run(&bench, &graph, &mut record)?;
        }
        return finish(bench.flags.json.as_deref(), &record, sound);
    }
    finish(flags.json.as_deref(), &record, sound)
}

fn finish(json: Option<&Path>, record: &Value, sound: bool) -> Result<bool> {
    if let Some(path) = json {
        fs::write(path, format!("{record:#}\n")).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(sound)
}

impl Bench {
    /// Who runs against whom: the property-graph stores on CSV, the RDF stores on N-Triples, we first in both. Without
    /// any peer we run both alone.
    fn races(&self) -> Vec<Vec<Contestant>> {
        let peers = &self.flags.peers;
        [Contestant::HalimedeCsv, Contestant::HalimedeNTriples]
            .into_iter()
            .map(|own| {
                let rivals = peers.iter().copied().filter(move |peer| peer.races() && peer.is_rdf() == own.is_rdf());
                [own].into_iter().chain(rivals).collect::<Vec<_>>()
            })
            .filter(|race| race.len() > 1 || peers.is_empty())
            .collect()
    }
}

/// The benches of the store alone. They print their own tables.
fn store(flags: &Flags) -> Result<()> {
    Command::cargo(&["bench", "--locked", "--package", "halimede-store"])
        .env("HALIMEDE_BENCH_VERTICES", flags.vertices.to_string())
        .env("HALIMEDE_BENCH_EDGES", flags.edges.to_string())
        .run_or_fail()
}
