"""An OpenTelemetry collector as far as traces need one: OTLP over HTTP, in JSON, on a port of its own."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Collector:
    """Keeps every span that it is sent, checked against the protocol."""

    def __init__(self):
        self.spans, self.resources = [], []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert (self.path, self.headers["Content-Type"]) == ("/v1/traces", "application/json")
                collector.take(json.loads(body))
                answer = b"{}"
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self, export):
        for resource in export["resourceSpans"]:
            self.resources.append(_attributes(resource["resource"]))
            for scope in resource["scopeSpans"]:
                self.spans += [Span(span) for span in scope["spans"]]


def _attributes(holder):
    return {each["key"]: next(iter(each["value"].values())) for each in holder["attributes"]}


class Span:
    """One span, its ids read as hexadecimal."""

    def __init__(self, sent):
        self.name, self.kind, self.attributes = sent["name"], sent["kind"], _attributes(sent)
        self.trace, self.id = bytes.fromhex(sent["traceId"]), bytes.fromhex(sent["spanId"])
        self.parent = bytes.fromhex(sent.get("parentSpanId", ""))
        self.began, self.ended = int(sent["startTimeUnixNano"]), int(sent["endTimeUnixNano"])
        assert (len(self.trace), len(self.id)) == (16, 8) and len(self.parent) in (0, 8)
        assert 0 < self.began <= self.ended
