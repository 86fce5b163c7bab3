//! What texts say: each is read, and printed in its canonical form.

#[track_caller]
fn check(text: &str, canonical: &str) {
    let parsed = cypher::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(parsed.statement.to_string(), canonical, "{text}");
    let again = cypher::parse(canonical).unwrap_or_else(|error| panic!("{canonical}: {error}"));
    assert_eq!(again.statement, parsed.statement, "{text}");
}

/// Texts that are canonical already.
#[track_caller]
fn same(texts: &[&str]) {
    for text in texts {
        check(text, text);
    }
}

#[track_caller]
fn expression(text: &str, canonical: &str) {
    check(&format!("RETURN {text}"), &format!("RETURN {canonical}"));
}

#[test]
fn clauses() {
    same(&[
        "MATCH (n) RETURN n",
        "OPTIONAL MATCH (n), (m) WHERE n.a = m.b RETURN DISTINCT *, n AS x ORDER BY x DESC, m SKIP 1 LIMIT $l",
        "MATCH p = (a:A:B {k: 1})-[r:T|U*1..3 {k: 2}]->(b)<-[*2]-()-[*..3]-()-[:`a b`*2..]->($p) RETURN p",
        "MATCH p = shortestPath((a)-[*]->(b)), q = allShortestPaths((a)--(b)) RETURN p, q",
        "UNWIND [1, 2] AS x WITH x, count(*) AS c WHERE c > 1 RETURN x",
        "CALL db.labels() YIELD label AS l, other WHERE l <> 'x' RETURN l",
        "CALL db.labels",
        "CALL db.labels() YIELD *",
        "CALL neptune.read({source: 's3://b/k', format: 'csv', concurrency: 4}) YIELD row RETURN row.a",
        "MATCH (n) CALL { WITH n MATCH (n)-->(m) RETURN m UNION ALL RETURN 1 AS m } RETURN n, m",
        "CREATE (n:L {a: 1})-[:T]->(m), (o $p)",
        "MERGE (n) ON MATCH SET n.a = 1, n += {b: 2} ON CREATE SET n = $p, n:L:M",
        "MATCH (n) SET n.a.b = 1, head(n).c = 2 REMOVE n.a, n:L DETACH DELETE n, n.x",
        "FOREACH (x IN [1] | CREATE (n {a: x}) FOREACH (y IN [x] | MERGE (m {b: y})))",
        "RETURN 1 AS a UNION RETURN 2 AS a UNION RETURN 3 AS a",
        "EXPLAIN USING QUERY:PLANCACHE \"enabled\" USING QUERY:TIMEOUTMILLISECONDS 100 MATCH (n) RETURN n",
        "MATCH (n:L) USING INDEX SEEK n:L(a, b) USING SCAN n:L USING JOIN ON n, m WHERE n.a = 1 RETURN n",
        "MATCH (n {`~id`: '1'}) RETURN n.`~id`",
        "MATCH (a)-[* $p]->(b)-[*2.. {k: 1}]-() RETURN a",
    ]);
    check("match (n)return n;", "MATCH (n) RETURN n");
    check("using query: plancache 'ENABLED' return 1", "USING QUERY:PLANCACHE \"enabled\" RETURN 1");
    check(
        "USING QUERY:assumeconsistentdatatypes true RETURN 1",
        "USING QUERY:assumeConsistentDataTypes \"true\" RETURN 1",
    );
    check("MATCH ((a)-->(b)) RETURN a", "MATCH (a)-->(b) RETURN a");
    check("MATCH (a)<-[:A|:B]->(b)<--(c) RETURN a", "MATCH (a)-[:A|B]-(b)<--(c) RETURN a");
    check("MATCH (a)\u{2212}\u{2010}\u{27e9}(b) RETURN a", "MATCH (a)-->(b) RETURN a");
    check("MATCH (n) RETURN n ORDER BY n ASCENDING", "MATCH (n) RETURN n ORDER BY n");
    check("MATCH (start)-->(end) RETURN end.order", "MATCH (start)-->(end) RETURN end.order");
    check("RETURN 1 /* a */ AS a // b", "RETURN 1 AS a");
}

