"""What a notebook does with openCypher: graph-notebook's client class with the steps of its magics `%%oc`, `%oc_status`."""

import threading

import pytest

from support import iam
from support.notebook import GraphNotebook
from support.opencypher import ByHttp, Refused, named
from support.server import Server
from support.waiting import until

GRAPH = "CREATE (:Person {`~id`: 'ada', name: 'Ada', age: 36})-[:KNOWS {`~id`: 'k', since: 2020}]->(:Person {`~id`: 'bo', name: 'Bo'})"
LONG = "UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b WITH a, b WHERE a < 0 RETURN count(*) AS n"


@pytest.fixture(scope="module")
def endpoint(binary, tmp_path_factory):
    with Server(binary, tmp_path_factory.mktemp("notebook") / "data") as server:
        ByHttp(server.endpoint).run(GRAPH)
        yield server.endpoint


@pytest.fixture(scope="module")
def notebook(notebook_client, endpoint):
    client = GraphNotebook(notebook_client, endpoint)
    yield client
    client.close()


def test_a_query_with_parameters_and_a_hint(notebook):
    query = "MATCH (n:Person {name: $name}) RETURN n, n.age AS age"
    node = {"~id": "ada", "~entityType": "node", "~labels": ["Person"], "~properties": {"name": "Ada", "age": 36}}
    for how in ({}, {"plan_cache": "enabled"}, {"plan_cache": "disabled"}, {"plan_cache": "auto"}):
        status, body = notebook.opencypher(query, query_params={"name": "Ada"}, **how)
        assert (status, body) == (200, {"results": [{"n": node, "age": 36}]}), how


def test_a_path_as_its_graph_tab_wants_it(notebook):
    _, body = notebook.opencypher("MATCH p = (:Person)-[:KNOWS]->() RETURN p")
    [row] = body["results"]
    assert [(step["~entityType"], step["~id"]) for step in row["p"]] == [("node", "ada"), ("relationship", "k"), ("node", "bo")]
    assert (row["p"][1]["~start"], row["p"][1]["~end"], row["p"][1]["~type"]) == ("ada", "bo", "KNOWS")


def test_a_mistake(notebook):
    status, body = notebook.opencypher("MATCH (n RETURN n", plan_cache="enabled")
    assert (status, body["code"]) == (400, "MalformedQueryException")
    assert body["detailedMessage"].startswith("Invalid input")


@pytest.mark.parametrize("mode", ["static", "dynamic", "details"])
def test_a_plan_is_html(mode, notebook):
    status, text = notebook.opencypher_explain("MATCH (n:Person) RETURN n.name", mode)
    assert status == 200 and "<table" in text and "DFEDrain" in text


def test_bolt(notebook):
    [row] = notebook.opencypher_bolt("MATCH (n {name: $name})-[r]->(m) RETURN n, r, m.name AS other, id(n) AS id", name="Ada")
    assert (row["other"], row["id"], row["n"]["~labels"], row["r"]["~type"]) == ("Bo", "ada", ["Person"], "KNOWS")
    assert row["r"]["~start"] == row["n"]["~id"], "ids tell apart, and join"


def test_status_and_cancel(notebook, endpoint):
    caught = []

    def ask():
        with pytest.raises(Refused) as refused:
            ByHttp(endpoint).run(LONG)
        caught.append(refused.value)

    thread = threading.Thread(target=ask)
    thread.start()
    status, body = until(notebook.opencypher_status, lambda answer: answer[1]["queries"], "the query to be listed")
    assert (status, body["runningQueryCount"], body["acceptedQueryCount"]) == (200, 1, 1)
    [query] = body["queries"]
    assert query["queryString"] == LONG
    assert notebook.opencypher_status(query["queryId"])[1]["queryId"] == query["queryId"]
    assert notebook.opencypher_status(include_waiting=True)[1]["acceptedQueryCount"] == 1
    assert notebook.opencypher_cancel(query["queryId"]) == (200, {"status": "200 OK", "payload": True})
    thread.join(600)
    assert named(caught[0], "CancelledByUserException")
    status, body = notebook.opencypher_cancel(query["queryId"])
    assert (status, body["code"]) == (400, "InvalidParameterException")
    assert body["detailedMessage"] == f"Supplied queryId {query['queryId']} is invalid"


def test_it_signs(notebook_client, make_server, tmp_path):
    ann = iam.principal("ann", iam.EVERYTHING)
    bob = iam.principal("bob", iam.allow("ReadDataViaQuery", "GetEngineStatus"))
    with make_server(*iam.write(tmp_path / "iam.json", ann, bob), "--region", "us-east-1") as server:
        client = GraphNotebook(notebook_client, server.endpoint, iam.keys(ann))
        assert client.opencypher(GRAPH) == (200, {"results": []})
        assert client.opencypher_bolt("MATCH (n) RETURN count(n) AS n") == [{"n": 2}]
        client.close()
        client = GraphNotebook(notebook_client, server.endpoint, iam.keys(bob))
        assert client.opencypher("MATCH (n) RETURN count(n) AS n") == (200, {"results": [{"n": 2}]})
        status, body = client.opencypher("MATCH (n) DETACH DELETE n")
        assert (status, body["detailedMessage"]) == (403, iam.denial(bob, "DeleteDataViaQuery"))
        assert client.opencypher_bolt("MATCH (n) RETURN count(n) AS n") == [{"n": 2}]
        client.close()
