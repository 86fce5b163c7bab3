"""Loads wait in a queue: 64 places, first in first out, over restarts; what depends on a load that fails is never run."""

import random
import threading

import botocore.exceptions
import pytest
import requests

from support.clients import CLIENTS, NO_LOAD, RUNNING, Boto, Http, ServiceError, finished, request
from support.jobs import begin, overall
from support.proxy import Proxy
from support.waiting import GUARD_SECONDS, until

CANCELLED = "LOAD_CANCELLED_BY_USER"
IN_QUEUE = "LOAD_IN_QUEUE"
NOT_SATISFIED = "LOAD_FAILED_BECAUSE_DEPENDENCY_NOT_SATISFIED"
BUSY = "Failed to start new load for the source {}. Max concurrent load limit breached. Limit is 1"
FULL = "Failed to start new load for the source {}. Max load task queue size limit breached. Limit is 64"


class Held:
    """A server with a load that reads from an S3 server which has gone silent: it runs until it is cancelled."""

    def __init__(self, server, proxy, bucket):
        self.server, self.proxy, self.client = server, proxy, Boto(server.endpoint)
        proxy.stall_after(1 << 20)
        self.running = begin(self.client, f"s3://{bucket}/slow/")
        assert proxy.stalled.wait(timeout=GUARD_SECONDS), "the load reads more than a mebibyte"

    def go_on(self):
        """The S3 server answers again, and the load that waited for it is gone."""
        self.proxy.flow()
        self.client.cancel(self.running)


@pytest.fixture
def held(s3, make_server, files):
    bucket = s3.bucket({"slow/v.csv": b"~id,~label\n" + b"".join(b"s%d,Slow\n" % n for n in range(300_000))})
    with Proxy(("127.0.0.1", int(s3.endpoint.rsplit(":", 1)[1]))) as proxy:
        server = make_server("--s3-endpoint", proxy.endpoint, "--import-dir", files, env=s3.credentials()).start()
        yield Held(server, proxy, bucket)


def vertex(files, name):
    """A file with one vertex, as a source."""
    path = files / f"{name}.csv"
    path.write_text(f"~id,~label\n{name},Thing\n")
    return f"file://{path}"


def long(files, name, vertices):
    """A file whose load takes a while, as a source."""
    path = files / f"{name}.csv"
    with path.open("w") as rows:
        rows.write("~id,~label\n")
        rows.writelines(f"{name}{row},Thing\n" for row in range(vertices))
    return f"file://{path}"


def queue(client, source, **members):
    return begin(client, source, queueRequest=True, **members)


def state(client, load_id):
    return overall(client, load_id)["status"]


def listed(client, **members):
    return client.list_loads(**members)["payload"]["loadIds"]


@pytest.mark.parametrize("name", CLIENTS)
def test_every_client_can_queue(name, connect, held, files):
    client, running = connect(name, held.server.endpoint), held.running
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
    held.go_on()
    for load_id in (dependent, waiting):
        assert finished(client, load_id)["overallStatus"]["status"] == "LOAD_COMPLETED"


def test_the_65th_that_would_wait_is_refused(held, files):
    client, http, running = held.client, Http(held.server.endpoint), held.running
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


def test_a_failure_is_carried_on(held, files):
    client, running = held.client, held.running
    (files / "bad.csv").write_text("~id,~label,n:Int\nb,Thing,wrong\n")
    bad = queue(client, f"file://{files}/bad.csv")
    second = queue(client, vertex(files, "c"), dependencies=[bad])
    third = queue(client, vertex(files, "d"), dependencies=[second])
    gone = queue(client, f"file://{files}/gone.csv")
    after_gone = queue(client, vertex(files, "e"), dependencies=[gone])
    stranger = queue(client, vertex(files, "f"), dependencies=[running])
    # Cancelled, so whoever depends on it has ended when the answer is there.
    held.go_on()
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


