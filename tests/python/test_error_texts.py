"""The documented texts of the loader (spec/loader.md §5), byte for byte: what the service says comes first, our own
explanation after it. Each row of the tables below provokes one.
"""

import gzip

import pytest

from support import ports
from support.clients import NO_LOAD, REGION, ROLE, Boto, Http, finished
from support.s3 import LISTER, WRITER
from support.server import Server


class Errand:
    """What a row may ask for: a server started with some settings, and a bucket."""

    def __init__(self, binary, s3, folder):
        self.binary, self.s3, self.folder = binary, s3, folder
        self.bucket = s3.bucket({"data/v.csv": b"~id,~label\na,V\n"})
        self.servers = {}

    def server(self, *flags, env=None):
        """A server with these settings; one that has them already, if there is one."""
        key = (flags, tuple(sorted((env or {}).items())))
        if key not in self.servers:
            data = self.folder / f"data-{len(self.servers)}"
            self.servers[key] = Server(self.binary, data, *flags, env=env).start()
        return self.servers[key]

    def usual(self, *flags, **env):
        """A server that may read the bucket, but for what is said here."""
        return self.server("--s3-endpoint", self.s3.endpoint, *flags, env=self.s3.credentials() | env)

    def close(self):
        for server in self.servers.values():
            server.stop()


@pytest.fixture(scope="module")
def errand(binary, s3, tmp_path_factory):
    made = Errand(binary, s3, tmp_path_factory.mktemp("error-texts"))
    yield made
    made.close()


def keys(access, secret):
    return {"AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret}


#: name: (server, members of the start, HTTP status, exception, text). In `{…}`: the bucket.
STARTS = {
    "no credentials": (
        lambda errand: errand.server("--s3-endpoint", errand.s3.endpoint), {},
        400, "BadRequestException", "Couldn't find the AWS credential for iam_role_arn"),
    "no such bucket": (
        Errand.usual, {"source": "s3://no-such-bucket-here/data/"},
        400, "BadRequestException", "S3 bucket not found for source"),
    "nothing below the prefix": (
        Errand.usual, {"source": "s3://{bucket}/nothing/"},
        400, "BadRequestException", "The source s3://{bucket}/nothing/ does not exist/not reachable"),
    "a file outside of the import directories": (
        Errand.usual, {"source": "file:///etc/hosts"},
        400, "LoadUrlAccessDeniedException", "The source file:///etc/hosts does not exist/not reachable"),
    "nobody at the endpoint": (
        lambda errand: errand.server("--s3-endpoint", f"http://127.0.0.1:{ports.free()}", env=errand.s3.credentials()), {},
        500, "InternalFailureException",
        "Unable to connect to S3 endpoint. Provided source = s3://{bucket}/data/ and region = us-east-1"),
    "another region than the server's": (
        lambda errand: errand.usual("--region", "eu-west-1"), {},
        400, "BadRequestException", "Bucket is not in provided Region (us-east-1)"),
    "keys that may not list": (
        lambda errand: errand.server("--s3-endpoint", errand.s3.endpoint, env=keys(*WRITER)), {},
        400, "LoadUrlAccessDeniedException", "Unable to perform S3 list operation"),
    "an access key that nobody has": (
        lambda errand: errand.usual(AWS_ACCESS_KEY_ID="nobody"), {},
        400, "BadRequestException", "Invalid S3 access key"),
    "a secret key that does not match": (
        lambda errand: errand.usual(AWS_SECRET_ACCESS_KEY="guessed"), {},
        400, "BadRequestException", "Invalid S3 secret key"),
    "an access key in the request": (
        Errand.usual, {"accessKey": "nobody", "secretKey": "guessed"},
        400, "BadRequestException", "Invalid S3 access key"),
    "an answer that is not S3's": (
        # The server itself is no S3: it answers in JSON.
        lambda errand: errand.server("--s3-endpoint", errand.usual().endpoint, env=errand.s3.credentials()), {},
        500, "InternalFailureException", "Failed to start load because of unknown error from S3"),
    "nothing to resume": (
        Errand.usual, {"source": "s3://{bucket}/fresh/", "mode": "RESUME"},
        400, "BadRequestException",
        "Failed to start load from the source s3://{bucket}/fresh/. No previous load found to resume."),
    "a dependency that nobody knows": (
        Errand.usual, {"queueRequest": "TRUE", "dependencies": [NO_LOAD]},
        404, "BulkLoadIdNotFoundException", f"The load with id = {NO_LOAD} does not exist"),
    "more dependencies than a queue holds": (
        Errand.usual, {"queueRequest": "TRUE", "dependencies": [NO_LOAD] * 65},
        400, "InvalidParameterException", "Invalid value for parameter dependencies: "),
    "no source": (
        Errand.usual, {"source": ""}, 400, "MissingParameterException", "Missing required parameters: [source]"),
    "no format": (
        Errand.usual, {"format": None}, 400, "MissingParameterException", "Missing required parameters: [format]"),
    "an unknown format": (
        Errand.usual, {"format": "parquet"}, 400, "InvalidParameterException", "Invalid value for parameter format: expected "),
    "an unknown mode": (
        Errand.usual, {"mode": "AGAIN"}, 400, "InvalidParameterException", "Invalid value for parameter mode: expected "),
    "an unknown parallelism": (
        Errand.usual, {"parallelism": "MAXIMAL"}, 400, "InvalidParameterException", "Invalid value for parameter parallelism: expected "),
    "a flag that is none": (
        Errand.usual, {"failOnError": "perhaps"}, 400, "InvalidParameterException", "Invalid value for parameter failOnError: expected "),
    "a graph that is no IRI": (
        Errand.usual, {"format": "turtle", "parserConfiguration": {"namedGraphUri": "here"}},
        400, "InvalidParameterException", "Invalid value for parameter namedGraphUri: expected "),
}


def assert_told(answer, status, exception, text):
    """The status, the exception in header and body, and how the text begins."""
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, exception), body
    assert answer.headers["x-amzn-errortype"] == exception
    assert body["detailedMessage"] == body["message"] and body["detailedMessage"].startswith(text), body


