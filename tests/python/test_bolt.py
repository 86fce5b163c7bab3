"""Bolt by Neo4j's drivers: values, errors, transactions, large results, cancel and time, TLS, IAM."""

import concurrent.futures
import json
import os
import socket
import subprocess
import threading
from datetime import date, datetime, time, timedelta, timezone

import pytest
import requests
from neo4j import READ_ACCESS, Auth, GraphDatabase
from neo4j.exceptions import AuthError, ClientError, DatabaseError, ServiceUnavailable, TransientError, UnsupportedServerProduct
from neo4j.graph import Node, Path, Relationship
from neo4j.time import Date, DateTime, Duration, Time

from support import iam
from support.places import ROOT
from support.waiting import until

QUERY = "9a1c5f1e-6c0f-4f6e-8d0a-0f7a4ee3b1d2"
MAGIC = bytes.fromhex("6060b017")
SLOW = "UNWIND range(1, 3000000) AS a UNWIND range(1, 3000000) AS b WITH a, b WHERE a < 0 RETURN count(*) AS n"


def connect(server, scheme="bolt", **options):
    return GraphDatabase.driver(f"{scheme}://127.0.0.1:{server.port}", **options)


@pytest.fixture
def driver(server):
    with connect(server) as made:
        yield made


def ask(driver, query, **parameters):
    return driver.execute_query(query, parameters).records


def one(driver, query, **parameters):
    [record] = ask(driver, query, **parameters)
    return record[0]


def running(server):
    """How many pieces of work run in the lane of queries."""
    text = requests.get(f"{server.endpoint}/metrics", timeout=60).text
    [line] = [line for line in text.splitlines() if line.startswith('halimede_lane_running{lane="queries"}')]
    return int(float(line.rsplit(" ", 1)[1]))


def test_the_driver_is_content_with_the_server(driver):
    driver.verify_connectivity()
    info = driver.get_server_info()
    assert info.agent.startswith("Neo4j/")
    assert info.protocol_version == (5, 8)


@pytest.mark.parametrize("value", [
    None, True, False, 0, -1, 127, 128, -129, 2**15, -(2**31) - 1, 2**63 - 1, -(2**63), 0.0, -1.5, 1e300, float("inf"),
    "", "text", "ünïcødé \N{GRINNING FACE}", "x" * 70_000, [], [1, [2, None], "a"], list(range(300)), {},
    {"a": 1, "b": {"c": [True]}}, {f"key{i}": i for i in range(300)},
], ids=lambda value: repr(value)[:20])
def test_parameters_come_back_as_they_were(driver, value):
    assert one(driver, "RETURN $value AS value", value=value) == value


@pytest.mark.parametrize("value", [
    date(2026, 11, 29), time(12, 30, 15, 123456),
    datetime(2026, 11, 29, 12, 30), datetime(2026, 11, 29, 12, 30, 5, 7, tzinfo=timezone.utc),
    datetime(2026, 6, 1, tzinfo=timezone(timedelta(hours=-5))),
])
def test_moments_come_back_as_they_were(driver, value):
    assert one(driver, "RETURN $value AS value", value=value).to_native() == value


def test_nanoseconds_zones_and_durations_come_back(driver):
    import pytz
    for value in (
        Duration(months=14, days=3, seconds=-5, nanoseconds=7), Time(1, 2, 3, 4), Date(1, 1, 1),
        Time(1, 2, 3, 4, tzinfo=pytz.FixedOffset(120)),
        DateTime(2026, 7, 1, 12, 0, 0, 1, tzinfo=pytz.timezone("Europe/Stockholm").localize(datetime(2026, 7, 1)).tzinfo),
    ):
        assert one(driver, "RETURN $value AS value", value=value) == value
    assert one(driver, "RETURN duration('P1Y2M3DT4H5.5S') AS d") == Duration(
        years=1, months=2, days=3, hours=4, seconds=5, nanoseconds=500_000_000)


@pytest.mark.parametrize("value, text", [(b"bytes", "byte arrays"), (bytearray(3), "byte arrays")])
def test_what_cannot_be_a_parameter_says_so_and_the_connection_goes_on(driver, value, text):
    with driver.session() as session:
        with pytest.raises(ClientError, match=text):
            session.run("RETURN $value", value=value).consume()
        assert session.run("RETURN 1 AS one").single()["one"] == 1


