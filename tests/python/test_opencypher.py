"""openCypher over HTTP: boto3's operations and raw requests, updates, plans, and the list of queries."""

import concurrent.futures
import csv
import io
import json
import uuid

import pytest

from support.clients import Boto, Http, ServiceError, load
from support.server import Server
from support.waiting import until

#: Neither ends nor gives a row in a test's time.
ENDLESS = "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b UNWIND range(1, 100000) AS c RETURN count(*) AS n"

VERTICES = "~id,~label,name:String(single),age:Int\na,Person;Coder,Ada,36\nb,Person,Bo,\n"
EDGES = "~id,~from,~to,~label,since:Int\ne,a,b,KNOWS,1843\n"


@pytest.fixture(scope="module")
def graph(binary, tmp_path_factory):
    folder = tmp_path_factory.mktemp("opencypher")
    (folder / "files").mkdir()
    (folder / "files" / "v.csv").write_text(VERTICES)
    (folder / "files" / "w.csv").write_text(EDGES)
    with Server(binary, folder / "data", "--import-dir", folder / "files") as server:
        client = Boto(server.endpoint)
        for name in ("v.csv", "w.csv"):
            payload = load(client, f"file://{folder / 'files' / name}", "csv")
            assert payload["overallStatus"]["status"] == "LOAD_COMPLETED", payload
        yield server


@pytest.fixture
def boto(graph):
    return Boto(graph.endpoint)


@pytest.fixture
def http(graph):
    return Http(graph.endpoint)


def rows(boto, query, **parameters):
    members = {"parameters": json.dumps(parameters)} if parameters else {}
    return boto.call("execute_open_cypher_query", openCypherQuery=query, **members)["results"]


def ask(http, query, **options):
    return http.ask("POST", "/openCypher", data={"query": query}, **options)


def test_boto3_reads_what_was_loaded(boto):
    assert rows(boto, "MATCH (n:Person) WHERE n.age > $age RETURN n.name AS name", age=30) == [{"name": "Ada"}]
    ada = {"~id": "a", "~entityType": "node", "~labels": ["Coder", "Person"], "~properties": {"name": "Ada", "age": 36}}
    bo = {"~id": "b", "~entityType": "node", "~labels": ["Person"], "~properties": {"name": "Bo"}}
    knows = {
        "~id": "e", "~entityType": "relationship", "~start": "a", "~end": "b", "~type": "KNOWS", "~properties": {"since": 1843},
    }
    [row] = rows(boto, "MATCH p = (x)-[r:KNOWS]->(y) RETURN x, r, y, p")
    row["x"]["~labels"].sort()
    row["p"][0]["~labels"].sort()
    assert row == {"x": ada, "r": knows, "y": bo, "p": [ada, knows, bo]}
    assert rows(boto, "MATCH (n) RETURN count(n)") == [{"count(n)": 2}]
    assert rows(boto, "MATCH (n) WHERE id(n) = 'a' RETURN toString(id(n)) AS i") == [{"i": "a"}]


def test_parameters_of_every_type_come_back(boto):
    values = {"i": 1, "big": 2**63 - 1, "f": 1.5, "whole": 2.0, "s": "é\"\n", "n": None, "b": True, "l": [1, [2.5, "x"]], "m": {"k": [{}]}}
    [row] = rows(boto, "RETURN $v AS v", v=values)
    assert row["v"] == values
    assert isinstance(row["v"]["whole"], float) and isinstance(row["v"]["i"], int)


@pytest.mark.parametrize("query, parameters, name, text", [
    ("RETRUN 1", None, "MalformedQueryException", "Invalid input"),
    ("RETURN x", None, "MalformedQueryException", "x"),
    ("RETURN $x", None, "MissingParameterException", "x"),
    ("RETURN $x", "{\"x\": }", "InvalidParameterException", "'x'"),
    ("RETURN $x", "{\"x\": 9223372036854775808}", "InvalidNumericDataException", "9223372036854775808"),
    ("RETURN 9223372036854775807 + 1", None, "InvalidNumericDataException", "64 bits"),
    ("RETURN 1 / 0", None, "InvalidNumericDataException", "zero"),
    ("CREATE ({`~id`: 'a'})", None, "DuplicateDataException", "`a`"),
    ("MATCH (n {name: 'Ada'}) DELETE n", None, "BadRequestException", "relationships"),
    ("LOAD CSV FROM 'x' AS x RETURN x", None, None, ""),
])
def test_what_cannot_be_is_a_modelled_exception(query, parameters, name, text, boto):
    members = {"parameters": parameters} if parameters else {}
    with pytest.raises(ServiceError) as caught:
        boto.call("execute_open_cypher_query", openCypherQuery=query, **members)
    assert caught.value.status == 400
    assert name is None or caught.value.name == name, caught.value
    assert text in caught.value.message


