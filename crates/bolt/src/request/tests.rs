//! Messages as drivers send them.

use exec::{Map, Value};

use super::*;
use crate::value::write_plain;

const V3: Version = Version::new(3, 0);
const V4_4: Version = Version::new(4, 4);
const V5_8: Version = Version::new(5, 8);

fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(Map::new(entries.map(|(key, value)| (key.into(), value))).unwrap())
}

fn message<const N: usize>(tag: u8, fields: [Value; N]) -> Vec<u8> {
    let mut out = vec![0xB0 | N as u8, tag];
    for field in fields {
        write_plain(&mut out, &field);
    }
    out
}

fn read(message: &[u8], version: Version) -> Result<Request, String> {
    Request::read(message, version, 1 << 16).map_err(|error| error.to_string())
}

#[test]
fn what_drivers_send_is_understood() {
    let hello = [
        ("user_agent", "neo4j-python/4.4".into()),
        ("scheme", "basic".into()),
        ("principal", "username".into()),
        ("credentials", "{}".into()),
        ("realm", "realm".into()),
        ("routing", Value::Null),
        ("patch_bolt", Value::list(["utc".into()]).unwrap()),
    ];
    let auth =
        Auth { scheme: Some("basic".into()), principal: Some("username".into()), credentials: Some("{}".into()) };
    let expected = Hello { user_agent: Some("neo4j-python/4.4".into()), auth: auth.clone(), wants_utc: true };
    assert_eq!(read(&message(tag::HELLO, [map(hello)]), V4_4), Ok(Request::Hello(expected)));
    let logon = map([("scheme", "basic".into()), ("principal", "username".into()), ("credentials", "{}".into())]);
    assert_eq!(read(&message(tag::LOGON, [logon]), V5_8), Ok(Request::Logon(auth)));
    let run = [
        "RETURN $x".into(),
        map([("x", 1.into())]),
        map([
            ("mode", "r".into()),
            ("db", "neo4j".into()),
            ("bookmarks", Value::list(["FB:1".into()]).unwrap()),
            ("tx_timeout", 1_500.into()),
            ("tx_metadata", map([("queryId", "q".into())])),
        ]),
    ];
    let Value::Map(parameters) = map([("x", 1.into())]) else { unreachable!() };
    let Value::Map(metadata) = map([("queryId", "q".into())]) else { unreachable!() };
    let extra = Extra { mode: Mode::Read, timeout_millis: Some(1_500), metadata, impersonated: None };
    let expected = Request::Run { query: "RETURN $x".into(), parameters, extra };
    assert_eq!(read(&message(tag::RUN, run), V3), Ok(expected));
    assert_eq!(read(&message(tag::BEGIN, [map([])]), V3), Ok(Request::Begin(Extra::default())));
    assert_eq!(read(&message(tag::PULL, []), V3), Ok(Request::Pull(Fetch::default())));
    let pull = map([("n", 1_000.into()), ("qid", 2.into())]);
    assert_eq!(
        read(&message(tag::PULL, [pull]), V5_8),
        Ok(Request::Pull(Fetch { rows: Some(1_000), result: Some(2) }))
    );
    let discard = map([("n", (-1).into()), ("qid", (-1).into())]);
    assert_eq!(read(&message(tag::DISCARD, [discard]), V4_4), Ok(Request::Discard(Fetch::default())));
    let context = map([("address", "localhost:8182".into())]);
    let route = [context.clone(), Value::list([]).unwrap(), map([("db", Value::Null)])];
    let expected = Request::Route { address: Some("localhost:8182".into()) };
    assert_eq!(read(&message(tag::ROUTE, route), V5_8), Ok(expected.clone()));
    let route = [context, Value::list([]).unwrap(), Value::Null];
    assert_eq!(read(&message(tag::ROUTE, route), Version::new(4, 3)), Ok(expected));
    assert_eq!(read(&message(tag::TELEMETRY, [1.into()]), V5_8), Ok(Request::Telemetry));
    for (tag, request) in [
        (tag::LOGOFF, Request::Logoff),
        (tag::GOODBYE, Request::Goodbye),
        (tag::RESET, Request::Reset),
        (tag::COMMIT, Request::Commit),
        (tag::ROLLBACK, Request::Rollback),
    ] {
        assert_eq!(read(&message(tag, []), V5_8), Ok(request));
    }
    assert!(Request::is_reset(&message(tag::RESET, [])));
}

#[test]
fn what_is_wrong_says_what() {
    for (bytes, version, expected) in [
        (message(tag::LOGON, [map([])]), V3, "the tag of a message of this version, found 0x6A"),
        (message(tag::ROUTE, [map([]), map([]), map([])]), V3, "the tag of a message of this version, found 0x66"),
        (message(tag::PULL, []), V4_4, "as many fields as the message has, found 0xB0"),
        (message(tag::PULL, [map([])]), V4_4, "n: expected a number of rows, or -1 for all, found none"),
        (
            message(tag::PULL, [map([("n", (-5).into())])]),
            V4_4,
            "n: expected an integer, -1 or above, found an integer",
        ),
        (message(tag::BEGIN, [map([("mode", "x".into())])]), V3, "mode: expected 'r' or 'w', found another text"),
        (message(tag::BEGIN, [map([("tx_timeout", (-1).into())])]), V3, "tx_timeout: expected milliseconds"),
        (message(tag::RUN, [1.into(), map([]), map([])]), V3, "expected a string, found 0x01"),
        ([message(tag::RESET, []), vec![0]].concat(), V3, "expected an end, found more bytes behind it"),
        (vec![], V3, "byte 0 of the message: expected a structure, found the end of the message"),
        (vec![0xC0], V3, "byte 0 of the message: expected a structure, found 0xC0"),
    ] {
        let error = read(&bytes, version).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
