"""Whatever S3 does in the middle of a load: the load ends, says what happened, keeps what is right, and the next one completes it."""

import itertools
from collections import namedtuple

import pytest

from support.clients import Boto, finished
from support.faults import Cut, FaultProxy, First, Header, Reset, Short, Stall, Status
from support.graphs import PropertyGraph
from support.jobs import begin, loaded, overall
from support.waiting import until

#: Three tries, hardly a pause; a silent connection is left after a second where a case is about silence.
QUICK = ("--s3-retries", 2, "--s3-backoff", 0.01)
IMPATIENT = (*QUICK, "--s3-timeout", 1)

#: A byte within a.csv, b.csv and c.csv, none of them near it in size.
MIDDLE = 100_000

SLOW_DOWN, DENIED = Status(503, "SlowDown"), Status(403, "AccessDenied")
NO_LISTING = "Failed to start load because of unknown error from S3. "


#: Each test has a folder of its own.
NUMBERS = itertools.count(1)


def rows(name, count):
    """Vertices with a label and a property: two records each."""
    return [f"{name}{n},{name.upper()},{n:060}" for n in range(count)]


VERTICES = "~id,~label,text:String"
CONTENT = {
    "a.csv": [VERTICES, *rows("a", 3000)],
    "b.csv": [VERTICES, *rows("b", 3000)],
    "c.csv": ["~id,~from,~to,~label,text:String", *(f"c{n},a{n},a{n + 1},C,{n:060}" for n in range(2500))],
}
RECORDS = {"a.csv": 6000, "b.csv": 6000, "c.csv": 5000}


def text(name):
    return ("\n".join(CONTENT[name]) + "\n").encode()


def records_before(name, byte):
    """Records of the whole rows that lie before a byte of a file."""
    return 2 * (text(name)[:byte].count(b"\n") - 1)


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("expected")
    for name in CONTENT:
        (folder / name).write_bytes(text(name))
    return PropertyGraph.of_gremlin_csv(folder)


@pytest.fixture(scope="module")
def bucket(s3):
    """One for all: the S3 server has room for few."""
    return s3.bucket()


@pytest.fixture
def place(s3, bucket, make_server, tool, expected, tmp_path):
    """A folder of the bucket with the three files, a proxy before it, and a server that knows only the proxy."""
    with FaultProxy(("127.0.0.1", int(s3.endpoint.rsplit(":", 1)[1]))) as proxy:
        place = Place(s3, bucket, proxy, make_server, tool, expected, tmp_path)
        place.restore()
        yield place


class Place:
    def __init__(self, s3, bucket, proxy, make_server, tool, expected, tmp_path):
        self.s3, self.bucket, self.proxy, self.tool, self.expected = s3, bucket, proxy, tool, expected
        self.make_server, self.tmp_path = make_server, tmp_path
        self.prefix = f"{next(NUMBERS)}/"
        self.source = f"s3://{bucket}/{self.prefix}"

    def server(self, *flags):
        return self.make_server("--s3-endpoint", self.proxy.endpoint, *flags, env=self.s3.credentials())

    def replace(self, name, content=b"~id\nother\n"):
        self.s3.client().put_object(Bucket=self.bucket, Key=self.prefix + name, Body=content)

    def restore(self):
        for name in CONTENT:
            self.replace(name, text(name))

    def delete(self, name):
        self.s3.client().delete_object(Bucket=self.bucket, Key=self.prefix + name)

    def load(self, server, **members):
        client = Boto(server.endpoint)
        return finished(client, begin(client, self.source, **members), details=True, errors=True)

    def assert_true(self, server, seen):
        """The store is in order, and holds exactly the records that the job says it loaded."""
        checked = self.tool.check(endpoint=server.endpoint)
        assert checked.clean, checked.text
        assert checked.pg["quads"] == loaded(seen["overallStatus"])

    def assert_the_next_completes(self, server, mode="NEW"):
        """With S3 in order again, a second load ends with the graph of an undisturbed one."""
        self.proxy.heal()
        self.restore()
        seen = self.load(server, mode=mode)
        assert seen["overallStatus"]["status"] == "LOAD_COMPLETED", seen
        self.assert_whole(server)
        return seen

    def assert_whole(self, server):
        out = self.tool.export(self.tmp_path / "export", "pg", "csv", endpoint=server.endpoint)
        assert PropertyGraph.of_gremlin_csv(out) == self.expected


