//! The plan of a SELECT as a table: the frame is the service's, the steps are those of the evaluator.
//!
//! **Source**: spec/sparql.md §5.

use std::time::Duration;

use exec::fault;
use exec::table::{self, Form, Table};
use model::Dataset;
use sparql::{Plan, Query};

use super::protocol::Depth;
use crate::door::Door;
use crate::exception::Failure;
use crate::stream::Sink;
use crate::watch::Watch;

/// What is not said.
const NOTHING: &str = "-";

/// Explains a query, having run it unless that was not asked for.
pub(super) fn answer(
    door: &Door,
    (query, text): (&Query, &str),
    (depth, form): (Depth, Form),
    sink: &mut Sink,
    watch: &Watch,
) -> Result<(), Failure> {
    let runs = depth != Depth::Static;
    let plan = query.explain(&door.store.snapshot(Dataset::Rdf), runs, &watch.token)?;
    let text = (depth == Depth::Details).then_some(text);
    sink.set_media_type(form.media_type());
    table::write(sink, form, text, &[steps(&plan, runs)]).map_err(fault::Error::from)?;
    Ok(())
}

/// The steps, between the one that gives the first row and the one that makes ids terms.
fn steps(plan: &Plan, runs: bool) -> Table {
    let mut table = Table::new(None, runs);
    let mut row = |id: usize, next: Option<usize>, what: [&str; 3], numbers: (u64, u64, Duration)| {
        let next = next.map_or_else(|| NOTHING.to_owned(), |next| next.to_string());
        table.row(id, next, what.map(str::to_owned), runs.then_some(numbers));
    };
    row(0, Some(1), ["SolutionInjection", "solutions=[{}]", NOTHING], (0, 1, Duration::ZERO));
    let last = plan.steps.len() + 1;
    for (place, step) in plan.steps.iter().enumerate() {
        let inputs = plan.steps.iter().filter(|input| input.output == Some(place));
        let (given, below) = inputs.fold((0, Duration::ZERO), |(rows, took), of| (rows + of.rows, took + of.took));
        let arguments = if step.arguments.is_empty() { NOTHING } else { &step.arguments };
        let next = step.output.map_or(last, |output| output + 1);
        let numbers = (given, step.rows, step.took.saturating_sub(below));
        row(place + 1, Some(next), [&step.name, arguments, NOTHING], numbers);
    }
    let names: Vec<String> = plan.columns.iter().map(|name| format!("?{name}")).collect();
    let columns = format!("vars=[{}]", names.join(", "));
    row(last, None, ["TermResolution", &columns, "id2value"], (plan.rows, plan.rows, Duration::ZERO));
    table
}
