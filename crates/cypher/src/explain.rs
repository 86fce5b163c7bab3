//! A plan as a table: the frame is the service's, the steps are those that are run here.
//!
//! **Source**: spec/opencypher.md §3.

use std::io;
use std::time::Duration;

use exec::context::Context;
use exec::fault;
use exec::plan::explain::{Section, Step, sections};
use exec::profile::{Measured, Profile};
pub use exec::table::Form;
use exec::table::{self, Table};

use crate::tree::Mode;
use crate::{Prepared, Query};

/// What is not said.
const NOTHING: &str = "-";

/// How much is told of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Its steps; it is not run.
    Static,
    /// And what each did.
    Dynamic,
    /// And the text of the query.
    Details,
}

impl Depth {
    /// What a prefix of the query asks for.
    pub const fn of(mode: Mode) -> Option<Self> {
        match mode {
            Mode::Run => None,
            Mode::Explain => Some(Self::Static),
            Mode::Profile => Some(Self::Dynamic),
        }
    }
}

/// Writes the plan of a query, having run it unless that was not asked for. The context must be one that measures.
///
/// # Errors
///
/// Each of [`fault::Error`].
pub fn explain(
    out: &mut impl io::Write,
    query: &Query,
    prepared: &Prepared,
    context: &Context<'_>,
    depth: Depth,
    form: Form,
) -> fault::Result {
    let mut rows = 0;
    if depth != Depth::Static {
        let mut running = prepared.rows(context);
        while let Some(batch) = running.next_batch()? {
            rows += batch.len() as u64;
        }
    }
    let profile = context.profile().filter(|_| depth != Depth::Static);
    let sections = sections(prepared.plan());
    let tables: Vec<Table> = std::iter::once(frame(query, rows, profile.is_some()))
        .chain(sections.iter().zip(1..).map(|(section, number)| steps(section, number, profile)))
        .collect();
    let text = (depth == Depth::Details).then(|| query.text());
    Ok(table::write(out, form, text, &tables)?)
}

/// What stands around the plan, as in the service: where its rows begin, and where they become values.
fn frame(query: &Query, rows: u64, measured: bool) -> Table {
    let columns: Vec<&str> = query.columns().iter().map(|column| &*column.name).collect();
    let columns = format!("vars=[{}]", columns.join(", "));
    let mut table = Table::new(None, measured);
    for (id, (name, arguments, mode, given, came)) in [
        ("SolutionInjection", "solutions=[{}]", NOTHING, 0, 1),
        ("DFESubquery", "subQuery=subQuery1", NOTHING, 1, rows),
        ("TermResolution", columns.as_str(), "id2value_opencypher", rows, rows),
    ]
    .into_iter()
    .enumerate()
    {
        let next = if id < 2 { (id + 1).to_string() } else { NOTHING.to_owned() };
        let what = [name, arguments, mode].map(str::to_owned);
        table.row(id, next, what, measured.then_some((given, came, Duration::ZERO)));
    }
    table
}

/// The steps of a plan, and the one that takes their rows.
fn steps(section: &Section<'_>, number: usize, profile: Option<&Profile>) -> Table {
    let mut table = Table::new(Some(format!("subQuery{number}")), profile.is_some());
    let of = |step: &Step<'_>| profile.map_or(Measured::default(), |profile| profile.of(step.plan));
    let drain = section.steps.len();
    for (id, step) in section.steps.iter().enumerate() {
        let inputs = step.inputs.iter().filter_map(|input| section.steps.get(*input)).map(of);
        let (given, below) = inputs.fold((0, Duration::ZERO), |(rows, took), of| (rows + of.rows, took + of.took));
        let measured = of(step);
        let arguments = if step.arguments.is_empty() { NOTHING } else { &step.arguments };
        let what = [step.name, arguments, step.mode.unwrap_or(NOTHING)].map(str::to_owned);
        let numbers = (given, measured.rows, measured.took.saturating_sub(below));
        table.row(id, step.output.unwrap_or(drain).to_string(), what, profile.map(|_| numbers));
    }
    let rows = section.steps.last().map_or(0, |last| of(last).rows);
    let what = ["DFEDrain", NOTHING, NOTHING].map(str::to_owned);
    table.row(drain, NOTHING.to_owned(), what, profile.map(|_| (rows, 0, Duration::ZERO)));
    table
}
