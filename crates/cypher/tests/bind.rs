//! Scopes and types: what is refused before any data is read, and which columns a statement has.

use cypher::ErrorKind::{self, *};
use cypher::{Procedures, Type};

fn bind(text: &str) -> Result<cypher::Bound, cypher::Error> {
    cypher::parse(text).and_then(|parsed| cypher::bind(&parsed, &Procedures::default()))
}

#[track_caller]
fn columns(text: &str, expected: &[(&str, Type)]) {
    let bound = bind(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let columns: Vec<_> = bound.columns.iter().map(|column| (&*column.name, column.kind.clone())).collect();
    assert_eq!(columns, expected, "{text}");
}

#[test]
fn columns_have_names_and_types() {
    columns(
        "MATCH (n)-[r*]->(m)<-[s]-() RETURN *, n.a AS x",
        &[
            ("n", Type::Node),
            ("r", Type::list(Type::Relationship)),
            ("m", Type::Node),
            ("s", Type::Relationship),
            ("x", Type::Any),
        ],
    );
    columns(
        "MATCH p = (n) RETURN p, nodes(p), count( * ), [1, 2], 1 < 2",
        &[
            ("p", Type::Path),
            ("nodes(p)", Type::list(Type::Node)),
            ("count( * )", Type::Integer),
            ("[1, 2]", Type::list(Type::Integer)),
            ("1 < 2", Type::Boolean),
        ],
    );
    columns("UNWIND ['a', null] AS s RETURN s UNION RETURN 1 AS s", &[("s", Type::String)]);
    columns("MATCH (n) CALL { WITH n MATCH (n)-->(m) RETURN m } RETURN m", &[("m", Type::Node)]);
    columns("MATCH (n) SET n.a = 1", &[]);
}

/// Each is right, and near to something that is not.
#[test]
fn what_is_right_is_taken() {
    for text in [
        "MATCH (a) MATCH (a)-->(b) RETURN b",
        "WITH null AS n MATCH (n) RETURN n",
        "WITH [] AS r MATCH ()-[r*]->() RETURN r",
        "MATCH (a) CREATE (a)-[:T]->(b)-[:T]->(b)",
        "CREATE (a {x: 1}), (b {y: a.x})",
        "CREATE (a $p)",
        "MERGE (a)-[:T]-(b)",
        "MATCH (n) RETURN n.x AS y ORDER BY n.z, y",
        "MATCH (n) RETURN DISTINCT n.x ORDER BY n.x",
        "MATCH (n) RETURN n.x + 1, count(*) ORDER BY n.x + 1",
        "MATCH (n) RETURN n, n.x + count(*)",
        "MATCH (n) WITH *, count(*) AS c RETURN n.x, c",
        "MATCH (n) WITH n.x AS y WHERE n.z > 1 RETURN y",
        "MATCH (n) RETURN n LIMIT toInteger(rand() * 9) + $p",
        "MATCH (n) WHERE (n)-->() AND NOT (n)--(n) OR exists((n)-->()) RETURN size((n)-->())",
        "MATCH (n) RETURN [(n)-[r]->(m) WHERE m.x | r.y], [x IN collect(n) WHERE x.a | x.b]",
        "MATCH (n) WHERE EXISTS { MATCH (n)-->(m) WITH m, count(*) AS c WHERE c > 1 RETURN m } RETURN n",
        "CALL { WITH 1 AS x RETURN x } RETURN x",
        "MATCH (n) DELETE n, [n][0], {a: n}.a, $p",
        "FOREACH (x IN [1] | CREATE (n {a: x})) CREATE (n)",
        "RETURN date().year + reduce(a = 0, x IN [1] | a + x), CASE WHEN true THEN 1 END % 2",
    ] {
        if let Err(error) = bind(text) {
            panic!("{text}: {error}");
        }
    }
}

#[test]
fn what_cannot_succeed_is_refused() {
    let cases: &[(&str, ErrorKind)] = &[
        ("RETURN x", UndefinedVariable),
        ("MATCH (n) WITH n.x AS y RETURN n", UndefinedVariable),
        ("MATCH (n) WHERE (n)-->(m) RETURN n", UndefinedVariable),
        ("MATCH (n) RETURN DISTINCT n.x ORDER BY n.y", UndefinedVariable),
        ("MATCH (n) CALL { RETURN n.x AS y } RETURN y", UndefinedVariable),
        ("FOREACH (x IN [1] | CREATE (n)) SET x.y = 1", UndefinedVariable),
        ("RETURN [x IN [1] | x], x", UndefinedVariable),
        ("MATCH (n) UNWIND [1] AS n RETURN n", VariableAlreadyBound),
        ("MATCH (n) CALL { MATCH (n) RETURN n } RETURN n", VariableAlreadyBound),
        ("MATCH (n)-[n]->() RETURN n", VariableTypeConflict),
        ("MATCH ()-[r]->()-[r]->() RETURN r", RelationshipUniquenessViolation),
        ("MATCH (n) WHERE ()-[n]->() RETURN n", VariableTypeConflict),
        ("RETURN 1 AS a, 2 AS a", ColumnNameConflict),
        ("MATCH (a) RETURN *, a", ColumnNameConflict),
        ("MATCH (n) WITH n, count(*) RETURN n", NoExpressionAlias),
        ("CALL { RETURN 1 + 1 } RETURN 1", NoExpressionAlias),
        ("RETURN *", NoVariablesInScope),
        ("MATCH (n) RETURN n.x + count(*)", AmbiguousAggregationExpression),
        ("MATCH (n) RETURN n.x + n.y, n.x + n.y + count(*)", AmbiguousAggregationExpression),
        ("MATCH (n) WITH n.x AS x WHERE count(*) > 1 RETURN x", InvalidAggregation),
        ("MATCH (n {x: count(*)}) RETURN n", InvalidAggregation),
        ("UNWIND collect(1) AS x RETURN x", InvalidAggregation),
        ("CREATE (n {x: count(*)})", InvalidAggregation),
        ("RETURN sum(1 + max(2))", NestedAggregation),
        ("RETURN sum(1 + rand())", NonConstantExpression),
        ("MATCH (n) RETURN n LIMIT n.x", NonConstantExpression),
        ("RETURN 1 LIMIT -1", NegativeIntegerArgument),
        ("RETURN 1 SKIP 'a'", InvalidArgumentType),
        ("MATCH (n) WHERE n RETURN n", InvalidArgumentType),
        ("MATCH (n) WHERE NOT 'a' RETURN n", InvalidArgumentType),
        ("MATCH ()-[r]->() RETURN labels(r)", InvalidArgumentType),
        ("MATCH (n) RETURN type(n)", InvalidArgumentType),
        ("RETURN 'a' * 2", InvalidArgumentType),
        ("WITH 1 AS n SET n.x = 1", InvalidArgumentType),
        ("MATCH ()-[r]->() SET r:L", InvalidArgumentType),
        ("RETURN 1[0]", InvalidOperandType),
        ("RETURN 'a'.x", InvalidOperandType),
        ("MATCH (n) DELETE n:L", InvalidDelete),
        ("MATCH (n) DELETE 1", InvalidArgumentType),
        ("CREATE ()-[:T*2]->()", CreatingVarLength),
        ("CREATE ()-[:A|B]->()", NoSingleRelationshipType),
        ("MERGE ()-->()", NoSingleRelationshipType),
        ("CREATE ()-[:T]-()", RequiresDirectedRelationship),
        ("MATCH (n $p) RETURN n", InvalidParameterUse),
        ("MERGE (n $p)", InvalidParameterUse),
        ("MATCH (n) RETURN (n)-->()", UnexpectedSyntax),
        ("MATCH (n) SET n.x = (n)-->()", UnexpectedSyntax),
        ("CREATE shortestPath((a)-[:T]->(b))", UnexpectedSyntax),
        ("RETURN 1 AS a UNION RETURN 1 AS b", DifferentColumnsInUnion),
        ("RETURN nosuch(1)", UnknownFunction),
        ("RETURN abs(1, 2)", InvalidNumberOfArguments),
        ("CALL no.such()", ProcedureNotFound),
        ("MATCH (n) CALL { WITH n WHERE n.x RETURN n.y AS y } RETURN y", InvalidClauseComposition),
    ];
    for (text, kind) in cases {
        match bind(text) {
            Ok(bound) => panic!("{text} is taken: {bound:?}"),
            Err(error) => assert_eq!(error.kind, *kind, "{text}: {error}"),
        }
    }
}

#[test]
fn errors_say_what_to_do() {
    for (text, message) in [
        ("MATCH (n)\nRETURN m", "Variable `m` is not defined here (line 2, column 8)"),
        (
            "MATCH (n) WITH n, n.x + 1 RETURN n",
            "The expression n.x + 1 needs a name here: write AS and one behind it (line 1, column 19)",
        ),
        ("RETURN substring('a')", "The function `substring` takes 2 to 3 arguments, not 1 (line 1, column 8)"),
        (
            "RETURN size(1)",
            "Type mismatch: 1 is an integer, expected a list, a string or a pattern (line 1, column 13)",
        ),
        (
            "MATCH (n) WHERE count(*) > 1 RETURN n",
            "The aggregate count(*) cannot stand in WHERE: put it into a WITH before (line 1, column 17)",
        ),
    ] {
        assert_eq!(bind(text).expect_err(text).to_string(), message);
    }
}

#[test]
fn a_result_has_no_more_columns_than_is_allowed() {
    let columns = |count: usize| (0..count).map(|number| format!("1 AS a{number}")).collect::<Vec<_>>().join(", ");
    assert!(bind(&format!("RETURN {}", columns(cypher::MAX_COLUMNS))).is_ok());
    let error = bind(&format!("RETURN {}", columns(cypher::MAX_COLUMNS + 1))).expect_err("one too many");
    assert_eq!(error.kind, TooManyColumns);
}
