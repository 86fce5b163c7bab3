"""Many readers at once: each sees whole published states and nothing between, and none takes more than its share."""

import socket
import threading

import pytest
import requests

from support.clients import Boto, load
from support.opencypher import ByHttp, Refused
from support.waiting import until

READERS = 200
LOADS, SIZE = 6, 500

#: What one snapshot holds, by two walks over it: vertices and what they sum to, edges and what they sum to.
STATE = """
    MATCH (n:V) WITH count(n) AS vertices, sum(n.number) AS numbers
    OPTIONAL MATCH (:V)-[r:E]->(:V)
    RETURN vertices, numbers, count(r) AS edges, sum(r.number) AS weights
"""


def write(folder, number):
    """The files of one load: vertices in a ring."""
    place = folder / f"load-{number}"
    place.mkdir()
    (place / "v.csv").write_text("~id,~label,number:Int\n" + "".join(f"v{number}-{i},V,{number}\n" for i in range(SIZE)))
    edges = (f"e{number}-{i},v{number}-{i},v{number}-{(i + 1) % SIZE},E,{number}\n" for i in range(SIZE))
    (place / "e.csv").write_text("~id,~from,~to,~label,number:Int\n" + "".join(edges))
    return f"file://{place}/"


def whole(vertices, edges):
    """The state after so many loads of vertices and so many of edges."""
    total = [sum(range(1, loads + 1)) * SIZE for loads in (vertices, edges)]
    return {"vertices": vertices * SIZE, "numbers": total[0], "edges": edges * SIZE, "weights": total[1]}


#: Vertices are published before edges, or with them.
STATES = [whole(done + more, done) for done in range(LOADS + 1) for more in (0, 1) if done + more <= LOADS]


class Reader(threading.Thread):
    """Asks again and again, over one connection."""

    def __init__(self, endpoint, stop):
        super().__init__()
        self.endpoint, self.stop, self.seen, self.error = endpoint, stop, [], None

    def run(self):
        try:
            with requests.Session() as session:
                last = False
                while not last:
                    last = self.stop.is_set()
                    answer = session.post(f"{self.endpoint}/openCypher", data={"query": STATE}, timeout=600)
                    assert answer.status_code == 200, answer.text
                    self.seen.append(answer.json()["results"])
        except Exception as error:  # told by the test's own thread
            self.error = error


def test_each_of_many_readers_sees_whole_published_states(server, files):
    stop = threading.Event()
    readers = [Reader(server.endpoint, stop) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    try:
        until(lambda: all(reader.seen or reader.error for reader in readers), what="each reader's first answer")
        for number in range(1, LOADS + 1):
            atomic = {"parserConfiguration": {"atomic": "TRUE"}} if number % 2 else {}
            payload = load(Boto(server.endpoint), write(files, number), **atomic)
            assert payload["overallStatus"]["status"] == "LOAD_COMPLETED", payload
    finally:
        stop.set()
        for reader in readers:
            reader.join(600)
    assert [reader.error for reader in readers if reader.error] == []
    order = {tuple(state.values()): place for place, state in enumerate(STATES)}
    places = set()
    for reader in readers:
        found = [order.get(tuple(row.values())) for [row] in reader.seen]
        assert None not in found, reader.seen[found.index(None)]
        assert found == sorted(found), "nobody goes back in time"
        assert (found[0], found[-1]) == (0, len(STATES) - 1)
        places.update(found)
    assert len(places) > 2, "loads were published while it was asked"


#: Queries that keep all that they meet.
GREEDY = [
    "UNWIND range(1, 20000000) AS i RETURN collect(toString(i)) AS texts",
    "UNWIND range(1, 20000000) AS i RETURN DISTINCT toString(i) AS text ORDER BY text DESC LIMIT 20000000",
    "UNWIND range(1, 20000000) AS i WITH toString(i) AS text, count(*) AS n RETURN text ORDER BY n",
    "UNWIND range(1, 20000000) AS i CREATE (:Greedy {i: i})",
]


@pytest.fixture
def tight_server(make_server):
    with make_server("--query-memory", "16MiB", "--max-queries", "4") as running:
        yield running


def test_a_query_beyond_its_memory_is_told_so_and_the_server_goes_on(tight_server):
    client, refused = ByHttp(tight_server.endpoint), []

    def ask(query):
        try:
            client.run(query)
        except Refused as error:
            refused.append((query, error))

    threads = [threading.Thread(target=ask, args=(query,)) for query in GREEDY * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        assert client.run("MATCH (n) RETURN count(n) AS n") == [{"n": 0}], "what failed leaves nothing"
        thread.join(600)
    assert [str(error) for _, error in refused if error.code != "MemoryLimitExceededException"] == []
    assert sorted(query for query, _ in refused) == sorted(GREEDY * 3)
    until(lambda: requests.get(f"{tight_server.endpoint}/openCypher/status", timeout=60).json()["queries"], lambda found: found == [])
    assert tight_server.alive()


def test_clients_that_leave_free_their_queries_whether_they_run_or_wait(tight_server):
    query = "UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b WITH a, b WHERE a < 0 RETURN count(*) AS n"
    body = f"query={query}".replace(" ", "+").replace(",", "%2C").encode()
    head = f"POST /openCypher HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()

    def listed():
        answer = requests.get(f"{tight_server.endpoint}/openCypher/status", params={"includeWaiting": "true"}, timeout=60)
        return answer.json()

    lines = [socket.create_connection(("127.0.0.1", tight_server.port)) for _ in range(40)]
    for line in lines:
        line.sendall(head + body)
    found = until(listed, lambda found: found["acceptedQueryCount"] == 40, "all queries to be on the list")
    assert found["runningQueryCount"] <= 4
    for line in lines:
        line.close()
    until(listed, lambda found: found["acceptedQueryCount"] == 0, "no query to be left")
    assert ByHttp(tight_server.endpoint).run("RETURN 1 AS one") == [{"one": 1}]
