"""Virtuoso, a server that is started beside it: `virtuoso.py load|count|ask DATABASE NTRIPLES`.

`load` runs its bulk loader on the file and ends with a checkpoint; `count` prints the triples; `ask` reads questions and
prints what it found. It is asked through ODBC, the interface that its documentation has for programs. `virtuoso-t` and
the driver are the system's (Debian: virtuoso-opensource-7-bin, libvirtodbc0 and libodbc2).
"""

import atexit
import glob
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time

import questions

verb, database, ntriples = sys.argv[1:]
GRAPH = "http://example.org/graph"
# Buffers (8 KiB) and how many of them may be dirty: what its documentation has for 8 GiB, more than the whole graph needs.
BUFFERS, DIRTY = 680_000, 500_000
SETTINGS = """
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
ErrorLogLevel = 7
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
FileExtend = 200
MaxCheckpointRemap = 2000
[TempDatabase]
DatabaseFile = {folder}/temporary.db
TransactionFile = {folder}/temporary.trx
MaxCheckpointRemap = 2000
[Parameters]
ServerPort = 127.0.0.1:{port}
CheckpointInterval = 0
NumberOfBuffers = {buffers}
MaxDirtyBuffers = {dirty}
ThreadsPerQuery = {cores}
AsyncQueueMaxThreads = {threads}
DirsAllowed = {source}
[SPARQL]
DefaultGraph = {graph}
"""


class Server:
    """The server and a connection to it."""

    def __init__(self):
        driver = glob.glob("/usr/lib*/odbc/virtodbc_r.so") + glob.glob("/usr/lib/*/odbc/virtodbc_r.so")
        if not driver or not shutil.which("virtuoso-t"):
            sys.exit("virtuoso-t and virtodbc_r.so were expected (virtuoso-opensource-7-bin, libvirtodbc0, libodbc2)")
        import pyodbc  # which wants a library of the system's, too

        os.makedirs(database, exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        cores = os.cpu_count()
        written = os.path.join(database, "virtuoso.ini")
        with open(written, "w", encoding="utf-8") as settings:
            settings.write(
                SETTINGS.format(
                    folder=database,
                    port=port,
                    buffers=BUFFERS,
                    dirty=DIRTY,
                    cores=cores,
                    threads=cores * 3 // 2,
                    source=os.path.dirname(ntriples),
                    graph=GRAPH,
                )
            )
        log = os.path.join(database, "virtuoso.log")
        if os.path.exists(log):
            os.remove(log)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(["virtuoso-t", "+configfile", written, "+foreground"], cwd=database, **quiet)
        # A client that comes before it is online ends it.
        while not os.path.exists(log) or "Server online" not in open(log, encoding="utf-8").read():
            if self.process.poll() is not None:
                sys.exit(f"the server did not start: see {log}")
            time.sleep(0.1)
        where = f"DRIVER={driver[0]};HOST=127.0.0.1:{port};UID=dba;PWD=dba"
        self.connection = pyodbc.connect(where, autocommit=True)
        # Its wide characters are not those of the driver manager.
        self.connection.setencoding(encoding="utf-8", ctype=pyodbc.SQL_CHAR)
        self.connection.setdecoding(pyodbc.SQL_WCHAR, encoding="utf-8", ctype=pyodbc.SQL_CHAR)
        self.connection.setdecoding(pyodbc.SQL_CHAR, encoding="utf-8")
        self.cursor = self.connection.cursor()

    def all(self, text, *parameters):
        """All rows of a statement."""
        return self.cursor.execute(text, *parameters).fetchall()

    def close(self):
        """Ends the server."""
        self.process.terminate()
        self.process.wait()


server = Server()
atexit.register(server.close)
if verb == "load":
    folder, name = os.path.split(ntriples)
    server.cursor.execute(f"ld_dir('{folder}', '{name}', '{GRAPH}')")
    server.cursor.execute("rdf_loader_run()")
    server.cursor.execute("checkpoint")
    for failed in server.all("SELECT ll_file, ll_error FROM DB.DBA.load_list WHERE ll_error IS NOT NULL"):
        sys.exit(f"{failed[0]}: {failed[1]}")
elif verb == "count":
    print(server.all(f"SPARQL SELECT COUNT(*) FROM <{GRAPH}> {{ ?s ?p ?o }}")[0][0])
else:
    # What the way there and back takes, which is not held against it.
    empty = []
    for _ in range(1000):
        begun = time.perf_counter()
        server.all("SELECT 1")
        empty.append((time.perf_counter() - begun) * 1e3)
    empty = statistics.median(empty[100:])

    def ask(text, parameters):
        """All rows, and the milliseconds without those of a statement that does nothing."""
        for name in parameters:
            text = text.replace(f"${name}", "??")
        begun = time.perf_counter()
        rows = server.all(f"SPARQL define input:default-graph-uri <{GRAPH}> {text}", *map(questions.iri, parameters.values()))
        return rows, (time.perf_counter() - begun) * 1e3 - empty

    questions.run(ask, lambda rows: [list(row) for row in rows])
