//! The project's own chores: the gate that everything passes before it lands, and its parts one by one.
//!
//! `cargo xtask ci` is the whole gate, the same at home and in CI. Each step can be run alone by its name
//! (`cargo xtask policy`, `cargo xtask python -k cancel`); arguments after the name go to that step's runner.

mod bench;
mod environment;
mod gate;
mod policy;
mod runner;
mod tally;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    match run(&name, &rest) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask {name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs what was asked for; `Ok(false)` when it ran and found something wrong.
fn run(name: &str, rest: &[String]) -> Result<bool> {
    if name == "ci" {
        return gate::run_all();
    }
    if name == "bench" {
        return bench::run(rest);
    }
    if let Some(step) = gate::STEPS.iter().find(|step| step.name == name) {
        return gate::run_one(step, rest);
    }
    eprintln!("cargo xtask ci                 the whole gate");
    for step in gate::STEPS {
        eprintln!("cargo xtask {:<18} {}", step.name, step.purpose);
    }
    eprintln!("cargo xtask bench              us and our peers on the same data (docs/benchmarks.md)");
    Ok(false)
}
