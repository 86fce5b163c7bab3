//! SPARQL 1.1: queries over a snapshot of the quad store, updates in a transaction.
//!
//! [`Query::parse`] turns text into algebra, [`negotiate`] chooses how the answer is written, [`Query::run`] evaluates
//! over a [`store::Snapshot`] and streams the answer out. Nothing here knows HTTP, and nothing here is asynchronous: a
//! query runs on the thread that calls it, in constant pieces, until its [`store::CancelToken`] is pulled.
//!
//! - `format`: result formats, and the choice between them by an `Accept` header.
//! - `query`: parsing, prefixes, base, the data set a query asks for.
//! - `syntax`: where a text stops being a query, in words a person can use.
//! - `limits`: what keeps a hostile text from exhausting the stack.
//! - `regexes`: regular expressions that cannot be evaluated.
//! - `hints`: Neptune's query hints, taken out of the algebra and read.
//! - `amend`: algebra where the evaluator departs from SPARQL; `spelling`: texts where the parser does; `walk`: every part of a
//!   tree.
//! - `lower`: algebra into plans that work on ids; `rows`: their rows as terms.
//! - `terms`: terms of the store and terms of the evaluator.
//! - `dataset`: the snapshot as the evaluator sees it: merged default graph, named graphs.
//! - `explain`: plans, and what their steps did.
//! - `update`: updates, parsed and run.
//! - `service`: what other servers are asked.
//! - `run`: evaluation, and DESCRIBE in `describe`; `output` writes what comes out, but for what `xml` refuses.
//!
//! **Source**: spec/sparql.md §1, §2, §6, §9; SPARQL 1.1 Query Language.

mod amend;
mod dataset;
mod describe;
mod error;
mod explain;
mod format;
mod hints;
mod limits;
mod lower;
mod output;
mod query;
mod regexes;
mod rows;
mod run;
mod service;
mod spelling;
mod syntax;
mod terms;
mod update;
mod walk;
mod xml;

pub use error::Error;
pub use explain::{Plan, Step};
pub use format::{OutputFormat, QueryKind, negotiate};
pub use hints::Hints;
pub use model::Position;
pub use oxrdf::NamedNode;
pub use query::{ParseOptions, Query};
pub use service::{ServiceAnswer, ServiceError, Services};
pub use spelling::is_update;
pub use update::{
    Applied, Body, Document, Fetch, FetchError, GraphChange, NoFetch, Surroundings, Update, UpdateOptions,
    change_graph, graph_exists, graph_name, media_type_of,
};
