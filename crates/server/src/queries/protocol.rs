//! Which query a request asks, in the forms of the protocol: in the path's query string, in a form, or as the body.

use axum::http::{Method, header};
use sparql::ParseOptions;

use crate::door::Call;
use crate::exception::{Exception, Failure};
use crate::parameters::{Parameters, excerpt};

/// A query and what comes with it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// The text.
    pub(super) text: String,
    /// What relative IRIs are resolved against, if not the default.
    pub(super) base: Option<String>,
    /// The data set, if not everything.
    pub(super) options: ParseOptions,
    /// The id by which its client knows it.
    pub(super) query_id: Option<String>,
}

/// Reads the query of `call`. Parameters that nobody knows are ignored: clients send many.
///
/// # Errors
///
/// `MissingParameterException` without a query, `UnsupportedOperationException` for updates and `explain`, and
/// `BadRequestException` or `MalformedQueryException` for what is no single text.
pub(super) fn read(call: Call) -> Result<Asked, Failure> {
    let Call { method, parameters, body, .. } = match form(&call)? {
        Form::Parameters => call,
        Form::Query => return in_body(call),
        Form::Update => return Err(unsupported("SPARQL updates are")),
    };
    let mut parameters = parameters.and(Parameters::decode(&body.into_bytes())?);
    let mut texts = parameters.take("query");
    if parameters.all("update").next().is_some() {
        return Err(if method == Method::GET {
            bad("An update cannot be sent with GET")
        } else if texts.is_empty() {
            unsupported("SPARQL updates are")
        } else {
            bad("A request has a query or an update, not both")
        });
    }
    let Some(text) = texts.pop() else {
        return Err(Failure::new(Exception::MissingParameter, "Missing required parameters: [query]"));
    };
    if !texts.is_empty() {
        return Err(bad("A request has one query: the parameter 'query' is given more than once"));
    }
    asked(text, &parameters)
}

/// The query whose text is the body.
fn in_body(call: Call) -> Result<Asked, Failure> {
    if call.parameters.all("query").next().is_some() {
        return Err(bad("The query is given twice: in the body and as a parameter"));
    }
    let text = String::from_utf8(call.body.into_bytes().into()).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        Failure::new(Exception::MalformedQuery, format!("Malformed query: byte {place} is not UTF-8"))
    })?;
    asked(text, &call.parameters)
}

/// What a body is.
enum Form {
    Parameters,
    Query,
    Update,
}

fn form(call: &Call) -> Result<Form, Failure> {
    let Some(value) = call.headers.get(header::CONTENT_TYPE) else { return Ok(Form::Parameters) };
    // A body that is not there has no type that matters, whatever a client's habit is.
    if call.body.bytes.is_empty() && call.method == Method::GET {
        return Ok(Form::Parameters);
    }
    let text = String::from_utf8_lossy(value.as_bytes());
    let media_type = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.as_str() {
        "application/x-www-form-urlencoded" | "" => Ok(Form::Parameters),
        "application/sparql-query" => Ok(Form::Query),
        "application/sparql-update" => Ok(Form::Update),
        _ => Err(bad(format!(
            "Content-Type '{}' is not known here: expected application/sparql-query or application/x-www-form-urlencoded",
            excerpt(&text)
        ))),
    }
}

fn asked(text: String, parameters: &Parameters) -> Result<Asked, Failure> {
    if parameters.all("explain").next().is_some() {
        return Err(unsupported("The parameter 'explain' is"));
    }
    let all = |name| parameters.all(name).map(str::to_owned).collect();
    Ok(Asked {
        text,
        base: parameters.one("baseURI")?.map(str::to_owned),
        query_id: parameters.one("queryId")?.map(str::to_owned),
        options: ParseOptions {
            default_graphs: all("default-graph-uri"),
            named_graphs: all("named-graph-uri"),
            ..ParseOptions::default()
        },
    })
}

fn bad(message: impl Into<String>) -> Failure {
    Failure::new(Exception::BadRequest, message)
}

fn unsupported(what: &str) -> Failure {
    Failure::new(Exception::UnsupportedOperation, format!("{what} not supported by this version of the server"))
}
