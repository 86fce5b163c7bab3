//! The openCypher TCK against the engine: every case on a graph of its own, with its result, its side effects and its
//! errors.
//!
//! The suite lies outside the repository, in `conformance/` of the folder that `HALIMEDE_SHARED` names (else
//! `../shared` beside the workspace). `tck/failing.txt` lists what is known to fail, with reasons: what fails and is not
//! listed, and what is listed and passes, fails this test. `HALIMEDE_TCK=text` runs only cases whose name holds the text,
//! and tells all about them.

#[path = "tck/effects.rs"]
mod effects;
#[path = "tck/gherkin.rs"]
mod gherkin;
#[path = "tck/notation.rs"]
mod notation;
#[path = "tck/procedures.rs"]
mod procedures;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use cypher::{Procedures, Query};
use effects::Elements;
use exec::batch::Slot;
use exec::context::{Clock, Context};
use exec::memory::Memory;
use exec::temporal::Instant;
use exec::{Map, Value, fault};
use gherkin::{Case, Step};
use model::Dataset;
use notation::Lists;
use store::{CancelToken, Options, Store, Transaction};

/// Bytes that a case may hold.
const MEMORY: u64 = 256 << 20;

/// The folder of the suite, if it is there.
fn suite() -> Option<PathBuf> {
    let shared = std::env::var_os("HALIMEDE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let root = shared.join("conformance/opencypher-tck");
    root.is_dir().then_some(root)
}

#[test]
fn the_engine_does_what_the_suite_says() {
    let Some(root) = suite() else {
        println!("skipped: the openCypher TCK is not here (set HALIMEDE_SHARED)");
        return;
    };
    // Expressions are walked by recursion, and those of the suite are not the deepest.
    let run = std::thread::Builder::new().stack_size(64 << 20).spawn(move || run_all(&root)).expect("a thread");
    if let Err(panic) = run.join() {
        std::panic::resume_unwind(panic);
    }
}

fn run_all(root: &Path) {
    let directory = tempfile::tempdir().expect("a folder can be made");
    let options = Options { create: true, memory: 256 << 20, ..Options::default() };
    let store = Store::open(directory.path(), options).expect("a store can be made");
    let only = std::env::var("HALIMEDE_TCK").ok();
    let known = known_failures();
    let (mut passed, mut skipped) = (0, 0);
    let mut failed = BTreeMap::new();
    for case in gherkin::cases(&root.join("features")) {
        if only.as_ref().is_some_and(|only| !case.name.contains(only.as_str())) {
            continue;
        }
        if case.is_ignored {
            skipped += 1;
            continue;
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| run(&case, &store, root)))
            .unwrap_or_else(|panic| Err(format!("PANIC: {}", panic_text(&panic))));
        match outcome {
            Ok(()) => passed += 1,
            Err(why) => {
                failed.insert(case.name.clone(), why);
            }
        }
    }
    println!("openCypher TCK: {passed} passed, {} failed, {skipped} skipped", failed.len());
    if only.is_some() {
        println!("{}", report(&failed));
        return;
    }
    if let Some(path) = std::env::var_os("HALIMEDE_TCK_REPORT") {
        std::fs::write(path, report(&failed)).expect("the report can be written");
    }
    let new: Vec<String> = failed
        .iter()
        .filter(|(name, _)| !known.contains_key(name.as_str()))
        .map(|(name, why)| format!("--- {name}\n{why}"))
        .collect();
    let mended: Vec<&str> = known.keys().filter(|name| !failed.contains_key(**name)).copied().collect();
    assert!(new.is_empty(), "{} cases fail that are not listed in tck/failing.txt:\n{}", new.len(), new.join("\n"));
    assert!(mended.is_empty(), "these cases pass and are listed in tck/failing.txt:\n{}", mended.join("\n"));
}

fn report(failed: &BTreeMap<String, String>) -> String {
    let cases: Vec<String> = failed.iter().map(|(name, why)| format!("--- {name}\n{why}\n")).collect();
    cases.concat()
}

/// The cases that are known to fail, with the reason of each.
fn known_failures() -> BTreeMap<&'static str, &'static str> {
    let lines = include_str!("tck/failing.txt").lines();
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once(" -- ").unwrap_or_else(|| panic!("no reason in `{line}`"))).collect()
}

fn panic_text(panic: &Box<dyn std::any::Any + Send>) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no message").to_owned()
}

/// A moment that stands still, and numbers that are not chosen by chance.
struct Fixed(std::cell::Cell<u64>);

impl Clock for Fixed {
    fn transaction(&self) -> Instant {
        Instant::new(1_700_000_000, 0).expect("it is within range")
    }

    fn statement(&self) -> Instant {
        self.transaction()
    }

