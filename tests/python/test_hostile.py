"""Sources are hostile text, web pages must not drive the server, and a missing S3 is told at once."""

import os
import socket
import time

import pytest

from support import ports
from support.clients import NO_LOAD, Boto, Http, ServiceError, request
from support.proxy import BlackHole

#: The promise is an answer within this many seconds of a start that cannot reach its source.
PROMISED_SECONDS = 6


@pytest.fixture
def black_hole():
    hole = BlackHole()
    yield hole
    hole.close()


def refused(client, source="s3://wire-bucket/data/", **members):
    """Starts what cannot start; returns the error after asserting what holds for all of them."""
    begun = time.monotonic()
    with pytest.raises(ServiceError) as caught:
        client.start(**request(source, **members))
    assert time.monotonic() - begun < PROMISED_SECONDS
    assert client.list_loads()["payload"]["loadIds"] == [], "a refused start leaves no job"
    return caught.value


def test_without_any_s3_settings(make_server):
    with make_server() as server:
        error = refused(Boto(server.endpoint))
        assert error.status in (400, 500)
        assert "--s3-endpoint" in error.message or "AWS_ACCESS_KEY_ID" in error.message, error.message


def test_closed_port(make_server, s3):
    with make_server("--s3-endpoint", f"http://127.0.0.1:{ports.free()}", env=s3.credentials()) as server:
        error = refused(Boto(server.endpoint))
        assert (error.name, error.status) == ("InternalFailureException", 500)
        assert error.message.startswith(
            "Unable to connect to S3 endpoint. Provided source = s3://wire-bucket/data/ and region = us-east-1")


def test_black_hole(make_server, s3, black_hole):
    with make_server("--s3-endpoint", black_hole.endpoint, env=s3.credentials()) as server:
        error = refused(Boto(server.endpoint))
        assert (error.name, error.status) == ("InternalFailureException", 500)
        assert error.message.startswith("Unable to connect to S3 endpoint.")
        assert server.alive()


def test_no_credentials(make_server, s3):
    bucket = s3.bucket({"data/v.csv": b"~id,~label\na,Thing\n"})
    with make_server("--s3-endpoint", s3.endpoint) as server:
        error = refused(Boto(server.endpoint), f"s3://{bucket}/data/")
        assert error.status in (400, 403)
        assert "AWS_ACCESS_KEY_ID" in error.message, error.message


def test_wrong_credentials(make_server, s3):
    bucket = s3.bucket({"data/v.csv": b"~id,~label\na,Thing\n"})
    wrong = s3.credentials() | {"AWS_SECRET_ACCESS_KEY": "not-it"}
    with make_server("--s3-endpoint", s3.endpoint, env=wrong) as server:
        error = refused(Boto(server.endpoint), f"s3://{bucket}/data/")
        assert error.status == 400


#: (member, text): what a start may be asked to read, none of which may lead to a connection.
HOSTILE = [
    ("source", "s3://"),
    ("source", "s3:///key"),
    ("source", "s3://a/key"),
    ("source", "s3://UPPER/key"),
    ("source", "s3://under_score/key"),
    ("source", "s3://dots..twice/key"),
    ("source", "s3://-dash/key"),
    ("source", "s3://dash-/key"),
    ("source", "s3://192.168.0.1/key"),
    ("source", "s3://user:pass@bucket/key"),
    ("source", "s3://bucket:8080/key"),
    ("source", "s3://" + "b" * 64 + "/key"),
    ("source", "s3://bucket name/key"),
    ("source", "s3://buck\u0000et/key"),
    ("source", "s3://bucket\r\nHost: evil/key"),
    ("source", "s3://b%75cket/key"),
    ("source", "https://evil.example/bucket/key"),
    ("source", "https://s3.amazonaws.com.evil.example/bucket/key"),
    ("source", "https://s3.us-east-1.amazonaws.com@evil.example/bucket/key"),
    ("source", "https://evil.example#.s3.us-east-1.amazonaws.com/bucket/key"),
    ("source", "https://bucket.s3.us-east-1.amazonaws.com:444/key"),
    ("source", "http://169.254.169.254/latest/meta-data/"),
    ("source", "http://127.0.0.1:1/key"),
    ("source", "ftp://bucket/key"),
    ("source", "gopher://bucket/key"),
    ("source", "//bucket/key"),
    ("source", "s3:bucket/key"),
    ("source", "file:///etc/passwd"),
    ("source", "file://evil.example/etc/passwd"),
    ("source", "file:///proc/self/environ"),
    ("source", "\u202es3://bucket/key"),
    ("region", "us-east-1.evil.example"),
    ("region", "us-east-1/../"),
    ("region", "us-east-1@evil.example"),
    ("region", "../../etc"),
    ("region", "us east 1"),
    ("region", "us-east-1\r\nHost: evil"),
    ("region", "u" * 5000),
    ("region", "US-EAST-1"),
    ("region", "us-east-123"),
]


