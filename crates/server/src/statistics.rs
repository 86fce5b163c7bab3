//! Statistics and summaries of both graphs: `/propertygraph/statistics`, `/rdf/statistics`, and what lies below them.
//!
//! They are exact, of the last commit, and computed once for it. Whoever asks waits for that, within bounds: a summary
//! longer than a status. After the wait there is the answer that the service would give at once: what was computed
//! last, however old, or that it is not there yet.
//!
//! **Source**: spec/statistics.md; clients.md §3.

mod summary;

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode, header};
use jiff::Timestamp;
use model::Dataset;
use serde_json::{Value, json};
use store::CancelToken;
use store::statistics::{Run, Standing, StatisticsKeeper};

use crate::door::{Call, Door, json};
use crate::exception::{Exception, Failure, JSON, READ_ONLY};
use crate::parameters::{Parameters, excerpt};
use crate::watch::Watch;
use summary::Mode;

/// How long a status waits for a computation that is under way.
const STATUS_PATIENCE: Duration = Duration::from_secs(5);
/// How long a summary waits for it: within the minute in which SDKs wait for an answer.
const SUMMARY_PATIENCE: Duration = Duration::from_secs(50);

/// The id of statistics that are not there.
const NO_ID: i64 = -1;

/// What a status says when subjects are of more kinds than are told apart.
const LIMIT_REACHED: &str = "Limit reached: Statistics are not available";

/// SDKs that take the model at its word and read an id only if it is a string. All others, and those who ask without an
/// SDK, get the number that the service sends.
const LITERAL_SDKS: [&str; 2] = ["aws-sdk-rust/", "aws-sdk-go-v2/"];

/// `GET …/statistics`
pub(crate) async fn status(door: &Door, call: &Call, dataset: Dataset) -> Result<Response<Body>, Failure> {
    let standing = ask(door, move |keeper, cancel| keeper.standing(dataset, STATUS_PATIENCE, cancel)).await?;
    let mut payload = json!({"autoCompute": standing.auto_compute, "active": false, "statisticsId": id(call, NO_ID)});
    if let Some(run) = &standing.run {
        payload["statisticsId"] = id(call, run.id as i64);
        payload["date"] = date(run.ended_millis).into();
        if let Some(signatures) = run.statistics.signatures {
            payload["active"] = true.into();
            payload["signatureInfo"] = json!({
                "signatureCount": signatures.signatures,
                "instanceCount": signatures.instances,
                "predicateCount": signatures.predicates,
            });
        } else {
            payload["note"] = LIMIT_REACHED.into();
        }
    }
    if let Some(failure) = standing.failure {
        payload["note"] = format!("The last computation failed: {failure}").into();
    }
    Ok(json(&json!({"status": "200 OK", "payload": payload})))
}

/// `POST …/statistics`
pub(crate) async fn manage(door: &Door, call: &Call, dataset: Dataset) -> Result<Response<Body>, Failure> {
    writable(door)?;
    let auto_compute = match Command::read(call)? {
        Command::Refresh => {
            let started = ask(door, move |keeper, _| keeper.refresh(dataset)).await?;
            let payload = json!({"statisticsId": id(call, started as i64)});
            return Ok(json(&json!({"status": "200 OK", "payload": payload})));
        }
        Command::AutoCompute(on) => on,
    };
    ask(door, move |keeper, _| keeper.set_auto_compute(dataset, auto_compute)).await?;
    Ok(json(&json!({"status": "200 OK"})))
}

/// `DELETE …/statistics`
pub(crate) async fn delete(door: &Door, call: &Call, dataset: Dataset) -> Result<Response<Body>, Failure> {
    writable(door)?;
    if ask(door, move |keeper, _| keeper.delete(dataset)).await? {
        let payload = json!({"active": false, "statisticsId": id(call, NO_ID)});
        Ok(json(&json!({"status": "200 OK", "payload": payload})))
    } else {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Ok(response)
    }
}

/// `GET …/statistics/summary`
pub(crate) async fn summary(door: &Door, call: &Call, dataset: Dataset) -> Result<Response<Body>, Failure> {
    let mode = Mode::read(&call.parameters)?;
    let work = move |keeper: &StatisticsKeeper, cancel: &CancelToken| -> store::Result<Result<String, Failure>> {
        let standing = keeper.current(dataset, SUMMARY_PATIENCE, cancel)?;
        // Long lists are written here, on a thread that may be busy.
        Ok(available(standing).and_then(|run| {
            let (statistics, computed) = (&run.statistics, date(run.ended_millis));
            let graph = summary::graph(statistics, mode).ok_or_else(|| {
                let text = "Statistics limit reached, thus graph summary is not available.";
                Failure::new(Exception::StatisticsNotAvailable, text)
            })?;
            let payload = json!({"version": "v1", "lastStatisticsComputationTime": computed, "graphSummary": graph});
            Ok(json!({"status": "200 OK", "payload": payload}).to_string())
        }))
    };
    let text = ask(door, work).await??;
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    Ok(response)
}

/// Whether a path is that of a summary, on which a wrong method has a text of its own.
pub(crate) fn is_summary(path: &str) -> bool {
    path.strip_suffix('/').unwrap_or(path).ends_with("/statistics/summary")
}

