//! A small client of a running server, for the commands that are given an endpoint or find one.
//!
//! Calls block; the sockets live on a runtime of the client's own. Answers of the service are its JSON, which the commands
//! read the same way whether it came from here or from a loader in this process.
//!
//! Differs from an SDK in that nothing is sent twice: whoever sits at a terminal sees the failure and decides.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use auth::Signer;
use jiff::Timestamp;
use reqwest::{Certificate, Method, Response, header};
use serde_json::{Value, json};
use tokio::runtime::{Handle, Runtime};
use url::Url;

/// How long making a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// An error's text is cut here: a server that is none may answer anything.
const LONGEST_ERROR: usize = 64 << 10;

/// An answer that is read whole (not streamed) may have this many bytes: a page of 10,000 errors has less.
const LONGEST_ANSWER: usize = 64 << 20;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The endpoint is not one.
    #[error("--endpoint {endpoint}: {why}")]
    Endpoint {
        /// As it was given.
        endpoint: String,
        /// What is wrong with it.
        why: String,
    },
    /// The authorities to trust cannot be had.
    #[error("--ca-cert {}: {why}", file.display())]
    Authorities {
        /// As it was given.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// No answer.
    #[error("cannot reach {endpoint}: {why}")]
    Unreachable {
        /// Who was asked.
        endpoint: String,
        /// The innermost reason.
        why: String,
    },
    /// An exception of the service.
    #[error("{code}: {message}")]
    Refused {
        /// Its HTTP status.
        status: u16,
        /// The exception's name.
        code: String,
        /// Its text.
        message: String,
    },
    /// An answer that no such server gives.
    #[error("{endpoint} answered {what}; is it a Halimede server?")]
    Strange {
        /// Who was asked.
        endpoint: String,
        /// What came.
        what: String,
    },
}

impl Error {
    /// Whether this is the answer about a load that is unknown or has ended.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    /// Whether the same question may be answered a moment later.
    pub(crate) const fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::Endpoint { .. } | Self::Authorities { .. } | Self::Strange { .. } => false,
        }
    }
}

/// A server to talk to. Clone is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    base: String,
    http: reqwest::Client,
    signer: Option<Arc<Signer>>,
    runtime: Arc<Runtime>,
}