#: Faults that pass, at a listing and at a read. What comes in twos uses up all tries but the last.
PASSING = [
    *(("list", fault) for fault in (
        Status(500, "InternalError"), SLOW_DOWN, Status(429, "TooManyRequests"), Status(400, "RequestTimeout"), Reset(), Reset(300),
        Stall(), Stall(300), Short(300), Cut(300))),
    *(("read", fault) for fault in (
        Status(500, "InternalError"), SLOW_DOWN, Status(429, "TooManyRequests"), Status(400, "RequestTimeout"), Reset(), Reset(0),
        Reset(MIDDLE), Stall(), Stall(MIDDLE), Short(MIDDLE))),
]


def name_of(value):
    if isinstance(value, Status):
        return f"{value.status}"
    return value if isinstance(value, str) else repr(value).lower().replace("(after=none)", "").replace("(after=", "-at-").strip(")")


@pytest.mark.parametrize(("kind", "fault"), PASSING, ids=name_of)
def test_a_fault_that_passes_is_not_seen(kind, fault, place):
    # The first listing is the probe of the start, the first read is the look at the header.
    place.proxy.spoil(fault, kind, key="" if kind == "list" else "b.csv", skip=1, times=2)
    with place.server(*(IMPATIENT if isinstance(fault, Stall) else QUICK)) as server:
        seen = place.load(server)
        whole = seen["overallStatus"]
        assert (whole["status"], whole["totalRecords"]) == ("LOAD_COMPLETED", sum(RECORDS.values())), seen
        assert seen["errors"]["errorLogs"] == [] and seen["failedFeeds"] == []
        place.assert_true(server, seen)
        place.assert_whole(server)


Lasting = namedtuple("Lasting", "name faults state code message records")

READ_ERROR = ("LOAD_S3_READ_ERROR", "INTERNAL_ERROR")
ACCESS_DENIED = ("LOAD_S3_ACCESS_DENIED_ERROR", "S3_ACCESS_DENIED_ERROR")
MODIFIED = ("LOAD_DATA_FAILED_DUE_TO_FEED_MODIFIED_OR_DELETED", "FILE_MODIFICATION_OR_DELETION_ERROR")

#: Faults that do not pass, at every read of b.csv, or from a byte of it on; how the feed ends, and what was read of it.
LASTING = [
    Lasting("500", [Status(500, "InternalError")], *READ_ERROR, "cannot be read beyond byte 0: 500", 0),
    Lasting("503", [SLOW_DOWN], *READ_ERROR, "SlowDown: as the test wants it", 0),
    Lasting("429", [Status(429, "TooManyRequests")], *READ_ERROR, "cannot be read beyond byte 0: 429", 0),
    Lasting("400", [Status(400, "InvalidRequest")], *READ_ERROR, "InvalidRequest", 0),
    Lasting("reset", [Reset()], *READ_ERROR, "cannot be read beyond byte 0", 0),
    Lasting("stall", [Stall()], *READ_ERROR, "cannot be read beyond byte 0", 0),
    Lasting("short", [Short(0)], *READ_ERROR, "cannot be read beyond byte 0", 0),
    Lasting("reset in the middle", [Reset(MIDDLE), SLOW_DOWN], *READ_ERROR, f"beyond byte {MIDDLE}", MIDDLE),
    Lasting("stall in the middle", [Stall(MIDDLE), Stall()], *READ_ERROR, f"beyond byte {MIDDLE}", MIDDLE),
    Lasting("short in the middle", [Short(MIDDLE), Short(0)], *READ_ERROR, f"beyond byte {MIDDLE}", MIDDLE),
    Lasting("403", [DENIED], *ACCESS_DENIED, "b.csv may not be read (403", 0),
    Lasting("403 in the middle", [Reset(MIDDLE), DENIED], *ACCESS_DENIED, "b.csv may not be read (403", MIDDLE),
    Lasting("expired", [Status(400, "ExpiredToken")], *ACCESS_DENIED, "ExpiredToken", 0),
    Lasting("404", [Status(404, "NoSuchKey")], *MODIFIED, "was changed or removed after the load began (404", 0),
    Lasting("412 in the middle", [Reset(MIDDLE), Status(412, "PreconditionFailed")], *MODIFIED, "(412", MIDDLE),
    Lasting("another ETag", [Header("ETag", '"another"')], *MODIFIED, "its ETag is not the listed one", 0),
    Lasting("another ETag in the middle", [Reset(MIDDLE), Header("ETag", '"another"')], *MODIFIED, "ETag", MIDDLE),
    Lasting("another size", [Cut(MIDDLE)], *MODIFIED, "its size is not the listed one", 0),
]


