"""Runs one of the shared cases: its files into a bucket, its steps against a fresh server, its expectations."""

import functools
import json
import random
import re
import string
from pathlib import Path

import yaml

from .clients import REGION, ROLE, Boto, Http, finished
from .graphs import PropertyGraph


class Case:
    """A case file, read."""

    def __init__(self, path):
        self.path = Path(path)
        self.data = yaml.safe_load(self.path.read_text(encoding="utf-8"))
        self.id = self.data["id"]

    @property
    def kind(self):
        return self.data["kind"]

    def objects(self):
        """The case's files as bytes by key."""
        return {file["key"]: self._bytes(file) for file in self.data["input"]["files"]}

    @property
    def queues(self):
        """Whether loads of this case may wait for each other."""
        return any(str(step.get("body", {}).get("queueRequest")).upper() == "TRUE" for step in self.data["steps"])

    @property
    def generates(self):
        return any(file.get("generated") for file in self.data["input"]["files"])

    def _bytes(self, file):
        if not file.get("generated"):
            return _bytes(file)
        if found := re.search(r"generated as in (open-\d+)", file["content"]):
            [other] = self.path.parent.glob(f"{found[1]}-*.yaml")
            return Case(other).objects()[file["key"]]
        found = re.search(r"header (\S+) and (\d+) rows s<N>,Slow,<40 letters>", file["content"])
        assert found, f"files of a kind that this runner does not make: {file['content']}"
        return _slow_rows(found[1], int(found[2]))


@functools.cache
def _slow_rows(header, count):
    letters = "".join(random.Random(1).choices(string.ascii_letters, k=100 + 40))
    return (header + "\n" + "".join(f"s{n},Slow,{letters[n % 100:n % 100 + 40]}\n" for n in range(count))).encode()


def _bytes(file):
    content = file["content"].encode()
    match file.get("encoding"):
        case None:
            return content
        case "utf-8 with leading bytes EF BB BF":
            return b"\xef\xbb\xbf" + content
        case other:
            raise AssertionError(f"an encoding this runner does not know: {other}")