@pytest.mark.parametrize("name", STARTS)
def test_a_start_that_is_refused(name, errand):
    server, members, status, exception, text = STARTS[name]
    http = Http(server(errand).endpoint)
    body = {"source": "s3://{bucket}/data/", "format": "csv", "region": REGION, "iamRoleArn": ROLE} | members
    body["source"] = body["source"].format(bucket=errand.bucket)
    before = http.list_loads()["payload"]["loadIds"]
    answer = http.ask("POST", "/loader", json={name: value for name, value in body.items() if value is not None})
    assert_told(answer, status, exception, text.format(bucket=errand.bucket))
    assert http.list_loads()["payload"]["loadIds"] == before, "a refused start leaves no job"


#: name: (method, path, HTTP status, exception, text). In `{…}`: a load that has ended.
CALLS = {
    "the status of an unknown load": (
        "GET", f"/loader/{NO_LOAD}", 404, "BulkLoadIdNotFoundException", f"The load with id = {NO_LOAD} does not exist"),
    "the cancel of an unknown load": (
        "DELETE", f"/loader/{NO_LOAD}", 404, "BulkLoadIdNotFoundException",
        f"The load with id = {NO_LOAD} does not exist or not active"),
    "the cancel of an ended load": (
        "DELETE", "/loader/{ended}", 404, "BulkLoadIdNotFoundException",
        "The load with id = {ended} does not exist or not active"),
    "the status of what is no id": ("GET", "/loader/garbage", 400, "BadRequestException", "Invalid loadId: garbage"),
    "the cancel of what is no id": ("DELETE", "/loader/garbage", 400, "BadRequestException", "Invalid loadId: garbage"),
    "the cancel of nothing": (
        "DELETE", "/loader", 400, "MissingParameterException", "Missing required parameters: [loadId]"),
    "two ids": (
        "GET", f"/loader/{{ended}}?loadId={NO_LOAD}", 400, "InvalidArgumentException",
        "The request names more than one loadId"),
    "a page of nothing": (
        "GET", "/loader/{ended}?errors=TRUE&page=0", 400, "InvalidParameterException",
        "Parameter 'page' must be a positive integer, found '0'"),
    "a list without end": (
        "GET", "/loader?limit=101", 400, "InvalidParameterException",
        "Parameter 'limit' must be an integer from 1 to 100, found '101'"),
    "another method": ("PUT", "/loader", 405, "MethodNotAllowedException", "Method PUT is not allowed on /loader"),
}


@pytest.fixture(scope="module")
def ended(errand):
    client = Boto(errand.usual().endpoint)
    load_id = client.start(
        source=f"s3://{errand.bucket}/data/", format="csv", s3BucketRegion=REGION, iamRoleArn=ROLE)["payload"]["loadId"]
    finished(client, load_id)
    return load_id


@pytest.mark.parametrize("name", CALLS)
def test_a_status_list_or_cancel_that_is_refused(name, errand, ended):
    method, path, status, exception, text = CALLS[name]
    answer = Http(errand.usual().endpoint).ask(method, path.format(ended=ended))
    assert_told(answer, status, exception, text.format(ended=ended))


