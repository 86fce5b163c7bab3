//! What a page of an allowed origin is told, so that its browser lets it ask and read.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

/// Whether this is a browser's question, sent before the request itself.
pub(crate) fn is_preflight(request: &Parts) -> bool {
    request.method == Method::OPTIONS
        && request.headers.contains_key(header::ORIGIN)
        && request.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to a preflight that passed: any method that a route may have, and those of the asked-for headers that an
/// operation reads.
pub(crate) fn preflight(request: &Parts) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, PUT, DELETE"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    if let Some(readable) = readable_headers(&request.headers) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, readable);
    }
    response
}

/// Lets the pages of `origin` read a reply.
pub(crate) fn grant(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("x-amzn-requestid, x-amzn-errortype, retry-after"),
    );
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
}

/// Of the headers asked for, those that operations and SDKs know.
fn readable_headers(headers: &HeaderMap) -> Option<HeaderValue> {
    const KNOWN: [&str; 4] = ["content-type", "accept", "authorization", "queryid"];
    let asked = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS)?.to_str().ok()?.to_ascii_lowercase();
    let readable: Vec<&str> = asked
        .split(',')
        .map(str::trim)
        .filter(|name| KNOWN.contains(name) || name.starts_with("x-amz-") || name.starts_with("amz-sdk-"))
        .collect();
    if readable.is_empty() { None } else { HeaderValue::from_str(&readable.join(", ")).ok() }
}