def test_each_form_of_a_request(http):
    query, parameters = "RETURN $a + 1 AS n", '{"a": 1}'
    for method, options in (
        ("GET", {"params": {"query": query, "parameters": parameters}}),
        ("POST", {"data": {"query": query, "parameters": parameters}}),
        ("POST", {"json": {"query": query, "parameters": parameters}}),
        ("POST", {"json": {"query": query + ";", "parameters": json.loads(parameters)}}),
        ("POST", {"data": query, "params": {"parameters": parameters}, "headers": {"Content-Type": "application/opencypher"}}),
    ):
        for path in ("/openCypher", "/opencypher", "/OpenCypher/"):
            answer = http.ask(method, path, **options)
            assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
            assert answer.text == '{"results":[{"n":2}]}', (method, options)
    assert http.ask("PUT", "/openCypher").json()["code"] == "MethodNotAllowedException"
    assert http.ask("POST", "/openCypher", data={}).json()["code"] == "MissingParameterException"


def test_an_update_is_there_for_the_next_query(server):
    boto = Boto(server.endpoint)
    assert rows(boto, "UNWIND $names AS name CREATE (n:P {name: name})", names=["x", "y"]) == []
    assert rows(boto, "MATCH (n:P) SET n.name = n.name + '!' RETURN n.name AS name ORDER BY name") == [{"name": "x!"}, {"name": "y!"}]
    assert rows(boto, "MERGE (n:P {name: 'x!'}) ON MATCH SET n.seen = true RETURN n.seen AS seen") == [{"seen": True}]
    with pytest.raises(ServiceError):
        rows(boto, "MATCH (n:P) DETACH DELETE n RETURN 1 / 0")
    assert rows(boto, "MATCH (n:P) RETURN count(n) AS n") == [{"n": 2}]
    rows(boto, "MATCH (n:P) DETACH DELETE n")
    assert rows(boto, "MATCH (n) RETURN count(n) AS n") == [{"n": 0}]


def test_counters_that_many_clients_raise_lose_nothing(server):
    rows(Boto(server.endpoint), "CREATE (:C {n: 0})")

    def raise_it(_):
        rows(Boto(server.endpoint), "MATCH (c:C) SET c.n = c.n + 1")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(raise_it, range(64)))
    assert rows(Boto(server.endpoint), "MATCH (c:C) RETURN c.n AS n") == [{"n": 64}]


def test_updates_outlive_a_kill(make_server):
    server = make_server()
    with server:
        rows(Boto(server.endpoint), "CREATE (:A {x: 1})-[:R]->(:B)")
        server.kill()
    with make_server() as again:
        assert rows(Boto(again.endpoint), "MATCH (a:A)-[:R]->(:B) RETURN a.x AS x") == [{"x": 1}]


def test_a_replica_refuses_updates(make_server):
    with make_server("--read-replica") as server:
        with pytest.raises(ServiceError) as caught:
            rows(Boto(server.endpoint), "CREATE (n)")
        assert caught.value.name == "ReadOnlyViolationException"
        assert rows(Boto(server.endpoint), "RETURN 1 AS n") == [{"n": 1}]


def test_a_large_result_is_streamed(http):
    answer = ask(http, "UNWIND range(1, 300000) AS i RETURN i, toString(i) AS s")
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert [row["i"] for row in answer.json()["results"]] == list(range(1, 300_001))


@pytest.mark.parametrize("query", [ENDLESS, "MATCH (x), (y) " + ENDLESS])
def test_the_hint_ends_a_query(query, boto):
    with pytest.raises(ServiceError) as caught:
        rows(boto, f"USING QUERY:TIMEOUTMILLISECONDS 100 {query}")
    assert (caught.value.name, caught.value.status) == ("TimeLimitExceededException", 500)
    assert caught.value.message == "Operation terminated (deadline exceeded)"


# --- Plans.


