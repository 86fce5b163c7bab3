"""A bad row in the middle: what stays, what is counted, and whether the error log lets one find it."""

import pytest

from support.clients import Boto, load
from support.graphs import PropertyGraph

BEFORE, AFTER = 500, 500


def rows(bad):
    """A vertex file with `bad` as data row 501."""
    good = [f"v{n},Thing,{n}" for n in range(1, BEFORE + AFTER + 1)]
    return "\n".join(["~id,~label,size:Int", *good[:BEFORE], bad, *good[BEFORE:]]) + "\n"


BAD_ROWS = {
    # name: (row, counter, text that the message must hold)
    "a word for a number": ("bad,Thing,many", "datatypeMismatchErrors", ("size", "many", "Int")),
    "a number out of range": ("bad,Thing,99999999999", "datatypeMismatchErrors", ("size", "99999999999", "Int")),
    "a field too many": ("bad,Thing,1,2", "parsingErrors", ("more columns than header",)),
    "no id": (",Thing,1", "parsingErrors", ("~id",)),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_fail_on_error_false_goes_on_and_the_log_says_where(name, server, files, tool, tmp_path):
    row, counter, texts = BAD_ROWS[name]
    (files / "v.csv").write_text(rows(row))
    payload = load(Boto(server.endpoint), f"file://{files / 'v.csv'}", failOnError=False)
    overall = payload["overallStatus"]
    assert overall["status"] == "LOAD_FAILED"
    counters = {"parsingErrors": 0, "datatypeMismatchErrors": 0, "insertErrors": 0} | {counter: 1}
    assert {name: overall[name] for name in counters} == counters
    assert overall["totalRecords"] == 2 * (BEFORE + AFTER) + 1

    [entry] = payload["errors"]["errorLogs"]
    assert entry["errorCode"] == "PARSING_ERROR"
    assert entry["fileName"].endswith("/v.csv")
    assert entry["recordNum"] == BEFORE + 1
    assert entry["line"] == BEFORE + 2
    for text in texts:
        assert text in entry["errorMessage"], entry

    checked = tool.check(endpoint=server.endpoint)
    assert checked.clean, checked.text
    assert checked.pg["vertices"] == BEFORE + AFTER
    graph = PropertyGraph.of_gremlin_csv(tool.export(tmp_path / "out", "pg", "csv", endpoint=server.endpoint))
    assert set(graph.vertices) == {f"v{n}" for n in range(1, BEFORE + AFTER + 1)}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_fail_on_error_true_stops_and_keeps_what_stood_before(name, server, files, tool, tmp_path):
    row, counter, _ = BAD_ROWS[name]
    (files / "v.csv").write_text(rows(row))
    payload = load(Boto(server.endpoint), f"file://{files / 'v.csv'}", failOnError=True)
    overall = payload["overallStatus"]
    assert overall["status"] == "LOAD_FAILED"
    assert overall[counter] == 1
    [entry] = payload["errors"]["errorLogs"]
    assert entry["recordNum"] == BEFORE + 1

    checked = tool.check(endpoint=server.endpoint)
    assert checked.clean, checked.text
    graph = PropertyGraph.of_gremlin_csv(tool.export(tmp_path / "out", "pg", "csv", endpoint=server.endpoint))
    assert set(graph.vertices) == {f"v{n}" for n in range(1, BEFORE + 1)}, "rows below the failing one stay, none after"
    assert overall["totalRecords"] == checked.pg["quads"] + 1


def test_a_stopped_load_leaves_later_files_untouched(server, files):
    (files / "in").mkdir()
    (files / "in/a.csv").write_text(rows("bad,Thing,many"))
    (files / "in/z-edges.csv").write_text("~id,~from,~to,~label\ne1,v1,v2,KNOWS\n")
    payload = load(Boto(server.endpoint), f"file://{files / 'in'}/", failOnError=True)
    assert payload["overallStatus"]["status"] == "LOAD_CANCELLED_DUE_TO_ERRORS"
    assert payload["feedCount"] == [{"LOAD_NOT_STARTED": 1}, {"LOAD_FAILED": 1}]


def test_errors_are_paged(server, files):
    lines = ["~id,~label,size:Int"] + [f"v{n},Thing,word{n}" for n in range(1, 26)]
    (files / "v.csv").write_text("\n".join(lines) + "\n")
    client = Boto(server.endpoint)
    payload = load(client, f"file://{files / 'v.csv'}", failOnError=False)
    assert payload["overallStatus"]["datatypeMismatchErrors"] == 25
    load_id = client.list_loads()["payload"]["loadIds"][0]
    for page, (first, last) in {1: (1, 10), 2: (11, 20), 3: (21, 25), 4: (0, 0)}.items():
        errors = client.status(load_id, errors=True, page=page, errorsPerPage=10)["payload"]["errors"]
        assert (errors["startIndex"], errors["endIndex"]) == (first, last)
        assert [entry["recordNum"] for entry in errors["errorLogs"]] == (list(range(first, last + 1)) if first else [])
        assert errors["loadId"] == load_id
