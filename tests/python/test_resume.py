"""The server ends inside a file, by `kill -9` or SIGTERM, and the load goes on: as if nobody had disturbed it."""

import random
import re

import pytest

from support.clients import RUNNING, Boto, finished
from support.graphs import PropertyGraph, statements
from support.jobs import begin, overall
from support.waiting import until

#: So little that a load is sealed every 50,000 quads.
SMALL = ("--memory", "16MiB")

#: Where it says that it goes on, and from where.
GOES_ON = re.compile(r"load goes on behind this record.*feed=(\d+).*records=(\d+)")

#: What a status tells but for times.
COUNTED = ("status", "runNumber", "totalRecords", "totalDuplicates", "parsingErrors", "datatypeMismatchErrors",
           "insertErrors", "ignored")

VERTICES, EDGES = 30_000, 60_000


@pytest.fixture(scope="session")
def generated(tool, tmp_path_factory):
    """Makes the same graph in one format; each once."""
    made = {}

    def make(format, compression):
        if (format, compression) not in made:
            out = tmp_path_factory.mktemp(f"{format}-{compression}")
            tool.generate(out, VERTICES, EDGES, format, compression)
            made[format, compression] = next(folder for folder in out.iterdir() if folder.is_dir())
        return made[format, compression]

    return make


def graph(tool, out, server, format):
    """What the server holds, in comparable form."""
    if format == "csv":
        return PropertyGraph.of_gremlin_csv(tool.export(out, "pg", "csv", endpoint=server.endpoint)).plain()
    return statements(tool.export(out, "rdf", "nquads", endpoint=server.endpoint))


def counted(payload):
    told = {name: payload["overallStatus"][name] for name in COUNTED if name in payload["overallStatus"]}
    return told, payload["feedCount"], payload["errors"]["errorLogs"]


def read(client, load_id, records):
    """Waits until so many records are read; whether it still runs then."""
    seen = until(
        lambda: overall(client, load_id),
        lambda seen: seen["totalRecords"] >= records or seen["status"] not in RUNNING,
        f"load {load_id} to read {records} records",
    )
    return seen["status"] in RUNNING


@pytest.mark.parametrize(("format", "compression", "atomic"), [
    ("csv", "gzip", False),
    ("csv", "none", True),
    ("ntriples", "bzip2", False),
    ("turtle", "none", False),
    ("rdfxml", "gzip", False),
])
def test_a_load_goes_on(format, compression, atomic, generated, make_server, tool, tmp_path):
    seeded = random.Random(f"{format} {compression}")
    source = generated(format, compression)
    flags = ("--import-dir", source, *SMALL)
    members = {"parserConfiguration": {"atomic": "TRUE"}} if atomic else {}

    with make_server(*flags, data=tmp_path / "plain") as server:
        client = Boto(server.endpoint)
        load_id = begin(client, f"file://{source}", format, **members)
        expected = counted(finished(client, load_id, errors=True))
        expected_graph = graph(tool, tmp_path / "expected", server, format)
    records = expected[0]["totalRecords"]
    assert expected[0]["status"] == "LOAD_COMPLETED"

    server = make_server(*flags, data=tmp_path / "disturbed").start()
    load_id = begin(Boto(server.endpoint), f"file://{source}", format, **members)
    ended, spent = 0, 0
    for end, share in [(server.kill, (0.4, 0.6)), (server.stop, (0.6, 0.8)), (server.kill, (0.7, 0.95))]:
        client = Boto(server.endpoint)
        ended += read(client, load_id, int(records * seeded.uniform(*share)))
        end()
        server.start()
        client = Boto(server.endpoint)
        assert client.list_loads()["payload"]["loadIds"] == [load_id]
        now = overall(client, load_id)
        assert now["status"] in ("LOAD_IN_PROGRESS", "LOAD_COMPLETED"), now
        assert now["totalTimeSpent"] >= spent, "time goes on"
        spent = now["totalTimeSpent"]
    assert ended >= 2, "the load was over before it was disturbed"
    with_errors = finished(client, load_id, errors=True)
    assert counted(with_errors) == expected
    assert graph(tool, tmp_path / "found", server, format) == expected_graph
    checked = tool.check(endpoint=server.endpoint)
    assert checked.clean, checked.text
    assert server.stop() == 0

    places = [tuple(map(int, place)) for place in GOES_ON.findall(server.log.read_text())]
    assert len(places) >= ended, "it says where it goes on"
    assert places == sorted(places), "it never goes back"
    assert any(records > 0 for _, records in places), f"it goes on inside of a file: {places}"


def test_a_cancel_after_a_restart_takes_back_what_was_staged(generated, make_server, tool, tmp_path):
    source = generated("csv", "gzip")
    server = make_server("--import-dir", source, *SMALL).start()
    load_id = begin(Boto(server.endpoint), f"file://{source}", parserConfiguration={"atomic": "TRUE"})
    assert read(Boto(server.endpoint), load_id, 150_000), "it ended too soon"
    server.kill()
    assert sum(path.stat().st_size for path in (server.data / "segments").iterdir()) > 100_000, "something was staged"
    with server:
        client = Boto(server.endpoint)
        assert client.cancel(load_id)["status"] == "200 OK"
        seen = overall(client, load_id)
        assert (seen["status"], seen["totalRecords"]) == ("LOAD_CANCELLED_BY_USER", 0)
        assert tool.check(endpoint=server.endpoint).pg["quads"] == 0
    assert list((server.data / "segments").iterdir()) == []
    with server:
        assert overall(Boto(server.endpoint), load_id)["status"] == "LOAD_CANCELLED_BY_USER"


def test_a_source_that_changed_meanwhile(make_server, files, tool):
    rows = "".join(f"v{row},L,{row}\n" for row in range(200_000))
    (files / "v.csv").write_text(f"~id,~label,n:Int\n{rows}")
    server = make_server("--import-dir", files, *SMALL).start()
    load_id = begin(Boto(server.endpoint), f"file://{files}/v.csv", failOnError=False)
    assert read(Boto(server.endpoint), load_id, 200_000), "it ended too soon"
    server.kill()
    (files / "v.csv").write_text("~id,~label,n:Int\nother,L,1\n")
    with server:
        client = Boto(server.endpoint)
        payload = finished(client, load_id, details=True, errors=True)
        assert payload["overallStatus"]["status"] == "LOAD_FAILED"
        assert payload["feedCount"] == [{"LOAD_DATA_FAILED_DUE_TO_FEED_MODIFIED_OR_DELETED": 1}]
        assert [error["errorCode"] for error in payload["errors"]["errorLogs"]] == ["FILE_MODIFICATION_OR_DELETION_ERROR"]
        checked = tool.check(endpoint=server.endpoint)
        assert checked.clean, checked.text
        assert checked.pg["quads"] == payload["overallStatus"]["totalRecords"] > 0, "what was sealed stays"
