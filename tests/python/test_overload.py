"""Ten times more clients than the limits allow: what is accepted is answered, the rest is told to come again, and loads, cancels
and the status go on as if nobody else were there.

`HALIMEDE_OVERLOAD_SECONDS` lets the crowd go on for so long; without it, until everything has been seen.
"""

import asyncio
import collections
import json
import os
import threading
import time
import urllib.parse

from support.clients import Boto, Http, ServiceError, finished, load, request
from support.graphs import PropertyGraph
from support.http1 import close, read_reply
from support.jobs import overall, under_way
from support.waiting import until

CONNECTIONS, RESERVED = 24, 16
CLIENTS = 10 * CONNECTIONS
LIMITS = (
    "--max-connections", CONNECTIONS, "--reserved-connections", RESERVED, "--max-requests", 16, "--max-queries", 2,
    "--max-queued-queries", 4,
)
#: The least that the crowd sends.
REQUESTS = 3_000
SECONDS = float(os.environ.get("HALIMEDE_OVERLOAD_SECONDS", 0))

SUBJECTS = 120
QUERY = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o . ?t ?p ?u }"


class Crowd:
    """Clients that ask the same question as fast as they are answered, each time on a connection of its own."""

    def __init__(self, port):
        self.port, self.answers, self.wrong = port, collections.Counter(), []
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._all()))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    @property
    def total(self):
        return self.answers.total()

    async def _all(self):
        async with asyncio.TaskGroup() as group:
            for number in range(CLIENTS):
                group.create_task(self._client(number))

    async def _client(self, number):
        encoded = urllib.parse.urlencode({"query": QUERY}).encode()
        asked = (
            b"GET /sparql?%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % encoded,
            b"POST /sparql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(encoded), encoded),
        )[number % 2]
        while not self._over.is_set():
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.write(asked)
                reply = await read_reply(reader)
                await close(writer)
                self._judge(reply)
            except OSError as error:
                self.wrong.append(f"no answer: {error}")

    def _judge(self, reply):
        if reply is None:
            self.wrong.append("the connection was closed without an answer")
            return
        self.answers[reply.status] += 1
        if reply.status == 200:
            if json.loads(reply.body)["results"]["bindings"][0]["n"]["value"] != str(SUBJECTS**2):
                self.wrong.append(f"a wrong answer: {reply.body}")
        elif reply.status != 429 or reply.headers.get(b"retry-after") != b"1" or b"TooManyRequestsException" not in reply.body:
            self.wrong.append(f"{reply.status} {reply.headers} {reply.body}")


class Watcher:
    """Asks for the status again and again, each time on a connection of its own."""

    def __init__(self, endpoint):
        self.http, self.seen = Http(endpoint), collections.Counter()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _ask(self):
        while not self._over.is_set():
            for path in ("/status", "/halimede/health", "/loader"):
                answer = self.http.ask("GET", path, headers={"Connection": "close"})
                self.seen[answer.status_code] += 1


def persistent(start, **members):
    """Starts a load as a client does that heeds 429; its id."""

    def attempt():
        try:
            return start(**members)["payload"]["loadId"]
        except ServiceError as error:
            assert (error.name, error.status) == ("TooManyRequestsException", 429), error
            return None

    return until(attempt, what="a start to be accepted")


def test_overload(make_server, files, middle_graph, tool, tmp_path):
    (files / "few.nt").write_text("".join(f"<http://s/{n}> <http://p> \"{n}\" .\n" for n in range(SUBJECTS)))
    begun = time.monotonic()
    with make_server(*LIMITS, "--import-dir", files, "--import-dir", middle_graph.source) as server:
        client = Boto(server.endpoint)
        load(client, f"file://{files}/few.nt", "ntriples")
        source = f"file://{middle_graph.source}/"

        with Watcher(server.endpoint) as watcher, Crowd(server.port) as crowd:
            until(lambda: crowd.answers[429], lambda refused: refused >= CLIENTS, "the crowd to be turned away")
            first = persistent(Http(server.endpoint).start, **request(source, "csv"))
            whole = finished(client, first)["overallStatus"]
            refused = crowd.answers[429]
            assert whole["status"] == "LOAD_COMPLETED", whole
            assert whole["totalRecords"] == middle_graph.records
            assert (whole["totalDuplicates"], whole["insertErrors"], whole["parsingErrors"]) == (0, 0, 0)

            second = persistent(Http(server.endpoint).start, **request(source, "csv"))
            under_way(client, second)
            assert client.cancel(second) == {"status": "200 OK"}
            ended = overall(client, second)
            assert ended["status"] == "LOAD_CANCELLED_BY_USER", ended
            until(lambda: crowd.total, lambda total: total >= REQUESTS, "the crowd to have sent enough")
            if SECONDS:
                time.sleep(max(0, begun + SECONDS - time.monotonic()))
            assert crowd.answers[429] > refused, "it was the peak"

        assert not crowd.wrong, crowd.wrong[:5]
        assert crowd.answers[200] > 0 and set(crowd.answers) == {200, 429}, crowd.answers
        assert set(watcher.seen) == {200}, watcher.seen
        print(f"overload: {time.monotonic() - begun:.0f} s, answers {dict(crowd.answers)}, looks at the status {watcher.seen[200]}")

        metrics = Http(server.endpoint).ask("GET", "/metrics").text
        assert 'halimede_refused_total{limit="connections"}' in metrics
        checked = tool.check(endpoint=server.endpoint)
        assert checked.clean, checked.text
        exported = PropertyGraph.of_gremlin_csv(tool.export(tmp_path / "out", "pg", "csv", endpoint=server.endpoint))
        assert exported == PropertyGraph.of_gremlin_csv(middle_graph.source)