def test_a_source_in_s3_is_looked_at_when_the_turn_comes(s3, held):
    client, bucket = held.client, s3.bucket({"now/v.csv": b"~id,~label\nn,Thing\n"})
    sources = (f"{bucket}/now/", f"{bucket}/later/", f"{bucket}/never/", "no-such-bucket-here/k")
    now, later, never, nowhere = (queue(client, f"s3://{source}") for source in sources)
    s3.client().put_object(Bucket=bucket, Key="later/v.csv", Body=b"~id,~label\nl,Thing\n")
    held.go_on()
    ends = {load_id: finished(client, load_id, errors=True) for load_id in (now, later, never, nowhere)}
    assert [end["overallStatus"]["status"] for end in ends.values()] == [
        "LOAD_COMPLETED", "LOAD_COMPLETED", "LOAD_FAILED_INVALID_REQUEST", "LOAD_FAILED_INVALID_REQUEST"]
    for load_id, text in ((never, "does not exist/not reachable"), (nowhere, "S3 bucket not found for source")):
        [entry] = ends[load_id]["errors"]["errorLogs"]
        assert text in entry["errorMessage"]
        assert "feedCount" not in ends[load_id]


def test_a_load_that_looks_at_a_silent_source_is_cancelled_at_once(held, files):
    """Its turn has come, and it shows as queued until its source has answered."""
    client = held.client
    looking, after = queue(client, "s3://silent/k"), queue(client, vertex(files, "a"))
    # The proxy stays silent.
    client.cancel(held.running)
    client.cancel(looking)
    assert state(client, looking) == CANCELLED
    assert "feedCount" not in client.status(looking)["payload"]
    assert finished(client, after)["overallStatus"]["status"] == "LOAD_COMPLETED"


@pytest.mark.parametrize("ending", ["kill", "stop"])
def test_the_queue_is_kept_over_a_restart(ending, held, files, tool):
    client, server = held.client, held.server
    waiting = [queue(client, vertex(files, f"w{n}")) for n in range(5)]
    dependent = queue(client, vertex(files, "d"), dependencies=waiting)
    heir = queue(client, vertex(files, "e"), dependencies=[waiting[0], waiting[4]])
    client.cancel(waiting[2])
    before = listed(client)
    getattr(server, ending)()
    held.proxy.flow()
    # Looking into the directory starts nothing.
    assert tool.run("jobs", "--data", server.data).stdout.count(IN_QUEUE) == 5
    with server:
        client = Boto(server.endpoint)
        assert sorted(listed(client)) == sorted(before)
        assert finished(client, heir)["overallStatus"]["status"] == "LOAD_COMPLETED"
        ends = [overall(client, load_id) for load_id in waiting]
        assert [end["status"] for end in ends] == [CANCELLED if at == 2 else "LOAD_COMPLETED" for at in range(5)]
        begun = [end["startTime"] for at, end in enumerate(ends) if at != 2]
        assert begun == sorted(begun)
        assert state(client, dependent) == NOT_SATISFIED
        assert tool.check(endpoint=server.endpoint).clean


class Watcher(threading.Thread):
    """Looks at the loads again and again: none goes back on how it ended."""

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


