"""What a load with bad records comes to, and what becomes of them."""

import bz2
import csv
import gzip
import io
import random

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


def rejects(server, load_id, feed=None, part="rows"):
    """The list of a job's rejects, or one file of them."""
    path = f"/halimede/loader/{load_id}/rejects"
    answer = Http(server.endpoint).ask("GET", path, params={} if feed is None else {"feed": feed, "part": part})
    assert answer.status_code == 200, answer.text
    return answer.json() if feed is None else answer.content


def bad_rows(seeded, count):
    """For each format: a file with `count` rows that are good or bad at random, the bad ones and how each is mended.

    Rows are made so that it is certain which are bad without asking a loader.
    """
    def choose(rows):
        made = [seeded.choices(rows, weights=[6] + [1] * (len(rows) - 1))[0](number) for number in range(count)]
        return [good for good, _ in made], [bad or good for good, bad in made], [bad for _, bad in made if bad]

    iri = "http://example.org/{}".format
    line = lambda number: f"<{iri(number)}> <{iri('p')}> \"{number}\" .\n"  # noqa: E731
    quad = lambda number: f"<{iri(number)}> <{iri('p')}> \"{number}\" <{iri('g')}> .\n"  # noqa: E731
    kinds = {
        "csv": ("~id,~label,n:Int,note\r\n", [
            lambda n: (f"v{n},L,{n},plain\r\n", None),
            lambda n: (f'v{n},L,{n},"two\nlines, ""quoted"""\r\n', None),
            lambda n: (f"v{n},L,{n},x\r\n", f"v{n},L,{n},x,surplus\r\n"),
            lambda n: (f'v{n},L,{n},"a\nb"\r\n', f'v{n},L,many,"a\nb"\r\n'),
            lambda n: (f"v{n},L,{n},\r\n", f",L,{n},\r\n"),
        ]),
        "opencypher": (":ID,:LABEL,n:Long\n", [
            lambda n: (f"o{n},L,{n}\n", None),
            lambda n: (f"o{n},L,{n}\n", f"o{n},L,{n}.5\n"),
            lambda n: (f"o{n},L,{n}\n", f"o{n},L,{n},\"sur\nplus\"\n"),
        ]),
        "ntriples": ("", [
            lambda n: (line(n), None),
            lambda n: (line(n), f"<{iri(n)}> |p> \"{n}\" .\n"),
            lambda n: (line(n), f"<{iri(n)}> <{iri('p')}> \"{n}\"\n"),
        ]),
        "nquads": ("", [
            lambda n: (quad(n), None),
            lambda n: (quad(n), f"<{iri(n)}> <{iri('p')}> \"{n}\" <g> .\n"),
        ]),
    }
    return {format: (header, *choose(rows)) for format, (header, rows) in kinds.items()}


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress], ids=["plain", "gzip", "bzip2"])
def test_rejects_are_the_bad_rows_and_load_when_mended(compress, server, files, tool, tmp_path):
    """Of random files in every format that has rows, by an independent count."""
    client = Http(server.endpoint)
    for format, (header, good, given, bad) in bad_rows(random.Random(11), 400).items():
        assert bad, "the seed makes bad rows"
        (files / f"{format}.txt").write_bytes(compress((header + "".join(given)).encode()))
        payload = load(client, f"file://{files}/{format}.txt", format, failOnError=False)
        seen, load_id = payload["overallStatus"], payload["errors"]["loadId"]
        assert seen["parsingErrors"] + seen["datatypeMismatchErrors"] == len(bad)
        listed = rejects(server, load_id)
        assert (listed["rows"], listed["errors"], listed["rowsWithoutText"]) == (len(bad), len(bad), 0)
        kept = rejects(server, load_id, feed=1)
        assert kept.decode() == header + "".join(bad), format
        reasons = list(csv.DictReader(io.StringIO(rejects(server, load_id, feed=1, part="reasons").decode())))
        assert [int(reason["row"]) for reason in reasons] == list(range(1, len(bad) + 1))
        wanted = [number for number, (row, mended) in enumerate(zip(given, good, strict=True), 1) if row != mended]
        assert [int(reason["record"]) for reason in reasons] == wanted

        # Mended, they are all that was missing.
        mended = [fine for fine, row in zip(good, given, strict=True) if fine != row]
        (files / "mended").write_text(header + "".join(mended), newline="")
        done = load(client, f"file://{files}/mended", format, failOnError=True)["overallStatus"]
        assert (done["status"], done["totalDuplicates"]) == ("LOAD_COMPLETED", 0)
        (files / "whole").write_text(header + "".join(good), newline="")
        again = load(client, f"file://{files}/whole", format)["overallStatus"]
        assert again["status"] == "LOAD_COMPLETED"
        repeats = len(good) if format == "opencypher" else again["totalRecords"]
        assert again["totalDuplicates"] == repeats, "nothing is missing"
    checked = tool.check(endpoint=server.endpoint)
    assert checked.clean, checked.text


