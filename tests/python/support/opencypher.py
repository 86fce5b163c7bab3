"""openCypher through every client that speaks it, behind one face: `run(query, parameters)` gives rows, or raises `Refused`.

Rows are lists of dicts in the form that the service's JSON has: nodes and relationships as dicts with `~id` and so on, paths
as lists, date-times as text in UTC, what is no number as `NaN`, `INF` and `-INF`. What a driver gives is brought into it.
"""

import json
import subprocess

import neo4j

from .clients import Boto, Http, ServiceError
from .driver import Refused, records
from .server import clean_environment

#: What an exception of the HTTP API is called over Bolt, unless the server is told to use the service's own code.
BOLT_CODES = {
    "MalformedQueryException": "Neo.ClientError.Statement.SyntaxError",
    "MissingParameterException": "Neo.ClientError.Statement.ParameterMissing",
    "InvalidParameterException": "Neo.ClientError.Statement.ArgumentError",
    "InvalidArgumentException": "Neo.ClientError.Statement.ArgumentError",
    "BadRequestException": "Neo.ClientError.Statement.ArgumentError",
    "InvalidNumericDataException": "Neo.ClientError.Statement.ArithmeticError",
    "UnsupportedOperationException": "Neo.ClientError.Statement.UnsupportedOperationError",
    "DuplicateDataException": "Neo.ClientError.Schema.ConstraintValidationFailed",
    "CancelledByUserException": "Neo.ClientError.Transaction.Terminated",
    "TimeLimitExceededException": "Neo.ClientError.Transaction.TransactionTimedOut",
    "MemoryLimitExceededException": "Neo.ClientError.General.TransactionOutOfMemoryError",
    "AccessDeniedException": "Neo.ClientError.Security.Forbidden",
    "ReadOnlyViolationException": "Neo.ClientError.Statement.AccessMode",
    "QueryLimitException": "Neo.ClientError.Request.Invalid",
}


class ByHttp:
    """Plain HTTP: a form, as curl sends it."""

    name = "http"

    def __init__(self, endpoint):
        self.http = Http(endpoint)

    def run(self, query, parameters=None, **fields):
        sent = {"query": query} | fields
        if parameters is not None:
            sent["parameters"] = json.dumps(parameters)
        answer = self.http.ask("POST", "/openCypher", data=sent)
        body = answer.json()
        if answer.status_code != 200:
            raise Refused(body["code"], body["detailedMessage"])
        return body["results"]

    def close(self):
        pass


class ByBoto:
    """boto3's `execute_open_cypher_query`."""

    name = "boto3"

    def __init__(self, endpoint, **how):
        self.boto = Boto(endpoint, **how)

    def run(self, query, parameters=None):
        members = {} if parameters is None else {"parameters": json.dumps(parameters)}
        try:
            return self.boto.call("execute_open_cypher_query", openCypherQuery=query, **members)["results"]
        except ServiceError as error:
            raise Refused(error.name, error.message) from None

    def close(self):
        pass


class ByNeo4j:
    """Neo4j's Python driver."""

    name = "neo4j-python"

    def __init__(self, endpoint, auth=None, scheme="bolt", **how):
        self.driver = neo4j.GraphDatabase.driver(f"{scheme}://{endpoint.split('://')[1]}", auth=auth, **how)

    def run(self, query, parameters=None):
        with self.driver.session() as session:
            return records(session, query, parameters)

    def close(self):
        self.driver.close()


class ByProcess:
    """A driver in a process of its own: a line with a query in, a line with its answer out."""

    def __init__(self, name, command, endpoint):
        self.name = name
        self.process = subprocess.Popen(
            [*command, f"bolt://{endpoint.split('://')[1]}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=clean_environment())

    def run(self, query, parameters=None):
        self.process.stdin.write(json.dumps({"query": query, "parameters": tagged(parameters or {})}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline() or '{"error": {"code": null, "message": "the process ended"}}')
        if error := answer.get("error"):
            raise Refused(error["code"], error["message"])
        return answer["ok"]

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=60) == 0
        self.process.stdout.close()


def tagged(value):
    """Whole numbers are marked: JSON of JavaScript has only one kind of number."""
    match value:
        case bool():
            return value
        case int():
            return {"$int": str(value)}
        case list():
            return [tagged(each) for each in value]
        case dict():
            return {key: tagged(each) for key, each in value.items()}
    return value


def named(refused, exception):
    """Whether it is this exception of the HTTP API, by its name or by its code over Bolt."""
    return refused.code in (exception, BOLT_CODES.get(exception))


def with_sorted_labels(value):
    """The order of labels means nothing."""
    match value:
        case list():
            return [with_sorted_labels(each) for each in value]
        case dict():
            found = {key: with_sorted_labels(each) for key, each in value.items()}
            return found | ({"~labels": sorted(found["~labels"])} if "~labels" in found else {})
    return value


def without_ids(value):
    """What older versions of Bolt have no place for is left out."""
    match value:
        case list():
            return [without_ids(each) for each in value]
        case dict():
            return {key: without_ids(each) for key, each in value.items() if key not in ("~id", "~start", "~end")}
    return value


def same(found, expected):
    """Whether two values are the same, of the same type: 1 is not 1.0, nor true."""
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(expected, dict):
        return (isinstance(found, dict) and found.keys() == expected.keys()
                and all(same(found[key], expected[key]) for key in expected))
    return type(found) is type(expected) and found == expected
