"""The four SDKs and plain HTTP behind one small face, so that one test can ask them all.

`trust` is a file of authorities for endpoints with TLS, `keys` and `region` are what an SDK signs with. Each client has `start`, `status`, `cancel`, `list_loads` and `engine_status`, takes the service model's member names, returns the
answer's members, and raises `ServiceError` for a modelled exception.
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import boto3
import botocore.config
import botocore.exceptions
import requests

from .server import clean_environment
from .waiting import until

ROLE = "arn:aws:iam::000000000000:role/loader"
REGION = "us-east-1"
NO_LOAD = "00000000-0000-4000-8000-000000000000"

@dataclass(frozen=True)
class Keys:
    """An access key with its secret, and the session token of temporary keys."""

    access: str
    secret: str
    token: str | None = None

    def environment(self):
        """The variables in which SDKs look for keys."""
        found = {"AWS_ACCESS_KEY_ID": self.access, "AWS_SECRET_ACCESS_KEY": self.secret}
        return found | ({"AWS_SESSION_TOKEN": self.token} if self.token else {})

    def but(self, **members):
        return replace(self, **members)


#: What an SDK insists on where nobody asks for keys.
NO_KEYS = Keys("test", "test")

#: The names of the clients, as the `connect` fixture takes them.
CLIENTS = ("boto3", "aws-cli", "javascript", "rust", "http")

#: States from which a job goes on by itself.
RUNNING = {"LOAD_NOT_STARTED", "LOAD_IN_QUEUE", "LOAD_IN_PROGRESS"}


class ServiceError(Exception):
    """A modelled exception as a client saw it; `status` is `None` where the client does not show it."""

    def __init__(self, name, status, message):
        super().__init__(f"{name} ({status}): {message}")
        self.name, self.status, self.message = name, status, message


def request(source, format="csv", **members):
    """The members of a start that every SDK insists on, with `mode` NEW so that a repeat loads again."""
    return {"source": str(source), "format": format, "s3BucketRegion": REGION, "iamRoleArn": ROLE, "mode": "NEW"} | members


class Boto:
    """boto3, with one attempt a call unless said otherwise."""

    name = "boto3"

    def __init__(self, endpoint, attempts=1, read_timeout=600, trust=None, keys=NO_KEYS, region=REGION):
        self.raw = boto3.client(
            "neptunedata", endpoint_url=endpoint, region_name=region, verify=trust and str(trust),
            aws_access_key_id=keys.access, aws_secret_access_key=keys.secret, aws_session_token=keys.token,
            config=botocore.config.Config(
                retries={"total_max_attempts": attempts, "mode": "standard"}, read_timeout=read_timeout),
        )

    def call(self, operation, **members):
        try:
            answer = getattr(self.raw, operation)(**members)
        except botocore.exceptions.ClientError as error:
            shown = error.response["Error"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            raise ServiceError(shown["Code"], status, shown.get("Message", "")) from None
        answer.pop("ResponseMetadata")
        return answer

    def start(self, **members):
        return self.call("start_loader_job", **members)

    def status(self, load_id, **members):
        return self.call("get_loader_job_status", loadId=load_id, **members)

    def cancel(self, load_id):
        return self.call("cancel_loader_job", loadId=load_id)

    def list_loads(self, **members):
        return self.call("list_loader_jobs", **members)

    def engine_status(self):
        return self.call("get_engine_status")


class AwsCli:
    """The AWS command line, one process a call."""

    name = "aws-cli"
    shown = re.compile(r"An error occurred \((\w+)\) when calling the \w+ operation(?: \([^)]*\))?: (.*)", re.DOTALL)

    def __init__(self, endpoint, trust=None, keys=NO_KEYS, region=REGION):
        self.endpoint, self.keys, self.region = endpoint, keys, region
        self.trust = {"AWS_CA_BUNDLE": str(trust)} if trust else {}

    def call(self, verb, **members):
        run = subprocess.run(
            [sys.executable, str(Path(sys.executable).with_name("aws")), "neptunedata", verb,
             "--endpoint-url", self.endpoint, "--region", self.region, "--output", "json",
             "--cli-input-json", json.dumps(members)],
            capture_output=True, text=True, stdin=subprocess.DEVNULL,
            env=clean_environment(self.keys.environment() | {
                "AWS_MAX_ATTEMPTS": "1",
                "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            } | self.trust),
        )
        if run.returncode == 0:
            return json.loads(run.stdout)
        if found := self.shown.search(run.stderr):
            raise ServiceError(found[1], None, found[2].strip())
        raise AssertionError(f"aws neptunedata {verb} ended with {run.returncode}: {run.stderr}")

    def start(self, **members):
        return self.call("start-loader-job", **members)

    def status(self, load_id, **members):
        return self.call("get-loader-job-status", loadId=load_id, **members)

    def cancel(self, load_id):
        return self.call("cancel-loader-job", loadId=load_id)

    def list_loads(self, **members):
        return self.call("list-loader-jobs", **members)

    def engine_status(self):
        return self.call("get-engine-status")


class SdkProcess:
    """An SDK of another language: a process that prints `{"ok": …}` or `{"error": …}`."""

    def __init__(self, name, command, endpoint, trust=None, keys=NO_KEYS, region=REGION):
        self.name, self.command, self.endpoint = name, command, endpoint
        # The first is Node's, the second that of what the Rust SDK stands on.
        trust = {"NODE_EXTRA_CA_CERTS": str(trust), "SSL_CERT_FILE": str(trust)} if trust else {}
        self.env = clean_environment(keys.environment() | {"AWS_REGION": region} | trust)

    def call(self, operation, **members):
        run = subprocess.run(
            [*self.command, self.endpoint, operation, json.dumps(members)],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, env=self.env,
        )
        assert run.returncode == 0, f"{self.name} {operation} ended with {run.returncode}: {run.stderr}"
        answer = json.loads(run.stdout)
        if error := answer.get("error"):
            raise ServiceError(error.get("name"), error.get("status"), error.get("message"))
        return answer["ok"]

    def start(self, **members):
        return self.call("start", **members)

    def status(self, load_id, **members):
        return self.call("status", loadId=load_id, **members)

    def cancel(self, load_id):
        return self.call("cancel", loadId=load_id)

    def list_loads(self, **members):
        return self.call("list", **members)

    def engine_status(self):
        return self.call("engine-status")


class Http:
    """Plain HTTP, as curl would: any path, any body, answers as they are."""

    name = "http"

    def __init__(self, endpoint, trust=None):
        self.endpoint, self.trust = endpoint, trust

    def ask(self, method, path, **options):
        options.setdefault("timeout", 600)
        options.setdefault("verify", str(self.trust) if self.trust else None)
        return requests.request(method, self.endpoint + path, **options)

    def _members(self, answer):
        body = answer.json()
        if answer.status_code == 200:
            return body
        raise ServiceError(body["code"], answer.status_code, body["detailedMessage"])

    def start(self, **members):
        if "s3BucketRegion" in members:
            members["region"] = members.pop("s3BucketRegion")
        return self._members(self.ask("POST", "/loader", json=members))

    def status(self, load_id, **members):
        flags = {name: str(value).lower() for name, value in members.items()}
        return self._members(self.ask("GET", "/loader", params={"loadId": load_id} | flags))

    def cancel(self, load_id):
        return self._members(self.ask("DELETE", "/loader", params={"loadId": load_id}))

    def list_loads(self, **members):
        flags = {name: str(value).lower() for name, value in members.items()}
        return self._members(self.ask("GET", "/loader", params=flags))

    def engine_status(self):
        return self._members(self.ask("GET", "/status"))


def finished(client, load_id, **members):
    """Follows a job to its end and returns the payload of the last status."""
    return until(
        lambda: client.status(load_id, **members)["payload"],
        lambda payload: payload["overallStatus"]["status"] not in RUNNING,
        f"the end of load {load_id}",
    )


def load(client, source, format="csv", **members):
    """Starts a load, follows it to its end; returns the payload of its last status."""
    load_id = client.start(**request(source, format, **members))["payload"]["loadId"]
    return finished(client, load_id, details=True, errors=True)
