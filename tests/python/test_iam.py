"""The door with `--auth iam`: who signs right gets in, who may gets what they ask for, and everyone else gets the documented text."""

import datetime
import json
import socket
import subprocess
import urllib.parse
import uuid

import pytest
import requests

from support import iam
from support.clients import CLIENTS, NO_LOAD, Boto, Keys, ServiceError, finished, request
from support.server import Server, clean_environment
from support.signing import signed
from support.waiting import until

SDKS = tuple(name for name in CLIENTS if name != "http")
TOKEN = "FwoGZXIvYXdzEXAMPLE//////////token+with/slashes=="

MISSING = "Missing Authentication Token"
MALFORMED = "The request did not include the required authorization header, or it was malformed."
INVALID = "The security token included in the request is invalid."
EXPIRED = "The security token included in the request is expired"
MISMATCH = ("The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
            "and signing method. Consult the service documentation for details.")

#: Every action that an operation of the service model needs, with the operations: (method, path, body).
LOADER = {
    "StartLoaderJob": [("POST", "/loader", {"source": "file:///nowhere/", "format": "csv"})],
    "GetLoaderJobStatus": [("GET", f"/loader/{NO_LOAD}", None), ("GET", f"/loader?loadId={NO_LOAD}", None)],
    "ListLoaderJobs": [("GET", "/loader", None)],
    "CancelLoaderJob": [("DELETE", f"/loader/{NO_LOAD}", None), ("DELETE", f"/loader?loadId={NO_LOAD}", None)],
}
OPERATIONS = LOADER | {
    "ReadDataViaQuery": [
        ("POST", "/sparql", "query=ASK%7B%7D"), ("GET", "/sparql?query=ASK%7B%7D", None),
        ("POST", "/openCypher", "query=RETURN+1"), ("GET", "/opencypher?query=RETURN%201&explain=static", None),
    ],
    "GetQueryStatus": [
        ("GET", "/gremlin/status", None), ("GET", f"/gremlin/status/{NO_LOAD}", None),
        ("GET", "/opencypher/status", None), ("GET", f"/opencypher/status/{NO_LOAD}", None), ("GET", "/sparql/status", None),
    ],
    "CancelQuery": [
        ("DELETE", f"/gremlin/status/{NO_LOAD}", None), ("DELETE", f"/opencypher/status/{NO_LOAD}", None),
        ("GET", f"/openCypher/status?cancelQuery&queryId={NO_LOAD}", None),
        ("POST", "/openCypher/status", f"cancelQuery&queryId={NO_LOAD}"),
    ],
    "GetStreamRecords": [("GET", "/propertygraph/stream", None), ("GET", "/sparql/stream", None)],
    "GetEngineStatus": [("GET", "/status", None), ("GET", "/halimede/check", None)],
    "GetStatisticsStatus": [("GET", "/propertygraph/statistics", None), ("GET", "/sparql/statistics", None)],
    "ManageStatistics": [
        ("POST", "/propertygraph/statistics", {"mode": "refresh"}), ("POST", "/sparql/statistics", {"mode": "refresh"}),
    ],
    "DeleteStatistics": [("DELETE", "/propertygraph/statistics", None), ("DELETE", "/sparql/statistics", None)],
    "GetGraphSummary": [("GET", "/propertygraph/statistics/summary", None), ("GET", "/rdf/statistics/summary", None)],
    "ResetDatabase": [("POST", "/system", "action=initiateDatabaseReset")],
    "GetStorageInfo": [("GET", "/storage/info", None)],
    "ListIndexRebuilds": [("GET", "/storage/indexes/rebuilds", None)],
    "StartIndexRebuild": [("POST", "/storage/indexes/rebuilds", {})],
    "GetIndexRebuildStatus": [("GET", "/storage/indexes/rebuilds/x", None)],
    "CancelIndexRebuild": [("POST", "/storage/indexes/rebuilds/x/cancel", {})],
    "StartMLDataProcessingJob": [
        ("POST", "/ml/dataprocessing", {"inputDataS3Location": "s3://b/i", "processedDataS3Location": "s3://b/o"}),
    ],
    "ListMLDataProcessingJobs": [("GET", "/ml/dataprocessing", None)],
    "GetMLDataProcessingJobStatus": [("GET", "/ml/dataprocessing/x", None)],
    "CancelMLDataProcessingJob": [("DELETE", "/ml/dataprocessing/x", None)],
    "StartMLModelTrainingJob": [
        ("POST", "/ml/modeltraining", {"dataProcessingJobId": "x", "trainModelS3Location": "s3://b/o"}),
    ],
    "ListMLModelTrainingJobs": [("GET", "/ml/modeltraining", None)],
    "GetMLModelTrainingJobStatus": [("GET", "/ml/modeltraining/x", None)],
    "CancelMLModelTrainingJob": [("DELETE", "/ml/modeltraining/x", None)],
    "StartMLModelTransformJob": [
        ("POST", "/ml/modeltransform", {"trainingJobName": "x", "modelTransformOutputS3Location": "s3://b/o"}),
    ],
    "ListMLModelTransformJobs": [("GET", "/ml/modeltransform", None)],
    "GetMLModelTransformJobStatus": [("GET", "/ml/modeltransform/x", None)],
    "CancelMLModelTransformJob": [("DELETE", "/ml/modeltransform/x", None)],
    "CreateMLEndpoint": [("POST", "/ml/endpoints", {"mlModelTrainingJobId": "x"})],
    "ListMLEndpoints": [("GET", "/ml/endpoints", None)],
    "GetMLEndpointStatus": [("GET", "/ml/endpoints/x", None)],
    "DeleteMLEndpoint": [("DELETE", "/ml/endpoints/x", None)],
}


