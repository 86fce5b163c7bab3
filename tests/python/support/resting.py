"""A server that has nothing to do: what it holds then."""

import os

from .clients import Http
from .waiting import until


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
