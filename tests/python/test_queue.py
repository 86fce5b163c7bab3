"""Loads wait in a queue: 64 places, first in first out, over restarts; what depends on a load that fails is never run."""

import random
import threading

import pytest

from support.clients import CLIENTS, NO_LOAD, RUNNING, Boto, Http, ServiceError, finished, request
from support.jobs import begin, loaded, overall, under_way

CANCELLED = "LOAD_CANCELLED_BY_USER"
IN_QUEUE = "LOAD_IN_QUEUE"
NOT_SATISFIED = "LOAD_FAILED_BECAUSE_DEPENDENCY_NOT_SATISFIED"
BUSY = "Failed to start new load for the source {}. Max concurrent load limit breached. Limit is 1"
FULL = "Failed to start new load for the source {}. Max load task queue size limit breached. Limit is 64"


@pytest.fixture
def held(make_server, big_graph, files):
    """A running server that reads the graph of five million records, and `files`."""
    with make_server("--import-dir", big_graph.source, "--import-dir", files) as server:
        yield server


def vertex(files, name):
    """A file with one vertex, as a source."""
    path = files / f"{name}.csv"
    path.write_text(f"~id,~label\n{name},Thing\n")
    return f"file://{path}"


def hold(client, graph):
    """Starts a load that takes longer than what a test does meanwhile."""
    load_id = begin(client, f"file://{graph.source}")
    under_way(client, load_id)
    return load_id


def queue(client, source, **members):
    return begin(client, source, queueRequest=True, **members)


def state(client, load_id):
    return overall(client, load_id)["status"]


def listed(client, **members):
    return client.list_loads(**members)["payload"]["loadIds"]


@pytest.mark.parametrize("name", CLIENTS)
def test_every_client_can_queue(name, connect, held, big_graph, files):
    client = connect(name, held.endpoint)
    running = hold(Boto(held.endpoint), big_graph)
    waiting = queue(client, vertex(files, "w"))
    dependent = queue(client, vertex(files, "d"), dependencies=[waiting])
    seen = client.status(waiting, details=True, errors=True)["payload"]
    assert seen["overallStatus"]["status"] == IN_QUEUE
    assert "feedCount" not in seen
    assert seen["overallStatus"]["totalRecords"] == 0
    assert seen["failedFeeds"] == []
    assert listed(client) == [dependent, waiting, running]
    assert listed(client, includeQueuedLoads=False) == [running]
    assert listed(client, limit=1) == [dependent]
    with pytest.raises(ServiceError) as caught:
        client.start(**request(vertex(files, "hasty")))
    assert caught.value.name == "BadRequestException"
    assert caught.value.message == BUSY.format(vertex(files, "hasty"))
    with pytest.raises(ServiceError) as caught:
        queue(client, vertex(files, "u"), dependencies=[NO_LOAD])
    assert caught.value.name == "BulkLoadIdNotFoundException"
    assert caught.value.status in (404, None)
    client.cancel(running)
    for load_id in (dependent, waiting):
        assert finished(client, load_id)["overallStatus"]["status"] == "LOAD_COMPLETED"


def test_the_65th_that_would_wait_is_refused(held, big_graph, files):
    client, http = Boto(held.endpoint), Http(held.endpoint)
    running = hold(client, big_graph)
    source = vertex(files, "w")
    waiting = [queue(client, source) for _ in range(64)]
    for willing, text in ((True, FULL), (False, BUSY)):
        with pytest.raises(ServiceError) as caught:
            client.start(**request(source, queueRequest=willing))
        assert (caught.value.name, caught.value.status) == ("BadRequestException", 400)
        assert caught.value.message == text.format(source)
    assert listed(client) == [*reversed(waiting), running]

    first, *rest = waiting
    client.cancel(first)
    assert state(client, first) == CANCELLED
    waiting = [*rest, queue(client, source)]
    assert overall(client, waiting[-1])["runNumber"] == 65
    answer = http.ask("DELETE", "/loader", params={"all": "true"})
    assert (answer.status_code, answer.json()) == (200, {"status": "200 OK", "cancelled": 64})
    assert {state(client, load_id) for load_id in waiting} == {CANCELLED}
    assert state(client, running) == "LOAD_IN_PROGRESS"
    last = queue(client, source)
    answer = http.ask("DELETE", "/loader?all=running")
    assert (answer.status_code, answer.json()) == (200, {"status": "200 OK", "cancelled": 2})
    assert [state(client, load_id) for load_id in (running, last)] == [CANCELLED, CANCELLED]
    assert http.ask("DELETE", "/loader?all=TRUE").json() == {"status": "200 OK", "cancelled": 0}
    answer = http.ask("DELETE", f"/loader?all=true&loadId={last}")
    assert (answer.status_code, answer.json()["code"]) == (400, "IllegalArgumentException")


