"""What operators stand on: logs that lead from a client's request id to what happened, metrics, traces, the unit of systemd."""

import json
import shutil
import subprocess

import pytest

from support.clients import Boto, Http, load
from support.collector import Collector
from support.places import ROOT


def test_a_request_is_found_in_the_log_by_its_id(make_server, files):
    (files / "v.csv").write_text("~id,~label\na,Thing\n")
    secret = "very-secret-key"
    with make_server("--import-dir", files, "--log-format", "json", "--log", "server=debug,info") as server:
        client, http = Boto(server.endpoint), Http(server.endpoint)
        load(client, f"file://{files}/v.csv")
        answer = http.ask("GET", f"/sparql?query=ASK+%7B%7D&x={secret}", headers={"Authorization": secret})
        refused = http.ask("GET", "/nowhere")
        http.ask("POST", "/loader", json={"source": "s3://bucket/key", "format": "csv", "secretKey": secret, "accessKey": secret})
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    for line in lines:
        assert {"timestamp", "level", "target", "fields"} <= set(line), line

    def answered(reply):
        found = [line for line in lines if (line.get("span") or {}).get("id") == reply.headers["x-amzn-requestid"]
                 and line["fields"]["message"] == "answered"]
        assert len(found) == 1, (reply.headers, found)
        return found[0]

    line = answered(answer)
    assert line["fields"]["milliseconds"] > 0 and line["level"] == "DEBUG"
    span = line["span"]
    assert (span["name"], span["method"], span["path"], span["operation"], span["status"]) == (
        "request", "GET", "/sparql", "SparqlQuery", 200)
    assert answered(refused)["span"]["status"] == 400
    ended = [line for line in lines if line["fields"]["message"] == "load ended"]
    assert [line["fields"]["state"] for line in ended] == ["LOAD_COMPLETED"]
    assert secret not in server.log.read_text(), "no key, no parameter"


def test_traces_reach_a_collector(make_server, files):
    (files / "v.csv").write_text("~id,~label\na,Thing\n")
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    with Collector() as collector:
        with make_server("--import-dir", files, "--otlp-endpoint", collector.endpoint, "--log", "error") as server:
            http = Http(server.endpoint)
            load(Boto(server.endpoint), f"file://{files}/v.csv")
            answer = http.ask("GET", "/status", headers={"traceparent": f"00-{trace}-{parent}-01"})
            http.ask("GET", "/halimede/health", headers={"traceparent": f"00-{trace}-{parent}-00"})
            http.ask("GET", "/nowhere")
        # It has stopped, and everything has been sent.
        spans = collector.spans
    assert all(resource["service.name"] == "halimede" for resource in collector.resources)
    [status] = [span for span in spans if span.trace.hex() == trace]
    assert (status.name, status.kind, status.parent.hex()) == ("GetEngineStatus", 2, parent)
    assert status.attributes["http.request.method"] == "GET" and status.attributes["url.path"] == "/status"
    assert status.attributes["http.response.status_code"] == "200"
    assert status.attributes["halimede.request_id"] == answer.headers["x-amzn-requestid"]
    names = {span.name for span in spans}
    assert {"StartLoaderJob", "GetLoaderJobStatus", "request"} <= names and "Health" not in names, names


def test_a_collector_that_is_away_is_no_trouble(make_server):
    with make_server("--otlp-endpoint", "http://127.0.0.1:1") as server:
        assert Boto(server.endpoint).engine_status()["status"] == "healthy"
    assert "spans were not sent" in server.log.read_text()


def test_metrics_of_a_running_server_are_in_the_guide(make_server, files):
    (files / "v.csv").write_text("~id,~label\na,Thing\n")
    with make_server("--import-dir", files) as server:
        load(Boto(server.endpoint), f"file://{files}/v.csv")
        http = Http(server.endpoint)
        http.ask("POST", "/sparql", data={"query": "SELECT * { ?s ?p ?o }"})
        http.ask("POST", "/sparql", data={"query": "SELECT * {"})
        text = http.ask("GET", "/metrics").text
    guide = (ROOT / "docs/serving.md").read_text()
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}
    assert not {name for name in names if f"`{name}`" not in guide}
    for line in (
        'halimede_queries_total{language="sparql",outcome="ok"} 1',
        'halimede_queries_total{language="sparql",outcome="MalformedQueryException"} 1',
        'halimede_load_records_total{outcome="loaded"} 1', 'halimede_loads{state="LOAD_COMPLETED"} 1',
        'halimede_query_duration_seconds_count{language="sparql"} 2',
    ):
        assert line in text.splitlines(), line


def test_the_unit_is_one(tmp_path, binary):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    unit = (ROOT / "packaging/halimede.service").read_text()
    copy = tmp_path / "halimede.service"
    copy.write_text(unit.replace("/usr/local/bin/halimede", str(binary)).replace("User=halimede", "User=daemon").replace("Group=halimede\n", ""))
    done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr.strip(), done.stderr
