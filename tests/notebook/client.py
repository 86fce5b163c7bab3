"""Drives the client class of graph-notebook: reads calls from standard input, one JSON object a line, and prints for each
what came back as it came, one JSON object a line. The endpoint's host and port are its two arguments; a third, `iam`, lets it
sign with the keys of its environment.

A call is `{"call": name, "args": […], "kwargs": {…}}`; its answer `{"status": …, "text": …}`, or `{"result": …}` where it
gives no reply of HTTP. `{"name": …}` asks for a constant of the client's module.
"""

import json
import sys

from botocore.session import get_session
from graph_notebook.neptune import client as module


def main():
    host, port = sys.argv[1], int(sys.argv[2])
    builder = module.ClientBuilder().with_host(host).with_port(port).with_region("us-east-1").with_tls(False)
    builder = builder.with_custom_neptune_hosts([host])
    if sys.argv[3:] == ["iam"]:
        builder = builder.with_iam(get_session())
    client = builder.build()
    for line in sys.stdin:
        asked = json.loads(line)
        if "name" in asked:
            answer = getattr(module, asked["name"])
        else:
            response = getattr(client, asked["call"])(*asked.get("args", []), **asked.get("kwargs", {}))
            of_http = hasattr(response, "status_code")
            answer = {"status": response.status_code, "text": response.text} if of_http else {"result": response}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
