"""The W3C suites for the SPARQL 1.1 Protocol, the Graph Store HTTP Protocol and service descriptions, over HTTP.

Each test is read from its manifest: requests in turn, each with the status, format, boolean or graph that it expects. The
suites keep the default graph apart from the named ones, so the server runs with `--sparql-default-graph separate`. The
folder `http-rdf-update` is the same suite in prose, and marked as deprecated.
"""

import os
from pathlib import Path

import pytest
import requests

from support.server import Server

rdflib = pytest.importorskip("rdflib")
from rdflib.collection import Collection  # noqa: E402
from rdflib.compare import isomorphic  # noqa: E402

SUITE = Path(os.environ.get("HALIMEDE_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "conformance/sparql11"
MANIFESTS = ("protocol/manifest.ttl", "graph-store-protocol/manifest-direct.ttl",
             "graph-store-protocol/manifest-indirect.ttl", "service-description/manifest.ttl")

MF = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
HT = rdflib.Namespace("http://www.w3.org/2011/http#")
CNT = rdflib.Namespace("http://www.w3.org/2011/content#")
UT = rdflib.Namespace("http://www.w3.org/2009/sparql/tests/test-update#")

#: Features that a test may require of an endpoint by `mf:requires`, and that Neptune's has not.
NOT_OFFERED = {
    "DirectGraphIdentification": "graphs are named by ?graph= alone",
    "POSTGraphCreation": "a request without ?default or ?graph= is refused",
}

#: What fails, and why. One that passes is a failure, too.
FAILING = {
    "service-description/conforms-to-schema": "GET without a query is MissingParameterException, as in Neptune",
}

STATUS = {"OK": 200, "Created": 201, "NoContent": 204, "NotFound": 404}
FORMATS = {
    "boolean": ("application/sparql-results+json", "application/sparql-results+xml"),
    "tabular": ("application/sparql-results+json", "application/sparql-results+xml", "text/csv",
                "text/tab-separated-values"),
    "RDF": ("application/n-quads", "application/n-triples", "application/rdf+xml", "text/turtle"),
}


class Case:
    """One test of a manifest."""

    def __init__(self, folder, graph, entry):
        self.folder, self.graph, self.entry = folder, graph, entry
        self.name = f"{folder.name}/{str(entry).rsplit('#', 1)[-1]}"
        self.required = {str(each).rsplit("#", 1)[-1] for each in graph.objects(entry, MF.requires)}

    def all(self, subject, predicate):
        found = self.graph.value(subject, predicate)
        return Collection(self.graph, found) if found else []

    def headers(self, message):
        return {str(self.graph.value(each, HT.fieldName)): str(self.graph.value(each, HT.fieldValue))
                for each in self.all(message, HT.headers)}

    def body(self, message):
        body = self.graph.value(message, HT.body)
        if body is None:
            return None
        encoding = self.graph.value(body, CNT.characterEncoding)
        return str(self.graph.value(body, CNT.chars)).encode(str(encoding))

    def data(self):
        """Files and the graphs that they are to be in."""
        for each in self.graph.objects(self.entry, UT.graphData):
            file = self.graph.value(each, UT.graph)
            yield self.folder / str(file).rsplit("/", 1)[-1], str(self.graph.value(each, rdflib.RDFS.label))


def cases():
    for manifest in MANIFESTS:
        path = SUITE / manifest
        graph = rdflib.Graph().parse(path, format="turtle", publicID=path.as_uri())
        entries = graph.value(rdflib.URIRef(path.as_uri()), MF.entries)
        for entry in Collection(graph, entries):
            case = Case(path.parent, graph, entry)
            reasons = [NOT_OFFERED[each] for each in case.required if each in NOT_OFFERED]
            marks = [pytest.mark.xfail(strict=True, reason=f"not offered: {reason}") for reason in reasons]
            if case.name in FAILING:
                marks.append(pytest.mark.xfail(strict=True, reason=FAILING[case.name]))
            yield pytest.param(case, id=case.name, marks=marks)


CASES = list(cases()) if SUITE.is_dir() else [None]


@pytest.fixture(scope="module")
def endpoint(binary, tmp_path_factory):
    data = tmp_path_factory.mktemp("protocol") / "data"
    with Server(binary, data, "--sparql-default-graph", "separate") as server:
        yield server.endpoint


def has_status(answer, expected):
    return any(
        answer.status_code == STATUS.get(each) or each == f"StatusCode{answer.status_code // 100}xx" for each in expected)


def media_type(headers):
    return headers.get("content-type", "").split(";")[0]


def check(case, message, answer, places):
    response = case.graph.value(message, HT.resp)
    expected = [str(each).rsplit("#", 1)[-1] for each in case.graph.objects(response, MF.expectedStatus)]
    assert has_status(answer, expected), (expected, answer.status_code, answer.text)
    if (boolean := case.graph.value(response, MF.expectedBoolean)) is not None:
        assert answer.json()["boolean"] is boolean.toPython()
    for name in case.graph.objects(response, MF.expectedFormat):
        assert media_type(answer.headers) in FORMATS[str(name)]
    if place := case.graph.value(response, MF.expectedLocation):
        places[str(place)] = answer.headers["Location"]
    headers = case.headers(response)
    if "content-type" in headers:
        assert media_type(answer.headers) == media_type(headers)
    if (body := case.body(response)) is not None:
        found, wanted = rdflib.Graph(), rdflib.Graph()
        found.parse(data=answer.content, format=media_type(answer.headers))
        wanted.parse(data=body, format=media_type(headers))
        assert isomorphic(found, wanted), answer.text


@pytest.mark.parametrize("case", CASES)
def test_case(case, endpoint):
    if case is None:
        pytest.skip(f"no SPARQL suites in {SUITE} (HALIMEDE_SHARED names another shared folder)")
    assert requests.post(f"{endpoint}/sparql", data={"update": "DROP ALL"}).ok
    for file, name in case.data():
        answer = requests.put(f"{endpoint}/sparql/gsp", params={"graph": name}, data=file.read_bytes(),
                              headers={"Content-Type": "application/n-triples"})
        assert answer.ok, answer.text
    places = {}
    action = case.graph.value(case.entry, MF.action)
    messages = case.all(action, HT.requests)
    for message in messages:
        path = str(case.graph.value(message, HT.absolutePath))
        for name, value in places.items():
            path = path.replace(name, requests.utils.quote(value, safe=""))
        path = path.replace("/gsp", "/sparql/gsp", 1) if path.startswith("/gsp") else path
        answer = requests.request(
            str(case.graph.value(message, HT.methodName)), endpoint + path,
            data=case.body(message), headers=case.headers(message))
        check(case, message, answer, places)
    if not messages:
        answer = requests.get(f"{endpoint}/sparql", headers={"Accept": "text/turtle"})
        assert answer.ok and media_type(answer.headers) in FORMATS["RDF"], answer.text
