//! Texts to other servers, and rows out of their answers.

use std::io::Cursor;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use model::HashKey;
use oxiri::Iri;
use oxrdf::{NamedNode, Term, Variable};
use rustc_hash::FxHashMap;
use sparesults::{QueryResultsFormat, QueryResultsParser, QuerySolution, ReaderQueryResultsParserOutput};
use spareval::{CancellationToken, DefaultServiceHandler, QueryEvaluationError, QueryEvaluator, QuerySolutionIter};
use spargebra::Query;
use spargebra::algebra::GraphPattern;
use spargebra::term::GroundTerm;
use store::CancelToken;

use super::{ServiceError, Services, StandIn, Templates, in_scope};
use crate::dataset::View;
use crate::{Error, terms};

/// Rows of bindings that are sent with one text.
const BLOCK: usize = 100;

/// What one run of a query asks other servers. Copies share it.
#[derive(Clone)]
pub(crate) struct Asker(Arc<Asking>);

struct Asking {
    services: Option<Arc<dyn Services>>,
    /// Whether nothing is asked, and every answer is empty.
    is_idle: bool,
    templates: Templates,
    memory: usize,
    cancel: CancelToken,
    evaluator: CancellationToken,
    /// The first failure of one that is not silent.
    failure: OnceLock<ServiceError>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    bindings: FxHashMap<usize, Bindings>,
    /// By template and endpoint: the evaluator may ask the same again for each row.
    answers: FxHashMap<(usize, NamedNode), Arc<[Answer]>>,
    /// Bytes of the answers.
    taken: usize,
}

/// What is sent along with a template.
pub(super) struct Bindings {
    /// As they are called in the template.
    pub(super) variables: Vec<Variable>,
    pub(super) rows: Vec<Vec<Option<GroundTerm>>>,
}

/// An answer that was read to its end once, without a fault.
#[derive(Clone)]
struct Answer {
    format: QueryResultsFormat,
    bytes: Arc<[u8]>,
    /// Tells its blank nodes from those of others.
    scope: Arc<str>,
}

impl Asker {
    pub(crate) fn new(services: Option<&Arc<dyn Services>>, templates: &Templates, view: &View, memory: usize) -> Self {
        Self(Arc::new(Asking {
            services: services.cloned(),
            is_idle: false,
            templates: Arc::clone(templates),
            memory,
            cancel: view.cancel().clone(),
            evaluator: view.evaluator_token(),
            failure: OnceLock::new(),
            state: Mutex::default(),
        }))
    }

    /// One that asks nobody: the evaluator begins with some joins as soon as it has a plan.
    pub(crate) fn idle(view: &View) -> Self {
        Self(Arc::new(Asking {
            services: None,
            is_idle: true,
            templates: Arc::default(),
            memory: 0,
            cancel: view.cancel().clone(),
            evaluator: view.evaluator_token(),
            failure: OnceLock::new(),
            state: Mutex::default(),
        }))
    }

    /// An evaluator that asks through this.
    pub(crate) fn evaluator(&self) -> QueryEvaluator {
        QueryEvaluator::new()
            .with_cancellation_token(self.0.evaluator.clone())
            .with_default_service_handler(self.clone())
    }

