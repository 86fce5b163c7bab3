"""The loader's checklist (spec/loader.md §11): a test for each of its lines, named and numbered as there, over HTTP against
a server process that reads from a real S3 server.

Most lines share one server. Each has objects below a prefix of its own and names that no other line uses, so what it
finds in the graph is its own. Lines about a load that runs share another, whose way to S3 can be stopped.
"""

import bz2
import gzip
import re
import uuid
from pathlib import Path

import pytest
import requests

from support.clients import CLIENTS, NO_LOAD, REGION, ROLE, Boto, Http, ServiceError, finished
from support.graphs import DEFAULT_GRAPH, PropertyGraph
from support.proxy import Proxy
from support.server import Server

COMPLETED, FAILED, CANCELLED = "LOAD_COMPLETED", "LOAD_FAILED", "LOAD_CANCELLED_BY_USER"
IN_QUEUE, NOT_SATISFIED = "LOAD_IN_QUEUE", "LOAD_FAILED_BECAUSE_DEPENDENCY_NOT_SATISFIED"


class Desk:
    """A server, a bucket, and what the lines do with them."""

    def __init__(self, server, s3, tool, folder):
        self.server, self.s3, self.tool, self.folder = server, s3, tool, folder
        self.http, self.boto = Http(server.endpoint), Boto(server.endpoint)
        self.bucket = s3.bucket()
        self.exports = 0

    def put(self, prefix, **objects):
        """Puts objects below a prefix; a text is stored with a line end. Returns the prefix as a source."""
        for name, content in objects.items():
            body = content if isinstance(content, bytes) else (content + "\n").encode()
            self.s3.client().put_object(Bucket=self.bucket, Key=f"{prefix}/{name}", Body=body)
        return f"s3://{self.bucket}/{prefix}/"

    def post(self, source, format="csv", **members):
        """A start over plain HTTP; mode NEW unless said otherwise."""
        body = {"source": source, "format": format, "region": REGION, "iamRoleArn": ROLE, "mode": "NEW"} | members
        return self.http.ask("POST", "/loader", json={name: value for name, value in body.items() if value is not None})

    def start(self, source, format="csv", **members):
        answer = self.post(source, format, **members)
        assert answer.status_code == 200, answer.text
        return answer.json()["payload"]["loadId"]

    def load(self, source, format="csv", **members):
        """A load that was followed to its end: the payload of its last status, with files and errors."""
        return finished(self.boto, self.start(source, format, **members), details=True, errors=True)

    def state(self, load_id):
        return self.boto.status(load_id)["payload"]["overallStatus"]["status"]

    def cancel(self, load_id):
        return self.http.ask("DELETE", f"/loader/{load_id}")

    def graph(self):
        """What the property graph holds now."""
        return PropertyGraph.of_gremlin_csv(self.export())

    def export(self):
        self.exports += 1
        return self.tool.export(self.folder / f"export-{self.exports}", "pg", "csv", endpoint=self.server.endpoint)

    def values(self, id, key):
        """The values of a vertex' property, as text."""
        return {text for name, _, text in self.graph().vertices[id][1] if name == key}

    def select(self, query):
        answer = self.http.ask("POST", "/sparql", data={"query": query})
        assert answer.status_code == 200, answer.text
        return [{name: term["value"] for name, term in row.items()} for row in answer.json()["results"]["bindings"]]


@pytest.fixture(scope="module")
def desk(binary, s3, tool, tmp_path_factory):
    folder = tmp_path_factory.mktemp("checklist")
    with Server(binary, folder / "data", "--s3-endpoint", s3.endpoint, env=s3.credentials()) as server:
        yield Desk(server, s3, tool, folder)
        checked = tool.check(endpoint=server.endpoint)
        assert checked.clean, checked.text


