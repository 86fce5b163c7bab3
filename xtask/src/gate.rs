//! The gate: its steps in order, from the cheap to the dear, and the sum of what their runners counted.
//!
//! A failing step does not stop the ones after it, so that one run shows everything that is wrong; only what cannot
//! make sense without an earlier step (wire tests without a server) is left out.

use std::time::Instant;

use anyhow::Result;

use crate::{
    environment::Environment,
    policy,
    runner::{Command, Outcome},
    tally::Tally,
    tidy,
};

/// One step of the gate.
pub(crate) struct Step {
    /// What it is called on the command line and in the report.
    pub(crate) name: &'static str,
    /// One line for the usage text.
    pub(crate) purpose: &'static str,
    action: fn(&Environment, &[String]) -> Result<Outcome>,
}

/// Every step of the gate, in the order in which it runs.
pub(crate) const STEPS: &[Step] = &[
    Step { name: "fmt", purpose: "formatting", action: fmt },
    Step { name: "tidy", purpose: "what lints cannot see: headings, the map, arrows, stray paths", action: tidy },
    Step { name: "policy", purpose: "licences, sources, duplicates and reasons of dependencies", action: policy },
    Step { name: "clippy", purpose: "lints on all targets, warnings are errors", action: clippy },
    Step { name: "doc", purpose: "documentation without warnings", action: doc },
    Step { name: "rust", purpose: "unit, property and integration tests", action: rust },
    Step { name: "doctest", purpose: "examples in the documentation", action: doctest },
    Step {
        name: "python",
        purpose: "wire tests: boto3, AWS CLI, raw HTTP and the drivers of the other SDKs",
        action: python,
    },
    Step { name: "node", purpose: "wire tests: the JavaScript SDK", action: node },
    Step { name: "rust-sdk", purpose: "wire tests: the Rust SDK", action: rust_sdk },
];

/// Runs every step and prints the report; `false` if any failed.
pub(crate) fn run_all() -> Result<bool> {
    let environment = Environment::find()?;
    let mut report = Vec::new();
    let mut total = Tally::default();
    for step in STEPS {
        println!("\n── {}: {}", step.name, step.purpose);
        let begun = Instant::now();
        let outcome = (step.action)(&environment, &[]).unwrap_or_else(|error| {
            println!("{}: {error:#}", step.name);
            Outcome::failed()
        });
        total += outcome.tally;
        report.push((step.name, outcome.success, begun.elapsed()));
    }
    println!();
    for (name, success, spent) in &report {
        println!("{} {name:<9} {:>5} s", if *success { "ok    " } else { "FAILED" }, spent.as_secs());
    }
    // A step that counts no tests of its own (formatting, lints, policy) counts as one test.
    println!("{total}");
    Ok(report.iter().all(|(_, success, _)| *success))
}

/// Runs one step with arguments for its runner.
pub(crate) fn run_one(step: &Step, rest: &[String]) -> Result<bool> {
    Ok((step.action)(&Environment::find()?, rest)?.success)
}

fn fmt(_: &Environment, _: &[String]) -> Result<Outcome> {
    let sdk = Command::cargo(&["fmt", "--check", "--manifest-path", "tests/rust-sdk/Cargo.toml"]).run_as_one_test()?;
    let own = Command::cargo(&["fmt", "--all", "--check"]).run_as_one_test()?;
    Ok(if own.success { sdk } else { own })
}

fn tidy(environment: &Environment, _: &[String]) -> Result<Outcome> {
    Ok(Outcome::of_findings(&tidy::check(&environment.root)?))
}

fn policy(environment: &Environment, _: &[String]) -> Result<Outcome> {
    Ok(Outcome::of_findings(&policy::check(&environment.root)?))
}

fn clippy(_: &Environment, rest: &[String]) -> Result<Outcome> {
    Command::cargo(&["clippy", "--locked", "--workspace", "--all-targets", "--quiet"])
        .args(rest)
        .args(["--", "-D", "warnings"])
        .run_as_one_test()
}

fn doc(_: &Environment, rest: &[String]) -> Result<Outcome> {
    Command::cargo(&["doc", "--locked", "--workspace", "--no-deps", "--document-private-items", "--quiet"])
        .args(rest)
        .env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private-intra-doc-links")
        .run_as_one_test()
}

fn rust(_: &Environment, rest: &[String]) -> Result<Outcome> {
    let command = if Environment::has_nextest() {
        Command::cargo(&["nextest", "run", "--locked", "--workspace", "--no-fail-fast", "--status-level", "fail"])
            .args(["--final-status-level", "fail", "--color", "never"])
    } else {
        Command::cargo(&["test", "--locked", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests"])
    };
    command.args(rest).run_counting()
}

fn doctest(_: &Environment, rest: &[String]) -> Result<Outcome> {
    Command::cargo(&["test", "--locked", "--workspace", "--doc", "--quiet"]).args(rest).run_counting()
}

fn python(environment: &Environment, rest: &[String]) -> Result<Outcome> {
    let server = environment.build_server()?;
    let python = environment.python()?;
    let notebook = environment.python_with("notebook", "tests/notebook/requirements.txt")?;
    let old_driver = environment.python_with("bolt", "tests/bolt/requirements.txt")?;
    let client = environment.build_rust_sdk_client()?;
    environment.install_node_modules()?;
    Command::new(python)
        .args(["-m", "pytest", "-p", "no:cacheprovider", "--color=no", "-ra", "--durations=5", "tests/python"])
        .args(rest)
        .env("HALIMEDE_BIN", server)
        .env("HALIMEDE_RUST_CLIENT", client)
        .env("HALIMEDE_NOTEBOOK_PYTHON", notebook)
        .env("HALIMEDE_BOLT_PYTHON", old_driver)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .run_counting()
}

fn node(environment: &Environment, rest: &[String]) -> Result<Outcome> {
    let server = environment.build_server()?;
    environment.install_node_modules()?;
    Command::new("node")
        .args(["--test", "tests/js/loader.test.mjs", "tests/js/bolt.test.mjs"])
        .args(rest)
        .env("HALIMEDE_BIN", server)
        .run_counting()
}

fn rust_sdk(environment: &Environment, rest: &[String]) -> Result<Outcome> {
    let server = environment.build_server()?;
    environment.rust_sdk_cargo("test").args(rest).env("HALIMEDE_BIN", server).run_counting()
}