def test_nodes_relationships_and_paths(driver):
    ask(driver, "CREATE (:Person:Admin {`~id`: 'ann', name: 'Ann', age: 41})-[:KNOWS {since: 2020}]->({`~id`: 'bob'})")
    [record] = ask(driver, "MATCH p = (a:Person)-[r]->(b) RETURN a, r, b, p, id(a) AS id")
    a, r, b, p = record["a"], record["r"], record["b"], record["p"]
    assert isinstance(a, Node) and isinstance(r, Relationship) and isinstance(p, Path)
    assert (a.element_id, a.labels, dict(a)) == ("ann", {"Person", "Admin"}, {"name": "Ann", "age": 41})
    assert (b.element_id, record["id"]) == ("bob", "ann")
    assert (r.type, dict(r), r.start_node, r.end_node) == ("KNOWS", {"since": 2020}, a, b)
    assert [node.element_id for node in p.nodes] == ["ann", "bob"] and p.relationships == (r,)
    [record] = ask(driver, "MATCH p = (b)<-[r]-(a)-->(b) RETURN p LIMIT 1") or [None]
    [record] = ask(driver, "MATCH p = (b)<-[r]-(a) RETURN p")
    assert record["p"].start_node.element_id == "bob" and record["p"].relationships[0].start_node.element_id == "ann"


def test_the_summary_tells_what_was_done(driver):
    summary = driver.execute_query("CREATE (:A {a: 1, b: 2})-[:R]->(:B)").summary
    counters = summary.counters
    assert (counters.nodes_created, counters.relationships_created, counters.properties_set, counters.labels_added) == (
        2, 1, 2, 2)
    assert counters.contains_updates and summary.query_type == "w"
    summary = driver.execute_query("MATCH (n) SET n.c = 1 RETURN n").summary
    assert summary.query_type == "rw"
    summary = driver.execute_query("MATCH (n) RETURN n").summary
    assert summary.query_type == "r" and not summary.counters.contains_updates
    assert summary.result_available_after >= 0 and summary.result_consumed_after >= 0


@pytest.mark.parametrize("query, code, text", [
    ("RETRUN 1", "Statement.SyntaxError", "Invalid input"),
    ("RETURN x", "Statement.SyntaxError", "x"),
    ("RETURN $missing", "Statement.ParameterMissing", "missing"),
    ("RETURN 1 / 0", "Statement.ArithmeticError", "zero"),
    ("UNWIND [1, 'a'] AS x RETURN x + {}", "Statement.ArgumentError", "map"),
    ("EXPLAIN RETURN 1", "Statement.UnsupportedOperationError", "explain"),
])
def test_errors_have_codes_that_drivers_know(driver, query, code, text):
    with driver.session() as session:
        with pytest.raises(ClientError) as caught:
            session.run(query).consume()
        assert caught.value.code == f"Neo.ClientError.{code}"
        assert text in caught.value.message
        assert session.run("RETURN 1 AS one").single()["one"] == 1


def test_neptunes_code_on_request(make_server):
    with make_server("--bolt-error-codes", "neptune") as server, connect(server) as driver:
        with pytest.raises(DatabaseError) as caught:
            driver.execute_query("RETRUN 1")
        assert caught.value.code == "BoltProtocol.unexpectedException"
        assert caught.value.message.startswith("Unexpected server exception 'Invalid input")


def test_a_transaction_is_seen_when_it_is_committed(driver):
    with driver.session() as session, driver.session() as other:
        count = lambda: other.run("MATCH (n:T) RETURN count(n) AS n").single()["n"]  # noqa: E731
        with session.begin_transaction() as transaction:
            transaction.run("CREATE (:T {n: 1})")
            assert transaction.run("MATCH (n:T) RETURN n.n AS n").single()["n"] == 1
            assert count() == 0
            transaction.run("CREATE (:T {n: 2})")
            transaction.commit()
        assert count() == 2
        assert any(mark.startswith("FB:") for mark in session.last_bookmarks().raw_values)
        with session.begin_transaction() as transaction:
            transaction.run("MATCH (n:T) DELETE n").consume()
            assert transaction.run("MATCH (n:T) RETURN count(n) AS n").single()["n"] == 0
            transaction.rollback()
        assert count() == 2


def test_a_failure_rolls_back_and_the_connection_goes_on(driver):
    with driver.session() as session:
        transaction = session.begin_transaction()
        transaction.run("CREATE (:T)").consume()
        with pytest.raises(ClientError):
            transaction.run("RETURN 1 / 0").consume()
        transaction.close()
        assert session.run("MATCH (n:T) RETURN count(n) AS n").single()["n"] == 0


