//! Parsing: from text to a query that can be run.

use std::fmt;
use std::sync::Arc;

use oxrdf::NamedNode;
use rustc_hash::FxHashMap;
use spargebra::SparqlParser;
use spargebra::algebra::{GraphPattern, QueryDataset};
use store::statistics::Run;

use crate::hints::Hints;
use crate::service::{self, Services, Templates};
use crate::{Error, QueryKind, amend, limits, regexes, spelling, syntax, terms};

/// The base IRI of a query that names none.
pub(crate) const DEFAULT_BASE: &str = "http://aws.amazon.com/neptune/default/";

/// The prefixes that need no declaration.
const PREFIXES: [(&str, &str); 4] = [
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("owl", "http://www.w3.org/2002/07/owl#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];

/// Bytes that the rows of a query may take at once.
pub(crate) const DEFAULT_MEMORY: usize = 1 << 30;

/// What comes with a query beside its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParseOptions {
    /// `default-graph-uri` of the protocol. Graphs given here or in `named_graphs` replace FROM and FROM NAMED.
    pub default_graphs: Vec<String>,
    /// `named-graph-uri` of the protocol.
    pub named_graphs: Vec<String>,
    /// Keep the default graph apart from the named ones, as other stores do, instead of the union of all graphs.
    pub strict_default_graph: bool,
}

/// A query, parsed and found small enough to run. Cheap to keep, runs any number of times, on several threads at once.
#[derive(Clone)]
pub struct Query {
    pub(crate) algebra: spargebra::Query,
    /// Whether it may have to be amended once it is known what is in the store.
    pub(crate) has_zero_paths: bool,
    pub(crate) graphs: Graphs,
    pub(crate) hints: Hints,
    /// What is within each SERVICE, and who is asked.
    pub(crate) templates: Templates,
    pub(crate) services: Option<Arc<dyn Services>>,
    /// Bytes of stack that evaluation needs.
    pub(crate) stack: usize,
    /// Bytes that rows may take.
    pub(crate) memory: usize,
    /// What the store has counted.
    pub(crate) statistics: Option<Arc<Run>>,
}

/// The data set that a query asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Graphs {
    /// Everything: the default graph is the union of all graphs.
    Union,
    /// Everything, with the default graph apart.
    Strict,
    /// What FROM and FROM NAMED, or USING and USING NAMED, or the protocol, name.
    /// Nothing else; but all named graphs where only WITH says what the default graph is.
    Named { default: Vec<NamedNode>, named: Option<Vec<NamedNode>> },
}

impl auth::Accesses for Query {
    /// A query of each of the four forms reads, and nothing else.
    fn accesses(&self) -> auth::Access {
        auth::Access::READ
    }
}

impl Query {
    /// Parses a query. Relative IRIs are resolved against `base`, or Neptune's own base IRI.
    ///
    /// # Errors
    ///
    /// [`Error::Syntax`] if the text is no query, is too large or nested too deeply, or if `base` or a graph of the
    /// protocol is no absolute IRI.
    pub fn parse(text: &str, base: Option<&str>, options: ParseOptions) -> Result<Self, Error> {
        limits::check_text(text)?;
        let stack = limits::stack_for(text);
        let base = base.unwrap_or(DEFAULT_BASE);
        let (mut algebra, hints, templates, has_zero_paths) = limits::on_deep_stack(stack, || {
            let text = &*spelling::lower_booleans(text);
            let parser = parser(base)?;
            let mut algebra = parser.clone().parse_query(text).map_err(|error| {
                let again = |text: &str| parser.clone().parse_query(text).err().map(|error| error.to_string());
                syntax::explain(text, &again, &error)
            })?;
            let mut hints = Hints::default();
            hints.take(&mut algebra)?;
            order_as_written(&mut algebra, text);
            limits::check_algebra(&algebra)?;
            let templates = service::fold(pattern(&mut algebra));
            terms::match_as_stored(pattern(&mut algebra));
            regexes::check(pattern(&mut algebra))?;
            let has_zero_paths = amend::amend(pattern(&mut algebra));
            Ok((algebra, hints, templates, has_zero_paths))
        })?;
        let graphs = graphs(take_dataset(&mut algebra), options)?;
        let (memory, services, statistics) = (DEFAULT_MEMORY, None, None);
        Ok(Self { algebra, has_zero_paths, graphs, hints, templates, services, stack, memory, statistics })
    }

