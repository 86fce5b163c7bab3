"""NEW, RESUME and AUTO over S3 and files: what is skipped, what is loaded again, and that nothing becomes two."""

import pytest

from support.clients import ROLE, REGION, Boto, ServiceError, finished, load, request
from support.graphs import PropertyGraph

NOTHING = "Failed to start load from the source {}. No previous load found to resume."


def outcome(payload):
    overall = payload["overallStatus"]
    return overall["status"], overall["totalRecords"], overall["totalDuplicates"], overall["runNumber"]


def test_the_default_mode_skips_what_was_loaded_and_says_so(s3, s3_server):
    bucket = s3.bucket({"g/a.csv": b"~id,~label\na,Thing\n", "g/b.csv": b"~id,~label\nb,Thing\n"})
    client, source = Boto(s3_server.endpoint), f"s3://{bucket}/g/"

    def by_default(path=source):
        load_id = client.start(source=path, format="csv", s3BucketRegion=REGION, iamRoleArn=ROLE)["payload"]["loadId"]
        return finished(client, load_id)

    first = by_default()
    assert outcome(first) == ("LOAD_COMPLETED", 2, 0, 1)
    assert "skippedFeeds" not in first and "note" not in first
    again = by_default()
    assert outcome(again) == ("LOAD_COMPLETED", 0, 0, 2)
    assert again["feedCount"] == [{"LOAD_COMPLETED": 2}]
    assert again["skippedFeeds"] == 2
    assert "mode NEW" in again["note"]
    assert "were loaded before" in s3_server.log.read_text()

    # The same source in another spelling; then a file that came later.
    s3.client().put_object(Bucket=bucket, Key="g/c.csv", Body=b"~id,~label\nc,Thing\n")
    grown = by_default(f"https://s3.{REGION}.amazonaws.com/{bucket}/g/")
    assert outcome(grown) == ("LOAD_COMPLETED", 1, 0, 3)
    assert (grown["feedCount"], grown["skippedFeeds"]) == ([{"LOAD_COMPLETED": 3}], 2)
    assert outcome(load(client, source, mode="NEW")) == ("LOAD_COMPLETED", 3, 3, 4)
    # A slash makes another source, and so does another format.
    assert outcome(by_default(f"s3://{bucket}/g")) == ("LOAD_COMPLETED", 3, 3, 1)


def test_resume_after_corrected_files(s3, s3_server, tool, tmp_path):
    bucket = s3.bucket({
        "g/a.csv": b"~id,~label\na,Thing\n",
        "g/b.csv": b"~id,~label,n:Int\nb,Thing,1\nbb,Thing,wrong\n",
        "g/e.csv": b"~id,~from,~to,~label\ne,a,bb,KNOWS\n",
    })
    client, source = Boto(s3_server.endpoint), f"s3://{bucket}/g/"
    first = load(client, source, mode="AUTO", failOnError=False)
    assert first["feedCount"] == [{"LOAD_COMPLETED": 1}, {"LOAD_FAILED": 2}]
    s3.client().put_object(Bucket=bucket, Key="g/b.csv", Body=b"~id,~label,n:Int\nb,Thing,1\nbb,Thing,2\n")
    second = load(client, source, mode="RESUME")
    assert outcome(second) == ("LOAD_COMPLETED", 5, 2, 2)
    assert (second["feedCount"], second["skippedFeeds"]) == ([{"LOAD_COMPLETED": 3}], 1)
    assert outcome(load(client, source, mode="RESUME")) == ("LOAD_COMPLETED", 0, 0, 3)
    graph = PropertyGraph.of_gremlin_csv(tool.export(tmp_path / "out", "pg", "csv", endpoint=s3_server.endpoint))
    assert set(graph.vertices) == {"a", "b", "bb"} and set(graph.edges) == {"e"}


def test_resume_of_a_fresh_source_is_refused(server, files):
    (files / "v.csv").write_text("~id,~label\na,Thing\n")
    client, source = Boto(server.endpoint), f"file://{files}/v.csv"
    with pytest.raises(ServiceError) as caught:
        client.start(**request(source, mode="RESUME"))
    assert (caught.value.name, caught.value.status) == ("BadRequestException", 400)
    assert caught.value.message == NOTHING.format(source)
    assert client.list_loads()["payload"]["loadIds"] == []


@pytest.mark.parametrize("kind", ["blank nodes", "generated edges"])
def test_a_resume_names_what_has_no_name_as_before(kind, server, files, tool):
    client = Boto(server.endpoint)
    if kind == "blank nodes":
        (files / "t.nt").write_text("_:a <http://x/p> _:b .\nbroken\n")
        source, format, members = f"file://{files}/t.nt", "ntriples", {}
    else:
        (files / "v.csv").write_text(":ID\na\nb\n")
        load(client, f"file://{files}/v.csv", "opencypher")
        (files / "e.csv").write_text(":START_ID,:END_ID,:TYPE\na,b,T\na,missing,T\n")
        source, format, members = f"file://{files}/e.csv", "opencypher", {"userProvidedEdgeIds": False}
    dataset = "rdf" if kind == "blank nodes" else "pg"

    def run(mode):
        assert load(client, source, format, mode=mode, failOnError=False, **members)["overallStatus"]["status"] == "LOAD_FAILED"
        return tool.check(endpoint=server.endpoint).counts[dataset]["quads"]

    first = run("NEW")
    assert [run(mode) for mode in ("AUTO", "RESUME", "AUTO")] == [first] * 3
    assert run("NEW") == first + 1


def test_the_command_line_loads_anew_unless_told_otherwise(tool, files, tmp_path):
    (files / "v.csv").write_text("~id,~label\na,Thing\n")
    flags = ("load", files / "v.csv", "--format", "csv", "--data", tmp_path / "data")
    tool.run(*flags)
    assert "duplicates  1" in tool.run(*flags).stdout
    skipped = tool.run(*flags, "--mode", "AUTO").stdout
    assert "records     0" in skipped and "Nothing was loaded" in skipped
