//! S3 as it answers well, badly, slowly, and not at all. Sockets are real; what breaks is scripted.

mod parts;
mod real;
mod roles;
mod server;

use std::fmt::Write as _;
use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use object_store::aws::AmazonS3ConfigKey;
use store::CancelToken;
use tokio::runtime::Runtime;

use self::server::{Answer, Server};
use crate::request::RequestKeys;
use crate::source::credentials::Environment;
use crate::source::s3::Window;
use crate::source::{
    Credentials, FeedInfo, Opened, ReadError, S3Config, S3Keys, SourceConfig, SourceError, Sources, Timing,
};

/// Waits that are over before anybody notices.
const QUICK: Timing = Timing {
    probe: Duration::from_secs(5),
    connect: Duration::from_secs(5),
    idle: Duration::from_secs(20),
    backoff: Duration::from_millis(1),
    tries: 3,
};

/// Parts of a MiB, four at a time.
fn window() -> Window {
    Window::of(0)
}

fn keys() -> S3Keys {
    S3Keys { access_key: "AKIATEST".to_owned(), secret_key: "secret".to_owned(), session_token: None }
}

fn config(endpoint: &str) -> SourceConfig {
    let s3 = S3Config {
        endpoint: Some(endpoint.to_owned()),
        credentials: Credentials::Static(keys()),
        ..S3Config::default()
    };
    SourceConfig { s3, ..SourceConfig::default() }
}

fn open_with(runtime: &Runtime, config: SourceConfig, timing: Timing) -> Opened {
    let sources = Sources::build(config, runtime.handle().clone(), Environment::default(), timing, window()).unwrap();
    let source = sources.parse("s3://bucket/feed/", Some("eu-west-1")).unwrap();
    sources.open(&source, None, None).unwrap()
}

fn open(runtime: &Runtime, endpoint: &str) -> Opened {
    open_with(runtime, config(endpoint), QUICK)
}

/// A page of a listing.
fn page(objects: &[(&str, u64)], next: Option<&str>) -> String {
    let mut xml = format!("<ListBucketResult><IsTruncated>{}</IsTruncated>", next.is_some());
    for (key, size) in objects {
        write!(xml, "<Contents><Key>{key}</Key><ETag>\"e\"</ETag><Size>{size}</Size></Contents>").unwrap();
    }
    if let Some(next) = next {
        write!(xml, "<NextContinuationToken>{next}</NextContinuationToken>").unwrap();
    }
    xml + "</ListBucketResult>"
}

fn error(code: &str) -> String {
    format!("<Error><Code>{code}</Code><Message>because</Message></Error>")
}

fn feed(size: u64) -> FeedInfo {
    FeedInfo {
        uri: "s3://bucket/feed/a b".to_owned(),
        key: "feed/a b".to_owned(),
        size,
        etag: Some("\"e\"".to_owned()),
    }
}

/// Reads `feed` to its end or its error.
fn read(opened: &Opened, feed: &FeedInfo) -> Result<Vec<u8>, ReadError> {
    let (count, mut bytes) = (Arc::new(AtomicU64::new(0)), Vec::new());
    let outcome = opened.read(feed, &CancelToken::new(), Arc::clone(&count)).read_to_end(&mut bytes);
    assert_eq!(count.load(Ordering::Relaxed), bytes.len() as u64);
    match outcome {
        Ok(_) => Ok(bytes),
        Err(error) => Err(ReadError::of(&error).unwrap().clone()),
    }
}

#[test]
fn a_request_is_signed_and_names_the_prefix() {
    let server = Server::start(|_| Answer::ok(page(&[("feed/a", 1)], None)));
    let runtime = Runtime::new().unwrap();
    open(&runtime, &server.endpoint()).probe().unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].line, "GET /bucket/?list-type=2&max-keys=10&prefix=feed%2F HTTP/1.1");
    let authorization = requests[0].header("authorization").unwrap();
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIATEST/"), "{authorization}");
    assert!(authorization.contains("/eu-west-1/s3/aws4_request"), "{authorization}");
}