@pytest.mark.parametrize("case", LASTING, ids=lambda case: case.name)
def test_a_fault_that_lasts_costs_its_file(case, place):
    *before, last = case.faults
    for fault in before:
        place.proxy.spoil(fault, "read", key="b.csv", skip=1)
    place.proxy.spoil(last, "read", key="b.csv", skip=1, times=None)
    with place.server(*(IMPATIENT if isinstance(last, Stall) else QUICK)) as server:
        seen = place.load(server, failOnError=False)
        whole = seen["overallStatus"]
        read = records_before("b.csv", case.records) if case.records else 0
        assert whole["status"] == "LOAD_FAILED", seen
        assert whole["totalRecords"] == RECORDS["a.csv"] + read + RECORDS["c.csv"], seen
        assert [whole[name] for name in ("parsingErrors", "datatypeMismatchErrors", "insertErrors")] == [0, 0, 0]
        assert seen["feedCount"] == [{"LOAD_COMPLETED": 2}, {case.state: 1}]
        [failed], [entry] = seen["failedFeeds"], seen["errors"]["errorLogs"]
        assert (failed["fullUri"], failed["status"]) == (f"{place.source}b.csv", case.state)
        assert (entry["fileName"], entry["errorCode"], entry["recordNum"]) == (f"{place.source}b.csv", case.code, 0)
        assert case.message in entry["errorMessage"], entry
        place.assert_true(server, seen)
        # What was loaded is skipped: only the file that failed is read, from its beginning.
        resumed = place.assert_the_next_completes(server, mode="RESUME")["overallStatus"]
        assert (resumed["totalRecords"], resumed["totalDuplicates"]) == (RECORDS["b.csv"], read), resumed


@pytest.mark.parametrize("change", ["deleted", "replaced"])
def test_an_object_that_changes_behind_the_load(change, place):
    """The store itself refuses to go on with another object under the same name."""
    act = {"deleted": lambda: place.delete("b.csv"), "replaced": lambda: place.replace("b.csv")}[change]
    place.proxy.spoil(Reset(MIDDLE), "read", key="b.csv", skip=1)
    place.proxy.spoil(First(act), "read", key="b.csv", skip=1)
    with place.server(*QUICK) as server:
        seen = place.load(server, failOnError=False)
        assert seen["feedCount"] == [{"LOAD_COMPLETED": 2}, {MODIFIED[0]: 1}], seen
        assert [entry["errorCode"] for entry in seen["errors"]["errorLogs"]] == [MODIFIED[1]]
        place.assert_true(server, seen)
        place.assert_the_next_completes(server)


@pytest.mark.parametrize(("fault", "state"), [(SLOW_DOWN, READ_ERROR[0]), (DENIED, ACCESS_DENIED[0]), (Status(404, "NoSuchKey"), MODIFIED[0])],
                         ids=name_of)