class HeldDesk(Desk):
    """A desk whose server reads through a proxy, so that a load can be kept running."""

    def __init__(self, proxy, *rest):
        super().__init__(*rest)
        self.proxy = proxy
        rows = "".join(f"held{n},V\n" for n in range(200_000))
        self.long = self.put("long", v="~id,~label\n" + rows)

    def hold(self):
        """A load that runs until it is let go: it waits for the rest of its file."""
        self.proxy.stall_after(1 << 20)
        load_id = self.start(self.long)
        assert self.proxy.stalled.wait(timeout=120), "the file has more than a mebibyte"
        return load_id

    def let_go(self, load_id):
        """Cancels a load that was held; those that wait behind it find the way open."""
        self.proxy.flow()
        assert self.cancel(load_id).status_code == 200


@pytest.fixture(scope="module")
def held(binary, s3, tool, tmp_path_factory):
    folder = tmp_path_factory.mktemp("checklist-held")
    with Proxy(("127.0.0.1", int(s3.endpoint.rsplit(":", 1)[1]))) as proxy, \
            Server(binary, folder / "data", "--s3-endpoint", proxy.endpoint, env=s3.credentials()) as server:
        yield HeldDesk(proxy, server, s3, tool, folder)


def counters(payload, *names):
    return tuple(payload["overallStatus"][name] for name in names)


def errors(payload):
    """Code, record number and message of each entry of the log."""
    return [(each["errorCode"], each["recordNum"], each["errorMessage"]) for each in payload["errors"]["errorLogs"]]


def ended_well(payload):
    assert counters(payload, "status", "parsingErrors", "datatypeMismatchErrors", "insertErrors") == (COMPLETED, 0, 0, 0), payload


def test_line_01_a_minimal_csv_load_starts(desk):
    source = desk.put("01", v="~id,~label\nl01,One")
    answer = desk.post(source)
    assert answer.status_code == 200
    assert set(answer.json()) == {"status", "payload"} and answer.json()["status"] == "200 OK"
    load_id = answer.json()["payload"]["loadId"]
    assert str(uuid.UUID(load_id)) == load_id and uuid.UUID(load_id).version == 4
    assert desk.boto.status(load_id)["payload"]["overallStatus"]["status"] in ("LOAD_IN_PROGRESS", COMPLETED)
    ended_well(finished(desk.boto, load_id))


def test_line_02_identical_rows_are_duplicates(desk):
    payload = desk.load(desk.put("02", v="~id,~label,name,team\nl02,Two,n,t\nl02,Two,n,t"))
    assert counters(payload, "totalRecords", "totalDuplicates", "status") == (6, 3, COMPLETED)


def test_line_03_a_reload_with_new_finds_duplicates(desk):
    source = desk.put("03", v="~id,~label,name\nl03a,Three,a\nl03b,Three,b")
    assert counters(desk.load(source), "totalRecords", "totalDuplicates", "runNumber") == (4, 0, 1)
    assert counters(desk.load(source), "totalRecords", "totalDuplicates", "runNumber", "status") == (4, 4, 2, COMPLETED)


def test_line_04_a_reload_with_auto_loads_nothing(desk):
    source = desk.put("04", v="~id,~label\nl04,Four")
    ended_well(desk.load(source, mode="AUTO"))
    again = desk.load(source, mode="AUTO")
    ended_well(again)
    assert counters(again, "totalRecords", "totalDuplicates", "runNumber") == (0, 0, 2)
    assert again["feedCount"] == [{COMPLETED: 1}]


def test_line_05_resume_of_a_fresh_source_is_refused(desk):
    source = desk.put("05", v="~id,~label\nl05,Five")
    answer = desk.post(source, mode="RESUME")
    assert (answer.status_code, answer.json()["code"]) == (400, "BadRequestException")
    text = f"Failed to start load from the source {source}. No previous load found to resume."
    assert answer.json()["detailedMessage"].startswith(text)


def test_line_06_a_second_load_does_not_start_while_one_runs(held):
    running = held.hold()
    source = held.put("06", v="~id,~label\nl06,Six")
    answer = held.post(source, queueRequest="FALSE")
    assert (answer.status_code, answer.json()["code"]) == (400, "BadRequestException")
    text = f"Failed to start new load for the source {source}. Max concurrent load limit breached. Limit is 1"
    assert answer.json()["detailedMessage"] == answer.json()["message"] == text
    held.let_go(running)
    ended_well(held.load(source))