class Door:
    """A server with IAM on, and who is in its file."""

    def __init__(self, binary, folder):
        self.files = folder / "files"
        self.files.mkdir()
        self.principals = {}
        self.add("ann", iam.EVERYTHING)
        self.add("session", iam.EVERYTHING, token=TOKEN, expiration="2100-01-01T00:00:00Z")
        self.add("over", iam.EVERYTHING, token=TOKEN + "x", expiration="2020-01-01T00:00:00Z")
        self.add("reader", iam.allow("Get*", "List*", "ReadDataViaQuery"))
        self.add("canceller", iam.allow("CancelLoaderJob", "GetLoaderJobStatus"))
        self.add("starter", iam.allow("StartLoaderJob", "GetLoaderJobStatus"))
        for action in (*OPERATIONS, "WriteDataViaQuery", "DeleteDataViaQuery"):
            self.add(f"only_{action}", iam.allow(action))
            self.add(f"but_{action}", iam.EVERYTHING, iam.allow(action, effect="Deny"))
        flags = iam.write(folder / "iam.json", *self.principals.values())
        self.server = Server(binary, folder / "data", *flags, "--import-dir", self.files, "--region", "us-east-1")

    def add(self, name, *policies, **members):
        self.principals[name] = iam.principal(name, *policies, secret=f"secret/of+{name}", **members)

    def keys(self, name):
        return iam.keys(self.principals[name])

    def denial(self, name, action):
        return iam.denial(self.principals[name], action)

    @property
    def endpoint(self):
        return self.server.endpoint

    def send(self, method, path, headers, body=b""):
        return requests.request(method, self.endpoint + path, headers=headers, data=body, timeout=600)

    def ask(self, keys, method, path, body=None, **how):
        """One signed request. A body that is not text is sent as JSON."""
        headers = {}
        if body is not None:
            form = isinstance(body, str)
            headers["content-type"] = "application/x-www-form-urlencoded" if form else "application/json"
            body = (body if form else json.dumps(body)).encode()
        body = body or b""
        return self.send(method, path, signed(keys, method, self.endpoint + path, body, headers, **how), body)


@pytest.fixture(scope="module")
def door(binary, tmp_path_factory):
    made = Door(binary, tmp_path_factory.mktemp("iam"))
    with made.server:
        yield made


def refused(answer, text):
    """Asserts that the answer is a refusal with this text, whole."""
    body = answer.json()
    assert (answer.status_code, body["code"], body["detailedMessage"]) == (403, "AccessDeniedException", text), answer.text
    assert set(body) == {"requestId", "code", "detailedMessage", "message"}
    assert answer.headers["x-amzn-errortype"] == "AccessDeniedException"


def vertices(folder, name="v.csv"):
    (folder / name).write_text("~id,~label\na,V\nb,V\n")
    return f"file://{folder / name}"


# --- Who is asking: the SDKs.