def test_a_failure_is_carried_on(held, big_graph, files):
    client = Boto(held.endpoint)
    running = hold(client, big_graph)
    (files / "bad.csv").write_text("~id,~label,n:Int\nb,Thing,wrong\n")
    bad = queue(client, f"file://{files}/bad.csv")
    second = queue(client, vertex(files, "c"), dependencies=[bad])
    third = queue(client, vertex(files, "d"), dependencies=[second])
    gone = queue(client, f"file://{files}/gone.csv")
    after_gone = queue(client, vertex(files, "e"), dependencies=[gone])
    stranger = queue(client, vertex(files, "f"), dependencies=[running])
    # Cancelled, so whoever depends on it has ended when the answer is there.
    client.cancel(running)
    assert state(client, stranger) == NOT_SATISFIED
    assert finished(client, bad)["overallStatus"]["status"] == "LOAD_FAILED"
    for load_id in (second, third, after_gone):
        seen = finished(client, load_id, details=True, errors=True)
        assert seen["overallStatus"]["status"] == NOT_SATISFIED
        assert "feedCount" not in seen
    assert bad in client.status(second)["payload"]["note"]
    assert second in client.status(third)["payload"]["note"]
    seen = finished(client, gone, errors=True)
    assert seen["overallStatus"]["status"] == "LOAD_FAILED_INVALID_REQUEST"
    [entry] = seen["errors"]["errorLogs"]
    assert entry["errorMessage"].startswith(f"The source file://{files}/gone.csv does not exist/not reachable")
    late = queue(client, vertex(files, "g"), dependencies=[third])
    assert state(client, late) == NOT_SATISFIED


def test_a_source_in_s3_is_looked_at_when_the_turn_comes(s3, make_server, big_graph, files):
    bucket = s3.bucket({"now/v.csv": b"~id,~label\nn,Thing\n"})
    flags = ("--s3-endpoint", s3.endpoint, "--import-dir", big_graph.source)
    with make_server(*flags, env=s3.credentials()) as server:
        client = Boto(server.endpoint)
        running = hold(client, big_graph)
        now, later, never, nowhere = (
            queue(client, f"s3://{source}") for source in
            (f"{bucket}/now/", f"{bucket}/later/", f"{bucket}/never/", "no-such-bucket-here/k"))
        s3.client().put_object(Bucket=bucket, Key="later/v.csv", Body=b"~id,~label\nl,Thing\n")
        client.cancel(running)
        ends = {load_id: finished(client, load_id, errors=True) for load_id in (now, later, never, nowhere)}
        assert [end["overallStatus"]["status"] for end in ends.values()] == [
            "LOAD_COMPLETED", "LOAD_COMPLETED", "LOAD_FAILED_INVALID_REQUEST", "LOAD_FAILED_INVALID_REQUEST"]
        for load_id, text in ((never, "does not exist/not reachable"), (nowhere, "S3 bucket not found for source")):
            [entry] = ends[load_id]["errors"]["errorLogs"]
            assert text in entry["errorMessage"]
            assert "feedCount" not in ends[load_id]


@pytest.mark.parametrize("ending", ["kill", "stop"])
def test_the_queue_is_kept_over_a_restart(ending, make_server, big_graph, files, tool):
    flags = ("--import-dir", big_graph.source, "--import-dir", files)
    server = make_server(*flags).start()
    client = Boto(server.endpoint)
    hold(client, big_graph)
    names = [f"w{n}" for n in range(5)]
    waiting = [queue(client, vertex(files, name)) for name in names]
    dependent = queue(client, vertex(files, "d"), dependencies=waiting)
    client.cancel(waiting[2])
    before = listed(client)
    getattr(server, ending)()
    # Looking into the directory starts nothing.
    assert tool.run("jobs", "--data", server.data).stdout.count(IN_QUEUE) == 4
    with server:
        client = Boto(server.endpoint)
        assert sorted(listed(client)) == sorted(before)
        ends = [finished(client, load_id)["overallStatus"] for load_id in waiting]
        assert [end["status"] for end in ends] == [CANCELLED if at == 2 else "LOAD_COMPLETED" for at in range(5)]
        begun = [end["startTime"] for at, end in enumerate(ends) if at != 2]
        assert begun == sorted(begun)
        assert state(client, dependent) == NOT_SATISFIED
        assert tool.check(endpoint=server.endpoint).clean


