//! Updates: from text to operations that can be run in a transaction.
//!
//! - **Data set**: what names no graph is written into the fallback graph, and deleted from every graph, since the
//!   default graph is the union of all; COPY, MOVE and ADD of DEFAULT read that union.
//! - **All or nothing**: the caller's transaction holds what all operations write; each sees those before it. Whoever gets
//!   an error drops the transaction.
//! - **Blank nodes** of data and templates are new ones, made from a seed, the operation, the row and the label.
//!
//! **Source**: spec/sparql.md §2, §3; SPARQL 1.1 Update.

use std::fmt;
use std::sync::Arc;

use auth::Access;
use oxrdf::NamedNode;
use spargebra::GraphUpdateOperation;
use spargebra::algebra::GraphTarget;
use spargebra::term::{GraphName, GroundQuad, GroundQuadPattern, Quad, QuadPattern};

use crate::hints::{Hints, is_hint};
use crate::query::{self, Graphs};
use crate::service::{self, Services, Templates};
use crate::{Error, amend, limits, regexes, spelling, syntax, terms};

mod document;
mod graph;
mod run;
mod template;
mod text;

pub use document::{Body, Document, Fetch, FetchError, NoFetch, media_type_of};
pub use graph::{GraphChange, change_graph, graph_exists, graph_name};
pub use run::{Applied, Surroundings};

/// What comes with an update beside its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateOptions {
    /// `using-graph-uri` of the protocol: what the default graph of each WHERE is. Not with USING or WITH in the text.
    pub using_graphs: Vec<String>,
    /// `using-named-graph-uri` of the protocol.
    pub using_named_graphs: Vec<String>,
    /// Keep the default graph apart from the named ones, as other stores do, instead of the union of all graphs.
    pub strict_default_graph: bool,
}

/// An update, parsed and found small enough to run.
#[derive(Clone)]
pub struct Update {
    operations: Vec<Operation>,
    hints: Hints,
    services: Option<Arc<dyn Services>>,
    is_strict: bool,
    /// Bytes of stack that evaluation needs.
    stack: usize,
    /// Bytes that rows may take.
    memory: usize,
}

/// One operation.
#[derive(Clone, Debug)]
enum Operation {
    InsertData(Vec<Quad>),
    DeleteData(Vec<GroundQuad>),
    Modify(Box<Modify>),
    Load {
        silent: bool,
        source: NamedNode,
        graph: Option<NamedNode>,
    },
    Unload {
        silent: bool,
        source: NamedNode,
        graph: Option<NamedNode>,
    },
    Clear(GraphTarget),
    /// Graphs are there while they have triples: there is nothing to do.
    Create,
}

/// DELETE and INSERT for each row of a pattern.
#[derive(Clone, Debug)]
struct Modify {
    delete: Vec<GroundQuadPattern>,
    insert: Vec<QuadPattern>,
    /// The pattern as a query of all its variables.
    rows: spargebra::Query,
    templates: Templates,
    has_zero_paths: bool,
    graphs: Graphs,
}

impl auth::Accesses for Update {
    fn accesses(&self) -> Access {
        let of = |write, delete| Access { read: true, write, delete };
        self.operations.iter().fold(Access::NONE, |access, operation| {
            access.and(match operation {
                Operation::InsertData(_) | Operation::Load { .. } | Operation::Create => of(true, false),
                Operation::DeleteData(_) | Operation::Unload { .. } | Operation::Clear(_) => of(false, true),
                Operation::Modify(modify) => of(!modify.insert.is_empty(), !modify.delete.is_empty()),
            })
        })
    }
}

impl Update {
    /// Parses an update. Relative IRIs are resolved against `base`, or Neptune's own base IRI.
    ///
    /// # Errors
    ///
    /// [`Error::Syntax`] if the text is no update, is too large or nested too deeply, if `base` or a graph of the protocol
    /// is no absolute IRI, or if both the protocol and the text say what WHERE is about.
    pub fn parse(text: &str, base: Option<&str>, options: UpdateOptions) -> Result<Self, Error> {
        limits::check_update_text(text)?;
        let stack = limits::stack_for(text);
        let is_strict = options.strict_default_graph;
        let using = protocol_graphs(options)?;
        let mut hints = Hints::default();
        let operations = limits::on_deep_stack(stack, || {
            let rewritten = text::rewrite(&spelling::lower_booleans(text));
            let mut parser = query::parser(base.unwrap_or(query::DEFAULT_BASE))?;
            for (prefix, iri) in &rewritten.prefixes {
                parser = parser.with_prefix(prefix, iri).map_err(|error| Error::malformed(error.to_string()))?;
            }
            let parsed = parser.clone().parse_update(&rewritten.text).map_err(|error| {
                let again = |text: &str| parser.clone().parse_update(text).err().map(|error| error.to_string());
                syntax::explain(&rewritten.text, &again, &error)
            })?;
            lower(parsed, rewritten.loads, &mut hints, using.as_ref(), is_strict)
        })?;
        Ok(Self { operations, hints, services: None, is_strict, stack, memory: query::DEFAULT_MEMORY })
    }

