"""Questions about jobs that several tests ask."""

from .clients import request
from .waiting import until

#: Counters that a record goes to when it does not become content.
REFUSED = ("totalDuplicates", "parsingErrors", "datatypeMismatchErrors", "insertErrors")


def begin(client, source, format="csv", **members):
    """Starts a load and returns its id."""
    answer = client.start(**request(source, format, **members))
    assert answer["status"] == "200 OK", answer
    return answer["payload"]["loadId"]


def overall(client, load_id):
    return client.status(load_id)["payload"]["overallStatus"]


def under_way(client, load_id, records=1):
    """Waits until the load has read that many records; fails if it ended before."""
    seen = until(
        lambda: overall(client, load_id),
        lambda seen: seen["totalRecords"] >= records or seen["status"] != "LOAD_IN_PROGRESS",
        f"load {load_id} to read {records} records",
    )
    assert seen["status"] == "LOAD_IN_PROGRESS", f"the load ended before it could be cancelled: {seen}"
    return seen


def loaded(overall_status):
    """The records of a job that became content: what `check` must count in quads where each record is one."""
    return overall_status["totalRecords"] - sum(overall_status[counter] for counter in REFUSED)
