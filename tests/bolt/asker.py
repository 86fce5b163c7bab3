"""openCypher through any Python driver of Neo4j: ENDPOINT. A JSON line with a query in, a JSON line with its answer out, as
`tests/js/cypher.mjs` does for JavaScript."""

import json
import sys
from pathlib import Path

from neo4j import GraphDatabase

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))
from support.driver import Refused, records  # noqa: E402


def untagged(value):
    if isinstance(value, list):
        return [untagged(each) for each in value]
    if isinstance(value, dict):
        return int(value["$int"]) if value.keys() == {"$int"} else {key: untagged(each) for key, each in value.items()}
    return value


def answer(driver, query, parameters):
    with driver.session() as session:
        try:
            return {"ok": records(session, query, untagged(parameters))}
        except Refused as error:
            return {"error": {"code": error.code, "message": error.message}}


def main():
    with GraphDatabase.driver(sys.argv[1], auth=("user", "password")) as driver:
        for line in sys.stdin:
            print(json.dumps(answer(driver, **json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