def test_line_07_the_65th_that_would_wait_is_refused(held):
    running = held.hold()
    source = held.put("07", v="~id,~label\nl07,Seven")
    waiting = [held.start(source, queueRequest="TRUE") for _ in range(64)]
    answer = held.post(source, queueRequest="TRUE")
    assert (answer.status_code, answer.json()["code"]) == (400, "BadRequestException")
    text = f"Failed to start new load for the source {source}. Max load task queue size limit breached. Limit is 64"
    assert answer.json()["detailedMessage"] == text
    for load_id in waiting[1:]:
        assert held.cancel(load_id).status_code == 200
    held.let_go(running)
    ended_well(finished(held.boto, waiting[0]))


def test_line_08_a_failure_is_carried_on_to_all_that_depend_on_it(held):
    running = held.hold()
    good = held.put("08", v="~id,~label\nl08,Eight")
    a = held.start(held.put("08-bad", v="~id,~label\nl08a,Eight,surplus"), queueRequest="TRUE")
    c = held.start(good, queueRequest="TRUE", dependencies=[a])
    d = held.start(good, queueRequest="TRUE", dependencies=[c])
    assert [held.state(load_id) for load_id in (a, c, d)] == [IN_QUEUE] * 3
    held.let_go(running)
    ends = [finished(held.boto, load_id) for load_id in (a, c, d)]
    assert [end["overallStatus"]["status"] for end in ends] == [FAILED, NOT_SATISFIED, NOT_SATISFIED]
    assert all("feedCount" not in end and end["overallStatus"]["totalRecords"] == 0 for end in ends[1:])
    assert "l08" not in held.graph().vertices


def test_line_09_a_queued_load_is_cancelled_once(held):
    running = held.hold()
    queued = held.start(held.put("09", v="~id,~label\nl09,Nine"), queueRequest="TRUE")
    answer = held.cancel(queued)
    assert (answer.status_code, answer.json()) == (200, {"status": "200 OK"})
    answer = held.http.ask("DELETE", f"/loader?loadId={queued}")
    assert (answer.status_code, answer.json()["code"]) == (404, "BulkLoadIdNotFoundException")
    assert answer.json()["detailedMessage"] == f"The load with id = {queued} does not exist or not active"
    assert held.state(queued) == CANCELLED
    held.let_go(running)
    assert "l09" not in held.graph().vertices


def test_line_10_a_running_load_is_cancelled(held):
    running = held.hold()
    assert held.state(running) == "LOAD_IN_PROGRESS"
    answer = held.cancel(running)
    assert (answer.status_code, answer.json()) == (200, {"status": "200 OK"})
    held.proxy.flow()
    payload = held.boto.status(running)["payload"]
    assert payload["overallStatus"]["status"] == CANCELLED
    assert payload["feedCount"][-1] == {CANCELLED: 1}


@pytest.mark.parametrize("client", CLIENTS)
def test_line_11_an_unknown_id_is_not_found(client, desk, connect):
    with pytest.raises(ServiceError) as caught:
        connect(client, desk.server.endpoint).status(NO_LOAD)
    assert caught.value.name == "BulkLoadIdNotFoundException"
    assert caught.value.status in (404, None)
    assert f"The load with id = {NO_LOAD} does not exist" in caught.value.message


def test_line_12_page_parameters_without_errors_are_ignored(desk):
    load_id = desk.start(desk.put("12", v="~id,~label\nl12,Twelve,surplus"), failOnError="FALSE")
    finished(desk.boto, load_id)
    answer = desk.http.ask("GET", f"/loader?loadId={load_id}&details=True&errors=False&page=1&errorsPerPage=10")
    assert answer.status_code == 200
    assert set(answer.json()["payload"]) == {"feedCount", "overallStatus", "failedFeeds"}


