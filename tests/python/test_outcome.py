"""What a load with bad records comes to, and what becomes of them."""

import pytest

from support.clients import Boto, Http, ServiceError, finished, load, request
from support.jobs import begin, under_way
from support.waiting import until

#: Ten records, two of them bad.
TWO_BAD = "~id,~label\n" + "".join(f"v{row},L{',surplus' if row in (3, 7) else ''}\n" for row in range(10))


@pytest.mark.parametrize(
    ("client", "members", "ends"),
    [
        (Http, {}, "LOAD_FAILED"),
        (Http, {"tolerance": 2}, "LOAD_COMPLETED"),
        (Http, {"tolerance": 1}, "LOAD_FAILED"),
        (Http, {"tolerance": "20 %"}, "LOAD_COMPLETED"),
        (Boto, {"parserConfiguration": {"tolerance": "19.9%"}}, "LOAD_FAILED"),
        (Boto, {"parserConfiguration": {"tolerance": "20%"}}, "LOAD_COMPLETED"),
        (Boto, {"parserConfiguration": {"tolerance": "2"}}, "LOAD_COMPLETED"),
    ],
)
def test_errors_within_the_tolerance_complete_a_load(client, members, ends, server, files):
    (files / "v.csv").write_text(TWO_BAD)
    payload = load(client(server.endpoint), f"file://{files}/v.csv", failOnError=False, **members)
    seen = payload["overallStatus"]
    assert (seen["status"], seen["totalRecords"], seen["parsingErrors"]) == (ends, 10, 2)
    assert payload["feedCount"] == [{ends: 1}]
    assert len(payload["errors"]["errorLogs"]) == 2


@pytest.mark.parametrize(
    ("members", "teaches"),
    [
        ({"failOnError": False, "tolerance": "some"}, "such as '0.5%', found 'some'"),
        ({"failOnError": False, "tolerance": -1}, "expected a whole number of errors"),
        ({"failOnError": False, "tolerance": "101%"}, "from 0 % to 100 %"),
        ({"failOnError": False, "parserConfiguration": {"tolerance": "1.5"}}, "expected a whole number of errors"),
        ({"tolerance": 1}, "send failOnError FALSE with it"),
    ],
)
def test_a_tolerance_that_cannot_be_meant_is_refused(members, teaches, server, files):
    (files / "v.csv").write_text(TWO_BAD)
    with pytest.raises(ServiceError) as refused:
        Http(server.endpoint).start(**request(f"file://{files}/v.csv", **members))
    assert (refused.value.name, refused.value.status) == ("InvalidParameterException", 400)
    assert "tolerance" in refused.value.message and teaches in refused.value.message


def test_the_command_line_tolerates(files, tool, tmp_path):
    (files / "v.csv").write_text(TWO_BAD)
    args = ("load", files / "v.csv", "--format", "csv", "--data", tmp_path / "data", "--fail-on-error", "false")
    assert tool.run(*args, check=False).returncode == 1
    assert "LOAD_COMPLETED" in tool.run(*args, "--tolerance", "2").stdout
    assert "LOAD_COMPLETED" in tool.run(*args, env={"HALIMEDE_TOLERANCE": "20%"}).stdout


#: What must agree between a dry run and the load after it.
COUNTERS = (
    "status", "totalRecords", "totalDuplicates", "ignored", "parsingErrors", "datatypeMismatchErrors", "insertErrors",
)


def outcome(payload):
    """What a job says of its end, without its id and times."""
    overall = payload["overallStatus"]
    return [overall[name] for name in COUNTERS], payload["feedCount"], payload["errors"]["errorLogs"]


@pytest.mark.parametrize("client", [Http, Boto])
def test_a_dry_run_predicts_the_load_and_changes_nothing(client, server, files, tool, tmp_path):
    ask = client(server.endpoint)
    asked = {"dryRun": True} if client is Http else {"parserConfiguration": {"dryRun": "TRUE"}}
    (files / "before.csv").write_text("~id,~label,name:String(single)\na,L,Ann\nb,L,Ben\n")
    load(ask, f"file://{files}/before.csv")
    folder = files / "next"
    folder.mkdir()
    (folder / "v.csv").write_text("~id,~label,name:String(single)\na,L,Anna\nb,M,Ben\nc,L,Cy\nd,L,Dee,surplus\n")
    (folder / "w.csv").write_text("~id,~from,~to,n:Int\n1,a,c,1\n2,a,nobody,2\n1,b,c,3\n3,c,a,three\n")
    before = {path.name: path.read_bytes() for path in tool.export(tmp_path / "a", "pg", "csv", endpoint=server.endpoint).iterdir()}
    segments = sorted(path.name for path in (server.data / "segments").iterdir())

    told = load(ask, f"file://{folder}", failOnError=False, **asked)
    after = {path.name: path.read_bytes() for path in tool.export(tmp_path / "b", "pg", "csv", endpoint=server.endpoint).iterdir()}
    assert after == before
    assert sorted(path.name for path in (server.data / "segments").iterdir()) == segments
    done = load(ask, f"file://{folder}", failOnError=False)
    assert outcome(told) == outcome(done)
    assert outcome(done)[0] == ["LOAD_FAILED", 12, 2, 0, 1, 1, 3]
    checked = tool.check(endpoint=server.endpoint)
    assert checked.clean, checked.text


def test_only_a_dry_run_says_that_it_is_one(server, files):
    (files / "v.csv").write_text("~id,~label\na,L\n")
    client = Http(server.endpoint)
    assert load(client, f"file://{files}/v.csv", dryRun=True)["overallStatus"]["dryRun"] is True
    assert "dryRun" not in load(client, f"file://{files}/v.csv")["overallStatus"]


def test_a_dry_run_larger_than_memory_leaves_nothing(make_server, middle_graph, tool):
    """Whether it comes to its end, is cancelled, or the server is killed."""
    server = make_server("--import-dir", middle_graph.source, "--memory", "16MiB")
    source = f"file://{middle_graph.source}"

    def nothing_left():
        checked = tool.check(endpoint=server.endpoint)
        assert checked.clean and checked.pg["quads"] == 0, checked.text
        assert list((server.data / "segments").iterdir()) == []

    server.start()
    client = Http(server.endpoint)
    seen = load(client, source, dryRun=True)["overallStatus"]
    assert (seen["status"], seen["totalRecords"]) == ("LOAD_COMPLETED", middle_graph.records)
    nothing_left()
    load_id = begin(client, source, dryRun=True)
    under_way(client, load_id, records=200_000)
    client.cancel(load_id)
    nothing_left()
    load_id = begin(client, source, dryRun=True)
    until(lambda: list((server.data / "segments").iterdir()), bool, "the dry run to put something aside")
    server.kill()
    with server:
        client = Http(server.endpoint)
        finished(client, load_id)
        nothing_left()