VERTICES = "~id,~label,x:String(single),n:Int\n"
EDGES = "~id,~from,~to,~label,w:Int\n"

#: name: (format, files, code, recordNum, text, counter). Only one error is in each.
RECORDS = {
    "a statement that does not begin": (
        "nquads", {"d.nq": "<http://ex.test/s> |http://ex.test/p> 'x' .\n"},
        "PARSING_ERROR", 1, "Expected '<', found: |", "parsingErrors"),
    "a row that is too long": (
        "csv", {"v.csv": VERTICES + "a,V,x,1,surplus\n"},
        "PARSING_ERROR", 1, "Record has more columns than header", "parsingErrors"),
    "an edge without its ends": (
        "csv", {"e.csv": EDGES + "e,from-here,to-there,E,1\n"},
        "FROM_OR_TO_VERTEX_ARE_MISSING", 0,
        "Either from vertex, 'from-here', or to vertex, 'to-there', is not present.", "insertErrors"),
    "a second value of a vertex": (
        "csv", {"v.csv": VERTICES + "texts-v,V,one,\ntexts-v,V,two,\n"},
        "SINGLE_CARDINALITY_VIOLATION", 0, "The vertex 'texts-v' has an existing value for property 'x'", "insertErrors"),
    "a second value of an edge": (
        "csv", {"a.csv": "~id,~label\ntexts-a,V\n",
                "z.csv": EDGES + "texts-e,texts-a,texts-a,E,1\ntexts-e,texts-a,texts-a,E,2\n"},
        "SINGLE_CARDINALITY_VIOLATION", 0, "The edge 'texts-e' has an existing value for property 'w'", "insertErrors"),
    "one id of two edges": (
        "csv", {"a.csv": "~id,~label\ntexts-b,V\ntexts-c,V\n",
                "z.csv": EDGES + "texts-f,texts-b,texts-c,E,\ntexts-f,texts-c,texts-b,E,\n"},
        "ID_ASSIGNED_TO_MULTIPLE_EDGES", 0, "", "insertErrors"),
    "a value of another type": (
        "csv", {"v.csv": VERTICES + "a,V,x,many\n"}, "PARSING_ERROR", 1, "", "datatypeMismatchErrors"),
    "a header without an id": ("csv", {"v.csv": "~label\nV\n"}, "PARSING_ERROR", 0, "", "parsingErrors"),
    "a gzip file that breaks off": (
        "csv", {"v.csv.gz": gzip.compress(b"~id,~label\n" + b"".join(b"texts-%d,V\n" % n for n in range(9)))[:-9]},
        "PARSING_ERROR", None, "", "parsingErrors"),
}


@pytest.mark.parametrize("name", RECORDS)
def test_an_error_of_a_record(name, errand):
    format, files, code, record, text, counter = RECORDS[name]
    prefix = name.replace(" ", "-")
    for key, content in files.items():
        body = content if isinstance(content, bytes) else content.encode()
        errand.s3.client().put_object(Bucket=errand.bucket, Key=f"{prefix}/{key}", Body=body)
    payload = load(errand.usual(), f"s3://{errand.bucket}/{prefix}/", format)
    [entry] = payload["errors"]["errorLogs"]
    assert entry["errorCode"] == code and entry["errorMessage"].startswith(text) and entry["errorMessage"], entry
    assert entry["fileName"] == f"s3://{errand.bucket}/{prefix}/{max(files)}"
    assert record is None or entry["recordNum"] == record
    overall = payload["overallStatus"]
    counts = {name: overall[name] for name in ("parsingErrors", "datatypeMismatchErrors", "insertErrors")}
    assert counts == {name: int(name == counter) for name in counts}
    assert overall["status"] == "LOAD_FAILED"


def load(server, source, format):
    client = Boto(server.endpoint)
    members = {"s3BucketRegion": REGION, "iamRoleArn": ROLE, "mode": "NEW", "failOnError": False}
    load_id = client.start(source=source, format=format, **members)["payload"]["loadId"]
    return finished(client, load_id, details=True, errors=True)


def test_an_object_that_may_be_listed_but_not_read(errand):
    server = errand.server("--s3-endpoint", errand.s3.endpoint, env=keys(*LISTER))
    payload = load(server, f"s3://{errand.bucket}/data/", "csv")
    assert [(entry["errorCode"], entry["recordNum"]) for entry in payload["errors"]["errorLogs"]] == [
        ("S3_ACCESS_DENIED_ERROR", 0)]
    assert payload["feedCount"] == [{"LOAD_S3_ACCESS_DENIED_ERROR": 1}]
    assert payload["overallStatus"]["status"] == "LOAD_FAILED"