def test_hostile_sources_and_regions_make_no_connection(make_server, s3, black_hole):
    assert len(HOSTILE) >= 30
    with make_server("--s3-endpoint", black_hole.endpoint, env=s3.credentials()) as server:
        http = Http(server.endpoint)
        for member, text in HOSTILE:
            body = {"source": "s3://wire-bucket/key", "format": "csv", "region": "us-east-1", "iamRoleArn": "role"}
            answer = http.ask("POST", "/loader", json=body | {member: text})
            assert answer.status_code == 400, (member, text, answer.text)
            assert answer.json()["code"].endswith("Exception"), (member, text, answer.text)
        assert black_hole.connections() == 0
        assert http.list_loads()["payload"]["loadIds"] == []
        assert server.alive() and "panicked" not in server.log_tail(10_000)


def test_file_sources_stay_beneath_the_import_directory(make_server, files, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "v.csv").write_text("~id,~label\nsecret,Thing\n")
    (files / "link.csv").symlink_to(outside / "v.csv")
    (files / "folder").symlink_to(outside)
    data = tmp_path / "data"
    with make_server("--import-dir", files, data=data) as server:
        client = Boto(server.endpoint)
        for source in (
            f"file://{outside}/v.csv",
            f"file://{files}/../outside/v.csv",
            f"file://{files}/link.csv",
            f"file://{files}/folder/v.csv",
            f"file://{files}/folder",
            f"file://{data}",
            f"file://{files}/absent.csv",
        ):
            error = refused(client, source)
            assert error.status == 400, source
        assert "--import-dir" in refused(client, f"file://{outside}/v.csv").message


def test_the_data_directory_is_never_a_source(make_server, tmp_path):
    data = tmp_path / "data"
    with make_server("--import-dir", tmp_path, data=data) as server:
        assert refused(Boto(server.endpoint), f"file://{data}").status == 400


def test_special_files_are_refused(make_server, files):
    os.mkfifo(files / "pipe.csv")
    with make_server("--import-dir", files) as server:
        assert refused(Boto(server.endpoint), f"file://{files}/pipe.csv").status == 400


def status_of(server, head, body=b""):
    """Sends raw bytes, returns the status code of the answer."""
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        answer = line.makefile("rb").readline()
    return int(answer.split()[1])


def test_foreign_host_is_refused(make_server, files):
    with make_server("--import-dir", files, "--allow-host", "halimede.test") as server:
        for host in ("127.0.0.1", "localhost", f"127.0.0.1:{server.port}", f"localhost:{server.port}",
                     f"[::1]:{server.port}", "halimede.test"):
            assert status_of(server, f"GET /status HTTP/1.1\nHost: {host}\nConnection: close") == 200, host
        for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1.evil.example", "localhost.evil.example"):
            assert status_of(server, f"GET /status HTTP/1.1\nHost: {host}\nConnection: close") == 403, host
            assert status_of(server, f"DELETE /loader/{NO_LOAD} HTTP/1.1\nHost: {host}\nConnection: close") == 403, host


def test_foreign_origin_is_refused_before_its_body_is_read(make_server, files):
    (files / "v.csv").write_text("~id,~label\na,Thing\n")
    with make_server("--import-dir", files, "--allow-origin", "http://console.test") as server:
        own = f"http://127.0.0.1:{server.port}"
        for origin in (own, "http://console.test"):
            head = f"GET /status HTTP/1.1\nHost: 127.0.0.1:{server.port}\nOrigin: {origin}\nConnection: close"
            assert status_of(server, head) == 200, origin
        for origin in ("http://evil.example", "null", "http://console.test.evil.example", "https://console.test"):
            # A length is announced and no body follows: the answer must not wait for one.
            head = (f"POST /loader HTTP/1.1\nHost: 127.0.0.1\nOrigin: {origin}\nContent-Type: application/json\n"
                    "Content-Length: 100")
            assert status_of(server, head) == 403, origin
        assert Boto(server.endpoint).list_loads()["payload"]["loadIds"] == [], "nothing was done"
