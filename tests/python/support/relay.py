"""What the proxies of the tests share: a listening socket, a thread for each caller, and an end to all of it."""

import socket
import threading


class Relay:
    """Listens on loopback; `_serve` of the subclass talks to each caller and to `upstream`, `(host, port)`.

    Sockets in `_sockets` are closed with it. A subclass is complete before it calls `super().__init__`: callers may come at once.
    """

    def __init__(self, upstream):
        self.upstream = upstream
        self._lock = threading.Lock()
        self._sockets = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.endpoint = "http://127.0.0.1:%d" % self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()
        with self._lock:
            sockets = list(self._sockets)
        for each in sockets:
            close(each)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _accept(self):
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(caller,), daemon=True).start()


def close(each):
    """Closes a socket, and wakes whoever reads it."""
    try:
        each.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    each.close()
