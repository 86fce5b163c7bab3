"""The README and the guide to loading, as a newcomer follows them: their commands are taken from the pages and run.

The one difference: a release build is not made for it, the binary under test stands for `cargo run --release` and for
`target/release/halimede`.
"""

import re
import shutil
import signal
import socket
import subprocess
import sys

import pytest

from support.clients import Boto
from support.pages import README, blocks, commands, section
from support.places import ROOT
from support.server import clean_environment
from support.waiting import until

LOADING = ROOT / "docs" / "loading.md"
BUILD_AND_RUN = "cargo run --release --bin halimede --"
BUILT = "target/release/halimede"


@pytest.fixture
def desk(tmp_path, binary):
    """A folder with what a clone holds that the README uses, and the binary where a release build would be."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    built = tmp_path / BUILT
    built.parent.mkdir(parents=True)
    built.symlink_to(binary)
    return tmp_path


def shell(desk, script, env=None):
    # An alias is not expanded in a script unless asked for.
    done = subprocess.run(["bash", "-c", f"shopt -s expand_aliases\n{script}"], cwd=desk, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, env=clean_environment(env))
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_the_first_command_loads_the_sample_and_shows_the_finished_job(desk):
    [first, gate] = [commands(block)[0] for block in blocks(section("## Two commands"), "console")]
    assert first.startswith(BUILD_AND_RUN)
    assert gate == "cargo xtask ci"
    shown = shell(desk, first.replace(BUILD_AND_RUN, BUILT))
    assert "LOAD_COMPLETED" in shown
    promised = re.search(r"records +([\d,]+)\n", section("## Two commands"))[1]
    assert re.search(rf"records +{promised}\n", shown), shown


def test_asking_something(desk):
    [block] = blocks(section("## Ask something"), "console")
    shown = shell(desk, "\n".join(commands(block)))
    assert "LOAD_COMPLETED" in shown
    assert len([line for line in shown.splitlines() if "/solar-system/" in line]) == 3, shown
    assert "no problems found" in shown
    assert any((desk / "copy").iterdir())


def comparable(text):
    """A printed job without what differs from run to run: its id, its time, the folder, and the width of columns."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text)
    text = re.sub(r"[\d.]+ s \([\d,]+ records/s\)", "TIME", re.sub(r"file:///\S*?/(?=people/)", "file:///", text))
    return [re.sub(r"[ -]{2,}", "  ", line).rstrip() for line in text.splitlines() if line.strip()]


def test_the_guide_from_a_first_load_to_a_repaired_one(desk):
    """Everything is printed as the page shows it."""
    failing, mended = blocks(section("## A first load, and a repaired one", LOADING), "console")
    alias = f"alias halimede='{desk / BUILT}'\n"
    typed = commands(failing)
    shown = shell(desk, alias + "\n".join(typed[:-1]) + f"\n{typed[-1]} 2>&1; [ $? = 1 ]")
    assert comparable(shown) == comparable(failing)[len(typed):]
    shown = shell(desk, alias + "\n".join(commands(mended)))
    assert comparable(shown) == [line for line in comparable(mended) if not line.startswith("$ ")]


#: The documented names and texts (spec/loader.md §3.1, §5): the guide must have a word on each.
EXPLAINED = """
LOAD_NOT_STARTED LOAD_IN_QUEUE LOAD_IN_PROGRESS LOAD_COMPLETED LOAD_CANCELLED_BY_USER LOAD_CANCELLED_DUE_TO_ERRORS LOAD_FAILED
LOAD_UNEXPECTED_ERROR LOAD_S3_READ_ERROR LOAD_S3_ACCESS_DENIED_ERROR LOAD_COMMITTED_W_WRITE_CONFLICTS LOAD_DATA_DEADLOCK
LOAD_DATA_FAILED_DUE_TO_FEED_MODIFIED_OR_DELETED LOAD_FAILED_BECAUSE_DEPENDENCY_NOT_SATISFIED LOAD_FAILED_INVALID_REQUEST
PARSING_ERROR S3_ACCESS_DENIED_ERROR FROM_OR_TO_VERTEX_ARE_MISSING ID_ASSIGNED_TO_MULTIPLE_EDGES SINGLE_CARDINALITY_VIOLATION
FILE_MODIFICATION_OR_DELETION_ERROR OUT_OF_MEMORY_ERROR INTERNAL_ERROR
""".split() + [
    "Couldn't find the AWS credential for iam_role_arn", "S3 bucket not found for source", "does not exist/not reachable",
    "Unable to connect to S3 endpoint", "Bucket is not in provided Region", "Unable to perform S3 list operation",
    "Failed to start load because of unknown error from S3", "Invalid S3 access key", "Invalid S3 secret key",
    "Max concurrent load limit breached", "Max load task queue size limit breached", "Failed to start load from the source",
    "Missing required parameters", "does not exist or not active", "Invalid loadId", "No previous load found to resume",
]