class Crowd:
    """Threads that start, queue and cancel at random, and remember what they were told."""

    def __init__(self, server, sources, threads, steps, seed):
        self.endpoint, self.sources, self.steps = server.endpoint, sources, steps
        self.accepted, self.cancelled, self.together, self.wrong = {}, set(), 0, []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._work, args=(seed * 1000 + at,)) for at in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        for thread in self.threads:
            thread.join()

    def _work(self, seed):
        seeded, client, http = random.Random(seed), Boto(self.endpoint), Http(self.endpoint)
        try:
            for _ in range(self.steps):
                self._step(seeded, client, http)
        except AssertionError as error:
            self.wrong.append(f"thread {seed}: {error}")
        except (botocore.exceptions.BotoCoreError, requests.exceptions.RequestException):
            pass  # the server was killed: what it did not answer, it did not promise

    def _step(self, seeded, client, http):
        with self.lock:
            known = list(self.accepted)
        dice = seeded.random()
        if known and dice < 0.35:
            self._cancel(client, seeded.choice(known))
        elif dice < 0.37:
            answer = http.ask("DELETE", "/loader?all=true")
            assert answer.status_code == 200, answer.text
            with self.lock:
                self.together += answer.json()["cancelled"]
        else:
            name, willing = seeded.choice(list(self.sources)), seeded.random() < 0.7
            dependencies = seeded.sample(known, min(len(known), 2)) if willing and seeded.random() < 0.3 else []
            try:
                load_id = begin(client, self.sources[name], queueRequest=willing, dependencies=dependencies)
            except ServiceError as error:
                assert error.message in (BUSY.format(self.sources[name]), FULL.format(self.sources[name])), error
            else:
                with self.lock:
                    self.accepted[load_id] = (name, dependencies)

    def _cancel(self, client, load_id):
        try:
            assert client.cancel(load_id) == {"status": "200 OK"}
        except ServiceError as error:
            assert error.name == "BulkLoadIdNotFoundException", error
            assert state(client, load_id) not in RUNNING
        else:
            with self.lock:
                self.cancelled.add(load_id)
            assert state(client, load_id) == CANCELLED

    def assert_true(self, states):
        """Every answer is true of these last states."""
        assert self.wrong == []
        assert set(states) >= set(self.accepted)
        are_cancelled = {load_id for load_id, status in states.items() if status == CANCELLED}
        assert self.cancelled <= are_cancelled
        for load_id, (_, dependencies) in self.accepted.items():
            met = all(states[dependency] == "LOAD_COMPLETED" for dependency in dependencies)
            assert met or states[load_id] in (NOT_SATISFIED, CANCELLED), load_id
            assert states[load_id] != NOT_SATISFIED or not met, load_id
        return are_cancelled


def test_many_clients_at_once(make_server, files, tool):
    sources = {f"v{n}": vertex(files, f"v{n}") for n in range(40)}
    with make_server("--import-dir", files) as server:
        watcher = Watcher(server.endpoint)
        watcher.start()
        client = Boto(server.endpoint)
        # Loads of one row end faster than they can be cancelled: they wait behind a longer one for a while.
        first = begin(client, long(files, "first", vertices=500_000))
        with Crowd(server, sources, threads=8, steps=25, seed=8) as crowd:
            pass
        assert finished(client, first)["overallStatus"]["status"] == "LOAD_COMPLETED"
        states = {load_id: finished(client, load_id)["overallStatus"]["status"] for load_id in crowd.accepted}
        watcher.stopping.set()
        watcher.join()
        assert watcher.wrong == [] and watcher.looks > 0
        are_cancelled = crowd.assert_true(states)
        # One that two calls wait for is told to both.
        assert len(are_cancelled) <= len(crowd.cancelled) + crowd.together
        assert set(states.values()) <= {"LOAD_COMPLETED", CANCELLED, NOT_SATISFIED}, states
        completed = {crowd.accepted[load_id][0] for load_id, status in states.items() if status == "LOAD_COMPLETED"}
        checked = tool.check(endpoint=server.endpoint)
        assert checked.clean, checked.text
        assert checked.pg["vertices"] == 500_000 + len(completed), "what was cancelled has left nothing"
        assert len(states) > 50 and crowd.cancelled and completed, "the test has lost its point"


@pytest.mark.parametrize("seed", range(3))
def test_what_was_answered_before_a_kill_is_true_after_it(seed, make_server, files, tool):
    sources = {f"v{n}": vertex(files, f"v{n}") for n in range(10)}
    server = make_server("--import-dir", files).start()
    with Crowd(server, sources, threads=6, steps=1000, seed=seed) as crowd:
        until(lambda: len(crowd.accepted), lambda accepted: accepted >= 30 * (seed + 1) or crowd.wrong, "loads")
        server.kill()
    assert tool.check(server.data).clean
    with server:
        client = Boto(server.endpoint)
        states = {load_id: finished(client, load_id)["overallStatus"]["status"] for load_id in crowd.accepted}
        crowd.assert_true(states)
        assert finished(client, begin(client, sources["v0"]))["overallStatus"]["status"] == "LOAD_COMPLETED"
        checked = tool.check(endpoint=server.endpoint)
        assert checked.clean, checked.text
