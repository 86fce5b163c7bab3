"""TLS: real clients over it, certificates that are renewed while the server runs, and what it refuses."""

import socket
import ssl
import subprocess

import pytest
import requests
import trustme

from support.clients import CLIENTS, Boto, ServiceError, finished, request
from support.waiting import until


class Authority:
    """A certificate authority, and the files of a server's certificate from it."""

    def __init__(self, folder):
        self.folder, self.ca = folder, trustme.CA()
        self.trust = folder / "ca.pem"
        self.ca.cert_pem.write_to_path(self.trust)
        self.certificate, self.key = folder / "server.pem", folder / "server.key"
        self.issue()

    def issue(self):
        """A new certificate in the place of the last one, each file replaced in one step, as tools for that do."""
        issued = self.ca.issue_cert("127.0.0.1", "localhost")
        chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        for path, content in ((self.key, issued.private_key_pem.bytes()), (self.certificate, chain)):
            new = path.with_suffix(".new")
            new.write_bytes(content)
            new.replace(path)
        return self

    @property
    def flags(self):
        return "--tls-cert", self.certificate, "--tls-key", self.key

    def context(self):
        return ssl.create_default_context(cafile=self.trust)


@pytest.fixture
def authority(tmp_path):
    folder = tmp_path / "tls"
    folder.mkdir()
    return Authority(folder)


@pytest.fixture
def secure(make_server, authority, files):
    with make_server("--import-dir", files, *authority.flags) as running:
        yield running


def serial(server, context):
    """The serial number of the certificate that the server shows, and the version of TLS that was agreed on."""
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        with context.wrap_socket(raw, server_hostname="localhost") as wrapped:
            return wrapped.getpeercert()["serialNumber"], wrapped.version()


def test_the_ready_line_names_https(secure):
    assert secure.endpoint.startswith("https://127.0.0.1:")


def test_a_load_over_tls(secure, authority, files):
    (files / "v.csv").write_text("~id,~label\nv1,V\n")
    client = Boto(secure.endpoint, trust=authority.trust)
    load_id = client.start(**request(f"file://{files}/v.csv"))["payload"]["loadId"]
    assert finished(client, load_id)["overallStatus"]["status"] == "LOAD_COMPLETED"
    with pytest.raises(ServiceError, match="BulkLoadIdNotFoundException"):
        client.cancel(load_id)


@pytest.mark.parametrize("name", [name for name in CLIENTS if name != "rust"])
def test_every_client_speaks_it(name, secure, authority, connect):
    # By name, since some clients take no addresses for certificates. The driver of the Rust SDK has no TLS stack.
    endpoint = secure.endpoint.replace("127.0.0.1", "localhost")
    assert connect(name, endpoint, trust=authority.trust).engine_status()["status"] == "healthy"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_both_versions_are_spoken_and_none_before_them(secure, authority):
    for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
        context = authority.context()
        context.minimum_version = context.maximum_version = version
        assert serial(secure, context)[1] == name
    old = authority.context()
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        serial(secure, old)


def test_a_renewed_certificate_is_shown_and_a_broken_one_is_not(secure, authority):
    context = authority.context()
    first, _ = serial(secure, context)
    authority.issue()
    second = until(lambda: (now := serial(secure, context)[0]) != first and now)
    authority.certificate.write_text("-----BEGIN CERTIFICATE-----\nAA\n")
    until(lambda: serial(secure, context) and "the last one stays" in secure.log_tail())
    assert serial(secure, context)[0] == second
    authority.issue()
    until(lambda: serial(secure, context)[0] not in (first, second))


def test_http_in_the_clear_is_told_so(secure):
    answer = requests.get(secure.endpoint.replace("https", "http") + "/status")
    assert answer.status_code == 400
    assert answer.json()["code"] == "BadRequestException"
    assert "https://" in answer.json()["detailedMessage"]


def test_a_handshake_that_never_ends_holds_nobody_up(secure, authority):
    with socket.create_connection(("127.0.0.1", secure.port)) as silent:
        silent.sendall(b"\x16\x03\x01\x02\x00")
        assert requests.get(secure.endpoint + "/status", verify=authority.trust).ok
        assert secure.stop() == 0


@pytest.mark.parametrize("flags, expected", [
    (("--tls-cert", "{certificate}"), "--tls-cert needs --tls-key"),
    (("--tls-key", "{key}"), "--tls-key needs --tls-cert"),
    (("--tls-cert", "{key}", "--tls-key", "{key}"), "expected certificates in PEM, found none"),
    (("--tls-cert", "{certificate}", "--tls-key", "{certificate}"), "expected a private key in PEM, found none"),
    (("--tls-cert", "{certificate}", "--tls-key", "{other}"), "cannot be used with the certificate"),
    (("--tls-cert", "{certificate}", "--tls-key", "/nowhere"), "cannot read /nowhere"),
])
def test_files_that_cannot_be_used_stop_the_start(binary, authority, tmp_path, flags, expected):
    other = tmp_path / "other.key"
    other.write_bytes(authority.ca.issue_cert("localhost").private_key_pem.bytes())
    names = {"certificate": authority.certificate, "key": authority.key, "other": other}
    done = subprocess.run(
        [str(binary), "serve", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "d"), *(flag.format(**names) for flag in flags)],
        capture_output=True, text=True,
    )
    assert done.returncode in (1, 2) and expected in done.stderr, done


def test_the_command_line_trusts_whom_it_is_told_to(secure, authority, tool):
    good = tool.run("jobs", "--endpoint", secure.endpoint, "--ca-cert", authority.trust)
    assert good.returncode == 0
    bad = tool.run("jobs", "--endpoint", secure.endpoint, check=False)
    assert bad.returncode == 1 and "certificate" in bad.stderr.lower(), bad


def test_the_operators_socket_is_in_the_clear(make_server, authority):
    with make_server("--admin-listen", "127.0.0.1:0", *authority.flags) as server:
        address = until(lambda: server.admin_endpoint())
        assert requests.get(f"{address}/halimede/health").json()["status"] == "healthy"
        assert "halimede_http_connections" in requests.get(f"{address}/metrics").text
        for path in ("/status", "/loader", "/sparql", "/halimede/export"):
            answer = requests.get(address + path)
            assert (answer.status_code, answer.json()["code"]) == (400, "BadRequestException"), path
