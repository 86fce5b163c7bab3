//! The openCypher TCK as far as values alone can answer it: queries of UNWIND, WITH and RETURN over literals and
//! parameters, without a graph and without aggregates.
//!
//! `values/rows.rs` is as much of an engine as that takes. What needs more is left to the engine, and counted here; what
//! is taken must hold. The suite lies outside the repository, in `conformance/` of the folder that `HALIMEDE_SHARED` names
//! (else `../shared` beside the workspace).

#[path = "tck/gherkin.rs"]
mod gherkin;
#[path = "values/rows.rs"]
mod rows;

use std::path::{Path, PathBuf};

use cypher::evaluate::Error;
use exec::{EvalError, Kind, Map, Value};
use gherkin::{Case, Step};
use rows::Failure;

/// Fewer cases than this would mean that something is no longer taken.
const LEAST: usize = 1_800;

/// What came of one case.
enum Outcome {
    Holds,
    /// It needs more than values.
    NotTaken,
    Fails(String),
}

fn suite() -> Option<PathBuf> {
    let shared = std::env::var_os("HALIMEDE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let root = shared.join("conformance/opencypher-tck");
    root.is_dir().then_some(root)
}

#[test]
fn what_values_can_answer_is_answered_as_the_suite_says() {
    let Some(root) = suite() else {
        println!("skipped: the openCypher TCK is not here (set HALIMEDE_SHARED)");
        return;
    };
    let (mut held, mut all) = (0, 0);
    let mut failures = Vec::new();
    for case in gherkin::cases(&root.join("features")) {
        if case.is_ignored {
            continue;
        }
        all += 1;
        match run(&case) {
            Outcome::Holds => held += 1,
            Outcome::NotTaken => {}
            Outcome::Fails(why) => failures.push(format!("{}: {why}", case.name)),
        }
    }
    println!("of {all} cases {held} hold, {} fail, the others need more than values", failures.len());
    assert!(failures.is_empty(), "{} fail:\n{}", failures.len(), failures.join("\n"));
    assert!(held >= LEAST, "only {held} hold");
}

#[test]
fn the_highest_expressions_are_computed_on_an_ordinary_stack() {
    // The thread of a test has two megabytes, as any other has.
    for (open, middle, close) in [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{a: ", "1", "}"),
        ("NOT ", "true", ""),
        ("- ", "1.5", ""),
        ("abs(", "1", ")"),
        ("CASE WHEN ", "true", " THEN true END"),
        ("[x IN ", "[1]", " WHERE true | x]"),
        ("[x IN [1] | ", "x", "]"),
        ("all(x IN [1] WHERE ", "true", ")"),
        ("reduce(x = 0, y IN [1] | ", "x", ")"),
        ("true AND (", "true", ")"),
        ("1 < (", "1", ")"),
        ("1 + ", "1", ""),
        ("", "{}", ".b"),
        ("", "[]", "[0]"),
        ("", "[]", "[0..]"),
        ("", "1", " IS NULL"),
    ] {
        let text = |depth: usize| format!("RETURN {}{middle}{} AS x", open.repeat(depth), close.repeat(depth));
        let depths: Vec<usize> = (1..=cypher::MAX_HEIGHT as usize).collect();
        let highest = depths.partition_point(|depth| cypher::parse(&text(*depth)).is_ok());
        // Lists may be too deep for a value; then that is the answer.
        let answer = rows::run(&text(highest), &Map::default());
        assert!(
            matches!(answer, Ok(_) | Err(Failure::Evaluation(Error::Eval(_)))),
            "{open}{middle}{close}: {answer:?}"
        );
    }
}

fn run(case: &Case) -> Outcome {
    let step = |text: &str| case.steps.iter().find(|step| step.text.starts_with(text));
    if step("having executed").is_some() || step("executing control query").is_some() {
        return Outcome::NotTaken;
    }
    let Some(query) = step("executing query").and_then(|step| step.doc.as_deref()) else {
        return Outcome::NotTaken;
    };
    let Some(parameters) = step("parameters are").map_or(Some(Map::default()), parameters) else {
        return Outcome::NotTaken;
    };
    let expected_error = case.steps.iter().find(|step| step.text.contains(" should be raised at "));
    let rows = match rows::run(query, &parameters) {
        Ok(rows) => rows,
        Err(Failure::NeedsMore) => return Outcome::NotTaken,
        Err(Failure::Evaluation(Error::Eval(error))) => {
            return match expected_error {
                Some(step) => compare_error(&step.text, &error),
                None => Outcome::Fails(error.to_string()),
            };
        }
        Err(Failure::Evaluation(other)) => {
            // Missing parameters, undefined variables and the like are found before a query runs.
            return match expected_error {
                Some(_) => Outcome::NotTaken,
                None => Outcome::Fails(other.to_string()),
            };
        }
    };
    if let Some(step) = expected_error {
        return if step.text.contains("compile time") {
            Outcome::NotTaken
        } else {
            Outcome::Fails(format!("{rows:?} instead of {}", step.text))
        };
    }
    match step("the result should be") {
        Some(expected) => compare_rows(expected, rows),
        None => Outcome::NotTaken,
    }
}

fn parameters(step: &Step) -> Option<Map> {
    let entries: Option<Vec<_>> = step
        .table
        .iter()
        .map(|row| match &row[..] {
            [name, text] => Some((name.as_str().into(), rows::cell(text)?)),
            _ => None,
        })
        .collect();
    Map::new(entries?).ok()
}

fn compare_error(expected: &str, error: &EvalError) -> Outcome {
    let (class, detail) = error.names();
    let Some((phase, name)) = expected.split_once(": ") else { return Outcome::NotTaken };
    // What is known to be wrong at compile time goes wrong here too, under the same detail.
    let is_class = phase.contains(class.name()) || phase.contains("compile time");
    if is_class && (name == "*" || name == detail) {
        Outcome::Holds
    } else {
        Outcome::Fails(format!("{}: {detail} ({error}) instead of {expected}", class.name()))
    }
}

fn compare_rows(step: &Step, mut found: Vec<Vec<Value>>) -> Outcome {
    let Some((_, cells)) = step.table.split_first() else { return Outcome::NotTaken };
    let Some(mut expected) = cells
        .iter()
        .map(|row| row.iter().map(|cell| rows::cell(cell)).collect::<Option<Vec<_>>>())
        .collect::<Option<Vec<_>>>()
    else {
        return Outcome::NotTaken;
    };
    let ignores_lists = step.text.contains("ignoring element order");
    if ignores_lists {
        found.iter_mut().chain(&mut expected).flatten().for_each(|value| *value = sorted(value));
    }
    let texts = |rows: &[Vec<Value>]| rows.iter().map(|row| row.iter().map(text).collect()).collect();
    let (mut found, mut expected): (Vec<Vec<String>>, Vec<Vec<String>>) = (texts(&found), texts(&expected));
    if !step.text.contains("in order") {
        found.sort();
        expected.sort();
    }
    if found == expected { Outcome::Holds } else { Outcome::Fails(format!("{found:?} instead of {expected:?}")) }
}

/// A list in one order.
fn sorted(value: &Value) -> Value {
    let Value::List(list) = value else { return value.clone() };
    let mut items: Vec<Value> = list.iter().map(sorted).collect();
    items.sort_by(exec::order::compare);
    Value::list(items).expect("as deep as before")
}

/// A value as the suite writes it, members of maps by key. It tells types apart, but for temporal values, which the suite
/// writes as strings.
fn text(value: &Value) -> String {
    match value {
        Value::List(list) => format!("[{}]", list.iter().map(text).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => {
            let members = map.iter_by_key().map(|(key, value)| format!("{key}: {}", text(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        // The suite does not tell the zeros apart.
        Value::Float(zero) if *zero == 0.0 && value.kind() == Kind::Float => "0.0".to_owned(),
        other => other.to_string(),
    }
}
