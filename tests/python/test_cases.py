"""The shared cases: situations that users of bulk loaders really met, each with the outcome that is right."""

import os
import re
from pathlib import Path

import pytest

from support.cases import Case, Run
from support.clients import Boto, load
from support.opencypher import ByHttp, Refused

SHARED = Path(os.environ.get("HALIMEDE_SHARED", Path(__file__).resolve().parents[3] / "shared"))

#: Settings of the server that a case asks for.
SETUPS = {"server region eu-west-1, bucket region eu-west-1": ("eu-west-1", ("--region", "eu-west-1"))}


#: What a query asks in a language that the server does not speak yet, asked in openCypher: the one column is the result.
ASKED = {
    ("open-03-spaces-round-header-and-values", "q"):
        "MATCH (n:Town) RETURN {city: [n.city], pop: [n.pop]} ORDER BY id(n)",
    ("open-04-date-formats", "q"): "MATCH (n:Cat) WHERE n.born IS NOT NULL RETURN id(n) ORDER BY id(n)",
    ("open-10-prefix-not-folder", "q1"): "MATCH (n) RETURN count(n)",
    ("open-10-prefix-not-folder", "q2"): "MATCH (n) RETURN id(n) ORDER BY id(n)",
    ("open-10-prefix-not-folder", "q3"): "MATCH ()-[r]->() RETURN count(r)",
    ("open-11-byte-order-mark", "q"):
        "MATCH (n {`~id`: 'g1'}) RETURN {id: id(n), label: join(labels(n), '::'), name: [n.name]}",
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
        Run(case, server, bucket, tool, tmp_path, ASKED, region).run()
        checked = tool.check(endpoint=server.endpoint)
        assert checked.clean, checked.text


# What two cases ask of Gremlin, asked of openCypher: where ids come from, and that they are text.


def test_open_17_generated_ids_are_strings(server):
    client = ByHttp(server.endpoint)
    [row] = client.run("CREATE (n:Probe) RETURN id(n) AS id")
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", row["id"])
    assert client.run("CREATE (n:Probe {`~id`: 'mine'}) RETURN id(n) AS id") == [{"id": "mine"}]
    for query in ("CREATE (:Probe {`~id`: 7})", "CREATE (:Probe {`~id`: 'mine'})", "CREATE (:Second {`~id`: 'mine'})"):
        with pytest.raises(Refused):
            client.run(query)
    assert client.run("MATCH (n) RETURN count(n) AS n") == [{"n": 2}]
    client.run("MATCH (n {`~id`: 'mine'}) SET n:Second")
    [row] = client.run("MATCH (n {`~id`: 'mine'}) RETURN labels(n) AS labels")
    assert sorted(row["labels"]) == ["Probe", "Second"]


def test_open_18_a_number_is_no_id(server, files):
    (files / "v.csv").write_text("~id,~label\n1136824954,Coin\n")
    assert load(Boto(server.endpoint), f"file://{files / 'v.csv'}")["overallStatus"]["status"] == "LOAD_COMPLETED"
    client = ByHttp(server.endpoint)
    assert client.run("MATCH (n) WHERE id(n) = '1136824954' RETURN labels(n) AS labels") == [{"labels": ["Coin"]}]
    assert client.run("MATCH (n {`~id`: $id}) RETURN labels(n) AS labels", {"id": "1136824954"}) == [{"labels": ["Coin"]}]
    assert client.run("MATCH (n) WHERE id(n) = 1136824954 RETURN n") == []