    /// The same query with a limit of its own, in bytes, to what the rows that it keeps at once may take: about, as it is
    /// counted by terms. 1 GiB unless said otherwise.
    #[must_use]
    pub fn with_memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// The same query, which knows the store's exact counts: they make it faster where they are of the commit that it is
    /// run over, and change nothing else.
    #[must_use]
    pub fn with_statistics(mut self, run: Option<Arc<Run>>) -> Self {
        self.statistics = run;
        self
    }

    /// The same query, whose SERVICEs are asked by `services`. Without, they are refused.
    #[must_use]
    pub fn with_services(mut self, services: Option<Arc<dyn Services>>) -> Self {
        self.services = services;
        self
    }

    /// What its hints ask for.
    pub const fn hints(&self) -> &Hints {
        &self.hints
    }

    /// Which form of query this is.
    pub const fn kind(&self) -> QueryKind {
        match self.algebra {
            spargebra::Query::Select { .. } => QueryKind::Select,
            spargebra::Query::Ask { .. } => QueryKind::Ask,
            spargebra::Query::Construct { .. } => QueryKind::Construct,
            spargebra::Query::Describe { .. } => QueryKind::Describe,
        }
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query").field("kind", &self.kind()).field("graphs", &self.graphs).finish_non_exhaustive()
    }
}

pub(crate) fn parser(base: &str) -> Result<SparqlParser, Error> {
    let mut parser = SparqlParser::new()
        .with_base_iri(base)
        .map_err(|error| Error::malformed(format!("the base IRI {base} is no absolute IRI: {error}")))?;
    for (prefix, iri) in PREFIXES {
        parser = parser.with_prefix(prefix, iri).map_err(|error| Error::malformed(error.to_string()))?;
    }
    Ok(parser)
}

/// Gives the columns of `SELECT *` the order in which the text first names the variables; the parser sorts them.
fn order_as_written(algebra: &mut spargebra::Query, text: &str) {
    let spargebra::Query::Select { pattern, .. } = algebra else { return };
    if !syntax::selects_all(text) {
        return;
    }
    let mut pattern = pattern;
    while let GraphPattern::Slice { inner, .. } | GraphPattern::Distinct { inner } | GraphPattern::Reduced { inner } =
        pattern
    {
        pattern = inner;
    }
    if let GraphPattern::Project { variables, .. } = pattern {
        let mut places = FxHashMap::default();
        for token in syntax::tokens(text) {
            if let Some(name) = token.strip_prefix(['?', '$']) {
                let next = places.len();
                places.entry(name).or_insert(next);
            }
        }
        variables.sort_by_key(|variable| places.get(variable.as_str()).copied().unwrap_or(usize::MAX));
    }
}

/// The pattern of a query of any form.
pub(crate) fn pattern(query: &mut spargebra::Query) -> &mut GraphPattern {
    match query {
        spargebra::Query::Select { pattern, .. }
        | spargebra::Query::Ask { pattern, .. }
        | spargebra::Query::Construct { pattern, .. }
        | spargebra::Query::Describe { pattern, .. } => pattern,
    }
}

/// Takes FROM and FROM NAMED out of the algebra: the data set adaptor does them, since the evaluator would hand the
/// same triple out once for each graph that has it.
fn take_dataset(algebra: &mut spargebra::Query) -> Option<QueryDataset> {
    match algebra {
        spargebra::Query::Select { dataset, .. }
        | spargebra::Query::Ask { dataset, .. }
        | spargebra::Query::Construct { dataset, .. }
        | spargebra::Query::Describe { dataset, .. } => dataset.take(),
    }
}

fn graphs(from: Option<QueryDataset>, options: ParseOptions) -> Result<Graphs, Error> {
    if !options.default_graphs.is_empty() || !options.named_graphs.is_empty() {
        return Ok(Graphs::Named {
            default: iris(options.default_graphs, "default-graph-uri")?,
            named: Some(iris(options.named_graphs, "named-graph-uri")?),
        });
    }
    Ok(match from {
        Some(QueryDataset { default, named }) => Graphs::Named { default, named: Some(named.unwrap_or_default()) },
        None if options.strict_default_graph => Graphs::Strict,
        None => Graphs::Union,
    })
}

/// The graphs that a parameter of the protocol names.
pub(crate) fn iris(graphs: Vec<String>, parameter: &str) -> Result<Vec<NamedNode>, Error> {
    let named = |iri: String| {
        NamedNode::new(&iri).map_err(|error| Error::malformed(format!("{parameter} {iri} is no absolute IRI: {error}")))
    };
    graphs.into_iter().map(named).collect()
}

#[cfg(test)]
mod tests;