def test_line_13_five_bad_lines_and_a_page_of_three(desk):
    source = desk.put("13", d="\n".join(f"<http://ex.test/{n}> |http://ex.test/p> \"x\" ." for n in range(5)))
    load_id = desk.start(source, "nquads", failOnError="FALSE")
    finished(desk.boto, load_id)
    payload = desk.boto.status(load_id, details=True, errors=True, page=1, errorsPerPage=3)["payload"]
    assert counters(payload, "parsingErrors", "totalRecords", "status") == (5, 5, FAILED)
    assert payload["feedCount"] == [{FAILED: 1}]
    page = payload["errors"]
    assert (page["startIndex"], page["endIndex"], page["loadId"]) == (1, 3, load_id)
    assert [(code, record) for code, record, _ in errors(payload)] == [("PARSING_ERROR", n) for n in (1, 2, 3)]
    assert all(message.startswith("Expected '<', found: |") for _, _, message in errors(payload))


def test_line_14_edges_without_their_ends(desk):
    payload = desk.load(desk.put("14", e="~id,~from,~to,~label\nl14,nobody14,nowhere14,E"), failOnError="FALSE")
    assert counters(payload, "status", "insertErrors") == (FAILED, 1)
    message = "Either from vertex, 'nobody14', or to vertex, 'nowhere14', is not present."
    assert errors(payload) == [("FROM_OR_TO_VERTEX_ARE_MISSING", 0, message)]


def test_line_15_vertices_come_before_edges_whatever_their_keys(desk):
    payload = desk.load(desk.put("15", a="~id,~from,~to,~label\nl15e,l15a,l15b,E", z="~id,~label\nl15a,V\nl15b,V"))
    ended_well(payload)
    assert payload["feedCount"] == [{COMPLETED: 2}]
    assert desk.graph().edges["l15e"][:3] == ("l15a", "l15b", "E")


def test_line_16_a_changed_single_value_with_the_flag_false_is_a_violation(desk):
    ended_well(desk.load(desk.put("16", v="~id,~label,x:String(single)\nl16,V,old")))
    payload = desk.load(
        desk.put("16-changed", v="~id,~label,x:String(single)\nl16,V,new"),
        updateSingleCardinalityProperties="FALSE", failOnError="FALSE",
    )
    assert counters(payload, "status", "insertErrors") == (FAILED, 1)
    assert errors(payload) == [
        ("SINGLE_CARDINALITY_VIOLATION", 0, "The vertex 'l16' has an existing value for property 'x'")]
    assert desk.values("l16", "x") == {"old"}


def test_line_16_a_changed_single_value_with_the_flag_true_is_replaced(desk):
    ended_well(desk.load(desk.put("16t", v="~id,~label,x:String(single)\nl16t,V,old")))
    changed = desk.put("16t-changed", v="~id,~label,x:String(single)\nl16t,V,new")
    ended_well(desk.load(changed, updateSingleCardinalityProperties="TRUE"))
    assert desk.values("l16t", "x") == {"new"}


def test_line_17_the_same_single_value_is_a_duplicate(desk):
    text = "~id,~label,x:String(single)\nl17,V,same"
    ended_well(desk.load(desk.put("17", v=text)))
    payload = desk.load(desk.put("17-again", v=text), updateSingleCardinalityProperties="FALSE")
    ended_well(payload)
    assert counters(payload, "totalRecords", "totalDuplicates") == (2, 2)


def test_line_18_an_escaped_semicolon_in_an_array(desk):
    ended_well(desk.load(desk.put("18", v="~id,~label,p:String[]\nl18,V,a\\;b;c")))
    assert desk.values("l18", "p") == {"a;b", "c"}


@pytest.mark.parametrize("keep", [None, True])
def test_line_19_a_quoted_empty_cell(keep, desk):
    """The export is looked at as it is: a reader of CSV does not tell "" from a blank."""
    key = "k19true" if keep else "k19absent"
    source = desk.put(key, v=f'~id,~label,{key}:String\n{key},V,""')
    ended_well(desk.load(source, parserConfiguration={"allowEmptyStrings": True} if keep else None))
    text = (desk.export() / "vertices.csv").read_text()
    [row] = [line for line in text.splitlines() if line.startswith(f"{key},")]
    assert (key in text.splitlines()[0]) == bool(keep)
    assert ('""' in row) == bool(keep), row


