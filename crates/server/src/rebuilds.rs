//! Index rebuilds: there are none, and the answers say why.
//!
//! The store keeps its index orders sorted and checked at every write, and merges them in the background by itself. So
//! there is nothing that a rebuild by hand would mend: a start is refused once its parameters are known to be good, the
//! list is empty, and no id is known.
//!
//! **Source**: spec/storage-ml.md §2.

use axum::body::Body;
use axum::http::Response;
use serde_json::json;

use crate::door::{Call, json};
use crate::exception::{Exception, Failure};
use crate::parameters::excerpt;

/// `GET /storage/indexes/rebuilds`
pub(crate) fn list() -> Response<Body> {
    json(&json!({"rebuildIds": []}))
}

/// `POST /storage/indexes/rebuilds`
pub(crate) fn start(call: &Call) -> Result<Response<Body>, Failure> {
    for (name, known) in [("scope", ["ALL", "QUADS", "DICTIONARIES"]), ("writeBufferSize", ["LOW", "MEDIUM", "HIGH"])] {
        let Some(value) = call.parameters.one(name)? else { continue };
        if !known.contains(&value) {
            let text = format!("Parameter '{name}' must be one of {}, found '{}'", known.join(", "), excerpt(value));
            return Err(Failure::new(Exception::InvalidParameter, text));
        }
    }
    call.parameters.number("concurrency", u64::MAX)?;
    let text = "StartIndexRebuild is not supported: this store merges its indexes in the background by itself, and \
                GET /halimede/check verifies them";
    Err(Failure::new(Exception::UnsupportedOperation, text))
}

/// `GET /storage/indexes/rebuilds/{rebuildId}` and `POST /storage/indexes/rebuilds/{rebuildId}/cancel`
pub(crate) fn find(call: &Call) -> Result<Response<Body>, Failure> {
    let id = excerpt(call.label.as_deref().unwrap_or_default());
    let text = format!("There is no index rebuild with the id '{id}': this store merges its indexes by itself");
    // The exception that the model has for an unknown id stands at the start alone.
    Err(Failure::new(Exception::InvalidParameter, text))
}
