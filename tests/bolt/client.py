"""Asks a server what any Python driver of Neo4j can ask, and prints what came of it as JSON. The port is its argument."""

import json
import sys
from datetime import datetime, timedelta, timezone

from neo4j import READ_ACCESS, GraphDatabase
from neo4j.exceptions import Neo4jError


def code(session, query):
    try:
        session.run(query).consume()
    except Neo4jError as error:
        return error.code
    return None


def count(transaction):
    return transaction.run("MATCH (n:A) RETURN count(n) AS n").single()["n"]


def main():
    port = sys.argv[1]
    found = {}
    with GraphDatabase.driver(f"bolt://127.0.0.1:{port}", auth=("user", "password")) as driver:
        with driver.session(fetch_size=1_000) as session:
            sent = [None, True, -1, 2**40, 1.5, "text", [1, [2]], {"a": {"b": 1}}]
            result = session.run("RETURN $sent AS sent", sent=sent)
            found["values"] = result.single()["sent"] == sent
            found["protocol"] = list(result.consume().server.protocol_version)
            node = session.run("CREATE (a:A {n: 1}) RETURN a").single()["a"]
            found["node"] = [*node.labels, dict(node)]
            with session.begin_transaction() as transaction:
                found["committed"] = count(transaction)
                transaction.commit()
            with session.begin_transaction() as transaction:
                transaction.run("CREATE (:A)").consume()
                transaction.rollback()
            found["rolled back"] = count(session)
            found["rows"] = len(session.run("UNWIND range(1, 5000) AS x RETURN x").values())
            found["error"] = code(session, "RETRUN 1")
            moment = datetime(2026, 6, 1, 12, tzinfo=timezone(timedelta(hours=2)))
            found["moment"] = session.run("RETURN $moment AS m", moment=moment).single()["m"].iso_format()
        with driver.session(default_access_mode=READ_ACCESS) as session:
            found["read only"] = code(session, "CREATE (:A)")
    with GraphDatabase.driver(f"neo4j://127.0.0.1:{port}", auth=("user", "password")) as driver:
        with driver.session() as session:
            found["routed"] = session.run("RETURN 1 AS one").single()["one"]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
