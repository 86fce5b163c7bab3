"""Following a load: numbers that never lie in its status, the same as server-sent events, and on the command line."""

import json
import re
import signal
import subprocess

import pytest
import requests

from support.clients import NO_LOAD, Boto, Http, finished
from support.jobs import begin, overall, under_way
from support.server import clean_environment
from support.waiting import until

#: The members of `progress`, and the types that each may have.
PROGRESS = {
    "phase": str, "bytesRead": int, "bytesTotal": int, "feedsDone": int, "feedsTotal": int,
    "recordsPerSecond": int, "elapsedSeconds": (int, float), "secondsLeft": (int, type(None)),
}


@pytest.fixture
def watched(make_server, middle_graph, big_graph):
    with make_server("--import-dir", middle_graph.source, "--import-dir", big_graph.source) as running:
        yield running


def source(graph):
    return f"file://{graph.source}"


def events(endpoint, load_id, query=""):
    """The events of a load, each as its name and payload, until the stream ends."""
    with requests.get(f"{endpoint}/halimede/loader/{load_id}/events{query}", stream=True, timeout=600) as answer:
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "text/event-stream"
        fields = {}
        for line in answer.iter_lines(decode_unicode=True):
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "event" in fields:
                yield fields["event"], json.loads(fields["data"])
                fields = {}


def assert_truthful(seen):
    """What holds between any two looks at a running load, and for each."""
    for progress in seen:
        assert set(progress) == set(PROGRESS)
        for name, kind in PROGRESS.items():
            assert isinstance(progress[name], kind) and not isinstance(progress[name], bool), (name, progress)
            assert name == "phase" or progress[name] is None or progress[name] >= 0, (name, progress)
        assert progress["bytesRead"] <= progress["bytesTotal"]
        assert progress["feedsDone"] <= progress["feedsTotal"]
    for before, after in zip(seen, seen[1:], strict=False):
        for name in ("bytesRead", "bytesTotal", "feedsDone", "feedsTotal", "elapsedSeconds"):
            assert before[name] <= after[name], (name, before, after)


def test_the_status_of_a_running_load_has_truthful_progress(watched, middle_graph):
    client = Http(watched.endpoint)
    load_id = begin(client, source(middle_graph))
    seen = []

    def look():
        payload = client.status(load_id)["payload"]
        seen.extend(payload[name] for name in ("progress",) if name in payload)
        assert ("progress" in payload) == (payload["overallStatus"]["status"] == "LOAD_IN_PROGRESS")
        return payload["overallStatus"]["status"]

    assert until(look, lambda status: status != "LOAD_IN_PROGRESS") == "LOAD_COMPLETED"
    assert_truthful(seen)
    files = sorted(path.stat().st_size for path in middle_graph.source.iterdir())
    assert seen[-1]["bytesTotal"] == sum(files) and seen[-1]["feedsTotal"] == len(files)
    assert any(progress["recordsPerSecond"] > 0 for progress in seen)


def test_a_load_is_told_as_events_to_its_end(watched, middle_graph):
    client = Boto(watched.endpoint)
    load_id = begin(client, source(middle_graph))
    told = list(events(watched.endpoint, load_id, "?details=true&errors=true"))
    assert [name for name, _ in told[:-1]] == ["progress"] * (len(told) - 1) and len(told) > 1
    assert_truthful([payload["progress"] for _, payload in told[:-1]])
    name, last = told[-1]
    assert name == "end"
    assert last == Http(watched.endpoint).status(load_id, details=True, errors=True)["payload"]
    assert last["overallStatus"]["totalRecords"] == middle_graph.records

    # Once it has ended, its end is all there is to tell.
    assert [name for name, _ in events(watched.endpoint, load_id)] == ["end"]
    unknown = requests.get(f"{watched.endpoint}/halimede/loader/{NO_LOAD}/events", timeout=600)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "BulkLoadIdNotFoundException")


def test_followers_that_do_not_read_are_in_nobodys_way(watched, big_graph):
    """Thirty clients ask for events and read nothing; the load is cancelled as if there were none."""
    client = Boto(watched.endpoint)
    load_id = begin(client, source(big_graph))
    silent = [
        requests.get(f"{watched.endpoint}/halimede/loader/{load_id}/events", stream=True, timeout=600) for _ in range(30)
    ]
    under_way(client, load_id)
    assert client.cancel(load_id) == {"status": "200 OK"}
    assert overall(client, load_id)["status"] == "LOAD_CANCELLED_BY_USER"
    for answer in silent:
        assert "event: end\n" in answer.text, "each is told the end all the same"


