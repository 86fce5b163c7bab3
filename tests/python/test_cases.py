"""The shared loader cases: situations that users of bulk loaders really met, each with the outcome that is right."""

import os
from pathlib import Path

import pytest

from support.cases import Case, Run

SHARED = Path(os.environ.get("HALIMEDE_SHARED", Path(__file__).resolve().parents[3] / "shared"))

#: Settings of the server that a case asks for.
SETUPS = {"server region eu-west-1, bucket region eu-west-1": ("eu-west-1", ("--region", "eu-west-1"))}


def values(graph, id, key):
    return [_value(type, text) for name, type, text in graph.vertices[id][1] if name == key]


def _value(type, text):
    return int(text) if type in ("byte", "short", "integer", "long") else text


def with_label(graph, label):
    return sorted(id for id, (labels, _) in graph.vertices.items() if label in labels)


def plays_for(graph):
    found = []
    for start, end, label, properties in graph.edges.values():
        if label == "PLAYS_FOR":
            [since] = [_value(type, text) for key, type, text in properties if key == "since"]
            [player], [team] = values(graph, start, "name"), values(graph, end, "name")
            found.append({"p": player, "t": team, "s": since, "n": len(graph.vertices[start][0])})
    return sorted(found, key=lambda row: row["p"])


#: What a query asks in a language that the server does not speak yet, asked of the exported graph.
CONTENTS = {
    ("open-02-quoted-newline-and-doubled-quotes", "q"):
        lambda graph: [{"i": id, "t": values(graph, id, "note")[0]} for id in with_label(graph, "Memo")],
    ("open-03-spaces-round-header-and-values", "q"):
        lambda graph: [{key: values(graph, id, key) for key in ("city", "pop")} for id in with_label(graph, "Town")],
    ("open-04-date-formats", "q"):
        lambda graph: [id for id in with_label(graph, "Cat") if values(graph, id, "born")],
    ("open-10-prefix-not-folder", "q1"): lambda graph: [len(graph.vertices)],
    ("open-10-prefix-not-folder", "q2"): lambda graph: sorted(graph.vertices),
    ("open-10-prefix-not-folder", "q3"): lambda graph: [len(graph.edges)],
    ("open-11-byte-order-mark", "q"):
        lambda graph: {"id": "g1", "label": "::".join(graph.vertices["g1"][0]), "name": values(graph, "g1", "name")},
    ("open-14-opencypher-id-spaces", "q"): plays_for,
    ("open-14-opencypher-id-spaces", "q2"): lambda graph: [{"c": len(graph.vertices)}],
}


def cases():
    """The cases of the loader, or one placeholder that is skipped where the folder is absent."""
    found = [Case(path) for path in sorted((SHARED / "cases").glob("*.yaml"))]
    return [case for case in found if case.kind.startswith("loader-")] or [None]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id if case else "no-shared-folder")
def test_case(case, make_server, s3, tool, tmp_path):
    if case is None:
        pytest.skip(f"no cases below {SHARED} (HALIMEDE_SHARED names another folder)")
    region, flags = SETUPS[case.data["setup"]] if "setup" in case.data else ("us-east-1", ())
    bucket = s3.bucket(case.objects())
    with make_server("--s3-endpoint", s3.endpoint, *flags, env=s3.credentials()) as server:
        Run(case, server, bucket, tool, tmp_path, CONTENTS, region).run()
        checked = tool.check(endpoint=server.endpoint)
        assert checked.clean, checked.text