    fn realtime(&self) -> Instant {
        self.transaction()
    }

    fn random(&self) -> u64 {
        let next = self.0.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0.set(next);
        next ^ (next >> 29)
    }
}

/// Why a query failed.
enum Failure {
    Compile(cypher::Error),
    Run(fault::Error),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Compile(error) => {
                write!(f, "at compile time: {error} [{}: {}]", error.kind.class(), error.kind.name())
            }
            Self::Run(error) => write!(f, "at runtime: {error} {:?}", error.names()),
        }
    }
}

/// What a query gave: its columns, and the rows in both forms of their values.
struct Answer {
    columns: Vec<String>,
    ordered: Vec<Vec<String>>,
    unordered: Vec<Vec<String>>,
}

struct Session<'s> {
    transaction: Option<Transaction>,
    clock: &'s Fixed,
    procedures: Procedures,
    parameters: Map,
}

impl Session<'_> {
    fn execute(&mut self, text: &str) -> Result<Answer, Failure> {
        let query = Query::parse_with(text, &self.procedures).map_err(Failure::Compile)?;
        let mut transaction = self.transaction.take().expect("it is given back");
        let prepared = match query.prepare(&self.parameters, &transaction.snapshot()) {
            Ok(prepared) => prepared,
            Err(error) => {
                self.transaction = Some(transaction);
                return Err(Failure::Compile(error));
            }
        };
        let context = Context::writing(transaction, CancelToken::new(), Memory::new(MEMORY), self.clock);
        let columns: Vec<String> = query.columns().iter().map(|column| column.name.to_string()).collect();
        let answer = rows(&prepared, columns, &context);
        self.transaction = context.into_transaction();
        answer.map_err(Failure::Run)
    }

    fn elements(&mut self) -> Elements {
        Elements::of(&self.transaction.as_mut().expect("it is given back").snapshot())
    }
}

fn rows(prepared: &cypher::Prepared, columns: Vec<String>, context: &Context<'_>) -> fault::Result<Answer> {
    let (mut ordered, mut unordered) = (Vec::new(), Vec::new());
    let mut rows = prepared.rows(context);
    while let Some(batch) = rows.next_batch()? {
        for row in 0..batch.len() {
            let text = |lists| {
                (0..columns.len() as u32)
                    .map(|place| notation::found(&batch.column(Slot(place)).value(row, context)?, context, lists))
                    .collect::<fault::Result<_>>()
            };
            ordered.push(text(Lists::Ordered)?);
            unordered.push(text(Lists::Unordered)?);
        }
    }
    Ok(Answer { columns, ordered, unordered })
}

fn run(case: &Case, store: &Store, root: &Path) -> Result<(), String> {
    let clock = Fixed(std::cell::Cell::new(1));
    let transaction = Some(store.begin(Dataset::Pg));
    let procedures = procedures::of(case);
    let mut session = Session { transaction, clock: &clock, procedures, parameters: Map::default() };
    let mut answer: Option<Result<Answer, Failure>> = None;
    let mut before = Elements::default();
    for step in &case.steps {
        let text = step.text.as_str();
        if text == "an empty graph" || text == "any graph" || text.starts_with("there exists a procedure") {
            // Done before the first step.
        } else if let Some(name) = text.strip_prefix("the ").and_then(|rest| rest.strip_suffix(" graph")) {
            let path = root.join(format!("graphs/{name}/{name}.cypher"));
            let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            session.execute(&text).map_err(|failure| format!("the graph: {failure}"))?;
        } else if text == "having executed:" {
            let text = step.doc.as_deref().unwrap_or_default();
            session.execute(text).map_err(|failure| format!("the set-up: {failure}\n{text}"))?;
        } else if text == "parameters are:" {
            session.parameters = parameters(step, &mut session)?;
        } else if text == "executing query:" || text == "executing control query:" {
            before = session.elements();
            answer = Some(session.execute(step.doc.as_deref().unwrap_or_default()));
        } else {
            let answer = answer.as_ref().ok_or("nothing was executed")?;
            check(step, answer, &before, &mut session).map_err(|why| {
                let query = case.steps.iter().filter_map(|step| step.doc.as_deref()).collect::<Vec<_>>().join("\n;\n");
                format!("{text}: {why}\n{query}")
            })?;
        }
    }
    Ok(())
}

fn parameters(step: &Step, session: &mut Session<'_>) -> Result<Map, String> {
    let mut entries: Vec<(std::sync::Arc<str>, Value)> = Vec::new();
    for row in &step.table {
        let [name, value] = row.as_slice() else { return Err("a parameter has a name and a value".to_owned()) };
        entries.push((name.as_str().into(), literal(value, session)?));
    }
    Map::new(entries).map_err(|error| error.to_string())
}

