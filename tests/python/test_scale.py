"""Many small objects and one large one, within the memory that was given.

CI loads some thousands and some tens of MiB; `HALIMEDE_SCALE_OBJECTS=10000 HALIMEDE_SCALE_MIB=5120` is the real thing.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.clients import Boto, finished
from support.faults import Cut, FaultProxy, Reset, Short, Status
from support.jobs import begin

MIB = 1 << 20
MEMORY = 512 * MIB
OBJECTS = int(os.environ.get("HALIMEDE_SCALE_OBJECTS", 2500))
LARGE = int(os.environ.get("HALIMEDE_SCALE_MIB", 40)) * MIB


class Anonymous:
    """The most anonymous memory that a process has had, as seen every few milliseconds."""

    def __init__(self, pid):
        self.pid, self.peak, self.over = pid, 0, threading.Event()
        self.thread = threading.Thread(target=self._watch)

    def _watch(self):
        while not self.over.wait(0.01):
            with open(f"/proc/{self.pid}/status") as status:
                [kib] = (line.split()[1] for line in status if line.startswith("RssAnon:"))
            self.peak = max(self.peak, int(kib) * 1024)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def load_within_memory(server, source, report, budget=MEMORY):
    client = Boto(server.endpoint)
    with Anonymous(server.process.pid) as memory:
        seen = finished(client, begin(client, source))
    whole = seen["overallStatus"]
    report(f"{source}: {memory.peak / MIB:.0f} MiB of anonymous memory at most, {whole['totalTimeSpent']} s")
    assert memory.peak <= budget * 5 // 4
    assert whole["status"] == "LOAD_COMPLETED", seen
    return seen


@pytest.fixture(scope="module")
def many(s3):
    """A bucket of vertices and edges, one of either an object."""
    bucket, client = s3.bucket(), s3.client()

    def put(n):
        half = OBJECTS // 2
        text = f"~id,~label\nv{n},V\n" if n < half else f"~id,~from,~to,~label\ne{n},v{n - half},v{n - half},E\n"
        # Their names are so that edges come first.
        client.put_object(Bucket=bucket, Key=f"many/{OBJECTS - n:06}.csv", Body=text.encode())

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(put, range(OBJECTS)))
    return bucket


def test_thousands_of_objects(many, s3, make_server, tool, record_property):
    with make_server("--s3-endpoint", s3.endpoint, "--memory", MEMORY, env=s3.credentials()) as server:
        seen = load_within_memory(server, f"s3://{many}/many/", lambda text: record_property("measured", text) or print(text))
        assert seen["feedCount"] == [{"LOAD_COMPLETED": OBJECTS}]
        assert seen["overallStatus"]["totalRecords"] == OBJECTS
        checked = tool.check(endpoint=server.endpoint)
        assert checked.clean, checked.text
        assert (checked.pg["vertices"], checked.pg["edges"]) == (OBJECTS // 2, OBJECTS - OBJECTS // 2)


def test_a_listing_of_many_pages_is_mended_page_by_page(many, s3, make_server):
    with FaultProxy(("127.0.0.1", int(s3.endpoint.rsplit(":", 1)[1]))) as proxy:
        # The first is the probe; each page then fails in its own way, the last but one in two.
        for skip, fault in enumerate((Status(503, "SlowDown"), Reset(5000), Cut(100_000), Short(7))):
            proxy.spoil(fault, "list", skip=1 + 2 * skip if skip < 3 else 6)
        flags = ("--s3-endpoint", proxy.endpoint, "--s3-retries", 2, "--s3-backoff", 0.01)
        with make_server(*flags, env=s3.credentials()) as server:
            client = Boto(server.endpoint)
            seen = finished(client, begin(client, f"s3://{many}/many/"))
            assert seen["overallStatus"]["status"] == "LOAD_COMPLETED", seen
            assert seen["feedCount"] == [{"LOAD_COMPLETED": OBJECTS}]
        pages = [request.page for request in proxy.requests if request.kind == "list"]
        assert len(set(pages)) == -(-OBJECTS // 1000) and len(pages) > len(set(pages))


class Rows:
    """A CSV file of about `size` bytes that is never whole anywhere: rows of a thousand bytes."""

    HEADER = b"~id,~label,n:Long,text:String\n"

    def __init__(self, size):
        self.count, self.row, self.rest = size // 1000, 0, self.HEADER

    def read(self, size=-1):
        while (size < 0 or len(self.rest) < size) and self.row < self.count:
            until = min(self.row + 1000, self.count)
            self.rest += b"".join(b"v%09d,V,%d,%0960d\n" % (row, row * 7919 % 1000, row) for row in range(self.row, until))
            self.row = until
        size = len(self.rest) if size < 0 else size
        answer, self.rest = self.rest[:size], self.rest[size:]
        return answer


def test_a_large_object(s3, make_server, tool, record_property):
    bucket, rows = s3.bucket(), Rows(LARGE)
    s3.client().upload_fileobj(rows, bucket, "large.csv")
    with make_server("--s3-endpoint", s3.endpoint, "--memory", MEMORY, env=s3.credentials()) as server:
        seen = load_within_memory(server, f"s3://{bucket}/large.csv", lambda text: record_property("measured", text) or print(text))
        assert seen["overallStatus"]["totalRecords"] == 3 * rows.count
        checked = tool.check(endpoint=server.endpoint)
        assert checked.clean, checked.text
        assert (checked.pg["vertices"], checked.pg["quads"]) == (rows.count, 3 * rows.count)


def test_a_small_budget_is_kept(make_server, tool, tmp_path, record_property):
    budget = 100 * MIB
    graph = tool.generate(tmp_path / "graph", vertices=50_000, edges=500_000, format="csv")
    with make_server("--import-dir", tmp_path, "--memory", budget) as server:
        load_within_memory(
            server, f"file://{graph / 'csv'}", lambda text: record_property("measured", text) or print(text), budget)
        checked = tool.check(endpoint=server.endpoint)
        assert (checked.pg["vertices"], checked.pg["edges"]) == (50_000, 500_000), checked.text
