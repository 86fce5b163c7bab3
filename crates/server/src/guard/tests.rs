//! Hosts and origins that may call, and those that may not.

use axum::http::Request;

use super::*;

const LOCAL: &str = "192.168.1.7";

fn guard() -> Guard {
    Guard::new(
        "10.0.0.1".parse().unwrap(),
        &["db.example".to_owned(), "tunnel.example:9000".to_owned()],
        &["http://localhost:5173".to_owned(), "https://console.example/".to_owned()],
    )
    .unwrap()
}

/// What becomes of a request to `target` with these headers.
fn check(target: &str, headers: &[(&str, &str)]) -> &'static str {
    let mut request = Request::builder().uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    match guard().admit(&parts, LOCAL.parse().unwrap(), true) {
        Ok(Visitor::Direct) => "direct",
        Ok(Visitor::Page(_)) => "page",
        Err(failure) => {
            assert_eq!(failure.exception, Exception::AccessDenied);
            "denied"
        }
    }
}

#[test]
fn hosts() {
    for (host, expected) in [
        ("localhost", "direct"),
        ("LOCALHOST:8182", "direct"),
        ("localhost:1", "direct"),
        ("127.0.0.1:8182", "direct"),
        ("127.9.9.9", "direct"),
        ("[::1]:8182", "direct"),
        ("[::ffff:127.0.0.1]", "direct"),
        ("192.168.1.7:8182", "direct"),
        ("10.0.0.1:8182", "direct"),
        ("192.168.1.8:8182", "denied"),
        ("0.0.0.0:8182", "denied"),
        ("db.example", "direct"),
        ("DB.Example:77", "direct"),
        ("tunnel.example:9000", "direct"),
        ("tunnel.example:9001", "denied"),
        ("tunnel.example", "denied"),
        ("evil.example", "denied"),
        ("localhost.evil.example", "denied"),
        ("evil.localhost", "denied"),
        ("localhost@evil.example", "denied"),
        ("evil.example@localhost", "denied"),
        ("localhost:8182/..", "denied"),
        ("localhost:99999", "denied"),
        ("127.0.0.1.", "denied"),
        ("", "denied"),
        (":8182", "denied"),
    ] {
        assert_eq!(check("/status", &[("host", host)]), expected, "{host:?}");
    }
    assert_eq!(check("/status", &[]), "denied");
    assert_eq!(check("/status", &[("host", "localhost"), ("host", "localhost")]), "denied");
    assert_eq!(check("http://evil.example/status", &[("host", "localhost")]), "denied");
    assert_eq!(check("http://localhost/status", &[("host", "evil.example")]), "denied");
    assert_eq!(check("http://localhost:8182/status", &[]), "direct");
}

#[test]
fn origins() {
    for (host, origin, expected) in [
        ("localhost:8182", "http://localhost:8182", "direct"),
        ("localhost:8182", "http://LOCALHOST:8182", "direct"),
        ("localhost", "http://localhost", "direct"),
        ("localhost:443", "https://localhost", "direct"),
        ("localhost:8182", "http://localhost:8183", "denied"),
        ("localhost:8182", "http://127.0.0.1:8182", "denied"),
        ("localhost:8182", "http://localhost", "denied"),
        ("localhost:8182", "ftp://localhost:8182", "denied"),
        ("localhost:8182", "http://localhost:5173", "page"),
        ("localhost:8182", "https://console.example", "page"),
        ("localhost:8182", "https://console.example:443", "page"),
        ("localhost:8182", "http://console.example", "denied"),
        ("localhost:8182", "https://console.example.evil.example", "denied"),
        ("localhost:8182", "https://evil.example", "denied"),
        ("localhost:8182", "null", "denied"),
        ("localhost:8182", "", "denied"),
        ("localhost:8182", "http://localhost:8182/page", "denied"),
        ("evil.example", "http://evil.example", "denied"),
        ("evil.example", "http://localhost:5173", "denied"),
    ] {
        assert_eq!(check("/loader", &[("host", host), ("origin", origin)]), expected, "{host:?} {origin:?}");
    }
    assert_eq!(
        check("/loader", &[("host", "localhost"), ("origin", "http://localhost"), ("origin", "http://evil.example")]),
        "denied"
    );
}

#[test]
fn a_refusal_says_what_to_set() {
    let (parts, ()) = Request::builder().uri("/").header("host", "evil.example:1").body(()).unwrap().into_parts();
    let failure = guard().admit(&parts, LOCAL.parse().unwrap(), true).unwrap_err();
    assert_eq!(
        failure.message,
        "Host 'evil.example' is not served here. If that is this server's name, allow it with --allow-host evil.example"
    );
}

#[test]
fn names_in_the_configuration_are_checked() {
    for host in ["", "http://db.example", "db.example/x", "user@db.example", "db.example:port"] {
        assert_eq!(
            Guard::new(LOCAL.parse().unwrap(), &[host.to_owned()], &[]).unwrap_err(),
            InvalidName::Host(host.to_owned())
        );
    }
    for origin in ["", "null", "db.example", "http://", "http://db.example/page", "*"] {
        assert_eq!(
            Guard::new(LOCAL.parse().unwrap(), &[], &[origin.to_owned()]).unwrap_err(),
            InvalidName::Origin(origin.to_owned())
        );
    }
}

#[test]
fn a_preflight_is_granted_only_headers_that_are_known() {
    let (parts, ()) = Request::builder()
        .method("OPTIONS")
        .header("origin", "http://localhost:5173")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "Content-Type, x-amz-date, x-evil, queryid")
        .body(())
        .unwrap()
        .into_parts();
    assert!(is_preflight(&parts));
    let reply = preflight(&parts);
    assert_eq!(reply.status(), 204);
    assert_eq!(reply.headers()["access-control-allow-headers"], "content-type, x-amz-date, queryid");
}
