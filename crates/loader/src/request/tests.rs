//! Requests as clients send them, and as nobody should.

use proptest::prelude::*;

use super::*;

const LENIENT: RequestConfig = RequestConfig { strict: false, atomic: false };

fn read(body: &str) -> Result<LoadRequest, RequestError> {
    LoadRequest::read(body.as_bytes(), Some("application/json"), None, &LENIENT)
}

fn csv() -> LoadRequest {
    LoadRequest::new("s3://b/k", Format::Csv)
}

/// The request with these members added to a minimal one.
fn with(members: &str) -> Result<LoadRequest, RequestError> {
    read(&format!(r#"{{"source": "s3://b/k", "format": "csv", {members}}}"#))
}

#[test]
fn what_is_not_said_is_the_documented_default() {
    let request = read(r#"{"source": "s3://b/k", "format": "csv"}"#).unwrap();
    assert_eq!(request, csv());
    assert_eq!(request.mode, Mode::Auto);
    assert!(request.fail_on_error && request.user_provided_edge_ids);
    assert!(!request.queue_request && !request.edge_only_load);
    assert_eq!(request.parser.base_uri, "http://aws.amazon.com/neptune/default");
    assert_eq!(request.parser.named_graph_uri, "http://aws.amazon.com/neptune/vocab/v01/DefaultNamedGraph");
}

#[test]
fn what_an_sdk_sends_is_read() {
    let request = read(
        r#"{"source": "s3://b/k", "format": "turtle", "s3BucketRegion": "ignored", "region": "eu-west-1",
            "iamRoleArn": "arn:aws:iam::000000000000:role/r", "mode": "NEW", "failOnError": false,
            "parallelism": "OVERSUBSCRIBE", "queueRequest": true, "dependencies": [],
            "parserConfiguration": {"namedGraphUri": "http://g", "baseUri": "http://b/", "allowEmptyStrings": true},
            "updateSingleCardinalityProperties": true, "userProvidedEdgeIds": false, "edgeOnlyLoad": true}"#,
    )
    .unwrap();
    let mut expected = LoadRequest::new("s3://b/k", Format::Turtle);
    expected.region = Some("eu-west-1".to_owned());
    expected.iam_role_arn = Some("arn:aws:iam::000000000000:role/r".to_owned());
    expected.mode = Mode::New;
    expected.fail_on_error = false;
    expected.parallelism = Parallelism::Oversubscribe;
    expected.queue_request = true;
    expected.parser.named_graph_uri = "http://g".to_owned();
    expected.parser.base_uri = "http://b/".to_owned();
    expected.user_provided_edge_ids = false;
    expected.edge_only_load = true;
    assert_eq!(request, expected);
}

#[test]
fn spellings_do_not_matter() {
    let expected = with(r#""failOnError": false, "mode": "NEW", "parallelism": "LOW""#).unwrap();
    assert!(!expected.fail_on_error);
    for members in [
        r#""failOnError": "FALSE", "mode": "new", "parallelism": "low""#,
        r#""failOnError": "False", "mode": "New", "parallelism": "Low", "region": null, "dependencies": null"#,
        r#""failOnError": "false", "mode": "NEW", "parallelism": "LOW", "unknown": {"deep": [1]}, "region": """#,
        r#""failOnError": false, "mode": "NEW", "parallelism": "LOW", "dependencies": [], "parserConfiguration": {},"#,
        r#""failOnError": false, "mode": "NEW", "parallelism": "LOW", "dependencies": "", "parserConfiguration": "{}""#,
        r#""failOnError": false, "mode": "NEW", "parallelism": "LOW", "atomic": false, "dryRun": "FALSE", "tolerance": 0"#,
        r#""failOnError": false, "mode": "NEW", "parallelism": "LOW", "parserConfiguration": {"tolerance": "0 %"}"#,
    ] {
        assert_eq!(with(members).as_ref(), Ok(&expected), "{members}");
    }
}

#[test]
fn every_encoding_gives_the_same_request() {
    let mut expected = LoadRequest::new("s3://b/k, l", Format::NQuads);
    expected.fail_on_error = false;
    expected.parser.named_graph_uri = "http://g/".to_owned();
    let json = r#"{"source": "s3://b/k, l", "format": "NQuads", "failOnError": "false",
                   "parserConfiguration": {"namedGraphUri": "http://g/",},}"#;
    let form = "source=s3%3A%2F%2Fb%2Fk%2C+l&format=nquads&failOnError=FALSE\
                &parserConfiguration=%7B%22namedGraphUri%22%3A%22http%3A%2F%2Fg%2F%22%7D";
    const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
    for (body, content_type, query) in [
        (json, Some("application/json"), None),
        (json, Some("text/plain"), None),
        (json, None, None),
        (json, Some(FORM), None),
        (json, Some("application/json"), Some("source=s3://other/&format=csv&failOnError=TRUE&mode=NEW&mode=AUTO")),
        (form, Some(FORM), None),
        ("", None, Some(form)),
        (" \n", Some("application/json"), Some(form)),
    ] {
        let request = LoadRequest::read(body.as_bytes(), content_type, query, &LENIENT);
        assert_eq!(request.as_ref(), Ok(&expected), "{body} {content_type:?} {query:?}");
    }
}

#[test]
fn trailing_commas_are_tolerated_outside_of_strings() {
    let request = with("\"region\": \"a,}b\\\",]\" , \n } , ");
    assert!(matches!(request, Err(RequestError::BadRequest(_))), "{request:?}");
    let request = with("\"region\": \"a,}b\\\",]\" ,  \n ").unwrap();
    assert_eq!(request.region.as_deref(), Some("a,}b\",]"));
    assert!(matches!(with("\"mode\": \"NEW\",,"), Err(RequestError::BadRequest(_))));
}

#[test]
fn refusals_name_the_parameter_and_what_was_expected() {
    let missing = |names: &str| RequestError::Missing(format!("Missing required parameters: [{names}]"));
    assert_eq!(read("{}"), Err(missing("source, format")));
    assert_eq!(LoadRequest::read(b"", None, None, &LENIENT), Err(missing("source, format")));
    assert_eq!(read(r#"{"source": "", "format": "csv"}"#), Err(missing("source")));
    assert_eq!(read(r#"{"source": "s3://b/k", "format": null}"#), Err(missing("format")));
    assert_eq!(with(r#""accessKey": "A""#), Err(missing("secretKey")));
    assert_eq!(with(r#""secretKey": "A""#), Err(missing("accessKey")));

    for body in ["[]", "1", "\"x\"", "{", "{\"source\":}", "source=x", "\u{0}", &"[".repeat(10_000)] {
        assert!(matches!(read(body), Err(RequestError::BadRequest(_))), "{body}");
    }
    assert!(matches!(LoadRequest::read(b"{\"a\": \"\xff\"}", None, None, &LENIENT), Err(RequestError::BadRequest(_))));

    let many = format!(r#""dependencies": [{}]"#, vec!["\"x\""; 65].join(","));
    for (members, parameter) in [
        (r#""mode": "SOMETIMES""#, "mode"),
        (r#""mode": 1"#, "mode"),
        (r#""parallelism": "8""#, "parallelism"),
        (r#""failOnError": "yes""#, "failOnError"),
        (r#""failOnError": 1"#, "failOnError"),
        (r#""queueRequest": []"#, "queueRequest"),
        (r#""edgeOnlyLoad": "0""#, "edgeOnlyLoad"),
        (r#""userProvidedEdgeIds": {}"#, "userProvidedEdgeIds"),
        (r#""updateSingleCardinalityProperties": "1""#, "updateSingleCardinalityProperties"),
        (r#""dependencies": {}"#, "dependencies"),
        (r#""dependencies": [1]"#, "dependencies"),
        (r#""dependencies": "[1""#, "dependencies"),
        (many.as_str(), "dependencies"),
        (r#""parserConfiguration": "x""#, "parserConfiguration"),
        (r#""parserConfiguration": []"#, "parserConfiguration"),
        (r#""parserConfiguration": {"allowEmptyStrings": "maybe"}"#, "allowEmptyStrings"),
        (r#""region": 1"#, "region"),
        (r#""iamRoleArn": ["a"]"#, "iamRoleArn"),
        (r#""atomic": "x""#, "atomic"),
        (r#""parserConfiguration": {"dryRun": "x"}"#, "dryRun"),
        (r#""tolerance": -1"#, "tolerance"),
        (r#""tolerance": "101%""#, "tolerance"),
        (r#""tolerance": "NaN %""#, "tolerance"),
        (r#""tolerance": true"#, "tolerance"),
        (r#""failOnError": false, "tolerance": 0.5"#, "tolerance"),
        (r#""failOnError": false, "parserConfiguration": {"tolerance": "many"}"#, "tolerance"),
    ] {
        match with(members) {
            Err(RequestError::Invalid(text)) => {
                assert!(text.starts_with(&format!("Invalid value for parameter {parameter}: ")), "{text}");
            }
            other => panic!("{members}: {other:?}"),
        }
    }
    let error = read(r#"{"source": "s3://b/k", "format": "parquet"}"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Invalid value for parameter format: expected one of csv, opencypher, ntriples, nquads, rdfxml, turtle, \
         found 'parquet'"
    );
    for iri in ["relative", "<http://a>", "http://a b", ":"] {
        let body = format!(
            r#"{{"source": "s3://b/k", "format": "nquads", "parserConfiguration": {{"namedGraphUri": "{iri}"}}}}"#
        );
        assert!(matches!(read(&body), Err(RequestError::Invalid(_))), "{iri}");
    }
}

#[test]
fn dependencies_come_as_an_array_or_as_text() {
    for (members, expected) in [
        (r#""dependencies": ["ef478d76-d9da-4d94-8ff1-08d9d4863aa5"]"#, vec!["ef478d76-d9da-4d94-8ff1-08d9d4863aa5"]),
        (r#""dependencies": "a, b""#, vec!["a", "b"]),
        (r#""dependencies": "[\"a\"]""#, vec!["a"]),
        (r#""dependencies": []"#, vec![]),
    ] {
        assert_eq!(
            with(members).map(|request| request.dependencies),
            Ok(expected.iter().map(ToString::to_string).collect()),
            "{members}"
        );
    }
    let repeated =
        LoadRequest::read(b"", None, Some("source=s3://b/&format=csv&dependencies=&dependencies=a"), &LENIENT);
    assert_eq!(repeated.map(|request| request.dependencies), Ok(vec!["a".to_owned()]));
}

/// A member, or a string where SDKs let one pass; the server may want it of every load.
#[test]
fn all_or_nothing_is_asked_for_in_three_ways() {
    let everything = RequestConfig { atomic: true, ..LENIENT };
    for (members, asked) in [
        (r#""mode": "NEW""#, false),
        (r#""atomic": true"#, true),
        (r#""atomic": "TRUE""#, true),
        (r#""atomic": "FALSE""#, false),
        (r#""parserConfiguration": {"atomic": "TRUE"}"#, true),
        (r#""parserConfiguration": {"atomic": "false"}"#, false),
        (r#""atomic": false, "parserConfiguration": {"atomic": "TRUE"}"#, false),
    ] {
        let body = format!(r#"{{"source": "s3://b/k", "format": "csv", {members}}}"#);
        assert_eq!(read(&body).map(|request| request.atomic), Ok(asked), "{members}");
        let read = LoadRequest::read(body.as_bytes(), None, None, &everything);
        assert_eq!(read.map(|request| request.atomic), Ok(true), "{members}");
    }
}

#[test]
fn a_dry_run_is_asked_for_in_two_ways() {
    for (members, asked) in [
        (r#""mode": "NEW""#, false),
        (r#""dryRun": true"#, true),
        (r#""dryRun": "True""#, true),
        (r#""parserConfiguration": {"dryRun": "TRUE"}"#, true),
        (r#""dryRun": false, "parserConfiguration": {"dryRun": "TRUE"}"#, false),
    ] {
        assert_eq!(with(members).map(|request| request.dry_run), Ok(asked), "{members}");
    }
}

#[test]
fn a_tolerance_is_a_number_or_a_share_and_wants_errors_that_do_not_stop() {
    for (members, expected) in [
        (r#""mode": "NEW""#, None),
        (r#""tolerance": 0"#, None),
        (r#""tolerance": "0 %", "failOnError": true"#, None),
        (r#""failOnError": false, "tolerance": 5"#, Some("5")),
        (r#""failOnError": false, "tolerance": "5""#, Some("5")),
        (r#""failOnError": "FALSE", "tolerance": "0.50 %""#, Some("0.5%")),
        (r#""failOnError": false, "parserConfiguration": {"tolerance": "7"}"#, Some("7")),
        (r#""failOnError": false, "tolerance": 0, "parserConfiguration": {"tolerance": "7"}"#, None),
        (r#""failOnError": false, "tolerance": null, "parserConfiguration": {"tolerance": 7}"#, Some("7")),
    ] {
        let tolerance = with(members).map(|request| request.tolerance.map(|tolerance| tolerance.to_string()));
        assert_eq!(tolerance, Ok(expected.map(ToOwned::to_owned)), "{members}");
    }
    for members in [r#""tolerance": 5"#, r#""failOnError": true, "parserConfiguration": {"tolerance": "5%"}"#] {
        match with(members) {
            Err(RequestError::Invalid(text)) => assert!(text.contains("send failOnError FALSE with it"), "{text}"),
            other => panic!("{members}: {other:?}"),
        }
    }
}

#[test]
fn flags_foreign_to_the_format_mean_nothing() {
    for (format, members) in [
        (
            "csv",
            r#""parserConfiguration": {"namedGraphUri": "not an IRI", "baseUri": "x"}, "userProvidedEdgeIds": true"#,
        ),
        ("opencypher", r#""updateSingleCardinalityProperties": true, "edgeOnlyLoad": true"#),
        ("rdfxml", r#""updateSingleCardinalityProperties": "TRUE", "parserConfiguration": {"allowEmptyStrings": "?"}"#),
    ] {
        let body = format!(r#"{{"source": "s3://b/k", "format": "{format}", {members}}}"#);
        assert!(read(&body).is_ok(), "{body}");
    }
}

#[test]
fn a_strict_server_wants_role_and_region() {
    let strict = RequestConfig { strict: true, ..LENIENT };
    let read = |members: &str| {
        let body = format!(r#"{{"source": "s3://b/k", "format": "csv"{members}}}"#);
        LoadRequest::read(body.as_bytes(), None, None, &strict)
    };
    let missing = |names: &str| RequestError::Missing(format!("Missing required parameters: [{names}]"));
    assert_eq!(read(""), Err(missing("iamRoleArn, region")));
    assert_eq!(read(r#", "region": "us-east-1""#), Err(missing("iamRoleArn")));
    assert!(read(r#", "region": "us-east-1", "iamRoleArn": "a""#).is_ok());
    assert!(read(r#", "region": "us-east-1", "accessKey": "a", "secretKey": "b""#).is_ok());
}

#[test]
fn keys_stay_in_memory() {
    let request = with(r#""accessKey": "AKIAOPEN", "secretKey": "sesame""#).unwrap();
    assert_eq!(request.keys.as_ref().map(|keys| keys.secret_key.as_str()), Some("sesame"));
    let journal = serde_json::to_string(&request).unwrap();
    for text in [format!("{request:?}"), journal.clone()] {
        assert!(!text.contains("AKIAOPEN") && !text.contains("sesame"), "{text}");
    }
    let back: LoadRequest = serde_json::from_str(&journal).unwrap();
    assert_eq!(back, LoadRequest { keys: None, ..request });
}

#[test]
fn parallelism_is_a_share_of_the_cores() {
    for (parallelism, cores, threads) in [
        (Parallelism::Low, 1, 1),
        (Parallelism::Low, 17, 2),
        (Parallelism::Medium, 1, 1),
        (Parallelism::Medium, 5, 2),
        (Parallelism::High, 6, 6),
        (Parallelism::Oversubscribe, 6, 12),
    ] {
        assert_eq!(parallelism.threads(cores), threads, "{parallelism:?} of {cores}");
    }
}

proptest! {
    #[test]
    fn no_body_is_a_panic(body: Vec<u8>, query: String, content_type: String) {
        let _ = LoadRequest::read(&body, Some(&content_type), Some(&query), &LENIENT);
    }

    #[test]
    fn no_text_of_a_member_is_a_panic(name in "source|format|region|mode|dependencies|parserConfiguration|tolerance", text: String) {
        let mut members = serde_json::json!({"source": "s3://b/k", "format": "nquads"});
        members[&name] = serde_json::Value::String(text);
        let _ = LoadRequest::read(members.to_string().as_bytes(), None, None, &LENIENT);
    }
}