def test_refused_edges_are_read_again_from_s3(s3_server, s3):
    edges = ["~id,~from,~to\n"] + [f"e{n},v1,{'nobody' if n % 7 == 0 else 'v2'}\n" for n in range(1, 5001)]
    bucket = s3.bucket({"v.csv": b"~id\nv1\nv2\n", "w.csv.gz": gzip.compress("".join(edges).encode())})
    payload = load(Boto(s3_server.endpoint), f"s3://{bucket}/", failOnError=False)
    bad = [row for row in edges if "nobody" in row]
    assert payload["overallStatus"]["insertErrors"] == len(bad)
    listed = rejects(s3_server, payload["errors"]["loadId"])
    assert [feed["rows"] for feed in listed["feeds"]] == [len(bad)]
    kept = rejects(s3_server, payload["errors"]["loadId"], feed=listed["feeds"][0]["feed"])
    assert kept.decode() == edges[0] + "".join(bad)


def test_rejects_survive_a_kill_and_are_written_out_by_the_command_line(make_server, files, tool, tmp_path):
    (files / "v.csv").write_text(TWO_BAD)
    server = make_server("--import-dir", files).start()
    load_id = load(Boto(server.endpoint), f"file://{files}/v.csv", failOnError=False)["errors"]["loadId"]
    before = rejects(server, load_id, feed=1)
    server.kill()
    with server:
        assert rejects(server, load_id, feed=1) == before
        shown = tool.run("rejects", load_id, "--endpoint", server.endpoint, "--out", tmp_path / "out").stdout
        assert "v.csv" in shown and "2 rows" in shown
    # Without a server too.
    assert tool.run("rejects", load_id, "--data", server.data).stdout.splitlines()[0] in shown
    rows = (tmp_path / "out" / "1-v.csv").read_text()
    assert rows == "~id,~label\nv3,L,surplus\nv7,L,surplus\n"
    reasons = list(csv.DictReader((tmp_path / "out" / "reasons" / "1-reasons.csv").open()))
    assert [(reason["record"], reason["line"], reason["message"]) for reason in reasons] == [
        ("4", "5", "Record has more columns than header"), ("8", "9", "Record has more columns than header"),
    ]
    (tmp_path / "out" / "1-v.csv").write_text(rows.replace(",surplus", ""))
    done = tool.run("load", tmp_path / "out", "--format", "csv", "--data", server.data).stdout
    assert "LOAD_COMPLETED" in done
    assert tool.check(server.data).pg["vertices"] == 10


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/halimede/loader/x/rejects", 400, "BadRequestException"),
        ("/halimede/loader/00000000-0000-4000-8000-000000000000/rejects", 404, "BulkLoadIdNotFoundException"),
        ("/halimede/loader/{id}/rejects?feed=7", 400, "InvalidParameterException"),
        ("/halimede/loader/{id}/rejects?feed=0", 400, "InvalidParameterException"),
        ("/halimede/loader/{id}/rejects?feed=1&part=all", 400, "InvalidParameterException"),
    ],
)
def test_rejects_that_are_not_there(path, status, code, server, files):
    (files / "v.csv").write_text(TWO_BAD)
    load_id = load(Boto(server.endpoint), f"file://{files}/v.csv", failOnError=False)["errors"]["loadId"]
    answer = Http(server.endpoint).ask("GET", path.format(id=load_id))
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_the_limit_of_rejects_is_the_servers(make_server, files):
    (files / "v.csv").write_text("~id,~label\n" + "a,L,surplus\n" * 1000)
    with make_server("--import-dir", files, "--rejects-limit", "10KB") as server:
        payload = load(Boto(server.endpoint), f"file://{files}/v.csv", failOnError=False)
        listed = rejects(server, payload["errors"]["loadId"])
        assert (listed["rows"], listed["errors"], listed["limitReached"]) == (1000, 1000, True)
        assert 9_000 < listed["bytes"] <= 10_000 and listed["bytesLimit"] == 10_000
        assert 0 < 1000 - listed["rowsWithoutText"] < 200