def test_several_results_of_one_transaction(driver):
    with driver.session(fetch_size=10) as session, session.begin_transaction() as transaction:
        results = [transaction.run("UNWIND range(1, 95) AS x RETURN x + $n AS x", n=n) for n in (0, 1_000, 2_000)]
        first = [next(iter(result))["x"] for result in results]
        assert first == [1, 1_001, 2_001]
        rest = [[record["x"] for record in result] for result in reversed(results)]
        assert rest == [list(range(n + 2, n + 96)) for n in (2_000, 1_000, 0)]
        transaction.commit()


def test_reading_transactions_refuse_to_write(driver):
    with driver.session(default_access_mode=READ_ACCESS) as session:
        with pytest.raises(ClientError) as caught:
            session.run("CREATE (:T)").consume()
        assert caught.value.code == "Neo.ClientError.Statement.AccessMode"
        with pytest.raises(ClientError):
            session.execute_read(lambda transaction: transaction.run("CREATE (:T)").consume())
    assert one(driver, "MATCH (n:T) RETURN count(n)") == 0


def test_a_reading_transaction_sees_one_moment(driver):
    with driver.session(default_access_mode=READ_ACCESS) as session, session.begin_transaction() as transaction:
        count = lambda: transaction.run("MATCH (n:T) RETURN count(n) AS n").single()["n"]  # noqa: E731
        assert count() == 0
        ask(driver, "CREATE (:T)")
        assert count() == 0


def test_nothing_is_lost_when_many_write_at_once(server, driver):
    """Read, compute in the program, write: whoever read before another wrote has to try again."""
    ask(driver, "CREATE (:Counter {n: 0})")

    def increment(transaction):
        n = transaction.run("MATCH (c:Counter) RETURN c.n AS n").single()["n"]
        transaction.run("MATCH (c:Counter) SET c.n = $n", n=n + 1).consume()

    def work():
        # A driver of its own, as another program would have: the pool of the Python driver (6.4.1) loses what arrives
        # while it looks whether a connection has ended.
        with connect(server) as own, own.session() as session:
            for _ in range(10):
                session.execute_write(increment)
        ended.append(True)

    ended = []
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        ask(driver, "MATCH (c:Counter) SET c.n = c.n + 1")
    for thread in threads:
        thread.join()
    assert len(ended) == 4  # none was turned away until its driver gave up
    assert one(driver, "MATCH (c:Counter) RETURN c.n") == 50


def test_nobody_is_turned_away_for_ever(server, driver):
    """A driver tries again ever later, and four times in all: many that write without a pause let it through."""
    ask(driver, "CREATE (:Counter {n: 0})")

    def increment(own):
        for attempt in range(5):
            try:
                with own.session() as session, session.begin_transaction() as transaction:
                    n = transaction.run("MATCH (c:Counter) RETURN c.n AS n").single()["n"]
                    transaction.run("MATCH (c:Counter) SET c.n = $n", n=n + 1).consume()
                    transaction.commit()
                    return attempt
            except TransientError:
                pass
        return None

    def work(_):
        with connect(server) as own:
            return [increment(own) for _ in range(50)]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        attempts = [attempt for some in pool.map(work, range(8)) for attempt in some]
    assert None not in attempts
    assert one(driver, "MATCH (c:Counter) RETURN c.n") == 400


def test_who_read_before_another_wrote_is_told_to_try_again(driver):
    ask(driver, "CREATE (:Counter {n: 0})")
    with driver.session() as session:
        transaction = session.begin_transaction()
        transaction.run("MATCH (c:Counter) RETURN c.n").consume()
        ask(driver, "MATCH (c:Counter) SET c.n = 1")
        with pytest.raises(TransientError) as caught:
            transaction.run("MATCH (c:Counter) SET c.n = 2").consume()
        transaction.close()
        assert caught.value.code == "Neo.TransientError.Transaction.DeadlockDetected"


def test_a_large_result_comes_in_pieces(driver):
    with driver.session(fetch_size=1_000) as session:
        result = session.run("UNWIND range(1, 25000) AS x RETURN x, toString(x) AS text")
        for expected, record in enumerate(result, 1):
            assert (record["x"], record["text"]) == (expected, str(expected))
        assert expected == 25_000
    with driver.session(fetch_size=-1) as session:
        assert len(session.run("UNWIND range(1, 25000) AS x RETURN x").values()) == 25_000


