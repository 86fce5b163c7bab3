//! From method and path to an operation, matched by hand on the raw path.
//!
//! SDKs percent-encode ids (`a b/c` is sent as `a%20b%2Fc`), so a path is cut at its slashes first and a label is decoded
//! after it has matched. One trailing slash is ignored; `/openCypher` in any case and `/pg` are other spellings of
//! `/opencypher` and `/propertygraph`. The table holds the whole service model: what this server cannot do yet is routed, too, and says
//! so by its name.

mod table;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::LazyLock;

use auth::Language;
use axum::http::Method;
use model::Dataset;

use crate::ml::Collection;

/// What the server does for a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// `POST /loader`
    StartLoaderJob,
    /// `GET /loader`: the list, or one job's status when the query names one.
    ListLoaderJobs,
    /// `GET /loader/{loadId}`
    GetLoaderJobStatus,
    /// `DELETE /loader/{loadId}`, `DELETE /loader?loadId=`
    CancelLoaderJob,
    /// `GET /status`
    GetEngineStatus,
    /// `POST /system`
    ExecuteFastReset,
    /// `GET` and `POST /sparql`
    Sparql,
    /// `GET`, `HEAD`, `PUT`, `POST` and `DELETE /sparql/gsp`
    SparqlGraphStore,
    /// `GET` and `POST /openCypher`
    OpenCypher,
    /// `POST /opencypher/explain`
    OpenCypherExplain,
    /// A language's `…/status`, `…/status/{queryId}`: lists and shows queries, and cancels them.
    Queries(Language),
    /// `GET` of a graph's `…/statistics`
    GetStatistics(Dataset),
    /// `POST` there
    ManageStatistics(Dataset),
    /// `DELETE` there
    DeleteStatistics(Dataset),
    /// `GET` of a graph's `…/statistics/summary`
    GetSummary(Dataset),
    /// `GET /storage/info`
    GetStorageInfo,
    /// `GET /ml/…`
    ListMl,
    /// `GET` and `DELETE /ml/…/{id}`
    FindMl(Collection),
    /// `POST /ml/…`
    StartMl(Collection),
    /// `GET /storage/indexes/rebuilds`
    ListIndexRebuilds,
    /// `POST /storage/indexes/rebuilds`
    StartIndexRebuild,
    /// `GET /storage/indexes/rebuilds/{rebuildId}`, `POST /storage/indexes/rebuilds/{rebuildId}/cancel`
    FindIndexRebuild,
    /// `GET /openapi.json`
    OpenApi,
    /// `GET /metrics`
    Metrics,
    /// `GET /halimede/health`
    Health,
    /// `GET /halimede/check`
    Check,
    /// `GET /halimede/export`
    Export,
    /// `GET /halimede/loader/{loadId}/events`
    GetLoaderJobEvents,
    /// `GET /halimede/loader/{loadId}/rejects`
    GetLoaderJobRejects,
}

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Route {
    /// The operation's name in the service model; for other paths a name in its style.
    pub(crate) operation: &'static str,
    /// Its method.
    pub(crate) method: Method,
    /// Its path; a segment in braces matches any one segment that is not empty.
    pub(crate) template: &'static str,
    /// What is done; `None` for what is known and not offered.
    pub(crate) action: Option<Action>,
}

/// A route with the label from the path, if its template has one.
#[derive(Debug)]
pub(crate) struct Matched {
    /// The row that matched.
    pub(crate) route: &'static Route,
    /// The decoded label. Bytes that are not UTF-8 are replaced, so that it can still be refused by its shape.
    pub(crate) label: Option<String>,
}

/// Why nothing matched.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// No route has this path.
    Path,
    /// Routes have this path, with other methods: the value of `Allow`.
    Method {
        /// Methods separated by commas, in the order of the table.
        allow: String,
    },
}

/// The route for `method` and the raw `path`.
///
/// # Errors
///
/// [`Mismatch`], which tells an unknown path from an unknown method.
pub(crate) fn find(method: &Method, path: &str) -> Result<Matched, Mismatch> {
    static BY_SEGMENT: LazyLock<HashMap<&str, Vec<&Route>>> = LazyLock::new(by_segment);
    let mut allowed: Vec<&str> = Vec::new();
    for route in BY_SEGMENT.get(usual_spelling(first_segment(path))).into_iter().flatten().copied() {
        let Some(Fit { label }) = fit(route.template, path) else { continue };
        if route.method == *method {
            return Ok(Matched { route, label: label.map(percent_decode) });
        }
        if !allowed.contains(&route.method.as_str()) {
            allowed.push(route.method.as_str());
        }
    }
    if allowed.is_empty() { Err(Mismatch::Path) } else { Err(Mismatch::Method { allow: allowed.join(", ") }) }
}

/// Every route.
pub(crate) fn all() -> impl Iterator<Item = &'static Route> {
    table::MODEL.iter().chain(table::OTHERS)
}

/// The routes that begin with each first segment, in the order of the table: looking at every row costs as much as to parse
/// a short query. No first segment of a template is a label.
fn by_segment() -> HashMap<&'static str, Vec<&'static Route>> {
    let mut routes: HashMap<&str, Vec<&Route>> = HashMap::new();
    for route in all() {
        routes.entry(first_segment(route.template)).or_default().push(route);
    }
    routes
}

fn first_segment(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

/// That a path fits a template, with the raw text of its label if it has one. No template has two.
struct Fit<'p> {
    label: Option<&'p str>,
}

fn fit<'p>(template: &str, path: &'p str) -> Option<Fit<'p>> {
    let path = path.strip_prefix('/')?;
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut label = None;
    let mut segments = path.split('/');
    for (place, expected) in template.trim_start_matches('/').split('/').enumerate() {
        let found = segments.next()?;
        if expected.starts_with('{') {
            if found.is_empty() {
                return None;
            }
            label = Some(found);
        } else if expected != if place == 0 { usual_spelling(found) } else { found } {
            return None;
        }
    }
    segments.next().is_none().then_some(Fit { label })
}

/// The first segment as the table spells it.
fn usual_spelling(segment: &str) -> &str {
    match segment {
        any if any.eq_ignore_ascii_case("opencypher") => "opencypher",
        "pg" => "propertygraph",
        other => other,
    }
}

/// Decodes `%XX`; a `%` that begins no such escape stands for itself. A `+` is a plus: this is a path, not a form.
fn percent_decode(raw: &str) -> String {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = match (first, after) {
            (b'%', [high, low, ..]) => hex_digit(*high).zip(hex_digit(*low)),
            _ => None,
        };
        if let Some((high, low)) = escaped {
            bytes.push(high << 4 | low);
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}
