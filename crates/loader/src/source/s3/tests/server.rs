//! A server that answers as it is told, one request a connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

/// One request as it came.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) line: String,
    /// How many came before it.
    pub(super) number: usize,
    headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The bytes that are asked for, if not all are.
    pub(super) fn range(&self) -> Option<std::ops::Range<usize>> {
        let (first, last) = self.header("range")?.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
        Some(first.parse().unwrap()..last.parse::<usize>().unwrap() + 1)
    }
}

/// What is sent back.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    end: End,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Whole,
    CutAt(usize),
    StallAt(usize),
}

impl Answer {
    pub(super) fn status(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self { status, headers: Vec::new(), body: body.as_ref().to_vec(), end: End::Whole }
    }

    pub(super) fn ok(body: impl AsRef<[u8]>) -> Self {
        Self::status(200, body)
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Closes the connection after `length` bytes of the body, if it is longer.
    pub(super) fn cut_at(mut self, length: usize) -> Self {
        self.end = End::CutAt(length);
        self
    }

    /// Closes the connection before a last byte that was announced.
    pub(super) fn cut(mut self) -> Self {
        self.end = End::CutAt(self.body.len());
        self.body.push(b' ');
        self
    }

    /// Falls silent after `length` bytes of the body, until the other side leaves.
    pub(super) fn stall_at(mut self, length: usize) -> Self {
        self.end = End::StallAt(length);
        self
    }
}

/// What happened so far.
#[derive(Debug, Default)]
struct Log {
    requests: Vec<Request>,
    /// Connections whose other side left before the answer was whole.
    left: usize,
}

pub(super) struct Server {
    address: SocketAddr,
    log: Arc<(Mutex<Log>, Condvar)>,
}

impl Server {
    pub(super) fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new((Mutex::new(Log::default()), Condvar::new()));
        let (shared, answer) = (Arc::clone(&log), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, answer) = (Arc::clone(&shared), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &shared, &*answer));
            }
        });
        Self { address, log }
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.log.0.lock().unwrap().requests.clone()
    }

    fn wait(&self, until: impl Fn(&Log) -> bool) {
        let log = self.log.0.lock().unwrap();
        drop(self.log.1.wait_while(log, |log| !until(log)).unwrap());
    }

    pub(super) fn wait_until_asked(&self) {
        self.wait(|log| !log.requests.is_empty());
    }

    pub(super) fn wait_until_left(&self) {
        self.wait(|log| log.left > 0);
    }
}

fn serve(mut stream: TcpStream, log: &(Mutex<Log>, Condvar), answer: &dyn Fn(&Request) -> Answer) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut lines = reader.by_ref().lines().map_while(Result::ok);
    let Some(line) = lines.next() else { return };
    let headers = lines.take_while(|line| !line.is_empty()).filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    });
    let mut request = Request { line, number: 0, headers: headers.collect(), body: String::new() };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    reader.take(length).read_to_string(&mut request.body).unwrap();
    {
        let mut log = log.0.lock().unwrap();
        request.number = log.requests.len();
        log.requests.push(request.clone());
    }
    log.1.notify_all();
    let answer = answer(&request);
    let mut head = vec![format!("HTTP/1.1 {} X", answer.status), "Connection: close".to_owned()];
    head.push(format!("Content-Length: {}", answer.body.len()));
    head.extend(answer.headers.iter().map(|(name, value)| format!("{name}: {value}")));
    head.push("\r\n".to_owned());
    let length = match answer.end {
        End::Whole => answer.body.len(),
        End::CutAt(length) | End::StallAt(length) => length.min(answer.body.len()),
    };
    let sent = stream.write_all(head.join("\r\n").as_bytes()).and_then(|()| stream.write_all(&answer.body[..length]));
    let stalled = matches!(answer.end, End::StallAt(_));
    if stalled {
        // Nothing more is sent by the other side: this ends when it closes.
        let _ = stream.read(&mut [0]);
    }
    if stalled || sent.is_err() {
        log.0.lock().unwrap().left += 1;
        log.1.notify_all();
    }
}
