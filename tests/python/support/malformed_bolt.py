"""Connections that speak Bolt as no client should, by the thousand and from a seed."""

import random

from .bolt import message

MAGIC = bytes.fromhex("6060b017")
#: Proposals for 5.8 down to 5.0, 4.4 down to 4.2, 4.0 and 3.0, and one that nobody speaks.
VERSIONS = [bytes.fromhex(each) for each in ("00080805", "00020404", "00000004", "00000003", "00000909")]
#: HELLO, LOGON, and then RUN, PULL, DISCARD, BEGIN, COMMIT, ROLLBACK, RESET, ROUTE, LOGOFF, GOODBYE and one that is none.
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


def conversations(seed, count):
    """Whole conversations, of which mutation leaves more or less."""
    chance = random.Random(seed)
    for _ in range(count):
        proposals = b"".join(chance.choice(VERSIONS) for _ in range(4))
        messages = [HELLO, LOGON] + chance.choices(MESSAGES, k=chance.randrange(8))
        if chance.random() < 0.1:
            messages.append(chance.randbytes(chance.randrange(400)))
        yield mutated(chance, MAGIC + proposals, b"".join(messages))


def mutated(chance, head, body):
    # Most mistakes come after the handshake: what is no handshake is answered by HTTP or not at all.
    head, body = bytearray(head), bytearray(body)
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
