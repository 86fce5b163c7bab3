"""SPARQL that is wrong, or meant to harm: each is bounded, and each has its own error."""

import contextlib
import socket
import threading
from urllib.parse import quote

import pytest
import requests

from support.clients import Http
from support.server import Server
from support.waiting import until

EX = "http://ex.test/"

#: A product of rows that is not done in hours, takes no memory, and has no row in the end.
NUMBERS = " ".join(map(str, range(300)))
ENDLESS = "".join(f"VALUES ?{name} {{ {NUMBERS} }} " for name in "abcde") + "FILTER(?a + ?b + ?c + ?d + ?e < 0)"

#: A dense graph: everyone knows everyone.
PEOPLE = 200


@pytest.fixture(scope="module")
def served(binary, tmp_path_factory):
    """A server with little of everything, over a dense graph that was put in without limits."""
    data = tmp_path_factory.mktemp("hostile") / "data"
    with Server(binary, data) as server:
        people = " ".join(f"<{EX}{n}>" for n in range(PEOPLE))
        fill(server, f"INSERT {{ ?a <{EX}knows> ?b }} WHERE {{ VALUES ?a {{ {people} }} VALUES ?b {{ {people} }} }}")
        fill(server, f"INSERT DATA {{ <{EX}text> <{EX}says> '{'a' * 30_000}!' }}")
    with Server(binary, data, "--query-timeout", "4", "--query-memory", "8MiB", "--max-result", "1MiB") as server:
        yield server


def fill(server, text):
    answer = requests.post(f"{server.endpoint}/sparql", data={"update": text})
    assert answer.status_code == 200, answer.text


def ask(server, **form):
    return Http(server.endpoint).ask("POST", "/sparql", data=form)


def failure(answer):
    """The code and the text of a failure, which stands alone or behind what was sent before it."""
    body = answer.text[answer.text.rindex('{"'):] if answer.status_code == 200 else answer.text
    found = requests.models.complexjson.loads(body)
    return found["code"], found["detailedMessage"]


@pytest.mark.parametrize("kind", ["query", "update"])
@pytest.mark.parametrize("query, update, place, expected", [
    ("SELECT ?s WHERE {\n  ?s ?p }", "INSERT DATA {\n  <a> <b> }", None, "expected"),
    ("SELECT * { ?s ?p ?o", "DELETE WHERE { ?s ?p ?o", None, "‘}’"),
    ("SELEKT * {}", "INSRT DATA {}", "line 1, column 1", "expected"),
    ("SELECT * {\n\n ?s nope:p 1 }", "DELETE WHERE {\n\n ?s nope:p 1 }", "line 3", "nope"),
    ("SELECT * { ?s ?p 'x }", "INSERT DATA { <a> <b> 'x }", "line 1", "expected"),
    ("SELECT (?x + AS ?y) {}", "INSERT { ?s ?p ?o } WHERE { BIND(1 + AS ?o) }", "line 1", "expected"),
    ("", "", "line 1, column 1", "expected"),
])
def test_a_syntax_error_names_its_place_and_what_was_expected(served, kind, query, update, place, expected):
    text = query if kind == "query" else update
    if kind == "update" and not text:
        return  # an update without operations is one
    answer = ask(served, **{kind: text})
    assert answer.status_code == 400, answer.text
    code, message = failure(answer)
    assert code == "MalformedQueryException"
    assert message.startswith("Malformed query: line ") and ", column " in message, message
    assert place is None or place in message, message
    assert expected in message, message


def test_a_result_larger_than_results_may_be(served):
    code, message = failure(ask(served, query="SELECT * { ?a ?p ?b }"))
    assert code == "QueryLimitException" and "--max-result" in message and "LIMIT" in message