    /// The outcome of an evaluation, or what has ended it: the evaluator takes an error within an expression for an
    /// unbound value.
    pub(crate) fn outcome<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        self.0.failure.get().map_or(outcome, |failure| Err(failure.clone().into()))
    }

    /// Whether there is anyone to ask, and anything to ask for.
    pub(super) fn asks(&self) -> bool {
        !self.0.templates.is_empty() && self.0.services.is_some()
    }

    /// Sends `bindings` with a template from now on.
    pub(super) fn bind(&self, number: usize, bindings: Bindings) {
        self.state().bindings.insert(number, bindings);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answers(&self, number: usize, endpoint: &NamedNode) -> Result<Arc<[Answer]>, ServiceError> {
        let key = (number, endpoint.clone());
        if let Some(known) = self.state().answers.get(&key) {
            return Ok(Arc::clone(known));
        }
        let texts = self.texts(number);
        let answers: Result<Vec<Answer>, ServiceError> = texts.iter().map(|text| self.ask(endpoint, text)).collect();
        let answers: Arc<[Answer]> = answers?.into();
        self.state().answers.insert(key, Arc::clone(&answers));
        Ok(answers)
    }

    /// The template as texts: one, or one for each block of bindings.
    fn texts(&self, number: usize) -> Vec<String> {
        let Some(template) = self.0.templates.get(number) else { return Vec::new() };
        let text = |pattern: GraphPattern| {
            let pattern = match in_scope(&template.pattern) {
                names if names.is_empty() => pattern,
                variables => GraphPattern::Project { inner: Box::new(pattern), variables },
            };
            Query::Select { dataset: None, pattern, base_iri: None }.to_string()
        };
        match self.state().bindings.get(&number) {
            None => vec![text(template.pattern.clone())],
            Some(Bindings { variables, rows }) => {
                let block = |rows: &[Vec<Option<GroundTerm>>]| GraphPattern::Join {
                    left: Box::new(GraphPattern::Values { variables: variables.clone(), bindings: rows.to_vec() }),
                    right: Box::new(template.pattern.clone()),
                };
                rows.chunks(BLOCK).map(|rows| text(block(rows))).collect()
            }
        }
    }

    fn ask(&self, endpoint: &NamedNode, text: &str) -> Result<Answer, ServiceError> {
        let Asking { services, cancel, memory, .. } = &*self.0;
        let Some(services) = services else {
            return Err(ServiceError::Denied(format!(
                "{endpoint} is not allowed: no --service-allow of this server names it"
            )));
        };
        let room = memory.saturating_sub(self.state().taken);
        let answer = services.select(endpoint.as_str(), text, room, cancel).map_err(|error| match error {
            ServiceError::TooLarge(_) => ServiceError::TooLarge(*memory),
            error => error,
        })?;
        self.state().taken += answer.bytes.len();
        let failed = |what: String| ServiceError::Failed(format!("{endpoint}: {what}"));
        let format = QueryResultsFormat::from_media_type(&answer.media_type).ok_or_else(|| {
            let found: String = answer.media_type.chars().take(100).collect();
            failed(format!("the answer is of type '{found}', expected application/sparql-results+json"))
        })?;
        let scope = format!("{endpoint} {text}").into();
        let answer = Answer { format, bytes: answer.bytes.into(), scope };
        // Read once to its end, so that it is as a whole or not at all.
        for row in answer.rows().map_err(failed)? {
            cancel.check().map_err(|_| ServiceError::Cancelled)?;
            row.map_err(failed)?;
        }
        Ok(answer)
    }

    fn solutions(
        &self,
        endpoint: &NamedNode,
        pattern: &GraphPattern,
    ) -> Result<QuerySolutionIter<'static>, ServiceError> {
        if self.0.is_idle {
            return Ok(QuerySolutionIter::new(Arc::default(), std::iter::empty()));
        }
        let stand_in =
            StandIn::read(pattern).ok_or_else(|| ServiceError::Failed(format!("{endpoint}: no template")))?;
        let answers = self.answers(stand_in.number, endpoint).inspect_err(|error| {
            if !self.0.templates.get(stand_in.number).is_some_and(|template| template.silent) {
                let _ = self.0.failure.set(error.clone()); // only the first counts
                self.0.evaluator.cancel();
            }
        })?;
        let (variables, names): (Vec<Variable>, Vec<Variable>) = stand_in.names.into_iter().unzip();
        let variables: Arc<[Variable]> = variables.into();
        let columns = Arc::clone(&variables);
        let answers: Vec<Answer> = answers.to_vec();
        let rows = answers.into_iter().flat_map(move |answer| {
            let (names, columns) = (names.clone(), Arc::clone(&columns));
            let rows = answer.rows().into_iter().flatten();
            rows.map(move |row| {
                let row = row.map_err(|what| QueryEvaluationError::Service(what.into()))?;
                let values: Vec<Option<Term>> =
                    names.iter().map(|name| row.get(name).map(|term| answer.own(term))).collect();
                Ok(QuerySolution::from((Arc::clone(&columns), values)))
            })
        });
        Ok(QuerySolutionIter::new(variables, rows))
    }
}

impl DefaultServiceHandler for Asker {
    type Error = ServiceError;

    fn handle(
        &self,
        service_name: &NamedNode,
        pattern: &GraphPattern,
        _: Option<&Iri<String>>,
    ) -> Result<QuerySolutionIter<'static>, ServiceError> {
        self.solutions(service_name, pattern)
    }
}

impl Answer {
    fn rows(&self) -> Result<impl Iterator<Item = Result<QuerySolution, String>> + use<>, String> {
        let reader = Cursor::new(Arc::clone(&self.bytes));
        match QueryResultsParser::from_format(self.format).for_reader(reader).map_err(|error| error.to_string())? {
            ReaderQueryResultsParserOutput::Solutions(rows) => {
                Ok(rows.map(|row| row.map_err(|error| error.to_string())))
            }
            ReaderQueryResultsParserOutput::Boolean(_) => Err("the answer is a boolean, expected rows".to_owned()),
        }
    }

    /// A term with a blank node of this query's own: labels of others mean nothing here.
    fn own(&self, term: &Term) -> Term {
        match term {
            Term::BlankNode(node) => {
                terms::blank(HashKey::new([0; 16]).blank(&[self.scope.as_bytes(), node.as_str().as_bytes()])).into()
            }
            term => term.clone(),
        }
    }
}
