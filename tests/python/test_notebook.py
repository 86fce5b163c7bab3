"""What a notebook does with the loader: graph-notebook's client class, the same requests by hand, and boto3.

The steps are those of its magics `%load`, `%load_ids`, `%load_status` and `%cancel_load`, with everything that they send.
"""

import datetime

import pytest

from support.clients import NO_LOAD, REGION, ROLE
from support.notebook import ByBoto, GraphNotebook, Raw
from support.server import Server
from support.waiting import until

CLIENTS = ("graph-notebook", "http", "boto3")

#: Where the notebook stops polling. It takes a queued job for an ended one.
FINAL = [
    "LOAD_COMPLETED", "LOAD_COMMITTED_W_WRITE_CONFLICTS", "LOAD_CANCELLED_BY_USER", "LOAD_CANCELLED_DUE_TO_ERRORS",
    "LOAD_FAILED", "LOAD_UNEXPECTED_ERROR", "LOAD_DATA_DEADLOCK", "LOAD_DATA_FAILED_DUE_TO_FEED_MODIFIED_OR_DELETED",
    "LOAD_S3_READ_ERROR", "LOAD_S3_ACCESS_DENIED_ERROR", "LOAD_IN_QUEUE", "LOAD_FAILED_BECAUSE_DEPENDENCY_NOT_SATISFIED",
    "LOAD_FAILED_INVALID_REQUEST", "COMPLETED", "FAILED",
]

FILES = {
    "csv/v.csv": b"~id,~label,name\na,P,Ann\nb,P,Ben\n",
    "csv/w.csv": b"~id,~from,~to,~label\ne,a,b,KNOWS\n",
    "opencypher/n.csv": b":ID,name,:LABEL\noc,Oc,P\n",
    "nquads/d.nq": b'<http://ex.test/s> <http://ex.test/p> "o" <http://ex.test/g> .\n',
    "turtle/d.ttl": b"<s> <http://ex.test/p> 'o' .\n",
    "bad/v.csv": b"~id,~label,age:Int\n" + b"".join(b"x%d,P,many\n" % n for n in range(25)) + b"good,P,1\n",
}

#: Rows of the file that takes a while.
MANY = 400_000


