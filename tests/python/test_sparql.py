"""SPARQL over HTTP: every form of query, every result format, the union default graph, and clear refusals."""

import csv
import io
import json
import threading
import uuid
from xml.etree import ElementTree

import pytest

from support.clients import Boto, Http, finished, load
from support.graphs import DEFAULT_GRAPH
from support.server import Server
from support.waiting import until

DATA = """\
<http://ex.test/a> <http://ex.test/name> "Ada" .
<http://ex.test/a> <http://ex.test/age> "36"^^<http://www.w3.org/2001/XMLSchema#integer> .
<http://ex.test/a> <http://ex.test/knows> <http://ex.test/b> .
<http://ex.test/b> <http://ex.test/name> "Bo"@en .
"""


@pytest.fixture(scope="module")
def http(binary, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sparql")
    (folder / "d.nt").write_text(DATA)
    with Server(binary, folder / "data", "--import-dir", folder) as server:
        payload = load(Boto(server.endpoint), f"file://{folder / 'd.nt'}", "ntriples")
        assert payload["overallStatus"]["status"] == "LOAD_COMPLETED", payload
        yield Http(server.endpoint)


NAMES = "SELECT ?s ?n WHERE { ?s <http://ex.test/name> ?n } ORDER BY ?s"


def ask(http, query, accept=None, **options):
    headers = {"Accept": accept} if accept else {}
    return http.ask("POST", "/sparql", data={"query": query}, headers=headers, **options)


def rows(answer):
    assert answer.status_code == 200, answer.text
    return [{name: bound["value"] for name, bound in row.items()} for row in answer.json()["results"]["bindings"]]


def test_select_in_json_is_the_default(http):
    answer = ask(http, NAMES)
    assert answer.headers["Content-Type"].startswith("application/sparql-results+json")
    assert rows(answer) == [{"s": "http://ex.test/a", "n": "Ada"}, {"s": "http://ex.test/b", "n": "Bo"}]
    assert answer.json()["results"]["bindings"][1]["n"]["xml:lang"] == "en"


@pytest.mark.parametrize("media, read", [
    ("application/sparql-results+json", lambda text: json.loads(text)["head"]["vars"]),
    ("application/sparql-results+xml", lambda text: [each.get("name") for each in ElementTree.fromstring(text)[0]]),
    ("text/csv", lambda text: next(csv.reader(io.StringIO(text)))),
    ("text/tab-separated-values", lambda text: [name.lstrip("?") for name in text.splitlines()[0].split("\t")]),
])
def test_select_in_each_results_format(http, media, read):
    answer = ask(http, NAMES, media)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].split(";")[0] == media
    assert read(answer.text) == ["s", "n"]
    assert "Ada" in answer.text


def test_quality_values_decide(http):
    answer = ask(http, NAMES, "text/csv;q=0.5, application/sparql-results+xml;q=0.9, text/html")
    assert answer.headers["Content-Type"].startswith("application/sparql-results+xml")


def test_ask(http):
    assert ask(http, "ASK { ?s <http://ex.test/age> 36 }").json()["boolean"] is True
    assert ask(http, "ASK { ?s <http://ex.test/age> 37 }").json()["boolean"] is False


@pytest.mark.parametrize("media", [
    "application/n-triples", "text/turtle", "application/rdf+xml", "application/n-quads", "application/trig"])
@pytest.mark.parametrize("query", [
    "CONSTRUCT { ?s <http://ex.test/called> ?n } WHERE { ?s <http://ex.test/name> ?n }", "DESCRIBE <http://ex.test/a>"])
def test_graphs_in_each_rdf_format(http, query, media):
    answer = ask(http, query, media)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].split(";")[0] == media
    assert "Ada" in answer.text


def test_get_and_direct_post_ask_the_same(http):
    expected = rows(ask(http, NAMES))
    assert rows(http.ask("GET", "/sparql", params={"query": NAMES, "format": "json", "unknown": "ignored"})) == expected
    direct = http.ask("POST", "/sparql", data=NAMES, headers={"Content-Type": "application/sparql-query"})
    assert rows(direct) == expected
    assert rows(http.ask("POST", "/sparql/", data={"query": NAMES})) == expected


def test_aggregates_paths_and_filters(http):
    assert rows(ask(http, "SELECT (COUNT(*) AS ?c) WHERE { ?s ?p ?o }")) == [{"c": "4"}]
    assert rows(ask(http, "SELECT ?n WHERE { <http://ex.test/a> <http://ex.test/knows>+/<http://ex.test/name> ?n }")) \
        == [{"n": "Bo"}]
    assert rows(ask(http, "SELECT ?s WHERE { ?s <http://ex.test/age> ?a FILTER(?a > 30) }")) == [{"s": "http://ex.test/a"}]


