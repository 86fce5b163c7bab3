"""A part of the openCypher TCK through a server: the first scenario of each feature file, over HTTP and over Bolt.

All of the suite runs against the engine itself (`crates/cypher/tests/scenarios.rs`). What is asked here is whether what the
engine says comes through each door: values, columns, errors, side effects.
"""

import os
from pathlib import Path

import pytest

from support import tck
from support.opencypher import ByHttp, ByNeo4j, Refused
from support.server import Server

SUITE = Path(os.environ.get("HALIMEDE_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "conformance/opencypher-tck"
CASES = list(tck.first_cases(SUITE / "features")) or [None]


@pytest.fixture(scope="module")
def doors(binary, tmp_path_factory):
    with Server(binary, tmp_path_factory.mktemp("tck") / "data") as server:
        yield {"http": ByHttp(server.endpoint), "bolt": ByNeo4j(server.endpoint)}


class Elements:
    """What the graph holds, by identity."""

    def __init__(self, client):
        nodes = [row["n"] for row in client.run("MATCH (n) RETURN n")]
        edges = [row["r"] for row in client.run("MATCH ()-[r]->() RETURN r")]
        self.sets = {
            "nodes": {node["~id"] for node in nodes},
            "relationships": {edge["~id"] for edge in edges},
            "labels": {label for node in nodes for label in node["~labels"]},
            "properties": {
                (each["~entityType"], each["~id"], key, repr(value))
                for each in nodes + edges for key, value in each["~properties"].items()},
        }

    def changes(self, after):
        """What the suite would write of a change: only what is not zero."""
        counts = {}
        for name, before in self.sets.items():
            counts |= {f"+{name}": len(after.sets[name] - before), f"-{name}": len(before - after.sets[name])}
        return {name: count for name, count in counts.items() if count}


def given(client, step, parameters):
    """Does what stands before the query."""
    if step.text == "having executed:":
        client.run(step.doc)
    elif step.text == "parameters are:":
        parameters |= {name: value(text) for name, text in step.table}
    elif found := step.text.removeprefix("the ").removesuffix(" graph"):
        if step.text == f"the {found} graph":
            client.run((SUITE / "graphs" / found / f"{found}.cypher").read_text(encoding="utf-8"))


def value(text):
    """A parameter: the suite has no moments and no nodes there."""
    return tck.expected(text)


def sort_key(value):
    return repr(sorted(value.items(), key=repr)) if isinstance(value, dict) else repr(value)


def without_order(value):
    match value:
        case list():
            return sorted((without_order(each) for each in value), key=sort_key)
        case dict():
            return {key: without_order(each) for key, each in value.items()}
    return value


def check_rows(step, rows):
    heading, *wanted = step.table
    wanted = [[tck.expected(cell) for cell in row] for row in wanted]
    if rows:
        assert set(rows[0]) == set(heading)
    got = [[tck.found(row[name]) for name in heading] for row in rows]
    if "ignoring element order" in step.text:
        wanted, got = ([[without_order(cell) for cell in row] for row in rows] for rows in (wanted, got))
    if "in order" not in step.text:
        wanted, got = (sorted(rows, key=lambda row: repr([sort_key(cell) for cell in row])) for rows in (wanted, got))
    assert repr(list(map(canonical, got))) == repr(list(map(canonical, wanted))), "1 is not 1.0: compared as they are printed"


def canonical(value):
    """With the keys of maps in one order."""
    match value:
        case list():
            return [canonical(each) for each in value]
        case dict():
            return {key: canonical(value[key]) for key in sorted(value)}
    return value


def check(step, answer, before, client):
    text = step.text
    if " should be raised at " in text:
        assert isinstance(answer, Refused), answer
        assert answer.code and answer.message
        assert before.changes(Elements(client)) == {}, "what failed has changed nothing"
        return
    if isinstance(answer, Refused):
        raise answer
    if text == "no side effects":
        assert before.changes(Elements(client)) == {}
    elif text == "the side effects should be:":
        wanted = {name: int(count) for name, count in step.table if int(count)}
        assert before.changes(Elements(client)) == wanted
    elif text == "the result should be empty":
        assert answer == []
    else:
        assert text.startswith("the result should be"), text
        check_rows(step, answer)


@pytest.mark.parametrize("door", ["http", "bolt"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name if case else "no-shared-folder")
def test_case(case, door, doors):
    if case is None:
        pytest.skip(f"no openCypher TCK in {SUITE} (HALIMEDE_SHARED names another shared folder)")
    client, parameters, answer, before = doors[door], {}, None, None
    client.run("MATCH (n) DETACH DELETE n")
    for step in case.steps:
        if step.text in ("executing query:", "executing control query:"):
            before = Elements(client)
            try:
                answer = client.run(step.doc, parameters)
            except Refused as error:
                answer = error
        elif before is None:
            given(client, step, parameters)
        else:
            check(step, answer, before, client)