def test_a_stop_closes_the_streams(make_server, big_graph):
    with make_server("--import-dir", big_graph.source) as server:
        load_id = begin(Boto(server.endpoint), source(big_graph))
        stream = events(server.endpoint, load_id)
        assert next(stream)[0] == "progress"
        assert server.stop() == 0
        assert {name for name, _ in stream} <= {"progress"}, "an end that did not happen is not told"


def run(binary, *args):
    return subprocess.Popen(
        [str(binary), *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=clean_environment())


def test_watching_a_job_ends_with_it_and_tells_how(watched, middle_graph, binary, files):
    client = Boto(watched.endpoint)
    load_id = begin(client, source(middle_graph))
    done = run(binary, "jobs", load_id, "--watch", "--endpoint", watched.endpoint)
    out, _ = done.communicate()
    assert done.returncode == 0 and f"load {load_id}: LOAD_COMPLETED" in out

    done = run(binary, "jobs", NO_LOAD, "--watch", "--endpoint", watched.endpoint)
    assert "BulkLoadIdNotFoundException" in done.communicate()[1] and done.returncode == 1


def test_watching_all_jobs_goes_on_until_it_is_interrupted(watched, middle_graph, binary):
    client = Boto(watched.endpoint)
    first = begin(client, source(middle_graph))
    finished(client, first)
    watch = run(binary, "jobs", "--watch", "--endpoint", watched.endpoint)
    lines = iter(watch.stdout.readline, "")
    assert any(line.startswith(first) and "LOAD_COMPLETED" in line for line in lines)
    second = begin(client, source(middle_graph))
    states = []
    for line in lines:
        if line.startswith(second):
            states.append(re.search(r"LOAD_\w+", line)[0])
            if states[-1] == "LOAD_COMPLETED":
                break
    assert states[-1] == "LOAD_COMPLETED", states
    watch.send_signal(signal.SIGINT)
    watch.communicate()
    assert watch.returncode == 0


def test_a_load_that_is_waited_for_waits_for_its_turn(make_server, big_graph, files, binary):
    (files / "v.csv").write_text("~id,~label\na,V\n")
    with make_server("--import-dir", big_graph.source, "--import-dir", files) as server:
        client = Boto(server.endpoint)
        running = begin(client, source(big_graph))
        wait = run(binary, "load", files / "v.csv", "--format", "csv", "--endpoint", server.endpoint, "--wait")
        queued = until(lambda: client.list_loads()["payload"]["loadIds"], lambda ids: len(ids) == 2)[0]
        assert overall(client, queued)["status"] == "LOAD_IN_QUEUE"
        impatient = run(binary, "load", files / "v.csv", "--format", "csv", "--endpoint", server.endpoint)
        assert "Max concurrent load limit breached" in impatient.communicate()[1] and impatient.returncode == 1
        client.cancel(running)
        out, err = wait.communicate()
        assert wait.returncode == 0 and f"load {queued}: LOAD_COMPLETED" in out, out + err


def test_interrupting_a_load_that_is_only_waited_for_leaves_it(watched, big_graph, binary):
    client = Boto(watched.endpoint)
    wait = run(binary, "load", big_graph.source, "--format", "csv", "--endpoint", watched.endpoint, "--wait")
    load_id = until(lambda: client.list_loads()["payload"]["loadIds"])[0]
    under_way(client, load_id)
    wait.send_signal(signal.SIGINT)
    _, err = wait.communicate()
    assert wait.returncode == 130
    assert f"load {load_id} goes on" in err and f"halimede cancel {load_id} --endpoint {watched.endpoint}" in err
    assert overall(client, load_id)["status"] == "LOAD_IN_PROGRESS"

    # One that is owned is cancelled with its command.
    client.cancel(load_id)
    own = run(binary, "load", big_graph.source, "--format", "csv", "--endpoint", watched.endpoint)
    load_id = until(lambda: client.list_loads()["payload"]["loadIds"], lambda ids: len(ids) == 2)[0]
    under_way(client, load_id)
    own.send_signal(signal.SIGINT)
    out, _ = own.communicate()
    assert own.returncode == 130 and f"load {load_id}: LOAD_CANCELLED_BY_USER" in out
