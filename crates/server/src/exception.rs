//! What a client is told when something goes wrong: the one table of exceptions, and the reply made from it.
//!
//! SDKs choose the class to raise from the header `x-amzn-ErrorType`, else from the body's `code`; both carry the bare
//! name. The body has four members: `detailedMessage`, `requestId` and `code` are modelled, and `message` repeats the text
//! because boto3 shows nothing else. A failure is never answered with an empty body or with HTML.

mod causes;
#[cfg(test)]
mod tests;

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::json;

use crate::request_id::RequestId;
pub(crate) use causes::READ_ONLY;

/// `Content-Type` of every JSON reply. Graph Explorer parses an error only when it contains `application/json`.
pub(crate) const JSON_TYPE: &str = "application/json; charset=UTF-8";

/// The same as a header's value.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static(JSON_TYPE);

/// Header with the request's id, on successes too: boto3 puts it into `ResponseMetadata`.
pub(crate) const REQUEST_ID_HEADER: &str = "x-amzn-requestid";

/// When to come again, in seconds. A place may be free at any moment, and whoever finds none backs off by itself.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// Header with the exception's bare name: the first thing every SDK looks at.
pub(crate) const ERROR_TYPE_HEADER: &str = "x-amzn-errortype";

/// One variant per row of the service's published table of exceptions, in its order; two more stand behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exception {
    /// Authentication or authorization failed; also a foreign `Host` or `Origin`.
    AccessDenied,
    /// No such route, a body over the limit, anything else that cannot be processed.
    BadRequest,
    /// The load id is unknown, forgotten, or (for a cancel) of a job that has ended.
    BulkLoadIdNotFound,
    /// Storage is in maintenance.
    CancelledByMaintenance,
    /// A user cancelled the operation.
    CancelledByUser,
    /// The client was too slow.
    ClientTimeout,
    /// Two writers wanted the same thing.
    ConcurrentModification,
    /// A rule of the data, or of an id's form, is broken.
    ConstraintViolation,
    /// All stream records asked for have expired.
    ExpiredStream,
    /// A query called `fail()`.
    FailureByQuery,
    /// An argument is not supported here.
    IllegalArgument,
    /// A bug, or a machine that failed.
    InternalFailure,
    /// An argument's value is invalid.
    InvalidArgument,
    /// A number does not fit 64 bits.
    InvalidNumericData,
    /// A known parameter has a bad value.
    InvalidParameter,
    /// The source of a load cannot be read.
    LoadUrlAccessDenied,
    /// The query has a syntax or validation error.
    MalformedQuery,
    /// The query ran out of memory.
    MemoryLimitExceeded,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// A required parameter is absent.
    MissingParameter,
    /// Unknown machine-learning job or endpoint.
    MlResourceNotFound,
    /// Something could not be parsed.
    Parsing,
    /// The server is not in the state that the operation needs.
    PreconditionsFailed,
    /// Too many queries are active or queued.
    QueryLimitExceeded,
    /// The query is larger than the system's limit.
    QueryLimit,
    /// The request body of a query is too large.
    QueryTooLarge,
    /// A write on a read replica.
    ReadOnlyViolation,
    /// Unknown index rebuild.
    ResourceNotFound,
    /// The object store failed.
    S3,
    /// The server is shutting down or resetting.
    ServerShutdown,
    /// Statistics are switched off or not there yet.
    StatisticsNotAvailable,
    /// No stream record with that number.
    StreamRecordsNotFound,
    /// Streams are read too often.
    Throttling,
    /// The deadline has passed.
    TimeLimitExceeded,
    /// Too many requests at once.
    TooManyRequests,
    /// The feature or construct is not supported.
    UnsupportedOperation,
    /// Bad parameters of an index rebuild.
    Validation,
    /// A node or relationship of an id that is taken: documented for openCypher, and not in the table.
    DuplicateData,
    /// The document of an UNLOAD cannot be read: documented for SPARQL, and not in the table.
    UnloadUrlAccessDenied,
}

/// Whether the same request, sent again, may succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It may.
    Yes,
    /// It will fail the same way.
    No,
}