@pytest.mark.parametrize("name", SDKS)
@pytest.mark.parametrize("who", ["ann", "session"])
def test_an_sdk_that_signs_right_gets_in(name, who, door, connect):
    client = connect(name, door.endpoint, keys=door.keys(who))
    assert client.engine_status()["status"] == "healthy"
    load_id = client.start(**request(vertices(door.files, f"{name}-{who}.csv")))["payload"]["loadId"]
    assert finished(client, load_id, details=True, errors=True)["overallStatus"]["status"] == "LOAD_COMPLETED"
    assert load_id in client.list_loads()["payload"]["loadIds"]
    with pytest.raises(ServiceError) as caught:
        client.cancel(load_id)
    assert caught.value.name == "BulkLoadIdNotFoundException"


#: What is wrong: (the keys, the region, the text).
WRONG = {
    "secret": (lambda door: door.keys("ann").but(secret="guessed"), {}, MISMATCH),
    "access key": (lambda door: Keys("AKIDNOBODY", "secret"), {}, INVALID),
    "no session token": (lambda door: door.keys("session").but(token=None), {}, INVALID),
    "another's session token": (lambda door: door.keys("session").but(token=door.keys("over").token), {}, INVALID),
    "a session token too many": (lambda door: door.keys("ann").but(token=TOKEN), {}, INVALID),
    "expired session": (lambda door: door.keys("over"), {}, EXPIRED),
    "region": (
        lambda door: door.keys("ann"), {"region": "eu-west-1"},
        "Credential should be scoped to a valid Region, not 'eu-west-1'."),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", SDKS)
def test_an_sdk_that_signs_wrong_is_told_why(name, wrong, door, connect):
    keys, others, text = WRONG[wrong]
    client = connect(name, door.endpoint, keys=keys(door), **others)
    with pytest.raises(ServiceError) as caught:
        client.cancel(NO_LOAD)
    assert (caught.value.name, caught.value.message) == ("AccessDeniedException", text)
    assert caught.value.status in (403, None)


# --- Who is asking: by hand.


def at(door, minutes):
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)


def get(door, keys=None, **how):
    return door.ask(keys or door.keys("ann"), "GET", "/status", **how)


def with_header(door, name, value, **how):
    """A request whose header was changed after it was signed; without a value it is gone."""
    headers = signed(door.keys("ann"), "GET", f"{door.endpoint}/status", **how)
    headers[name] = value
    return door.send("GET", "/status", {name: value for name, value in headers.items() if value is not None})


