//! What is ours alone: `/metrics` and the paths under `/halimede/`.

use std::io;

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use loader::RejectPart;
use loader::export::{self, Part};
use loader::request::Format;
use model::Dataset;
use serde_json::{Value, json};

use crate::door::{Call, Door, json as json_response};
use crate::exception::{Exception, Failure};
use crate::parameters::excerpt;
use crate::stream::{self, LateFailure, Terms, reads_trailers};
use crate::watch::Watch;

/// Content type of the Prometheus text format.
const PROMETHEUS: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// `GET /metrics`
pub(crate) async fn metrics(door: &Door) -> Result<Response<Body>, Failure> {
    let lanes = &door.lanes;
    let turn = lanes.looks.turn().await?;
    let (store, loader) = (door.store.clone(), door.loader.clone());
    let (usage, loads) = lanes.looks.run(turn, move || (store.usage(), loader.counters())).await?;
    for (name, lane) in [
        ("queries", &lanes.queries),
        ("starts", &lanes.starts),
        ("cancels", &lanes.cancels),
        ("resets", &lanes.resets),
        ("looks", &lanes.looks),
        ("chores", &lanes.chores),
        ("statistics", &lanes.statistics),
        ("events", &lanes.events),
    ] {
        door.metrics.lane(name, lane);
    }
    door.metrics.in_flight(door.places.taken());
    door.metrics.store(&usage, door.store.options().memory);
    for (state, jobs) in &loads.jobs {
        door.metrics.loads(state.name(), *jobs);
    }
    door.metrics.records(loads.records_loaded, loads.duplicates, loads.errors);
    let mut response = Response::new(Body::from(door.metrics.render()));
    response.headers_mut().insert(header::CONTENT_TYPE, PROMETHEUS);
    Ok(response)
}

/// `GET /halimede/health`: the process answers.
pub(crate) fn health() -> Value {
    json!({"status": "healthy", "version": env!("CARGO_PKG_VERSION")})
}

/// `GET /halimede/check`: reads the whole store while it serves. A client that leaves ends it.
pub(crate) async fn check(door: &Door, call: &Call) -> Result<Response<Body>, Failure> {
    let (watch, timer) = Watch::begin(None, door.ends());
    let token = watch.token.clone();
    let store = door.store.clone();
    let late_failure = LateFailure::BreakOff;
    let terms = Terms { id: call.id, trailers: false, late_failure, watch, timer };
    stream::reply(&door.lanes.chores, terms, move |sink| {
        sink.set_media_type("application/json; charset=UTF-8");
        let report = store.check(&token)?;
        serde_json::to_writer(sink, &report)
            .map_err(|error| Failure::new(Exception::InternalFailure, format!("The report cannot be written: {error}")))
    })
    .await
}

/// `GET /halimede/export`: one file of one moment, streamed.
///
/// `format` names a format of the loader. `part` is `vertices`, `edges` or `statements`; a format of one file needs
/// none. `dataset` may repeat what the format implies.
pub(crate) async fn export(door: &Door, call: &Call) -> Result<Response<Body>, Failure> {
    let Some(format) = call.parameters.one("format")? else {
        return Err(Failure::new(Exception::MissingParameter, "Missing required parameters: [format]"));
    };
    let format = Format::parse(format)?;
    let dataset = dataset(call.parameters.one("dataset")?, format)?;
    let part = part(call.parameters.one("part")?, format)?;
    let (watch, timer) = Watch::begin(None, door.ends());
    let token = watch.token.clone();
    let trailers = reads_trailers(&call.headers);
    let terms = Terms { id: call.id, trailers, late_failure: LateFailure::BreakOff, watch, timer };
    let store = door.store.clone();
    let mut response = stream::reply(&door.lanes.chores, terms, move |sink| {
        sink.set_media_type(media_type(format));
        export::export(&store.snapshot(dataset), format, part, sink, &token)?;
        Ok(())
    })
    .await?;
    let disposition = format!("attachment; filename=\"{}\"", part.file_name(format));
    let disposition = HeaderValue::from_str(&disposition).expect("names of files and formats are visible ASCII");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    Ok(response)
}

/// `GET /halimede/loader/{loadId}/rejects`: what there is, as JSON; with `feed` a number of that list, the rows of that
/// file as they stood, or, with `part=reasons`, what is wrong with them.
pub(crate) async fn rejects(door: &Door, call: &Call) -> Result<Response<Body>, Failure> {
    let id = call.label.clone().unwrap_or_default();
    let loader = door.loader.clone();
    let Some(feed) = call.parameters.number("feed", u64::MAX)? else {
        let turn = door.lanes.looks.turn().await?;
        let list = door.lanes.looks.run(turn, move || loader.rejects(&id)).await??;
        return Ok(json_response(&list));
    };
    let name = call.parameters.one("part")?.unwrap_or(RejectPart::Rows.name());
    let Some(part) = RejectPart::ALL.into_iter().find(|part| part.name() == name) else {
        let text = format!("Parameter 'part' must be rows or reasons, found '{}'", excerpt(name));
        return Err(Failure::new(Exception::InvalidParameter, text));
    };
    let turn = door.lanes.looks.turn().await?;
    let mut file = door.lanes.looks.run(turn, move || loader.reject_file(&id, feed, part)).await??;
    let disposition = format!("attachment; filename=\"{}\"", file.name);
    let (watch, timer) = Watch::begin(None, door.ends());
    let trailers = reads_trailers(&call.headers);
    let terms = Terms { id: call.id, trailers, late_failure: LateFailure::BreakOff, watch, timer };
    let mut response = stream::reply(&door.lanes.chores, terms, move |sink| {
        sink.set_media_type(if part == RejectPart::Reasons {
            "text/csv; charset=UTF-8"
        } else {
            "application/octet-stream"
        });
        io::copy(&mut file, sink)
            .map(drop)
            .map_err(|error| Failure::new(Exception::InternalFailure, format!("The rejects cannot be read: {error}")))
    })
    .await?;
    let disposition = HeaderValue::from_str(&disposition).expect("names of rejects are visible ASCII");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    Ok(response)
}

fn dataset(named: Option<&str>, format: Format) -> Result<Dataset, Failure> {
    let held = if format.is_rdf() { Dataset::Rdf } else { Dataset::Pg };
    match named {
        None => Ok(held),
        Some(name) if name == held.name() => Ok(held),
        Some(name) => Err(Failure::new(
            Exception::InvalidParameter,
            format!("Parameter 'dataset' must be {} for format {format}, found '{}'", held.name(), excerpt(name)),
        )),
    }
}

fn part(named: Option<&str>, format: Format) -> Result<Part, Failure> {
    let parts = Part::of(format);
    match (named, parts) {
        (None, [only]) => Ok(*only),
        (None, _) => Err(Failure::new(Exception::MissingParameter, "Missing required parameters: [part]")),
        (Some(name), _) => parts.iter().copied().find(|part| part.name() == name).ok_or_else(|| {
            let names: Vec<&str> = parts.iter().map(|part| part.name()).collect();
            let text = format!(
                "Parameter 'part' must be {} for format {format}, found '{}'",
                names.join(" or "),
                excerpt(name)
            );
            Failure::new(Exception::InvalidParameter, text)
        }),
    }
}

const fn media_type(format: Format) -> &'static str {
    match format {
        Format::Csv | Format::OpenCypher => "text/csv; charset=UTF-8",
        Format::NTriples => "application/n-triples",
        Format::NQuads => "application/n-quads",
        Format::Turtle => "text/turtle",
        Format::RdfXml => "application/rdf+xml",
    }
}
