"""A real S3-compatible server (SeaweedFS, from the registry) and what the tests put into it."""

import itertools
import json
import subprocess
import sys
import time
from pathlib import Path

import boto3
import botocore.config

from . import ports
from .server import clean_environment

ACCESS_KEY, SECRET_KEY = "wire-access", "wire-secret"

#: Keys of who may write but neither list nor read, and of who may list but not read.
WRITER, LISTER = ("writer-access", "writer-secret"), ("lister-access", "lister-secret")


class SeaweedFs:
    """One `weed server`: master, volume, filer and S3 gateway in a process, with one identity that may do all and two that
    may not."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.log = self.folder / "weed.log"
        self.process = None
        self.endpoint = None
        self._names = itertools.count(1)

    def start(self):
        identities = {"identities": [
            {"name": name, "credentials": [{"accessKey": access, "secretKey": secret}], "actions": actions}
            for name, (access, secret), actions in (
                ("wire", (ACCESS_KEY, SECRET_KEY), ["Admin", "Read", "List", "Tagging", "Write"]),
                ("writer", WRITER, ["Write"]),
                ("lister", LISTER, ["List"]),
            )
        ]}
        config = self.folder / "s3.json"
        config.write_text(json.dumps(identities))
        # Each of its servers also listens for gRPC 10,000 above.
        master, volume, filer, s3 = (ports.free(also=10_000) for _ in range(4))
        self.endpoint = f"http://127.0.0.1:{s3}"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(Path(sys.executable).with_name("weed")), "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
                 f"-dir={self.folder}", "-master.telemetry=false", f"-master.port={master}",
                 f"-volume.port={volume}", "-volume.max=2000", "-master.volumeSizeLimitMB=64",
                 f"-filer.port={filer}", "-s3", f"-s3.port={s3}", f"-s3.config={config}",
                 # Fixed ports that nobody needs here.
                 "-s3.port.iceberg=0", "-s3.port.lance=0"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=clean_environment(),
            )
        self._wait_until_it_stores()
        return self

    def _wait_until_it_stores(self):
        deadline = time.monotonic() + 120
        while True:
            try:
                self.bucket(put={"ready": b"yes"})
                return
            except Exception as error:  # not up yet shows as any of a dozen connection and service errors
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"SeaweedFS did not come up: {error}\n{self.log.read_text()[-2000:]}") from error
                time.sleep(0.2)

    def client(self):
        return boto3.client(
            "s3", endpoint_url=self.endpoint, region_name="us-east-1",
            aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY,
            config=botocore.config.Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )

    def bucket(self, put=None):
        """Makes a bucket of its own, with objects from key to bytes (or a path to read), and returns its name."""
        name = f"wire-{next(self._names)}"
        client = self.client()
        client.create_bucket(Bucket=name)
        for key, content in (put or {}).items():
            body = content.read_bytes() if isinstance(content, Path) else content
            client.put_object(Bucket=name, Key=key, Body=body)
        return name

    def credentials(self):
        """The environment with which a server may read here."""
        return {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}

    def stop(self):
        # It takes over twenty seconds to obey SIGTERM, and has nothing worth keeping.
        self.process.kill()
        self.process.wait()
