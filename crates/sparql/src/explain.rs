//! The plan of a query, step by step, and what each step did.

use std::time::Duration;

use exec::plan::explain::sections;
use serde_json::Value;
use spareval::QueryResults;
use store::{CancelToken, Snapshot};

use crate::dataset::View;
use crate::lower::{self, Lowered};
use crate::service::Asker;
use crate::{Error, Query, QueryKind, limits, rows};

/// A step of a plan. Steps come in the order in which rows go through them: each behind those that it takes its rows from.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it does.
    pub name: String,
    /// With what.
    pub arguments: String,
    /// The step that takes its rows; `None` for the last one.
    pub output: Option<usize>,
    /// Rows that came out of it, if the query was run.
    pub rows: u64,
    /// Time spent in it and in those before it, if the query was run.
    pub took: Duration,
}

/// A plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Its steps.
    pub steps: Vec<Step>,
    /// The columns of its rows.
    pub columns: Vec<String>,
    /// Rows that came out of it, if the query was run.
    pub rows: u64,
}

impl Query {
    /// The plan of a SELECT, which is also run if `runs`.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] for the other forms, and those of [`Query::run`].
    pub fn explain(&self, snapshot: &Snapshot, runs: bool, cancel: &CancelToken) -> Result<Plan, Error> {
        if self.kind() != QueryKind::Select {
            return Err(Error::Unsupported(format!(
                "Explain of {} is not supported: only SELECT can be explained",
                self.kind()
            )));
        }
        limits::on_deep_stack(self.stack, || {
            let view = View::new(snapshot, &self.graphs, self.memory, cancel);
            let asker = if runs {
                Asker::new(self.services.as_ref(), &self.templates, &view, self.memory)
            } else {
                Asker::idle(&view)
            };
            let work = |view: &View| asker.outcome(explain(self, view, &asker, runs));
            let explained = view.check().and_then(|()| view.until_stopped(work));
            match view.into_failure() {
                Some(failure) => Err(failure),
                None => explained,
            }
        })
    }
}

fn explain(query: &Query, view: &View, asker: &Asker, runs: bool) -> Result<Plan, Error> {
    if let Some(lowered) = lower::query(query, view) {
        return explain_lowered(&lowered, view, runs);
    }
    let mut evaluator = asker.evaluator();
    let mut algebra = rows::with_table(view.amended(&query.algebra, query.has_zero_paths), query, view)?;
    if runs {
        algebra = asker.bound(algebra, view, &evaluator)?;
        evaluator = evaluator.compute_statistics();
    }
    let (results, explanation) = evaluator.prepare(&algebra).explain(view);
    let mut plan = Plan::default();
    if let QueryResults::Solutions(solutions) = results? {
        plan.columns = solutions.variables().iter().map(|name| name.as_str().to_owned()).collect();
        for row in solutions.take(if runs { usize::MAX } else { 0 }) {
            row?;
            plan.rows += 1;
            view.check()?;
        }
    }
    view.check()?;
    let mut json = Vec::new();
    explanation.write_in_json(&mut json).map_err(Error::Output)?;
    let tree: Value =
        serde_json::from_slice(&json).map_err(|error| Error::Evaluation(format!("the plan is unreadable: {error}")))?;
    add(&tree["plan"], &mut plan.steps);
    Ok(plan)
}

fn explain_lowered(lowered: &Lowered, view: &View, runs: bool) -> Result<Plan, Error> {
    let columns = lowered.columns.iter().map(|(name, _)| name.as_str().to_owned()).collect();
    rows::run(lowered, view, runs, |rows, context| {
        let mut plan = Plan { columns, ..Plan::default() };
        for row in rows.take(if runs { usize::MAX } else { 0 }) {
            row?;
            plan.rows += 1;
        }
        // Nothing in it has a plan within an expression: there is one section.
        for step in sections(&lowered.plan).into_iter().flat_map(|section| section.steps) {
            let measured = context.profile().map(|profile| profile.of(step.plan)).unwrap_or_default();
            plan.steps.push(Step {
                name: step.name.to_owned(),
                arguments: step.arguments,
                output: step.output,
                rows: measured.rows,
                took: measured.took,
            });
        }
        Ok(plan)
    })
}

/// Adds a step and those before it; its place. Recurses as deep as the plan.
fn add(node: &Value, steps: &mut Vec<Step>) -> usize {
    let before: Vec<usize> = node["children"].as_array().into_iter().flatten().map(|child| add(child, steps)).collect();
    let label = node["name"].as_str().unwrap_or_default();
    let (name, arguments) = label.split_once('(').unwrap_or((label, ""));
    let place = steps.len();
    for step in before {
        steps[step].output = Some(place);
    }
    steps.push(Step {
        name: name.to_owned(),
        arguments: arguments.strip_suffix(')').unwrap_or(arguments).to_owned(),
        output: None,
        rows: node["number of results"].as_u64().unwrap_or_default(),
        took: Duration::try_from_secs_f64(node["duration in seconds"].as_f64().unwrap_or_default()).unwrap_or_default(),
    });
    place
}
