"""What `/openapi.json` says is true: schemathesis asks the loader's and the status operations for what the description allows
and for what it does not, and no answer has a status or a shape that it does not name.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from support.clients import Boto, Http, load
from support.server import clean_environment

#: What is asked of every answer.
CHECKS = (
    "status_code_conformance", "content_type_conformance", "response_headers_conformance", "response_schema_conformance",
    "not_a_server_error",
)

#: Paths by family, and requests of each kind for each operation.
FAMILIES = {
    "loader": ("^/(halimede/)?loader", 40),
    "status": ("^/(status|halimede/health|openapi.json)$", 10),
    "system": ("^/system$", 30),
    "statistics": ("/statistics|^/storage/info$", 10),
    "openCypher": ("^/opencypher", 20),
    "nothing behind": ("^/(ml|storage/indexes)/", 10),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_answers_are_as_described(family, make_server, files, tmp_path):
    (files / "v.csv").write_text("~id,~label\na,Thing\nb,Thing,too much\n")
    paths, examples = FAMILIES[family]
    with make_server("--import-dir", files) as server:
        load(Boto(server.endpoint), f"file://{files}/v.csv", failOnError=False)
        done = subprocess.run(
            [str(Path(sys.executable).with_name("schemathesis")), "run", f"{server.endpoint}/openapi.json",
             "--include-path-regex", paths, "--checks", ",".join(CHECKS), "--max-examples", str(examples),
             "--seed", "5", "--phases", "examples,coverage,fuzzing", "--no-color", "--generation-database", "none"],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, env=clean_environment(), cwd=tmp_path,
        )
        assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
        assert Http(server.endpoint).ask("GET", "/status").status_code == 200
        assert "panic" not in server.log.read_text(errors="replace")


def test_the_description_needs_no_more_than_a_get(server):
    answer = Http(server.endpoint).ask("GET", "/openapi.json")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("application/json")
    described = answer.json()
    assert described["openapi"] == "3.1.0"
    for method, path in (("post", "/loader"), ("delete", "/loader/{loadId}"), ("get", "/status"), ("post", "/system")):
        assert method in described["paths"][path], (method, path)