def test_who_takes_a_few_rows_leaves_the_rest(driver, server):
    with driver.session(fetch_size=10) as session:
        result = session.run("UNWIND range(1, 2000000) AS x UNWIND range(1, 1000000) AS y RETURN x, y")
        assert next(iter(result))["x"] == 1
        result.consume()
        assert session.run("RETURN 1 AS one").single()["one"] == 1
    until(lambda: running(server) == 0)


def test_a_transaction_ends_in_time(driver, server):
    with driver.session() as session:
        with pytest.raises(ClientError) as caught, session.begin_transaction(timeout=0.5) as transaction:
            transaction.run(SLOW).consume()
        assert caught.value.code == "Neo.ClientError.Transaction.TransactionTimedOut"
        assert session.run("RETURN 1 AS one").single()["one"] == 1
    until(lambda: running(server) == 0)


def test_the_servers_time_holds_too(make_server):
    with make_server("--query-timeout", "1") as server, connect(server) as driver:
        with pytest.raises(ClientError, match="deadline exceeded"):
            driver.execute_query(SLOW)


def test_an_idle_transaction_ends_in_time(driver):
    with driver.session() as session, driver.session() as other:
        transaction = session.begin_transaction(timeout=0.5)
        transaction.run("CREATE (:T)").consume()
        # The writer's place is free as soon as it is over.
        other.run("CREATE (:U)").consume()
        with pytest.raises(ClientError) as caught:
            transaction.run("RETURN 1").consume()
        assert caught.value.code == "Neo.ClientError.Transaction.TransactionTimedOut"
        transaction.close()
        assert other.run("MATCH (n) RETURN labels(n) AS l").values() == [[["U"]]]


def test_a_client_that_leaves_ends_its_query(server):
    script = f"from neo4j import GraphDatabase\nGraphDatabase.driver('bolt://127.0.0.1:{server.port}')" \
             f".execute_query({SLOW!r})"
    import sys
    client = subprocess.Popen([sys.executable, "-W", "ignore", "-c", script])
    try:
        until(lambda: running(server) == 1)
    finally:
        client.kill()
        client.wait()
    until(lambda: running(server) == 0)


def test_a_query_is_listed_and_cancelled_over_http(driver, server):
    failures = []

    def work():
        with driver.session() as session, pytest.raises(ClientError) as caught:
            from neo4j import Query
            session.run(Query(SLOW, metadata={"queryId": QUERY})).consume()
        failures.append(caught.value.code)

    thread = threading.Thread(target=work)
    thread.start()
    status = f"{server.endpoint}/openCypher/status"
    until(lambda: any(query["queryId"] == QUERY for query in requests.get(status, timeout=60).json()["queries"]))
    answer = requests.get(status, params={"cancelQuery": "", "queryId": QUERY}, timeout=60)
    assert answer.status_code == 200, answer.text
    thread.join()
    assert failures == ["Neo.ClientError.Transaction.Terminated"]


def test_routing_leads_back_to_the_server(server):
    with connect(server, "neo4j") as driver:
        driver.verify_connectivity()
        with driver.session() as session:
            assert session.execute_read(lambda tx: tx.run("RETURN 1 AS one").single()["one"]) == 1
            session.execute_write(lambda tx: tx.run("CREATE (:T)").consume())
    with connect(server) as driver:
        assert one(driver, "MATCH (n:T) RETURN count(n)") == 1


def test_a_replica_refuses_to_write(make_server):
    with make_server() as server, connect(server) as driver:
        ask(driver, "CREATE (:T)")
    with make_server("--read-replica") as server, connect(server) as driver:
        assert one(driver, "MATCH (n:T) RETURN count(n)") == 1
        with pytest.raises(ClientError, match="read replica"):
            ask(driver, "CREATE (:T)")


def test_a_stop_ends_what_runs(make_server):
    with make_server() as server, connect(server, max_transaction_retry_time=0) as driver:
        caught = []

        def work():
            with pytest.raises((TransientError, ServiceUnavailable)) as error:
                driver.execute_query(SLOW)
            caught.append(error.value)

        thread = threading.Thread(target=work)
        thread.start()
        until(lambda: running(server) == 1)
        assert server.stop() == 0
        thread.join()
        assert caught