def test_a_client_that_stops_reading(binary, tmp_path):
    with Server(binary, tmp_path / "data", "--send-timeout", "1") as server:
        fill(server, "INSERT { ?a <urn:p> ?b } WHERE { VALUES ?a { 1 2 } BIND(<urn:b> AS ?b) }")
        fill(server, "INSERT DATA { " + " ".join(f"<urn:{n}> <urn:p> '{'x' * 1000}' ." for n in range(2_000)) + " }")
        query = quote("SELECT * { ?a ?p ?b . ?c ?q ?d }")
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(f"GET /sparql?query={query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            assert client.recv(12) == b"HTTP/1.1 200"
            metrics = lambda: requests.get(f"{server.endpoint}/metrics").text  # noqa: E731
            # Its connection is closed, which ends the query as that of a client that has left.
            ended = 'halimede_queries_total{language="sparql",outcome="CancelledByUserException"} 1'
            until(metrics, lambda text: ended in text, "the end of the query")
            rest = b""
            with contextlib.suppress(ConnectionError):
                while piece := client.recv(1 << 16):
                    rest = (rest + piece)[-16:]
            assert not rest.endswith(b"0\r\n\r\n"), "the reply looks whole"
        assert Http(server.endpoint).ask("GET", "/sparql/status").json()["runningQueryCount"] == 0


@pytest.mark.parametrize("query", [
    f"SELECT (COUNT(*) AS ?n) {{ ?a (<{EX}knows>|!<{EX}x>)*/(<{EX}knows>|^<{EX}knows>)+/<{EX}knows>* ?b }}",
    "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f . ?g ?s ?h }",
    f"SELECT * {{ {ENDLESS} }}",
])
def test_a_query_without_end(served, query):
    answer = ask(served, query=query)
    assert answer.status_code == 500, answer.text
    assert failure(answer)[0] in ("TimeLimitExceededException", "MemoryLimitExceededException")
    until(lambda: Http(served.endpoint).ask("GET", "/sparql/status").json()["runningQueryCount"],
          lambda count: count == 0, "the thread")


def test_a_query_that_keeps_too_much(served):
    code, message = failure(ask(served, query="SELECT DISTINCT ?a ?d { ?a ?p ?b . ?c ?q ?d } ORDER BY ?b"))
    assert code == "MemoryLimitExceededException" and "bytes" in message


def test_a_regular_expression_that_is_meant_to_explode(served):
    # Where others try every way, and never end.
    answer = ask(served, query=f"SELECT ?s {{ ?s <{EX}says> ?o FILTER(REGEX(?o, '^(a+)+$')) }}")
    assert answer.status_code == 200 and answer.json()["results"]["bindings"] == [], answer.text
    for pattern, expected in (("((a{100}){100}){100}", "too large"), ("(a", "unclosed group"), (r"(a)\\1", "backreferences")):
        answer = ask(served, query=f"SELECT ?s {{ ?s <{EX}says> ?o FILTER(REGEX(?o, '{pattern}')) }}")
        code, message = failure(answer)
        assert (answer.status_code, code) == (400, "MalformedQueryException") and expected in message, message


@pytest.mark.parametrize("text", [
    "SELECT * { " + "{ " * 50_000 + "}" * 50_000 + " }",
    "SELECT * { ?s ?p ?o FILTER(" + "!" * 20_000 + "true) }",
    "SELECT * { ?s ?p ?o FILTER(" + "!" * 200_000 + "true) }",
    "SELECT * { ?s " + "! " * 200_000 + "?p ?o }",
    "SELECT * { " + "?s ?p ?o . " * 20_000 + "}",
    "SELECT (" + "1+" * 20_000 + "1 AS ?x) {}",
])
def test_a_text_that_is_too_deep_or_too_long(served, text):
    answer = ask(served, query=text)
    assert (answer.status_code, failure(answer)[0]) == (400, "MalformedQueryException"), answer.text[:300]


def test_an_update_is_bounded_as_a_query_is(served):
    count = lambda: ask(served, query=f"SELECT (COUNT(*) AS ?n) {{ ?s <{EX}new> ?o }}").json()  # noqa: E731
    before = count()
    endless = f"INSERT {{ ?a <{EX}new> ?h }} WHERE {{ ?a ?p ?b . ?c ?q ?d . ?e ?r ?f . ?g ?s ?h }}"
    assert failure(ask(served, update=endless))[0] in ("TimeLimitExceededException", "MemoryLimitExceededException")
    # With DELETE beside it an INSERT waits for the last row.
    held = f"DELETE {{ ?a <{EX}new> ?b }} INSERT {{ ?a <{EX}new> ?b . ?b <{EX}new> ?a . ?a <{EX}new> ?p }} WHERE {{ ?a ?p ?b }}"
    answer = ask(served, update=held)
    assert failure(answer)[0] == "MemoryLimitExceededException", answer.text
    hinted = "PREFIX hint: <http://aws.amazon.com/neptune/vocab/v01/QueryHints#> " \
             f"INSERT {{ <{EX}x> <{EX}new> ?a }} WHERE {{ hint:Query hint:queryTimeout 50 . {ENDLESS} }}"
    assert failure(ask(served, update=hinted))[0] == "TimeLimitExceededException"
    assert count() == before, "what failed has left nothing"


def test_many_at_once_leave_the_server_as_it_was(served):
    query = "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f . ?g ?s ?h }"
    codes = []
    askers = [threading.Thread(target=lambda: codes.append(failure(ask(served, query=query))[0])) for _ in range(12)]
    for each in askers:
        each.start()
    for each in askers:
        each.join()
    assert set(codes) <= {"TimeLimitExceededException", "MemoryLimitExceededException"}, codes
    assert ask(served, query=f"ASK {{ <{EX}1> <{EX}knows> <{EX}2> }}").json()["boolean"] is True
