"""Statistics, summaries and storage information: exact right after a load, readable by every SDK, documented refusals."""

import datetime
import json

import pytest
import requests

from support import expected
from support.clients import Boto, ServiceError, load
from support.graphs import PropertyGraph, statements
from support.server import Server

BASIC = ("nodeStructures", "edgeStructures", "subjectStructures")
NOW = datetime.datetime.now(datetime.UTC)
NONE = {"autoCompute": True, "active": False, "statisticsId": -1}


def basic(summary):
    return {name: value for name, value in summary.items() if name not in BASIC}


@pytest.fixture(scope="module")
def graph(tool, tmp_path_factory):
    """A generated graph in all formats."""
    return tool.generate(tmp_path_factory.mktemp("graph"), 2_000, 6_000, "all")


def test_air_routes_is_known_exactly_right_after_its_load(make_server, shared):
    folder = shared / "data/air-routes"
    nodes, edges = folder / "air-routes-latest-nodes.csv", folder / "air-routes-latest-edges.csv"
    summary, signatures = expected.property_graph(PropertyGraph.of_gremlin_csv(nodes, edges))
    with make_server("--import-dir", folder) as server:
        client = Boto(server.endpoint)
        # The folder has texts that are no CSV, so one file at a time.
        for path in (nodes, edges):
            assert load(client, f"file://{path}")["overallStatus"]["status"] == "LOAD_COMPLETED"
        found = client.call("get_propertygraph_statistics")
        assert found["status"] == "200 OK"
        payload = found["payload"]
        assert payload["signatureInfo"] == signatures
        assert (payload["autoCompute"], payload["active"]) == (True, True)
        assert payload["statisticsId"] > NOW.timestamp() * 1000 and payload["date"] > NOW

        detailed = client.call("get_propertygraph_summary", mode="detailed")
        assert detailed["payload"]["graphSummary"] == summary
        assert (detailed["statusCode"], detailed["payload"]["version"]) == (200, "v1")
        assert detailed["payload"]["lastStatisticsComputationTime"] == payload["date"]
        assert client.call("get_propertygraph_summary")["payload"]["graphSummary"] == basic(summary)
        # Nothing of it is in the other graph.
        assert client.call("get_sparql_statistics")["payload"] == NONE
        empty, _ = expected.rdf([])
        assert client.call("get_rdf_graph_summary", mode="detailed")["payload"]["graphSummary"] == empty


def test_a_generated_graph_of_either_kind_and_one_load_more(make_server, graph):
    with make_server("--import-dir", graph) as server:
        client = Boto(server.endpoint)
        load(client, f"file://{graph}/csv")
        load(client, f"file://{graph}/nquads", "nquads")
        pg, pg_signatures = expected.property_graph(PropertyGraph.of_gremlin_csv(graph / "csv"))
        quads = statements(graph / "nquads")
        rdf, rdf_signatures = expected.rdf(quads)

        def same(pg, pg_signatures, rdf, rdf_signatures):
            assert client.call("get_propertygraph_summary", mode="detailed")["payload"]["graphSummary"] == pg
            assert client.call("get_propertygraph_statistics")["payload"]["signatureInfo"] == pg_signatures
            assert client.call("get_rdf_graph_summary", mode="detailed")["payload"]["graphSummary"] == rdf
            assert client.call("get_sparql_statistics")["payload"]["signatureInfo"] == rdf_signatures

        same(pg, pg_signatures, rdf, rdf_signatures)
        # The same statements once more, in the default graph: other quads of the same subjects.
        load(client, f"file://{graph}/ntriples", "ntriples")
        rdf, rdf_signatures = expected.rdf(quads | statements(graph / "ntriples"))
        assert rdf["numQuads"] == 2 * len(quads)
        same(pg, pg_signatures, rdf, rdf_signatures)
    with server:
        client = Boto(server.endpoint)
        same(pg, pg_signatures, rdf, rdf_signatures)


#: The operations as SDKs name them, by graph.
OPERATIONS = {
    "pg": ("propertygraph-statistics", "propertygraph-summary", "nodeStructures"),
    "rdf": ("sparql-statistics", "rdf-graph-summary", "subjectStructures"),
}