@pytest.fixture(scope="module")
def desk(binary, s3, tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    rows = b"~id,~label\n" + b"".join(b"m%d,Many\n" % n for n in range(MANY))
    bucket = s3.bucket(FILES | {"many/v.csv": rows})
    with Server(binary, folder / "data", "--s3-endpoint", s3.endpoint, env=s3.credentials()) as server:
        yield server.endpoint, f"s3://{bucket}"


@pytest.fixture(scope="module", params=CLIENTS)
def notebook(request, desk):
    """One of the clients, and the bucket that its loads read."""
    endpoint, bucket = desk
    match request.param:
        case "graph-notebook":
            client = GraphNotebook(request.getfixturevalue("notebook_client"), endpoint)
        case "http":
            client = Raw(endpoint)
        case "boto3":
            client = ByBoto(endpoint)
    yield client, bucket
    client.close()


def submit(client, source, format, fail_on_error="TRUE", **more):
    """`%load` with what its form sends for this format; the answer as the notebook judges it."""
    members = {
        "failOnError": fail_on_error, "region": REGION, "mode": "NEW", "parallelism": "HIGH",
        "updateSingleCardinalityProperties": "FALSE", "queueRequest": "FALSE", "parserConfiguration": {},
    }
    match format:
        case "csv":
            members["edgeOnlyLoad"] = "FALSE"
            members["parserConfiguration"] = {"allowEmptyStrings": True}
        case "opencypher":
            members["userProvidedEdgeIds"] = "TRUE"
        case _:
            members["parserConfiguration"] = {"namedGraphUri": "http://ex.test/named"}
    status, body = client.load(source, format, ROLE, **members | more)
    assert "status" in body and body["status"] == "200 OK", body
    assert status == 200
    return body["payload"]["loadId"]


def poll(client, load_id):
    """The loop of `%load`: the last status it sees."""
    status, body = until(
        lambda: client.load_status(load_id),
        lambda answer: answer[0] != 200 or answer[1]["payload"]["overallStatus"]["status"] in FINAL,
        f"a final status of {load_id}",
    )
    assert status == 200
    overall = body["payload"]["overallStatus"]
    # What it prints as the time of the load.
    assert datetime.timedelta(seconds=overall["totalTimeSpent"]) >= datetime.timedelta()
    return overall


def test_final_statuses_are_those_of_the_client(notebook):
    client, _ = notebook
    if isinstance(client, GraphNotebook):
        assert client.constant("FINAL_LOAD_STATUSES") == FINAL


@pytest.mark.parametrize("format, records", [("csv", 5), ("opencypher", 2), ("nquads", 1), ("turtle", 1)])
def test_load_and_poll(format, records, notebook):
    client, bucket = notebook
    overall = poll(client, submit(client, f"{bucket}/{format}/", format, dependencies=[]))
    assert (overall["status"], overall["totalRecords"]) == ("LOAD_COMPLETED", records)


def test_load_that_is_refused_is_told_with_a_body(notebook):
    client, bucket = notebook
    status, body = client.load(f"{bucket}/nothing/", "csv", ROLE, region=REGION)
    assert status == 400 and body.get("status") != "200 OK"
    assert body["code"] == "BadRequestException" and "does not exist/not reachable" in body["detailedMessage"]


def test_load_ids_with_details(notebook):
    client, bucket = notebook
    latest = submit(client, f"{bucket}/csv/", "csv")
    poll(client, latest)
    for parameters in ({}, {"includeQueuedLoads": "True"}, {"includeQueuedLoads": "False"}, {"limit": "100"}):
        status, body = client.load_status(**parameters)
        assert status == 200 and body["payload"]["loadIds"][0] == latest, parameters
    for load_id in body["payload"]["loadIds"][:5]:
        status, body = client.load_status(load_id)
        assert status == 200
        assert body["payload"]["overallStatus"]["status"] in FINAL
        assert body["payload"].get("feedCount", "N/A")


@pytest.mark.parametrize("details", [True, False])
@pytest.mark.parametrize("errors", [True, False])
def test_load_status_with_and_without_details_and_errors(details, errors, notebook):
    client, bucket = notebook
    load_id = submit(client, f"{bucket}/bad/", "csv", "FALSE", parserConfiguration={})
    assert poll(client, load_id)["status"] == "LOAD_FAILED"
    # The magic sends pages always, as text.
    status, body = client.load_status(load_id, details=details, errors=errors, page="1", errorsPerPage="10")
    payload = body["payload"]
    assert status == 200 and ("failedFeeds" in payload, "errors" in payload) == (details, errors)
    assert payload["overallStatus"]["datatypeMismatchErrors"] == 25
    if details:
        assert [feed["fullUri"] for feed in payload["failedFeeds"]] == [f"{bucket}/bad/v.csv"]
    if errors:
        pages = [client.load_status(load_id, details=details, errors=True, page=str(page), errorsPerPage="10")[1]
                 for page in (1, 2, 3, 4)]
        shown = [entry["recordNum"] for page in pages for entry in page["payload"]["errors"]["errorLogs"]]
        assert shown == list(range(1, 26)), "all pages together are the log, in order"


def test_cancel_load(notebook):
    client, bucket = notebook
    load_id = submit(client, f"{bucket}/many/", "csv")
    status, body = client.cancel_load(load_id)
    # The notebook calls a cancel failed whose body is empty.
    assert (status, body) == (200, {"status": "200 OK"})
    assert poll(client, load_id)["status"] == "LOAD_CANCELLED_BY_USER"
    for gone in (load_id, NO_LOAD):
        status, body = client.cancel_load(gone)
        assert (status, body["code"]) == (404, "BulkLoadIdNotFoundException")
        assert f"The load with id = {gone} does not exist or not active" in body["detailedMessage"]


def test_load_in_a_queue_and_cancel_all_in_queue(notebook):
    client, bucket = notebook
    running = submit(client, f"{bucket}/many/", "csv")
    queued = [submit(client, f"{bucket}/csv/", "csv", queueRequest="TRUE", dependencies=[]) for _ in range(2)]
    dependent = submit(client, f"{bucket}/csv/", "csv", queueRequest="TRUE", dependencies=queued)
    # Its loop ends with a queued load; the table of `%load_ids --details` has to do without a count of files.
    assert poll(client, queued[0])["status"] == "LOAD_IN_QUEUE"
    assert "feedCount" not in client.load_status(queued[0])[1]["payload"]

    ids = client.load_status()[1]["payload"]["loadIds"]
    assert ids[:4] == [dependent, *reversed(queued), running]
    waiting = [
        load_id for load_id in ids
        if client.load_status(load_id)[1]["payload"]["overallStatus"]["status"] == "LOAD_IN_QUEUE"
    ]
    assert waiting == ids[:3]
    # The magic stops at the first answer that is an error: with the latest first, none of these has failed with another.
    assert [client.cancel_load(load_id) for load_id in waiting] == [(200, {"status": "200 OK"})] * 3
    assert {poll(client, load_id)["status"] for load_id in waiting} == {"LOAD_CANCELLED_BY_USER"}
    assert client.cancel_load(running)[0] == 200
