"""The audit log: who started, cancelled, reset, and who was refused, whatever else is logged."""

import json

import boto3
import botocore.config
import botocore.exceptions
import pytest
import requests

from support import iam
from support.clients import NO_LOAD, request


def client(endpoint, name, secret=None):
    return boto3.client(
        "neptunedata", endpoint_url=endpoint, region_name="us-east-1",
        aws_access_key_id=name.upper(), aws_secret_access_key=secret or f"secret of {name}",
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )


def events(server):
    """The audit log, each event as the members that say what happened."""
    lines = (json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{"))
    fields = [line["fields"] | {"target": line["target"]} for line in lines]
    assert all(event["target"] == "audit" for event in fields), "only the audit log is asked for"
    return [
        (event["principal"].rsplit("/", 1)[-1], event["from"], event["operation"], event["outcome"], event["status"], event.get("load"))
        for event in fields
    ]


def test_with_iam_everyone_has_a_name(make_server, files, tmp_path):
    (files / "v.csv").write_text("~id,~label\nv1,V\n")
    flags = iam.write(tmp_path / "iam.json", iam.principal("ann", iam.EVERYTHING), iam.principal("bob", iam.allow("Get*")))
    with make_server("--import-dir", files, "--log", "error", "--log-format", "json", *flags) as server:
        ann, bob = client(server.endpoint, "ann"), client(server.endpoint, "bob")
        load_id = ann.start_loader_job(**request(f"file://{files}/v.csv"))["payload"]["loadId"]
        ann.get_engine_status()
        bob.get_engine_status()
        for call in (
            lambda: ann.cancel_loader_job(loadId=NO_LOAD),
            lambda: bob.cancel_loader_job(loadId=load_id),
            lambda: client(server.endpoint, "bob", "another secret").get_engine_status(),
        ):
            with pytest.raises(botocore.exceptions.ClientError):
                call()
        requests.get(server.endpoint + "/status")
        ann.execute_fast_reset(action="initiateDatabaseReset")
        here = "127.0.0.1"
        assert events(server) == [
            ("ann", here, "StartLoaderJob", "ok", 200, load_id),
            ("ann", here, "CancelLoaderJob", "BulkLoadIdNotFoundException", 404, None),
            ("bob", here, "CancelLoaderJob", "AccessDeniedException", 403, None),
            ("bob", here, "GetEngineStatus", "AccessDeniedException", 403, None),
            ("anonymous", here, "GetEngineStatus", "AccessDeniedException", 403, None),
            ("ann", here, "ExecuteFastReset", "ok", 200, None),
        ]
        assert "secret" not in server.log.read_text()


def test_without_it_nobody_has_one(make_server):
    with make_server("--log", "warn", "--log-format", "json") as server:
        requests.delete(f"{server.endpoint}/loader/{NO_LOAD}")
        requests.delete(f"{server.endpoint}/loader?all=true")
        assert events(server) == [
            ("anonymous", "127.0.0.1", "CancelLoaderJob", "BulkLoadIdNotFoundException", 404, None),
            ("anonymous", "127.0.0.1", "CancelLoaderJob", "ok", 200, "all"),
        ]


def test_it_can_be_switched_off(make_server):
    with make_server("--log", "warn,audit=off") as server:
        requests.delete(f"{server.endpoint}/loader/{NO_LOAD}")
        assert "audit" not in server.log.read_text()
