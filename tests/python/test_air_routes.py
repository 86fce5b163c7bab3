"""A real graph from a real S3 server through boto3: exact counts, and a second load that changes nothing."""

from support.clients import Boto, load
from support.graphs import PropertyGraph

VERTICES, EDGES = 3_749, 57_645
VERTEX_RECORDS, EDGE_RECORDS = 46_534, 108_282


def test_air_routes_load_exactly_and_again_as_duplicates(s3, s3_server, shared, tool, tmp_path):
    nodes = shared / "data/air-routes/air-routes-latest-nodes.csv"
    edges = shared / "data/air-routes/air-routes-latest-edges.csv"
    bucket = s3.bucket({"air/edges.csv": edges, "air/nodes.csv": nodes})
    client = Boto(s3_server.endpoint)

    first = load(client, f"s3://{bucket}/air/")
    overall = first["overallStatus"]
    assert overall["status"] == "LOAD_COMPLETED"
    assert overall["fullUri"] == f"s3://{bucket}/air/"
    assert overall["totalRecords"] == VERTEX_RECORDS + EDGE_RECORDS
    assert overall["totalDuplicates"] == 0
    assert overall["parsingErrors"] == overall["datatypeMismatchErrors"] == overall["insertErrors"] == 0
    assert first["feedCount"] == [{"LOAD_COMPLETED": 2}]
    assert first["failedFeeds"] == [] and first["errors"]["errorLogs"] == []

    checked = tool.check(endpoint=s3_server.endpoint)
    assert checked.clean, checked.text
    assert (checked.pg["vertices"], checked.pg["edges"]) == (VERTICES, EDGES)

    second = load(client, f"s3://{bucket}/air/")["overallStatus"]
    assert second["status"] == "LOAD_COMPLETED"
    assert second["runNumber"] == overall["runNumber"] + 1
    assert second["totalDuplicates"] == second["totalRecords"] == VERTEX_RECORDS + EDGE_RECORDS

    again = tool.check(endpoint=s3_server.endpoint)
    assert again.counts == checked.counts
    assert s3_server.stop() == 0
    assert tool.check(s3_server.data).counts == checked.counts

    exported = tool.export(tmp_path / "out", "pg", "csv", data=s3_server.data)
    assert PropertyGraph.of_gremlin_csv(exported) == PropertyGraph.of_gremlin_csv(nodes, edges)
