"""openCypher as its users meet it: the same questions through every client, transactions, and queries that are ended."""

import json
import os
import socket
import threading
import uuid
from pathlib import Path

import neo4j
import pytest
import yaml

from support.bolt import message
from support.clients import NO_LOAD, Http, ServiceError
from support.opencypher import ByBoto, ByHttp, ByNeo4j, ByProcess, Refused, named, records, same, with_sorted_labels, without_ids
from support.places import ROOT
from support.server import Server
from support.waiting import until

ASKED = yaml.safe_load((Path(__file__).parent / "data" / "opencypher.yaml").read_text(encoding="utf-8"))
CLIENTS = ("http", "boto3", "neo4j-python", "neo4j-javascript", "neo4j-python-5", "neo4j-python-4")

#: The interpreters of older drivers, which pin versions of their own.
INTERPRETERS = {"neo4j-python-5": "HALIMEDE_NOTEBOOK_PYTHON", "neo4j-python-4": "HALIMEDE_BOLT_PYTHON"}

#: Rows that nobody has the time to count: a billion pairs of pairs.
LONG = "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b WITH a, b WHERE a * b = -1 RETURN count(*) AS n"


@pytest.fixture(scope="module")
def endpoint(binary, tmp_path_factory):
    folder = tmp_path_factory.mktemp("opencypher")
    with Server(binary, folder / "data", "--max-queries", "4") as server:
        assert ByHttp(server.endpoint).run(ASKED["graph"]) == []
        yield server.endpoint


@pytest.fixture(scope="module", params=CLIENTS)
def client(request, endpoint):
    match request.param:
        case "http":
            made = ByHttp(endpoint)
        case "boto3":
            made = ByBoto(endpoint)
        case "neo4j-python":
            made = ByNeo4j(endpoint)
        case "neo4j-javascript":
            node, script = request.getfixturevalue("js_client")
            made = ByProcess(request.param, [node, script.replace("client.mjs", "cypher.mjs")], endpoint)
        case name:
            if not (python := os.environ.get(INTERPRETERS[name])):
                pytest.skip(f"{INTERPRETERS[name]} names no interpreter")
            made = ByProcess(name, [python, "-W", "ignore", ROOT / "tests" / "bolt" / "asker.py"], endpoint)
    yield made
    made.close()


@pytest.mark.parametrize("asked", ASKED["queries"], ids=lambda asked: asked["name"])
def test_every_client_gets_the_same(asked, client):
    if "error" in asked:
        with pytest.raises(Refused) as caught:
            client.run(asked["query"], asked.get("parameters"))
        assert named(caught.value, asked["error"]), caught.value
        assert asked["says"] in caught.value.message
    else:
        found = with_sorted_labels(client.run(asked["query"], asked.get("parameters")))
        if client.name == "neo4j-python-4":
            assert same(without_ids(found), without_ids(asked["rows"])), found
        else:
            assert same(found, asked["rows"]), found
        assert len({tuple(row) for row in found}) <= 1, "columns stand in one order"


def test_what_failed_has_changed_nothing(client):
    assert client.run("MATCH (n) OPTIONAL MATCH (n)-[r]->() RETURN count(DISTINCT n) AS n, count(r) AS r") == [{"n": 4, "r": 3}]


def test_what_one_client_writes_the_others_read(client, endpoint):
    mark = str(uuid.uuid4())
    made = client.run(
        "UNWIND $rows AS row CREATE (n:Mark {mark: $mark}) SET n += row RETURN n.i AS i ORDER BY i",
        {"rows": [{"i": 1, "f": 0.5, "b": True, "s": "é"}, {"i": 2}], "mark": mark})
    assert made == [{"i": 1}, {"i": 2}]
    read = "MATCH (n:Mark {mark: $mark}) RETURN n.i AS i, n.f AS f, n.b AS b, n.s AS s ORDER BY i"
    expected = [{"i": 1, "f": 0.5, "b": True, "s": "é"}, {"i": 2, "f": None, "b": None, "s": None}]
    assert ByHttp(endpoint).run(read, {"mark": mark}) == client.run(read, {"mark": mark}) == expected
    client.run("MATCH (n:Mark {mark: $mark}) REMOVE n.f SET n.i = n.i + 10", {"mark": mark})
    assert client.run("MATCH (n:Mark {mark: $mark}) RETURN sum(n.i) AS i, count(n.f) AS f", {"mark": mark}) == [{"i": 23, "f": 0}]
    assert client.run("MATCH (n:Mark {mark: $mark}) DETACH DELETE n RETURN count(*) AS n", {"mark": mark}) == [{"n": 2}]


