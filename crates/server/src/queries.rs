//! `/sparql`: queries and updates in every form of the protocol, results in the format that was asked for.
//!
//! A query runs on a thread of its lane from its parsing to its last byte, within the time that began with its arrival.
//!
//! **Source**: spec/sparql.md §1, §9; SPARQL 1.1 Protocol §2.1.

mod explain;
mod graph_store;
mod protocol;
mod status;
mod update;

use std::sync::Arc;

use auth::{Accesses, Language};
use axum::body::Body;
use axum::http::{HeaderMap, Response, header};
use exec::table::Form;
use model::Dataset;
use sparql::Query;
use tokio::time::Instant;

use crate::door::{Call, Door};
use crate::exception::Failure;
use crate::identity::Identity;
use crate::opencypher::explain_form;
use crate::running;
use crate::stream::{self, LateFailure, Sink, Terms, reads_trailers};
use crate::watch::Watch;
pub(crate) use graph_store::graph_store;
use protocol::{Asked, Kind};
pub(crate) use status::status;

/// `GET` and `POST /sparql`
pub(crate) async fn answer(door: &Arc<Door>, call: Call) -> Result<Response<Body>, Failure> {
    let began = Instant::now();
    let (watch, timer) = Watch::begin(Some(door.config.query_timeout), door.ends());
    let trailers = reads_trailers(&call.headers);
    let terms = Terms { id: call.id, trailers, late_failure: LateFailure::Append, watch: watch.clone(), timer };
    let accept = accept(&call.headers);
    let form = explain_form(&call.headers);
    let identity = call.identity.clone();
    let asked = protocol::read(call)?;
    let entry = running::enter(door, Language::Sparql, asked.query_id.as_deref(), terms.id, &asked.text, &watch)?;
    let door = Arc::clone(door);
    let lane = door.lanes.queries.clone();
    stream::reply(&lane, terms, move |sink| {
        entry.begin();
        sink.set_limit(door.config.result_bytes);
        let result = run(&door, &identity, asked, (accept.as_deref(), form), sink, &watch);
        let failure = result.as_ref().err().map(|failure| watch.failure().unwrap_or_else(|| failure.clone()));
        door.ended("sparql", failure.as_ref(), sink.has_begun(), began.elapsed());
        result
    })
    .await
}

fn run(
    door: &Door,
    identity: &Identity,
    asked: Asked,
    (accept, form): (Option<&str>, Form),
    sink: &mut Sink,
    watch: &Watch,
) -> Result<(), Failure> {
    let options = match asked.kind {
        Kind::Query(options) => options,
        Kind::Update(options) => {
            return update::run(door, identity, (&asked.text, asked.base.as_deref(), options), sink, watch);
        }
    };
    let query = Query::parse(&asked.text, asked.base.as_deref(), options)?;
    identity.may_query(Language::Sparql, query.accesses())?;
    let query = query
        .with_memory(door.config.query_memory(door.store.options().memory))
        .with_statistics(door.store.statistics().known(Dataset::Rdf));
    if let Some(depth) = asked.explain {
        return explain::answer(door, (&query, &asked.text), (depth, form), sink, watch);
    }
    let format = sparql::negotiate(query.kind(), accept)?;
    sink.set_media_type(format.media_type());
    match query.run(&door.store.snapshot(Dataset::Rdf), format, sink, &watch.token) {
        Err(_) if watch.is_silenced() && sink.restart() => query.write_empty(format, sink)?,
        answered => {
            answered?;
        }
    }
    Ok(())
}

/// All `Accept` headers as one list; `None` if there is none.
fn accept(headers: &HeaderMap) -> Option<String> {
    let values: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    if values.is_empty() { None } else { Some(values.join(", ")) }
}
