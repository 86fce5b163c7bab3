//! Which query or update a request asks, in the forms of the protocol: in the path's query string, in a form, or as the
//! body.

use axum::http::{Method, header};
use sparql::{ParseOptions, UpdateOptions};

use crate::door::Call;
use crate::exception::{Exception, Failure};
use crate::parameters::{Parameters, excerpt};

/// A query or an update, and what comes with it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// Which of the two, with its data set, if not everything.
    pub(super) kind: Kind,
    /// The text.
    pub(super) text: String,
    /// What relative IRIs are resolved against, if not the default.
    pub(super) base: Option<String>,
    /// The id by which its client knows it.
    pub(super) query_id: Option<String>,
    /// Whether its plan is wanted, and how much of it.
    pub(super) explain: Option<Depth>,
}

/// What is asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Query(ParseOptions),
    Update(UpdateOptions),
}

/// How much is told of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// The plan, which is not run.
    Static,
    /// What its steps did.
    Dynamic,
    /// That, and the text.
    Details,
}

/// Reads the query or update of `call`. Parameters that nobody knows are ignored: clients send many. `strict` keeps the
/// default graph apart from the named ones.
///
/// # Errors
///
/// `MissingParameterException` without either, `UnsupportedOperationException` for `explain` of an update, and
/// `BadRequestException` or `MalformedQueryException` for what is no single text.
pub(super) fn read(call: Call, strict: bool) -> Result<Asked, Failure> {
    let Call { method, parameters, body, .. } = match form(&call)? {
        Form::Parameters => call,
        Form::Query => return in_body(call, true, strict),
        Form::Update => return in_body(call, false, strict),
    };
    let mut parameters = parameters.and(Parameters::decode(&body.into_bytes())?);
    let mut queries = parameters.take("query");
    let mut updates = parameters.take("update");
    if !updates.is_empty() && method == Method::GET {
        return Err(bad("An update cannot be sent with GET"));
    }
    let is_many = queries.len() + updates.len() > 1;
    match (queries.pop(), updates.pop()) {
        (None, None) => Err(Failure::new(Exception::MissingParameter, "Missing required parameters: [query]")),
        (Some(_), Some(_)) => Err(bad("A request has a query or an update, not both")),
        _ if is_many => Err(bad("A request has one query: the parameter 'query' or 'update' is given more than once")),
        (Some(text), None) => asked(text, true, &parameters, strict),
        (None, Some(text)) => asked(text, false, &parameters, strict),
    }
}

/// The text is the body.
fn in_body(call: Call, is_query: bool, strict: bool) -> Result<Asked, Failure> {
    if !is_query && call.method == Method::GET {
        return Err(bad("An update cannot be sent with GET"));
    }
    if call.parameters.all("query").chain(call.parameters.all("update")).next().is_some() {
        let kind = if is_query { "query" } else { "update" };
        return Err(bad(format!("The {kind} is given twice: in the body and as a parameter")));
    }
    let text = String::from_utf8(call.body.into_bytes().into()).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        Failure::new(Exception::MalformedQuery, format!("Malformed query: byte {place} is not UTF-8"))
    })?;
    asked(text, is_query, &call.parameters, strict)
}

/// What a body is.
#[derive(Clone, Copy)]
enum Form {
    Parameters,
    Query,
    Update,
}

/// # Errors
///
/// `BadRequestException` for another type; for none, too: the protocol has it so, and a guess could run an update.
fn form(call: &Call) -> Result<Form, Failure> {
    if !call.body.bytes.is_empty() && !call.headers.contains_key(header::CONTENT_TYPE) {
        return Err(bad(
            "The body has no Content-Type: expected application/x-www-form-urlencoded, application/sparql-query or \
             application/sparql-update",
        ));
    }
    call.body_is(&[
        ("application/sparql-query", Form::Query),
        ("application/sparql-update", Form::Update),
        ("application/x-www-form-urlencoded", Form::Parameters),
    ])
}

fn asked(text: String, is_query: bool, parameters: &Parameters, strict: bool) -> Result<Asked, Failure> {
    let all = |name| parameters.all(name).map(str::to_owned).collect();
    let explain = explain(parameters)?;
    if explain.is_some() && !is_query {
        let text = "Explain of an update is not supported: only SELECT can be explained";
        return Err(Failure::new(Exception::UnsupportedOperation, text));
    }
    let kind = if is_query {
        Kind::Query(ParseOptions {
            default_graphs: all("default-graph-uri"),
            named_graphs: all("named-graph-uri"),
            strict_default_graph: strict,
        })
    } else {
        Kind::Update(UpdateOptions {
            using_graphs: all("using-graph-uri"),
            using_named_graphs: all("using-named-graph-uri"),
            strict_default_graph: strict,
        })
    };
    Ok(Asked {
        kind,
        text,
        base: parameters.one("baseURI")?.map(str::to_owned),
        query_id: parameters.one("queryId")?.map(str::to_owned),
        explain,
    })
}

fn explain(parameters: &Parameters) -> Result<Option<Depth>, Failure> {
    Ok(match parameters.one("explain")? {
        None => None,
        Some(depth) if depth.eq_ignore_ascii_case("static") => Some(Depth::Static),
        Some(depth) if depth.eq_ignore_ascii_case("dynamic") => Some(Depth::Dynamic),
        Some(depth) if depth.eq_ignore_ascii_case("details") => Some(Depth::Details),
        Some(other) => {
            let text = format!("explain is {}: expected static, dynamic or details", excerpt(other));
            return Err(Failure::new(Exception::InvalidParameter, text));
        }
    })
}

fn bad(message: impl Into<String>) -> Failure {
    Failure::new(Exception::BadRequest, message)
}
