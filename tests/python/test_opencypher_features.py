"""What `docs/compatibility.md` says of the language: what is there beyond Neptune, and what is not, with its exception."""

import pytest

from support.opencypher import ByHttp, Refused
from support.server import Server

GRAPH = """
    CREATE (a:N {`~id`: 'a', name: 'Ada', at: date('2024-02-29')})-[:R {year: 1}]->(b:N {`~id`: 'b', name: 'Bo'}),
           (b)-[:R {year: 2}]->(c:N {`~id`: 'c', list: [2, 1, 1]}), (:N {`~id`: 'd'})
"""


@pytest.fixture(scope="module")
def client(binary, tmp_path_factory):
    with Server(binary, tmp_path_factory.mktemp("features") / "data") as server:
        made = ByHttp(server.endpoint)
        made.run(GRAPH)
        yield made


@pytest.mark.parametrize("query, expected", [
    ("MATCH p = shortestPath((a {`~id`: 'a'})-[:R*]-({`~id`: 'c'})) RETURN length(p)", 2),
    ("MATCH p = allShortestPaths((a {`~id`: 'a'})-[:R*]->(b)) RETURN count(p)", 2),
    ("FOREACH (x IN [1, 2] | CREATE (:Made {x: x}))", None),
    ("MATCH (n:Made) DELETE n RETURN count(*)", 2),
    ("MATCH (n:N) WHERE EXISTS { MATCH (n)-->() } RETURN count(n)", 2),
    ("MATCH (n:N) WHERE NOT (n)--() RETURN id(n)", "d"),
    ("MATCH (n {`~id`: 'b'}) RETURN [(n)--(m) WHERE m.name IS NOT NULL | m.name]", ["Ada"]),
    ("RETURN reduce(s = '', x IN ['a', 'b'] | x + s)", "ba"),
    ("RETURN [any(x IN [1] WHERE x > 0), all(x IN [] WHERE x), none(x IN [1] WHERE x = 1), single(x IN [1, 1] WHERE x = 1)]",
     [True, True, False, False]),
    ("MATCH (n {`~id`: 'a'}) RETURN n {.name, other: 1}", {"name": "Ada", "other": 1}),
    ("MATCH (n {`~id`: 'a'}) WITH n, 'na' + 'me' AS key RETURN n[key]", "Ada"),
    ("MATCH (n:N) WHERE n.name =~ 'A.*' RETURN n.name", "Ada"),
    ("MATCH (n {`~id`: 'a'}) RETURN n.at + duration('P1Y')", "2025-02-28"),
    ("RETURN duration.between(date('2024-01-01'), date('2024-03-02'))", "P2M1D"),
    ("RETURN date.truncate('month', date('2024-02-29'))", "2024-02-01"),
    ("MATCH (n:N) WITH n ORDER BY id(n) SKIP 1 + 1 LIMIT toInteger('1') RETURN id(n)", "c"),
    ("MATCH (a)-[*1..2 {year: 1 + 1}]->(b) RETURN id(b)", "c"),
    ("CREATE (:Made) RETURN 1 AS n UNION CREATE (:Made) RETURN 1 AS n", 1),
    ("RETURN 2 ^ 10", 1024.0),
    ("RETURN [isEmpty(''), isNaN(0.0 / 0.0), toIntegerOrNull('x'), char_length('é')]", [True, True, None, 1]),
    ("MATCH (n {`~id`: 'c'}) RETURN n.list", [2, 1, 1]),
    ("MATCH (n {`~id`: 'd'}) REMOVE n:N RETURN labels(n)", []),
    ("MATCH (n {`~id`: 'd'}) SET n:N RETURN labels(n)", ["N"]),
    ("MATCH (n) WHERE id(n) = 7 RETURN count(n)", 0),
    ("MERGE (:N {`~id`: 'a'}) MERGE (n:N {`~id`: 'a'}) RETURN n.name", "Ada"),
])
def test_what_there_is(query, expected, client):
    values = [value for row in client.run(query) for value in row.values()]
    assert values == ([] if expected is None else [expected])


@pytest.mark.parametrize("query, exception, says", [
    ("MANDATORY MATCH (n) RETURN n", "UnsupportedOperationException", "MANDATORY MATCH"),
    ("LOAD CSV FROM 'x' AS row RETURN row", "UnsupportedOperationException", "bulk loader"),
    ("CALL neptune.read({source: 's3://b/k'}) YIELD row RETURN row", "UnsupportedOperationException", "neptune.read"),
    ("CALL db.labels()", "UnsupportedOperationException", "db.labels"),
    ("MATCH p = shortestPath((a:N)-[*2..]-(b:N)) RETURN p", "UnsupportedOperationException", "shortest path"),
    ("EXPLAIN CREATE (n)", "UnsupportedOperationException", "updates"),
    ("UNWIND [1] AS x CALL { WITH x CREATE (:X {x: x}) } RETURN x", "MalformedQueryException", "CREATE"),
    ("CALL { MATCH (n) RETURN n } IN TRANSACTIONS RETURN n", "MalformedQueryException", "IN"),
    ("RETURN point({x: 1, y: 2})", "MalformedQueryException", "point"),
    ("MATCH (n) RETURN elementId(n)", "MalformedQueryException", "elementId"),
    ("RETURN COUNT { MATCH (n) } AS c", "MalformedQueryException", "Invalid input"),
    ("RETURN COLLECT { MATCH (n) RETURN n } AS c", "MalformedQueryException", "Invalid input"),
    ("MATCH (n:A|B) RETURN n", "MalformedQueryException", "Invalid input"),
    ("MATCH (n:!A) RETURN n", "MalformedQueryException", "Invalid input"),
    ("MATCH (a)-[:R]->+(b) RETURN a", "MalformedQueryException", "Invalid input"),
    ("CREATE INDEX FOR (n:N) ON (n.name)", "MalformedQueryException", "INDEX"),
    ("CREATE (:N {`~id`: 7})", "BadRequestException", "must be a string"),
    ("CREATE (:N {`~id`: null})", "BadRequestException", "must be a string"),
    ("MATCH (n {`~id`: 'a'}) SET n.`~id` = 'z'", "BadRequestException", "cannot be changed"),
    ("CREATE (:N {m: {a: 1}})", "BadRequestException", "simple literal"),
    ("CREATE (:N {l: [[1]]})", "BadRequestException", "simple literal"),
    (f"RETURN {'(' * 300}1{')' * 300}", "QueryLimitException", "200"),
])
def test_what_there_is_not(query, exception, says, client):
    with pytest.raises(Refused) as caught:
        client.run(query)
    assert caught.value.code == exception, caught.value
    assert says in caught.value.message
