"""SERVICE: queries that other servers answer a part of. All are real ones, but for those that misbehave on purpose."""

import contextlib
import http.server
import io
import os
import threading
import uuid
from collections import Counter
from pathlib import Path

import pytest
import requests

from support import ports
from support.clients import Http
from support.proxy import BlackHole
from support.server import Server
from support.waiting import until

EX = "http://ex.test/"
PREFIX = f"PREFIX : <{EX}> "
SUITE = Path(os.environ.get("HALIMEDE_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "conformance/sparql11/service"
FOLLOWERS = 4_000


class Served:
    """A server whose queries may ask those on `ports`."""

    def __init__(self, binary, folder, port, others, *flags):
        allowed = [flag for other in others for flag in ("--service-allow", f"http://127.0.0.1:{other}/sparql")]
        self.server = Server(binary, folder / str(port), *allowed, *flags, listen=f"127.0.0.1:{port}")
        self.sparql = f"http://127.0.0.1:{port}/sparql"

    def ask(self, query, **parameters):
        return requests.post(self.sparql, data={"query": PREFIX + query} | parameters)

    def rows(self, query):
        answer = self.ask(query)
        assert answer.status_code == 200, answer.text
        return Counter(tuple(sorted((name, bound["value"]) for name, bound in row.items()))
                       for row in answer.json()["results"]["bindings"])

    def update(self, text):
        answer = requests.post(self.sparql, data={"update": PREFIX + text})
        assert answer.status_code == 200, answer.text

    def refused(self, query, **parameters):
        answer = self.ask(query, **parameters)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.json()["code"], answer.json()["detailedMessage"]


@pytest.fixture(scope="module")
def three(binary, tmp_path_factory):
    """Servers that may ask each other; a fourth port that is allowed and where nobody is."""
    folder, numbers = tmp_path_factory.mktemp("service"), [ports.free() for _ in range(4)]
    # The second one's results are small: who asks it for all that it has is refused.
    flags = [["--query-memory", "1MiB"], ["--max-result", "32KiB"], []]
    made = [Served(binary, folder, port, numbers, *flags[place]) for place, port in enumerate(numbers[:3])]
    for each in made:
        each.server.start()
    made[1].update("INSERT DATA { " + " ".join(f":p{n} :name 'person {n}' ; :likes :p{n + 1} ." for n in range(FOLLOWERS)) + " }")
    made[2].update("INSERT DATA { " + " ".join(f":p{n} :label '{'x' * 500}' ." for n in range(FOLLOWERS)) + " }")
    made[0].update("INSERT DATA { :p1 :knows :p7, :p8 . :p2 :knows :p9 . :a :at <%s> . _:b :knows :p3 }" % made[1].sparql)
    made.append(f"http://127.0.0.1:{numbers[3]}/sparql")
    yield made
    for each in made[:3]:
        each.server.stop()


def test_rows_are_joined_with_those_of_another_server(three):
    here, there, *_ = three
    names = here.rows(f"SELECT ?n {{ :p1 :knows ?x . SERVICE <{there.sparql}> {{ ?x :name ?n }} }}")
    assert names == Counter({(("n", "person 7"),): 1, (("n", "person 8"),): 1})
    # As a whole it would be more than the other server gives.
    assert "--max-result" in there.ask("SELECT * { ?x :name ?n }").text
    turned = f"SELECT (COUNT(*) AS ?c) {{ SERVICE <{there.sparql}> {{ ?x :name ?n FILTER(?n != 'person 8') }} ?y :knows ?x }}"
    assert here.rows(turned) == Counter({(("c", "3"),): 1})
    optional = f"SELECT ?y ?n {{ ?y :knows ?x . OPTIONAL {{ SERVICE <{there.sparql}> {{ ?x :likes :p9 ; :name ?n }} }} }}"
    found = here.rows(optional)
    assert sum(found.values()) == 4 and sum(1 for row in found if ("n", "person 8") in row) == 1


def test_more_rows_than_one_text_takes(three):
    here, there, *_ = three
    values = " ".join(f":p{n}" for n in range(250))
    query = f"SELECT (COUNT(DISTINCT ?n) AS ?c) {{ VALUES ?x {{ {values} }} SERVICE <{there.sparql}> {{ ?x :name ?n }} }}"
    assert here.rows(query) == Counter({(("c", "250"),): 1})


def test_the_endpoint_may_be_a_variable(three):
    here, *_ = three
    found = here.rows("SELECT ?n { :a :at ?where . SERVICE ?where { :p5 :name ?n } }")
    assert found == Counter({(("n", "person 5"),): 1})
    assert here.refused("SELECT ?n { SERVICE ?where { :p5 :name ?n } }")[:2] == (400, "UnsupportedOperationException")


def test_an_update_reads_from_another_server(three):
    here, there, *_ = three
    here.update(f"INSERT {{ ?x :called ?n }} WHERE {{ :p1 :knows ?x SERVICE <{there.sparql}> {{ ?x :name ?n }} }}")
    assert here.rows("SELECT ?n { ?x :called ?n }").keys() == {(("n", "person 7"),), (("n", "person 8"),)}


def test_a_plan_asks_only_when_it_is_run(three):
    here, there, _, nobody = three
    query = f"SELECT ?n {{ :p1 :knows ?x . SERVICE <{nobody}> {{ ?x :name ?n }} }}"
    assert here.ask(query, explain="static").status_code == 200
    assert here.refused(query, explain="dynamic")[:2] == (400, "BadRequestException")


def test_who_is_not_allowed_is_not_asked(three, server):
    here, there, *_ = three
    text = f"SELECT * {{ SERVICE <{there.sparql}/> {{ ?s ?p ?o }} }}"
    status, code, message = here.refused(text)
    assert (status, code) == (400, "UnsupportedOperationException")
    assert f"<{there.sparql}/>" in message and "--service-allow" in message
    plain = Http(server.endpoint).ask("POST", "/sparql", data={"query": text})
    assert (plain.status_code, plain.json()["code"]) == (400, "UnsupportedOperationException")
    silent = here.rows(f"SELECT ?x {{ :p1 :knows ?x SERVICE SILENT <http://169.254.169.254/> {{ ?x :name ?n }} }}")
    assert sum(silent.values()) == 2


def test_who_does_not_answer_is_named_unless_silent(three):
    here, *_, nobody = three
    status, code, message = here.refused(f"SELECT * {{ SERVICE <{nobody}> {{ ?s ?p ?o }} }}")
    assert (status, code) == (400, "BadRequestException") and nobody in message and "refused" in message, message
    assert here.refused(f"ASK {{ ?x :knows ?y FILTER EXISTS {{ SERVICE <{nobody}> {{ ?x :name ?n }} }} }}")[:2] == (status, code)
    assert sum(here.rows(f"SELECT * {{ :p1 :knows ?x SERVICE SILENT <{nobody}> {{ ?x :name ?n }} }}").values()) == 2


def test_what_the_other_server_says_of_a_mistake_is_told(three):
    here, there, *_ = three
    _, _, message = here.refused(f"SELECT * {{ SERVICE <{there.sparql}> {{ ?s ?p ?o }} }}")
    assert there.sparql in message


def test_an_answer_that_takes_too_much_memory(three):
    here, _, large, _ = three
    status, code, message = here.refused(f"SELECT * {{ SERVICE <{large.sparql}> {{ ?s ?p ?o }} }}")
    assert (status, code) == (500, "MemoryLimitExceededException") and "SERVICE" in message


def test_blank_nodes_of_others_are_not_ours(three):
    here, *_ = three
    labels = here.rows(f"SELECT ?x {{ ?x :knows :p3 . SERVICE <{here.sparql}> {{ ?x :knows :p3 }} }}")
    assert not labels


@pytest.fixture
def hole(make_server):
    with contextlib.closing(BlackHole()) as hole:
        with make_server("--service-allow", f"{hole.endpoint}/*", "--query-timeout", "3") as server:
            yield hole, Http(server.endpoint)


def test_a_query_that_waits_for_another_server_ends_in_time(hole):
    hole, client = hole
    query = f"SELECT * {{ SERVICE <{hole.endpoint}/sparql> {{ ?s ?p ?o }} }}"
    answer = client.ask("POST", "/sparql", data={"query": query})
    assert (answer.status_code, answer.json()["code"]) == (500, "TimeLimitExceededException")


def test_a_cancel_reaches_a_query_that_waits_for_another_server(make_server):
    with contextlib.closing(BlackHole()) as hole, make_server("--service-allow", f"{hole.endpoint}/*") as server:
        client, name = Http(server.endpoint), str(uuid.uuid4())
        query = f"SELECT * {{ SERVICE SILENT <{hole.endpoint}/sparql> {{ ?s ?p ?o }} }}"
        answers = []
        asking = threading.Thread(target=lambda: answers.append(
            client.ask("POST", "/sparql", data={"query": query, "queryId": name})))
        asking.start()
        running = lambda: client.ask("GET", "/sparql/status").json()["runningQueryCount"]  # noqa: E731
        until(running, what="the query")
        client.ask("POST", "/sparql/status", data={"cancelQuery": "", "queryId": name})
        asking.join()
        assert answers[0].json()["code"] == "CancelledByUserException", answers[0].text
        until(running, lambda count: count == 0, "the thread")


class Misbehaving(http.server.BaseHTTPRequestHandler):
    """Answers as its path says."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/to/"):
            self.send_response(307)
            self.send_header("Location", "http://" + self.path.removeprefix("/to/"))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        kind, body = ANSWERS[self.path]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


JSON = "application/sparql-results+json"
ANSWERS = {
    "/html": ("text/html", b"<html>hello</html>"),
    "/cut": (JSON, b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"literal","value":"1"}},'),
    "/boolean": (JSON, b'{"head":{},"boolean":true}'),
    "/good": (JSON, b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"literal","value":"1"}}]}}'),
}


@pytest.fixture
def misbehaving(make_server, tmp_path):
    other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Misbehaving)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    place = f"127.0.0.1:{other.server_port}"
    with make_server("--service-allow", f"http://{place}/*", data=tmp_path / "asking") as server:
        yield place, Http(server.endpoint)
    other.shutdown()
    other.server_close()


def test_answers_that_are_none(misbehaving):
    place, client = misbehaving
    for path, expected in (("/html", "text/html"), ("/cut", ""), ("/boolean", "boolean")):
        query = f"SELECT * {{ VALUES ?y {{ 1 }} SERVICE %s <http://{place}{path}> {{ ?s ?p ?x }} }}"
        answer = client.ask("POST", "/sparql", data={"query": query % ""})
        assert (answer.status_code, answer.json()["code"]) == (400, "BadRequestException"), answer.text
        assert place in answer.json()["detailedMessage"] and expected in answer.json()["detailedMessage"]
        silent = client.ask("POST", "/sparql", data={"query": query % "SILENT"}).json()["results"]["bindings"]
        assert [set(row) for row in silent] == [{"y"}]


def test_redirects_lead_to_allowed_places_only(misbehaving, server):
    place, client = misbehaving
    query = f"SELECT ?x {{ SERVICE <http://{place}/to/%s> {{ ?s ?p ?x }} }}"
    answer = client.ask("POST", "/sparql", data={"query": query % f"{place}/good"})
    assert answer.json()["results"]["bindings"] == [{"x": {"type": "literal", "value": "1"}}], answer.text
    for elsewhere in (f"127.0.0.1:{server.port}/sparql", "169.254.169.254/latest"):
        answer = client.ask("POST", "/sparql", data={"query": query % elsewhere})
        assert answer.status_code == 400 and "--service-allow" in answer.json()["detailedMessage"], answer.text


#: The suite's endpoints, each of which becomes one of the servers.
NAMES = ("http://example.org/sparql", "http://example1.org/sparql", "http://example2.org/sparql")


def w3c():
    rdflib = pytest.importorskip("rdflib")
    mf = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
    qt = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
    path = SUITE / "manifest.ttl"
    graph = rdflib.Graph().parse(path, format="turtle", publicID=path.as_uri())
    file = lambda iri: SUITE / str(iri).rsplit("/", 1)[-1]  # noqa: E731
    for entry in graph.subjects(mf.action, None):
        action = graph.value(entry, mf.action)
        served = {str(graph.value(each, qt.endpoint)): file(graph.value(each, qt.data))
                  for each in graph.objects(action, qt.serviceData)}
        data = graph.value(action, qt.data)
        yield pytest.param(data and file(data), served, file(graph.value(action, qt.query)), file(graph.value(entry, mf.result)),
                           id=str(entry).rsplit("#", 1)[-1])


@pytest.fixture(scope="module")
def suite_servers(binary, tmp_path_factory):
    folder, numbers = tmp_path_factory.mktemp("w3c-service"), [ports.free() for _ in range(4)]
    made = [Served(binary, folder, port, numbers) for port in numbers]
    for each in made:
        each.server.start()
    yield made
    for each in made:
        each.server.stop()


@pytest.mark.skipif(not SUITE.is_dir(), reason="no SPARQL suites (HALIMEDE_SHARED names another shared folder)")
@pytest.mark.parametrize("data, served, query, result", list(w3c()) if SUITE.is_dir() else [])
def test_w3c(data, served, query, result, suite_servers):
    here, *others = suite_servers
    places = dict(zip(NAMES, (other.sparql for other in others)))
    renamed = lambda text: renamed_all(text, places)  # noqa: E731
    for server, file in [(here, data)] + [(others[NAMES.index(name)], file) for name, file in served.items()]:
        server.update("DROP ALL")
        if file:
            answer = requests.put(f"{server.sparql}/gsp/?default", data=renamed(file.read_text()).encode(),
                                  headers={"Content-Type": "text/turtle"})
            assert answer.ok, answer.text
    answer = requests.post(here.sparql, data={"query": renamed(query.read_text())},
                           headers={"Accept": "application/sparql-results+xml"})
    assert answer.status_code == 200, answer.text
    assert parse(answer.content) == parse(renamed(result.read_text()).encode())


def renamed_all(text, places):
    for name, place in places.items():
        text = text.replace(name, place)
    return text


def parse(xml):
    """Rows of XML results."""
    from rdflib.query import Result

    rows = Result.parse(io.BytesIO(xml), format="xml")
    return Counter(frozenset((str(name), value) for name, value in row.items()) for row in rows.bindings)