/// The value that a literal of the suite stands for.
fn literal(text: &str, session: &mut Session<'_>) -> Result<Value, String> {
    let text = text.replace("NaN", "(0.0 / 0.0)");
    let query = Query::parse(&format!("RETURN {text}")).map_err(|error| format!("{text}: {error}"))?;
    let mut transaction = session.transaction.take().expect("it is given back");
    let prepared = query.prepare(&Map::default(), &transaction.snapshot()).map_err(|error| error.to_string());
    let context = Context::writing(transaction, CancelToken::new(), Memory::new(MEMORY), session.clock);
    let value = prepared.and_then(|prepared| {
        let batch = prepared.rows(&context).next_batch().map_err(|error| error.to_string())?.ok_or("no row")?;
        batch.column(Slot(0)).value(0, &context).map_err(|error| error.to_string())
    });
    session.transaction = context.into_transaction();
    value
}

fn check(
    step: &Step,
    answer: &Result<Answer, Failure>,
    before: &Elements,
    session: &mut Session<'_>,
) -> Result<(), String> {
    let text = step.text.as_str();
    if let Some((error, detail)) = text.split_once(": ").filter(|(error, _)| error.contains(" should be raised at ")) {
        return check_error(error, detail, answer);
    }
    let answer = answer.as_ref().map_err(|failure| format!("it failed {failure}"))?;
    match text {
        "no side effects" => check_effects(&BTreeMap::<&str, usize>::new(), before, session),
        "the side effects should be:" => {
            let row = |row: &Vec<String>| (row[0].clone(), row[1].parse::<usize>().expect("a number"));
            let expected: BTreeMap<String, usize> =
                step.table.iter().map(row).filter(|(_, count)| *count > 0).collect();
            check_effects(&expected, before, session)
        }
        "the result should be empty" if answer.ordered.is_empty() => Ok(()),
        "the result should be empty" => Err(format!("found {:?}", answer.ordered)),
        _ if text.starts_with("the result should be") => check_rows(step, answer),
        _ => Err("this step is not known".to_owned()),
    }
}

fn check_error(error: &str, detail: &str, answer: &Result<Answer, Failure>) -> Result<(), String> {
    let (class, phase) = error.split_once(" should be raised at ").unwrap_or_default();
    let class = class.rsplit(' ').next().unwrap_or_default();
    let failure = match answer {
        Ok(answer) => return Err(format!("it gave {:?}", answer.ordered)),
        Err(failure) => failure,
    };
    let (found_phase, names) = match failure {
        Failure::Compile(error) => ("compile time", Some((error.kind.class(), error.kind.name()))),
        Failure::Run(error) => ("runtime", error.names()),
    };
    let right_phase = phase == "any time" || phase == found_phase;
    let right_name =
        names.is_some_and(|(found, found_detail)| found == class && (detail == "*" || found_detail == detail));
    if right_phase && right_name { Ok(()) } else { Err(format!("it failed {failure}")) }
}

fn check_effects<K: AsRef<str> + Ord>(
    expected: &BTreeMap<K, usize>,
    before: &Elements,
    session: &mut Session<'_>,
) -> Result<(), String> {
    let found = before.changes(&session.elements());
    let same = found.len() == expected.len()
        && found
            .iter()
            .zip(expected)
            .all(|((name, count), (other, expected))| *name == other.as_ref() && count == expected);
    if same { Ok(()) } else { Err(format!("found {found:?}")) }
}

fn check_rows(step: &Step, answer: &Answer) -> Result<(), String> {
    let (columns, rows) = step.table.split_first().ok_or("there is no table")?;
    let ignoring = step.text.contains("ignoring element order for lists");
    let lists = if ignoring { Lists::Unordered } else { Lists::Ordered };
    let expected: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| notation::expected(cell, lists)).collect()).collect();
    let mut found = if ignoring { answer.unordered.clone() } else { answer.ordered.clone() };
    let mut names = answer.columns.clone();
    // In which order `*` gives variables is not said: columns are compared by name.
    if names != *columns {
        let order: Option<Vec<usize>> =
            columns.iter().map(|name| names.iter().position(|other| other == name)).collect();
        let Some(order) = order.filter(|order| order.len() == names.len()) else {
            return Err(format!("the columns are {names:?}"));
        };
        found = found.iter().map(|row| order.iter().map(|place| row[*place].clone()).collect()).collect();
        names.clone_from(columns);
    }
    let mut expected = expected;
    if !step.text.contains("in order") {
        expected.sort();
        found.sort();
    }
    if expected == found { Ok(()) } else { Err(format!("found {found:?},\nexpected {expected:?}")) }
}