@pytest.mark.parametrize("kind", OPERATIONS)
@pytest.mark.parametrize("sdk", ["boto3", "aws-cli", "javascript", "rust"])
def test_every_sdk_reads_every_answer(sdk, kind, connect, make_server, graph):
    statistics, summary, structures = OPERATIONS[kind]
    with make_server("--import-dir", graph) as server:
        client = connect(sdk, server.endpoint)

        def call(verb, **members):
            return client.call(verb.replace("-", "_") if sdk == "boto3" else verb, **members)

        source = ("csv", "csv") if kind == "pg" else ("nquads", "nquads")
        load(Boto(server.endpoint), f"file://{graph}/{source[0]}", source[1])
        known = call(f"get-{statistics}")["payload"]
        assert known["active"] is True and int(known["statisticsId"]) > NOW.timestamp() * 1000
        assert known["signatureInfo"]["instanceCount"] >= 2_000
        shown = call(f"get-{summary}", mode="detailed")["payload"]
        assert str(shown["lastStatisticsComputationTime"])[:10] == str(known["date"])[:10]
        assert shown["graphSummary"][structures]
        assert structures not in call(f"get-{summary}")["payload"]["graphSummary"]

        assert call(f"manage-{statistics}", mode="disableAutoCompute")["status"] == "200 OK"
        assert call(f"manage-{statistics}", mode="enableAutoCompute")["status"] == "200 OK"
        refreshed = call(f"manage-{statistics}", mode="refresh")
        assert int(refreshed["payload"]["statisticsId"]) == int(known["statisticsId"]), "nothing has changed"
        deleted = call(f"delete-{statistics}")
        assert (deleted["payload"]["active"], int(deleted["payload"]["statisticsId"])) == (False, -1)
        again = call(f"delete-{statistics}")
        assert "payload" not in again or again["payload"] is None, "204 has no body"
        gone = call(f"get-{statistics}")["payload"]
        assert (gone["active"], int(gone["statisticsId"])) == (False, -1)
        with pytest.raises(ServiceError) as refused:
            call(f"get-{summary}")
        assert refused.value.name == "StatisticsNotAvailableException"
        renewed = call(f"manage-{statistics}", mode="refresh")
        assert int(renewed["payload"]["statisticsId"]) > int(known["statisticsId"])
        assert call(f"get-{summary}")["payload"]["graphSummary"]


PATHS = {
    "pg": ["/propertygraph/statistics", "/pg/statistics", "/gremlin/statistics", "/pg/statistics/"],
    "rdf": ["/rdf/statistics", "/sparql/statistics"],
}
SUMMARIES = {"pg": ["/propertygraph/statistics/summary", "/pg/statistics/summary"], "rdf": ["/rdf/statistics/summary"]}


@pytest.mark.parametrize("kind", PATHS)
def test_every_path_answers(server, kind):
    def ask(method, path, **options):
        return requests.request(method, server.endpoint + path, **options)

    for path in SUMMARIES[kind]:
        answer = ask("GET", path)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("application/json")
    for path in PATHS[kind]:
        answer = ask("GET", path)
        assert (answer.status_code, answer.json()["payload"]["active"]) == (200, True)
        # A notebook sends JSON without a content type, curl as a form.
        for headers in ({}, {"content-type": "application/x-www-form-urlencoded"}, {"content-type": "application/json"}):
            command = json.dumps({"mode": "enableAutoCompute"}).encode()
            answer = ask("POST", path, data=command, headers=headers)
            assert (answer.status_code, answer.json()) == (200, {"status": "200 OK"})
        answer = ask("POST", path, data={"mode": "refresh"})
        assert answer.json()["payload"]["statisticsId"] > 0
        assert ask("DELETE", path).json() == {"status": "200 OK", "payload": {"active": False, "statisticsId": -1}}
        again = ask("DELETE", path)
        assert (again.status_code, again.content) == (204, b"")
        assert ask("GET", path).json() == {"status": "200 OK", "payload": NONE}
        ask("POST", path, data={"mode": "refresh"})
        assert ask("GET", path).json()["payload"]["active"] is True


NO_MODE = ("MissingParameterException", 400, "Missing required parameters: [mode]")


def bad_mode(value):
    return ("InvalidParameterException", 400, f"Statistics command parameter 'mode' has unsupported value '{value}'")


@pytest.mark.parametrize(("method", "path", "body", "refusal"), [
    ("POST", "/pg/statistics", b"", NO_MODE),
    ("POST", "/pg/statistics", b"{}", NO_MODE),
    ("POST", "/rdf/statistics", b"mode=", NO_MODE),
    ("POST", "/rdf/statistics", b'{"mode": "x"}', bad_mode("x")),
    ("POST", "/sparql/statistics", b"mode=Refresh", bad_mode("Refresh")),
    ("POST", "/gremlin/statistics", b'{"mode": 7}', bad_mode("7")),
    ("GET", "/pg/statistics/summary?mode=x", None,
     ("InvalidParameterException", 400, "URI query parameter 'mode' has unsupported value 'x'.")),
    ("GET", "/rdf/statistics/summary?mode=basic&x=1", None,
     ("InvalidParameterException", 400, "Request contains unknown parameters: 'x'.")),
    ("POST", "/pg/statistics/summary", b"{}", ("MethodNotAllowedException", 405, "Method Not Allowed.")),
    ("DELETE", "/rdf/statistics/summary/", None, ("MethodNotAllowedException", 405, "Method Not Allowed.")),
    ("GET", "/pg/statistics/summaries", None,
     ("BadRequestException", 400, "Bad route: /pg/statistics/summaries")),
])
def test_refusals_have_the_documented_texts(refusing, method, path, body, refusal):
    answer = requests.request(method, refusing + path, data=body)
    told = answer.json()
    assert (told["code"], answer.status_code, told["detailedMessage"]) == refusal


