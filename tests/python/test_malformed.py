"""Thousands of requests and conversations that no client should send leave a server that answers, as large as it was, without a
panic."""

import asyncio
import contextlib
import os

from neo4j import GraphDatabase

from support import malformed_bolt
from support.clients import Boto, Http
from support.http1 import close, drain, read_reply
from support.malformed import PREFACE, framed, raw
from support.waiting import until

SEED = int(os.environ.get("HALIMEDE_MALFORMED_SEED", 5))
FRAMED, RAW = 13_000, 7_000
#: Of each kind, sent first, so that pools and caches have the size that they keep.
WARM_UP = 1_000
#: Requests that share a connection, and connections at once.
SHARED, AT_ONCE = 25, 256
#: The most by which memory may have grown afterwards. What a leak of one kilobyte a request would make is 20 MiB.
MARGIN_KIB = 16 << 10

#: 5xx that a request can bring about by what it asks. Everything else would be the server's own failure.
DOCUMENTED = {"TimeLimitExceededException", "MemoryLimitExceededException"}
STATUSES = {200, 204, 400, 403, 404, 405, 408, 429, 500}


async def in_turns(work, at_once):
    """Does all of it, so much at once."""
    places = asyncio.Semaphore(at_once)

    async def in_turn(job):
        async with places:
            await job

    async with asyncio.TaskGroup() as group:
        for job in work:
            group.create_task(in_turn(job))


