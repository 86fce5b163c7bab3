"""A TCP proxy of our own that can be told to misbehave."""

import socket
import threading

from .relay import Relay


class Proxy(Relay):
    """Forwards loopback connections to `upstream`.

    - `stall_after(n)`: after `n` more bytes from upstream nothing is forwarded any more, in either direction, and
      nothing is closed: a black hole in the middle of a transfer.
    - `flow()`: connections made from now on are forwarded again; what is stuck stays stuck.
    - `swallow(marker)`: the next request that holds `marker` is forwarded and answered by upstream, but the caller never sees the
      answer: its connection is closed without a byte.
    """

    def __init__(self, upstream):
        self.swallowed = []
        self.stalled = threading.Event()
        self._markers = []
        self._budget = None
        super().__init__(upstream)

    def stall_after(self, count):
        with self._lock:
            self._budget = count

    def flow(self):
        with self._lock:
            self._budget = None
        self.stalled.clear()

    def swallow(self, marker):
        with self._lock:
            self._markers.append(marker)

    def _serve(self, caller):
        upstream = socket.create_connection(self.upstream)
        with self._lock:
            self._sockets |= {caller, upstream}
        pair = _Pair(caller, upstream)
        threading.Thread(target=self._answers, args=(pair,), daemon=True).start()
        self._requests(pair)

    def _requests(self, pair):
        try:
            while block := pair.caller.recv(65536):
                with self._lock:
                    marker = next((marker for marker in self._markers if marker in block), None)
                    if marker is not None:
                        self._markers.remove(marker)
                        pair.swallows = True
                if self.stalled.is_set():
                    return
                pair.upstream.sendall(block)
            pair.upstream.shutdown(socket.SHUT_WR)
        except OSError:
            pair.close()

    def _answers(self, pair):
        try:
            while block := pair.upstream.recv(65536):
                if pair.swallows:
                    # All of it has to be there before the caller is dropped: what counts is that upstream answered.
                    while not _whole(block):
                        more = pair.upstream.recv(65536)
                        if not more:
                            break
                        block += more
                    self.swallowed.append(block)
                    pair.close()
                    return
                with self._lock:
                    if self._budget is not None:
                        self._budget -= len(block)
                        if self._budget < 0:
                            self.stalled.set()
                if self.stalled.is_set():
                    return
                pair.caller.sendall(block)
            pair.caller.shutdown(socket.SHUT_WR)
        except OSError:
            pair.close()


class _Pair:
    def __init__(self, caller, upstream):
        self.caller, self.upstream, self.swallows = caller, upstream, False

    def close(self):
        for each in (self.caller, self.upstream):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()


def _whole(answer):
    """Whether `answer` holds a whole HTTP answer with a length, or the last chunk of one without."""
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return len(body) >= int(value)
    return body.endswith(b"0\r\n\r\n")


class BlackHole:
    """A port that accepts connections by the kernel's backlog and never answers one byte."""

    def __init__(self):
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(128)
        self.endpoint = "http://127.0.0.1:%d" % self._listener.getsockname()[1]

    def connections(self):
        """How many callers have connected so far (taken out of the backlog, kept open and silent)."""
        self._listener.setblocking(False)
        self._kept = getattr(self, "_kept", [])
        while True:
            try:
                self._kept.append(self._listener.accept()[0])
            except BlockingIOError:
                return len(self._kept)

    def close(self):
        for each in getattr(self, "_kept", []):
            each.close()
        self._listener.close()