impl Exception {
    /// Every exception, in the order of the published table.
    pub const ALL: [Self; 37] = [
        Self::AccessDenied,
        Self::BadRequest,
        Self::BulkLoadIdNotFound,
        Self::CancelledByMaintenance,
        Self::CancelledByUser,
        Self::ClientTimeout,
        Self::ConcurrentModification,
        Self::ConstraintViolation,
        Self::ExpiredStream,
        Self::FailureByQuery,
        Self::IllegalArgument,
        Self::InternalFailure,
        Self::InvalidArgument,
        Self::InvalidNumericData,
        Self::InvalidParameter,
        Self::LoadUrlAccessDenied,
        Self::MalformedQuery,
        Self::MemoryLimitExceeded,
        Self::MethodNotAllowed,
        Self::MissingParameter,
        Self::MlResourceNotFound,
        Self::Parsing,
        Self::PreconditionsFailed,
        Self::QueryLimitExceeded,
        Self::QueryLimit,
        Self::QueryTooLarge,
        Self::ReadOnlyViolation,
        Self::ResourceNotFound,
        Self::S3,
        Self::ServerShutdown,
        Self::StatisticsNotAvailable,
        Self::StreamRecordsNotFound,
        Self::Throttling,
        Self::TimeLimitExceeded,
        Self::TooManyRequests,
        Self::UnsupportedOperation,
        Self::Validation,
    ];

    /// The published row: the exception's name, the HTTP status, whether the same request may succeed later.
    pub const fn row(self) -> (&'static str, StatusCode, Retry) {
        use Retry::{No, Yes};
        match self {
            Self::AccessDenied => ("AccessDeniedException", StatusCode::FORBIDDEN, No),
            Self::BadRequest => ("BadRequestException", StatusCode::BAD_REQUEST, No),
            Self::BulkLoadIdNotFound => ("BulkLoadIdNotFoundException", StatusCode::NOT_FOUND, No),
            Self::CancelledByMaintenance => ("CancelledByMaintenanceException", StatusCode::INTERNAL_SERVER_ERROR, Yes),
            Self::CancelledByUser => ("CancelledByUserException", StatusCode::INTERNAL_SERVER_ERROR, Yes),
            Self::ClientTimeout => ("ClientTimeoutException", StatusCode::REQUEST_TIMEOUT, Yes),
            Self::ConcurrentModification => ("ConcurrentModificationException", StatusCode::INTERNAL_SERVER_ERROR, Yes),
            Self::ConstraintViolation => ("ConstraintViolationException", StatusCode::BAD_REQUEST, Yes),
            Self::ExpiredStream => ("ExpiredStreamException", StatusCode::BAD_REQUEST, No),
            Self::FailureByQuery => ("FailureByQueryException", StatusCode::INTERNAL_SERVER_ERROR, Yes),
            Self::IllegalArgument => ("IllegalArgumentException", StatusCode::BAD_REQUEST, No),
            Self::InternalFailure => ("InternalFailureException", StatusCode::INTERNAL_SERVER_ERROR, Yes),
            Self::InvalidArgument => ("InvalidArgumentException", StatusCode::BAD_REQUEST, No),
            Self::InvalidNumericData => ("InvalidNumericDataException", StatusCode::BAD_REQUEST, No),
            Self::InvalidParameter => ("InvalidParameterException", StatusCode::BAD_REQUEST, No),
            Self::LoadUrlAccessDenied => ("LoadUrlAccessDeniedException", StatusCode::BAD_REQUEST, No),
            Self::MalformedQuery => ("MalformedQueryException", StatusCode::BAD_REQUEST, No),
            Self::MemoryLimitExceeded => ("MemoryLimitExceededException", StatusCode::INTERNAL_SERVER_ERROR, Yes),
            Self::MethodNotAllowed => ("MethodNotAllowedException", StatusCode::METHOD_NOT_ALLOWED, No),
            Self::MissingParameter => ("MissingParameterException", StatusCode::BAD_REQUEST, No),
            Self::MlResourceNotFound => ("MLResourceNotFoundException", StatusCode::NOT_FOUND, No),
            Self::Parsing => ("ParsingException", StatusCode::BAD_REQUEST, No),
            Self::PreconditionsFailed => ("PreconditionsFailedException", StatusCode::BAD_REQUEST, No),
            Self::QueryLimitExceeded => ("QueryLimitExceededException", StatusCode::INTERNAL_SERVER_ERROR, Yes),
            Self::QueryLimit => ("QueryLimitException", StatusCode::BAD_REQUEST, No),
            Self::QueryTooLarge => ("QueryTooLargeException", StatusCode::BAD_REQUEST, No),
            Self::ReadOnlyViolation => ("ReadOnlyViolationException", StatusCode::BAD_REQUEST, No),
            Self::ResourceNotFound => ("ResourceNotFoundException", StatusCode::NOT_FOUND, No),
            Self::S3 => ("S3Exception", StatusCode::BAD_REQUEST, Yes),
            Self::ServerShutdown => ("ServerShutdownException", StatusCode::INTERNAL_SERVER_ERROR, Yes),
            Self::StatisticsNotAvailable => ("StatisticsNotAvailableException", StatusCode::BAD_REQUEST, No),
            Self::StreamRecordsNotFound => ("StreamRecordsNotFoundException", StatusCode::NOT_FOUND, No),
            Self::Throttling => ("ThrottlingException", StatusCode::INTERNAL_SERVER_ERROR, Yes),
            Self::TimeLimitExceeded => ("TimeLimitExceededException", StatusCode::INTERNAL_SERVER_ERROR, Yes),
            Self::TooManyRequests => ("TooManyRequestsException", StatusCode::TOO_MANY_REQUESTS, Yes),
            Self::UnsupportedOperation => ("UnsupportedOperationException", StatusCode::BAD_REQUEST, No),
            Self::Validation => ("ValidationException", StatusCode::BAD_REQUEST, No),
            Self::DuplicateData => ("DuplicateDataException", StatusCode::BAD_REQUEST, No),
            Self::UnloadUrlAccessDenied => ("UnloadUrlAccessDeniedException", StatusCode::BAD_REQUEST, No),
        }
    }

