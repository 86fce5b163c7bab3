//! Hostile texts end with an error, and the highest trees fit the stack of an ordinary thread.

use cypher::ErrorKind::{NestedTooDeeply, TextTooLong};
use cypher::{MAX_HEIGHT, MAX_NESTING, MAX_TEXT};

/// Does with a text all that recurses over its tree.
fn exercise(text: &str) -> Result<(), cypher::ErrorKind> {
    let parsed = cypher::parse(text).map_err(|error| error.kind)?;
    let copy = parsed.statement.clone();
    assert!(copy == parsed.statement);
    let printed = copy.to_string();
    let again = cypher::parse(&printed).unwrap_or_else(|error| panic!("{error}"));
    assert!(again.statement == copy);
    let _ = format!("{copy:?}");
    let _ = auth::Accesses::accesses(&copy);
    let _ = cypher::bind(&parsed, &cypher::Procedures::default());
    Ok(())
}

/// Variables that the towers mention, so that the binder climbs them too.
const KNOWN: &str = "$p AS a, $p AS b, $p AS c, $p AS d, $p AS e, $p AS f, $p AS g, $p AS h, $p AS l, $p AS y";

/// Nested and chained texts of `depth` levels, by what they are made of.
fn towers(depth: usize) -> Vec<(&'static str, String)> {
    let around =
        |open: &str, middle: &str, close: &str| format!("{}{middle}{}", open.repeat(depth), close.repeat(depth));
    let expressions = [
        ("brackets", around("(", "1", ")")),
        ("lists", around("[", "1", "]")),
        ("maps", around("{a: ", "1", "}")),
        ("not", around("NOT ", "true", "")),
        ("minus", around("- ", "a", "")),
        ("functions", around("abs(", "1", ")")),
        ("indexes", around("a[", "1", "]")),
        ("case", around("CASE WHEN ", "true", " THEN true END")),
        ("comprehensions", around("[x IN ", "y", " WHERE x | x]")),
        ("quantifiers", around("all(x IN l WHERE ", "x", ")")),
        ("exists", around("EXISTS { MATCH (a) WHERE ", "a", " }")),
        ("patterns", around("[(a {k: ", "1", "})-->() | 1]")),
        ("operators", around("a OR b XOR c AND NOT d = e IN f + g * h ^ -(", "1", ")")),
        ("sum", around("1 + ", "1", "")),
        ("properties", around("", "a", ".b")),
        ("subscripts", around("", "a", "[0]")),
        ("null tests", around("", "a", " IS NULL")),
        ("in", around("", "a", " IN b")),
    ];
    let mut towers: Vec<_> =
        expressions.into_iter().map(|(name, expression)| (name, format!("WITH {KNOWN} RETURN {expression}"))).collect();
    towers.push(("subqueries", around("CALL { ", "RETURN 1", " } RETURN 1")));
    towers.push(("foreach", around("FOREACH (x IN l | ", "CREATE (n)", ")")));
    towers.push(("paths", format!("MATCH {} RETURN 1", around("(", "(a)-->(b)", ")"))));
    towers
}

#[test]
fn towers_are_refused_before_they_are_too_high() {
    for (name, text) in towers(50_000) {
        let text = text.get(..MAX_TEXT).unwrap_or(&text);
        assert_eq!(exercise(text), Err(NestedTooDeeply), "{name}");
    }
}

#[test]
fn the_highest_towers_fit_an_ordinary_stack() {
    // The thread of a test has two megabytes, as any other has.
    for (place, (name, _)) in towers(0).into_iter().enumerate() {
        let depths: Vec<usize> = (1..=MAX_HEIGHT as usize).collect();
        let highest = depths.partition_point(|depth| exercise(&towers(*depth)[place].1).is_ok());
        assert!(highest >= MAX_NESTING as usize / 5, "{name}: {highest}");
    }
}

#[test]
fn long_texts_without_towers_are_read() {
    let many = |item: &str, between: &str| vec![item; 10_000].join(between);
    for text in [
        format!("RETURN {}", many("a", " AND ")),
        format!("RETURN {}", many("a = 1", " OR ")),
        format!("RETURN {}", many("a + 1", " < ")),
        format!("RETURN [{}]", many("1 + 2", ", ")),
        format!("RETURN {{{}}}", many("a: -1", ", ")),
        format!("MATCH {} RETURN 1", many("(a)", "-->")),
        format!("MATCH {} RETURN 1", many("(a {k: 1 + 2})", ", ")),
        format!("CREATE {}", many("(a)", " CREATE ")),
        many("RETURN 1 AS a", " UNION "),
        format!("RETURN CASE {} END", many("WHEN a THEN b", " ")),
        format!("RETURN '{}'", many("\\n", "")),
    ] {
        assert_eq!(exercise(&text), Ok(()), "{}", &text[..30]);
    }
    let long = format!("RETURN '{}'", "a".repeat(MAX_TEXT));
    assert_eq!(exercise(&long), Err(TextTooLong));
}
