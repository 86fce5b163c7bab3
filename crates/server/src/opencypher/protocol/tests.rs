//! Bodies of JSON; the other forms are tested over sockets.

use axum::http::{HeaderValue, header};

use super::*;

fn asked(body: &'static str) -> Result<Asked, String> {
    let mut call = Call::of_body(body);
    call.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    read(call).map_err(|failure| failure.to_string())
}

#[test]
fn parameters_are_an_object_or_a_string_that_holds_one() {
    for body in [
        r#"{"query": "RETURN $a", "parameters": {"a": 1}, "more": [1]}"#,
        r#"{"query": "RETURN $a", "parameters": "{\"a\": 1}"}"#,
    ] {
        let asked = asked(body).unwrap();
        assert_eq!(asked.text, "RETURN $a");
        assert!(matches!(asked.parameters.get("a"), Some(exec::Value::Integer(1))), "{body}");
    }
    for body in [r#"{"query": "x", "parameters": null}"#, r#"{"query": "x", "parameters": ""}"#, r#"{"query": "x"}"#] {
        assert!(asked(body).unwrap().parameters.is_empty(), "{body}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    for (body, expected) in [
        ("", "BadRequestException: The body is no JSON object: EOF while parsing a value at line 1 column 0"),
        ("[]", "BadRequestException: The body is no JSON object: "),
        ("{}", "MissingParameterException: Missing required parameters: [query]"),
        (r#"{"query": 3}"#, "InvalidParameterException: Parameter 'query' must be a string, found 3"),
        (r#"{"query": "", "query": ""}"#, "BadRequestException: The body is no JSON object: duplicate field `query`"),
        (
            r#"{"query": "", "parameters": [1]}"#,
            "InvalidParameterException: Parameter 'parameters' must be a JSON object: invalid type: sequence",
        ),
        (
            r#"{"query": "", "parameters": "{\"a\": nothing}"}"#,
            "InvalidParameterException: Parameter 'parameters' must be a JSON object: in 'a': expected ident at line 1 column 8",
        ),
        (
            r#"{"query": "", "parameters": {"a": 99999999999999999999}}"#,
            "InvalidNumericDataException: Parameter 'parameters' must be a JSON object: the integer 99999999999999999999",
        ),
        (
            r#"{"query": "", "explain": "all"}"#,
            "InvalidParameterException: Parameter 'explain' must be static, dynamic or details, found 'all'",
        ),
    ] {
        let failure = asked(body).unwrap_err();
        assert!(failure.starts_with(expected), "{body}: {failure}");
    }
}

#[test]
fn explain_is_read_in_any_case() {
    assert_eq!(asked(r#"{"query": "", "explain": "Dynamic", "queryId": "x"}"#).unwrap().explain, Some(Depth::Dynamic));
    assert_eq!(asked(r#"{"query": "", "queryId": ""}"#).unwrap().query_id, None);
}