def test_memory_is_bounded(make_server):
    with make_server("--query-memory", "1MiB") as server, connect(server) as driver:
        with pytest.raises(ClientError) as caught:
            driver.execute_query("UNWIND range(1, 1000000) AS x RETURN collect(x) AS xs")
        assert caught.value.code == "Neo.ClientError.General.TransactionOutOfMemoryError"
        with pytest.raises(ClientError):
            driver.execute_query("RETURN size($xs)", {"xs": [None] * 1_000_000})
        with pytest.raises(ClientError), driver.session() as session, session.begin_transaction() as transaction:
            results = [transaction.run("UNWIND range(1, 1000000) AS x RETURN x, toString(x)") for _ in range(3)]
            results[0].consume()
        assert one(driver, "RETURN 1") == 1


def test_tls(make_server, tmp_path):
    import trustme
    issued = trustme.CA().issue_cert("127.0.0.1", "localhost")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    issued.private_key_pem.write_to_path(key)
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    with make_server("--tls-cert", certificate, "--tls-key", key) as server:
        with connect(server, "bolt+ssc") as driver:
            assert one(driver, "RETURN 1") == 1
        with connect(server, "neo4j+ssc") as driver:
            assert one(driver, "RETURN 1") == 1
        with connect(server) as driver, pytest.raises((ServiceUnavailable, UnsupportedServerProduct)):
            driver.verify_connectivity()


# Hostile and careless clients.


def shaken(server, version=b"\0\x08\x08\x05"):
    raw = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    raw.sendall(MAGIC + version + bytes(12))
    return raw, raw.recv(4)


def rest(raw):
    """Everything until the server closes the connection."""
    found = b""
    while piece := raw.recv(1 << 16):
        found += piece
    return found


def test_a_version_that_nobody_speaks(server):
    raw, answer = shaken(server, b"\0\0\0\x09")
    assert answer == bytes(4)
    assert rest(raw) == b""


@pytest.mark.parametrize("sent, text", [
    (b"\x00\x01\xc0\x00\x00", b"expected a structure"),
    (b"\x00\x02\xb0\x55\x00\x00", b"tag of a message"),
    (b"\x00\x02\xb0\x0f\x00\x00", b"RESET cannot come now"),
    (b"\x00\x07\xb1\x01\xd2\xff\xff\xff\xff\x00\x00", b"expected a map"),
    (b"\x00\x07\xb1\x01\xda\xff\xff\xff\xff\x00\x00", b"expected a string"),
    (b"\xff\xff" + b"x" * 0xFFFF + b"\xff\xff" + b"x" * 0xFFFF + b"\xff\xff", b"more than 131072 bytes"),
])
def test_whoever_has_not_logged_in_is_told_once(server, sent, text):
    raw, answer = shaken(server)
    assert answer == b"\0\0\x08\x05"
    raw.sendall(sent)
    raw.shutdown(socket.SHUT_WR)
    found = rest(raw)
    assert text in found and b"Neo.ClientError.Request.Invalid" in found


def test_who_says_nothing_is_not_waited_for(make_server):
    with make_server("--idle-timeout", "1") as server:
        raw, _ = shaken(server)
        assert rest(raw) == b""
        silent = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        silent.sendall(MAGIC[:2])
        assert rest(silent) == b""


def test_who_logged_in_may_be_idle(make_server):
    with make_server("--idle-timeout", "1", "--bolt-idle-timeout", "3") as server, connect(server) as driver:
        with driver.session() as session:
            session.run("RETURN 1").consume()
            import time as clock
            clock.sleep(2)
            assert session.run("RETURN 1 AS one").single()["one"] == 1


def test_connections_are_bounded(make_server):
    with make_server("--max-connections", "2") as server:
        first, _ = shaken(server)
        second, _ = shaken(server)
        with pytest.raises(TransientError, match="Max connection limit breached"), connect(server) as driver:
            driver.verify_connectivity()
        first.close()
        second.close()


# Who asks.


