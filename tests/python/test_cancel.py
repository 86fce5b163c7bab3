"""A cancel is immediate and truthful: after its 200 the job is stopped, whatever it was doing and whatever happens next."""

import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from support.clients import CLIENTS, NO_LOAD, RUNNING, Boto, Http, ServiceError, finished, load
from support.jobs import begin, loaded, overall, under_way
from support.proxy import Proxy
from support.server import Server
from support.waiting import until

CANCELLED = "LOAD_CANCELLED_BY_USER"
NOT_ACTIVE = "does not exist or not active"


def folder(graph):
    return f"file://{graph.source}"


@pytest.fixture
def big_server(make_server, big_graph):
    """A running server that may read the graph of five million records."""
    with make_server("--import-dir", big_graph.source) as running:
        yield running


def cpu_seconds(pid):
    """Processor time that a process has used, by all its threads."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def assert_stopped(client, server, tool, load_id):
    """The job is cancelled, the graph is clean, and the counters are what is there."""
    seen = overall(client, load_id)
    assert seen["status"] == CANCELLED
    checked = tool.check(endpoint=server.endpoint)
    assert checked.clean, checked.text
    assert checked.pg["quads"] == loaded(seen)
    return checked


def test_cancel_of_five_million_records_from_s3(s3, make_server, big_graph, tool):
    assert big_graph.records >= 5_000_000
    bucket = s3.bucket({f"big/{path.name}": path for path in big_graph.source.iterdir()})
    with make_server("--s3-endpoint", s3.endpoint, env=s3.credentials()) as server:
        client = Boto(server.endpoint)
        load_id = begin(client, f"s3://{bucket}/big/")
        under_way(client, load_id)

        assert client.cancel(load_id) == {"status": "200 OK"}
        checked = assert_stopped(client, server, tool, load_id)
        used = cpu_seconds(server.process.pid)
        # The promise is about ten seconds of quiet, so ten seconds have to pass.
        time.sleep(10)
        assert cpu_seconds(server.process.pid) - used < 2, "a cancelled load gives its processors back"
        assert tool.check(endpoint=server.endpoint).counts == checked.counts
        assert overall(client, load_id)["status"] == CANCELLED
        feeds = client.status(load_id, details=True)["payload"]
        assert feeds["feedCount"][-1].keys() == {CANCELLED}
        assert feeds["failedFeeds"] == []

        with pytest.raises(client.raw.exceptions.BulkLoadIdNotFoundException) as caught:
            client.raw.cancel_loader_job(loadId=load_id)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
        assert f"The load with id = {load_id} {NOT_ACTIVE}" in caught.value.response["Error"]["Message"]
        with pytest.raises(client.raw.exceptions.BadRequestException):
            client.raw.cancel_loader_job(loadId="garbage")


@pytest.mark.parametrize("name", CLIENTS)
def test_cancel_through_every_client(name, connect, big_server, big_graph, tool):
    client = connect(name, big_server.endpoint)
    assert client.engine_status()["status"] == "healthy"
    load_id = begin(client, folder(big_graph))
    under_way(Boto(big_server.endpoint), load_id)
    assert client.cancel(load_id)["status"] == "200 OK"
    assert_stopped(Boto(big_server.endpoint), big_server, tool, load_id)
    assert overall(client, load_id)["status"] == CANCELLED
    assert client.list_loads()["payload"]["loadIds"] == [load_id]

    for mistake, (exception, status) in {
        load_id: ("BulkLoadIdNotFoundException", 404),
        NO_LOAD: ("BulkLoadIdNotFoundException", 404),
        "garbage": ("BadRequestException", 400),
        "x" * 300: ("ConstraintViolationException", 400),
    }.items():
        with pytest.raises(ServiceError) as caught:
            client.cancel(mistake)
        assert caught.value.name == exception
        assert caught.value.status in (status, None)


@pytest.mark.parametrize("form", ["path", "query", "both"])
def test_every_form_of_the_request_cancels(form, big_server, big_graph, tool):
    client, http = Boto(big_server.endpoint), Http(big_server.endpoint)
    load_id = begin(client, folder(big_graph))
    under_way(client, load_id)
    path = {"path": f"/loader/{load_id}", "query": f"/loader/?loadId={load_id}", "both": f"/loader/{load_id}?loadId={load_id}"}
    answer = http.ask("DELETE", path[form])
    assert (answer.status_code, answer.json()) == (200, {"status": "200 OK"})
    assert_stopped(client, big_server, tool, load_id)


def test_the_load_after_a_cancelled_one_completes(big_server, big_graph, tool):
    client = Boto(big_server.endpoint)
    load_id = begin(client, folder(big_graph))
    under_way(client, load_id, records=500_000)
    client.cancel(load_id)
    left = assert_stopped(client, big_server, tool, load_id).pg["quads"]
    seen = load(client, folder(big_graph))["overallStatus"]
    assert (seen["status"], seen["totalRecords"], seen["totalDuplicates"]) == ("LOAD_COMPLETED", big_graph.records, left)
    checked = tool.check(endpoint=big_server.endpoint)
    assert checked.clean, checked.text
    assert (checked.pg["vertices"], checked.pg["edges"]) == (big_graph.vertices, big_graph.edges)


def test_kill_right_after_the_answer(make_server, big_graph, tool):
    server = make_server("--import-dir", big_graph.source).start()
    client = Boto(server.endpoint)
    load_id = begin(client, folder(big_graph))
    under_way(client, load_id, records=300_000)
    assert client.cancel(load_id) == {"status": "200 OK"}
    server.kill()

    offline = tool.check(server.data)
    assert offline.clean, offline.text
    with server:
        assert assert_stopped(Boto(server.endpoint), server, tool, load_id).counts == offline.counts


def test_a_load_that_ends_during_the_cancel(make_server, middle_graph, tool, tmp_path):
    """Exactly one of the final publish and the cancel wins, and both sides hear the same."""
    seeded = random.Random(7)
    lasts, outcomes = None, set()
    for attempt in range(40):
        with make_server("--import-dir", middle_graph.source, data=tmp_path / f"data-{attempt}") as server:
            client = Boto(server.endpoint)
            begun = time.monotonic()
            load_id = begin(client, folder(middle_graph))
            if lasts is None:
                finished(client, load_id)
                lasts = time.monotonic() - begun
                continue
            time.sleep(lasts * seeded.uniform(0.85, 1.05))
            try:
                client.cancel(load_id)
                outcome = CANCELLED
            except ServiceError as error:
                assert (error.name, error.status) == ("BulkLoadIdNotFoundException", 404)
                outcome = "LOAD_COMPLETED"
            seen = overall(client, load_id)
            assert seen["status"] == outcome
            checked = tool.check(endpoint=server.endpoint)
            assert checked.clean, checked.text
            assert checked.pg["quads"] == loaded(seen)
            if outcome == "LOAD_COMPLETED":
                assert seen["totalRecords"] == middle_graph.records
            outcomes.add(outcome)
            # The first load may have been a slow or a quick one: the moments follow the end as it is.
            lasts *= 0.95 if outcome == "LOAD_COMPLETED" else 1.03
        shutil.rmtree(server.data)
        if len(outcomes) == 2 and attempt >= 10:
            break
    assert outcomes == {CANCELLED, "LOAD_COMPLETED"}, "the moments do not straddle the end of the load"


def test_two_cancels_at_once(big_server, big_graph, tool):
    client = Boto(big_server.endpoint)
    load_id = begin(client, folder(big_graph))
    under_way(client, load_id)
    answers, together = [], threading.Barrier(2)

    def cancel():
        http = Http(big_server.endpoint)
        together.wait()
        answers.append(http.ask("DELETE", f"/loader/{load_id}").status_code)

    threads = [threading.Thread(target=cancel) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # A second one that comes while the first waits is answered like it; one that comes after it finds the job ended.
    assert 200 in answers and set(answers) <= {200, 404}
    assert_stopped(client, big_server, tool, load_id)


def test_a_caller_that_hangs_up_has_cancelled_all_the_same(big_server, big_graph, tool):
    client = Boto(big_server.endpoint)
    load_id = begin(client, folder(big_graph))
    under_way(client, load_id)
    with socket.create_connection(("127.0.0.1", big_server.port)) as line:
        # Closed with a reset, as a process does that is killed.
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        line.sendall(f"DELETE /loader/{load_id} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        time.sleep(0.05)
    until(lambda: overall(client, load_id)["status"], lambda status: status not in RUNNING, "the cancel to take effect")
    assert_stopped(client, big_server, tool, load_id)


def test_a_caller_that_hangs_up_has_started_one_job(server, files):
    (files / "v.csv").write_text("~id,~label\na,Thing\n")
    body = f'{{"source": "file://{files}/v.csv", "format": "csv"}}'
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        line.sendall(("POST /loader HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                      f"Content-Length: {len(body)}\r\n\r\n{body}").encode())
        time.sleep(0.05)
    client = Boto(server.endpoint)
    [load_id] = until(lambda: client.list_loads()["payload"]["loadIds"], len, "the job to be listed")
    assert finished(client, load_id)["overallStatus"]["status"] == "LOAD_COMPLETED"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own with 96 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(place)], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"a file system of its own cannot be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_fails_the_load_and_nothing_else(small_disk, make_server, big_graph, tool):
    with make_server("--import-dir", big_graph.source, data=small_disk / "data") as server:
        client = Boto(server.endpoint)
        load_id = begin(client, folder(big_graph))
        payload = finished(client, load_id, details=True, errors=True)
        assert payload["overallStatus"]["status"] in ("LOAD_FAILED", "LOAD_UNEXPECTED_ERROR")
        assert any("space" in entry["errorMessage"] or "full" in entry["errorMessage"]
                   for entry in payload["errors"]["errorLogs"]), payload["errors"]
        checked = tool.check(endpoint=server.endpoint)
        assert checked.clean, checked.text
        assert checked.pg["quads"] == loaded(payload["overallStatus"])
    with server:
        assert overall(Boto(server.endpoint), load_id)["status"] == payload["overallStatus"]["status"]


def test_a_cancel_works_on_a_full_disk(small_disk, make_server, big_graph, tool):
    with make_server("--import-dir", big_graph.source, data=small_disk / "data") as server:
        client = Boto(server.endpoint)
        load_id = begin(client, folder(big_graph))
        under_way(client, load_id, records=50_000)
        filler = small_disk / "filler"
        with filler.open("wb", buffering=0) as file:
            with pytest.raises(OSError):
                while True:
                    file.write(b"\0" * (1 << 20))
        try:
            answer = client.cancel(load_id)
        except ServiceError as error:
            # The load met the full disk first: then it has ended by itself, and says so.
            assert error.name == "BulkLoadIdNotFoundException"
            assert overall(client, load_id)["status"] in ("LOAD_FAILED", "LOAD_UNEXPECTED_ERROR")
        else:
            assert answer == {"status": "200 OK"}
            assert overall(client, load_id)["status"] == CANCELLED
        ended = overall(client, load_id)
        server.kill()
    filler.unlink()
    with server:
        assert overall(Boto(server.endpoint), load_id)["status"] == ended["status"], "durable although the disk was full"
        checked = tool.check(endpoint=server.endpoint)
        assert checked.clean, checked.text
        assert checked.pg["quads"] == loaded(ended)


def test_a_stalled_s3_socket_is_dropped_not_waited_for(s3, make_server, middle_graph, tool):
    bucket = s3.bucket({f"middle/{path.name}": path for path in middle_graph.source.iterdir()})
    with Proxy(("127.0.0.1", int(s3.endpoint.rsplit(":", 1)[1]))) as proxy, \
            make_server("--s3-endpoint", proxy.endpoint, env=s3.credentials()) as server:
        client = Boto(server.endpoint)
        proxy.stall_after(1 << 20)
        load_id = begin(client, f"s3://{bucket}/middle/")
        assert proxy.stalled.wait(timeout=120), "the load reads more than a mebibyte"
        begun = time.monotonic()
        assert client.cancel(load_id) == {"status": "200 OK"}
        # Not a measure of speed: the socket's own time limits are far beyond this.
        assert time.monotonic() - begun < 10
        assert_stopped(client, server, tool, load_id)


def test_swallowed_answers_make_one_job_and_one_ok(make_server, big_graph, tool):
    with make_server("--import-dir", big_graph.source) as server, Proxy(("127.0.0.1", server.port)) as proxy:
        client = Boto(proxy.endpoint, attempts=3)
        proxy.swallow(b"POST /loader")
        load_id = begin(client, folder(big_graph))
        [swallowed] = proxy.swallowed
        assert load_id.encode() in swallowed, "the repeat is told what the first attempt was told"
        assert client.list_loads()["payload"]["loadIds"] == [load_id]
        under_way(client, load_id)

        proxy.swallow(b"DELETE /loader/")
        assert client.cancel(load_id) == {"status": "200 OK"}
        assert len(proxy.swallowed) == 2 and proxy.swallowed[1].startswith(b"HTTP/1.1 200")
        assert_stopped(client, server, tool, load_id)
        # Another call is another question.
        with pytest.raises(ServiceError) as caught:
            Boto(server.endpoint).cancel(load_id)
        assert caught.value.status == 404


def test_a_second_load_is_refused_while_one_runs(big_server, big_graph, tmp_path):
    client = Boto(big_server.endpoint)
    load_id = begin(client, folder(big_graph))
    source = f"{folder(big_graph)}/vertices.csv"
    with pytest.raises(ServiceError) as caught:
        begin(client, source)
    assert (caught.value.name, caught.value.status) == ("BadRequestException", 400)
    assert caught.value.message.startswith(
        f"Failed to start new load for the source {source}. Max concurrent load limit breached. Limit is 1")
    assert client.list_loads()["payload"]["loadIds"] == [load_id]
    assert client.cancel(load_id) == {"status": "200 OK"}


def test_two_hundred_cancels_at_random_moments(make_server, tool, tmp_path_factory, tmp_path):
    """A seeded loop over both data sets: after each cancel the store is clean and the counters are its content."""
    seeded = random.Random(20261125)
    files = tmp_path_factory.mktemp("random-cancels")
    tool.generate(files, 10_000, 20_000, "csv,ntriples")
    originals = {path.name: path.read_text() for path in (files / "csv").iterdir()}
    lasts = {"csv": 1.0, "ntriples": 1.0}
    rounds, cancels, cancelled = 0, 0, 0
    while cancels < 200:
        rounds += 1
        # A fresh store now and then keeps each check short; several loads in one meet each other's leftovers.
        with make_server("--import-dir", files, data=tmp_path / f"data-{rounds}") as server:
            client, http = Boto(server.endpoint), Http(server.endpoint)
            before = {"pg": 0, "rdf": 0}
            for each in range(11):
                format, data_set = ("csv", "pg") if each % 2 else ("ntriples", "rdf")
                members = {}
                if format == "csv":
                    # New ids each time, so that every load has new content.
                    for name, text in originals.items():
                        (files / "csv" / name).write_text(re.sub(r"(?m)(^|,)([pe])(?=\d)", rf"\g<1>\g<2>{each}x", text))
                else:
                    members["parserConfiguration"] = {"namedGraphUri": f"http://ex.test/{rounds}/{each}"}
                begun = time.monotonic()
                load_id = begin(client, f"file://{files / format}", format, **members)
                if rounds == 1 and each < 2:
                    finished(client, load_id)
                    lasts[format] = time.monotonic() - begun
                else:
                    time.sleep(seeded.uniform(0, lasts[format]))
                    answer = http.ask("DELETE", f"/loader/{load_id}")
                    assert answer.status_code in (200, 404), answer.text
                    cancels += 1
                    cancelled += answer.status_code == 200
                    assert (overall(client, load_id)["status"] == CANCELLED) == (answer.status_code == 200)
                seen = overall(client, load_id)
                assert seen["status"] in (CANCELLED, "LOAD_COMPLETED")
                checked = tool.check(endpoint=server.endpoint)
                assert checked.clean, (rounds, each, checked.text)
                before[data_set] += loaded(seen)
                assert checked.counts[data_set]["quads"] == before[data_set], (rounds, each, seen)
                assert {name: counts["quads"] for name, counts in checked.counts.items()} == before
        shutil.rmtree(server.data)
    assert cancelled >= 100, "the seeded moments no longer fall within the loads"


@pytest.fixture(scope="module")
def quiet_server(binary, tmp_path_factory):
    with Server(binary, tmp_path_factory.mktemp("quiet") / "data") as server:
        yield server


@pytest.fixture(scope="module", autouse=True)
def unfinished_requests(quiet_server):
    """Two requests that are never sent whole, begun before the first test of this file, so that nobody waits for them."""
    head = b"DELETE /loader/%s HTTP/1.1\r\nHost: 127.0.0.1\r\n" % NO_LOAD.encode()
    lines = []
    for part in (head, head + b"Content-Length: 10\r\n\r\n"):
        lines.append(socket.create_connection(("127.0.0.1", quiet_server.port)))
        lines[-1].sendall(part)
    yield lines
    for line in lines:
        line.close()


@pytest.mark.parametrize("part", [0, 1], ids=["head", "body"])
def test_a_request_that_is_not_sent_in_time(part, unfinished_requests):
    line, body = answer_on(unfinished_requests[part])
    assert line.startswith("HTTP/1.1 408") and "ClientTimeoutException" in body, (line, body)


def raw(server, data):
    """Sends bytes as they are and returns the first line of the answer and its body."""
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(data)
        return answer_on(line)


def answer_on(line):
    head, _, body = line.makefile("rb").read().partition(b"\r\n\r\n")
    return head.split(b"\r\n")[0].decode(), body.decode()


def test_a_body_that_cannot_be_read_is_a_bad_request(quiet_server):
    head = b"DELETE /loader/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" % NO_LOAD.encode()
    line, body = raw(quiet_server, head + b"Transfer-Encoding: chunked\r\n\r\nnot-a-length\r\n")
    assert line.startswith("HTTP/1.1 400"), (line, body)


def test_a_failed_disk_is_an_internal_failure(make_server, big_graph, tool):
    """Every write fails while the job is being stopped: the caller hears 500, and the job tells the truth later."""
    server = make_server(
        "--import-dir", big_graph.source, preexec=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN)).start()
    client = Boto(server.endpoint)
    load_id = begin(client, folder(big_graph))
    under_way(client, load_id)
    _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, hard))
    with pytest.raises(ServiceError) as caught:
        client.cancel(load_id)
    assert (caught.value.name, caught.value.status) in (
        ("InternalFailureException", 500),
        # The load met the failed disk before the cancel did, and has ended.
        ("BulkLoadIdNotFoundException", 404),
    )
    server.kill()
    with server:
        seen = finished(Boto(server.endpoint), load_id)["overallStatus"]
        checked = tool.check(endpoint=server.endpoint)
        assert checked.clean, checked.text
        assert checked.pg["quads"] == loaded(seen)
