"""Fixtures of the wire tests: a server process, an S3 server, the clients, and generated graphs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support import tools
from support.clients import AwsCli, Boto, Http, SdkProcess
from support.places import ROOT
from support.s3 import SeaweedFs
from support.server import Server


@pytest.fixture(scope="session")
def binary():
    """The server binary: `HALIMEDE_BIN`, else built now."""
    if named := os.environ.get("HALIMEDE_BIN"):
        return Path(named)
    subprocess.run(["cargo", "build", "--quiet", "--locked", "--package", "halimede"], cwd=ROOT, check=True)
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "halimede"


@pytest.fixture(scope="session")
def tool(binary):
    """The command line of the same binary."""
    return tools.Tool(binary)


@pytest.fixture(scope="session")
def shared():
    """The shared folder with public data and cases; what needs it is skipped where it is absent."""
    folder = Path(os.environ.get("HALIMEDE_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no shared folder at {folder} (HALIMEDE_SHARED names another)")
    return folder


@pytest.fixture(scope="session")
def s3(tmp_path_factory):
    """A real S3-compatible server with one identity."""
    store = SeaweedFs(tmp_path_factory.mktemp("s3"))
    try:
        yield store.start()
    finally:
        store.stop()


@pytest.fixture
def files(tmp_path):
    """The import directory of `server`."""
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


@pytest.fixture
def make_server(binary, tmp_path):
    """Makes servers, by default all over the same data directory; whatever still runs at the end is killed."""
    made = []

    def make(*flags, data=None, env=None, **options):
        server = Server(binary, data or tmp_path / "data", *flags, env=env, **options)
        made.append(server)
        return server

    yield make
    for server in made:
        if server.alive():
            server.kill()


@pytest.fixture
def server(make_server, files):
    """A running server that reads files from `files`."""
    with make_server("--import-dir", files) as running:
        yield running


@pytest.fixture
def s3_server(make_server, s3, files):
    """A running server that reads from `s3`, and files from `files`."""
    with make_server("--s3-endpoint", s3.endpoint, "--import-dir", files, env=s3.credentials()) as running:
        yield running


@pytest.fixture(scope="session")
def rust_client():
    """The command of the Rust SDK's client: `HALIMEDE_RUST_CLIENT`, else built now."""
    if named := os.environ.get("HALIMEDE_RUST_CLIENT"):
        return [named]
    folder = ROOT / "tests" / "rust-sdk"
    subprocess.run(["cargo", "build", "--quiet", "--locked"], cwd=folder, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", folder / "target"))
    return [str(target / "debug" / "halimede-rust-sdk-client")]


@pytest.fixture(scope="session")
def js_client():
    """The command of the JavaScript SDK's client."""
    folder = ROOT / "tests" / "js"
    if not (folder / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, check=True)
    return [shutil.which("node"), str(folder / "client.mjs")]


@pytest.fixture(scope="session")
def notebook_client(tmp_path_factory):
    """The command of graph-notebook's client, run by the Python that `HALIMEDE_NOTEBOOK_PYTHON` names, else by one of an
    environment made now: it pins versions that would suit nothing else here."""
    folder = ROOT / "tests" / "notebook"
    python = os.environ.get("HALIMEDE_NOTEBOOK_PYTHON")
    if not python:
        place = tmp_path_factory.mktemp("notebook-python")
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        python = place / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", "-r", folder / "requirements.txt"], check=True)
    return [str(python), str(folder / "client.py")]


@pytest.fixture
def connect(request):
    """Makes the client of that name for an endpoint."""

    def make(name, endpoint, **how):
        match name:
            case "boto3":
                return Boto(endpoint, **how)
            case "aws-cli":
                return AwsCli(endpoint, **how)
            case "javascript":
                return SdkProcess(name, request.getfixturevalue("js_client"), endpoint, **how)
            case "rust":
                return SdkProcess(name, request.getfixturevalue("rust_client"), endpoint, **how)
            case "http":
                return Http(endpoint, **how)
            case _:
                raise ValueError(name)

    return make


@pytest.fixture(scope="session")
def big_graph(tool, tmp_path_factory):
    """A property graph of more than five million records, as Gremlin CSV; made once."""
    out = tmp_path_factory.mktemp("big")
    vertices, edges = 200_000, 1_400_000
    tool.generate(out, vertices, edges, "csv")
    return tools.Generated(out / "csv", "csv", vertices, edges, records=5 * vertices + 3 * edges)


@pytest.fixture(scope="session")
def middle_graph(tool, tmp_path_factory):
    """A property graph of half a million records, as Gremlin CSV; made once."""
    out = tmp_path_factory.mktemp("middle")
    vertices, edges = 40_000, 100_000
    tool.generate(out, vertices, edges, "csv")
    return tools.Generated(out / "csv", "csv", vertices, edges, records=5 * vertices + 3 * edges)
