//! Bolt over raw sockets: what no driver sends, and what each version of the protocol is answered.

use std::io::{Read, Write};
use std::net::TcpStream;

use bolt::request::tag;
use bolt::unpack::Unpacker;
use bolt::value::write_plain;
use bolt::{Inbound, Version, chunk, handshake};
use exec::{Map, Value};

use crate::harness::{Running, start, start_with};

const SLOW: &str = "UNWIND range(1, 3000000) AS a UNWIND range(1, 3000000) AS b WITH a, b WHERE a < 0 RETURN count(*)";

/// A client that has shaken hands.
struct Client {
    stream: TcpStream,
    inbound: Inbound,
    read: Vec<u8>,
    version: Version,
}

/// What a message was answered with.
#[derive(Clone, Debug, PartialEq)]
enum Answer {
    Success(Map),
    Record(Vec<Value>),
    Ignored,
    Failure(String),
}

impl Client {
    fn connect(server: &Running, version: Version) -> Self {
        let mut stream = server.connect();
        let proposals = [[0, 0, version.minor, version.major], [0; 4], [0; 4], [0; 4]].concat();
        // However the bytes arrive.
        for piece in [&handshake::MAGIC[..1], &handshake::MAGIC[1..], &proposals[..3], &proposals[3..]] {
            stream.write_all(piece).unwrap();
        }
        let mut chosen = [0; 4];
        stream.read_exact(&mut chosen).unwrap();
        assert_eq!(chosen, [0, 0, version.minor, version.major]);
        Self { stream, inbound: Inbound::new(1 << 20), read: Vec::new(), version }
    }

    /// One who has logged in.
    fn open(server: &Running, version: Version) -> Self {
        let mut client = Self::connect(server, version);
        let hello = map([("user_agent", "test/1".into()), ("scheme", "none".into())]);
        client.send(&[message(tag::HELLO, &[hello])]);
        assert_eq!(client.success().get("server"), Some(&"Neo4j/5.4.0".into()));
        if version.logs_on() {
            client.send(&[message(tag::LOGON, &[map([("scheme", "none".into())])])]);
            client.success();
        }
        client
    }

    fn send(&mut self, messages: &[Vec<u8>]) {
        self.stream.write_all(&messages.concat()).unwrap();
    }

    fn pull(&self, rows: i64) -> Vec<u8> {
        if self.version.fetches() { message(tag::PULL, &[map([("n", rows.into())])]) } else { message(tag::PULL, &[]) }
    }

    /// The next answer; `None` when the connection has ended.
    fn next(&mut self) -> Option<Answer> {
        loop {
            let mut bytes = &self.read[..];
            let taken = self.inbound.take(&mut bytes).unwrap();
            self.read = bytes.to_vec();
            if let Some(message) = taken {
                return Some(Answer::read(&message));
            }
            let mut piece = [0; 4096];
            match self.stream.read(&mut piece) {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.read.extend_from_slice(&piece[..count]),
            }
        }
    }

    fn success(&mut self) -> Map {
        match self.next() {
            Some(Answer::Success(members)) => members,
            other => panic!("expected SUCCESS, found {other:?}"),
        }
    }

    fn failure(&mut self) -> String {
        match self.next() {
            Some(Answer::Failure(code)) => code,
            other => panic!("expected FAILURE, found {other:?}"),
        }
    }

    fn record(&mut self) -> Vec<Value> {
        match self.next() {
            Some(Answer::Record(values)) => values,
            other => panic!("expected RECORD, found {other:?}"),
        }
    }

    /// The one value of a statement's one row.
    fn ask(&mut self, query: &str) -> Value {
        self.send(&[run(query), self.pull(-1)]);
        self.success();
        let mut values = self.record();
        self.success();
        values.remove(0)
    }
}

impl Answer {
    fn read(message: &[u8]) -> Self {
        let mut input = Unpacker::new(message, 1 << 20);
        let (kind, fields) = input.structure().unwrap();
        let value = (fields > 0).then(|| input.value().unwrap());
        assert!(input.is_at_end());
        match (kind, value) {
            (0x70, Some(Value::Map(members))) => Self::Success(members),
            (0x71, Some(Value::List(values))) => Self::Record(values.to_vec()),
            (0x7E, None) => Self::Ignored,
            (0x7F, Some(Value::Map(members))) => {
                let code = members.get("code").or(members.get("neo4j_code")).unwrap();
                let Value::String(code) = code else { panic!("a code is a string") };
                Self::Failure(code.to_string())
            }
            other => panic!("no answer: {other:?}"),
        }
    }
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(Map::new(entries.map(|(key, value)| (key.into(), value))).unwrap())
}