@pytest.mark.parametrize("mode", ["static", "dynamic", "details"])
def test_boto3_explains(mode, boto):
    answer = boto.call(
        "execute_open_cypher_explain_query", openCypherQuery="MATCH (n:Person) WHERE n.age > $a RETURN n.name", parameters='{"a": 1}',
        explainMode=mode)
    text = answer["results"].read().decode()
    assert ("Units Out" in text) == (mode != "static")
    assert text.startswith("Query:\nMATCH") == (mode == "details")
    for name in ("SolutionInjection", "DFESubquery", "TermResolution", "NodeScan", "DFEDrain"):
        assert name in text


def test_plans_in_each_form(http):
    for accept, media in ((None, "text/plain"), ("text/html", "text/html"), ("text/csv", "text/csv")):
        answer = http.ask(
            "POST", "/openCypher", data={"query": "RETURN 1 AS n", "explain": "dynamic"}, headers={"Accept": accept} if accept else {})
        assert answer.headers["Content-Type"].split(";")[0] == media
    assert next(csv.reader(io.StringIO(answer.text)))[:6] == ["ID", "Out #1", "Out #2", "Name", "Arguments", "Mode"]


def test_an_update_is_not_explained(boto):
    with pytest.raises(ServiceError) as caught:
        boto.call("execute_open_cypher_explain_query", openCypherQuery="CREATE (n)", explainMode="static")
    assert caught.value.name == "UnsupportedOperationException"


# --- Status and cancel.


@pytest.fixture
def endless(graph):
    """Begins a query that does not end; its id and its outcome, once it has one."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        begun = []

        def begin():
            query_id = str(uuid.uuid4())
            http = Http(graph.endpoint)
            outcome = pool.submit(http.ask, "POST", "/openCypher", data={"query": ENDLESS, "queryId": query_id})
            until(lambda: http.ask("GET", f"/openCypher/status/{query_id}").status_code, lambda code: code == 200, "the query")
            begun.append(query_id)
            return query_id, outcome

        yield begin
        for query_id in begun:
            Http(graph.endpoint).ask("DELETE", f"/openCypher/status/{query_id}")


def test_boto3_lists_shows_and_cancels(endless, boto):
    query_id, outcome = endless()
    listed = boto.call("list_open_cypher_queries", includeWaiting=True)
    assert listed["acceptedQueryCount"] == len(listed["queries"]) == 1
    shown = boto.call("get_open_cypher_query_status", queryId=query_id)
    assert (shown["queryId"], shown["queryString"]) == (query_id, ENDLESS)
    assert shown["queryEvalStats"]["cancelled"] is False
    assert boto.call("cancel_open_cypher_query", queryId=query_id) == {"status": "200 OK", "payload": True}
    answer = outcome.result()
    assert (answer.status_code, answer.json()["code"]) == (500, "CancelledByUserException")
    assert answer.json()["detailedMessage"] == "Operation terminated (cancelled by user)"
    until(lambda: boto.call("list_open_cypher_queries")["queries"], lambda queries: queries == [], "an empty list")
    for operation in ("get_open_cypher_query_status", "cancel_open_cypher_query"):
        with pytest.raises(ServiceError) as caught:
            boto.call(operation, queryId=query_id)
        assert (caught.value.name, caught.value.status) == ("InvalidParameterException", 400)
        assert caught.value.message == f"Supplied queryId {query_id} is invalid"


@pytest.mark.parametrize("cancel", [
    lambda http, query_id: http.ask("GET", "/openCypher/status", params={"cancelQuery": "", "queryId": query_id}),
    lambda http, query_id: http.ask("POST", "/openCypher/status", data={"cancelQuery": "True", "queryId": query_id}),
    lambda http, query_id: http.ask("POST", "/opencypher/status", data=f"cancelQuery&queryId={query_id}",
                                    headers={"Content-Type": "application/x-www-form-urlencoded"}),
    lambda http, query_id: http.ask("DELETE", "/openCypher/status", params={"queryId": query_id}),
])
def test_each_way_to_cancel(cancel, endless, http):
    query_id, outcome = endless()
    answer = cancel(http, query_id)
    assert answer.json() == {"status": "200 OK", "payload": True}
    assert outcome.result().json()["code"] == "CancelledByUserException"


def test_a_silent_cancel_ends_well(endless, boto):
    query_id, outcome = endless()
    boto.call("cancel_open_cypher_query", queryId=query_id, silent=True)
    answer = outcome.result()
    assert (answer.status_code, answer.json()) == (200, {"results": []})


def test_an_id_is_used_once_at_a_time(endless, http):
    query_id, _ = endless()
    answer = http.ask("POST", "/openCypher", data={"query": "RETURN 1", "queryId": query_id})
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameterException")
    assert query_id in answer.json()["message"]