    /// The bare name, as header and body carry it.
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    /// The HTTP status of a reply that has not begun yet.
    pub const fn status(self) -> StatusCode {
        self.row().1
    }
}

/// Which limit of the server a failure is about, as its metric names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Open connections.
    Connections,
    /// Requests in flight.
    Requests,
    /// Work of one kind that runs and waits.
    Queue,
    /// Bytes of a request's target.
    Url,
    /// Parameters of a request.
    Parameters,
    /// Bytes of a request's body.
    Body,
    /// Memory for all bodies.
    BodyMemory,
    /// Time of receiving a body.
    ReceiveTime,
    /// Time in which a client takes a piece of its reply.
    SendTime,
    /// Time of a query.
    QueryTime,
    /// Memory of a query.
    QueryMemory,
    /// Bytes of a query's result.
    Result,
}

impl Limit {
    /// The value of the metric's label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Requests => "requests",
            Self::Queue => "queue",
            Self::Url => "url",
            Self::Parameters => "parameters",
            Self::Body => "body",
            Self::BodyMemory => "body_memory",
            Self::ReceiveTime => "receive_time",
            Self::SendTime => "send_time",
            Self::QueryTime => "query_time",
            Self::QueryMemory => "query_memory",
            Self::Result => "result",
        }
    }
}

/// An exception with the text for this case of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", exception.name())]
pub struct Failure {
    /// Which row of the table.
    pub exception: Exception,
    /// `detailedMessage` and `message` of the reply.
    pub message: String,
    /// The limit that was reached, if it is about one.
    pub limit: Option<Limit>,
}

impl Failure {
    /// `exception` with `message` as its text.
    pub fn new(exception: Exception, message: impl Into<String>) -> Self {
        Self { exception, message: message.into(), limit: None }
    }

    /// The same, about a limit that was reached.
    #[must_use]
    pub fn over(self, limit: Limit) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// The four-member error body.
    pub(crate) fn body(&self, id: RequestId) -> String {
        json!({
            "requestId": id.to_string(),
            "code": self.exception.name(),
            "detailedMessage": self.message,
            "message": self.message,
        })
        .to_string()
    }

    /// The whole reply, for a failure that comes before its first byte. Its extensions hold the [`Limit`], if it is about
    /// one, for whoever counts.
    pub(crate) fn reply(&self, id: RequestId) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body(id)));
        *response.status_mut() = self.exception.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, JSON);
        headers.insert(ERROR_TYPE_HEADER, HeaderValue::from_static(self.exception.name()));
        headers.insert(REQUEST_ID_HEADER, id.header());
        if self.exception == Exception::TooManyRequests {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        if let Some(limit) = self.limit {
            response.extensions_mut().insert(limit);
        }
        response
    }
}