impl Client {
    /// A client of `endpoint`, which trusts the authorities in the PEM file `ca_cert`, else the system's; connects to
    /// nothing yet.
    ///
    /// # Errors
    /// [`Error::Endpoint`] if it is not `http://host:port` or `https://host:port`; [`Error::Authorities`].
    pub(crate) fn new(endpoint: &str, ca_cert: Option<&Path>) -> Result<Self, Error> {
        const EXPECTED: &str = "expected http://HOST:PORT or https://HOST:PORT";
        let bad = |why: String| Error::Endpoint { endpoint: endpoint.to_owned(), why };
        let url = Url::parse(endpoint).map_err(|error| bad(format!("{error}; {EXPECTED}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad(format!("the scheme is {:?}; {EXPECTED}", url.scheme())));
        }
        if url.host_str().is_none() || url.query().is_some() || url.fragment().is_some() {
            return Err(bad(EXPECTED.to_owned()));
        }
        let failed = |error: &dyn std::error::Error| bad(format!("no client: {error}"));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("client")
            .enable_all()
            .build()
            .map_err(|error| failed(&error))?;
        // No proxy and no redirects: the endpoint is where the question goes.
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("halimede/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        if let Some(file) = ca_cert {
            http = http.tls_certs_only(authorities(file)?);
        } else if url.scheme() == "http" {
            // Loading the system's authorities would fail on a machine that has none.
            http = http.tls_certs_only([]);
        }
        let http = http.build().map_err(|error| failed(&error))?;
        Ok(Self { base: url.as_str().trim_end_matches('/').to_owned(), http, signer: None, runtime: Arc::new(runtime) })
    }

    /// Signs what it asks from now on, if there are keys.
    pub(crate) fn signing(self, signer: Option<Signer>) -> Self {
        Self { signer: signer.map(Arc::new), ..self }
    }

    /// The endpoint.
    pub(crate) fn endpoint(&self) -> &str {
        &self.base
    }

    /// The threads that wait for its sockets.
    pub(crate) fn runtime(&self) -> &Handle {
        self.runtime.handle()
    }

    /// Starts a load; its id.
    pub(crate) fn start(&self, request: &Value) -> Result<String, Error> {
        let answer = self.json(self.call(&Method::POST, &["loader"], &[], None, Body::Json(request))?)?;
        match answer.pointer("/payload/loadId").and_then(Value::as_str) {
            Some(id) => Ok(id.to_owned()),
            None => Err(self.strange("a start without a load id")),
        }
    }

    /// The `payload` of a load's status, with its failed files and, on one page, as many errors.
    pub(crate) fn status(&self, id: &str, errors: u64) -> Result<Value, Error> {
        let errors = errors.to_string();
        let query = [("details", "true"), ("errors", "true"), ("page", "1"), ("errorsPerPage", errors.as_str())];
        let mut answer = self.json(self.call(&Method::GET, &["loader", id], &query, None, Body::None)?)?;
        Ok(answer["payload"].take())
    }

    /// The `payload` of a load's status, without its files and errors.
    pub(crate) fn brief(&self, id: &str) -> Result<Value, Error> {
        let mut answer = self.json(self.call(&Method::GET, &["loader", id], &[], None, Body::None)?)?;
        Ok(answer["payload"].take())
    }

    /// The ids of the remembered loads, at most a hundred.
    pub(crate) fn list(&self) -> Result<Vec<String>, Error> {
        let answer = self.json(self.call(&Method::GET, &["loader"], &[("limit", "100")], None, Body::None)?)?;
        let ids = answer.pointer("/payload/loadIds").and_then(Value::as_array);
        let ids = ids.ok_or_else(|| self.strange("a list without load ids"))?;
        Ok(ids.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect())
    }

    /// Cancels a load; returns when it has stopped.
    pub(crate) fn cancel(&self, id: &str) -> Result<(), Error> {
        self.call(&Method::DELETE, &["loader", id], &[], None, Body::None).map(drop)
    }

    /// What rows of a load were rejected.
    pub(crate) fn rejects(&self, id: &str) -> Result<Value, Error> {
        self.json(self.call(&Method::GET, &["halimede", "loader", id, "rejects"], &[], None, Body::None)?)
    }

    /// The rejected rows of one of its files, or the reasons.
    pub(crate) fn reject_file(&self, id: &str, feed: u64, part: &str) -> Result<Answer, Error> {
        let (path, feed) = (["halimede", "loader", id, "rejects"], feed.to_string());
        self.call(&Method::GET, &path, &[("feed", feed.as_str()), ("part", part)], None, Body::None)
    }

    /// The report of the server's check.
    pub(crate) fn check(&self) -> Result<Value, Error> {
        self.json(self.call(&Method::GET, &["halimede", "check"], &[], None, Body::None)?)
    }

    /// The answer to a SPARQL query, as one of the media types of `accept`.
    pub(crate) fn sparql(&self, query: &str, accept: &str) -> Result<Answer, Error> {
        self.call(&Method::POST, &["sparql"], &[], Some(accept), Body::Sparql(query))
    }

    /// What a SPARQL update has done.
    pub(crate) fn sparql_update(&self, update: &str) -> Result<Answer, Error> {
        self.call(&Method::POST, &["sparql"], &[], None, Body::SparqlUpdate(update))
    }

    /// The answer to an openCypher query with its parameters, a JSON object.
    pub(crate) fn opencypher(&self, query: &str, parameters: Option<&str>) -> Result<Answer, Error> {
        let body = json!({"query": query, "parameters": parameters});
        self.call(&Method::POST, &["opencypher"], &[], None, Body::Json(&body))
    }

    /// A data set, as one stream.
    pub(crate) fn export(&self, query: &[(&str, &str)]) -> Result<Answer, Error> {
        self.call(&Method::GET, &["halimede", "export"], query, None, Body::None)
    }

    fn call(
        &self,
        method: &Method,
        path: &[&str],
        query: &[(&str, &str)],
        accept: Option<&str>,
        body: Body<'_>,
    ) -> Result<Answer, Error> {
        let mut url = Url::parse(&self.base).map_err(|error| self.strange(error.to_string()))?;
        // An id goes in as one segment whatever it holds.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let (content_type, body) = match body {
            Body::None => (None, String::new()),
            Body::Json(value) => (Some("application/json"), value.to_string()),
            Body::Sparql(query) => (Some("application/sparql-query"), query.to_owned()),
            Body::SparqlUpdate(update) => (Some("application/sparql-update"), update.to_owned()),
        };
        let mut request = self.http.request(method.clone(), url.clone());
        if let Some(signer) = &self.signer {
            let host = url.host_str().unwrap_or_default();
            let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
            let (path, query) = (url.path(), url.query());
            for (name, value) in signer.headers(method.as_str(), path, query, &host, body.as_bytes(), Timestamp::now())
            {
                request = request.header(name, value);
            }
        }
        if let Some(accept) = accept {
            request = request.header(header::ACCEPT, accept);
        }
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type).body(body);
        }
        let response = self.runtime.block_on(request.send()).map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        let mut answer = Answer { response, pending: bytes::Bytes::new(), runtime: Arc::clone(&self.runtime) };
        if status.is_success() {
            return Ok(answer);
        }
        let mut text = Vec::new();
        // What came before the connection broke is better than nothing.
        let _ = answer.by_ref().take(LONGEST_ERROR as u64).read_to_end(&mut text);
        let body: Value = serde_json::from_slice(&text).unwrap_or_default();
        let member = |name: &str| body.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
        match member("code").zip(member("detailedMessage").or_else(|| member("message"))) {
            Some((code, message)) => Err(Error::Refused { status: status.as_u16(), code, message }),
            None => Err(self.strange(format!("{status} without an explanation"))),
        }
    }

    fn json(&self, answer: Answer) -> Result<Value, Error> {
        let mut text = Vec::new();
        answer
            .take(LONGEST_ANSWER as u64)
            .read_to_end(&mut text)
            .map_err(|error| Error::Unreachable { endpoint: self.base.clone(), why: error.to_string() })?;
        serde_json::from_slice(&text).map_err(|error| self.strange(format!("what is not JSON ({error})")))
    }

    fn strange(&self, what: impl Into<String>) -> Error {
        Error::Strange { endpoint: self.base.clone(), what: what.into() }
    }

    fn unreachable(&self, error: &reqwest::Error) -> Error {
        // The outer errors say only that sending failed; the innermost says "connection refused".
        let mut why: &dyn std::error::Error = error;
        while let Some(inner) = why.source() {
            why = inner;
        }
        Error::Unreachable { endpoint: self.base.clone(), why: why.to_string() }
    }
}

