"""Chaos: seeded rounds of starts, queues, cancels, kills and S3 faults, and after each round what must always hold.

Not part of the gate. `HALIMEDE_ROUNDS=500 HALIMEDE_SEED=1 cargo xtask python tests/python/chaos.py`

Every source of a round has names of its own, so that what a job says can be held against what lies in the store: over the jobs of
one source, records that were loaded add up to the records that are there. When nothing disturbs a source any more, a load with mode
AUTO brings it to the end, and then all of it is there, once.
"""

import os
import random
import shutil
import traceback
from collections import Counter

import requests

from support.clients import RUNNING, Boto, ServiceError, finished, request
from support.faults import FaultProxy, Reset, Short, Status
from support.jobs import loaded
from support.waiting import until

ROUNDS = int(os.environ.get("HALIMEDE_ROUNDS", "20"))
SEED = int(os.environ.get("HALIMEDE_SEED", "1"))

#: After so many rounds the store is emptied, so that the last round does not cost a hundred times the first.
RESET_EVERY = 20

ENDED = {
    "LOAD_COMPLETED", "LOAD_CANCELLED_BY_USER", "LOAD_CANCELLED_DUE_TO_ERRORS", "LOAD_FAILED", "LOAD_UNEXPECTED_ERROR",
    "LOAD_FAILED_BECAUSE_DEPENDENCY_NOT_SATISFIED", "LOAD_FAILED_INVALID_REQUEST",
}

#: What a start is told when its source cannot be looked at.
REFUSALS = {"InternalFailureException", "LoadUrlAccessDeniedException", "BadRequestException"}

#: Little memory and short waits: loads are put aside on disk, and a fault is over soon.
FLAGS = ("--memory", "64MiB", "--s3-timeout", "2", "--s3-retries", "2", "--s3-backoff", "0.05")


class Source:
    """A few objects below a prefix, and how many records they hold."""

    def __init__(self, prefix, format, rows):
        self.prefix, self.format, self.rows, self.jobs = prefix, format, rows, []
        self.records = sum(rows) * (2 if format == "csv" else 1)

    def objects(self):
        for at, rows in enumerate(self.rows):
            names = (f"{self.prefix}-{at}-{row}" for row in range(rows))
            if self.format == "csv":
                text = "~id,~label,name:String\n" + "".join(f"{name},Thing,of {name}\n" for name in names)
            else:
                text = "".join(f'<http://chaos.test/{name}> <http://chaos.test/p> "{name}" .\n' for name in names)
            yield f"{self.prefix}/{at}", text.encode()


