//! Decisions as a table, and documents that are refused.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use super::{Condition, Keys, Policy};
use crate::json::{Node, Place};
use crate::{Access, Action, Caller, Context, Directory, Language};

/// The principals of the table, with these policies.
fn directory(policies: &str) -> Directory {
    let text = format!(
        r#"{{"principals": [
            {{"arn": "arn:aws:iam::000000000000:user/team/ann", "userId": "AIDAANN",
              "tags": {{"team": "graph", "level": "3", "Cost Centre": "a*c"}}, "policies": [{policies}],
              "accessKeys": [{{"accessKeyId": "ann", "secretAccessKey": "s"}}]}},
            {{"arn": "arn:aws:sts::000000000000:assumed-role/loader/nightly", "tags": {{"team": "ops"}},
              "policies": [{policies}], "accessKeys": [{{"accessKeyId": "nightly", "secretAccessKey": "s",
              "sessionToken": "t", "issued": "2026-06-15T11:00:00Z"}}]}},
            {{"arn": "arn:aws:iam::000000000000:root", "policies": [{policies}],
              "accessKeys": [{{"accessKeyId": "root", "secretAccessKey": "s"}}]}}]}}"#
    );
    Directory::from_json(Path::new("iam.json"), &text).unwrap_or_else(|error| panic!("{error}\n{policies}"))
}

fn caller(directory: &Directory, key: &str, region: &str) -> Caller {
    let key = Arc::clone(directory.key(key).expect("the table names a principal"));
    Caller::new(key, region.into(), Arc::clone(directory.resource()))
}

/// Every decision of a line, as text like the line's.
fn decide(directory: &Directory, words: &[&str]) -> Vec<String> {
    let value = |name: &str, default| {
        words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('=')).unwrap_or(default)
    };
    let context = Context {
        now: value("time", "2026-06-15T12:00:00Z").parse().unwrap(),
        language: match value("language", "") {
            "" => None,
            "Gremlin" => Some(Language::Gremlin),
            "OpenCypher" => Some(Language::OpenCypher),
            "Sparql" => Some(Language::Sparql),
            other => panic!("no language: {other}"),
        },
        source_ip: Some(value("ip", "")).filter(|ip| !ip.is_empty()).map(|ip| ip.parse().unwrap()),
        secure_transport: value("tls", "no") == "yes",
        user_agent: Some(value("agent", "")).filter(|agent| !agent.is_empty()),
    };
    let caller = caller(directory, value("as", "ann"), value("region", "us-east-1"));
    let (conditions, actions): (Vec<&str>, Vec<&str>) = words.iter().partition(|word| word.contains('='));
    let decide = |action: &&str| {
        let name = format!("neptune-db:{action}");
        let known = Action::ALL.iter().find(|known| known.name() == name);
        let decision = caller.authorize(*known.unwrap_or_else(|| panic!("no action: {action}")), &context);
        let decision = if decision.is_ok() { "allow" } else { "deny" };
        std::iter::once(decision).chain([*action]).chain(conditions.iter().copied()).collect::<Vec<_>>().join(" ")
    };
    actions.iter().map(decide).collect()
}

#[test]
fn policies_decide_as_the_table_says() {
    let table = include_str!("../../tests/data/decisions.txt");
    let (mut policies, mut is_document) = (Vec::<String>::new(), false);
    let mut directory_of_block = None;
    let (mut decisions, mut wrong) = (0, Vec::new());
    for (number, line) in (1..).zip(table.lines()) {
        match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["policy"] => {
                policies = vec![String::new()];
                (is_document, directory_of_block) = (true, None);
            }
            ["with"] => policies.push(String::new()),
            [] => is_document = false,
            _ if is_document => policies.last_mut().unwrap().push_str(line),
            [comment, ..] if comment.starts_with('#') => {}
            [expected @ ("allow" | "deny"), words @ ..] => {
                let directory = directory_of_block.get_or_insert_with(|| directory(&policies.join(", ")));
                for decision in decide(directory, words) {
                    decisions += 1;
                    if decision.split(' ').next() != Some(expected) {
                        wrong.push(format!("line {number}: {decision}"));
                    }
                }
            }
            _ => panic!("line {number} is no decision: {line}"),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(decisions >= 150, "{decisions} decisions");
}

#[test]
fn every_action_is_allowed_by_its_own_name_alone() {
    for action in Action::ALL {
        let name = action.name();
        let directory = directory(&format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "{name}", "Resource": "*"}}}}"#
        ));
        let ann = caller(&directory, "ann", "us-east-1");
        let context = Context::new("2026-06-15T12:00:00Z".parse().unwrap());
        for other in Action::ALL {
            assert_eq!(ann.authorize(*other, &context).is_ok(), other == action, "{name}, {}", other.name());
        }
    }
}

