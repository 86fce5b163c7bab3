"""What Neo4j's Python drivers give, in the form that the service's JSON has. Any of them since the 4 series will do."""

import datetime
import math

import neo4j
import neo4j.exceptions
import neo4j.graph
import neo4j.time


class Refused(Exception):
    """A query that failed: the name of the exception over HTTP, the code over Bolt."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


def records(runner, query, parameters=None):
    """What a session or a transaction of the driver answers, in the common form."""
    try:
        found = list(runner.run(query, parameters or {}))
    except neo4j.exceptions.Neo4jError as error:
        raise Refused(error.code, error.message) from None
    return [{key: plain(value) for key, value in record.items()} for record in found]


def plain(value):
    """A value of the Python driver in the form of the service's JSON."""
    match value:
        case neo4j.graph.Node():
            return {
                "~id": id_of(value), "~entityType": "node", "~labels": sorted(value.labels),
                "~properties": {key: plain(each) for key, each in value.items()}}
        case neo4j.graph.Relationship():
            start, end = map(id_of, value.nodes)
            return {
                "~id": id_of(value), "~entityType": "relationship", "~start": start, "~end": end, "~type": value.type,
                "~properties": {key: plain(each) for key, each in value.items()}}
        case neo4j.graph.Path():
            walked = [value.start_node]
            for relationship in value.relationships:
                walked += [relationship, next(node for node in relationship.nodes if node != walked[-1])]
            return [plain(each) for each in walked]
        case neo4j.time.DateTime():
            return utc(value)
        case neo4j.time.Date() | neo4j.time.Time() | neo4j.time.Duration():
            return value.iso_format()
        case float():
            if math.isnan(value):
                return "NaN"
            return value if math.isfinite(value) else "INF" if value > 0 else "-INF"
        case list():
            return [plain(each) for each in value]
        case dict():
            return {key: plain(each) for key, each in value.items()}
    return value


def id_of(value):
    """Older versions of Bolt have no place for it."""
    return getattr(value, "element_id", None)


def utc(value):
    moment = value.to_native()
    if moment.tzinfo is None:
        return moment.isoformat()
    moment = moment.astimezone(datetime.UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds") + "Z"
