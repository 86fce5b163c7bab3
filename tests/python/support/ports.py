"""Free TCP ports on loopback."""

import socket


def free(also=0):
    """A port that nobody listens on; with `also`, the port that many above it is free too."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if not also:
            return port
        if port + also < 65536:
            try:
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port + also))
                return port
            except OSError:
                continue
