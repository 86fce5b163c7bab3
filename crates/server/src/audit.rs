//! The audit log: who started, cancelled and reset, and who was refused.
//!
//! One event of the log a request, under the target `audit`, whatever level the rest of the log has. It names the
//! principal (of a request whose signature is wrong: whose key it claims), where it came from, the operation, and how it
//! was answered; for loads the load, too. It never holds a header or a body.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::{Response, StatusCode};

use crate::exception::{ERROR_TYPE_HEADER, Failure};
use crate::request_id::RequestId;

/// The load that a reply is about, as an extension of it.
#[derive(Clone, Debug)]
pub(crate) struct Load(pub(crate) String);

/// Writes the event of a request, if its operation or its answer is one to be remembered.
pub(crate) fn record(id: RequestId, principal: &str, from: IpAddr, operation: &str, reply: &Response<Body>) {
    let status = reply.status();
    let is_remembered = matches!(operation, "StartLoaderJob" | "CancelLoaderJob" | "ExecuteFastReset");
    if !is_remembered && status != StatusCode::FORBIDDEN {
        return;
    }
    let exception = reply.headers().get(ERROR_TYPE_HEADER).and_then(|name| name.to_str().ok());
    let outcome = exception.unwrap_or("ok");
    let load = reply.extensions().get::<Load>().map(|load| load.0.as_str());
    tracing::info!(
        target: "audit", %id, principal, %from, operation, outcome, status = status.as_u16(), load, "{}",
        if status == StatusCode::FORBIDDEN { "refused" } else { "answered" }
    );
}

/// Writes the event of a login that was refused.
pub(crate) fn refused_login(claimed: &str, from: IpAddr, failure: &Failure) {
    let outcome = failure.exception.name();
    tracing::info!(target: "audit", principal = claimed, %from, operation = "BoltLogin", outcome, "refused");
}