#: name: (the request, the text or its beginning).
BY_HAND = {
    "not signed": (lambda door: door.send("GET", "/status", {}), MISSING),
    "in the query": (lambda door: door.send("GET", "/status?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=ab", {}), MISSING),
    "a password": (lambda door: door.send("GET", "/status", {"authorization": "Basic YTpi"}), MALFORMED),
    "half a header": (lambda door: with_header(door, "authorization", "AWS4-HMAC-SHA256 Credential=x"), MALFORMED),
    "no date": (lambda door: with_header(door, "x-amz-date", None, names=["host"]), MALFORMED),
    "a date in another form": (
        lambda door: get(door, date="2026-06-15T12:00:00Z", day="20260615"),
        "Date must be in ISO-8601 'basic format'. Got '2026-06-15T12:00:00Z'. See http://en.wikipedia.org/wiki/ISO_8601"),
    "another service": (lambda door: get(door, service="s3"), "Credential should be scoped to correct service: 'neptune-db'."),
    "another region": (
        lambda door: get(door, region="eu-west-1"), "Credential should be scoped to a valid Region, not 'eu-west-1'."),
    "another end of the scope": (
        lambda door: get(door, terminator="aws4"),
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws4'."),
    "another day": (lambda door: get(door, day="20200101"), "Date in Credential scope does not match YYYYMMDD from ISO-8601"),
    "too old": (lambda door: get(door, date=at(door, -6)), "Signature expired: "),
    "from the future": (lambda door: get(door, date=at(door, 6)), "Signature not yet current: "),
    "a signed header is gone": (
        lambda door: with_header(door, "accept", None, headers={"accept": "application/json"}),
        # What the HTTP client itself puts in its stead is not what was signed.
        MISMATCH),
    "a signed header that never was": (
        lambda door: door.send("GET", "/status", signed(
            door.keys("ann"), "GET", f"{door.endpoint}/status", names=["host", "x-amz-date", "x-amz-security-token"])),
        "'x-amz-security-token' is named as a SignedHeader, but it does not exist in the HTTP request."),
    "the host is not signed": (lambda door: get(door, names=["x-amz-date"]), MISMATCH),
    "another method": (
        lambda door: door.send("POST", "/status", signed(door.keys("ann"), "GET", f"{door.endpoint}/status")), MISMATCH),
    "another path": (
        lambda door: door.send("GET", "/loader", signed(door.keys("ann"), "GET", f"{door.endpoint}/status")), MISMATCH),
    "another query": (
        lambda door: door.send("GET", "/loader?limit=2", signed(door.keys("ann"), "GET", f"{door.endpoint}/loader?limit=1")), MISMATCH),
    "another body": (
        lambda door: door.send(
            "POST", "/loader", signed(door.keys("ann"), "POST", f"{door.endpoint}/loader", b"{}"), b'{"source": "file:///x"}'),
        MISMATCH),
    "a body that is not signed": (
        lambda door: door.send(
            "POST", "/loader", signed(door.keys("ann"), "POST", f"{door.endpoint}/loader", b"{}",
                                      {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}), b"{}"),
        MISMATCH),
    "an unknown path": (lambda door: door.send("GET", "/nowhere", {}), MISSING),
    "an unknown method": (lambda door: door.send("PATCH", "/loader", {}), MISSING),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_request_that_is_not_signed_right_is_told_why(name, door):
    send, text = BY_HAND[name]
    answer = send(door)
    if text.endswith((" ", "8601")) and name != "a date in another form":
        assert answer.json()["detailedMessage"].startswith(text), answer.text
        text = answer.json()["detailedMessage"]
    refused(answer, text)


@pytest.mark.parametrize("minutes", [-4, 4])
def test_a_clock_that_is_some_minutes_off_is_borne(minutes, door):
    assert get(door, date=at(door, minutes)).status_code == 200


def test_a_session_signed_by_hand_gets_in(door):
    assert get(door, door.keys("session")).status_code == 200


@pytest.mark.parametrize("path", [
    "/loader?limit=1&includeQueuedLoads=true", "/loader?includeQueuedLoads=true&limit=1", "/loader?limit=1&x=a%20b%2Fc",
    "/loader?x&limit=1", "/loader/", "/loader?x=(a)&limit=1", "/loader?x=%C3%A9",
])
def test_paths_and_queries_are_signed_as_clients_write_them(path, door):
    assert door.ask(door.keys("ann"), "GET", path).status_code == 200


# --- What an intermediary may do, and what it may not.


def test_headers_that_an_intermediary_adds_do_no_harm(door):
    headers = signed(door.keys("ann"), "GET", f"{door.endpoint}/status")
    headers |= {"via": "1.1 proxy", "x-forwarded-for": "192.0.2.1", "x-amz-cf-id": "abc", "accept-encoding": "gzip, br"}
    assert door.send("GET", "/status", headers).status_code == 200


@pytest.mark.parametrize("header, value", [("accept", "*/*"), ("accept-encoding", "identity"), ("host", "db.internal")])
def test_a_signed_header_that_an_intermediary_rewrites_breaks_the_signature(header, value, door):
    headers = signed(door.keys("ann"), "GET", f"{door.endpoint}/status", headers={
        "accept": "application/json", "accept-encoding": "gzip"})
    refused(door.send("GET", "/status", headers | {header: value}), MISMATCH)


def test_a_client_behind_a_proxy_signs_the_name_of_the_database(door):
    """The name that was signed is the one that counts, whatever the server's address."""
    url = "http://db.cluster-abc.us-east-1.neptune.amazonaws.com:8182/status"
    assert door.send("GET", "/status", signed(door.keys("ann"), "GET", url)).status_code == 200


# --- Who may do what.


@pytest.mark.parametrize("action", OPERATIONS)
def test_each_operation_needs_its_action(action, door):
    for method, path, body in OPERATIONS[action]:
        refused(door.ask(door.keys(f"but_{action}"), method, path, body), door.denial(f"but_{action}", action))
        answer = door.ask(door.keys(f"only_{action}"), method, path, body)
        assert answer.status_code != 403, (method, path, answer.text)


@pytest.mark.parametrize("action, query", [
    ("WriteDataViaQuery", "CREATE (n) RETURN n"), ("WriteDataViaQuery", "MERGE (n {x: 1}) RETURN n"),
    ("DeleteDataViaQuery", "MATCH (n) DETACH DELETE n"), ("ReadDataViaQuery", "CREATE (n)"),
    ("WriteDataViaQuery", "MATCH (n) SET n.x = 1"), ("DeleteDataViaQuery", "MATCH (n) SET n.x = 1"),
])
def test_an_opencypher_query_needs_what_its_clauses_do(action, query, door):
    body = urllib.parse.urlencode({"query": query})
    refused(door.ask(door.keys(f"but_{action}"), "POST", "/openCypher", body), door.denial(f"but_{action}", action))
    answer = door.ask(door.keys("ann"), "POST", "/openCypher", body)
    assert answer.status_code == 200, answer.text


def test_an_action_opens_no_other_operation(door):
    for action, operations in LOADER.items():
        for other in LOADER:
            if other != action:
                method, path, body = operations[0]
                refused(door.ask(door.keys(f"only_{other}"), method, path, body), door.denial(f"only_{other}", action))


def test_events_need_the_status_of_loads(door):
    path = f"/halimede/loader/{NO_LOAD}/events"
    refused(door.ask(door.keys("but_GetLoaderJobStatus"), "GET", path), door.denial("but_GetLoaderJobStatus", "GetLoaderJobStatus"))
    assert door.ask(door.keys("only_GetLoaderJobStatus"), "GET", path).status_code == 404


@pytest.mark.parametrize("path", [f"/halimede/loader/{NO_LOAD}/rejects", "/halimede/export?dataset=pg&format=csv"])
def test_rejects_and_exports_need_two_actions(path, door):
    for action in ("GetLoaderJobStatus", "ReadDataViaQuery"):
        refused(door.ask(door.keys(f"but_{action}"), "GET", path), door.denial(f"but_{action}", action))
    assert door.ask(door.keys("reader"), "GET", path).status_code != 403


@pytest.mark.parametrize("path", ["/metrics", "/halimede/health"])
def test_metrics_and_health_need_the_engine_status(path, door):
    refused(door.send("GET", path, {}), MISSING)
    refused(door.ask(door.keys("but_GetEngineStatus"), "GET", path), door.denial("but_GetEngineStatus", "GetEngineStatus"))
    assert door.ask(door.keys("only_GetEngineStatus"), "GET", path).status_code == 200


@pytest.mark.parametrize("name", SDKS)
def test_a_reader_cannot_cancel_and_a_canceller_cannot_start(name, door, connect):
    reader = connect(name, door.endpoint, keys=door.keys("reader"))
    assert reader.engine_status()["status"] == "healthy"
    with pytest.raises(ServiceError) as caught:
        reader.cancel(NO_LOAD)
    assert (caught.value.name, caught.value.message) == ("AccessDeniedException", door.denial("reader", "CancelLoaderJob"))
    canceller = connect(name, door.endpoint, keys=door.keys("canceller"))
    with pytest.raises(ServiceError) as caught:
        canceller.cancel(NO_LOAD)
    assert caught.value.name == "BulkLoadIdNotFoundException"
    with pytest.raises(ServiceError) as caught:
        canceller.start(**request("file:///nowhere/"))
    assert (caught.value.name, caught.value.message) == ("AccessDeniedException", door.denial("canceller", "StartLoaderJob"))


def test_who_is_refused_leaves_nothing_behind(door):
    before = door.ask(door.keys("ann"), "GET", "/loader").json()["payload"]["loadIds"]
    body = {"source": vertices(door.files), "format": "csv"}
    refused(door.ask(door.keys("reader"), "POST", "/loader", body), door.denial("reader", "StartLoaderJob"))
    refused(door.send("POST", "/loader", {"content-type": "application/json"}, json.dumps(body).encode()), MISSING)
    assert door.ask(door.keys("ann"), "GET", "/loader").json()["payload"]["loadIds"] == before


def test_a_refused_body_is_not_read(door):
    """Of a body of a million bytes one is sent: the answer comes all the same, where the head tells that it is refused."""
    url = f"{door.endpoint}/loader"
    body_hash = {"x-amz-content-sha256": "0" * 64}
    for keys, others, text in [
        (None, {}, MISSING),
        (Keys("AKIDNOBODY", "secret"), {}, INVALID),
        (door.keys("over"), {}, EXPIRED),
        # A hash that is sent along lets the signature be compared before there is a body.
        (door.keys("ann").but(secret="guessed"), body_hash, MISMATCH),
    ]:
        headers = {"host": "127.0.0.1"} if keys is None else signed(keys, "POST", url, headers=others)
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        with socket.create_connection(("127.0.0.1", door.server.port)) as line:
            line.sendall(f"POST /loader HTTP/1.1\r\n{head}Content-Length: 1000000\r\n\r\n{{".encode())
            answer = line.recv(65536)
        assert answer.startswith(b"HTTP/1.1 403") and text.encode() in answer, answer


# --- Retries.


def test_a_retry_by_another_principal_does_not_get_the_first_ones_answer(door):
    """Answers are remembered by who asked too: an invocation id is no secret."""
    invocation = {"amz-sdk-invocation-id": str(uuid.uuid4())}
    body = json.dumps(request(vertices(door.files, "retry.csv"))).encode()
    url = f"{door.endpoint}/loader"
    headers = {"content-type": "application/json"} | invocation

    def start(keys):
        answer = door.send("POST", "/loader", signed(keys, "POST", url, body, headers), body)
        assert answer.status_code == 200, answer.text
        return answer.json()["payload"]["loadId"]

    first = start(door.keys("ann"))
    assert start(door.keys("ann")) == first
    finished(Boto(door.endpoint, keys=door.keys("ann")), first)
    other = start(door.keys("starter"))
    assert other != first
    finished(Boto(door.endpoint, keys=door.keys("ann")), other)
    refused(
        door.send("POST", "/loader", signed(door.keys("reader"), "POST", url, body, headers), body),
        door.denial("reader", "StartLoaderJob"))


# --- The file.


def test_the_file_is_followed_and_a_bad_one_is_not_taken(make_server, tmp_path):
    file = tmp_path / "iam.json"
    ann, bob = iam.principal("ann", iam.EVERYTHING), iam.principal("bob", iam.allow("Get*"))
    with make_server(*iam.write(file, ann)) as server:

        def status(who):
            url = f"{server.endpoint}/status"
            return requests.get(url, headers=signed(iam.keys(who), "GET", url), timeout=600)

        assert status(ann).status_code == 200
        refused(status(bob), INVALID)
        iam.write(file, ann, bob)
        until(lambda: status(bob).status_code, lambda code: code == 200, "the new user to be let in")
        file.write_text("{ this is no JSON")
        told = "iam.json: key must be a string at line 1 column 3"
        until(lambda: status(bob) and server.log.read_text(), lambda log: told in log, "the log to tell of the bad file")
        assert status(ann).status_code == status(bob).status_code == 200
        iam.write(file, ann)
        file.chmod(0o644)
        # Whether or not the file was looked at before its mode was changed, it is looked at after it.
        until(lambda: status(ann) and server.log.read_text(), lambda log: "run chmod 600" in log, "the log to tell of the mode")
        assert status(ann).status_code == 200
        iam.write(file, ann, bob | {"policies": []})
        until(lambda: status(bob).text, lambda text: iam.denial(bob, "GetEngineStatus") in text, "the rights to be gone")
        assert status(ann).status_code == 200


@pytest.mark.parametrize("mode, text, expected", [
    (0o644, None, "can be read by others than its owner (mode 0644), and it holds secret keys: run chmod 600"),
    (0o600, '{"principals": [{"arn": "ann"}]}', "principals[0].arn: expected the ARN of a user"),
    (0o600, "[", "EOF while parsing"),
])
def test_a_bad_file_stops_the_start(mode, text, expected, binary, tmp_path):
    file = tmp_path / "iam.json"
    flags = iam.write(file, iam.principal("ann", iam.EVERYTHING))
    if text is not None:
        file.write_text(text)
    file.chmod(mode)
    run = subprocess.run(
        [binary, "serve", "--listen", "127.0.0.1:0", "--data", tmp_path / "data", *flags],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, env=clean_environment(), timeout=600)
    assert run.returncode != 0
    assert expected in run.stderr, run.stderr


def test_secrets_are_not_in_the_log(door):
    """The last test of this file: everything above has been logged by now."""
    log = door.server.log.read_text()
    assert "user/reader" in log, "who was denied what is in the log"
    secrets = [secret for name in door.principals for secret in (door.keys(name).secret, door.keys(name).token) if secret]
    assert [secret for secret in secrets if secret in log] == []
    assert "Signature=" not in log