def test_line_20_an_array_column_on_edges(desk):
    source = desk.put("20", v="~id,~label\nl20a,V\nl20b,V", z="~id,~from,~to,~label,w:Int[]\nl20e,l20a,l20b,E,1;2")
    payload = desk.load(source, failOnError="FALSE")
    assert counters(payload, "status", "parsingErrors") == (FAILED, 1)
    assert payload["feedCount"] == [{COMPLETED: 1}, {FAILED: 1}]
    assert [(feed["fullUri"], feed["status"]) for feed in payload["failedFeeds"]] == [(f"{source}z", FAILED)]
    [(code, record, message)] = errors(payload)
    assert (code, record) == ("PARSING_ERROR", 0) and "w:Int[]" in message
    assert "l20e" not in desk.graph().edges


def test_line_21_what_is_not_true_is_false(desk):
    ended_well(desk.load(desk.put("21", v="~id,~label,b:Bool\nl21,V,yes\nl21t,V,TRUE")))
    assert (desk.values("l21", "b"), desk.values("l21t", "b")) == ({"false"}, {"true"})


def test_line_22_infinity_is_spelt_out(desk):
    payload = desk.load(desk.put("22", v="~id,~label,f:Double\nl22a,V,INF\nl22b,V,Infinity"), failOnError="FALSE")
    assert counters(payload, "status", "datatypeMismatchErrors") == (FAILED, 1)
    [(code, record, message)] = errors(payload)
    assert (code, record) == ("PARSING_ERROR", 1) and "INF" in message
    graph = desk.graph()
    assert "l22a" not in graph.vertices
    assert {float(text) for _, _, text in graph.vertices["l22b"][1]} == {float("inf")}


@pytest.mark.parametrize("provided", [None, "FALSE"])
def test_line_23_relationships_without_ids(provided, desk):
    prefix = f"23-{provided}"
    source = desk.put(prefix, n=f":ID,:LABEL\n{prefix}a,V\n{prefix}b,V",
                      r=f":START_ID,:END_ID,:TYPE\n{prefix}a,{prefix}b,T23")
    payload = desk.load(source, "opencypher", userProvidedEdgeIds=provided, failOnError="FALSE")
    ends = [edge[:2] for edge in desk.graph().edges.values() if edge[0] == f"{prefix}a"]
    if provided is None:
        [(code, record, message)] = errors(payload)
        assert (code, record) == ("PARSING_ERROR", 0) and ":ID" in message
        assert (payload["overallStatus"]["status"], ends) == (FAILED, [])
    else:
        ended_well(payload)
        assert ends == [(f"{prefix}a", f"{prefix}b")]


def test_line_24_opencypher_keeps_old_values_and_adds_new_ones(desk):
    ended_well(desk.load(desk.put("24", n=":ID,name:String,:LABEL\nl24,old,A"), "opencypher"))
    ended_well(desk.load(desk.put("24-again", n=":ID,name:String,age:Int,:LABEL\nl24,new,7,B"), "opencypher"))
    labels, properties = desk.graph().vertices["l24"]
    assert labels == {"A", "B"}
    assert {(key, text) for key, _, text in properties} == {("name", "old"), ("age", "7")}


def test_line_25_turtle_goes_into_the_default_graph(desk):
    ended_well(desk.load(desk.put("25", d="<http://ex.test/l25> <http://ex.test/p> 'x' ."), "turtle"))
    assert DEFAULT_GRAPH == "http://aws.amazon.com/neptune/vocab/v01/DefaultNamedGraph"
    assert desk.select("SELECT ?g { GRAPH ?g { <http://ex.test/l25> ?p ?o } }") == [{"g": DEFAULT_GRAPH}]


def test_line_26_blank_labels_of_two_files_are_two_nodes(desk):
    ended_well(desk.load(desk.put("26", a="_:b <http://ex.test/p26> 'x' .", b="_:b <http://ex.test/p26> 'x' ."), "turtle"))
    assert desk.select("SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s <http://ex.test/p26> ?o }") == [{"n": "2"}]


