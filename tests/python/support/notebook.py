"""The calls of a notebook, as three clients make them.

Each has `load`, `load_status` and `cancel_load`, with the arguments of graph-notebook's client class, and gives back the HTTP
status and the decoded body.
"""

import json
import subprocess

import requests

from .clients import NO_KEYS, Boto, ServiceError
from .server import clean_environment


class GraphNotebook:
    """graph-notebook's own client class, in a process of its own: what it wants installed goes with nothing else here."""

    def __init__(self, command, endpoint, keys=None):
        host, port = endpoint.removeprefix("http://").rsplit(":", 1)
        self.process = subprocess.Popen(
            [*command, host, port, *(["iam"] if keys else [])], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=clean_environment((keys or NO_KEYS).environment()),
        )

    def _ask(self, **asked):
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"graph-notebook's client ended with {self.process.wait()}"
        return json.loads(line)

    def _call(self, call, *args, **kwargs):
        answer = self._ask(call=call, args=args, kwargs=kwargs)
        return answer["status"], json.loads(answer["text"])

    def constant(self, name):
        return self._ask(name=name)

    def load(self, source, source_format, iam_role_arn=None, **members):
        return self._call("load", source, source_format, iam_role_arn, **members)

    def load_status(self, load_id="", **parameters):
        return self._call("load_status", load_id, **parameters)

    def cancel_load(self, load_id):
        return self._call("cancel_load", load_id)

    def opencypher(self, query, **how):
        """`%%oc`."""
        return self._call("opencypher_http", query, **how)

    def opencypher_explain(self, query, mode):
        """`%%oc explain`: HTML."""
        answer = self._ask(call="opencypher_http", args=[query], kwargs={"explain": mode})
        return answer["status"], answer["text"]

    def opencypher_bolt(self, query, **parameters):
        """`%%oc bolt`. The client's name has a letter too few."""
        return self._ask(call="opencyper_bolt", args=[query], kwargs=parameters)["result"]

    def opencypher_status(self, query_id="", **how):
        return self._call("opencypher_status", query_id, **how)

    def opencypher_cancel(self, query_id, **how):
        return self._call("opencypher_cancel", query_id, **how)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Raw:
    """The same requests by hand."""

    def __init__(self, endpoint):
        self.endpoint = endpoint

    def _send(self, method, **options):
        answer = requests.request(method, f"{self.endpoint}/loader", timeout=600, **options)
        return answer.status_code, answer.json()

    def load(self, source, source_format, iam_role_arn=None, **members):
        body = {"source": source, "format": source_format, "region": "us-east-1"}
        if iam_role_arn:
            body["iamRoleArn"] = iam_role_arn
        return self._send("POST", data=json.dumps(body | members), headers={"content-type": "application/json"})

    def load_status(self, load_id="", **parameters):
        # `requests` writes booleans as Python does: True and False.
        return self._send("GET", params=parameters | ({"loadId": load_id} if load_id else {}))

    def cancel_load(self, load_id):
        return self._send("DELETE", params={"loadId": load_id})

    def close(self):
        pass


class ByBoto:
    """The same through boto3, which has types and puts ids into the path."""

    FLAGS = {"failOnError", "updateSingleCardinalityProperties", "queueRequest", "userProvidedEdgeIds", "details", "errors",
             "includeQueuedLoads"}

    def __init__(self, endpoint):
        self.client = Boto(endpoint)

    def _members(self, given):
        typed = {}
        for name, value in given.items():
            if name in self.FLAGS:
                typed[name] = str(value).upper() == "TRUE"
            elif name in ("page", "errorsPerPage", "limit"):
                typed[name] = int(value)
            elif name == "region":
                typed["s3BucketRegion"] = value
            elif name == "parserConfiguration":
                typed[name] = {key: str(part) for key, part in value.items()}
            elif name != "edgeOnlyLoad":  # boto3's model may not know it
                typed[name] = value
        return typed

    def _call(self, call, *args, **members):
        try:
            return 200, call(*args, **self._members(members))
        except ServiceError as error:
            return error.status, {"code": error.name, "detailedMessage": error.message}

    def load(self, source, source_format, iam_role_arn=None, **members):
        members = {"source": source, "format": source_format, "iamRoleArn": iam_role_arn} | members
        return self._call(self.client.start, **members)

    def load_status(self, load_id="", **parameters):
        if load_id:
            return self._call(self.client.status, load_id, **parameters)
        return self._call(self.client.list_loads, **parameters)

    def cancel_load(self, load_id):
        return self._call(self.client.cancel, load_id)

    def close(self):
        pass