class Run:
    """One run of a case against a server. `asked` has an openCypher query for each in a language that the server does not
    speak yet; its one column is what that would give."""

    def __init__(self, case, server, bucket, tool, folder, asked, region=REGION):
        self.case, self.server, self.tool, self.folder, self.asked = case, server, tool, Path(folder), asked
        self.http, self.boto = Http(server.endpoint), Boto(server.endpoint)
        self.names = {"bucket": bucket, "role": ROLE, "region": region}
        self.answers = {}
        self._exports = 0

    def run(self):
        for step in self.case.data["steps"]:
            self.answers[step["name"]] = self._step(step)
        for name, expected in self.case.data["expect"].items():
            if name == "graph":
                self._verify_graph(expected)
            elif name != "certainty":
                self._verify_step(name, expected)

    def fill(self, node):
        """Replaces the placeholders in a text, or in all texts of a tree."""
        if isinstance(node, str):
            return re.sub(r"\{([\w.]+)\}", lambda found: self.names[found[1]], node)
        if isinstance(node, list):
            return [self.fill(each) for each in node]
        if isinstance(node, dict):
            return {self.fill(key): self.fill(each) for key, each in node.items()}
        return node

    def _step(self, step):
        method, path = step["call"].split(" ", 1)
        if "query" in step and path != "/sparql":
            query = step["query"] if path == "/openCypher" else self.asked[(self.case.id, step["name"])]
            answer = self.http.ask("POST", "/openCypher", data={"query": query})
            body = answer.json()
            if answer.status_code == 200:
                body = body["results"] if path == "/openCypher" else [value for row in body["results"] for value in row.values()]
            return answer.status_code, body
        if "query" in step:
            answer = self.http.ask(method, path, data={"query": step["query"]})
            return answer.status_code, _sparql_rows(answer.json())
        if "when" in step:
            self._await(step["when"])
        if step.get("wait_until") == "terminal":
            finished(self.boto, self.fill(path).split("?")[0].rsplit("/", 1)[1])
        answer = self.http.ask(method, self.fill(path), json=self.fill(step.get("body")))
        body = answer.json()
        if method == "POST" and answer.status_code == 200:
            self.names["loadId"] = self.names[f"{step['name']}.loadId"] = body["payload"]["loadId"]
        # What a case without a queue leaves running is not what it asks about.
        if method == "POST" and answer.status_code == 200 and not self.case.queues:
            finished(self.boto, body["payload"]["loadId"])
        return answer.status_code, body

    def _await(self, condition):
        """What must hold for a step to make sense."""
        found = re.fullmatch(r"(\w+) is (LOAD_\w+)", condition)
        assert found, f"a condition this runner does not know: {condition}"
        state = self.boto.status(self.names[f"{found[1]}.loadId"])["payload"]["overallStatus"]["status"]
        assert state == found[2], f"{self.case.id}: {found[1]} is {state} and should be {found[2]}"

    def graph(self):
        self._exports += 1
        out = self.folder / f"export-{self._exports}"
        self.tool.export(out, "pg", "csv", endpoint=self.server.endpoint)
        if self.case.generates:
            # Millions of generated rows say nothing that a case asks about.
            vertices = out / "vertices.csv"
            with vertices.open(newline="") as rows:
                kept = [row for row in rows if not re.match(r"s\d+,", row)]
            vertices.write_text("".join(kept), newline="")
        return PropertyGraph.of_gremlin_csv(out)

    def _verify_step(self, name, expected):
        status, body = self.answers[name]
        for key, wanted in self.fill(expected).items():
            where = f"{self.case.id}, {name}, {key}: {json.dumps(body, default=str)}"
            payload = body.get("payload", body) if isinstance(body, dict) else body
            match key:
                case "http":
                    assert status == wanted, where
                case "has":
                    assert _get(body, wanted) is not None, where
                case "no":
                    assert _get(body, wanted) is None, where
                case "code" | "detailedMessage":
                    assert body[key] == wanted, where
                case "detailedMessage_contains":
                    assert all(text in body["detailedMessage"] for text in wanted), where
                case "message_contains":
                    assert all(text in _messages(body) for text in wanted), where
                case "rows" | "result":
                    assert payload == wanted, where
                case "contains" | "lacks" if "loadIds" in payload:
                    listed = {self.names[f"{each}.loadId"] in payload["loadIds"] for each in wanted}
                    assert listed == {key == "contains"}, where
                case "contains":
                    assert payload in (wanted, [wanted]) or all(each in payload for each in wanted), where
                case "payload.loadIds":
                    assert payload["loadIds"] == [self.names.get(each, each) for each in wanted], where
                case _ if " + " in key:
                    overall = payload["overallStatus"]
                    assert sum(overall[each] for each in key.split(" + ")) == wanted, where
                case _:
                    _match(_get(payload, key), wanted, where)

    def _verify_graph(self, expected):
        graph = self.graph()
        for key, wanted in expected.items():
            where = f"{self.case.id}, graph, {key}: {graph.plain()}"
            match key:
                case "vertices":
                    assert set(graph.vertices) == set(wanted), where
                case "absent_vertices":
                    assert not set(graph.vertices) & set(wanted), where
                case "edges":
                    assert set(graph.edges) == set(wanted), where
                case "edge_count":
                    assert len(graph.edges) == wanted, where
                case "edges_exactly_once":
                    assert set(wanted) <= set(graph.edges), where
                case "vertices_without_born":
                    for id in wanted:
                        assert id in graph.vertices and not graph.vertices[id][1], where
                case "note" | "edge p1":
                    pass
                case _:
                    raise AssertionError(f"an expectation this runner does not know: {where}")


def _sparql_rows(body):
    def plain(term):
        whole = term.get("datatype", "").endswith("#integer")
        return int(term["value"]) if whole else term["value"]

    return [{name: plain(term) for name, term in row.items()} for row in body["results"]["bindings"]]


def _get(node, path):
    """The member at a path such as `errors.errorLogs[0].fileName`; `None` where there is none."""
    for step in re.findall(r"[^.\[\]]+", path):
        try:
            node = node[int(step)] if isinstance(node, list) else node[step]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return node


def _messages(body):
    """All texts in which a case may look for words: the error's, or those of a job's error log."""
    logs = _get(body, "payload.errors.errorLogs") or []
    return "\n".join([body.get("detailedMessage", ""), *(each["errorMessage"] for each in logs)])


def _match(actual, wanted, where):
    if isinstance(wanted, dict):
        for key, inner in wanted.items():
            match key:
                case "any_of":
                    assert actual in inner, where
                case "at_least":
                    assert actual >= inner, where
                case "message_contains":
                    assert all(text in actual["errorMessage"] for text in inner), where
                case _:
                    _match(actual[key], inner, where)
    elif isinstance(wanted, str) and (found := re.search(r"we count data records from 1, so (\d+)\)", wanted)):
        assert actual == int(found[1]), where
    elif isinstance(wanted, str) and (found := re.match(r"(\d+) entries, each naming the file", wanted)):
        assert len(actual) == int(found[1]), where
        assert all(each["fileName"] and each["recordNum"] and each["errorMessage"] for each in actual), where
    else:
        assert actual == wanted, where