#[test]
fn a_query_needs_every_kind_of_access_that_it_has() {
    let directory = directory(
        r#"{"Statement": {"Effect": "Allow", "Action": ["neptune-db:ReadDataViaQuery", "neptune-db:DeleteDataViaQuery"], "Resource": "*"}}"#,
    );
    let ann = caller(&directory, "ann", "us-east-1");
    let context = Context::new("2026-06-15T12:00:00Z".parse().unwrap());
    let delete = Access { delete: true, ..Access::READ };
    for access in [Access::NONE, Access::READ, delete] {
        assert_eq!(ann.authorize_access(access, &context), Ok(()));
    }
    let denied = ann.authorize_access(Access::ALL, &context).unwrap_err();
    assert_eq!(
        denied.to_string(),
        "User: arn:aws:iam::000000000000:user/team/ann is not authorized to perform: neptune-db:WriteDataViaQuery on \
         resource: arn:aws:neptune-db:us-east-1:000000000000:cluster-LOCAL/*"
    );
    assert!(delete.changes() && !Access::READ.changes() && Access::READ.and(delete) == delete);
}

/// What a condition says of a key with several values: no request has one, so it is asked directly.
#[test]
fn quantifiers_count_values() {
    let directory = directory("");
    let principal = &directory.key("ann").unwrap().principal;
    let keys = Keys {
        principal,
        issued: None,
        region: "us-east-1",
        language: None,
        source_ip: None,
        is_secure: false,
        user_agent: None,
        now: "2026-06-15T12:00:00Z".parse().unwrap(),
    };
    for (operator, values, expected) in [
        ("ForAllValues:StringEquals", vec!["a", "b"], true),
        ("ForAllValues:StringEquals", vec!["a", "c"], false),
        ("ForAllValues:StringEquals", vec![], true),
        ("ForAnyValue:StringEquals", vec!["c", "b"], true),
        ("ForAnyValue:StringEquals", vec!["c", "d"], false),
        ("ForAnyValue:StringEquals", vec![], false),
        ("ForAllValues:StringNotEquals", vec!["c", "d"], true),
        ("ForAllValues:StringNotEquals", vec!["c", "a"], false),
        ("ForAnyValue:StringNotEquals", vec!["c", "a"], true),
        ("ForAnyValue:StringNotEquals", vec!["b", "a"], false),
        ("ForAnyValue:StringEqualsIfExists", vec![], true),
        ("Null", vec!["a", "b"], false),
    ] {
        let operands = if operator == "Null" { r#""true""# } else { r#"["a", "b"]"# };
        let block: Node = serde_json::from_str(&format!(r#"{{"{operator}": {{"aws:TagKeys": {operands}}}}}"#)).unwrap();
        let Ok(conditions) = Condition::parse_all(&Place::ROOT, &block, true) else { panic!("{operator}") };
        let values: Vec<Cow<'_, str>> = values.into_iter().map(Cow::from).collect();
        assert_eq!(conditions[0].holds_for(&values, &keys), expected, "{operator} {values:?}");
    }
}

#[test]
fn a_document_that_cannot_be_understood_is_refused() {
    let statement = |members: &str| format!(r#"{{"Version": "2012-10-17", "Statement": [{{{members}}}]}}"#);
    let with = |condition: &str| {
        statement(&format!(r#""Effect": "Allow", "Action": "neptune-db:*", "Resource": "*", "Condition": {condition}"#))
    };
    for (document, expected) in [
        ("[]".to_owned(), "the document: expected an object, found an array"),
        ("{}".to_owned(), "the document: member \"Statement\" is missing"),
        (r#"{"Statement": []}"#.to_owned(), "Statement: a policy has at least one statement"),
        (r#"{"Statement": ["x"]}"#.to_owned(), "Statement[0]: expected an object, found a string"),
        (
            r#"{"Version": "2012", "Statement": {}}"#.to_owned(),
            "Version: expected 2012-10-17 or 2008-10-17, found \"2012\"",
        ),
        (
            r#"{"version": "2012-10-17", "Statement": {}}"#.to_owned(),
            "the document: unknown member \"version\"; known are Version, Id, Statement",
        ),
        (statement(""), "Statement[0]: member \"Effect\" is missing"),
        (statement(r#""Effect": "allow""#), "Statement[0].Effect: expected Allow or Deny, found \"allow\""),
        (
            statement(r#""Effect": "Allow", "Resource": "*""#),
            "Statement[0]: member \"Action\" is missing (or \"NotAction\" in its stead)",
        ),
        (
            statement(r#""Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*""#),
            "Statement[0]: has both \"Action\" and \"NotAction\"; one of them may be there",
        ),
        (
            statement(r#""Effect": "Allow", "Action": "*""#),
            "Statement[0]: member \"Resource\" is missing (or \"NotResource\" in its stead)",
        ),
        (
            statement(r#""Effect": "Allow", "Action": [], "Resource": "*""#),
            "Statement[0].Action: expected at least one, found an empty array",
        ),
        (
            statement(r#""Effect": "Allow", "Action": ["*", 7], "Resource": "*""#),
            "Statement[0].Action[1]: expected a string, found a number",
        ),
        (
            statement(r#""Effect": "Deny", "Action": "CancelLoaderJob", "Resource": "*""#),
            "Statement[0].Action: expected an action with its service, like neptune-db:CancelLoaderJob, found \"CancelLoaderJob\"",
        ),
        (
            statement(r#""Effect": "Allow", "Action": "*", "Resource": """#),
            "Statement[0].Resource: expected a name or a pattern, found an empty string",
        ),
        (
            statement(r#""Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*""#),
            "Statement[0]: \"Principal\" is for policies of resources; here the policy's principal is who it is listed at",
        ),
        (
            statement(r#""Effect": "Allow", "Action": "*", "Resource": "${aws:username""#),
            "Statement[0].Resource: a variable begins with ${ and has no closing }",
        ),
        (
            statement(r#""Effect": "Allow", "Action": "*", "Resource": "${aws:username, none}""#),
            "Statement[0].Resource: the default of a variable stands in single quotes: ${key, 'default'}",
        ),
        (
            with(r#"{"StringEqual": {"a": "b"}}"#),
            "Statement[0].Condition.StringEqual: is no condition operator that is known here (names are told apart by case)",
        ),
        (
            with(r#"{"ForSomeValues:StringEquals": {"a": "b"}}"#),
            "Statement[0].Condition[\"ForSomeValues:StringEquals\"]: is no condition operator that is known here (names \
             are told apart by case)",
        ),
        (
            with(r#"{"NullIfExists": {"a": "true"}}"#),
            "Statement[0].Condition.NullIfExists: is no condition operator that is known here (names are told apart by case)",
        ),
        (with(r#"{"Bool": "true"}"#), "Statement[0].Condition.Bool: expected an object, found a string"),
        (
            with(r#"{"Bool": {"aws:SecureTransport": "yes"}}"#),
            "Statement[0].Condition.Bool[\"aws:SecureTransport\"]: expected true or false, found \"yes\"",
        ),
        (
            with(r#"{"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "10.0.0.0/33"]}}"#),
            "Statement[0].Condition.IpAddress[\"aws:SourceIp\"][1]: expected an IP address or a range like \
             203.0.113.0/24, found \"10.0.0.0/33\"",
        ),
        (
            with(r#"{"NumericEquals": {"a": "NaN"}}"#),
            "Statement[0].Condition.NumericEquals.a: expected a number, found \"NaN\"",
        ),
        (
            with(r#"{"DateLessThan": {"a": "tomorrow"}}"#),
            "Statement[0].Condition.DateLessThan.a: expected an instant like 2030-01-31T00:00:00Z, found \"tomorrow\"",
        ),
        (
            with(r#"{"ArnLike": {"a": "arn:aws:*:user/ann"}}"#),
            "Statement[0].Condition.ArnLike.a: expected an ARN of six parts like arn:aws:iam::*:user/*, found \
             \"arn:aws:*:user/ann\"",
        ),
        (
            with(r#"{"StringEquals": {"a": {}}}"#),
            "Statement[0].Condition.StringEquals.a: expected a string, found an object",
        ),
    ] {
        let node = serde_json::from_str(&document).unwrap();
        let fault = Policy::parse(&Place::ROOT, &node).expect_err(&document);
        assert_eq!(format!("{}: {}", fault.place, fault.problem), expected);
    }
}