def credentials(server, name, secret=None, **changes):
    """What a program for Neptune sends for a password."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    host = f"127.0.0.1:{server.port}"
    signed = AWSRequest("GET", f"http://{host}/opencypher", headers={"Host": host})
    SigV4Auth(Credentials(name.upper(), secret or f"secret of {name}"), "neptune-db", "us-east-1").add_auth(signed)
    text = {name: signed.headers[name] for name in ("Authorization", "X-Amz-Date", "Host")} | {"HttpMethod": "GET"}
    return Auth("basic", "username", json.dumps(text | changes), "realm")


ANN, BOB = iam.principal("ann", iam.EVERYTHING), iam.principal("bob", iam.allow("ReadDataViaQuery"))


@pytest.fixture
def iam_file(tmp_path):
    return tmp_path / "iam.json"


@pytest.fixture
def guarded(make_server, iam_file):
    with make_server(*iam.write(iam_file, ANN, BOB), "--region", "us-east-1") as running:
        yield running


def test_signed_credentials_open_the_door(guarded):
    with connect(guarded, auth=credentials(guarded, "ann")) as driver:
        ask(driver, "CREATE (:T)")
        assert one(driver, "MATCH (n:T) RETURN count(n)") == 1
    with connect(guarded, auth=credentials(guarded, "bob")) as driver:
        assert one(driver, "MATCH (n:T) RETURN count(n)") == 1
        with pytest.raises(ClientError) as caught:
            ask(driver, "CREATE (:T)")
        assert caught.value.code == "Neo.ClientError.Security.Forbidden"
        assert "is not authorized to perform: neptune-db:WriteDataViaQuery" in caught.value.message


@pytest.mark.parametrize("wrong, text", [
    (lambda server: credentials(server, "ann", "another secret"), "signature we calculated does not match"),
    (lambda server: credentials(server, "nobody"), "security token included in the request is invalid"),
    (lambda server: credentials(server, "ann", Host="elsewhere"), "does not match"),
    (lambda server: ("neo4j", "password"), ""),
    (lambda server: None, ""),
], ids=["secret", "key", "host", "password", "nothing"])
def test_wrong_credentials_do_not(guarded, wrong, text):
    with connect(guarded, auth=wrong(guarded)) as driver, pytest.raises(AuthError) as caught:
        driver.verify_connectivity()
    assert caught.value.code == "Neo.ClientError.Security.Unauthorized"
    assert text in caught.value.message


def test_a_session_may_ask_as_somebody_else(guarded):
    """The driver logs off and on again, on one connection."""
    with connect(guarded, auth=credentials(guarded, "ann"), max_connection_pool_size=1) as driver:
        ask(driver, "CREATE (:T)")
        with driver.session(auth=credentials(guarded, "bob")) as session:
            assert session.run("MATCH (n:T) RETURN count(n) AS n").single()["n"] == 1
            with pytest.raises(ClientError, match="not authorized"):
                session.run("CREATE (:T)").consume()
        ask(driver, "CREATE (:T)")
        with pytest.raises(AuthError), driver.session(auth=("neo4j", "password")) as session:
            session.run("RETURN 1").consume()


def test_an_open_connection_has_the_policies_of_now(guarded, iam_file):
    with connect(guarded, auth=credentials(guarded, "bob")) as driver, driver.session() as session:
        assert session.run("RETURN 1 AS one").single()["one"] == 1

        def refused(query):
            try:
                session.run(query).consume()
            except ClientError as error:
                return error.code.removeprefix("Neo.ClientError.Security.")

        assert refused("CREATE (:T)") == "Forbidden"
        iam.write(iam_file, ANN, iam.principal("bob", iam.EVERYTHING))
        until(lambda: refused("CREATE (:T)") is None)
        iam.write(iam_file, ANN)
        until(lambda: refused("RETURN 1") == "Unauthorized")


# Drivers of other years.


@pytest.mark.parametrize("variable, version", [
    ("HALIMEDE_BOLT_PYTHON", (4, 4)), ("HALIMEDE_NOTEBOOK_PYTHON", (5, 6)),
])
def test_older_drivers(server, variable, version):
    if not (python := os.environ.get(variable)):
        pytest.skip(f"{variable} names no interpreter")
    client = subprocess.run([python, "-W", "ignore", ROOT / "tests" / "bolt" / "client.py", str(server.port)],
                            capture_output=True, text=True, timeout=600)
    assert client.returncode == 0, client.stderr
    found = json.loads(client.stdout)
    assert found.pop("protocol") == list(version)
    assert found == {
        "values": True, "node": ["A", {"n": 1}], "committed": 1, "rolled back": 1, "rows": 5_000,
        "error": "Neo.ClientError.Statement.SyntaxError", "read only": "Neo.ClientError.Statement.AccessMode",
        "moment": "2026-06-01T12:00:00.000000000+02:00", "routed": 1,
    }