/// The run that a summary is made from.
fn available(standing: Standing) -> Result<std::sync::Arc<Run>, Failure> {
    if let Some(run) = standing.run {
        return Ok(run);
    }
    let not_there = |text: &str| Failure::new(Exception::StatisticsNotAvailable, text);
    Err(if standing.computing.is_some() {
        not_there(
            "Statistics are not computed yet, graph summary will be available after statistics computation is \
             complete.",
        )
    } else if let Some(failure) = standing.failure {
        Failure::new(Exception::InternalFailure, format!("The statistics could not be computed: {failure}"))
    } else if standing.auto_compute {
        not_there("Statistics are not available. Summary can only be generated after statistics are available.")
    } else {
        Failure::new(Exception::BadRequest, "Statistics are disabled, so graph summary is also disabled.")
    })
}

/// Runs `work` in the lane of statistics, until its client leaves, the data is reset or the server stops.
async fn ask<T, W>(door: &Door, work: W) -> Result<T, Failure>
where
    T: Send + 'static,
    W: FnOnce(&StatisticsKeeper, &CancelToken) -> store::Result<T> + Send + 'static,
{
    let (watch, _timer) = Watch::begin(None, door.ends());
    let _presence = watch.presence();
    let ended = |error: store::Error| watch.failure().unwrap_or_else(|| error.into());
    let lane = &door.lanes.statistics;
    let turn = tokio::select! {
        biased;
        () = watch.stop.cancelled() => return Err(ended(store::Error::Cancelled)),
        turn = lane.turn() => turn?,
    };
    let (keeper, token) = (door.store.statistics(), watch.token.clone());
    lane.run(turn, move || work(&keeper, &token)).await?.map_err(ended)
}

fn writable(door: &Door) -> Result<(), Failure> {
    if door.config.read_replica {
        return Err(Failure::new(Exception::ReadOnlyViolation, READ_ONLY));
    }
    Ok(())
}

/// An id as the client can read it.
fn id(call: &Call, id: i64) -> Value {
    if takes_the_model_literally(&call.headers) { id.to_string().into() } else { id.into() }
}

fn takes_the_model_literally(headers: &HeaderMap) -> bool {
    let agents = [header::USER_AGENT.as_str(), "x-amz-user-agent"];
    let mut agents = agents.into_iter().filter_map(|name| headers.get(name)?.to_str().ok());
    agents.any(|agent| LITERAL_SDKS.iter().any(|sdk| agent.split(' ').any(|part| part.starts_with(sdk))))
}

/// ISO 8601 with milliseconds, in UTC.
fn date(millis: u64) -> String {
    let instant = i64::try_from(millis).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok());
    instant.unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// What a `POST` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    Refresh,
    AutoCompute(bool),
}

impl Command {
    /// JSON is known by its first character: notebooks send it without a content type, and curl as a form.
    fn read(call: &Call) -> Result<Self, Failure> {
        let body = call.body.bytes.as_ref();
        let mode = if body.trim_ascii_start().starts_with(b"{") {
            member(body)?
        } else {
            let parameters = call.parameters.clone().and(Parameters::decode(body)?);
            parameters.one("mode")?.map(str::to_owned)
        };
        match mode.filter(|mode| !mode.is_empty()).as_deref() {
            None => Err(Failure::new(Exception::MissingParameter, "Missing required parameters: [mode]")),
            Some("refresh") => Ok(Self::Refresh),
            Some("enableAutoCompute") => Ok(Self::AutoCompute(true)),
            Some("disableAutoCompute") => Ok(Self::AutoCompute(false)),
            Some(other) => Err(unsupported(other)),
        }
    }
}

/// The member `mode` of a JSON object; others are ignored.
fn member(body: &[u8]) -> Result<Option<String>, Failure> {
    let members: serde_json::Map<String, Value> = serde_json::from_slice(body)
        .map_err(|error| Failure::new(Exception::BadRequest, format!("The body is no JSON object: {error}")))?;
    match members.get("mode") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(mode)) => Ok(Some(mode.clone())),
        Some(other) => Err(unsupported(&other.to_string())),
    }
}

fn unsupported(mode: &str) -> Failure {
    let text = format!("Statistics command parameter 'mode' has unsupported value '{}'", excerpt(mode));
    Failure::new(Exception::InvalidParameter, text)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn dates_are_iso_8601_with_milliseconds() {
        assert_eq!(date(1_674_521_263_319), "2023-01-24T00:47:43.319Z");
        assert_eq!(date(1_588_893_232_000), "2020-05-07T23:13:52.000Z");
    }

    #[test]
    fn ids_are_strings_only_for_sdks_that_need_them() {
        let literally = |name: &'static str, agent: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(agent));
            takes_the_model_literally(&headers)
        };
        assert!(literally("user-agent", "aws-sdk-rust/1.3.9 os/linux lang/rust/1.90.0"));
        assert!(literally("x-amz-user-agent", "aws-sdk-rust/1.3.9 api/neptunedata/1.2.0"));
        assert!(literally("user-agent", "aws-sdk-go-v2/1.39.0 ua/2.1 os/linux"));
        for other in ["Boto3/1.44.8 md/Botocore#1.44.8", "aws-sdk-js/3.900.0", "python-requests/2.34.2", "curl/8.14"] {
            assert!(!literally("user-agent", other), "{other}");
        }
        assert!(!takes_the_model_literally(&HeaderMap::new()));
    }

    #[test]
    fn the_mode_of_a_command_is_a_text() {
        assert_eq!(member(br#"{"mode": "refresh", "x": 1}"#).unwrap().as_deref(), Some("refresh"));
        assert_eq!(member(br#"{"mode": null}"#).unwrap(), None);
        let refused = member(br#"{"mode": ["refresh"]}"#).unwrap_err().message;
        assert_eq!(refused, r#"Statistics command parameter 'mode' has unsupported value '["refresh"]'"#);
        assert_eq!(member(br#"{"mode": "#).unwrap_err().exception, Exception::BadRequest);
    }
}
