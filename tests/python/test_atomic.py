"""All or nothing: whatever ends an atomic load before its end, the graph is what it was."""

import random
import shutil

import pytest

from support.clients import RUNNING, Boto, Http, finished, load
from support.jobs import begin, overall, under_way
from support.waiting import until

#: So little that the graph of half a million records is staged several times.
SMALL = ("--memory", "16MiB")

KILLS = 8

BEFORE = "~id,~label,name:String\nbefore-1,Before,one\nbefore-2,Before,two\n"


@pytest.fixture
def atomic_server(make_server, middle_graph, files):
    """Makes servers that may read the graph of half a million records, and what is loaded before it."""
    (files / "before.csv").write_text(BEFORE)

    def make(*flags, **options):
        return make_server("--import-dir", middle_graph.source, "--import-dir", files, *SMALL, *flags, **options)

    return make


def exported(tool, out, **place):
    """The whole property graph, file by file."""
    tool.export(out, "pg", "csv", **place)
    return {path.name: path.read_bytes() for path in out.iterdir()}


def load_before(server, files):
    seen = load(Boto(server.endpoint), f"file://{files}/before.csv")["overallStatus"]
    assert seen["status"] == "LOAD_COMPLETED"


def test_kill_during_an_atomic_load_makes_nothing_visible(atomic_server, middle_graph, files, tool, tmp_path):
    seeded = random.Random(6)
    interrupted = 0
    for kill in range(KILLS):
        server = atomic_server(data=tmp_path / f"data-{kill}").start()
        load_before(server, files)
        client = Boto(server.endpoint)
        load_id = begin(client, f"file://{middle_graph.source}", parserConfiguration={"atomic": "TRUE"})
        records = seeded.randrange(1, middle_graph.records)
        until(
            lambda: overall(client, load_id),
            lambda seen: seen["totalRecords"] >= records or seen["status"] not in RUNNING,
            f"load {load_id} to read {records} records",
        )
        server.kill()

        offline = tool.check(server.data)
        assert offline.clean, (kill, offline.text)
        with server:
            client = Boto(server.endpoint)
            if offline.pg["vertices"] == 2:
                interrupted += 1
                visible = tool.check(endpoint=server.endpoint).pg["vertices"]
                assert visible in (2, middle_graph.vertices + 2), (kill, "all or nothing")
            seen = finished(client, load_id)["overallStatus"]
            assert (seen["status"], seen["totalRecords"]) == ("LOAD_COMPLETED", middle_graph.records), (kill, seen)
            checked = tool.check(endpoint=server.endpoint)
            assert checked.clean, (kill, checked.text)
            assert (checked.pg["vertices"], checked.pg["edges"]) == (middle_graph.vertices + 2, middle_graph.edges), kill
        shutil.rmtree(server.data)
    assert interrupted >= KILLS // 2, "the seeded moments no longer fall within the load"


@pytest.mark.parametrize("asked", ["member", "parser configuration", "server"])
def test_a_cancel_takes_everything_back(asked, atomic_server, middle_graph, files, tool, tmp_path):
    flags = ("--atomic-loads",) if asked == "server" else ()
    with atomic_server(*flags) as server:
        client = Http(server.endpoint) if asked == "member" else Boto(server.endpoint)
        load_before(server, files)
        before = exported(tool, tmp_path / "before", endpoint=server.endpoint)
        members = {
            "member": {"atomic": True},
            "parser configuration": {"parserConfiguration": {"atomic": "TRUE"}},
            "server": {},
        }[asked]
        source = f"file://{middle_graph.source}"
        load_id = begin(client, source, **members)
        under_way(client, load_id, records=200_000)
        assert tool.check(endpoint=server.endpoint).pg["vertices"] == 2, "nothing is visible before its end"
        assert client.cancel(load_id)["status"] == "200 OK"
        seen = overall(client, load_id)
        assert (seen["status"], seen["totalRecords"]) == ("LOAD_CANCELLED_BY_USER", 0)
        assert exported(tool, tmp_path / "after", endpoint=server.endpoint) == before

        again = finished(client, begin(client, source, **members))["overallStatus"]
        assert (again["status"], again["totalRecords"]) == ("LOAD_COMPLETED", middle_graph.records)
        checked = tool.check(endpoint=server.endpoint)
        assert checked.clean, checked.text
        assert (checked.pg["vertices"], checked.pg["edges"]) == (middle_graph.vertices + 2, middle_graph.edges)


def test_an_error_takes_everything_back(atomic_server, middle_graph, files, tool, tmp_path):
    folder = files / "bad"
    shutil.copytree(middle_graph.source, folder)
    (folder / "zzz-edges.csv").write_text("~id,~from,~to,~label\nbad,nobody,nowhere,X\n")
    with atomic_server() as server:
        client = Boto(server.endpoint)
        load_before(server, files)
        before = exported(tool, tmp_path / "before", endpoint=server.endpoint)
        payload = load(client, f"file://{folder}", failOnError=True, parserConfiguration={"atomic": "TRUE"})
        seen = payload["overallStatus"]
        assert (seen["status"], seen["totalRecords"], seen["insertErrors"]) == ("LOAD_FAILED", 1, 1)
        assert [entry["errorCode"] for entry in payload["errors"]["errorLogs"]] == ["FROM_OR_TO_VERTEX_ARE_MISSING"]
        assert "LOAD_COMPLETED" not in {state for count in payload["feedCount"] for state in count}
        assert exported(tool, tmp_path / "after", endpoint=server.endpoint) == before
        checked = tool.check(endpoint=server.endpoint)
        assert checked.clean, checked.text


def test_the_command_line_loads_all_or_nothing(files, tool, tmp_path):
    (files / "v.csv").write_text("~id,~label\na,L\nb,L,surplus\n")
    data = tmp_path / "data"
    failed = tool.run("load", files / "v.csv", "--format", "csv", "--data", data, "--atomic", check=False)
    assert failed.returncode == 1, failed.stdout
    assert tool.check(data).pg["quads"] == 0
    (files / "v.csv").write_text("~id,~label\na,L\nb,L\n")
    tool.run("load", files / "v.csv", "--format", "csv", "--data", data, "--atomic")
    assert tool.check(data).pg["quads"] == 2
