"""`kill -9` at random moments of a load: what was acknowledged is there, what was not is not half there."""

import random
import shutil
import time

from support.clients import RUNNING, Boto, finished
from support.jobs import begin, loaded, overall

KILLS = 50


def test_kill_at_fifty_random_moments(make_server, middle_graph, tool, tmp_path):
    seeded = random.Random(50)
    source = f"file://{middle_graph.source}"

    with make_server("--import-dir", middle_graph.source, data=tmp_path / "measured") as server:
        begun = time.monotonic()
        finished(Boto(server.endpoint), begin(Boto(server.endpoint), source))
        lasts = time.monotonic() - begun

    interrupted = 0
    for kill in range(KILLS):
        server = make_server("--import-dir", middle_graph.source, data=tmp_path / f"data-{kill}").start()
        load_id = begin(Boto(server.endpoint), source)
        time.sleep(seeded.uniform(0, lasts))
        server.kill()

        offline = tool.check(server.data)
        assert offline.clean, (kill, offline.text)
        with server:
            client = Boto(server.endpoint)
            assert client.list_loads()["payload"]["loadIds"] == [load_id], kill
            was_running = overall(client, load_id)["status"] in RUNNING
            seen = finished(client, load_id)["overallStatus"]
            interrupted += was_running
            checked = tool.check(endpoint=server.endpoint)
            assert checked.clean, (kill, checked.text)
            # It goes on by itself, as if nothing had been.
            assert (seen["status"], seen["totalRecords"], seen["totalDuplicates"]) == \
                ("LOAD_COMPLETED", middle_graph.records, 0), kill
            assert checked.pg["quads"] == loaded(seen), (kill, seen)
            assert (checked.pg["vertices"], checked.pg["edges"]) == (middle_graph.vertices, middle_graph.edges)
        shutil.rmtree(server.data)
    assert interrupted >= KILLS // 4, "the seeded moments no longer fall within the load"


def test_a_load_after_a_crash_completes_the_graph(make_server, middle_graph, tool):
    source = f"file://{middle_graph.source}"
    server = make_server("--import-dir", middle_graph.source).start()
    begin(Boto(server.endpoint), source)
    server.kill()
    with server:
        client = Boto(server.endpoint)
        for load_id in client.list_loads()["payload"]["loadIds"]:
            finished(client, load_id)
        seen = finished(client, begin(client, source))["overallStatus"]
        assert (seen["status"], seen["totalRecords"]) == ("LOAD_COMPLETED", middle_graph.records)
        checked = tool.check(endpoint=server.endpoint)
        assert checked.clean, checked.text
        assert checked.pg["quads"] == middle_graph.records


def test_sigterm_during_a_load_ends_cleanly(make_server, middle_graph, tool):
    server = make_server("--import-dir", middle_graph.source).start()
    load_id = begin(Boto(server.endpoint), f"file://{middle_graph.source}")
    assert server.stop() == 0, server.log_tail()
    checked = tool.check(server.data)
    assert checked.clean, checked.text
    with server:
        client = Boto(server.endpoint)
        seen = finished(client, load_id)["overallStatus"]
        assert (seen["status"], seen["totalRecords"]) == ("LOAD_COMPLETED", middle_graph.records)
        assert tool.check(endpoint=server.endpoint).pg["quads"] == loaded(seen)