/// The authorities in a PEM file.
fn authorities(file: &Path) -> Result<Vec<Certificate>, Error> {
    let unusable = |why: String| Error::Authorities { file: file.to_owned(), why };
    let text = std::fs::read(file).map_err(|error| unusable(error.to_string()))?;
    let found = Certificate::from_pem_bundle(&text).map_err(|error| unusable(error.to_string()))?;
    if found.is_empty() { Err(unusable("expected certificates in PEM, found none".to_owned())) } else { Ok(found) }
}

/// What is sent along.
#[derive(Clone, Copy)]
enum Body<'a> {
    None,
    Json(&'a Value),
    Sparql(&'a str),
    SparqlUpdate(&'a str),
}

/// A good answer, to be read.
#[derive(Debug)]
pub(crate) struct Answer {
    response: Response,
    pending: bytes::Bytes,
    runtime: Arc<Runtime>,
}

impl Answer {
    /// Its media type without parameters, in lower case.
    pub(crate) fn media_type(&self) -> String {
        let value = self.response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

impl Read for Answer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.pending.is_empty() {
            match self.runtime.block_on(self.response.chunk()).map_err(io::Error::other)? {
                Some(chunk) => self.pending = chunk,
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.pending.len());
        let taken = self.pending.split_to(count);
        buffer[..count].copy_from_slice(&taken);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_endpoints_of_http_are_taken() {
        crate::install_crypto();
        for good in ["http://127.0.0.1:8182", "http://localhost:8182/", "http://[::1]:1"] {
            assert!(Client::new(good, None).is_ok(), "{good}");
        }
        for bad in ["localhost:8182", "", "http://", "ftp://x", "http://x/?a=b", "https://x/?a=b"] {
            assert!(matches!(Client::new(bad, None), Err(Error::Endpoint { .. })), "{bad}");
        }
        let nowhere = Some(Path::new("/nowhere/ca.pem"));
        assert!(matches!(Client::new("https://localhost:8182", nowhere), Err(Error::Authorities { .. })));
    }

    #[test]
    fn a_closed_port_is_named_with_its_reason() {
        crate::install_crypto();
        // Bound and dropped: nobody listens there now.
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let client = Client::new(&format!("http://127.0.0.1:{port}"), None).expect("a good endpoint");
        let error = client.list().expect_err("nobody listens").to_string();
        assert!(error.contains(&port.to_string()) && error.to_lowercase().contains("refused"), "{error}");
    }
}