#[test]
fn nobody_signs_for_an_anonymous_reader() {
    let server = Server::start(|_| Answer::ok(page(&[("feed/a", 1)], None)));
    let runtime = Runtime::new().unwrap();
    let mut config = config(&server.endpoint());
    config.s3.credentials = Credentials::Anonymous;
    open_with(&runtime, config, QUICK).probe().unwrap();
    assert_eq!(server.requests()[0].header("authorization"), None);
}

#[test]
fn every_failure_has_its_documented_message() {
    type Class = fn(String) -> SourceError;
    let runtime = Runtime::new().unwrap();
    for (status, body, class, text) in [
        (404, error("NoSuchBucket"), SourceError::BadRequest as Class, "S3 bucket not found for source. "),
        (404, String::new(), SourceError::BadRequest, "The source s3://bucket/feed/ does not exist/not reachable. "),
        (403, error("AccessDenied"), SourceError::AccessDenied, "Unable to perform S3 list operation. "),
        (401, String::new(), SourceError::AccessDenied, "Unable to perform S3 list operation. "),
        (400, error("ExpiredToken"), SourceError::AccessDenied, "Unable to perform S3 list operation. "),
        (403, error("InvalidAccessKeyId"), SourceError::BadRequest, "Invalid S3 access key. "),
        (403, error("SignatureDoesNotMatch"), SourceError::BadRequest, "Invalid S3 secret key. "),
        (301, error("PermanentRedirect"), SourceError::BadRequest, "Bucket is not in provided Region (eu-west-1)"),
        (
            400,
            "<Error><Code>AuthorizationHeaderMalformed</Code><Region>us-west-2</Region></Error>".to_owned(),
            SourceError::BadRequest,
            "Bucket is not in provided Region (eu-west-1). It is in us-west-2",
        ),
        (503, error("SlowDown"), SourceError::Internal, "Failed to start load because of unknown error from S3. "),
        (500, String::new(), SourceError::Internal, "Failed to start load because of unknown error from S3. "),
        (400, error("Odd"), SourceError::Internal, "Failed to start load because of unknown error from S3. "),
        (200, "hello".to_owned(), SourceError::Internal, "Failed to start load because of unknown error from S3. "),
        (200, page(&[], None), SourceError::BadRequest, "The source s3://bucket/feed/ does not exist/not reachable. "),
        (
            200,
            page(&[("feed/", 0), ("feed/deep/", 0)], None),
            SourceError::BadRequest,
            "The source s3://bucket/feed/ does not exist/not reachable. ",
        ),
    ] {
        let answer = body.clone();
        let server = Server::start(move |_| Answer::status(status, answer.clone()));
        let told = open(&runtime, &server.endpoint()).probe().unwrap_err();
        assert!(told.to_string().starts_with(text), "{status} {body}: {told}");
        assert_eq!(told, class(told.to_string()), "{status} {body}");
        assert_eq!(server.requests().len(), 1, "a probe is one try");
    }
}

#[test]
fn a_bucket_elsewhere_is_told_by_its_header_and_no_redirect_is_followed() {
    let runtime = Runtime::new().unwrap();
    let other = Server::start(|_| Answer::ok(page(&[("feed/a", 1)], None)));
    let location = other.endpoint();
    let server = Server::start(move |request| {
        let answer = if request.line.contains("list-type") {
            Answer::status(307, String::new())
        } else {
            Answer::status(302, String::new())
        };
        answer.header("Location", &location).header("x-amz-bucket-region", "ap-east-1")
    });
    let opened = open(&runtime, &server.endpoint());
    let told = opened.probe().unwrap_err();
    let expected = "Bucket is not in provided Region (eu-west-1). It is in ap-east-1";
    assert_eq!(told, SourceError::BadRequest(expected.to_owned()));
    assert!(matches!(read(&opened, &feed(1)), Err(ReadError::Failed(_))));
    assert_eq!(other.requests().len(), 0);

    let server = Server::start(|_| Answer::ok(page(&[("feed/a", 1)], None)).header("x-amz-bucket-region", "us-east-1"));
    let told = open(&runtime, &server.endpoint()).probe().unwrap_err();
    assert!(matches!(told, SourceError::BadRequest(_)), "{told}");
}