@pytest.mark.parametrize("atomic", [False, True], ids=["strict", "atomic"])
def test_a_fault_that_lasts_stops_a_strict_load(atomic, fault, state, place):
    place.proxy.spoil(fault, "read", key="b.csv", times=None)
    with place.server(*QUICK) as server:
        seen = place.load(server, parserConfiguration={"atomic": str(atomic)})
        whole = seen["overallStatus"]
        kept = 0 if atomic else RECORDS["a.csv"]
        assert (whole["status"], whole["totalRecords"]) == ("LOAD_FAILED", kept), seen
        assert {state: 1} in seen["feedCount"] and {"LOAD_NOT_STARTED": 1} in seen["feedCount"], seen
        assert len(seen["errors"]["errorLogs"]) == 1
        place.assert_true(server, seen)
        resumed = place.assert_the_next_completes(server, mode="AUTO")["overallStatus"]
        assert resumed["totalRecords"] == sum(RECORDS.values()) - kept


#: Faults that do not pass, at every page of the listing: what the log says.
UNLISTED = [
    (Status(500, "InternalError"), "INTERNAL_ERROR", f"{NO_LISTING}the configured --s3-endpoint answered 500"),
    (SLOW_DOWN, "INTERNAL_ERROR", NO_LISTING),
    (DENIED, "S3_ACCESS_DENIED_ERROR", "Unable to perform S3 list operation. "),
    (Status(404, "NoSuchBucket"), "INTERNAL_ERROR", "S3 bucket not found for source. "),
    (Reset(), "INTERNAL_ERROR", "Unable to connect to S3 endpoint. Provided source = "),
    (Reset(300), "INTERNAL_ERROR", "Unable to connect to S3 endpoint. Provided source = "),
    (Stall(300), "INTERNAL_ERROR", "Unable to connect to S3 endpoint. Provided source = "),
    (Short(300), "INTERNAL_ERROR", "Unable to connect to S3 endpoint. Provided source = "),
    (Cut(300), "INTERNAL_ERROR", NO_LISTING),
]


@pytest.mark.parametrize(("fault", "code", "message"), UNLISTED, ids=name_of)
def test_a_listing_that_fails_fails_the_load(fault, code, message, place):
    place.proxy.spoil(fault, "list", skip=1, times=None)
    with place.server(*(IMPATIENT if isinstance(fault, Stall) else QUICK)) as server:
        seen = place.load(server)
        assert (seen["overallStatus"]["status"], seen["overallStatus"]["totalRecords"]) == ("LOAD_FAILED", 0), seen
        assert seen["feedCount"] == [] and seen["failedFeeds"] == []
        [entry] = seen["errors"]["errorLogs"]
        assert (entry["errorCode"], entry["fileName"], entry["recordNum"]) == (code, place.source, 0)
        assert entry["errorMessage"].startswith(message), entry
        place.assert_true(server, seen)
        place.assert_the_next_completes(server)


#: Where a load may wait for S3.
WAITS = [
    ("list", "", 1, Stall()),
    ("list", "", 1, Stall(300)),
    ("list", "", 1, SLOW_DOWN),
    ("read", "b.csv", 0, Stall()),
    ("read", "b.csv", 1, Stall()),
    ("read", "b.csv", 1, Stall(MIDDLE)),
    ("read", "b.csv", 1, SLOW_DOWN),
    ("read", "c.csv", 1, Stall(MIDDLE)),
]


@pytest.mark.parametrize(("kind", "key", "skip", "fault"), WAITS, ids=name_of)
def test_a_cancel_ends_every_wait(kind, key, skip, fault, place):
    """Silence is borne for longer than any test, and a pause is not waited for either."""
    place.proxy.spoil(fault, kind, key=key, skip=skip, times=None)
    with place.server("--s3-timeout", 80_000, "--s3-backoff", 10) as server:
        client = Boto(server.endpoint)
        load_id = begin(client, place.source)

        def asked():
            return sum(seen.kind == kind and seen.key.endswith(key) for seen in place.proxy.requests)

        until(asked, lambda times: times == skip + 1, f"{kind} {skip + 1} of {key}")
        assert client.cancel(load_id) == {"status": "200 OK"}
        assert asked() == skip + 1, "it was asked again before the cancel answered"
        assert overall(client, load_id)["status"] == "LOAD_CANCELLED_BY_USER"
        place.assert_true(server, client.status(load_id)["payload"])
        place.assert_the_next_completes(server)