def test_1024_loads_are_remembered(server, files):
    """Loads that depend on a failed one end at once: so many loads are soon made."""
    client = Boto(server.endpoint)
    (files / "bad.csv").write_text("~id,n:Int\na,wrong\n")
    first = last = begin(client, f"file://{files}/bad.csv")
    finished(client, first)
    second = None
    for _ in range(1024):
        last = queue(client, f"file://{files}/bad.csv", dependencies=[last])
        second = second or last
    with pytest.raises(ServiceError) as caught:
        client.status(first)
    assert (caught.value.name, caught.value.status) == ("BulkLoadIdNotFoundException", 404)
    with pytest.raises(ServiceError) as caught:
        queue(client, f"file://{files}/bad.csv", dependencies=[first])
    assert caught.value.name == "BulkLoadIdNotFoundException"
    with pytest.raises(ServiceError) as caught:
        client.start(**request(f"file://{files}/bad.csv", mode="RESUME"))
    assert "No previous load found to resume." in caught.value.message, "what is forgotten cannot be resumed"
    assert overall(client, second)["status"] == overall(client, last)["status"] == NOT_SATISFIED
    assert overall(client, last)["runNumber"] == 1025
    assert len(listed(client)) == 100


class Watcher(threading.Thread):
    """Looks at all loads again and again: at most one runs, and none goes back on what it was."""

    def __init__(self, endpoint):
        super().__init__(daemon=True)
        self.client, self.stopping, self.wrong, self.looks = Boto(endpoint), threading.Event(), [], 0

    def run(self):
        ended = {}
        while not self.stopping.is_set():
            seen = {load_id: state(self.client, load_id) for load_id in listed(self.client)}
            for load_id, now in seen.items():
                if ended.setdefault(load_id, now) != now:
                    self.wrong.append(f"{load_id} was {ended[load_id]} and is {now}")
                if now in RUNNING:
                    del ended[load_id]
            self.looks += 1


def test_many_clients_at_once(make_server, files, tool):
    """Threads start, queue and cancel at random; every answer they got is true in the end."""
    with make_server("--import-dir", files) as server:
        names = [f"v{n}" for n in range(40)]
        sources = {name: vertex(files, name) for name in names}
        accepted, cancelled, not_active, wrong = {}, set(), set(), []
        lock = threading.Lock()

        def work(seed):
            seeded, client = random.Random(seed), Boto(server.endpoint)
            for _ in range(25):
                with lock:
                    known = list(accepted)
                try:
                    if known and seeded.random() < 0.35:
                        load_id = seeded.choice(known)
                        try:
                            assert client.cancel(load_id) == {"status": "200 OK"}
                            with lock:
                                cancelled.add(load_id)
                            assert state(client, load_id) == CANCELLED
                        except ServiceError as error:
                            assert error.name == "BulkLoadIdNotFoundException", error
                            assert state(client, load_id) not in RUNNING
                            with lock:
                                not_active.add(load_id)
                        continue
                    name, willing = seeded.choice(names), seeded.random() < 0.7
                    dependencies = seeded.sample(known, min(len(known), 2)) if willing and seeded.random() < 0.3 else []
                    try:
                        load_id = begin(client, sources[name], queueRequest=willing, dependencies=dependencies)
                        with lock:
                            accepted[load_id] = (name, dependencies)
                    except ServiceError as error:
                        assert error.message in (BUSY.format(sources[name]), FULL.format(sources[name])), error
                except AssertionError as error:
                    wrong.append(f"thread {seed}: {error}")

        watcher = Watcher(server.endpoint)
        watcher.start()
        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client = Boto(server.endpoint)
        ends = {load_id: finished(client, load_id)["overallStatus"] for load_id in accepted}
        watcher.stopping.set()
        watcher.join()
        assert wrong == [] and watcher.wrong == [] and watcher.looks > 0
        states = {load_id: end["status"] for load_id, end in ends.items()}
        assert set(states.values()) <= {"LOAD_COMPLETED", CANCELLED, NOT_SATISFIED}, states
        assert {load_id for load_id, status in states.items() if status == CANCELLED} == cancelled
        for load_id, (_, dependencies) in accepted.items():
            met = all(states[dependency] == "LOAD_COMPLETED" for dependency in dependencies)
            assert met or states[load_id] in (NOT_SATISFIED, CANCELLED), load_id
            assert states[load_id] != NOT_SATISFIED or not met, load_id
        checked = tool.check(endpoint=server.endpoint)
        assert checked.clean, checked.text
        completed = {accepted[load_id][0] for load_id, status in states.items() if status == "LOAD_COMPLETED"}
        assert checked.pg["vertices"] == len(completed | {
            accepted[load_id][0] for load_id, end in ends.items() if end["status"] == CANCELLED and loaded(end)})
        assert len(ends) > 20 and cancelled and completed, "the test has lost its point"