#[test]
fn a_closed_port_and_a_black_hole_are_unreachable() {
    let runtime = Runtime::new().unwrap();
    let start = "Unable to connect to S3 endpoint. Provided source = s3://bucket/feed/ and region = eu-west-1. ";
    // Bound and dropped: nobody listens there.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let told = open(&runtime, &format!("http://{closed}")).probe().unwrap_err();
    assert!(matches!(&told, SourceError::Internal(text) if text.starts_with(start)), "{told}");
    // Listens and never answers.
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", hole.local_addr().unwrap());
    let impatient = Timing { probe: Duration::from_millis(50), ..QUICK };
    let told = open_with(&runtime, config(&endpoint), impatient).probe().unwrap_err();
    assert!(matches!(&told, SourceError::Internal(text) if text.starts_with(start)), "{told}");
    assert!(told.to_string().contains("no answer within 0.05 s"), "{told}");
}

#[test]
fn a_listing_is_followed_sorted_and_without_folder_markers() {
    let server = Server::start(|request| {
        if request.line.contains("continuation-token=t%3D1") {
            Answer::ok(page(&[("feed/b//c", 3), ("feed/a&amp;b", 4)], None))
        } else {
            Answer::ok(page(&[("feed/", 0), ("feed/z", 1), ("feed/Z", 0), ("feed/deep/", 0)], Some("t=1")))
        }
    });
    let runtime = Runtime::new().unwrap();
    let feeds = open(&runtime, &server.endpoint()).list(&CancelToken::new()).unwrap();
    let found: Vec<(&str, u64)> = feeds.iter().map(|feed| (feed.key.as_str(), feed.size)).collect();
    assert_eq!(found, [("feed/Z", 0), ("feed/a&b", 4), ("feed/b//c", 3), ("feed/z", 1)]);
    assert_eq!(feeds[1].uri, "s3://bucket/feed/a&b");
    assert_eq!(feeds[1].etag.as_deref(), Some("\"e\""));
}