fn message(tag: u8, fields: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::new();
    chunk::message(&mut bytes, |out| {
        out.extend_from_slice(&[0xB0 | fields.len() as u8, tag]);
        for field in fields {
            write_plain(out, field);
        }
        Ok::<_, std::convert::Infallible>(())
    })
    .unwrap();
    bytes
}

fn run(query: &str) -> Vec<u8> {
    message(tag::RUN, &[query.into(), map([]), map([])])
}

fn simple(tag: u8) -> Vec<u8> {
    message(tag, &[])
}

const ALL: [Version; 7] = [
    Version::new(3, 0),
    Version::new(4, 0),
    Version::new(4, 2),
    Version::new(4, 4),
    Version::new(5, 0),
    Version::new(5, 4),
    Version::new(5, 8),
];

#[test]
fn every_version_is_spoken_beside_http() {
    let server = start();
    for version in ALL {
        let mut client = Client::open(&server, version);
        assert_eq!(server.ask("GET", "/status").status, 200);
        client.send(&[run("UNWIND [1, 2] AS x RETURN x, 'a' AS y"), client.pull(-1)]);
        let fields = client.success();
        assert_eq!(fields.get("fields"), Some(&Value::list(["x".into(), "y".into()]).unwrap()), "{version}");
        assert_eq!(client.record(), [1.into(), "a".into()]);
        assert_eq!(client.record(), [2.into(), "a".into()]);
        assert_eq!(client.success().get("type"), Some(&"r".into()));
        client.send(&[simple(tag::GOODBYE)]);
        assert_eq!(client.next(), None);
    }
}

#[test]
fn a_transaction_in_every_version() {
    let server = start();
    for (before, version) in (0..).zip(ALL) {
        let mut client = Client::open(&server, version);
        let begin = message(tag::BEGIN, &[map([])]);
        let all = client.pull(-1);
        client.send(&[begin.clone(), run("CREATE (:T)"), all.clone(), simple(tag::COMMIT)]);
        client.success();
        client.success();
        assert_eq!(client.success().get("type"), Some(&"w".into()));
        let Some(Value::String(bookmark)) = client.success().get("bookmark").cloned() else { panic!("no bookmark") };
        assert!(bookmark.starts_with("FB:"), "{bookmark}");
        client.send(&[begin, run("CREATE (:T)"), all, simple(tag::ROLLBACK)]);
        for _ in 0..4 {
            client.success();
        }
        assert_eq!(client.ask("MATCH (n:T) RETURN count(n)"), Value::Integer(before + 1), "{version}");
    }
}

#[test]
fn has_more_is_said_only_if_there_is_more() {
    let server = start();
    let mut client = Client::open(&server, Version::new(5, 4));
    client.send(&[run("UNWIND range(1, 5) AS x RETURN x"), client.pull(2), client.pull(3)]);
    client.success();
    assert_eq!((client.record(), client.record()), (vec![1.into()], vec![2.into()]));
    assert_eq!(client.success().get("has_more"), Some(&true.into()));
    for x in 3..=5 {
        assert_eq!(client.record(), [x.into()]);
    }
    assert_eq!(client.success().get("has_more"), None);
    client.send(&[run("UNWIND [] AS x RETURN x"), client.pull(1)]);
    client.success();
    assert_eq!(client.success().get("has_more"), None);
    let discard = message(tag::DISCARD, &[map([("n", (-1).into())])]);
    client.send(&[run("UNWIND range(1, 5) AS x RETURN x"), client.pull(1), discard]);
    client.success();
    client.record();
    client.success();
    assert_eq!(client.success().get("has_more"), None);
}

