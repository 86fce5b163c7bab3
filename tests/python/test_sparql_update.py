"""SPARQL updates over HTTP: every form, every client, nothing lost."""

import os
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from support.clients import Http
from support.graphs import DEFAULT_GRAPH

EX = "http://ex.test/"
UPDATE = {"Content-Type": "application/sparql-update"}

#: Random updates in all, and how often the server is killed meanwhile.
UPDATES = int(os.environ.get("HALIMEDE_SPARQL_UPDATES", "400"))
KILLS = int(os.environ.get("HALIMEDE_SPARQL_KILLS", "3"))
CLIENTS = 16


@pytest.fixture
def http(server):
    return Http(server.endpoint)


def rows(http, query):
    answer = http.ask("POST", "/sparql", data={"query": query})
    assert answer.status_code == 200, answer.text
    return [tuple(bound["value"] for bound in row.values()) for row in answer.json()["results"]["bindings"]]


def count(http, pattern="?s ?p ?o"):
    return int(rows(http, f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}")[0][0])


def update(http, text, **options):
    answer = http.ask("POST", "/sparql", data=text.encode(), headers=UPDATE, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_each_operation_is_told(http):
    seen = update(http, f"PREFIX : <{EX}> INSERT DATA {{ :a :p 1 }}; DELETE DATA {{ :a :p 2 }}")
    assert [event["type"] for event in seen] == ["UpdateEvent", "UpdateEvent", "Commit"]
    assert rows(http, "SELECT ?g { GRAPH ?g { ?s ?p ?o } }") == [(DEFAULT_GRAPH,)]


def test_a_file_is_loaded_and_unloaded(http, files):
    (files / "d.ttl").write_text(f"@prefix : <{EX}> . :a :p 1, 2 .")
    source = f"file://{files / 'd.ttl'}"
    update(http, f"LOAD <{source}> INTO GRAPH <{EX}g>; LOAD <{source}>")
    assert count(http, "GRAPH ?g { ?s ?p ?o }") == 4
    update(http, f"UNLOAD <{source}> FROM GRAPH <{EX}g>")
    assert rows(http, "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }") == [(DEFAULT_GRAPH,)]
    answer = http.ask("POST", "/sparql", data={"update": "LOAD <file:///etc/hostname.ttl>"})
    assert answer.status_code == 400, answer.text
    assert count(http) == 2


def test_sparqlwrapper_updates_and_asks(server):
    wrapper = pytest.importorskip("SPARQLWrapper")
    client = wrapper.SPARQLWrapper(f"{server.endpoint}/sparql")
    client.setMethod(wrapper.POST)
    client.setQuery(f"INSERT DATA {{ <{EX}a> <{EX}p> 'x', 'y' . GRAPH <{EX}g> {{ <{EX}a> <{EX}p> 'x' }} }}")
    client.query()
    client.setMethod(wrapper.GET)
    client.setReturnFormat(wrapper.JSON)
    client.setQuery("SELECT ?o { ?s ?p ?o } ORDER BY ?o")
    found = client.query().convert()["results"]["bindings"]
    assert [row["o"]["value"] for row in found] == ["x", "y"]


def test_an_rdflib_graph_is_kept_here(server):
    rdflib = pytest.importorskip("rdflib")
    from rdflib.plugins.stores.sparqlstore import SPARQLUpdateStore

    endpoint = f"{server.endpoint}/sparql"
    store = SPARQLUpdateStore(endpoint, endpoint)
    graph = rdflib.Graph(store, identifier=rdflib.URIRef(f"{EX}g"))
    a, p = rdflib.URIRef(f"{EX}a"), rdflib.URIRef(f"{EX}p")
    for value in (1, 2):
        graph.add((a, p, rdflib.Literal(value)))
    assert {int(value) for value in graph.objects(a, p)} == {1, 2}
    graph.remove((a, p, rdflib.Literal(1)))
    assert len(graph) == 1
    graph.update(f"DELETE {{ ?s ?p ?o }} INSERT {{ ?s ?p 3 }} WHERE {{ ?s ?p ?o }}")
    assert [int(value) for value in graph.objects(a, p)] == [3]


def test_a_graph_is_written_as_a_whole(http):
    turtle = {"Content-Type": "text/turtle"}
    where = {"graph": f"{EX}g"}
    assert http.ask("PUT", "/sparql/gsp/", params=where, headers=turtle, data=f"<{EX}a> <{EX}p> 1 .").status_code == 201
    assert http.ask("POST", "/sparql/gsp/", params=where, headers=turtle, data=f"<{EX}a> <{EX}p> 2 .").status_code == 204
    answer = http.ask("GET", "/sparql/gsp/", params=where, headers={"Accept": "application/n-triples"})
    assert answer.status_code == 200 and len(answer.text.splitlines()) == 2, answer.text
    assert http.ask("DELETE", "/sparql/gsp/", params=where).status_code == 204
    assert http.ask("GET", "/sparql/gsp/", params=where).status_code == 404


@pytest.mark.parametrize("seed", ["epl", "airports"])
def test_the_notebooks_seeds_give_what_another_store_has(server, shared, seed):
    oxigraph = pytest.importorskip("pyoxigraph")
    http, other = Http(server.endpoint), oxigraph.Store()
    prefixes = ""
    for file in sorted((shared / "data" / "notebook-seeds" / "sparql" / seed).iterdir()):
        text = file.read_text()
        update(http, text, timeout=600)
        other.update(prefixes + text)
    everything = "SELECT (COUNT(*) AS ?n) (COUNT(DISTINCT ?p) AS ?ps) (COUNT(DISTINCT ?s) AS ?ss) { ?s ?p ?o }"
    expected = [tuple(term.value for term in row) for row in other.query(everything, use_default_graph_as_union=True)]
    assert rows(http, everything) == expected
    by_predicate = "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p"
    found = other.query(by_predicate, use_default_graph_as_union=True)
    assert Counter(rows(http, by_predicate)) == Counter(tuple(term.value for term in row) for row in found)


def test_nothing_acknowledged_is_lost(make_server, tool):
    """Each client owns a subject, whose values it changes; what it was told is what must be there after every kill."""
    server = make_server().start()
    seeded = random.Random(11)
    model = {client: set() for client in range(CLIENTS)}
    unsure = {client: None for client in range(CLIENTS)}
    lock = threading.Lock()
    acknowledged = 0

    def change(client, turn, endpoint, mark, reached, stop):
        nonlocal acknowledged
        chance = random.Random(client * 1_000_003 + turn)
        try:
            while not stop.is_set():
                value = chance.randrange(20)
                has = set(model[client])
                if chance.random() < 0.6:
                    text, then = f"INSERT DATA {{ <{EX}{client}> <{EX}v> {value} }}", has | {value}
                elif chance.random() < 0.8:
                    text, then = f"DELETE DATA {{ <{EX}{client}> <{EX}v> {value} }}", has - {value}
                else:
                    text = f"DELETE {{ <{EX}{client}> <{EX}v> ?v }} INSERT {{ <{EX}{client}> <{EX}v> ?w }} " \
                           f"WHERE {{ <{EX}{client}> <{EX}v> ?v BIND(?v + 100 AS ?w) FILTER(?v < 100) }}"
                    then = {each + 100 if each < 100 else each for each in has}
                try:
                    answer = requests.post(f"{endpoint}/sparql", data={"update": text}, timeout=120)
                except requests.RequestException:
                    unsure[client] = then  # done or not, nobody knows
                    return
                assert answer.status_code == 200, answer.text
                model[client] = then
                with lock:
                    acknowledged += 1
                    if acknowledged >= mark:
                        reached.set()
        finally:
            reached.set()

    # After how many updates the server is killed, and at last how many there are.
    marks = [*sorted(seeded.randrange(UPDATES) for _ in range(KILLS)), UPDATES]
    for turn, mark in enumerate(marks):
        reached, stop = threading.Event(), threading.Event()
        with ThreadPoolExecutor(CLIENTS) as pool:
            told = (turn, server.endpoint, mark, reached, stop)
            working = [pool.submit(change, client, *told) for client in range(CLIENTS)]
            reached.wait()
            if turn < KILLS:
                server.kill()
            stop.set()
            for each in working:
                each.result()
        if turn < KILLS:
            checked = tool.check(server.data)
            assert checked.clean, checked.text
            server.start()
        http = Http(server.endpoint)
        for client in range(CLIENTS):
            found = {int(value) for value, in rows(http, f"SELECT ?v {{ <{EX}{client}> <{EX}v> ?v }}")}
            assert found in (model[client], unsure[client]), (turn, client)
            model[client], unsure[client] = found, None
    assert server.stop() == 0
    checked = tool.check(server.data)
    assert checked.clean, checked.text