    /// The same update, whose SERVICEs are asked by `services`. Without, they are refused.
    #[must_use]
    pub fn with_services(mut self, services: Option<Arc<dyn Services>>) -> Self {
        self.services = services;
        self
    }

    /// What its hints ask for.
    pub const fn hints(&self) -> &Hints {
        &self.hints
    }

    /// The same update with a limit of its own, in bytes, to what the rows may take that an operation keeps at once.
    #[must_use]
    pub fn with_memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }
}

impl fmt::Debug for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Update").field("operations", &self.operations.len()).finish_non_exhaustive()
    }
}

/// What the protocol says that each WHERE is about.
fn protocol_graphs(options: UpdateOptions) -> Result<Option<Graphs>, Error> {
    if options.using_graphs.is_empty() && options.using_named_graphs.is_empty() {
        return Ok(None);
    }
    Ok(Some(Graphs::Named {
        default: query::iris(options.using_graphs, "using-graph-uri")?,
        named: Some(query::iris(options.using_named_graphs, "using-named-graph-uri")?),
    }))
}

fn lower(
    parsed: spargebra::Update,
    loads: Vec<text::Load>,
    hints: &mut Hints,
    protocol: Option<&Graphs>,
    is_strict: bool,
) -> Result<Vec<Operation>, Error> {
    let base_iri = parsed.base_iri;
    let mut loads = loads.into_iter();
    let mut size = limits::Size::default();
    let mut operations = Vec::with_capacity(parsed.operations.len());
    for operation in parsed.operations {
        operations.push(match operation {
            GraphUpdateOperation::InsertData { data } => Operation::InsertData(data),
            GraphUpdateOperation::DeleteData { data } => Operation::DeleteData(data),
            GraphUpdateOperation::DeleteInsert { mut delete, insert, using, mut pattern } => {
                if protocol.is_some() && using.is_some() {
                    return Err(Error::malformed(
                        "the request has using-graph-uri or using-named-graph-uri, and the text has USING or WITH: \
                         expected one of the two",
                    ));
                }
                hints.take_from(&mut pattern)?;
                // `DELETE WHERE { … }` repeats the pattern as its template.
                delete.retain(|quad| !is_hint(&quad.predicate));
                size.pattern(&pattern, 1);
                size.check()?;
                let templates = service::fold(&mut pattern);
                terms::match_as_stored(&mut pattern);
                regexes::check(&mut pattern)?;
                let has_zero_paths = amend::amend(&mut pattern);
                let graphs = match (using, protocol) {
                    (Some(using), _) => Graphs::Named { default: using.default, named: using.named },
                    (None, Some(graphs)) => graphs.clone(),
                    (None, None) if is_strict => Graphs::Strict,
                    (None, None) => Graphs::Union,
                };
                let rows = spargebra::Query::Select { dataset: None, pattern: *pattern, base_iri: base_iri.clone() };
                Operation::Modify(Box::new(Modify { delete, insert, rows, templates, has_zero_paths, graphs }))
            }
            GraphUpdateOperation::Load { silent, source, destination } => {
                let graph = match destination {
                    GraphName::NamedNode(graph) => Some(graph),
                    GraphName::DefaultGraph => None,
                };
                match loads.next() {
                    Some(text::Load::Unload) => Operation::Unload { silent, source, graph },
                    _ => Operation::Load { silent, source, graph },
                }
            }
            GraphUpdateOperation::Clear { graph, .. } | GraphUpdateOperation::Drop { graph, .. } => {
                Operation::Clear(graph)
            }
            GraphUpdateOperation::Create { .. } => Operation::Create,
        });
    }
    Ok(operations)
}
