"""SPARQL clients of other languages: each asks, reads a graph and updates. SPARQLWrapper and rdflib are in `test_sparql_update`."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from support.server import clean_environment

EX = "http://ex.test/"
TEXTS = [
    ("update", f"INSERT DATA {{ <{EX}a> <{EX}p> 'x', 'é\\n' . GRAPH <{EX}g> {{ <{EX}a> <{EX}p> 'x' }} }}", None),
    ("ask", f"ASK {{ GRAPH <{EX}g> {{ ?s ?p 'x' }} }}", True),
    ("select", "SELECT ?o ?none { ?s ?p ?o } ORDER BY ?o", [{"o": "x"}, {"o": "é\n"}]),
    ("construct", f"CONSTRUCT {{ ?s <{EX}q> ?o }} WHERE {{ ?s ?p ?o FILTER(?o = 'x') }}", [[f"{EX}a", f"{EX}q", "x"]]),
]


def test_fetch_sparql_endpoint(server, js_client):
    node, script = js_client
    lines = [*({"kind": kind, "text": text} for kind, text, _ in TEXTS), {"kind": "select", "text": "SELECT nonsense"}]
    run = subprocess.run(
        [node, script.replace("client.mjs", "sparql.mjs"), f"{server.endpoint}/sparql"], check=True, capture_output=True,
        text=True, input="".join(json.dumps(line) + "\n" for line in lines), env=clean_environment())
    *answers, refused = [json.loads(line) for line in run.stdout.splitlines()]
    assert answers == [{"ok": expected} for _, _, expected in TEXTS]
    assert "MalformedQueryException" in refused["error"] or "400" in refused["error"], refused


@pytest.fixture
def curl(server, tmp_path):
    if not shutil.which("curl"):
        pytest.skip("no curl")

    def run(*arguments, path="/sparql"):
        done = subprocess.run(["curl", "--silent", "--show-error", "--fail-with-body", *map(str, arguments), server.endpoint + path],
                              capture_output=True, text=True, env=clean_environment())
        return done.returncode, done.stdout

    return run


def test_curl(curl, tmp_path):
    for kind, text, expected in TEXTS[:3]:
        parameter = "update" if kind == "update" else "query"
        code, out = curl("--data-urlencode", f"{parameter}={text}")
        assert code == 0, out
        if kind == "ask":
            assert json.loads(out)["boolean"] is expected
    code, out = curl("--get", "--data-urlencode", "query=SELECT ?o { ?s ?p ?o } ORDER BY ?o", "-H", "Accept: text/csv")
    assert (code, out.splitlines()[:2]) == (0, ["o", "x"])
    code, out = curl("--data-binary", "ASK {", "-H", "Content-Type: application/sparql-query")
    assert code != 0 and json.loads(out)["code"] == "MalformedQueryException"


def test_curl_sends_files_as_they_are_and_as_a_form(curl, tmp_path):
    (tmp_path / "a.ttl").write_text(f"<{EX}b> <{EX}p> [ <{EX}p> 1 ] .")
    (tmp_path / "b.nt").write_text(f"<{EX}b> <{EX}p> _:x .\n_:x <{EX}p> \"2\" .\n")
    where = f"/sparql/gsp/?graph={EX}files"
    code, out = curl("--request", "PUT", "--data-binary", f"@{tmp_path / 'a.ttl'}", "-H", "Content-Type: text/turtle", path=where)
    assert code == 0, out
    form = ["--form", f"one=@{tmp_path / 'a.ttl'}", "--form", f"two=@{tmp_path / 'b.nt'}"]
    code, out = curl(*form, path=where)
    assert code == 0, out
    code, out = curl("-H", "Accept: application/n-triples", path=where)
    # Each document has blank nodes of its own.
    assert code == 0 and len(out.splitlines()) == 6, out
    code, out = curl("--form", f"one=@{Path(__file__)}", path=where)
    assert code != 0 and "Content-Type" in json.loads(out)["detailedMessage"], out
