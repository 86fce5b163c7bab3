//! `GET /openapi.json`: a description of what this server answers, made from the table of routes.
//!
//! Methods and paths come from the table; what each operation takes and gives is told here, by its name, so that a route
//! cannot be without its entry for long: a test names those that are. Schemas, parameters and headers that several share
//! stand in `openapi/components.json`.
//!
//! **Source**: the OpenAPI Specification 3.1.0.

mod operations;

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{Method, Response};
use serde_json::{Map, Value, json};

use crate::door::json as json_response;
use crate::routes::{self, Route};
use operations::{Described, Reply, Sent, describe};

/// What any operation may answer beside its own.
const ALWAYS: [(u16, &str); 5] = [
    (400, "The request cannot be processed: its message says why."),
    (403, "Authentication or authorization failed, or a foreign Host or Origin."),
    (408, "The request was not received in time."),
    (429, "A limit on connections, requests or work of this kind is reached."),
    (500, "The server failed, or stops, or its data is being reset."),
];

static DOCUMENT: LazyLock<Value> = LazyLock::new(document);

/// `GET /openapi.json`
pub(crate) fn answer() -> Response<Body> {
    json_response(&DOCUMENT)
}

fn document() -> Value {
    let components: Value = serde_json::from_str(include_str!("openapi/components.json"))
        .expect("the components are JSON, which a test reads");
    let mut paths = Map::new();
    for route in routes::all().filter(|route| route.action.is_some()) {
        let Some(described) = describe(route.operation) else { continue };
        let path = paths.entry(route.template).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = operation(route, &described);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Halimede",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "A graph database server that answers the Amazon Neptune Data API",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": components,
    })
}

fn operation(route: &Route, described: &Described) -> Value {
    let mut entry = json!({
        "operationId": operation_id(route),
        "summary": described.summary,
        "tags": [described.tag],
        "responses": responses(described),
    });
    let parameters: Vec<Value> = described.parameters.iter().map(|name| reference("parameters", name)).collect();
    // A label of the path stands in the template of one spelling of an operation and not in that of another.
    let parameters: Vec<Value> = parameters.into_iter().chain(labels(route.template)).collect();
    if !parameters.is_empty() {
        entry["parameters"] = parameters.into();
    }
    if route.method == Method::POST {
        let content: Map<String, Value> = match described.sent {
            Sent::Nothing => Map::new(),
            Sent::Json(schema) => {
                let schema = reference("schemas", schema);
                let types = ["application/json", "application/x-www-form-urlencoded"];
                types.map(|media_type| (media_type.to_owned(), json!({"schema": schema.clone()}))).into_iter().collect()
            }
            Sent::Query { media_type, form, json } => {
                let schema = json!({"schema": reference("schemas", form)});
                let text = (media_type.to_owned(), json!({"schema": {"type": "string"}}));
                let types = ["application/x-www-form-urlencoded", "application/json"];
                let objects = types.into_iter().take(if json { 2 } else { 1 });
                objects.map(|media_type| (media_type.to_owned(), schema.clone())).chain([text]).collect()
            }
        };
        if !content.is_empty() {
            entry["requestBody"] = json!({"content": content});
        }
    }
    entry
}

/// Unique, as the specification wants it: another spelling of an operation's path has a name that says which.
fn operation_id(route: &Route) -> String {
    let first = routes::all().find(|other| other.operation == route.operation && other.method == route.method);
    if first.is_some_and(|first| first.template == route.template) && is_first_method(route) {
        return route.operation.to_owned();
    }
    let place: String = route.template.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("{}_{}{place}", route.operation, route.method.as_str().to_ascii_lowercase())
}

fn is_first_method(route: &Route) -> bool {
    routes::all().find(|other| other.operation == route.operation).is_some_and(|first| first.method == route.method)
}

/// Parameters for the labels of a template.
fn labels(template: &str) -> impl Iterator<Item = Value> {
    template.split('/').filter_map(|segment| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        Some(reference("parameters", name))
    })
}

fn responses(described: &Described) -> Value {
    let mut responses = Map::new();
    let mut good = json!({"description": "Done.", "headers": {"x-amzn-RequestId": reference("headers", "requestId")}});
    let content: Map<String, Value> = match described.reply {
        Reply::Json(schema) => {
            [("application/json".to_owned(), json!({"schema": reference("schemas", schema)}))].into_iter().collect()
        }
        Reply::Text(types) => {
            types.iter().map(|media_type| ((*media_type).to_owned(), json!({"schema": {"type": "string"}}))).collect()
        }
        Reply::JsonOrText(schema, types) => {
            let json = ("application/json".to_owned(), json!({"schema": reference("schemas", schema)}));
            let texts =
                types.iter().map(|media_type| ((*media_type).to_owned(), json!({"schema": {"type": "string"}})));
            [json].into_iter().chain(texts).collect()
        }
    };
    good["content"] = content.into();
    responses.insert("200".to_owned(), good);
    if let Some(text) = described.empty {
        let headers = json!({"x-amzn-RequestId": reference("headers", "requestId")});
        responses.insert("204".to_owned(), json!({"description": text, "headers": headers}));
    }
    for (status, text) in ALWAYS.iter().chain(described.errors) {
        responses.insert(status.to_string(), failure(*status, text));
    }
    responses.into()
}

fn failure(status: u16, text: &str) -> Value {
    let mut headers = json!({
        "x-amzn-RequestId": reference("headers", "requestId"),
        "x-amzn-ErrorType": reference("headers", "errorType"),
    });
    if status == 429 {
        headers["Retry-After"] = reference("headers", "retryAfter");
    }
    json!({
        "description": text,
        "headers": headers,
        "content": {"application/json": {"schema": reference("schemas", "Failure")}},
    })
}

fn reference(kind: &str, name: &str) -> Value {
    json!({"$ref": format!("#/components/{kind}/{name}")})
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_operation_that_is_offered_has_its_entry() {
        let without: Vec<&str> = routes::all()
            .filter(|route| route.action.is_some() && describe(route.operation).is_none())
            .map(|route| route.operation)
            .collect();
        assert!(without.is_empty(), "to be described in openapi/operations.rs: {without:?}");
        let document = document();
        for route in routes::all().filter(|route| route.action.is_some()) {
            let method = route.method.as_str().to_ascii_lowercase();
            assert!(document["paths"][route.template][&method].is_object(), "{method} {}", route.template);
        }
    }

    #[test]
    fn names_of_operations_are_unique() {
        let mut seen = BTreeSet::new();
        for route in routes::all().filter(|route| route.action.is_some()) {
            assert!(seen.insert(operation_id(route)), "{} of {}", operation_id(route), route.template);
        }
        assert!(seen.contains("CancelLoaderJob") && seen.contains("CancelLoaderJob_delete_loader"), "{seen:?}");
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_component_is_used() {
        let document = document();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        for reference in &found {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
        for (kind, named) in document["components"].as_object().unwrap() {
            for name in named.as_object().unwrap().keys() {
                // Those of operations that are described and not offered yet.
                let waits = describe_all().any(|described| described.mentions(name));
                assert!(found.contains(&format!("#/components/{kind}/{name}")) || waits, "{kind} {name}");
            }
        }
    }

    /// What is told of every operation of the table, offered or not.
    fn describe_all() -> impl Iterator<Item = Described> {
        routes::all().filter_map(|route| describe(route.operation))
    }

    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    found.insert(reference.clone());
                }
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}
