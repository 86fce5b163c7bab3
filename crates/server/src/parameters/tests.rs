//! Parameters read, refused and counted.

use super::*;

fn parse(text: &str) -> Parameters {
    Parameters::decode(text.as_bytes()).unwrap()
}

#[test]
fn flags_are_booleans_in_any_case() {
    for (text, expected) in [
        ("details=TRUE", Some(Some(true))),
        ("details=true", Some(Some(true))),
        ("details=True", Some(Some(true))),
        ("details=FALSE", Some(Some(false))),
        ("details=fAlSe", Some(Some(false))),
        ("", Some(None)),
        ("Details=TRUE", Some(None)),
        ("details=true&details=true", Some(Some(true))),
        ("details=true&details=false", None),
        ("details=", None),
        ("details", None),
        ("details=1", None),
        ("details=yes", None),
        ("details=true%20", None),
    ] {
        assert_eq!(parse(text).flag("details").ok(), expected, "{text}");
    }
}

#[test]
fn numbers_are_positive_and_within_their_limit() {
    for (text, expected) in [
        ("limit=1", Some(Some(1))),
        ("limit=100", Some(Some(100))),
        ("limit=007", Some(Some(7))),
        ("", Some(None)),
        ("limit=0", None),
        ("limit=101", None),
        ("limit=-1", None),
        ("limit=%2B5", None),
        ("limit=1.0", None),
        ("limit=", None),
        ("limit=99999999999999999999999", None),
    ] {
        assert_eq!(parse(text).number("limit", 100).ok(), expected, "{text}");
    }
}

#[test]
fn a_refusal_names_the_parameter_and_quotes_a_bounded_excerpt() {
    let failure = parse(&format!("limit={}", "9".repeat(5_000))).number("limit", 100).unwrap_err();
    assert_eq!(failure.exception, Exception::InvalidParameter);
    assert!(failure.message.starts_with("Parameter 'limit' must be an integer from 1 to 100, found '999"));
    assert!(failure.message.len() < 200);
}

#[test]
fn names_are_decoded_after_splitting() {
    let parameters = parse("a%3Db=c+d%26e&loadId=x&flag");
    assert_eq!(parameters.one("a=b"), Ok(Some("c d&e")));
    assert_eq!(parameters.one("flag"), Ok(Some("")));
    assert_eq!(parameters.all("loadId").collect::<Vec<_>>(), ["x"]);
}

#[test]
fn taken_values_are_gone() {
    let mut parameters = parse("query=a&x=1&query=b");
    assert_eq!(parameters.take("query"), ["a", "b"]);
    assert_eq!(parameters, parse("x=1"));
    assert!(parameters.take("query").is_empty());
}

#[test]
fn there_are_only_so_many() {
    assert!(Parameters::decode("a&".repeat(MOST).as_bytes()).is_ok());
    let failure = Parameters::decode("a&".repeat(MOST + 1).as_bytes()).unwrap_err();
    let expected = Failure::new(Exception::BadRequest, "The request has more than 1000 parameters");
    assert_eq!(failure, expected.over(Limit::Parameters));
}