def test_triples_without_a_graph_are_in_neptunes_default_named_graph(http):
    assert rows(ask(http, "SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }")) == [{"g": DEFAULT_GRAPH}]


@pytest.mark.parametrize("query, code", [
    ("SELECT ?s WHERE { ?s ?p }", "MalformedQueryException"),
    ("hello", "MalformedQueryException"),
])
def test_bad_queries_say_what_is_wrong(http, query, code):
    answer = ask(http, query)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.headers["x-amzn-errortype"] == code
    assert answer.json()["requestId"] == answer.headers["x-amzn-requestid"]


def test_a_missing_query_is_named(http):
    answer = http.ask("POST", "/sparql", data={})
    assert (answer.status_code, answer.json()["code"]) == (400, "MissingParameterException")


def test_a_triple_in_two_graphs_is_one_in_the_union(server, files):
    (files / "d.nt").write_text(DATA)
    client, http = Boto(server.endpoint), Http(server.endpoint)
    for graph in ("http://ex.test/one", "http://ex.test/two"):
        start = http.ask("POST", "/loader", json={
            "source": f"file://{files / 'd.nt'}", "format": "ntriples", "mode": "NEW",
            "parserConfiguration": {"namedGraphUri": graph}})
        assert finished(client, start.json()["payload"]["loadId"])["overallStatus"]["status"] == "LOAD_COMPLETED"
    assert rows(ask(http, "SELECT (COUNT(*) AS ?c) WHERE { ?s ?p ?o }")) == [{"c": "4"}]
    assert rows(ask(http, "SELECT (COUNT(*) AS ?c) WHERE { GRAPH ?g { ?s ?p ?o } }")) == [{"c": "8"}]
    assert rows(ask(http, "SELECT (COUNT(*) AS ?c) FROM <http://ex.test/one> WHERE { ?s ?p ?o }")) == [{"c": "4"}]
    assert rows(ask(http, "SELECT (COUNT(*) AS ?c) FROM <http://ex.test/one> FROM <http://ex.test/two> "
                          "WHERE { ?s ?p ?o }")) == [{"c": "4"}]


HINT = "PREFIX hint: <http://aws.amazon.com/neptune/vocab/v01/QueryHints#> "
ENDLESS = "".join(f"VALUES ?{name} {{ {' '.join(map(str, range(300)))} }} " for name in "abcde") + "FILTER(?a + ?e < 0)"


@pytest.mark.parametrize("hints, expected", [
    ("hint:Query hint:queryTimeout 120000", "must be less than neptune_query_timeout DB Parameter Group"),
    ("hint:Query hint:queryTimeout 1, '2'", "must be set only once"),
    ("hint:Query hint:describeMode 'All'", "expected"),
])
def test_hints_that_cannot_be_meant(http, hints, expected):
    answer = ask(http, f"{HINT} SELECT * {{ {hints} . ?s ?p ?o }}")
    assert (answer.status_code, answer.json()["code"]) == (400, "MalformedQueryException")
    assert answer.json()["detailedMessage"].startswith("Malformed query: Query hint '")
    assert expected in answer.json()["detailedMessage"]


def test_a_hint_gives_a_query_less_time(http):
    answer = ask(http, f"{HINT} SELECT * {{ hint:Query hint:queryTimeout 50 . {ENDLESS} }}")
    assert (answer.status_code, answer.json()["code"]) == (500, "TimeLimitExceededException")
    assert rows(ask(http, f"{HINT} SELECT ?n {{ hint:Query hint:queryTimeout 100000; hint:joinOrder 'Ordered' . "
                          "?s <http://ex.test/age> ?a . ?s <http://ex.test/name> ?n }")) == [{"n": "Ada"}]


def test_a_hint_names_a_query(http):
    name, answers = str(uuid.uuid4()), []
    query = f"{HINT} SELECT * {{ hint:Query hint:queryId '{name}' . {ENDLESS} }}"
    asking = threading.Thread(target=lambda: answers.append(ask(http, query)))
    asking.start()
    until(lambda: http.ask("GET", "/sparql/status", params={"queryId": name}).text, what="the query by its id")
    http.ask("POST", "/sparql/status", data={"cancelQuery": "", "queryId": name})
    asking.join()
    assert answers[0].json()["code"] == "CancelledByUserException"
