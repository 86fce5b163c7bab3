"""Twenty thousand requests that no client should send leave a server that answers, as large as it was, without a panic."""

import asyncio
import os

from support.clients import Boto
from support.http1 import close, drain, read_reply
from support.malformed import PREFACE, framed, raw
from support.resting import anonymous_kib, descriptors, settle

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


class Campaign:
    """Sends requests to one server and judges what comes back."""

    def __init__(self, server):
        self.port, self.statuses, self.sent = server.port, {}, 0

    def run(self, framed_requests, raw_requests):
        asyncio.run(self._run(framed_requests, raw_requests))

    async def _run(self, framed_requests, raw_requests):
        requests = list(framed_requests)
        work = [self._conversation(requests[at:at + SHARED]) for at in range(0, len(requests), SHARED)]
        work += [self._blow(request) for request in raw_requests]
        places = asyncio.Semaphore(AT_ONCE)

        async def in_turn(job):
            async with places:
                await job

        async with asyncio.TaskGroup() as group:
            for job in work:
                group.create_task(in_turn(job))

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


def test_malformed_requests_leave_the_server_as_it_was(make_server, files):
    (files / "v.csv").write_text("~id,~label,name:String\na,Thing,x\nb,Thing,y\n")
    # Whoever does not go on is left alone soon, so that each of the thousands takes moments.
    flags = ("--idle-timeout", 0.3, "--receive-timeout", 0.3, "--query-timeout", 10, "--import-dir", files)
    with make_server(*flags) as server:
        resting = descriptors(server)
        campaign = Campaign(server)
        campaign.run(framed(SEED - 1, WARM_UP), raw(SEED - 1, WARM_UP))
        settle(server, resting)
        before = anonymous_kib(server)

        campaign.run(framed(SEED, FRAMED), raw(SEED, RAW))

        assert campaign.sent >= FRAMED + RAW
        settle(server, resting)
        after = anonymous_kib(server)
        assert after - before <= MARGIN_KIB, f"from {before} to {after} KiB: {campaign.statuses}"
        assert server.alive()
        log = server.log.read_text(errors="replace")
        assert "panic" not in log, server.log_tail()
        assert Boto(server.endpoint).engine_status()["status"] == "healthy"
        # The kinds of answer that there are to get, all of them were got.
        assert {200, 400, 403, 404, 405, 408} <= set(campaign.statuses), campaign.statuses