#[test]
fn operators_group_by_precedence() {
    for (text, canonical) in [
        ("a OR b XOR c AND NOT d", "a OR b XOR c AND NOT d"),
        ("((a OR b) XOR c) AND d", "((a OR b) XOR c) AND d"),
        ("(a AND b) AND c", "(a AND b) AND c"),
        ("NOT (a = b)", "NOT a = b"),
        ("(NOT a) = b", "(NOT a) = b"),
        ("a < b <= c = d <> e", "a < b <= c = d <> e"),
        ("(a < b) < c", "(a < b) < c"),
        ("a + b IN c", "a + b IN c"),
        ("a + (b IN c)", "a + (b IN c)"),
        ("(a + b) IN c + d", "a + b IN c + d"),
        ("a IS NULL IS NOT NULL", "a IS NULL IS NOT NULL"),
        ("a = (b IS NULL)", "a = b IS NULL"),
        ("a STARTS WITH b ENDS WITH c CONTAINS d =~ e", "a STARTS WITH b ENDS WITH c CONTAINS d =~ e"),
        ("1 - 2 - 3", "1 - 2 - 3"),
        ("1 - (2 - 3)", "1 - (2 - 3)"),
        ("(1 + 2) * 3 % 4 / 5", "(1 + 2) * 3 % 4 / 5"),
        ("2 ^ 3 ^ 4", "2 ^ 3 ^ 4"),
        ("2 ^ (3 ^ 4)", "2 ^ (3 ^ 4)"),
        ("-2 ^ 2", "-2 ^ 2"),
        ("-(2 ^ 2)", "-(2 ^ 2)"),
        ("- - 2", "--2"),
        ("-(2)", "-(2)"),
        ("-a.b[0]", "-a.b[0]"),
        ("(-a).b", "(-a).b"),
        ("(-1).b", "(-1).b"),
        ("-1.b", "-1.b"),
        ("+a", "+a"),
        ("n:A:B", "n:A:B"),
        ("NOT n:A", "NOT n:A"),
        ("(n:A).b", "(n:A).b"),
    ] {
        expression(text, canonical);
    }
}

#[test]
fn operands() {
    for (text, canonical) in [
        ("[1, 'a', null, TRUE]", "[1, 'a', null, true]"),
        ("0x1F + 0O17 + 1.5e3 + .5 + 1E-2", "31 + 15 + 1500.0 + 0.5 + 0.01"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("'it\\'s \\u00e9 \\uD83D\\uDE00 \\U0001F600 \\\\'", "'it\\'s \u{e9} \u{1f600} \u{1f600} \\\\'"),
        ("\"it's\"", "'it\\'s'"),
        ("$a + $1 + $`b c`", "$a + $1 + $`b c`"),
        ("a[1] + a[1..2] + a[..2] + a[1..] + a[..]", "a[1] + a[1..2] + a[..2] + a[1..] + a[..]"),
        ("{a: 1, `b c`: {}, end: 2}", "{a: 1, `b c`: {}, end: 2}"),
        ("n {.a, .*, b: 1, c}", "n {.a, .*, b: 1, c}"),
        ("CASE a WHEN 1 THEN 2 ELSE 3 END", "CASE a WHEN 1 THEN 2 ELSE 3 END"),
        ("CASE WHEN a THEN end END", "CASE WHEN a THEN end END"),
        ("[x IN l WHERE x > 1 | x + 1]", "[x IN l WHERE x > 1 | x + 1]"),
        ("[x IN l]", "[x IN l]"),
        ("[(x IN l)]", "[(x IN l)]"),
        ("[(x IN l) AND y, z]", "[(x IN l AND y), z]"),
        ("[p = (a)-->(b) WHERE a.x | p]", "[p = (a)-->(b) WHERE a.x | p]"),
        ("[(a)-[:T]->() | a.x]", "[(a)-[:T]->() | a.x]"),
        ("[(a)-->() AND b, c]", "[(a)-->() AND b, c]"),
        ("all(x IN l WHERE x) AND ANY(x IN l WHERE x)", "all(x IN l WHERE x) AND any(x IN l WHERE x)"),
        ("none(x IN l WHERE x) OR single(x IN l WHERE x)", "none(x IN l WHERE x) OR single(x IN l WHERE x)"),
        ("reduce(a = 0, x IN l | a + x)", "reduce(a = 0, x IN l | a + x)"),
        ("filter(x IN l WHERE x) + extract(x IN l | x.a)", "[x IN l WHERE x] + [x IN l | x.a]"),
        ("EXISTS { (a)-->(b) WHERE b.x }", "EXISTS { MATCH (a)-->(b) WHERE b.x }"),
        ("exists { MATCH (a) RETURN a UNION RETURN 1 AS a }", "EXISTS { MATCH (a) RETURN a UNION RETURN 1 AS a }"),
        ("exists(n.a)", "exists(n.a)"),
        ("NOT (a)-[:T]->(b) AND (a)--(b)", "NOT (a)-[:T]->(b) AND (a)--(b)"),
        ("(a) - b", "a - b"),
        ("(a.x)--(b)", "a.x - -b"),
        ("(a)<-1", "a < -1"),
        ("size((a)-->())", "size((a)-->())"),
        ("shortestPath((a)-[*]->(b))", "shortestPath((a)-[*]->(b))"),
        ("Count(*) + COUNT(DISTINCT n)", "count(*) + COUNT(DISTINCT n)"),
        ("duration.between(a, b).days", "duration.between(a, b).days"),
        ("`any`(x)", "`any`(x)"),
        ("any + none + count + single", "any + none + count + single"),
    ] {
        expression(text, canonical);
    }
}

#[test]
fn columns_are_called_as_the_text() {
    let text = "RETURN  (1+2) , count( * ) AS c";
    let parsed = cypher::parse(text).unwrap();
    let cypher::tree::Clause::Return(clause) = &parsed.statement.query.parts[0].clauses[0] else { panic!() };
    let names: Vec<&str> = clause.projection.items.iter().map(|item| &parsed.text[item.span.range()]).collect();
    assert_eq!(names, ["(1+2)", "count( * )"]);
}