@pytest.mark.parametrize("name", ["aws-cli", "javascript"])
def test_the_other_sdks_ask_too(name, endpoint, connect):
    """One process a call: a few questions stand for all."""
    sdk = connect(name, endpoint)

    def ask(query, **parameters):
        return sdk.call("execute-open-cypher-query", openCypherQuery=query, parameters=json.dumps(parameters))["results"]

    asked = {each["name"]: each for each in ASKED["queries"]}
    for question in ("a path, one step of it against its direction", "parameters of every type come back as they went"):
        found = ask(asked[question]["query"], **asked[question].get("parameters", {}))
        # JavaScript has one kind of number, which loses the last digits of the largest.
        assert json.loads(json.dumps(with_sorted_labels(found)), parse_int=float) == \
            json.loads(json.dumps(asked[question]["rows"]), parse_int=float)
    assert ask("CREATE (n:Sdk {name: $name}) RETURN n.name AS name", name=name) == [{"name": name}]
    assert ask("MATCH (n:Sdk {name: $name}) DELETE n", name=name) == []
    with pytest.raises(ServiceError) as caught:
        ask("RETURN 1 +")
    assert caught.value.name == "MalformedQueryException" and caught.value.message.startswith("Invalid input")
    assert sdk.call("list-open-cypher-queries", includeWaiting=True) == {
        "acceptedQueryCount": 0, "runningQueryCount": 0, "queries": []}
    with pytest.raises(ServiceError) as caught:
        sdk.call("cancel-open-cypher-query", queryId=NO_LOAD)
    assert (caught.value.name, caught.value.message) == ("InvalidParameterException", f"Supplied queryId {NO_LOAD} is invalid")


# --- Transactions of the driver.


@pytest.fixture
def driver(endpoint):
    with neo4j.GraphDatabase.driver(endpoint.replace("http:", "bolt:"), auth=None) as made:
        yield made


def count(endpoint, label):
    [row] = ByHttp(endpoint).run(f"MATCH (n:{label}) RETURN count(n) AS n")
    return row["n"]


def test_a_transaction_commits_all_or_rolls_back_all(driver, endpoint):
    with driver.session() as session:
        with session.begin_transaction() as transaction:
            transaction.run("CREATE (:Committed)")
            assert records(transaction, "MATCH (n:Committed) RETURN count(n) AS n") == [{"n": 1}], "it sees what it wrote"
            assert count(endpoint, "Committed") == 0, "nobody else does"
            transaction.run("CREATE (:Committed)")
            transaction.commit()
        assert count(endpoint, "Committed") == 2
        with session.begin_transaction() as transaction:
            transaction.run("MATCH (n:Committed) DELETE n")
            transaction.run("CREATE (:RolledBack)")
            transaction.rollback()
        assert (count(endpoint, "Committed"), count(endpoint, "RolledBack")) == (2, 0)
        with pytest.raises(Refused), session.begin_transaction() as transaction:
            transaction.run("CREATE (:RolledBack)").consume()
            records(transaction, "RETURN 1 / 0")
        assert count(endpoint, "RolledBack") == 0
        assert records(session, "MATCH (n:Committed) DELETE n RETURN count(*) AS n") == [{"n": 2}], "the session goes on"


