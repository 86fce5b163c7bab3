"""When each exception of `CancelLoaderJob` arises: the table at the end of spec/errors.md, a test for each line, by plain HTTP and
through the SDKs where those can send it.

Two lines stand in `test_cancel.py`, since they take long: ClientTimeoutException (`test_a_request_that_is_not_sent_in_time`) and
InternalFailureException (`test_a_failed_disk_is_an_internal_failure`). LoadUrlAccessDeniedException is not raised by a cancel.
"""

import collections
import os
import signal
import socket
import threading

import pytest

from support import iam
from support.clients import CLIENTS, NO_LOAD, Boto, Http, ServiceError
from support.jobs import begin, under_way
from support.server import Server
from support.signing import signed
from support.waiting import until

SDKS = tuple(name for name in CLIENTS if name != "http")
#: More cancels at once than may run and wait.
CROWD = 600


class Desks:
    """Servers by what they are started with, each started once."""

    def __init__(self, binary, place):
        self.binary, self.place, self.servers = binary, place, {}

    def at(self, *flags):
        if flags not in self.servers:
            self.servers[flags] = Server(self.binary, self.place / f"data-{len(self.servers)}", *flags).start()
        return self.servers[flags].endpoint


@pytest.fixture(scope="module")
def desks(binary, tmp_path_factory):
    made = Desks(binary, tmp_path_factory.mktemp("cancel-table"))
    yield made
    for server in made.servers.values():
        server.stop()


def refused(answer, status, name, text=None):
    body = answer.json()
    assert (answer.status_code, body["code"], answer.headers["x-amzn-errortype"]) == (status, name, name), answer.text
    assert set(body) == {"requestId", "code", "detailedMessage", "message"}
    assert body["message"] == body["detailedMessage"] != ""
    assert body["requestId"] == answer.headers["x-amzn-requestid"]
    assert answer.headers["Content-Type"].startswith("application/json")
    assert text is None or body["detailedMessage"] == text, answer.text


def told(client, load_id):
    """What an SDK tells of a cancel: the exception's name and its text."""
    with pytest.raises(ServiceError) as caught:
        client.cancel(load_id)
    return caught.value.name, caught.value.message


@pytest.mark.parametrize("path", [
    "/loader/garbage", "/loader?loadId=garbage", f"/loader/{NO_LOAD[:-1]}", f"/loader/{NO_LOAD.replace('0000', 'zzzz', 1)}",
])
def test_bad_request_for_what_is_not_shaped_like_an_id(path, desks):
    refused(Http(desks.at()).ask("DELETE", path), 400, "BadRequestException")


@pytest.mark.parametrize("path", [f"/loader/{NO_LOAD}", f"/loader?loadId={NO_LOAD}", f"/loader/{NO_LOAD}?nobody=knows"])
def test_not_found_for_an_unknown_id(path, desks):
    refused(Http(desks.at()).ask("DELETE", path), 404, "BulkLoadIdNotFoundException")


@pytest.mark.parametrize("path", ["/loader/" + "a" * 257, "/loader/a%00b", "/loader/a%0Ab", "/loader?loadId=a%0Ab"])
def test_constraint_violation_for_what_no_id_can_be(path, desks):
    refused(Http(desks.at()).ask("DELETE", path), 400, "ConstraintViolationException")


@pytest.mark.parametrize("path", [f"/loader/{NO_LOAD}?all=true", f"/loader?loadId={NO_LOAD}&all=running"])
def test_illegal_argument_for_all_together_with_an_id(path, desks):
    refused(Http(desks.at()).ask("DELETE", path), 400, "IllegalArgumentException")


def test_invalid_argument_for_two_ids_that_differ(desks):
    answer = Http(desks.at()).ask("DELETE", f"/loader/{NO_LOAD}?loadId={NO_LOAD[:-1]}1")
    refused(answer, 400, "InvalidArgumentException")


def test_invalid_parameter_for_a_bad_value(desks):
    refused(Http(desks.at()).ask("DELETE", "/loader?all=perhaps"), 400, "InvalidParameterException")


@pytest.mark.parametrize("path", ["/loader", "/loader/", "/loader?loadId="])
def test_missing_parameter_without_an_id(path, desks):
    answer = Http(desks.at()).ask("DELETE", path)
    refused(answer, 400, "MissingParameterException", "Missing required parameters: [loadId]")


def test_unsupported_operation_where_the_loader_is_off(desks):
    refused(Http(desks.at("--loader", "false")).ask("DELETE", f"/loader/{NO_LOAD}"), 400, "UnsupportedOperationException")