def test_the_guide_explains_every_state_code_and_text():
    text = LOADING.read_text()
    assert [name for name in EXPLAINED if f"`{name}" not in text and f"{name}`" not in text] == []


@pytest.fixture
def readme_server(make_server, desk):
    with make_server("--import-dir", desk / "examples", data=desk / "halimede-data", listen="127.0.0.1:8182") as server:
        yield server


def port_is_free():
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", 8182))
        except OSError:
            return False
    return True


@pytest.mark.skipif(not port_is_free(), reason="the README's port 8182 is taken on this machine")
def test_boto3_and_curl_as_printed(readme_server, desk):
    boto3 = section("### boto3")
    [exports] = blocks(boto3, "console")
    [program] = blocks(boto3, "python")
    (desk / "newcomer.py").write_text(program)
    shown = shell(desk, "\n".join([*commands(exports), f"'{sys.executable}' newcomer.py"]))
    assert shown.splitlines()[-1].startswith("LOAD_COMPLETED "), shown

    [start, follow, cancel, ask] = re.findall(r"^# \w+\n((?:.+\n?)+?)(?=^#|\Z)", blocks(section("### curl"), "sh")[0], re.M)
    client = Boto(readme_server.endpoint)
    started = shell(desk, start)
    load_id = re.search(r'"loadId": ?"([^"]+)"', started)[1]
    assert "overallStatus" in shell(desk, follow.replace("LOAD_ID", load_id))
    assert load_id in client.list_loads()["payload"]["loadIds"]
    answer = shell(desk, cancel.replace("LOAD_ID", load_id))
    assert "200 OK" in answer or "does not exist or not active" in answer
    assert '"bindings"' in shell(desk, ask)


def test_commands_find_the_server_of_a_locked_directory(make_server, desk, tool):
    with make_server("--import-dir", desk / "examples", data=desk / "halimede-data") as server:
        loaded = tool.run("load", desk / "examples/solar-system", "--format", "csv", "--endpoint", server.endpoint)
        assert "LOAD_COMPLETED" in loaded.stdout
        assert "no problems found" in tool.run("check", cwd=desk).stdout
        load_id = re.search(r"[0-9a-f-]{36}", loaded.stdout)[0]
        assert load_id in tool.run("jobs", cwd=desk).stdout
        cancelled = tool.run("cancel", load_id, cwd=desk, check=False)
        assert cancelled.returncode == 1 and "does not exist or not active" in cancelled.stderr
        second = tool.run("serve", "--listen", "127.0.0.1:0", cwd=desk, check=False)
        assert second.returncode != 0 and server.endpoint in second.stderr, "the second process names the first"


def test_exit_codes_of_load(tool, tmp_path):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("~id,~label\na,Thing\n")
    bad.write_text("~id,~label,size:Int\na,Thing,many\n")
    data = tmp_path / "data"
    assert tool.run("load", good, "--format", "csv", "--data", data, check=False).returncode == 0
    assert tool.run("load", bad, "--format", "csv", "--data", data, check=False).returncode == 1
    assert tool.run("load", good, "--format", "parquet", "--data", data, check=False).returncode == 2
    assert tool.run("load", tmp_path / "absent.csv", "--format", "csv", "--data", data, check=False).returncode in (1, 2)


def test_interrupting_a_load_cancels_it(binary, tool, big_graph, tmp_path):
    """Ctrl-C on `halimede load`: 130, the job says so, and what stays is what it counted."""
    data = tmp_path / "data"
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(binary), "load", str(big_graph.source), "--format", "csv", "--data", str(data)],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=clean_environment())
    try:
        until(lambda: catches(process.pid, signal.SIGINT), what="the command to listen for Ctrl-C")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=120) == 130, log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    assert "LOAD_CANCELLED_BY_USER" in log.read_text()
    checked = tool.check(data)
    assert checked.clean, checked.text


def catches(pid, number):
    """Whether a process has a handler for that signal."""
    with open(f"/proc/{pid}/status") as status:
        [caught] = [line.split()[1] for line in status if line.startswith("SigCgt:")]
    return bool(int(caught, 16) >> (number - 1) & 1)
