//! A server on a free port over an empty store, and a client that knows sockets and nothing else.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;

use loader::source::SourceConfig;
use loader::{Loader, LoaderConfig};
use server::{Server, ServerConfig};
use store::{Options, Store};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A server that runs until it is dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) store: Store,
    pub(crate) loader: Loader,
    pub(crate) imports: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    ended: Option<JoinHandle<()>>,
    pub(crate) runtime: Runtime,
    _directory: TempDir,
}

/// A server with the default settings.
pub(crate) fn start() -> Running {
    start_with(|_, _| {})
}

/// A server with settings of its own.
pub(crate) fn start_with(adjust: impl FnOnce(&mut ServerConfig, &mut LoaderConfig)) -> Running {
    let directory = tempfile::tempdir().unwrap();
    let imports = directory.path().join("imports");
    std::fs::create_dir(&imports).unwrap();
    let data_dir = directory.path().join("data");
    let runtime = Runtime::new().unwrap();
    let store = Store::open(&data_dir, Options { memory: 64 << 20, disk_floor: 0, ..Options::default() }).unwrap();
    let sources = SourceConfig { import_dirs: vec![imports.clone()], data_dir, ..SourceConfig::default() };
    let mut loads = LoaderConfig::new(sources);
    let mut config = ServerConfig::new("127.0.0.1:0".parse().unwrap());
    adjust(&mut config, &mut loads);
    let loader = Loader::open(store.clone(), loads, runtime.handle().clone()).unwrap();
    let server = runtime.block_on(Server::bind(config, store.clone(), loader.clone())).unwrap();
    let address = server.address();
    let (stop, stopped) = oneshot::channel();
    let ended = runtime.spawn(server.run(async {
        stopped.await.ok();
    }));
    Running { address, store, loader, imports, stop: Some(stop), ended: Some(ended), runtime, _directory: directory }
}

impl Running {
    /// Stops the server in good order and waits until it has stopped.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(ended) = self.ended.take() {
            self.runtime.block_on(ended).unwrap();
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).unwrap()
    }

    /// Sends these bytes on a connection of their own; the reply.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Reply {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        Reply::next(&mut stream)
    }

    /// One request on a connection of its own.
    pub(crate) fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        self.raw(&self.request(method, target, headers, body))
    }

    /// A request without body.
    pub(crate) fn ask(&self, method: &str, target: &str) -> Reply {
        self.send(method, target, &[], b"")
    }

    /// The bytes of a request that ends its connection.
    pub(crate) fn request(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
        let mut head = format!("{method} {target} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.address);
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        if !body.is_empty() || method == "POST" {
            write!(head, "content-length: {}\r\n", body.len()).unwrap();
        }
        head.push_str("\r\n");
        [head.as_bytes(), body].concat()
    }

    /// A file below the import directory, as a source.
    pub(crate) fn import(&self, name: &str, content: &str) -> String {
        let path = self.imports.join(name);
        std::fs::write(&path, content).unwrap();
        format!("file://{}", path.display())
    }

    /// The status of an accepted start's job, once it has ended.
    pub(crate) fn load(&self, source: &str, format: &str) -> String {
        let reply = self.send(
            "POST",
            "/loader",
            &[("content-type", "application/json")],
            start_body(source, format).as_bytes(),
        );
        assert_eq!(reply.status, 200, "{}", reply.body);
        let id = reply.json()["payload"]["loadId"].as_str().unwrap().to_owned();
        self.loader.wait(&id).unwrap();
        id
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
        self.loader.shutdown();
    }
}

/// The body of a start.
pub(crate) fn start_body(source: &str, format: &str) -> String {
    serde_json::json!({
        "source": source, "format": format, "region": "us-east-1",
        "iamRoleArn": "arn:aws:iam::000000000000:role/load",
    })
    .to_string()
}

/// Everything until the other side closes. A connection that is reset after its reply has still given the reply.
pub(crate) fn read_all(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8(bytes).unwrap()
}

/// A reply taken apart.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) trailers: Vec<(String, String)>,
}

impl Reply {
    pub(crate) fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no reply in {text:?}"));
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = fields(lines);
        let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        let (body, trailers) = if chunked { dechunk(body) } else { (body.to_owned(), Vec::new()) };
        Self { status, headers, body, trailers }
    }

    /// Reads up to the end of a reply with a length, or of the connection.
    pub(crate) fn next(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        let mut piece = [0; 4096];
        while !is_whole(&bytes) {
            match stream.read(&mut piece) {
                Ok(0) | Err(_) => break,
                Ok(count) => bytes.extend_from_slice(&piece[..count]),
            }
        }
        Self::read(&String::from_utf8(bytes).unwrap())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.body))
    }

    /// `400 BadRequestException: text`, after checking that header and body agree.
    pub(crate) fn failure(&self) -> String {
        let body = self.json();
        let members: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["code", "detailedMessage", "message", "requestId"]);
        assert_eq!(self.header("x-amzn-errortype"), body["code"].as_str());
        assert_eq!(self.header("x-amzn-requestid"), body["requestId"].as_str());
        assert_eq!(self.header("content-type"), Some("application/json; charset=UTF-8"));
        assert_eq!(body["message"], body["detailedMessage"]);
        format!("{} {}: {}", self.status, body["code"].as_str().unwrap(), body["message"].as_str().unwrap())
    }

    /// The whole reply as text, headers in order of their names, without `date` and with `ID` for the request's id.
    pub(crate) fn whole(&self) -> String {
        let mut headers: Vec<String> = self
            .headers
            .iter()
            .filter(|(name, _)| name != "date")
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        headers.sort();
        let text = format!("{}\n{}\n\n{}", self.status, headers.join("\n"), self.body);
        match self.header("x-amzn-requestid") {
            Some(id) => text.replace(id, "ID"),
            None => text,
        }
    }
}

/// Whether a reply with a length has come whole.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&bytes[..end]);
    let length = fields(head.split("\r\n")).into_iter().find(|(name, _)| name == "content-length");
    length.is_some_and(|(_, length)| bytes.len() >= end + 4 + length.parse::<usize>().unwrap())
}

fn fields<'t>(lines: impl Iterator<Item = &'t str>) -> Vec<(String, String)> {
    lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect()
}

/// The content of a chunked body, and its trailers. A body that breaks off gives what came.
fn dechunk(mut rest: &str) -> (String, Vec<(String, String)>) {
    let mut body = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return (body, fields(after.split("\r\n")));
        }
        body.push_str(&after[..size.min(after.len())]);
        rest = after.get(size + 2..).unwrap_or_default();
    }
    (body, Vec::new())
}
