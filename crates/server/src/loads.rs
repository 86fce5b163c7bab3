//! The loader's four operations: start, status, list, cancel.
//!
//! A start and a cancel carry the fingerprint of their call, so that a call sent again gets the answer of its first
//! attempt; the door runs them in tasks of their own, so that a client that hangs up changes nothing. The checks of a
//! cancel have a fixed order: replica, loader off, missing id, `all` with an id, ids that differ; the loader does the
//! rest (length and characters, shape, unknown or ended).
//!
//! **Source**: spec/loader.md §1, §2.1, §3.3, §4, §5; the order of a cancel's checks is that of design §9.

mod attempt;

use axum::body::Body;
use axum::http::{HeaderMap, Response, header};
use loader::request::LoadRequest;
use loader::{Loader, Scope, StatusQuery};
use serde_json::json;

use crate::audit;
use crate::door::{Call, Door, json};
use crate::exception::{Exception, Failure};
use crate::parameters::{Parameters, excerpt};

/// Most ids of a list, and its default.
const MOST_LISTED: u64 = 100;

/// Most errors on a page: more are asked for in vain.
const MOST_ERRORS_A_PAGE: u64 = 10_000;

/// `POST /loader`
pub(crate) async fn start(door: &Door, call: Call) -> Result<Response<Body>, Failure> {
    writable(door, "Start new load operation not permitted on a read replica instance")?;
    let content_type = text_header(&call.headers, &header::CONTENT_TYPE);
    let request = LoadRequest::read(&call.body.bytes, content_type, call.query.as_deref(), &door.config.requests)?;
    let attempt = attempt::fingerprint(&door.store, &call);
    let loader = door.loader.clone();
    let turn = door.lanes.starts.turn().await?;
    let id = door.lanes.starts.run(turn, move || loader.start(request, attempt)).await??;
    let mut reply = json(&json!({"status": "200 OK", "payload": {"loadId": id.to_string()}}));
    reply.extensions_mut().insert(audit::Load(id.to_string()));
    Ok(reply)
}

/// `DELETE /loader/{loadId}` and `DELETE /loader?loadId=`
pub(crate) async fn cancel(door: &Door, call: Call) -> Result<Response<Body>, Failure> {
    writable(door, "Load cancellation is not permitted on a read replica instance.")?;
    let named = LoadIds::of(&call);
    let scope = match (named.any(), cancels_all(&call.parameters)?) {
        (false, None) => {
            return Err(Failure::new(Exception::MissingParameter, "Missing required parameters: [loadId]"));
        }
        (true, Some(_)) => {
            let text = "Parameter 'all' cancels every load and cannot be given together with a loadId";
            return Err(Failure::new(Exception::IllegalArgument, text));
        }
        (_, scope) => scope,
    };
    let id = named.one()?.to_owned();
    let load = audit::Load(if scope.is_some() { "all".to_owned() } else { excerpt(&id) });
    let attempt = attempt::fingerprint(&door.store, &call);
    let loader = door.loader.clone();
    let lane = &door.lanes.cancels;
    let turn = lane.turn().await?;
    // The guide shows an empty body, but a common notebook client calls a cancel failed that has none.
    let mut answer = json!({"status": "200 OK"});
    match scope {
        None => lane.run(turn, move || loader.cancel(&id, attempt)).await??,
        Some(scope) => {
            answer["cancelled"] = lane.run(turn, move || loader.cancel_all(scope, attempt)).await??.into();
        }
    }
    let mut reply = json(&answer);
    reply.extensions_mut().insert(load);
    Ok(reply)
}

/// `GET /loader/{loadId}`, `GET /loader?loadId=`, and the list when neither names a load.
pub(crate) async fn look(door: &Door, call: Call) -> Result<Response<Body>, Failure> {
    let named = LoadIds::of(&call);
    let loader = door.loader.clone();
    let payload = if named.any() {
        let id = named.one()?.to_owned();
        let query = status_query(&call.parameters)?;
        look_up(door, loader, move |loader| Ok(loader.status(&id, query)?)).await?
    } else {
        let limit = call.parameters.number("limit", MOST_LISTED)?.unwrap_or(MOST_LISTED) as usize;
        let queued = call.parameters.flag("includeQueuedLoads")?.unwrap_or(true);
        look_up(door, loader, move |loader| Ok(json!({"loadIds": loader.list(limit, queued)}))).await?
    };
    Ok(json(&json!({"status": "200 OK", "payload": payload})))
}

/// Asks the loader on a thread of the lane for looks.
pub(crate) async fn look_up<W>(door: &Door, loader: Loader, work: W) -> Result<serde_json::Value, Failure>
where
    W: FnOnce(&Loader) -> Result<serde_json::Value, Failure> + Send + 'static,
{
    let lane = &door.lanes.looks;
    let turn = lane.turn().await?;
    lane.run(turn, move || work(&loader)).await?
}

/// Refuses what changes loads on a replica, with the documented text, and where the loader is off.
fn writable(door: &Door, on_replica: &str) -> Result<(), Failure> {
    if door.config.read_replica {
        return Err(Failure::new(Exception::MethodNotAllowed, on_replica));
    }
    if !door.config.loader {
        let text = "The bulk loader is switched off by this server's configuration";
        return Err(Failure::new(Exception::UnsupportedOperation, text));
    }
    Ok(())
}

/// Every id that a call gives: SDKs put it into the path, a common notebook client into the query. An empty one is
/// none.
#[derive(Debug)]
pub(crate) struct LoadIds<'c>(Vec<&'c str>);

impl<'c> LoadIds<'c> {
    pub(crate) fn of(call: &'c Call) -> Self {
        let given = call.label.as_deref().into_iter().chain(call.parameters.all("loadId"));
        Self(given.filter(|id| !id.is_empty()).collect())
    }

    fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// The one that all of them are.
    pub(crate) fn one(&self) -> Result<&'c str, Failure> {
        let first = self.0.first().copied().unwrap_or_default();
        if self.0.iter().any(|id| *id != first) {
            return Err(Failure::new(Exception::InvalidArgument, "The request names more than one loadId"));
        }
        Ok(first)
    }
}

/// Our own `all`: `true` for what is queued, `running` for the running load, too.
fn cancels_all(parameters: &Parameters) -> Result<Option<Scope>, Failure> {
    match parameters.one("all")? {
        Some(value) if value.eq_ignore_ascii_case("running") => Ok(Some(Scope::Running)),
        Some(_) if parameters.flag("all")? == Some(true) => Ok(Some(Scope::Queue)),
        _ => Ok(None),
    }
}

/// Page and size of the errors count only when errors are asked for: common clients always send them.
pub(crate) fn status_query(parameters: &Parameters) -> Result<StatusQuery, Failure> {
    let mut query = StatusQuery { details: parameters.flag("details")?.unwrap_or(false), ..StatusQuery::default() };
    query.errors = parameters.flag("errors")?.unwrap_or(false);
    if query.errors {
        query.page = parameters.number("page", u64::MAX)?.unwrap_or(query.page);
        let errors_per_page = parameters.number("errorsPerPage", u64::MAX)?.unwrap_or(query.errors_per_page);
        query.errors_per_page = errors_per_page.min(MOST_ERRORS_A_PAGE);
    }
    Ok(query)
}

/// A header's text; one that is not text counts as absent.
pub(crate) fn text_header<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