#[test]
fn a_listing_tries_again_but_not_in_circles() {
    let runtime = Runtime::new().unwrap();
    let server = Server::start(|request| match request.number {
        0 => Answer::status(503, error("SlowDown")),
        1 => Answer::ok("<ListBucketResult>").cut(),
        _ => Answer::ok(page(&[("feed/a", 1)], None)),
    });
    assert_eq!(open(&runtime, &server.endpoint()).list(&CancelToken::new()).unwrap().len(), 1);
    assert_eq!(server.requests().len(), 3);

    let server = Server::start(|_| Answer::status(503, error("SlowDown")));
    assert!(matches!(open(&runtime, &server.endpoint()).list(&CancelToken::new()), Err(SourceError::Internal(_))));
    assert_eq!(server.requests().len(), 3);

    let server = Server::start(|_| Answer::ok(page(&[("feed/a", 1)], Some("again"))));
    assert!(matches!(open(&runtime, &server.endpoint()).list(&CancelToken::new()), Err(SourceError::Internal(_))));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn an_object_is_read_whole() {
    let server = Server::start(|_| Answer::ok(vec![b'x'; 1_000_000]).header("ETag", "\"e\""));
    let runtime = Runtime::new().unwrap();
    let found = read(&open(&runtime, &server.endpoint()), &feed(1_000_000)).unwrap();
    assert!(found == vec![b'x'; 1_000_000], "{} bytes, not those that were sent", found.len());
    let requests = server.requests();
    assert_eq!(requests[0].line, "GET /bucket/feed/a%20b HTTP/1.1");
    assert_eq!(requests[0].header("if-match"), Some("\"e\""));
    let empty = Server::start(|_| Answer::ok(""));
    assert_eq!(read(&open(&runtime, &empty.endpoint()), &feed(0)), Ok(Vec::new()));
}

#[test]
fn a_body_that_breaks_off_goes_on_where_it_broke() {
    let text: Vec<u8> = (0..100_000_u32).flat_map(u32::to_be_bytes).collect();
    let whole = text.clone();
    let server = Server::start(move |request| {
        let start = request.range().map_or(0, |range| range.start);
        let rest = &whole[start..];
        let answer = match request.number {
            // Nothing at all, in between: the tries count from the last progress.
            1 | 2 | 4 => return Answer::status(503, String::new()),
            _ if start == 0 => Answer::ok(rest),
            _ => {
                let range = format!("bytes {start}-{}/{}", whole.len() - 1, whole.len());
                Answer::status(206, rest).header("Content-Range", &range)
            }
        };
        answer.cut_at(90_000)
    });
    let runtime = Runtime::new().unwrap();
    let found = read(&open(&runtime, &server.endpoint()), &feed(text.len() as u64)).unwrap();
    assert!(found == text, "{} bytes, not those that were sent", found.len());
    let requests = server.requests();
    assert_eq!(requests.len(), 8);
    assert!(requests.iter().all(|request| request.header("if-match") == Some("\"e\"")));
}

#[test]
fn a_read_that_fails_says_why() {
    let runtime = Runtime::new().unwrap();
    type Class = fn(String) -> ReadError;
    for (answer, class, requests) in [
        (Answer::status(412, error("PreconditionFailed")), ReadError::ModifiedOrDeleted as Class, 1),
        (Answer::status(404, error("NoSuchKey")), ReadError::ModifiedOrDeleted, 1),
        (Answer::ok("abc").header("ETag", "\"other\""), ReadError::ModifiedOrDeleted, 1),
        (Answer::ok("abcd"), ReadError::ModifiedOrDeleted, 1),
        (Answer::ok("ab"), ReadError::ModifiedOrDeleted, 1),
        (Answer::status(403, error("AccessDenied")), ReadError::AccessDenied, 1),
        (Answer::status(400, error("InvalidRequest")), ReadError::Failed, 1),
        (Answer::status(503, error("SlowDown")), ReadError::Failed, 3),
        // Breaks off after one byte; then the store sends everything, whatever was asked for.
        (Answer::ok("abc").cut_at(1), ReadError::Failed, 2),
    ] {
        let shown = format!("{answer:?}");
        let server = Server::start(move |_| answer.clone());
        let told = read(&open(&runtime, &server.endpoint()), &feed(3)).unwrap_err();
        assert_eq!(told, class(told.to_string()), "{shown}");
        assert!(told.to_string().starts_with("s3://bucket/feed/a b "), "{told}");
        assert_eq!(server.requests().len(), requests, "{shown}");
    }
    // A key with dot segments would be another key by the time it arrives.
    let server = Server::start(|_| Answer::ok("abc"));
    for key in ["feed/../other", "./feed", "feed/.."] {
        let feed = FeedInfo { key: key.to_owned(), ..feed(3) };
        assert!(matches!(read(&open(&runtime, &server.endpoint()), &feed), Err(ReadError::Failed(_))), "{key}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_cancel_ends_a_stalled_read_and_closes_its_socket() {
    let server = Server::start(|_| Answer::ok("abc").stall_at(1));
    let runtime = Runtime::new().unwrap();
    let opened = open(&runtime, &server.endpoint());
    let (cancel, count) = (CancelToken::new(), Arc::new(AtomicU64::new(0)));
    let mut reader = opened.read(&feed(3), &cancel, Arc::clone(&count));
    let mut byte = [0];
    assert_eq!(reader.read(&mut byte).unwrap(), 1);
    let token = cancel.clone();
    let reading = std::thread::spawn(move || {
        let told = ReadError::of(&reader.read(&mut byte).unwrap_err()).cloned();
        drop(reader);
        told
    });
    token.cancel();
    assert_eq!(reading.join().unwrap(), Some(ReadError::Cancelled));
    assert_eq!(count.load(Ordering::Relaxed), 1);
    // The server saw the connection go.
    server.wait_until_left();
}

#[test]
fn a_cancel_ends_a_stalled_listing() {
    let server = Server::start(|_| Answer::ok(page(&[("feed/a", 1)], None)).stall_at(5));
    let runtime = Runtime::new().unwrap();
    let opened = open(&runtime, &server.endpoint());
    let cancel = CancelToken::new();
    let token = cancel.clone();
    let listing = std::thread::spawn(move || opened.list(&token));
    server.wait_until_asked();
    cancel.cancel();
    assert_eq!(listing.join().unwrap(), Err(SourceError::Cancelled));
    server.wait_until_left();
}

#[test]
fn a_reader_that_leaves_early_closes_its_socket() {
    let server = Server::start(|_| Answer::ok(vec![0; 2 << 20]).stall_at(1 << 20));
    let runtime = Runtime::new().unwrap();
    let mut reader = open(&runtime, &server.endpoint()).read(&feed(2 << 20), &CancelToken::new(), Arc::default());
    reader.read_exact(&mut [0; 10]).unwrap();
    drop(reader);
    server.wait_until_left();
}

#[test]
fn credentials_are_found_in_their_order() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("credentials");
    std::fs::write(&file, "[reader]\naws_access_key_id=AKIAFILE\naws_secret_access_key=s\n[empty]\n").unwrap();
    let server = Server::start(|_| Answer::ok(page(&[("feed/a", 1)], None)));
    let runtime = Runtime::new().unwrap();
    const ROLE: &str = "arn:aws:iam::000000000000:role/reader";
    const EMPTY: &str = "arn:aws:iam::000000000000:role/empty";
    const LABEL: &str = "arn:aws:iam::000000000000:role/label";
    // Which key signs, with these environment keys, this profile and strictness, when the request says this.
    let signer = |in_environment: bool, profile: Option<&str>, strict: bool, role: Option<&str>, sent: bool| {
        let mut config = config(&server.endpoint());
        config.s3.credentials = Credentials::Chain;
        config.s3.require_mapped_role = strict;
        config.s3.role_map.insert(ROLE.to_owned(), "reader".to_owned());
        config.s3.role_map.insert(EMPTY.to_owned(), "empty".to_owned());
        let environment = Environment {
            keys: in_environment.then(|| S3Keys { access_key: "AKIAENV".to_owned(), ..keys() }),
            profile: profile.map(ToOwned::to_owned),
            credentials_file: Some(file.clone()),
            config_file: Some(directory.path().join("nothing")),
            ..Environment::default()
        };
        let sources = Sources::build(config, runtime.handle().clone(), environment, QUICK, window())?;
        let keys = RequestKeys { access_key: "AKIASENT".to_owned(), secret_key: "s".to_owned() };
        let opened = sources.open(&sources.parse("s3://bucket/feed/", None)?, role, sent.then_some(&keys))?;
        opened.probe()?;
        let requests = server.requests();
        let authorization = requests.last().unwrap().header("authorization").unwrap();
        Ok(authorization.split(['=', '/']).nth(1).unwrap().to_owned())
    };
    for (in_environment, profile, strict, role, sent, expected) in [
        (true, Some("reader"), true, Some(ROLE), true, Some("AKIASENT")),
        (true, None, true, Some(ROLE), false, Some("AKIAFILE")),
        (
            true,
            None,
            false,
            Some("arn:aws:iam::1:role/first, arn:aws:iam::000000000000:role/reader"),
            false,
            Some("AKIAFILE"),
        ),
        (true, Some("reader"), false, Some(LABEL), false, Some("AKIAENV")),
        (true, None, false, None, false, Some("AKIAENV")),
        (false, Some("reader"), false, Some(LABEL), false, Some("AKIAFILE")),
        (false, None, false, Some(LABEL), false, None),
        (false, Some("nobody"), false, None, false, None),
        (false, Some("empty"), false, None, false, None),
        (true, None, false, Some(EMPTY), false, None),
        (true, None, true, Some(LABEL), false, None),
        (true, None, true, None, false, None),
    ] {
        let found: Result<String, SourceError> = signer(in_environment, profile, strict, role, sent);
        match (found, expected) {
            (Ok(found), Some(expected)) => assert_eq!(found, expected, "{profile:?} {role:?}"),
            (Err(SourceError::BadRequest(text)), None) => {
                assert!(text.starts_with("Couldn't find the AWS credential for iam_role_arn. "), "{text}");
            }
            other => panic!("{profile:?} {role:?}: {other:?}"),
        }
    }
}

#[test]
fn a_container_s_credentials_are_fetched_from_its_agent_alone_when_configured() {
    let directory = tempfile::tempdir().unwrap();
    let token = directory.path().join("token");
    std::fs::write(&token, "token").unwrap();
    let agent = Server::start(|_| {
        Answer::ok(
            r#"{"AccessKeyId": "AKIAPOD", "SecretAccessKey": "s", "Token": "t", "Expiration": "2999-01-01T00:00:00Z"}"#,
        )
    });
    let server = Server::start(|_| Answer::ok(page(&[("feed/a", 1)], None)));
    let runtime = Runtime::new().unwrap();
    let probe = |credentials: Credentials, agent: &str| {
        let mut config = config(&server.endpoint());
        config.s3.credentials = credentials;
        let environment = Environment {
            container: vec![
                (AmazonS3ConfigKey::ContainerCredentialsFullUri, agent.to_owned()),
                (AmazonS3ConfigKey::ContainerAuthorizationTokenFile, token.display().to_string()),
            ],
            ..Environment::default()
        };
        let sources = Sources::build(config, runtime.handle().clone(), environment, QUICK, window())?;
        sources.open(&sources.parse("s3://bucket/feed/", None)?, None, None)?.probe()
    };
    let without = probe(Credentials::Chain, &agent.endpoint()).unwrap_err();
    assert!(without.to_string().starts_with("Couldn't find the AWS credential for iam_role_arn. "), "{without}");
    assert_eq!(agent.requests().len(), 0);

    probe(Credentials::Instance, &agent.endpoint()).unwrap();
    let signed = server.requests();
    assert_eq!(signed.len(), 1);
    assert!(signed[0].header("authorization").unwrap().contains("Credential=AKIAPOD/"));
    assert_eq!(signed[0].header("x-amz-security-token"), Some("t"));

    let nobody = Server::start(|_| Answer::status(403, String::new()));
    let told = probe(Credentials::Instance, &nobody.endpoint()).unwrap_err();
    assert!(told.to_string().starts_with("Couldn't find the AWS credential for iam_role_arn. "), "{told}");
}

#[test]
fn keys_that_are_no_keys_are_refused_before_they_become_headers() {
    let runtime = Runtime::new().unwrap();
    let (config, handle) = (config("http://127.0.0.1:9"), runtime.handle().clone());
    let sources = Sources::build(config, handle, Environment::default(), QUICK, window()).unwrap();
    let source = sources.parse("s3://bucket/feed/", None).unwrap();
    for (access_key, secret_key, text) in [
        ("a\r\nHost: x", "s", "Invalid S3 access key. "),
        ("é", "s", "Invalid S3 access key. "),
        ("a", "s\u{0}", "Invalid S3 secret key. "),
        ("a b", "s", "Invalid S3 access key. "),
    ] {
        let keys = RequestKeys { access_key: access_key.to_owned(), secret_key: secret_key.to_owned() };
        let told = sources.open(&source, None, Some(&keys)).unwrap_err();
        assert!(told.to_string().starts_with(text), "{told}");
    }
}

#[test]
fn hosts_are_made_from_bucket_and_region() {
    for (endpoint, path_style, bucket, region, base) in [
        (None, None, "bucket", "eu-west-1", "https://bucket.s3.eu-west-1.amazonaws.com/"),
        (None, None, "my.bucket", "eu-west-1", "https://s3.eu-west-1.amazonaws.com/my.bucket/"),
        (None, Some(true), "bucket", "eu-west-1", "https://s3.eu-west-1.amazonaws.com/bucket/"),
        (None, None, "bucket", "cn-north-1", "https://bucket.s3.cn-north-1.amazonaws.com.cn/"),
        (Some("http://127.0.0.1:9000"), None, "bucket", "x", "http://127.0.0.1:9000/bucket/"),
        (Some("https://s3.example.com/base"), None, "bucket", "x", "https://s3.example.com/base/bucket/"),
        (Some("https://s3.example.com"), Some(false), "bucket", "x", "https://bucket.s3.example.com/"),
    ] {
        let config = S3Config { endpoint: endpoint.map(ToOwned::to_owned), path_style, ..S3Config::default() };
        let clients = super::Clients::new(&config, QUICK).unwrap();
        assert_eq!(clients.base(bucket, region), base);
    }
    for endpoint in [
        "",
        "127.0.0.1:9000",
        "ftp://x",
        "http://",
        "http://u@x",
        "http://u:p@x/",
        "http://x/?a",
        "http://x/#a",
        "file:///x",
    ] {
        let config = S3Config { endpoint: Some(endpoint.to_owned()), ..S3Config::default() };
        assert!(matches!(super::Clients::new(&config, QUICK), Err(SourceError::Invalid(_))), "{endpoint}");
    }
}
