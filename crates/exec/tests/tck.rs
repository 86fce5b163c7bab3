//! The openCypher TCK, as far as values alone can answer it: scenarios of one query over literals, without a graph.
//!
//! There is no query engine here. A small reader of expressions (`tck/expression.rs`) takes what it can of the scenarios
//! in `../shared/conformance/opencypher-tck`; what needs clauses, a graph or a compile-time check is left to those who
//! have them. Every scenario that is taken must hold.

#[path = "tck/expression.rs"]
mod expression;
#[path = "tck/functions.rs"]
mod functions;
#[path = "tck/gherkin.rs"]
mod gherkin;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use exec::{EvalError, Kind, Value};
use expression::{Bindings, Failure};
use gherkin::Case;

/// What came of one case.
enum Outcome {
    Holds,
    /// The reader of expressions does not know the query.
    NotTaken,
    Fails(String),
}

/// The folder of the feature files; `None` where there is none.
fn features() -> Option<PathBuf> {
    let shared = std::env::var_os("HALIMEDE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let folder = shared.join("conformance/opencypher-tck/features");
    folder.is_dir().then_some(folder)
}

#[test]
fn scenarios_over_values_hold() {
    let Some(folder) = features() else {
        println!("skipped: ../shared/conformance/opencypher-tck is absent");
        return;
    };
    let mut failures = Vec::new();
    let mut taken: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for case in gherkin::read_folder(&folder) {
        let (holds, all) = taken.entry(case.group.clone()).or_default();
        *all += 1;
        match run(&case) {
            Outcome::Holds => *holds += 1,
            Outcome::NotTaken => {}
            Outcome::Fails(why) => failures.push(format!("{case}: {why}")),
        }
    }
    for (group, (holds, all)) in &taken {
        println!("{group}: {holds} of {all} hold");
    }
    let holding: usize = taken.values().map(|(holds, _)| holds).sum();
    println!("{holding} hold, {} fail", failures.len());
    assert!(failures.is_empty(), "{} cases fail:\n{}", failures.len(), failures.join("\n"));
    // Two in three of them are temporal: all but those that read the graph.
    assert!(holding >= 1_000, "only {holding} cases were taken: has the reader of expressions forgotten something?");
}

fn run(case: &Case) -> Outcome {
    let Some(query) = case.only_query() else {
        return Outcome::NotTaken;
    };
    let mut parameters = Bindings::new();
    for row in case.parameters() {
        let [name, text] = &row[..] else { return Outcome::NotTaken };
        let Ok(value) = expression::value(text) else { return Outcome::NotTaken };
        parameters.insert(format!("${name}"), value);
    }
    let answer = match expression::query(query, parameters) {
        Ok(row) => Ok(row),
        Err(Failure::Unknown) => return Outcome::NotTaken,
        Err(Failure::Eval(error)) => Err(error),
    };
    if let Some(expected) = case.expected_error() {
        return match answer {
            Err(error) => error_outcome(expected, &error),
            // What is refused when a query is compiled is not ours to refuse.
            Ok(_) if expected.contains("compile time") => Outcome::NotTaken,
            Ok(row) => Outcome::Fails(format!("{row:?} instead of {expected}")),
        };
    }
    let Some((table, ignores_order)) = case.expected_rows() else {
        return Outcome::NotTaken;
    };
    let ([_, cells], Ok(row)) = (table, &answer) else {
        return match answer {
            Err(error) => Outcome::Fails(error.to_string()),
            Ok(_) => Outcome::NotTaken,
        };
    };
    for (cell, found) in cells.iter().zip(row) {
        let Ok(expected) = expression::value(cell) else {
            return Outcome::NotTaken;
        };
        if !same(&expected, found, ignores_order) {
            return Outcome::Fails(format!("{found} instead of {cell}"));
        }
    }
    Outcome::Holds
}

fn error_outcome(expected: &str, error: &EvalError) -> Outcome {
    let (class, detail) = error.names();
    let Some((phase, name)) = expected.split_once(": ") else {
        return Outcome::NotTaken;
    };
    let is_class = phase.contains(&format!("a {} ", class.name())) || phase.contains("SyntaxError");
    if is_class && (name == "*" || name == detail) {
        Outcome::Holds
    } else {
        Outcome::Fails(format!("{}: {detail} ({error}) instead of {expected}", class.name()))
    }
}

/// Whether a value is the one that a table names: of the same type, and a temporal one by its text.
fn same(expected: &Value, found: &Value, ignores_order: bool) -> bool {
    match (expected, found) {
        (Value::List(expected), Value::List(found)) => {
            let mut found = found.to_vec();
            let mut expected = expected.to_vec();
            if ignores_order {
                found.sort_by(exec::order::compare);
                expected.sort_by(exec::order::compare);
            }
            expected.len() == found.len()
                && expected.iter().zip(&found).all(|(expected, found)| same(expected, found, ignores_order))
        }
        (Value::Map(expected), Value::Map(found)) => {
            expected.len() == found.len()
                && expected
                    .iter_by_key()
                    .zip(found.iter_by_key())
                    .all(|(expected, found)| expected.0 == found.0 && same(&expected.1, &found.1, ignores_order))
        }
        (Value::String(_), found) if is_temporal(found.kind()) => expected.to_string() == found.to_string(),
        _ => expected.kind() == found.kind() && expected == found,
    }
}

fn is_temporal(kind: Kind) -> bool {
    matches!(kind, Kind::Date | Kind::LocalTime | Kind::Time | Kind::LocalDateTime | Kind::DateTime | Kind::Duration)
}