def test_managed_transactions_and_bookmarks(driver):
    with driver.session() as session:
        session.execute_write(lambda transaction: transaction.run("CREATE (:Managed {n: 1})").consume())
        found = session.execute_read(lambda transaction: transaction.run("MATCH (n:Managed) RETURN n.n AS n").single()["n"])
        assert found == 1
        after = session.last_bookmarks()
    with driver.session(bookmarks=after, default_access_mode=neo4j.READ_ACCESS) as session:
        assert session.run("MATCH (n:Managed) RETURN count(n) AS n").single()["n"] == 1
        with pytest.raises(Refused) as caught:
            records(session, "MATCH (n:Managed) DELETE n")
        assert named(caught.value, "ReadOnlyViolationException"), caught.value
    summary = driver.execute_query("MATCH (n:Managed) DETACH DELETE n").summary
    assert (summary.counters.nodes_deleted, summary.query_type) == (1, "w")


def test_values_that_only_bolt_can_send(driver):
    moment = neo4j.time.DateTime(2024, 4, 2, 1, 59, 59, 500_000_000)
    sent = {
        "date": neo4j.time.Date(2024, 2, 29), "time": neo4j.time.Time(12, 30, 15, 5), "local": moment,
        "duration": neo4j.time.Duration(months=14, days=3, seconds=4, nanoseconds=5),
    }
    [record] = driver.execute_query("RETURN $date AS date, $time AS time, $local AS local, $duration AS duration", sent).records
    assert dict(record) == sent


def test_more_rows_than_one_fetch(driver):
    with driver.session(fetch_size=100) as session:
        found = [record["i"] for record in session.run("UNWIND range(1, 10000) AS i RETURN i")]
        assert found == list(range(1, 10001))
        result = session.run("UNWIND range(1, 10000) AS i RETURN i")
        assert next(iter(result))["i"] == 1
        result.consume()
        assert session.run("RETURN 1 AS one").single()["one"] == 1


# --- Queries that are ended.


class Status:
    """`/openCypher/status`."""

    def __init__(self, endpoint):
        self.http = Http(endpoint)

    def running(self):
        body = self.http.ask("GET", "/openCypher/status", params={"includeWaiting": "true"}).json()
        return [query["queryId"] for query in body["queries"]]

    def wait(self, number):
        return until(self.running, lambda ids: len(ids) == number, f"{number} queries")


def ended(run):
    """Starts `run` in a thread; what it raises is given by the function that is returned."""
    caught = []

    def body():
        try:
            run()
        except Exception as error:  # whatever it is, it is what the test asks about
            caught.append(error)

    thread = threading.Thread(target=body)
    thread.start()

    def join():
        thread.join(600)
        assert not thread.is_alive() and len(caught) == 1, caught
        return caught[0]

    return join


def test_a_cancel_through_the_status_ends_the_query_of_any_client(client, endpoint):
    status = Status(endpoint)
    status.wait(0)
    join = ended(lambda: client.run(LONG))
    [query] = status.wait(1)
    answer = status.http.ask("DELETE", f"/opencypher/status/{query}")
    assert (answer.status_code, answer.json()) == (200, {"status": "200 OK", "payload": True})
    error = join()
    assert isinstance(error, Refused) and named(error, "CancelledByUserException"), error
    assert "cancelled by user" in error.message
    status.wait(0)
    assert client.run("RETURN 1 AS one") == [{"one": 1}], "its slot and its connection are free"


def test_a_given_id_names_the_query_and_a_form_cancels_it(endpoint):
    status, id = Status(endpoint), str(uuid.uuid4())
    join = ended(lambda: ByHttp(endpoint).run(LONG, queryId=id))
    assert status.wait(1) == [id]
    shown = status.http.ask("GET", f"/openCypher/status/{id}").json()
    assert shown["queryString"] == LONG and shown["queryEvalStats"]["cancelled"] is False
    with pytest.raises(Refused) as caught:
        ByHttp(endpoint).run("RETURN 1", queryId=id)
    assert id in caught.value.message
    answer = status.http.ask("POST", "/openCypher/status", data={"cancelQuery": "true", "queryId": id})
    assert answer.json()["payload"] is True
    assert named(join(), "CancelledByUserException")
    status.wait(0)
    gone = status.http.ask("DELETE", f"/openCypher/status/{id}").json()
    assert (gone["code"], gone["detailedMessage"]) == ("InvalidParameterException", f"Supplied queryId {id} is invalid")


