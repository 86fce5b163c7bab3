//! The members of a request, whichever way they were sent.
//!
//! A JSON body, a form body and the query string all become one JSON object; the typed getters then treat
//! `true`, `"TRUE"` and `"True"` alike, and `null` and the empty string as absent.
//! **Source**: `spec/loader.md` §2.1.

use std::borrow::Cow;

use serde_json::{Map, Value};
use url::form_urlencoded;

use super::error::{RequestError, shown};
use super::tolerance::Tolerance;

/// One object's members.
#[derive(Debug, Default)]
pub(super) struct Members(Map<String, Value>);

impl Members {
    /// Lays the body's members over those of the query string.
    pub(super) fn read(body: &[u8], content_type: Option<&str>, query: Option<&str>) -> Result<Self, RequestError> {
        let mut members = query.map(|query| form(query.as_bytes())).unwrap_or_default();
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
        if body.is_empty() {
            return Ok(Self(members));
        }
        let is_form = content_type.is_some_and(|text| {
            let essence = text.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        // curl calls everything a form unless told otherwise, so a body that looks like JSON is JSON.
        if is_form && !body.starts_with(b"{") {
            members.extend(form(body));
        } else {
            members.extend(json_object(body)?);
        }
        Ok(Self(members))
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text; the empty one counts as absent.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>, RequestError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok((!text.trim().is_empty()).then(|| text.clone())),
            Some(_) => Err(RequestError::invalid(name, "expected a string")),
        }
    }

    /// A boolean, in JSON or as a text in any case; the empty text counts as absent.
    pub(super) fn flag(&self, name: &'static str) -> Result<Option<bool>, RequestError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) => match text.trim() {
                "" => Ok(None),
                text if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
                text if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
                text => Err(RequestError::invalid(name, format!("expected TRUE or FALSE, found {}", shown(text)))),
            },
            Some(_) => Err(RequestError::invalid(name, "expected TRUE or FALSE")),
        }
    }

    /// A list of texts: a JSON array, a JSON array in a text, or texts separated by commas.
    pub(super) fn list(&self, name: &'static str) -> Result<Vec<String>, RequestError> {
        let text = match self.get(name) {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => return texts(name, items),
            Some(Value::String(text)) => text.trim(),
            Some(_) => return Err(RequestError::invalid(name, "expected an array of strings")),
        };
        if text.starts_with('[') {
            let items: Vec<Value> = serde_json::from_str(text)
                .map_err(|error| RequestError::invalid(name, format!("expected an array of strings: {error}")))?;
            return texts(name, &items);
        }
        Ok(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(ToOwned::to_owned).collect())
    }

    /// An object, in JSON or as a text that holds one; empty when absent.
    pub(super) fn object(&self, name: &'static str) -> Result<Self, RequestError> {
        match self.get(name) {
            None => Ok(Self::default()),
            Some(Value::Object(members)) => Ok(Self(members.clone())),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(Self::default()),
            Some(Value::String(text)) => match json_object(text.as_bytes()) {
                Ok(members) => Ok(Self(members)),
                Err(error) => Err(RequestError::invalid(name, format!("expected a JSON object: {error}"))),
            },
            Some(_) => Err(RequestError::invalid(name, "expected a JSON object")),
        }
    }

    /// How many errors are tolerated: a number, or a text of the form `N` or `N %`.
    pub(super) fn tolerance(&self, name: &'static str) -> Result<Option<Tolerance>, RequestError> {
        let text = match self.get(name) {
            None => return Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        text.parse().map(Some).map_err(|why: String| RequestError::invalid(name, why))
    }
}

fn texts(name: &'static str, items: &[Value]) -> Result<Vec<String>, RequestError> {
    items
        .iter()
        .map(|item| match item {
            Value::String(text) => Ok(text.trim().to_owned()),
            _ => Err(RequestError::invalid(name, "expected an array of strings")),
        })
        .collect()
}

/// URL-encoded pairs. A name that comes twice keeps its last value, but `dependencies`, which gathers them.
fn form(bytes: &[u8]) -> Map<String, Value> {
    let mut members = Map::new();
    for (name, value) in form_urlencoded::parse(bytes) {
        let value = value.into_owned();
        match members.get_mut(name.as_ref()) {
            Some(Value::String(earlier)) if name == "dependencies" => {
                earlier.push(',');
                earlier.push_str(&value);
            }
            _ => {
                members.insert(name.into_owned(), Value::String(value));
            }
        }
    }
    members
}

fn json_object(body: &[u8]) -> Result<Map<String, Value>, RequestError> {
    let parsed = serde_json::from_slice(body).or_else(|error| match without_trailing_commas(body) {
        Cow::Borrowed(_) => Err(error),
        // The error that is told is the one of the body as it was sent.
        Cow::Owned(mended) => serde_json::from_slice(&mended).map_err(|_| error),
    });
    match parsed {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(RequestError::BadRequest("The request body is not a JSON object".to_owned())),
        Err(error) => Err(RequestError::BadRequest(format!("The request body is not valid JSON: {error}"))),
    }
}

/// `json` without commas that stand right before a `}` or `]`: one of the service's own examples has one.
fn without_trailing_commas(json: &[u8]) -> Cow<'_, [u8]> {
    let mut mended: Option<Vec<u8>> = None;
    let (mut in_string, mut escaped) = (false, false);
    for (at, &byte) in json.iter().enumerate() {
        let closes = !in_string
            && byte == b','
            && json[at + 1..].iter().find(|b| !b.is_ascii_whitespace()).is_some_and(|b| matches!(b, b'}' | b']'));
        if closes {
            mended.get_or_insert_with(|| json[..at].to_vec());
        } else if let Some(mended) = &mut mended {
            mended.push(byte);
        }
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ => {}
        }
    }
    mended.map_or(Cow::Borrowed(json), Cow::Owned)
}