@pytest.fixture(scope="module")
def refusing(binary, tmp_path_factory):
    with Server(binary, tmp_path_factory.mktemp("refusing") / "data") as server:
        yield server.endpoint


def test_deleted_or_switched_off_is_told_apart_and_kept_over_a_restart(make_server, files):
    (files / "v.csv").write_text("~id,~label,age:int\nv1,Person,1\n")
    (files / "w.csv").write_text("~id,~label,age:int\nw1,Person,1\n")
    server = make_server("--import-dir", files)

    def refusal():
        answer = requests.get(f"{server.endpoint}/pg/statistics/summary")
        return answer.status_code, answer.json()["code"], answer.json()["detailedMessage"]

    def command(mode):
        assert requests.post(f"{server.endpoint}/pg/statistics", json={"mode": mode}).status_code == 200

    def nodes():
        answer = requests.get(f"{server.endpoint}/pg/statistics/summary").json()
        return answer["payload"]["graphSummary"]["numNodes"]

    deleted = (400, "StatisticsNotAvailableException",
               "Statistics are not available. Summary can only be generated after statistics are available.")
    disabled = (400, "BadRequestException", "Statistics are disabled, so graph summary is also disabled.")
    with server:
        load(Boto(server.endpoint), f"file://{files}/v.csv")
        assert requests.delete(f"{server.endpoint}/pg/statistics").status_code == 200
        assert refusal() == deleted
    with server:
        assert refusal() == deleted
        load(Boto(server.endpoint), f"file://{files}/w.csv")
        assert nodes() == 2, "the next commit brings them back"
        command("disableAutoCompute")
        assert nodes() == 2, "they stay as they were"
        assert requests.delete(f"{server.endpoint}/pg/statistics").status_code == 200
        assert refusal() == disabled
    with server:
        assert refusal() == disabled
        assert requests.get(f"{server.endpoint}/pg/statistics").json()["payload"]["autoCompute"] is False
        assert requests.get(f"{server.endpoint}/rdf/statistics").json()["payload"]["autoCompute"] is True
        command("refresh")
        assert nodes() == 2
        command("enableAutoCompute")
        client = Boto(server.endpoint)
        token = client.call("execute_fast_reset", action="initiateDatabaseReset")["payload"]["token"]
        client.call("execute_fast_reset", action="performDatabaseReset", token=token)
        assert requests.get(f"{server.endpoint}/pg/statistics").json()["payload"] == NONE
        assert nodes() == 0


def test_storage_is_told_truthfully(make_server, graph):
    with make_server("--import-dir", graph) as server:
        client = Boto(server.endpoint)
        load(client, f"file://{graph}/csv")
        load(client, f"file://{graph}/nquads", "nquads")
        # Of the SDKs, this one knows the operation.
        shown = client.call("get_storage_info")
        on_disk = {path: path.stat().st_size for path in (server.data / "segments").iterdir()}
    pg, rdf = shown["quads"]["PG"], shown["quads"]["RDF"]
    for orders in (pg, rdf):
        assert set(orders) == {"SPOG", "POGS", "GPSO", "OSGP"}
        assert orders["SPOG"]["count"] == orders["POGS"]["count"]
    # One label, four properties a person; an edge and its two properties.
    assert pg["SPOG"]["count"] == 5 * 2_000 + 3 * 6_000
    assert pg["GPSO"]["count"] == pg["OSGP"]["count"] == 6_000
    assert rdf["SPOG"]["count"] == rdf["GPSO"]["count"] == 5 * 2_000 + 6_000
    assert rdf["OSGP"]["count"] == 2_000 + 6_000, "types and edges lead to resources"
    orders = sum(order["sizeInBytes"] for orders in (pg, rdf) for order in orders.values())
    total = shown["dictionaries"]["total"]
    assert orders + total["sizeInBytes"] == sum(on_disk.values())
    assert total["count"] > 2_000
    assert shown["totalStorageBytesUsed"] >= sum(on_disk.values())