def test_method_not_allowed_on_a_replica(desks):
    answer = Http(desks.at("--read-replica")).ask("DELETE", f"/loader/{NO_LOAD}")
    refused(answer, 405, "MethodNotAllowedException", "Load cancellation is not permitted on a read replica instance.")


@pytest.mark.parametrize("method, path", [("PUT", f"/loader/{NO_LOAD}"), ("PATCH", "/loader")])
def test_method_not_allowed_for_another_method(method, path, desks):
    refused(Http(desks.at()).ask(method, path), 405, "MethodNotAllowedException")


def test_access_denied_without_the_permission(desks, tmp_path_factory):
    """All of it is in `test_iam.py`."""
    eve = iam.principal("eve", iam.allow("*"), iam.allow("CancelLoaderJob", effect="Deny"))
    endpoint = desks.at(*iam.write(tmp_path_factory.mktemp("iam") / "iam.json", eve))
    path = f"/loader/{NO_LOAD}"
    answer = Http(endpoint).ask("DELETE", path, headers=signed(iam.keys(eve), "DELETE", endpoint + path))
    refused(answer, 403, "AccessDeniedException", iam.denial(eve, "CancelLoaderJob"))


#: What an SDK can send: the flags of the server, the id, the exception.
SENDABLE = {
    "shape": ((), "garbage", "BadRequestException"),
    "unknown": ((), NO_LOAD, "BulkLoadIdNotFoundException"),
    "too long": ((), "a" * 257, "ConstraintViolationException"),
    "loader off": (("--loader", "false"), NO_LOAD, "UnsupportedOperationException"),
    "replica": (("--read-replica",), NO_LOAD, "MethodNotAllowedException"),
}


@pytest.mark.parametrize("line", SENDABLE)
@pytest.mark.parametrize("sdk", SDKS)
def test_the_same_through_an_sdk(sdk, line, desks, connect):
    flags, load_id, name = SENDABLE[line]
    shown, text = told(connect(sdk, desks.at(*flags)), load_id)
    assert shown == name
    assert text == Http(desks.at(*flags)).ask("DELETE", f"/loader/{load_id}").json()["detailedMessage"]


def test_preconditions_failed_while_the_data_is_reset(make_server, middle_graph):
    """A reset is over soon, so there are as many as it takes for a cancel to meet one."""
    with make_server("--import-dir", middle_graph.source) as server:
        client, http, seen = Boto(server.endpoint), Http(server.endpoint), []

        def reset_once():
            under_way(client, begin(client, f"file://{middle_graph.source}"))
            token = client.call("execute_fast_reset", action="initiateDatabaseReset")["payload"]["token"]
            reset = threading.Thread(
                target=lambda: Boto(server.endpoint).call("execute_fast_reset", action="performDatabaseReset", token=token))
            reset.start()
            while reset.is_alive():
                answer = http.ask("DELETE", f"/loader/{NO_LOAD}")
                if answer.status_code != 404:
                    seen.append(answer)
            reset.join()
            return seen

        until(reset_once, what="a cancel during a reset")
        for answer in seen:
            refused(answer, 400, "PreconditionsFailedException")


def test_too_many_requests_beyond_those_that_run_and_wait(make_server, middle_graph):
    """A crowd cancels a running load all at once: some of it runs and waits for the load's end, the rest is told to come again."""
    with make_server("--import-dir", middle_graph.source) as server:
        client = Boto(server.endpoint)
        lines = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(CROWD)]
        load_id = begin(client, f"file://{middle_graph.source}")
        under_way(client, load_id)
        head = f"DELETE /loader/{load_id} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
        # Stopped for a moment, so that they all arrive at once.
        os.kill(server.process.pid, signal.SIGSTOP)
        for line in lines:
            line.sendall(head)
        os.kill(server.process.pid, signal.SIGCONT)
        answers = []
        for line in lines:
            with line:
                answers.append(line.makefile("rb").read().decode())
        codes = collections.Counter(answer.split(" ")[1] for answer in answers)
        # Who waited for its turn until the load had ended came too late.
        assert set(codes) <= {"200", "404", "429"} and codes["200"] and codes["429"], codes
        assert all("TooManyRequestsException" in answer for answer in answers if answer.startswith("HTTP/1.1 429"))
        assert client.status(load_id)["payload"]["overallStatus"]["status"] == "LOAD_CANCELLED_BY_USER"