def test_line_27_compressed_files(desk):
    def text(id):
        return f"~id,~label\n{id},V\n".encode()

    source = desk.put("27", **{"a.csv.gz": gzip.compress(text("l27gz")), "b.csv.bz2": bz2.compress(text("l27bz2"))})
    ended_well(desk.load(source))
    assert {"l27gz", "l27bz2"} <= set(desk.graph().vertices)


def test_line_28_the_first_of_1025_loads_is_forgotten(desk):
    """Loads that depend on one that failed end at once, so they are soon made."""
    bad = desk.put("28", v="~id,~label\nl28,V,surplus")
    failed = desk.start(bad)
    assert finished(desk.boto, failed)["overallStatus"]["status"] == FAILED
    body = {"source": bad, "format": "csv", "region": REGION, "iamRoleArn": ROLE, "queueRequest": "TRUE"}
    session, ids = requests.Session(), [failed]
    for _ in range(1024):
        answer = session.post(f"{desk.server.endpoint}/loader", json=body | {"dependencies": ids[-1:]}, timeout=600)
        assert answer.status_code == 200, answer.text
        ids.append(answer.json()["payload"]["loadId"])
    assert len(set(ids)) == 1025
    first, second = (desk.http.ask("GET", f"/loader/{load_id}") for load_id in ids[:2])
    assert (first.status_code, first.json()["code"]) == (404, "BulkLoadIdNotFoundException")
    assert second.json()["payload"]["overallStatus"]["status"] == NOT_SATISFIED


def test_line_29_the_list_has_the_queued_first_and_the_latest_first(held):
    running = held.hold()
    source = held.put("29", v="~id,~label\nl29,V")
    first, second = (held.start(source, queueRequest="TRUE") for _ in range(2))
    listed = held.http.list_loads()["payload"]["loadIds"]
    assert listed[:3] == [second, first, running]
    assert held.http.list_loads(includeQueuedLoads=False)["payload"]["loadIds"] == listed[2:]
    assert held.http.list_loads(limit=2)["payload"]["loadIds"] == listed[:2]
    for limit in (0, 101):
        answer = held.http.ask("GET", f"/loader?limit={limit}")
        assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameterException")
    held.let_go(running)
    for load_id in (first, second):
        assert finished(held.boto, load_id)["overallStatus"]["status"] == COMPLETED


#: Members that mean nothing for a format, which common clients send all the same.
FOREIGN = {
    "csv": {"userProvidedEdgeIds": "TRUE"},
    "opencypher": {"updateSingleCardinalityProperties": "TRUE", "edgeOnlyLoad": "TRUE"},
    "ntriples": {"updateSingleCardinalityProperties": "TRUE", "edgeOnlyLoad": "TRUE", "userProvidedEdgeIds": "TRUE"},
    "turtle": {"updateSingleCardinalityProperties": "TRUE", "edgeOnlyLoad": "TRUE", "userProvidedEdgeIds": "TRUE"},
}

SMALLEST = {
    "csv": "~id,~label\nl30csv,V",
    "opencypher": ":ID,:LABEL\nl30oc,V",
    "ntriples": "<http://ex.test/l30> <http://ex.test/p> 'x' .".replace("'", '"'),
    "turtle": "<http://ex.test/l30> <http://ex.test/p> 'y' .",
}


@pytest.mark.parametrize("format", FOREIGN)
def test_line_30_empty_members_and_flags_foreign_to_the_format(format, desk):
    source = desk.put(f"30-{format}", d=SMALLEST[format])
    ended_well(desk.load(source, format, dependencies=[], parserConfiguration={}, **FOREIGN[format]))


def test_every_line_of_the_checklist_is_here():
    numbers = re.findall(r"^def test_line_(\d\d)_", Path(__file__).read_text(), re.MULTILINE)
    assert sorted(set(numbers)) == [f"{number:02}" for number in range(1, 31)]
