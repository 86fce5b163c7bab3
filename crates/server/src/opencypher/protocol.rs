//! Which query a request asks, in the forms that clients use: in the path's query string, in a form, as JSON, as the body.
//!
//! **Source**: spec/opencypher.md §1.

#[cfg(test)]
mod tests;

use cypher::explain::Depth;
use exec::Map;
use exec::json::read_object;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::door::Call;
use crate::exception::{Exception, Failure};
use crate::parameters::{Parameters, excerpt};

/// A query and what comes with it.
#[derive(Debug)]
pub(super) struct Asked {
    /// The text.
    pub(super) text: String,
    /// What `$names` stand for.
    pub(super) parameters: Map,
    /// Whether its plan is asked for, and how much of it.
    pub(super) explain: Option<Depth>,
    /// The id by which its client knows it.
    pub(super) query_id: Option<String>,
}

/// What was sent, from wherever.
#[derive(Debug, Default)]
struct Sent {
    query: Option<String>,
    /// The text of an object.
    parameters: Option<String>,
    explain: Option<String>,
    query_id: Option<String>,
}

/// A body of JSON. Members that nobody knows are ignored.
#[derive(Deserialize)]
struct Members<'a> {
    query: Option<Value>,
    #[serde(borrow)]
    parameters: Option<&'a RawValue>,
    explain: Option<Value>,
    #[serde(rename = "queryId")]
    query_id: Option<Value>,
}

/// Reads the query of `call`.
///
/// # Errors
///
/// `MissingParameterException` without a query, `InvalidParameterException` or `InvalidNumericDataException` for
/// parameters that cannot be read, `BadRequestException` for a body that is none of the forms.
pub(super) fn read(call: Call) -> Result<Asked, Failure> {
    let form = form(&call)?;
    let Call { parameters, body, .. } = call;
    let bytes = body.into_bytes();
    let mut sent = match form {
        Form::Parameters => of_parameters(&parameters.and(Parameters::decode(&bytes)?))?,
        Form::Json => of_json(&bytes)?.or(of_parameters(&parameters)?),
        Form::Query => {
            let url = of_parameters(&parameters)?;
            if url.query.is_some() {
                return Err(bad("The query is given twice: in the body and as a parameter"));
            }
            let text = String::from_utf8(bytes.into()).map_err(|error| {
                let place = error.utf8_error().valid_up_to();
                Failure::new(Exception::MalformedQuery, format!("Invalid input: byte {place} is not UTF-8"))
            })?;
            Sent { query: Some(text), ..url }
        }
    };
    let Some(text) = sent.query.take() else {
        return Err(Failure::new(Exception::MissingParameter, "Missing required parameters: [query]"));
    };
    Ok(Asked {
        text,
        parameters: sent.parameters.as_deref().map(map).transpose()?.unwrap_or_default(),
        explain: sent.explain.as_deref().map(depth).transpose()?,
        query_id: sent.query_id.filter(|id| !id.is_empty()),
    })
}

/// What a body is.
#[derive(Clone, Copy)]
enum Form {
    Parameters,
    Json,
    Query,
}

fn form(call: &Call) -> Result<Form, Failure> {
    call.body_is(&[
        ("application/x-www-form-urlencoded", Form::Parameters),
        ("application/json", Form::Json),
        ("application/opencypher", Form::Query),
    ])
}

impl Sent {
    /// What stands here, else what stands there.
    fn or(self, other: Self) -> Self {
        Self {
            query: self.query.or(other.query),
            parameters: self.parameters.or(other.parameters),
            explain: self.explain.or(other.explain),
            query_id: self.query_id.or(other.query_id),
        }
    }
}

fn of_parameters(parameters: &Parameters) -> Result<Sent, Failure> {
    let one = |name| Ok::<_, Failure>(parameters.one(name)?.map(str::to_owned));
    Ok(Sent {
        query: one("query")?,
        parameters: one("parameters")?,
        explain: one("explain")?,
        query_id: one("queryId")?,
    })
}

fn of_json(body: &[u8]) -> Result<Sent, Failure> {
    let Members { query, parameters, explain, query_id } =
        serde_json::from_slice(body).map_err(|error| bad(format!("The body is no JSON object: {error}")))?;
    let text = |name: &str, value: Option<Value>| match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => {
            Err(invalid(format!("Parameter '{name}' must be a string, found {}", excerpt(&other.to_string()))))
        }
    };
    // SDKs send the object as a string that holds it.
    let parameters = match parameters.map(RawValue::get) {
        None | Some("null") => None,
        Some(quoted) if quoted.starts_with('"') => {
            Some(serde_json::from_str(quoted).map_err(|error| bad(format!("The body is no JSON object: {error}")))?)
        }
        Some(object) => Some(object.to_owned()),
    };
    Ok(Sent {
        query: text("query", query)?,
        parameters,
        explain: text("explain", explain)?,
        query_id: text("queryId", query_id)?,
    })
}

/// The object that `parameters` is.
fn map(text: &str) -> Result<Map, Failure> {
    if text.trim().is_empty() {
        return Ok(Map::default());
    }
    read_object(text).map_err(|error| {
        let exception = if error.is_number { Exception::InvalidNumericData } else { Exception::InvalidParameter };
        Failure::new(exception, format!("Parameter 'parameters' must be a JSON object: {error}"))
    })
}

fn depth(text: &str) -> Result<Depth, Failure> {
    [("static", Depth::Static), ("dynamic", Depth::Dynamic), ("details", Depth::Details)]
        .into_iter()
        .find(|(name, _)| text.eq_ignore_ascii_case(name))
        .map(|(_, depth)| depth)
        .ok_or_else(|| {
            invalid(format!("Parameter 'explain' must be static, dynamic or details, found '{}'", excerpt(text)))
        })
}

fn bad(message: impl Into<String>) -> Failure {
    Failure::new(Exception::BadRequest, message)
}

fn invalid(message: String) -> Failure {
    Failure::new(Exception::InvalidParameter, message)
}
