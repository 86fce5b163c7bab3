//! The signed part of a request besides its body: an HTTP head, or what a Bolt driver sends in its stead.

use std::borrow::Cow;

use crate::Refusal;
use crate::json::Node;

/// The longest credentials text of a Bolt driver, in bytes: an `Authorization` and a session token, with room.
const BOLT_LIMIT_BYTES: usize = 64 << 10;

/// The head of a request as it was received.
///
/// # Examples
///
/// ```
/// let head = auth::Head::http("GET", "/status", None, [("host", b"localhost:8182".as_slice())]);
/// ```
#[derive(Clone, Debug)]
pub struct Head<'a> {
    pub(crate) method: &'a str,
    /// The path that was signed: several where a client cannot be asked which one it took.
    pub(crate) paths: Vec<&'a str>,
    pub(crate) query: &'a str,
    headers: Vec<(Cow<'a, str>, Cow<'a, [u8]>)>,
}

impl<'a> Head<'a> {
    /// An HTTP request, a WebSocket upgrade among them. Path and query as they were received, still percent-encoded;
    /// headers in the order received, their names in lower case. `host` has to be among them: with HTTP/2 it is the
    /// authority.
    pub fn http<V: Into<Cow<'a, [u8]>>>(
        method: &'a str,
        path: &'a str,
        query: Option<&'a str>,
        headers: impl IntoIterator<Item = (&'a str, V)>,
    ) -> Self {
        let mut paths = vec![path];
        // Gremlin drivers sign the path without the slash that some of them open the socket with.
        if path == "/gremlin/" {
            paths.push("/gremlin");
        }
        let headers = headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { method, paths, query: query.unwrap_or_default(), headers }
    }

    /// The credentials text of a Bolt `HELLO` or `LOGON`: a JSON object of the headers of a GET without a body. Names are
    /// told apart without case, null is absent. **Source**: `spec/iam.md`, "Bolt credentials".
    ///
    /// # Errors
    ///
    /// [`Refusal::Malformed`] for anything that is not such an object.
    pub fn from_bolt_json(text: &str) -> Result<Self, Refusal> {
        if text.trim().is_empty() {
            return Err(Refusal::Missing);
        }
        if text.len() > BOLT_LIMIT_BYTES {
            return Err(Refusal::Malformed);
        }
        let Ok(Node::Object(members)) = serde_json::from_str(text) else { return Err(Refusal::Malformed) };
        let mut headers: Vec<(Cow<'_, str>, Cow<'_, [u8]>)> = Vec::new();
        for (name, value) in members {
            let name = name.to_ascii_lowercase();
            match value {
                Node::Null => {}
                Node::Text(_) if name == "httpmethod" => {}
                Node::Text(value) if value.contains(char::is_control) => return Err(Refusal::Malformed),
                Node::Text(_) if headers.len() >= 64 || headers.iter().any(|(other, _)| *other == name) => {
                    return Err(Refusal::Malformed);
                }
                Node::Text(value) => headers.push((name.into(), value.into_bytes().into())),
                Node::Bool(_) | Node::Number(_) | Node::List(_) | Node::Object(_) => return Err(Refusal::Malformed),
            }
        }
        // Today's samples sign the first path, people write the second, old engines wanted the third.
        Ok(Self { method: "GET", paths: vec!["/opencypher", "/openCypher", "/"], query: "", headers })
    }

    /// Every value of a header, in order.
    pub(crate) fn values<'h>(&'h self, name: &str) -> impl Iterator<Item = &'h [u8]> {
        self.headers.iter().filter(move |(other, _)| other == name).map(|(_, value)| &**value)
    }

    /// The value of a header that may be sent once; `None` if it is not sent.
    ///
    /// # Errors
    ///
    /// [`Refusal::Malformed`] if it is sent more than once or is not printable ASCII.
    pub(crate) fn one(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.values(name);
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(Refusal::Malformed);
        }
        let text = str::from_utf8(value).map_err(|_| Refusal::Malformed)?.trim_matches([' ', '\t']);
        if text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            Ok(Some(text))
        } else {
            Err(Refusal::Malformed)
        }
    }
}
