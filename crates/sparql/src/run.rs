//! Evaluation: a query over a snapshot, and its answer.

use std::io::Write;

use oxrdfio::RdfSerializer;
use sparesults::QueryResultsSerializer;
use spareval::{QueryEvaluationError, QueryResults};
use store::{CancelToken, Snapshot};

use crate::dataset::View;
use crate::output::Answer;
use crate::service::Asker;
use crate::{Error, OutputFormat, Query, QueryKind, describe, limits, lower, rows};

impl Query {
    /// Evaluates the query over `snapshot` and writes the answer to `out`; returns how many rows or triples it has (of
    /// ASK: one). Call it on a thread that may wait: it returns when the answer is written, and writes no faster than
    /// `out` takes it.
    ///
    /// `format` must be one that [`crate::negotiate`] gives for this kind of query. Results are streamed, but ORDER BY,
    /// GROUP BY, DISTINCT and some joins keep rows in memory, within [`Query::with_memory`]. Pulling `cancel` ends the query within a moment,
    /// whatever it is at.
    ///
    /// # Errors
    ///
    /// Any but [`Error::Syntax`] and [`Error::NotAcceptable`]. If nothing was written to `out`, an error can still take
    /// the answer's place.
    pub fn run(
        &self,
        snapshot: &Snapshot,
        format: OutputFormat,
        out: &mut (dyn Write + Send),
        cancel: &CancelToken,
    ) -> Result<u64, Error> {
        limits::on_deep_stack(self.stack, || {
            let view = View::new(snapshot, &self.graphs, self.memory, cancel);
            let asker = Asker::new(self.services.as_ref(), &self.templates, &view, self.memory);
            let work = |view: &View| asker.outcome(answer(self, view, &asker, format, out));
            let answered = view.check().and_then(|()| view.until_stopped(work));
            // Whatever the evaluator made of it, the store's own failure is the reason.
            match view.into_failure() {
                Some(failure) => Err(failure),
                None => answered,
            }
        })
    }
}

impl Query {
    /// Writes the answer that has the query's columns and no rows; of ASK, false.
    ///
    /// # Errors
    ///
    /// [`Error::Output`].
    pub fn write_empty(&self, format: OutputFormat, out: &mut dyn Write) -> Result<(), Error> {
        let mut variables = Vec::new();
        if let spargebra::Query::Select { pattern, .. } = &self.algebra {
            pattern.on_in_scope_variable(|name| {
                if !variables.contains(name) {
                    variables.push(name.clone());
                }
            });
        }
        let written = match (self.kind(), format.for_solutions(), format.for_graph()) {
            (QueryKind::Ask, Some(format), _) => {
                QueryResultsSerializer::from_format(format).serialize_boolean_to_writer(out, false).map(drop)
            }
            (QueryKind::Ask, None, _) => write!(out, "false"),
            (_, Some(format), _) => QueryResultsSerializer::from_format(format)
                .serialize_solutions_to_writer(out, variables)
                .and_then(|serializer| serializer.finish().map(drop)),
            (_, None, Some(format)) => RdfSerializer::from_format(format).for_writer(out).finish().map(drop),
            (_, None, None) => Ok(()),
        };
        written.map_err(Error::Output)
    }
}

fn answer(
    query: &Query,
    view: &View,
    asker: &Asker,
    format: OutputFormat,
    out: &mut (dyn Write + Send),
) -> Result<u64, Error> {
    let answer = Answer::new(view, query.kind(), format, out);
    if let Some(lowered) = lower::query(query, view) {
        return rows::run(&lowered, view, false, |mut rows, _| match query.kind() {
            QueryKind::Ask => answer.boolean(rows.has_some()?),
            _ => answer.solutions(rows.variables(), rows),
        });
    }
    let evaluator = asker.evaluator();
    let algebra = rows::with_table(view.amended(&query.algebra, query.has_zero_paths), query, view)?;
    let algebra = asker.bound(algebra, view, &evaluator)?;
    let described = describe::selection(&algebra);
    let results = evaluator.prepare(described.as_ref().unwrap_or(&algebra)).execute(view)?;
    match results {
        QueryResults::Solutions(solutions) if described.is_some() => {
            answer.graph(describe::Description::of(view, query.hints.describe, solutions))
        }
        QueryResults::Solutions(solutions) => {
            let variables = solutions.variables().to_vec();
            answer.solutions(variables, solutions.map(|solution| Ok(solution?)))
        }
        QueryResults::Boolean(value) => answer.boolean(value),
        QueryResults::Graph(triples) => answer.graph(triples.map(|triple| Ok(triple?))),
    }
}

impl From<QueryEvaluationError> for Error {
    fn from(error: QueryEvaluationError) -> Self {
        match error {
            QueryEvaluationError::Cancelled => Self::Cancelled,
            QueryEvaluationError::UnsupportedCustomFunction(name) => {
                Self::Unsupported(format!("there is no function {name}"))
            }
            error @ QueryEvaluationError::UnsupportedCustomFunctionArity { .. } => Self::Unsupported(error.to_string()),
            QueryEvaluationError::UnboundService => {
                Self::Unsupported("SERVICE with a variable needs patterns beside it that bind the variable".to_owned())
            }
            error => Self::Evaluation(error.to_string()),
        }
    }
}
