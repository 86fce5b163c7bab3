//! The table of exceptions, and how a reply carries one.

use std::fmt::Write;

use super::*;

/// The published table, as printed in the service's documentation and model.
const PUBLISHED: &str = "\
AccessDeniedException 403 no
BadRequestException 400 no
BulkLoadIdNotFoundException 404 no
CancelledByMaintenanceException 500 yes
CancelledByUserException 500 yes
ClientTimeoutException 408 yes
ConcurrentModificationException 500 yes
ConstraintViolationException 400 yes
ExpiredStreamException 400 no
FailureByQueryException 500 yes
IllegalArgumentException 400 no
InternalFailureException 500 yes
InvalidArgumentException 400 no
InvalidNumericDataException 400 no
InvalidParameterException 400 no
LoadUrlAccessDeniedException 400 no
MalformedQueryException 400 no
MemoryLimitExceededException 500 yes
MethodNotAllowedException 405 no
MissingParameterException 400 no
MLResourceNotFoundException 404 no
ParsingException 400 no
PreconditionsFailedException 400 no
QueryLimitExceededException 500 yes
QueryLimitException 400 no
QueryTooLargeException 400 no
ReadOnlyViolationException 400 no
ResourceNotFoundException 404 no
S3Exception 400 yes
ServerShutdownException 500 yes
StatisticsNotAvailableException 400 no
StreamRecordsNotFoundException 404 no
ThrottlingException 500 yes
TimeLimitExceededException 500 yes
TooManyRequestsException 429 yes
UnsupportedOperationException 400 no
ValidationException 400 no
";

#[test]
fn the_table_is_the_published_one() {
    let mut ours = String::new();
    for exception in Exception::ALL {
        let (name, status, retry) = exception.row();
        let retry = match retry {
            Retry::Yes => "yes",
            Retry::No => "no",
        };
        writeln!(ours, "{name} {} {retry}", status.as_u16()).unwrap();
    }
    assert_eq!(ours, PUBLISHED);
}

#[test]
fn a_reply_carries_name_and_id_in_header_and_body() {
    let id = RequestId::random();
    let failure = Failure::new(Exception::MalformedQuery, "Malformed query: \"…\"");
    let reply = failure.reply(id);
    assert_eq!(reply.status(), 400);
    assert_eq!(reply.headers()["x-amzn-errortype"], "MalformedQueryException");
    assert_eq!(reply.headers()["x-amzn-requestid"], id.to_string());
    assert_eq!(reply.headers()["content-type"], "application/json; charset=UTF-8");
    assert!(!reply.headers().contains_key("retry-after"));
    let too_many = Failure::new(Exception::TooManyRequests, "…").over(Limit::Requests).reply(id);
    assert_eq!(too_many.headers()["retry-after"], "1");
    assert_eq!(too_many.extensions().get(), Some(&Limit::Requests));
    let body: serde_json::Value = serde_json::from_str(&failure.body(id)).unwrap();
    assert_eq!(
        body,
        json!({
            "requestId": id.to_string(),
            "code": "MalformedQueryException",
            "detailedMessage": "Malformed query: \"…\"",
            "message": "Malformed query: \"…\"",
        })
    );
}
