//! What a wrong text is told: the kind, the place, what was found and what was expected.

use cypher::ErrorKind::{self, *};

#[track_caller]
fn check(text: &str, kind: ErrorKind, message: &str) {
    match cypher::parse(text) {
        Ok(parsed) => panic!("{text} is read as {}", parsed.statement),
        Err(error) => assert_eq!((error.kind, error.to_string().as_str()), (kind, message), "{text}"),
    }
}

#[test]
fn a_wrong_word_is_told_what_was_expected() {
    check(
        "RETURN 1 +",
        UnexpectedSyntax,
        "Invalid input: the query ends where an expression was expected (line 1, column 11)",
    );
    check(
        "",
        UnexpectedSyntax,
        "Invalid input: the query ends where EXPLAIN, PROFILE, USING or a clause was expected (line 1, column 1)",
    );
    check(
        "UNWIND [1] AS match RETURN 1",
        UnexpectedSyntax,
        "Invalid input 'match': expected a variable, or `match` in backticks, as it is a word of the language \
         (line 1, column 15)",
    );
    check("RETURN {1x: 2}", UnexpectedSyntax, "Invalid input '1x': expected '}' or a name (line 1, column 9)");
    check(
        "RETURN (1",
        UnexpectedSyntax,
        "Invalid input: the query ends where an operator or ')' was expected (line 1, column 10)",
    );
}

#[test]
fn a_misspelt_keyword_is_recognised() {
    for (text, meant) in [
        ("MATCH (n) RETRUN n", "RETURN"),
        ("MACTH (n) RETURN n", "MATCH"),
        ("MATCH (n) WERE n.a = 1 RETURN n", "WHERE"),
        ("MATCH (n) RETURN n ODER BY n", "ORDER"),
        ("MATCH (n) RETURN n LIMTI 1", "LIMIT"),
        ("MATCH (n) DELET n", "DELETE"),
        ("MATCH (n) DETACH DELTE n", "DELETE"),
    ] {
        let message = cypher::parse(text).expect_err(text).message;
        assert!(message.ends_with(&format!("did you mean {meant}?")), "{text}: {message}");
    }
}

#[test]
fn places_count_lines_and_characters() {
    check(
        "MATCH (ñ)\n// über\nRETURN ]",
        UnexpectedSyntax,
        "Invalid input ']': expected DISTINCT, '*' or an expression (line 3, column 8)",
    );
    check(
        "RETURN 'a' /* no end",
        UnexpectedSyntax,
        "Invalid input: the comment that begins here has no end, expected '*/' (line 1, column 12)",
    );
    check(
        "RETURN 'no end",
        UnexpectedSyntax,
        "Invalid input: the string that begins here has no end, expected ' (line 1, column 8)",
    );
    check(
        "RETURN 'a\\x'",
        UnexpectedSyntax,
        "Invalid input '\\x': expected \\\\, \\', \\\", \\n, \\t, \\r, \\b, \\f, \\u or \\U (line 1, column 10)",
    );
}

#[test]
fn kinds_are_told_apart() {
    for (text, kind) in [
        ("RETURN 0x", InvalidNumberLiteral),
        ("RETURN 0o8", InvalidNumberLiteral),
        ("RETURN 12ab", InvalidNumberLiteral),
        ("RETURN 012", InvalidNumberLiteral),
        ("RETURN 1e", InvalidNumberLiteral),
        ("RETURN 9223372036854775808", IntegerOverflow),
        ("RETURN -9223372036854775809", IntegerOverflow),
        ("RETURN -0x8000000000000001", IntegerOverflow),
        ("RETURN 1e309", FloatingPointOverflow),
        ("RETURN -1e309", FloatingPointOverflow),
        ("RETURN '\\uD800'", InvalidUnicodeLiteral),
        ("RETURN '\\u12G4'", InvalidUnicodeLiteral),
        ("RETURN '\\u+123'", InvalidUnicodeLiteral),
        ("RETURN '\\U00110000'", InvalidUnicodeLiteral),
        ("RETURN 1 \u{2014} 2", InvalidUnicodeCharacter),
        ("RETURN \u{20ac}", InvalidUnicodeCharacter),
        ("RETURN 1 # 2", UnexpectedSyntax),
        ("MATCH ()-[*-2]-() RETURN 1", InvalidRelationshipPattern),
        ("MATCH ()-[*1.5]-() RETURN 1", InvalidRelationshipPattern),
        ("MATCH ()-[*1..-2]-() RETURN 1", InvalidRelationshipPattern),
        ("MATCH ()-[:T..]-() RETURN 1", InvalidRelationshipPattern),
        ("MATCH ()-[r:T 2]-() RETURN 1", InvalidRelationshipPattern),
        ("MATCH (n)", InvalidClauseComposition),
        ("WITH 1 AS a", InvalidClauseComposition),
        ("CREATE (n) MATCH (m) RETURN m", InvalidClauseComposition),
        ("RETURN 1 AS a UNION RETURN 2 AS a UNION ALL RETURN 3 AS a", InvalidClauseComposition),
        ("FOREACH (x IN [1] | MATCH (n))", InvalidClauseComposition),
        ("MATCH (n) WHERE EXISTS { CREATE (m) } RETURN n", InvalidClauseComposition),
        ("CALL { CREATE (n) RETURN n } RETURN n", InvalidClauseComposition),
        ("CALL { MATCH (n) } RETURN 1", InvalidClauseComposition),
        ("CALL p YIELD x RETURN x", InvalidArgumentPassingMode),
        ("CALL p() YIELD * RETURN 1", UnexpectedSyntax),
        ("RETURN 1 MATCH (n)", UnexpectedSyntax),
        ("RETURN $", UnexpectedSyntax),
        ("RETURN ``", UnexpectedSyntax),
        ("RETURN `a", UnexpectedSyntax),
        ("RETURN 1; RETURN 2", UnexpectedSyntax),
        ("MATCH p = shortestPath((a)-->()-->(b)) RETURN p", UnexpectedSyntax),
        ("MANDATORY MATCH (n) RETURN n", Unsupported),
        ("LOAD CSV FROM 'x' AS row RETURN row", Unsupported),
        ("USING QUERY:NOSUCH 1 RETURN 1", InvalidHint),
        ("USING QUERY:TIMEOUTMILLISECONDS \"soon\" RETURN 1", InvalidHint),
    ] {
        match cypher::parse(text) {
            Ok(parsed) => panic!("{text} is read as {}", parsed.statement),
            Err(error) => assert_eq!(error.kind, kind, "{text}: {error}"),
        }
    }
}
