//! The openCypher TCK as far as its texts go: what must parse, and what must not.
//!
//! The suite lies outside the repository, in `conformance/` of the folder that `HALIMEDE_SHARED` names (else
//! `../shared` beside the workspace). Every query of a case that does not expect an error at compile time must parse,
//! and be the same tree again after printing; names and types must be found in order. Where an error is expected before
//! anything is run, the parser or the binder must raise it, with the class and the detail that the suite names.

#[path = "tck/gherkin.rs"]
mod gherkin;
#[path = "tck/procedures.rs"]
mod procedures;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cypher::Procedures;
use gherkin::{Case, Step};

/// The folder of the suite, if it is there.
fn suite() -> Option<PathBuf> {
    let shared = std::env::var_os("HALIMEDE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let root = shared.join("conformance/opencypher-tck");
    root.is_dir().then_some(root)
}

/// The error that a case expects before anything is run: its class and its detail.
fn expected_error(case: &Case) -> Option<(&str, &str)> {
    case.steps.iter().find_map(|step| {
        let (class, rest) = step.text.strip_prefix('a')?.trim_start_matches('n').trim_start().split_once(' ')?;
        let detail = rest.strip_prefix("should be raised at compile time: ")?;
        Some((class, detail))
    })
}

/// The queries of a case: those that prepare it, the one under test, and those that look at what it did.
fn queries(case: &Case) -> impl Iterator<Item = (&Step, &str)> {
    case.steps.iter().filter_map(|step| {
        let is_query =
            matches!(step.text.as_str(), "executing query:" | "having executed:" | "executing control query:");
        step.doc.as_deref().filter(|_| is_query).map(|text| (step, text))
    })
}

/// What is wrong with the parser's view of a text that is in order.
fn accepts(text: &str) -> Result<(), String> {
    let parsed = cypher::parse(text).map_err(|error| format!("refused: {error}"))?;
    let printed = parsed.statement.to_string();
    let again = cypher::parse(&printed).map_err(|error| format!("printed as {printed}, and refused: {error}"))?;
    if again.statement != parsed.statement {
        return Err(format!("printed as {printed}, and read as {}", again.statement));
    }
    Ok(())
}

/// The error that a text raises before it is run.
fn error(text: &str, procedures: &Procedures) -> Option<cypher::Error> {
    cypher::parse(text).and_then(|parsed| cypher::bind(&parsed, procedures)).err()
}

/// The columns of the table of results that a case expects.
fn expected_columns(case: &Case) -> Option<&[String]> {
    let step = case.steps.iter().find(|step| step.text.starts_with("the result should be, in"))?;
    step.table.first().map(Vec::as_slice)
}

#[test]
fn what_is_in_order_is_taken_and_what_is_not_gets_its_name() {
    let Some(root) = suite() else {
        println!("skipped: the openCypher TCK is not here (set HALIMEDE_SHARED)");
        return;
    };
    let (mut cases, mut texts) = (0, 0);
    let mut refused: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut surprises = Vec::new();
    let all = gherkin::cases(&root.join("features"));
    for case in all.iter().filter(|case| !case.is_ignored) {
        cases += 1;
        let expected = expected_error(case).filter(|(_, detail)| !NEED_VALUES.contains(detail));
        let procedures = procedures::of(case);
        for (step, text) in queries(case) {
            texts += 1;
            let expected = expected.filter(|_| step.text == "executing query:");
            if cypher::parse(text).is_ok() || expected.is_none() {
                surprises.extend(accepts(text).err().map(|reason| format!("{}: {reason}\n{text}", case.name)));
            }
            if let Some((_, detail)) = expected {
                let (by_parser, of) = refused.entry(detail).or_default();
                *by_parser += usize::from(cypher::parse(text).is_err());
                *of += 1;
            }
            let found = error(text, &procedures);
            let names = found.as_ref().map(|error| (error.kind.class(), error.kind.name()));
            // What may be raised at any time may be raised now.
            if names != expected && !may_fail_now(case, names) {
                let found = found.map_or("it is taken for right".to_owned(), |error| error.to_string());
                surprises.push(format!("{}: {found}, expected {expected:?}\n{text}", case.name));
            }
        }
        check_columns(case, &procedures, &mut surprises);
    }
    for graph in ["binary-tree-1", "binary-tree-2"] {
        let text = std::fs::read_to_string(root.join(format!("graphs/{graph}/{graph}.cypher"))).unwrap();
        texts += 1;
        surprises.extend(accepts(&text).err().map(|reason| format!("{graph}: {reason}")));
        surprises.extend(error(&text, &Procedures::default()).map(|error| format!("{graph}: {error}")));
    }
    println!("{cases} cases with {texts} texts");
    for (detail, (by_parser, of)) in &refused {
        println!("{detail}: {of} expected and raised, {by_parser} of them by the parser");
    }
    assert!(surprises.is_empty(), "{} surprises\n{}", surprises.len(), surprises.join("\n"));
    assert_eq!(all.len(), 3237, "an outline is not expanded as it should be");
}

/// Errors that the suite expects before anything is run, and that need the values of parameters.
const NEED_VALUES: [&str; 1] = ["MissingParameter"];

fn may_fail_now(case: &Case, found: Option<(&str, &str)>) -> bool {
    case.steps.iter().any(|step| match step.text.split_once(" should be raised at any time: ") {
        Some((class, detail)) => found.is_none_or(|(found_class, found_detail)| {
            class.ends_with(found_class) && (detail == "*" || detail == found_detail)
        }),
        None => false,
    })
}

/// The binder names the columns that the suite expects.
fn check_columns(case: &Case, procedures: &Procedures, surprises: &mut Vec<String>) {
    let Some(expected) = expected_columns(case) else { return };
    // The last query is the one that the table is about.
    let Some((_, text)) = queries(case).last() else { return };
    let Ok(bound) = cypher::parse(text).and_then(|parsed| cypher::bind(&parsed, procedures)) else { return };
    let mut names: Vec<&str> = bound.columns.iter().map(|column| &*column.name).collect();
    let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    if text.contains('*') {
        // In which order `*` gives variables is the planner's to decide.
        names.sort_unstable();
        expected.sort_unstable();
    }
    if names != expected {
        surprises.push(format!("{}: the columns are {names:?}, expected {expected:?}\n{text}", case.name));
    }
}
