"""Thousands of connections that speak no proper Bolt leave a server that answers, as large as it was, without a panic."""

import asyncio
import os
import random

from neo4j import GraphDatabase

from support.bolt import message
from support.http1 import close
from support.resting import anonymous_kib, descriptors, settle

SEED = int(os.environ.get("HALIMEDE_MALFORMED_SEED", 7))
CONNECTIONS, WARM_UP, AT_ONCE = 6_000, 500, 64
#: Seconds without an answer after which a client goes.
MOMENT = 0.05
#: What a leak of four kilobytes a connection would make is 24 MiB.
MARGIN_KIB = 12 << 10

MAGIC = bytes.fromhex("6060b017")
#: Proposals for 5.8 down to 5.0, 4.4 down to 4.2, 4.0 and 3.0, and one that nobody speaks.
VERSIONS = [bytes.fromhex(each) for each in ("00080805", "00020404", "00000004", "00000003", "00000909")]
#: Tags of HELLO, LOGON, RUN, PULL, DISCARD, BEGIN, COMMIT, ROLLBACK, RESET, ROUTE and LOGOFF with what belongs behind them.
HELLO = message(0x01, {"user_agent": "test/1", "scheme": "none"})
LOGON = message(0x6A, {"scheme": "none"})
MESSAGES = [
    message(0x10, "UNWIND range(1, 100) AS x RETURN x, toString(x)", {}, {}), message(0x10, "RETURN $a", {"a": 1}, {}),
    message(0x10, "CREATE (n:Thing {name: 'x'}) RETURN n", {}, {}), message(0x10, "RETURN 1 +", {}, {}),
    message(0x3F, {"n": -1}), message(0x3F, {"n": 7}), message(0x2F, {"n": -1}), message(0x11, {}), message(0x12),
    message(0x13), message(0x0F), message(0x66, {}, "a", {}), message(0x6B), LOGON, HELLO, message(0x02), message(0x7C),
]
#: Pieces that mean something at some place: sizes that lie, markers of every kind, no end.
PIECES = [bytes.fromhex(each) for each in (
    "0000", "ffff", "0001", "d6ffffffff", "da7fffffff", "cb7fffffffffffffff", "b170a0", "bf10", "df", "dfffff", "c0", "c1", "81ff",
    "91" * 200, "a18161" * 100, "b358" * 50, "d2ffffffff", "cc05", "d0ff", "6060b017", "474554202f20485454502f312e310d0a0d0a",
)]
ANSWERS = {0x70, 0x71, 0x7E, 0x7F}


def conversations(seed, count):
    """Whole conversations, of which mutation leaves more or less."""
    chance = random.Random(seed)
    for _ in range(count):
        proposals = b"".join(chance.choice(VERSIONS) for _ in range(4))
        messages = [HELLO, LOGON] + chance.choices(MESSAGES, k=chance.randrange(8))
        if chance.random() < 0.1:
            messages.append(chance.randbytes(chance.randrange(400)))
        yield mutated(chance, MAGIC, proposals, b"".join(messages))


def mutated(chance, magic, proposals, rest):
    # Most mistakes come after the handshake: what is no handshake is answered by HTTP or not at all.
    head, body = bytearray(magic + proposals), bytearray(rest)
    if chance.random() < 0.1:
        head[chance.randrange(len(head))] = chance.randrange(256)
    for _ in range(chance.choice((0, 1, 1, 2, 5, 20))):
        at = chance.randrange(len(body))
        match chance.randrange(5):
            case 0:
                body[at] = chance.randrange(256)
            case 1:
                body[at:at] = chance.choice(PIECES)
            case 2:
                del body[at:at + chance.randrange(1, 40)]
            case 3:
                body[at:at] = body[at:at + chance.randrange(1, 200)]
            case 4:
                body[at:at + 2] = chance.randbytes(2)
        body = body or bytearray(1)
    if chance.random() < 0.2:
        del body[chance.randrange(len(body)):]
    return bytes(head + body)


class Campaign:
    """Sends conversations to one server and judges what comes back."""

    def __init__(self, server):
        self.port, self.tags = server.port, {}

    def run(self, seed, count):
        asyncio.run(self._run(conversations(seed, count)))

    async def _run(self, sent):
        places = asyncio.Semaphore(AT_ONCE)

        async def in_turn(conversation):
            async with places:
                await self._converse(conversation)

        async with asyncio.TaskGroup() as group:
            for conversation in sent:
                group.create_task(in_turn(conversation))

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
        elif sent.startswith(MAGIC):
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
        resting = descriptors(server)
        campaign = Campaign(server)
        campaign.run(SEED - 1, WARM_UP)
        settle(server, resting)
        before = anonymous_kib(server)

        campaign.run(SEED, CONNECTIONS)

        settle(server, resting)
        after = anonymous_kib(server)
        assert after - before <= MARGIN_KIB, f"from {before} to {after} KiB: {campaign.tags}"
        assert server.alive()
        log = server.log.read_text(errors="replace")
        assert "panic" not in log, server.log_tail()
        with GraphDatabase.driver(f"bolt://127.0.0.1:{server.port}") as driver:
            assert driver.execute_query("RETURN 1 AS one").records[0]["one"] == 1
        # The kinds of answer that there are to get, all of them were got.
        assert set(campaign.tags) == ANSWERS, campaign.tags
