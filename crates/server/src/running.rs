//! Queries that run and wait: how one comes on their list, and `/openCypher/status`, which shows the list, one of them, and
//! ends one.
//!
//! Nothing here waits: a list is read from memory, and a cancel answers when the query has been told, not when it has ended.
//!
//! **Source**: spec/opencypher.md §4, spec/gremlin.md §8.

use auth::{Action, Language};
use axum::body::Body;
use axum::http::{Method, Response};
use exec::registry::{Entry, Listed, Manner};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::door::{Call, Door, json as json_response};
use crate::exception::{Exception, Failure};
use crate::parameters::{Parameters, excerpt};
use crate::permissions::Needs;
use crate::request_id::RequestId;
use crate::watch::{Cause, Watch};

/// Puts a query on the list, under the id that its client gave it if that is a UUID, else under that of its request.
///
/// # Errors
///
/// `InvalidParameterException` for an id that another query has, `TooManyRequestsException` if the list is full.
pub(crate) fn enter(
    door: &Door,
    language: Language,
    given: Option<&str>,
    request: RequestId,
    text: &str,
    watch: &Watch,
) -> Result<Entry, Failure> {
    let given = given.and_then(|given| Uuid::try_parse(given).ok());
    let id = given.map_or_else(|| request.to_string(), |given| given.to_string());
    let pulled = watch.clone();
    Ok(door.registry.enter(&id, language, text, move |manner| pulled.pull(Cause::Cancelled(manner)))?)
}

/// `GET`, `POST` and `DELETE` of `…/status` and `…/status/{queryId}`.
pub(crate) fn answer(door: &Door, call: &Call, language: Language) -> Result<Response<Body>, Failure> {
    let parameters = call.parameters.clone().and(Parameters::decode(&call.body.bytes)?);
    let names = |name: &str, value: &str| name == "cancelQuery" && !value.eq_ignore_ascii_case("false");
    let cancels = call.method == Method::DELETE || parameters.pairs().any(|(name, value)| names(name, value));
    let action = if cancels { Action::CancelQuery } else { Action::GetQueryStatus };
    call.identity.may(Needs::InLanguage(action, Some(language)), true)?;
    let id = query_id(call.label.as_deref(), &parameters)?;
    let body = match id {
        None if cancels => {
            return Err(Failure::new(Exception::MissingParameter, "Missing required parameters: [queryId]"));
        }
        None => list(door, language, parameters.flag("includeWaiting")?.unwrap_or(false)),
        Some(id) if cancels => {
            let silent = parameters.flag("silent")?.unwrap_or(false);
            let manner = if silent { Manner::Silent } else { Manner::Loud };
            if !door.registry.cancel(language, &spelled(id), manner) {
                return Err(unknown(id));
            }
            tracing::info!(query = id, silent, "a query is cancelled");
            cancelled(language)
        }
        Some(id) => one(&door.registry.find(language, &spelled(id)).ok_or_else(|| unknown(id))?),
    };
    Ok(json_response(&body))
}

/// The id in the path, else among the parameters.
fn query_id<'a>(label: Option<&'a str>, parameters: &'a Parameters) -> Result<Option<&'a str>, Failure> {
    let named = parameters.one("queryId")?.filter(|id| !id.is_empty());
    match (label, named) {
        (Some(label), Some(named)) if label != named => {
            Err(Failure::new(Exception::InvalidArgument, "The queryId of the path and that of the parameters differ"))
        }
        (label, named) => Ok(label.or(named)),
    }
}

/// An id as the list has it: a UUID may be written in several ways.
fn spelled(id: &str) -> String {
    Uuid::try_parse(id).map_or_else(|_| id.to_owned(), |id| id.to_string())
}

fn list(door: &Door, language: Language, include_waiting: bool) -> Value {
    let all = door.registry.list(language);
    let running = all.iter().filter(|query| !query.is_waiting).count();
    let queries: Vec<Value> = all.iter().filter(|query| include_waiting || !query.is_waiting).map(one).collect();
    json!({"acceptedQueryCount": all.len(), "runningQueryCount": running, "queries": queries})
}

fn one(query: &Listed) -> Value {
    json!({
        "queryId": &*query.id,
        "queryString": &*query.text,
        "queryEvalStats": {
            "waited": query.waited.as_millis() as u64,
            "elapsed": query.elapsed.as_millis() as u64,
            "cancelled": query.is_cancelled,
        },
    })
}

fn cancelled(language: Language) -> Value {
    match language {
        Language::OpenCypher => json!({"status": "200 OK", "payload": true}),
        Language::Gremlin | Language::Sparql => json!({"status": "200 OK"}),
    }
}

fn unknown(id: &str) -> Failure {
    Failure::new(Exception::InvalidParameter, format!("Supplied queryId {} is invalid", excerpt(id)))
}
