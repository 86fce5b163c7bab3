"""A proxy of our own between a loader and an S3 store, which spoils the answers it is told to.

It speaks HTTP as far as it must: it reads each request's head and each answer's head and length, so that a fault can be put at
the n-th listing, the n-th read of a key, or the n-th byte of an answer's body. What it is not told to spoil passes byte for byte,
`Host` included, so signatures stay valid.
"""

import os
import re
import socket
import struct
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from .relay import Relay, close


@dataclass(frozen=True)
class Request:
    """A request as it came."""

    kind: str  # "list" or "read"
    key: str  # of a read; the prefix of a listing
    range: str | None
    page: str | None  # the continuation token of a listing


@dataclass(frozen=True)
class Status:
    """Answers with an error of S3's instead of asking the store."""

    status: int
    code: str
    message: str = "as the test wants it"


@dataclass(frozen=True)
class Reset:
    """Resets the connection after so many bytes of the answer's body; without a number, before any answer."""

    after: int | None = None


@dataclass(frozen=True)
class Stall:
    """Says nothing more after so many bytes of the body (without a number: nothing at all), and keeps the connection."""

    after: int | None = None


@dataclass(frozen=True)
class Short:
    """Closes the connection in good order after so many bytes of the body, although more were promised."""

    after: int


@dataclass(frozen=True)
class Cut:
    """Sends so many bytes of the body, and a length that says so: nothing tells that something is missing."""

    after: int


@dataclass(frozen=True)
class Header:
    """Replaces a header of the answer."""

    name: str
    value: str


@dataclass(frozen=True)
class First:
    """Calls something, then lets the answer pass."""

    act: callable = field(compare=False)


@dataclass
class _Rule:
    fault: object
    kind: str
    key: str
    skip: int
    times: int | None
    seen: int = 0


class FaultProxy(Relay):
    """Forwards loopback connections to `upstream`, `(host, port)`, and spoils answers."""

    def __init__(self, upstream):
        self.requests = []
        self._rules = []
        super().__init__(upstream)

    def spoil(self, fault, kind, key="", skip=0, times=1):
        """Puts `fault` on the answers to requests of that kind whose key (or prefix) ends in `key`: `times` of them (None: all),
        not counting the first `skip` such requests. Of several rules that fit, the one that was added first is used up first."""
        with self._lock:
            self._rules.append(_Rule(fault, kind, key, skip, times))

    def heal(self):
        """Forgets all rules; what was stalled stays so."""
        with self._lock:
            self._rules.clear()

    def _fault_of(self, request):
        with self._lock:
            self.requests.append(request)
            found = None
            for rule in self._rules:
                if rule.kind != request.kind or not request.key.endswith(rule.key):
                    continue
                rule.seen += 1
                if found is None and rule.seen > rule.skip and rule.times != 0:
                    found = rule.fault
                    rule.times = None if rule.times is None else rule.times - 1
            return found

    def _serve(self, caller):
        upstream = None
        caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._sockets.add(caller)
        try:
            asked = caller.makefile("rb")
            while head := _read_head(asked):
                request = _request_of(head)
                fault = self._fault_of(request)
                if isinstance(fault, Status):
                    caller.sendall(_error(fault))
                    continue
                if isinstance(fault, Reset) and fault.after is None:
                    return _reset(caller)
                if isinstance(fault, Stall) and fault.after is None:
                    return _stall(caller)
                if isinstance(fault, First):
                    fault.act()
                if upstream is None:
                    upstream = socket.create_connection(self.upstream)
                    with self._lock:
                        self._sockets.add(upstream)
                    answered = upstream.makefile("rb")
                upstream.sendall(head)
                if not self._answer(answered, caller, fault):
                    return
        except OSError:
            pass
        finally:
            for each in (caller, upstream):
                if each is not None:
                    with self._lock:
                        self._sockets.discard(each)
                    close(each)

    def _answer(self, answered, caller, fault):
        """Passes one answer on; whether the connection is of use after it."""
        head = _read_head(answered)
        if not head:
            return False
        body = _body_of(head, answered)
        if isinstance(fault, Header):
            line = f"{fault.name}: {fault.value}\r\n".encode()
            head = re.sub(rb"(?im)^%s:.*\r\n" % re.escape(fault.name.encode()), lambda _: line, head)
        if isinstance(fault, Cut):
            whole = b"".join(body)[:fault.after]
            head = re.sub(rb"(?im)^(content-length|transfer-encoding):.*\r\n", b"", head)
            caller.sendall(head[:-2] + b"Content-Length: %d\r\n\r\n" % len(whole) + whole)
            return True
        caller.sendall(head)
        left = fault.after if isinstance(fault, Reset | Stall | Short) else None
        for block in body:
            if left is not None and len(block) >= left:
                caller.sendall(block[:left])
                match fault:
                    case Reset():
                        _reset(caller)
                    case Stall():
                        _stall(caller)
                return False
            caller.sendall(block)
            if left is not None:
                left -= len(block)
        return True


def _stall(caller):
    # Nothing comes from the other side: this ends when it leaves.
    caller.recv(1)


def _read_head(file):
    """The bytes of a head with its empty line; nothing at the end of the connection."""
    head = b""
    for line in file:
        head += line
        if line == b"\r\n":
            return head
    return b""


def _request_of(head):
    target = urlsplit(head.split(b" ")[1].decode())
    query = parse_qs(target.query)
    found = re.search(rb"(?im)^range:\s*(.*?)\r\n", head)
    if "list-type" in query:
        return Request("list", query.get("prefix", [""])[0], None, query.get("continuation-token", [None])[0])
    return Request("read", unquote(target.path), found and found[1].decode(), None)


def _body_of(head, file):
    """The body's blocks as they travel."""
    if found := re.search(rb"(?im)^content-length:\s*(\d+)", head):
        left = int(found[1])
        while left:
            block = file.read1(min(left, 65536))
            if not block:
                return
            left -= len(block)
            yield block
    elif re.search(rb"(?im)^transfer-encoding:\s*chunked", head):
        while size := file.readline():
            length = int(size.split(b";")[0], 16)
            chunk = file.read(length + 2)
            yield size + chunk
            if length == 0:
                return


def _error(fault):
    body = f"<Error><Code>{fault.code}</Code><Message>{fault.message}</Message></Error>".encode()
    return b"HTTP/1.1 %d Fault\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n%s" % (
        fault.status, len(body), body)


def _reset(caller):
    # Lingering for no time makes the kernel send a reset instead of an end.
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(caller.detach())
