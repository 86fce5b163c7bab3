"""Fast reset (`POST /system`): two steps, everything gone, and what was loaded can be loaded again."""

import uuid

import pytest
import requests

from support.clients import Boto, ServiceError, finished
from support.jobs import begin, overall, under_way

VERTICES = "~id,~label,name:String\na,Person,Ann\nb,Person,Bo\n"
STATEMENTS = '<http://ex.test/s> <http://ex.test/p> "o" .\n'


def initiate(client):
    return client.call("execute_fast_reset", action="initiateDatabaseReset")["payload"]["token"]


def perform(client, token):
    return client.call("execute_fast_reset", action="performDatabaseReset", token=token)


def asked(client, query="ASK { ?s ?p ?o }"):
    answer = requests.get(f"{client}/sparql", params={"query": query})
    assert answer.status_code == 200, answer.text
    return answer.json()["boolean"]


def test_load_reset_load_with_the_defaults_of_boto3(server, files, tool):
    """The default mode is AUTO: it would skip the file if the reset had left it among those that were loaded."""
    (files / "v.csv").write_text(VERTICES)
    (files / "s.nt").write_text(STATEMENTS)
    client = Boto(server.endpoint)
    members = {"s3BucketRegion": "us-east-1", "iamRoleArn": "arn:aws:iam::000000000000:role/loader"}

    def load(name, format):
        answer = client.start(source=f"file://{files}/{name}", format=format, **members)
        return finished(client, answer["payload"]["loadId"])["overallStatus"]

    for run in (1, 2):
        for name, format, records in (("v.csv", "csv", 4), ("s.nt", "ntriples", 1)):
            seen = load(name, format)
            assert (seen["status"], seen["totalRecords"]) == ("LOAD_COMPLETED", records), (run, name)
            assert seen["totalDuplicates"] == 0, (run, name)
        checked = tool.check(endpoint=server.endpoint)
        assert (checked.pg["vertices"], checked.rdf["quads"]) == (2, 1)
        if run == 1:
            assert perform(client, initiate(client))["status"] == "200 OK"
            checked = tool.check(endpoint=server.endpoint)
            assert checked.clean and (checked.pg["quads"], checked.rdf["quads"]) == (0, 0), checked.text
            assert not asked(server.endpoint)
            assert client.engine_status()["status"] == "healthy"
    again = load("v.csv", "csv")
    assert (again["status"], again["totalRecords"]) == ("LOAD_COMPLETED", 0), "and what it did load, it skips"


def test_a_running_load_is_cancelled_and_a_queued_one_too(make_server, middle_graph, files, tool):
    (files / "v.csv").write_text(VERTICES)
    flags = ("--import-dir", middle_graph.source, "--import-dir", files)
    with make_server(*flags) as server:
        client = Boto(server.endpoint)
        running = begin(client, f"file://{middle_graph.source}")
        queued = begin(client, f"file://{files}/v.csv", queueRequest=True)
        under_way(client, running, records=10_000)
        perform(client, initiate(client))
        assert overall(client, running)["status"] == "LOAD_CANCELLED_BY_USER"
        assert overall(client, queued)["status"] == "LOAD_CANCELLED_BY_USER"
        assert tool.check(endpoint=server.endpoint).pg["quads"] == 0
    with server:
        checked = tool.check(endpoint=server.endpoint)
        assert checked.clean and checked.pg["quads"] == 0, checked.text
        load_id = begin(Boto(server.endpoint), f"file://{files}/v.csv", mode="AUTO")
        assert finished(Boto(server.endpoint), load_id)["overallStatus"]["totalRecords"] == 4


def form(server, *pairs):
    return requests.post(f"{server.endpoint}/system", data=list(pairs))


def test_a_notebook_sends_a_form(server):
    answer = form(server, ("action", "initiateDatabaseReset"))
    assert answer.status_code == 200, answer.text
    token = answer.json()["payload"]["token"]
    assert str(uuid.UUID(token)) == token
    answer = form(server, ("action", "performDatabaseReset"), ("token", token))
    assert (answer.status_code, answer.json()) == (200, {"status": "200 OK"})
    assert form(server, ("action", "performDatabaseReset"), ("token", token)).status_code == 400, "used once"


PERFORM = ("action", "performDatabaseReset")


@pytest.mark.parametrize(("pairs", "code", "message"), [
    ([("action", "XXX")], "InvalidParameterException", "System command parameter 'action' has unsupported value 'XXX'"),
    ([PERFORM, PERFORM], "InvalidParameterException", "Too many values supplied for: action"),
    ([("token", "t")], "MissingParameterException", "Missing required parameters: [action]"),
    ([PERFORM], "MissingParameterException", "Missing required parameters: [token]"),
    ([PERFORM, ("token", "t")], "InvalidParameterException",
     "System command parameter 'token' : 't' does not match database reset token"),
])
def test_what_is_wrong_is_told(server, pairs, code, message):
    answer = form(server, *pairs)
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (400, code, message)


def test_a_key_given_twice_in_json(server):
    answer = requests.post(f"{server.endpoint}/system", data='{"action": "a", "action": "b"}',
                           headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["message"]) == (400, "Duplicate field 'action'")


def test_a_newer_token_and_a_restart_void_the_older(make_server, files):
    with make_server("--import-dir", files) as server:
        client = Boto(server.endpoint)
        older, newer = initiate(client), initiate(client)
        with pytest.raises(ServiceError, match="does not match database reset token"):
            perform(client, older)
    with server:
        with pytest.raises(ServiceError, match="does not match database reset token"):
            perform(Boto(server.endpoint), newer)
