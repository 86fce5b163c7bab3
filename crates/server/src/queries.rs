//! `/sparql`: queries and updates in every form of the protocol, results in the format that was asked for.
//!
//! A query runs on a thread of its lane from its parsing to its last byte, within the time that began with its arrival.
//!
//! **Source**: spec/sparql.md §1, §9; SPARQL 1.1 Protocol §2.1.

mod explain;
mod graph_store;
mod multipart;
mod protocol;
mod status;
mod update;

use std::sync::Arc;

use auth::{Accesses, Language};
use axum::body::Body;
use axum::http::{HeaderMap, Response, header};
use exec::registry::Entry;
use exec::table::Form;
use model::Dataset;
use sparql::{Hints, Query, Update};
use tokio::time::Instant;
use uuid::Uuid;

use crate::door::{Call, Door};
use crate::exception::{Exception, Failure};
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
    let asked = protocol::read(call, door.config.separate_default_graph)?;
    let entry = running::enter(door, Language::Sparql, asked.query_id.as_deref(), terms.id, &asked.text, &watch)?;
    let lane = door.lanes.queries.clone();
    let mut job = Job { door: Arc::clone(door), identity, accept, form, watch, began, entry };
    stream::reply(&lane, terms, move |sink| {
        job.entry.begin();
        sink.set_limit(job.door.config.result_bytes);
        let result = job.run(asked, sink);
        let Job { door, watch, .. } = job;
        let failure = result.as_ref().err().map(|failure| watch.failure().unwrap_or_else(|| failure.clone()));
        door.ended("sparql", failure.as_ref(), sink.has_begun(), began.elapsed());
        result
    })
    .await
}

/// A query or an update on its thread.
struct Job {
    door: Arc<Door>,
    identity: Identity,
    accept: Option<String>,
    form: Form,
    watch: Watch,
    began: Instant,
    entry: Entry,
}

impl Job {
    fn run(&mut self, asked: Asked, sink: &mut Sink) -> Result<(), Failure> {
        let named = asked.query_id.is_some();
        let options = match asked.kind {
            Kind::Query(options) => options,
            Kind::Update(options) => {
                let update = Update::parse(&asked.text, asked.base.as_deref(), options)?;
                self.identity.may_query(Language::Sparql, update.accesses())?;
                self.heed(update.hints(), named, sink)?;
                return update::run(&self.door, update, sink, &self.watch);
            }
        };
        let query = Query::parse(&asked.text, asked.base.as_deref(), options)?;
        self.identity.may_query(Language::Sparql, query.accesses())?;
        self.heed(query.hints(), named, sink)?;
        let (door, watch) = (&*self.door, &self.watch);
        let query = query
            .with_memory(door.config.query_memory(door.store.options().memory))
            .with_statistics(door.store.statistics().known(Dataset::Rdf))
            .with_services(door.services.clone());
        if let Some(depth) = asked.explain {
            return explain::answer(door, (&query, &asked.text), (depth, self.form), sink, watch);
        }
        let format = sparql::negotiate(query.kind(), self.accept.as_deref())?;
        sink.set_media_type(format.media_type());
        match query.run(&door.store.snapshot(Dataset::Rdf), format, sink, &watch.token) {
            Err(_) if watch.is_silenced() && sink.restart() => query.write_empty(format, sink)?,
            answered => {
                answered?;
            }
        }
        Ok(())
    }

    /// Does what hints ask of a server: less time, and an id, unless the request has named one.
    fn heed(&mut self, hints: &Hints, named: bool, sink: &Sink) -> Result<(), Failure> {
        if let Some(id) = hints.query_id.as_deref().filter(|_| !named)
            && let Ok(id) = Uuid::try_parse(id)
        {
            self.entry.rename(&id.to_string())?;
        }
        let Some(timeout) = hints.timeout else { return Ok(()) };
        let most = self.door.config.query_timeout;
        if timeout >= most {
            let text = format!(
                "Malformed query: Query hint 'queryTimeout' must be less than neptune_query_timeout DB Parameter Group \
                 (--query-timeout, here {} ms)",
                most.as_millis()
            );
            return Err(Failure::new(Exception::MalformedQuery, text));
        }
        self.watch.end_at(sink.runtime(), self.began + timeout);
        Ok(())
    }
}

/// All `Accept` headers as one list; `None` if there is none.
fn accept(headers: &HeaderMap) -> Option<String> {
    let values: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    if values.is_empty() { None } else { Some(values.join(", ")) }
}