#[test]
fn results_of_a_transaction_have_numbers() {
    let server = start();
    let mut client = Client::open(&server, Version::new(5, 4));
    let of = |rows: i64, result: i64| message(tag::PULL, &[map([("n", rows.into()), ("qid", result.into())])]);
    let two = [run("UNWIND range(1, 3) AS x RETURN x"), run("UNWIND range(11, 13) AS x RETURN x")];
    client.send(&[vec![message(tag::BEGIN, &[map([])])], two.to_vec()].concat());
    client.success();
    assert_eq!(client.success().get("qid"), Some(&0.into()));
    assert_eq!(client.success().get("qid"), Some(&1.into()));
    client.send(&[of(2, 0), of(1, 1), of(-1, 0), of(-1, 1), simple(tag::COMMIT)]);
    let mut found = Vec::new();
    loop {
        match client.next() {
            Some(Answer::Record(values)) => found.push(values[0].clone()),
            Some(Answer::Success(members)) if members.get("bookmark").is_some() => break,
            Some(Answer::Success(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(found, [1, 2, 11, 3, 12, 13].map(Value::Integer));
    client.send(&[message(tag::BEGIN, &[map([])]), run("RETURN 1"), of(1, 7)]);
    client.success();
    client.success();
    assert_eq!(client.failure(), "Neo.ClientError.Statement.ArgumentError");
}

#[test]
fn after_a_failure_everything_is_ignored_until_reset() {
    let server = start();
    let mut client = Client::open(&server, Version::new(5, 8));
    let all = client.pull(-1);
    client.send(&[run("RETRUN 1"), all.clone(), run("RETURN 1"), all]);
    assert_eq!(client.failure(), "Neo.ClientError.Statement.SyntaxError");
    for _ in 0..3 {
        assert_eq!(client.next(), Some(Answer::Ignored));
    }
    client.send(&[simple(tag::RESET), run("RETURN 2")]);
    client.success();
    client.success();
    // A statement in the way of another.
    client.send(&[run("RETURN 3")]);
    assert_eq!(client.failure(), "Neo.ClientError.Request.Invalid");
    client.send(&[simple(tag::RESET)]);
    client.success();
    assert_eq!(client.ask("RETURN 4"), 4.into());
}

#[test]
fn reset_ends_what_runs_and_what_waits() {
    let server = start();
    let mut client = Client::open(&server, Version::new(5, 8));
    client.send(&[run(SLOW), client.pull(-1), run("RETURN 1"), client.pull(-1)]);
    client.success(); // it runs
    client.send(&[simple(tag::RESET)]);
    let code = client.failure();
    assert_eq!(code, "Neo.ClientError.Transaction.Terminated");
    assert_eq!(client.next(), Some(Answer::Ignored));
    assert_eq!(client.next(), Some(Answer::Ignored));
    client.success();
    assert_eq!(client.ask("RETURN 4"), 4.into());
}

#[test]
fn one_turn_is_enough_for_many_open_transactions() {
    let server = start_with(|config, _| config.queries.running = 1);
    let mut clients: Vec<Client> = (0..8).map(|_| Client::open(&server, Version::new(5, 8))).collect();
    let begin = message(tag::BEGIN, &[map([])]);
    for client in &mut clients {
        client.send(&[begin.clone(), run("UNWIND range(1, 9) AS x RETURN x"), client.pull(1)]);
        client.success();
        client.success();
        client.record();
        assert_eq!(client.success().get("has_more"), Some(&true.into()));
    }
    // One writes, and goes on although all turns may be waited for.
    let [writer, waiter, ..] = &mut clients[..] else { panic!("there are eight") };
    let all = writer.pull(-1);
    writer.send(&[all.clone(), run("CREATE (:T)"), all.clone()]);
    for _ in 2..=9 {
        writer.record();
    }
    for _ in 0..3 {
        writer.success();
    }
    waiter.send(&[simple(tag::RESET), run("CREATE (:T)"), all.clone()]);
    waiter.success(); // and waits for the writer's place, with the only turn
    writer.send(&[run("CREATE (:T)"), all, simple(tag::COMMIT)]);
    for _ in 0..3 {
        writer.success();
    }
    waiter.success();
    waiter.success();
    assert_eq!(waiter.ask("MATCH (n:T) RETURN count(n)"), 3.into());
}

#[test]
fn a_stop_closes_idle_connections() {
    let mut server = start();
    let mut client = Client::open(&server, Version::new(5, 8));
    let mut half = Client::connect(&server, Version::new(5, 8));
    server.stop();
    assert_eq!((client.next(), half.next()), (None, None));
}