def test_a_silent_cancel_ends_with_what_there_is(endpoint):
    status, found = Status(endpoint), []
    thread = threading.Thread(target=lambda: found.append(ByHttp(endpoint).run(LONG)))
    thread.start()
    [query] = status.wait(1)
    status.http.ask("DELETE", f"/openCypher/status/{query}", params={"silent": "true"})
    thread.join(600)
    assert found == [[]]


def test_a_timeout_of_the_hint_and_one_of_the_driver(driver, endpoint):
    with pytest.raises(Refused) as caught:
        ByHttp(endpoint).run(f"USING QUERY:TIMEOUTMILLISECONDS 100 {LONG}")
    assert named(caught.value, "TimeLimitExceededException") and "deadline exceeded" in caught.value.message
    with driver.session() as session, pytest.raises(Refused) as caught:
        records(session, neo4j.Query(LONG, timeout=0.1))
    assert named(caught.value, "TimeLimitExceededException"), caught.value
    Status(endpoint).wait(0)


def test_closing_the_socket_ends_the_query(endpoint):
    """More of them than run at once: each slot is given back."""
    status, port = Status(endpoint), int(endpoint.rsplit(":", 1)[1])
    body = f"query={LONG}".replace(" ", "+").encode()
    head = f"POST /openCypher HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    for _ in range(2):
        lines = []
        for _ in range(4):
            line = socket.create_connection(("127.0.0.1", port))
            line.sendall(head + body)
            lines.append(line)
        status.wait(4)
        for line in lines:
            line.close()
        status.wait(0)


#: The first bytes of a connection that speaks Bolt 4.4.
SHAKE = bytes.fromhex("6060b017 00000404 00000000 00000000 00000000")


def chunk(line):
    """The next message, without its frame."""
    found = b""
    while size := int.from_bytes(exactly(line, 2), "big"):
        found += exactly(line, size)
    return found


def exactly(line, size):
    found = b""
    while len(found) < size:
        more = line.recv(size - len(found))
        assert more, "the server closed the connection"
        found += more
    return found


SUCCESS, IGNORED, FAILURE = 0x70, 0x7E, 0x7F


@pytest.fixture
def bolt_line(endpoint):
    """A connection that is logged in."""
    with socket.create_connection(("127.0.0.1", int(endpoint.rsplit(":", 1)[1]))) as line:
        line.sendall(SHAKE)
        assert exactly(line, 4) == bytes.fromhex("00000404")
        line.sendall(message(0x01, {"user_agent": "test/1", "scheme": "none"}))
        assert chunk(line)[1] == SUCCESS
        yield line


def test_a_reset_ends_the_query_that_runs(bolt_line, endpoint):
    status = Status(endpoint)
    bolt_line.sendall(message(0x10, LONG, {}, {}) + message(0x3F, {"n": -1}))
    status.wait(1)
    bolt_line.sendall(message(0x0F))
    answers = [chunk(bolt_line)[1]]
    while answers[-1] != SUCCESS or len(answers) < 3:
        answers.append(chunk(bolt_line)[1])
    assert answers[0] in (SUCCESS, FAILURE, IGNORED) and answers[1] in (FAILURE, IGNORED) and len(answers) == 3, answers
    status.wait(0)
    bolt_line.sendall(message(0x10, "RETURN 1", {}, {}) + message(0x3F, {"n": -1}))
    assert [chunk(bolt_line)[1] for _ in range(3)] == [SUCCESS, 0x71, SUCCESS]


def test_closing_a_bolt_socket_ends_the_query_and_rolls_back(bolt_line, endpoint):
    status = Status(endpoint)
    bolt_line.sendall(message(0x11, {}) + message(0x10, "CREATE (:Orphan)", {}, {}) + message(0x3F, {"n": -1}))
    assert [chunk(bolt_line)[1] for _ in range(3)] == [SUCCESS] * 3
    bolt_line.sendall(message(0x10, LONG, {}, {}) + message(0x3F, {"n": -1}))
    until(status.running, bool, "the query to run")
    bolt_line.close()
    status.wait(0)
    assert count(endpoint, "Orphan") == 0
    assert ByHttp(endpoint).run("CREATE (n:Orphan) DELETE n RETURN 1 AS one") == [{"one": 1}], "the writer's slot is free"
