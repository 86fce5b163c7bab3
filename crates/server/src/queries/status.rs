//! `/sparql/status`: the queries and updates that run, and the end of one of them.
//!
//! It differs from the other languages' where clients have seen it do so: an unknown id has an empty reply, a cancel is
//! answered with the list, and an id that is none with plain text.
//!
//! **Source**: spec/sparql.md §7.

use auth::{Action, Language};
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use exec::registry::{Listed, Manner};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::door::{Call, Door, json as json_response};
use crate::exception::Failure;
use crate::parameters::{Parameters, excerpt};
use crate::permissions::Needs;

/// `GET` and `POST /sparql/status`
pub(crate) fn status(door: &Door, call: &Call) -> Result<Response<Body>, Failure> {
    let parameters = call.parameters.clone().and(Parameters::decode(&call.body.bytes)?);
    let id = parameters.one("queryId")?.filter(|id| !id.is_empty());
    let cancels = parameters.all("cancelQuery").any(|value| !value.eq_ignore_ascii_case("false"));
    // The table of permissions has not seen the body.
    let action = if cancels { Action::CancelQuery } else { Action::GetQueryStatus };
    call.identity.may(Needs::InLanguage(action, Some(Language::Sparql)), true)?;
    let Some(id) = id else { return Ok(list(door)) };
    let known = Uuid::try_parse(id).map(|id| id.to_string());
    if !cancels {
        let found = known.ok().and_then(|id| door.registry.find(Language::Sparql, &id));
        return Ok(found.map_or_else(|| Response::new(Body::empty()), |query| json_response(&body(door, &[query]))));
    }
    let Ok(known) = known else {
        let mut response = Response::new(Body::from(format!("Invalid queryId (not a UUID): {}", excerpt(id))));
        *response.status_mut() = StatusCode::BAD_REQUEST;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
        return Ok(response);
    };
    let manner = if parameters.flag("silent")?.unwrap_or(false) { Manner::Silent } else { Manner::Loud };
    if door.registry.cancel(Language::Sparql, &known, manner) {
        tracing::info!(query = known, ?manner, "a query is cancelled");
    }
    Ok(list(door))
}

fn list(door: &Door) -> Response<Body> {
    let running = door.registry.list(Language::Sparql).into_iter().filter(|query| !query.is_waiting);
    json_response(&body(door, &running.collect::<Vec<_>>()))
}

fn body(door: &Door, queries: &[Listed]) -> Value {
    let shown: Vec<Value> = queries
        .iter()
        .map(|query| {
            json!({
                "queryId": &*query.id,
                "queryEvalStats": {
                    "subqueries": 0,
                    "elapsed": query.elapsed.as_millis() as u64,
                    "cancelled": query.is_cancelled,
                },
                "queryString": &*query.text,
            })
        })
        .collect();
    json!({
        "acceptedQueryCount": door.registry.accepted(Language::Sparql),
        "runningQueryCount": queries.len(),
        "queries": shown,
    })
}