class Campaign:
    """Sends requests to one server and judges what comes back."""

    def __init__(self, server):
        self.port, self.statuses, self.sent = server.port, {}, 0

    def run(self, framed_requests, raw_requests):
        asyncio.run(self._run(framed_requests, raw_requests))

    async def _run(self, framed_requests, raw_requests):
        requests = list(framed_requests)
        work = [self._conversation(requests[at:at + SHARED]) for at in range(0, len(requests), SHARED)]
        await in_turns(work + [self._blow(request) for request in raw_requests], AT_ONCE)

    async def _conversation(self, requests):
        """One whole request after the other, on a connection for as long as it lives."""
        at, tries = 0, 0
        while at < len(requests):
            tries += 1
            assert tries <= 3, f"not answered: {requests[at][:300]!r}"
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            while at < len(requests):
                method = requests[at].split(b" ", 1)[0]
                try:
                    writer.write(requests[at])
                    await writer.drain()
                except ConnectionError:
                    break
                reply = await read_reply(reader, method)
                if reply is None:
                    # It was left alone for too long, by a client that has hundreds of others to see to.
                    break
                self._judge(requests[at], reply, first=False, head=method == b"HEAD")
                self.sent += 1
                at, tries = at + 1, 0
                if reply.closes:
                    break
            await close(writer)

    async def _blow(self, request):
        """Bytes that may be anything, and whatever comes back until the server has had enough."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.sent += 1
        try:
            writer.write(request)
            await writer.drain()
        except ConnectionError:
            pass
        if request.startswith(PREFACE[:14]):
            await drain(reader)
        else:
            first = True
            method = request.lstrip(b"\r\n").split(b" ", 1)[0]
            # Some replies are to what a mutation left of a HEAD, which have no body whatever their length says.
            while b"HEAD" not in request and (reply := await read_reply(reader, method)):
                self._judge(request, reply, first)
                first = False
        await close(writer)

    def _judge(self, request, reply, first, head=False):
        told = f"{request[:300]!r} was answered {reply.status} {reply.headers} {reply.body[:500]!r}"
        self.statuses[reply.status] = self.statuses.get(reply.status, 0) + 1
        if b"x-amzn-requestid" not in reply.headers:
            # What cannot be told from a head any more, behind other requests, is answered by the HTTP layer itself.
            assert not first and reply.status in (400, 414, 431) and not reply.body, told
            return
        assert reply.status in STATUSES, told
        if reply.status >= 400:
            exception = reply.headers[b"x-amzn-errortype"].decode()
            assert reply.status < 500 or exception in DOCUMENTED, told
            assert head or exception.encode() in reply.body, told


def descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def anonymous_kib(server):
    with open(f"/proc/{server.process.pid}/status") as status:
        [line] = [line for line in status if line.startswith("RssAnon:")]
    return int(line.split()[1])


def settle(server, resting):
    """Waits until no connection is open but the one that asks, and no descriptor that was not there before the first."""
    http = Http(server.endpoint)

    def open_connections():
        lines = http.ask("GET", "/metrics", headers={"Connection": "close"}).text.splitlines()
        names = ("halimede_http_connections ", "halimede_bolt_connections ")
        return [int(float(line.split()[1])) for name in names for line in lines if line.startswith(name)]

    until(open_connections, lambda counts: counts == [1, 0], "the connections to be closed")
    until(lambda: descriptors(server), lambda count: count == resting, f"descriptors to be {resting} again")


@contextlib.contextmanager
def left_as_it_was(server, warm_up, margin_kib):
    """Judges what is sent within: the server lives, has not grown, holds nothing more than before, and nothing panicked."""
    resting = descriptors(server)
    warm_up()
    settle(server, resting)
    before = anonymous_kib(server)
    yield
    settle(server, resting)
    after = anonymous_kib(server)
    assert after - before <= margin_kib, f"from {before} to {after} KiB"
    assert server.alive()
    log = server.log.read_text(errors="replace")
    assert "panic" not in log, server.log_tail()


def test_malformed_requests_leave_the_server_as_it_was(make_server, files):
    (files / "v.csv").write_text("~id,~label,name:String\na,Thing,x\nb,Thing,y\n")
    # Whoever does not go on is left alone soon, so that each of the thousands takes moments.
    flags = ("--idle-timeout", 0.3, "--receive-timeout", 0.3, "--query-timeout", 10, "--import-dir", files)
    with make_server(*flags) as server:
        campaign = Campaign(server)
        with left_as_it_was(server, lambda: campaign.run(framed(SEED - 1, WARM_UP), raw(SEED - 1, WARM_UP)), MARGIN_KIB):
            campaign.run(framed(SEED, FRAMED), raw(SEED, RAW))
            assert campaign.sent >= FRAMED + RAW
        assert Boto(server.endpoint).engine_status()["status"] == "healthy"
        # The kinds of answer that there are to get, all of them were got.
        assert {200, 400, 403, 404, 405, 408} <= set(campaign.statuses), campaign.statuses


# Bolt.

#: What a leak of four kilobytes a connection would make is 24 MiB.
BOLT_CONNECTIONS, BOLT_WARM_UP, BOLT_AT_ONCE, BOLT_MARGIN_KIB = 6_000, 500, 64, 12 << 10
#: Seconds without an answer after which a client goes.
MOMENT = 0.05
#: Tags of SUCCESS, RECORD, IGNORED and FAILURE.
ANSWERS = {0x70, 0x71, 0x7E, 0x7F}


class BoltCampaign:
    """Sends conversations to one server and judges what comes back."""

    def __init__(self, server):
        self.port, self.tags = server.port, {}

    def run(self, seed, count):
        asyncio.run(in_turns([self._converse(sent) for sent in malformed_bolt.conversations(seed, count)], BOLT_AT_ONCE))

    async def _converse(self, sent):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        answer = b""
        try:
            writer.write(sent)
            # A client that has gone ends its query: each is given a moment before it goes.
            for patience in (MOMENT, None):
                try:
                    while piece := await asyncio.wait_for(reader.read(1 << 16), patience):
                        answer += piece
                    break
                except TimeoutError:
                    writer.write_eof()
        except OSError:
            pass
        await close(writer)
        if answer.startswith(b"HTTP/1."):
            assert b" 400 " in answer[:16], f"{sent!r} was answered {answer!r}"
        elif sent.startswith(malformed_bolt.MAGIC):
            self._judge(sent, answer)

    def _judge(self, sent, answer):
        assert b"An unexpected error occurred" not in answer, f"{sent!r} was answered {answer!r}"
        version, answer = answer[:4], answer[4:]
        assert version != bytes(4) or not answer, f"no version, but {answer!r}"
        while answer:
            body = b""
            while size := int.from_bytes(answer[:2], "big"):
                # The last one may have been cut: the server closes when what it reads cannot be framed any more.
                if len(answer) < 2 + size:
                    return
                body, answer = body + answer[2:2 + size], answer[2 + size:]
            answer = answer[2:]
            if body:
                assert body[1] in ANSWERS, f"{sent!r} was answered {body!r}"
                self.tags[body[1]] = self.tags.get(body[1], 0) + 1


def test_malformed_bolt_leaves_the_server_as_it_was(make_server):
    with make_server("--query-timeout", 10, "--bolt-idle-timeout", 5) as server:
        campaign = BoltCampaign(server)
        with left_as_it_was(server, lambda: campaign.run(SEED - 1, BOLT_WARM_UP), BOLT_MARGIN_KIB):
            campaign.run(SEED, BOLT_CONNECTIONS)
        with GraphDatabase.driver(f"bolt://127.0.0.1:{server.port}") as driver:
            assert driver.execute_query("RETURN 1 AS one").records[0]["one"] == 1
        # The kinds of answer that there are to get, all of them were got.
        assert set(campaign.tags) == ANSWERS, campaign.tags
