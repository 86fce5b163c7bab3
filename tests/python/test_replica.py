"""A read replica of a local directory: reads are answered, writes get the documented errors, loads are left as they are."""

import json

import pytest

from support.clients import Boto, Http, ServiceError, finished, load, request
from support.waiting import until


@pytest.fixture
def directory(make_server, files):
    """A data directory with a finished load of RDF, and the load's id."""
    (files / "one.nt").write_text('<http://x.test/a> <http://x.test/p> "b" .\n')
    with make_server("--import-dir", files) as writer:
        return load(Boto(writer.endpoint), f"file://{files}/one.nt", "ntriples")["overallStatus"]


def test_a_replica_reads(directory, make_server):
    with make_server("--read-replica") as replica:
        client, http = Boto(replica.endpoint), Http(replica.endpoint)
        assert client.engine_status()["role"] == "reader"
        [load_id] = client.list_loads()["payload"]["loadIds"]
        assert client.status(load_id)["payload"]["overallStatus"]["status"] == "LOAD_COMPLETED"
        answer = http.ask("GET", "/sparql", params={"query": "SELECT (COUNT(*) AS ?n) {?s ?p ?o}"}).json()
        assert answer["results"]["bindings"][0]["n"]["value"] == "1"


@pytest.mark.parametrize("method, path, body, status, code, text", [
    ("POST", "/loader", {"source": "file:///x", "format": "csv"}, 405, "MethodNotAllowedException",
     "Start new load operation not permitted on a read replica instance"),
    ("DELETE", "/loader/00000000-0000-4000-8000-000000000000", None, 405, "MethodNotAllowedException",
     "Load cancellation is not permitted on a read replica instance."),
    ("DELETE", "/loader?all=true", None, 405, "MethodNotAllowedException",
     "Load cancellation is not permitted on a read replica instance."),
    ("POST", "/system", {"action": "initiateDatabaseReset"}, 400, "ReadOnlyViolationException",
     "Writes are not permitted on a read replica instance"),
])
def test_a_replica_refuses_what_changes_something(method, path, body, status, code, text, make_server):
    with make_server("--read-replica") as replica:
        headers = {"content-type": "application/json"}
        answer = Http(replica.endpoint).ask(method, path, data=json.dumps(body) if body else None, headers=headers)
        assert (answer.status_code, answer.json()["code"], answer.json()["detailedMessage"]) == (status, code, text)


def test_a_load_that_was_killed_is_not_taken_up_by_a_replica(make_server, files, tool):
    with (files / "many.csv").open("w") as rows:
        rows.write("~id,~label\n")
        rows.writelines(f"v{row},V\n" for row in range(2_000_000))
    writer = make_server("--import-dir", files).start()
    client = Boto(writer.endpoint)
    load_id = client.start(**request(f"file://{files}/many.csv"))["payload"]["loadId"]
    until(lambda: client.status(load_id)["payload"]["overallStatus"]["status"] == "LOAD_IN_PROGRESS")
    writer.kill()
    with make_server("--import-dir", files, "--read-replica") as replica:
        reader = Boto(replica.endpoint)
        assert reader.status(load_id)["payload"]["overallStatus"]["status"] == "LOAD_IN_PROGRESS"
        with pytest.raises(ServiceError, match="MethodNotAllowedException"):
            reader.cancel(load_id)
    with make_server("--import-dir", files) as again:
        seen = finished(Boto(again.endpoint), load_id)
        assert (seen["overallStatus"]["status"], seen["overallStatus"]["totalRecords"]) == ("LOAD_COMPLETED", 2_000_000)
        assert tool.check(endpoint=again.endpoint).clean
