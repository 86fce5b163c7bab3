"""One generated graph in all six formats, plain and compressed: each loads to its exact counts and comes out as it went in."""

import gzip

import pytest

from support.clients import Boto, load
from support.graphs import PropertyGraph, statements

VERTICES, EDGES = 800, 3_000
PROPERTY_GRAPH = {"csv", "opencypher"}
FORMATS = ("csv", "opencypher", "ntriples", "nquads", "turtle", "rdfxml")


def records(format):
    """What a load counts: for property graphs a label, an edge and each property; for RDF each statement."""
    return 5 * VERTICES + (3 if format in PROPERTY_GRAPH else 1) * EDGES


@pytest.fixture(scope="module")
def generated(tool, tmp_path_factory):
    """The same graph three times: plain, gzip and bzip2."""
    return {
        compression: tool.generate(tmp_path_factory.mktemp(compression), VERTICES, EDGES, "all", compression)
        for compression in ("none", "gzip", "bzip2")
    }


@pytest.mark.parametrize("compression", ["none", "gzip", "bzip2"])
@pytest.mark.parametrize("format", FORMATS)
def test_generated_graph_loads_exactly_and_is_exported_unchanged(
    format, compression, generated, make_server, tool, tmp_path
):
    source = generated[compression] / format
    with make_server("--import-dir", generated[compression]) as server:
        payload = load(Boto(server.endpoint), f"file://{source}", format)
        overall = payload["overallStatus"]
        assert overall["status"] == "LOAD_COMPLETED", payload
        assert overall["totalRecords"] == records(format)
        assert overall["totalDuplicates"] == 0

        checked = tool.check(endpoint=server.endpoint)
        assert checked.clean, checked.text
        if format in PROPERTY_GRAPH:
            assert (checked.pg["vertices"], checked.pg["edges"]) == (VERTICES, EDGES)
            assert checked.pg["quads"] == records(format)
            assert checked.rdf["quads"] == 0
            out = tool.export(tmp_path / "out", "pg", "csv", endpoint=server.endpoint)
            assert PropertyGraph.of_gremlin_csv(out) == PropertyGraph.of_gremlin_csv(generated["none"] / "csv")
        else:
            assert checked.rdf["quads"] == records(format)
            assert checked.pg["quads"] == 0
            out = tool.export(tmp_path / "out", "rdf", "nquads", endpoint=server.endpoint)
            # What came without a graph goes out without one.
            same = "nquads" if format == "nquads" else "ntriples"
            assert statements(out) == statements(generated["none"] / same)


@pytest.mark.parametrize("format", FORMATS)
def test_export_in_each_format_loads_to_the_same_graph(format, generated, make_server, tool, tmp_path):
    """Out in a format, into an empty store, and out again: the same graph."""
    origin = "csv" if format in PROPERTY_GRAPH else "ntriples"
    dataset, plain = ("pg", "csv") if format in PROPERTY_GRAPH else ("rdf", "nquads")
    first, second = tmp_path / "first", tmp_path / "second"
    tool.run("load", generated["none"] / origin, "--format", origin, "--data", first)
    out = tool.export(tmp_path / "out", dataset, format, data=first)
    tool.run("load", out, "--format", format, "--data", second)

    before = tool.export(tmp_path / "before", dataset, plain, data=first)
    after = tool.export(tmp_path / "after", dataset, plain, data=second)
    if format in PROPERTY_GRAPH:
        assert PropertyGraph.of_gremlin_csv(after) == PropertyGraph.of_gremlin_csv(before)
        assert len(PropertyGraph.of_gremlin_csv(after).edges) == EDGES
    else:
        assert statements(after) == statements(before)
        assert len(statements(after)) == records(format)


def test_what_is_not_what_its_format_says_is_refused_by_name(server, files, tool):
    """A corrupt gzip, a picture as CSV, Turtle as N-Triples: the load fails, names the file, and the graph stays clean."""
    whole = gzip.compress(b"~id,~label\n" + b"".join(b"v%d,Thing\n" % n for n in range(50_000)))
    table = {
        "cut.csv.gz": ("csv", whole[: len(whole) // 2]),
        "damaged.csv.gz": ("csv", whole[:2000] + b"\x00" * 64 + whole[2064:]),
        "tail.csv.gz": ("csv", whole[:-8] + b"\x01\x02\x03\x04" + whole[-4:]),
        "picture.csv": ("csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 16),
        "turtle.nt": ("ntriples", b"@prefix : <http://ex.test/> .\n:a :b :c .\n"),
        "table.rdf": ("rdfxml", b"a,b,c\n1,2,3\n"),
        "broken.ttl": ("turtle", b"@prefix : <http://ex.test/> .\n:a :b \n"),
    }
    client = Boto(server.endpoint)
    for name, (format, content) in table.items():
        (files / name).write_bytes(content)
        payload = load(client, f"file://{files / name}", format)
        assert payload["overallStatus"]["status"] in ("LOAD_FAILED", "LOAD_CANCELLED_DUE_TO_ERRORS"), (name, payload)
        assert payload["errors"]["errorLogs"], (name, payload)
        assert payload["errors"]["errorLogs"][0]["fileName"].endswith(name), (name, payload)
        checked = tool.check(endpoint=server.endpoint)
        assert checked.clean, (name, checked.text)
