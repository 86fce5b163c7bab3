//! `/openCypher`: queries in every form that clients send, results as JSON, plans as tables.
//!
//! A query runs on a thread of its lane from its parsing to its last byte, within the time that began with its arrival. One
//! that only reads streams its rows as they come. One that updates keeps them until it has committed: its client never
//! sees a row of what did not happen, and a failure means that nothing did.
//!
//! **Source**: spec/opencypher.md §1 to §3, §6.

mod protocol;
mod run;

use std::sync::Arc;

use auth::Language;
use axum::body::Body;
use axum::http::{HeaderMap, Response, header};
use cypher::explain::Form;
use tokio::time::Instant;

use crate::door::{Call, Door};
use crate::exception::{Exception, Failure};
use crate::running;
use crate::stream::{self, LateFailure, Terms, reads_trailers};
use crate::watch::Watch;
use run::Job;

pub(crate) use run::hinted_timeout;

/// `GET` and `POST /openCypher`
pub(crate) async fn answer(door: &Arc<Door>, call: Call) -> Result<Response<Body>, Failure> {
    serve(door, call, false).await
}

/// `POST /opencypher/explain`
pub(crate) async fn explain(door: &Arc<Door>, call: Call) -> Result<Response<Body>, Failure> {
    serve(door, call, true).await
}

async fn serve(door: &Arc<Door>, call: Call, explains: bool) -> Result<Response<Body>, Failure> {
    let began = Instant::now();
    let (watch, timer) = Watch::begin(Some(door.config.query_timeout), door.ends());
    let trailers = reads_trailers(&call.headers);
    let id = call.id;
    let terms = Terms { id, trailers, late_failure: LateFailure::Append, watch: watch.clone(), timer };
    let form = explain_form(&call.headers);
    let identity = call.identity.clone();
    let asked = protocol::read(call)?;
    if explains && asked.explain.is_none() {
        return Err(Failure::new(Exception::MissingParameter, "Missing required parameters: [explain]"));
    }
    let entry = running::enter(door, Language::OpenCypher, asked.query_id.as_deref(), id, &asked.text, &watch)?;
    let door = Arc::clone(door);
    let lane = door.lanes.queries.clone();
    stream::reply(&lane, terms, move |sink| {
        entry.begin();
        sink.set_limit(door.config.result_bytes);
        let result =
            run::run(&Job { door: &door, identity: &identity, asked: &asked, form, watch: &watch, began }, sink);
        let failure = result.as_ref().err().map(|failure| watch.failure().unwrap_or_else(|| failure.clone()));
        door.ended("opencypher", failure.as_ref(), sink.has_begun(), began.elapsed());
        result
    })
    .await
}

/// The first form of a plan that the client names, else text.
pub(crate) fn explain_form(headers: &HeaderMap) -> Form {
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let media_type = |range: &str| range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let named = accepts.flat_map(|list| list.split(',')).find_map(|range| match media_type(range).as_str() {
        "text/html" => Some(Form::Html),
        "text/csv" => Some(Form::Csv),
        "text/plain" => Some(Form::Text),
        _ => None,
    });
    named.unwrap_or(Form::Text)
}