class Chaos:
    def __init__(self, make_server, s3, proxy, tool, folder, seed):
        self.random = random.Random(seed)
        self.s3, self.proxy, self.tool, self.folder = s3, proxy, tool, folder
        self.bucket = s3.bucket()
        self.store = s3.client()
        self.server = make_server("--s3-endpoint", proxy.endpoint, *FLAGS, env=s3.credentials()).start()
        self.seen = Counter()
        self.sources = []

    @property
    def client(self):
        return Boto(self.server.endpoint)

    def round(self, number):
        sources = [
            Source(f"r{number}s{at}", self.random.choice(("csv", "ntriples")),
                   [self.random.randrange(1, 20_000) for _ in range(self.random.randrange(1, 4))])
            for at in range(self.random.randrange(1, 4))
        ]
        for source in sources:
            for key, body in source.objects():
                self.store.put_object(Bucket=self.bucket, Key=key, Body=body)
        self.sources += sources
        for source in self.random.choices(sources, k=self.random.randrange(1, 6)):
            self.start(source)
            for _ in range(self.random.randrange(3)):
                self.disturb(sources)
        self.proxy.heal()
        self.settle(sources)
        for source in sources:
            # Undisturbed, AUTO ends what was begun.
            job = self.start(source, may_fail=False)
            seen = finished(self.client, job)["overallStatus"]
            assert seen["status"] == "LOAD_COMPLETED", (source.prefix, seen)
        self.verify(sources)

    def start(self, source, may_fail=True):
        members = request(f"s3://{self.bucket}/{source.prefix}/", source.format, mode="AUTO", queueRequest=True)
        members["failOnError"] = self.random.random() < 0.5
        if self.random.random() < 0.2:
            members["parserConfiguration"] = {"atomic": "TRUE"}
        try:
            job = self.client.start(**members)["payload"]["loadId"]
        except ServiceError as error:
            # A fault may hit the look at the source that comes before a start: then there is no job.
            assert may_fail and error.name in REFUSALS, error
            self.seen["refused starts"] += 1
            return None
        source.jobs.append(job)
        self.seen["starts"] += 1
        return job

    def disturb(self, sources):
        match self.random.choice(("nothing", "cancel", "cancel", "all", "kill", "stop", "fault", "fault", "look")):
            case "cancel":
                jobs = [job for source in sources for job in source.jobs]
                if not jobs:
                    return
                job = self.random.choice(jobs)
                try:
                    self.client.cancel(job)
                    status = self.status(job)
                    assert status == "LOAD_CANCELLED_BY_USER", ("a cancel that was granted", job, status)
                    self.seen["cancels"] += 1
                except ServiceError as error:
                    assert error.name == "BulkLoadIdNotFoundException", error
                    assert self.status(job) in ENDED, job
            case "all":
                scope = self.random.choice(("true", "running"))
                answer = requests.delete(f"{self.server.endpoint}/loader", params={"all": scope})
                assert answer.status_code == 200, answer.text
                self.seen["cancels of all"] += 1
            case "kill":
                self.server.kill()
                self.server.start()
                self.seen["kills"] += 1
            case "stop":
                assert self.server.stop() == 0
                self.server.start()
                self.seen["stops"] += 1
            case "fault":
                after = self.random.randrange(1, 100_000)
                fault = self.random.choice((
                    Status(500, "InternalError"), Status(503, "SlowDown"), Status(403, "AccessDenied"), Reset(), Reset(after), Short(after),
                ))
                kind = self.random.choice(("read", "read", "list"))
                self.proxy.spoil(fault, kind, skip=self.random.randrange(3), times=self.random.choice((1, 2, None)))
                self.seen["faults"] += 1
            case "look":
                for source in sources:
                    for job in source.jobs:
                        self.client.status(job, details=True, errors=True)

    def status(self, job):
        return self.client.status(job)["payload"]["overallStatus"]["status"]

    def settle(self, sources):
        for source in sources:
            for job in source.jobs:
                status = until(lambda: self.status(job), lambda status: status not in RUNNING, f"load {job} to end")
                assert status in ENDED, (job, status)

    def verify(self, sources):
        checked = self.tool.check(endpoint=self.server.endpoint)
        assert checked.clean, checked.text
        left = self.left()
        for source in sources:
            said = sum(loaded(self.client.status(job)["payload"]["overallStatus"]) for job in source.jobs)
            assert left[source.prefix] == said == source.records, (
                source.prefix, source.format, "left", left[source.prefix], "said", said, "there are", source.records,
                [self.client.status(job, details=True, errors=True)["payload"] for job in source.jobs])
        listed = self.client.list_loads()["payload"]["loadIds"]
        ours = [job for source in sources for job in source.jobs]
        assert set(ours) <= set(listed), "a job is forgotten"

    def left(self):
        """Records in the store by source."""
        left = Counter()
        for dataset, format in (("pg", "csv"), ("rdf", "nquads")):
            out = self.folder / dataset
            shutil.rmtree(out, ignore_errors=True)
            self.tool.export(out, dataset, format, endpoint=self.server.endpoint)
            for path in out.iterdir():
                for line in path.read_text().splitlines():
                    name = line.removeprefix("<http://chaos.test/")
                    if name.startswith("r"):
                        left[name.split("-", 1)[0]] += 2 if dataset == "pg" else 1
        return left

    def reset(self):
        token = self.client.call("execute_fast_reset", action="initiateDatabaseReset")["payload"]["token"]
        self.client.call("execute_fast_reset", action="performDatabaseReset", token=token)
        assert not self.left()
        self.sources.clear()


def test_chaos(make_server, s3, tool, tmp_path):
    with FaultProxy(("127.0.0.1", int(s3.endpoint.rsplit(":", 1)[1]))) as proxy:
        chaos = Chaos(make_server, s3, proxy, tool, tmp_path / "out", SEED)
        (tmp_path / "out").mkdir()
        for number in range(1, ROUNDS + 1):
            try:
                chaos.round(number)
                if number % RESET_EVERY == 0:
                    chaos.reset()
            except Exception:
                print(f"round {number} of seed {SEED}\n{traceback.format_exc()}\n{chaos.server.log_tail(100)}")
                raise
        chaos.server.stop()
        print(f"{ROUNDS} rounds of seed {SEED}: {dict(chaos.seen)}")
