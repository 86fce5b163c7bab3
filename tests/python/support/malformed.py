"""Requests that no client should send, by the thousand and from a seed.

Two kinds. *Framed* ones are whole requests with hostile content: paths, parameters, JSON and forms for every route of the
table. They are sent one after the other on connections that stay open. *Raw* ones are bytes: heads, lengths, chunks and
frames that are wrong in themselves or became so by mutation. Each has a connection of its own, since it may end it.
"""

import json
import random
import re

from .clients import NO_LOAD, REGION, ROLE
from .places import ROOT

HOST = b"Host: 127.0.0.1\r\n"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def routes():
    """Every (method, path) of the server's table."""
    table = (ROOT / "crates/server/src/routes/table.rs").read_text()
    found = re.findall(r'route\(\s*"\w+",\s*Method::(\w+),\s*"([^"]+)"', table)
    assert len(found) >= 70, "the table of routes is not written as it was"
    return found


# --- framed -------------------------------------------------------------------------------------------------------

#: Members and parameters that some operation reads, each with a good value.
KNOWN = {
    "source": "file:///nowhere/v.csv", "format": "csv", "region": REGION, "iamRoleArn": ROLE, "mode": "NEW",
    "failOnError": "TRUE", "parallelism": "HIGH", "parserConfiguration": {"baseUri": "http://a/", "namedGraphUri": "http://g"},
    "updateSingleCardinalityProperties": "FALSE", "queueRequest": "TRUE", "dependencies": [NO_LOAD],
    "userProvidedEdgeIds": "TRUE", "edgeOnlyLoad": "FALSE", "atomic": "TRUE", "dryRun": "TRUE", "tolerance": "5%",
    "accessKey": "a", "secretKey": "b", "loadId": NO_LOAD, "limit": 5, "includeQueuedLoads": "true", "details": "true",
    "errors": "true", "page": 1, "errorsPerPage": 10, "all": "true", "action": "performDatabaseReset", "token": NO_LOAD,
    "query": "SELECT * { ?s ?p ?o } LIMIT 3", "update": "CLEAR ALL", "baseURI": "http://a/", "explain": "static",
    "default-graph-uri": "http://g", "named-graph-uri": "http://g", "queryId": NO_LOAD, "silent": "true",
    "gremlin": "g.V()", "parameters": "{}", "maxItems": 5, "clean": "true", "neptuneIamRoleArn": ROLE, "mode ": "basic",
    "scope": "ALL", "concurrency": 1, "writeBufferSize": "LOW", "clientToken": "t", "id": "x", "dataset": "pg", "part": "rows",
    "feed": 1, "iteratorType": "LATEST", "commitNum": 1, "opNum": 1, "inputDataS3Location": "s3://b/k",
    "processedDataS3Location": "s3://b/k", "dataProcessingJobId": "x", "trainModelS3Location": "s3://b/k",
    "modelTransformOutputS3Location": "s3://b/k", "mlModelTrainingJobId": "x", "trainingJobName": "x",
}

#: What stands in place of a good value.
HOSTILE = [
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**400, 0.5, -0.0, "", " ", "\0", "\r\n", "%", "%00", "%zz", "+",
    "null", "TRUE", "[]", "{}", "é", "\ud7ff", "\U0001f40d", "\u202e", "'\"<>&;", "../../etc/passwd", "file:///etc/passwd",
    "file:///", "s3://", "s3://b/", "http://127.0.0.1:1/", "A" * 300, "9" * 400, "x" * 20_000, [], [[]], {}, {"": ""},
    ["x"] * 200, {"a": {"b": {"c": None}}}, NO_LOAD.upper(), NO_LOAD[:-1], NO_LOAD + "0", "0" * 36,
    "SELECT", "SELECT * {", "SELECT * { ?s ?p ?o", "{" * 5_000, "ASK { ?s ?p \"\\u\" }", "CONSTRUCT {} {}",
    "DESCRIBE <http://a/%%>", "SELECT (1/0 AS ?x) {}", "ASK { <a b> ?p ?o }", "PREFIX : <x> ASK {:}",
    "SELECT * { ?s ?p ?o FILTER(regex(?o, \"(((((((((((((((((((((((((((\")) }", "SELECT * { SERVICE <http://127.0.0.1:1/> {} }",
]

TYPES = [
    b"application/json", b"application/x-www-form-urlencoded", b"application/sparql-query", b"application/sparql-update",
    b"application/x-amz-json-1.0", b"text/plain; charset=utf-16", b"", b"\xff", b";;;", b"application/json; charset=" + b"x" * 500,
]


def framed(seed, count):
    """That many whole requests with hostile content."""
    chance, table = random.Random(seed), routes()
    for _ in range(count):
        method, template = chance.choice(table)
        if chance.random() < 0.1:
            method = chance.choice(("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "BREW"))
        yield _framed(chance, method, template)


def _framed(chance, method, template):
    path = re.sub(r"\{\w+\}", lambda _: chance.choice((NO_LOAD, _quoted(chance, _text(chance)))), template).encode()
    if chance.random() < 0.15:
        path = _mutated_path(chance, path)
    if chance.random() < 0.6:
        path += b"?" + _form(chance)
    head = [b"%s %s HTTP/1.1\r\n" % (method.encode(), path[:60_000]), HOST]
    body = b""
    if method in ("POST", "PUT") or chance.random() < 0.1:
        body = chance.choice((_json, _form, _broken_json))(chance)
        media_type = chance.choice(TYPES)
        head.append(b"Content-Type: %s\r\n" % media_type)
    if chance.random() < 0.2:
        head.append(chance.choice((
            b"Accept: %s\r\n" % chance.choice((b"*/*", b"", b"image/png", b"a/b;q=2", b";" * 200, b"\xff/\xfe")),
            b"Origin: null\r\n", b"Origin: http://127.0.0.1\r\n", b"TE: trailers\r\n", b"Expect: 100-continue\r\n",
            b"Content-Encoding: gzip\r\n", b"amz-sdk-invocation-id: x\r\n", b"Last-Event-ID: end\r\n",
            b"Authorization: AWS4-HMAC-SHA256 Credential=\r\n", b"X-Forwarded-Host: evil.example\r\n",
        )))
    if body and chance.random() < 0.3:
        return b"".join(head) + b"Transfer-Encoding: chunked\r\n\r\n" + _chunks(chance, body)
    return b"".join(head) + b"Content-Length: %d\r\n\r\n" % len(body) + body


def _text(chance):
    value = chance.choice(HOSTILE)
    return value if isinstance(value, str) else json.dumps(value)


def _quoted(chance, text):
    """Percent-encoded: wholly, or so far that it stays one segment of a request's target."""
    raw = text.encode("utf-8", "replace")[:8_000]
    if chance.random() < 0.5:
        return "".join(f"%{byte:02x}" for byte in raw)
    return re.sub(rb"[^A-Za-z0-9%]", lambda found: b"%%%02X" % found[0][0], raw).decode() or "x"


def _mutated_path(chance, path):
    return chance.choice((
        path + b"/", b"/" + path, path.upper(), path.replace(b"/", b"//"), path + b"/" * 50, path + b"/..", path + b"/%2e%2e/status",
        path[:-1], path.replace(b"l", b"%6C"), path + b"%00", path + b";a=b", b"/" + b"x/" * 2_000,
    ))


def _form(chance):
    names = chance.sample(sorted(KNOWN), chance.randint(0, 6))
    if chance.random() < 0.3 and names:
        names.append(names[0])
    pairs = [f"{_quoted(chance, name)}={_quoted(chance, _value_text(chance, name))}".encode() for name in names]
    if chance.random() < 0.1:
        pairs.append(chance.choice((b"=", b"&&&", b"%", b"a=%f", b"a", b"x=1&" * 1_200, b"==", b"query")))
    return b"&".join(pairs)


def _value_text(chance, name):
    value = KNOWN[name] if chance.random() < 0.5 else chance.choice(HOSTILE)
    return value if isinstance(value, str) else json.dumps(value)


def _members(chance):
    names = set(chance.sample(sorted(KNOWN), chance.randint(0, 8)))
    if chance.random() < 0.5:
        names |= {"source", "format", "region", "iamRoleArn"}
    return {name: KNOWN[name] if chance.random() < 0.6 else chance.choice(HOSTILE) for name in sorted(names)}


def _json(chance):
    return json.dumps(_members(chance)).encode()


def _broken_json(chance):
    good = _json(chance)
    return chance.choice((
        good[:-1], good + good, b"[" * 50_000, b"{\"a\":" * 20_000, b"\xef\xbb\xbf" + good, good.replace(b"\"", b"'"),
        b"[%s]" % good, b"null", b"\"text\"", b"1e999", b"{\"source\":\"a\",\"source\":\"b\"}", b"{\"source\":\"\\ud800\"}",
        good.replace(b":", b"::", 1), good.decode().encode("utf-16"), b"\xff" * 100, b" " * 3_000, mutated(chance, good),
    ))


def _chunks(chance, body):
    out, at = b"", 0
    while at < len(body):
        size = chance.choice((1, 7, 1_000, len(body)))
        piece = body[at:at + size]
        out += b"%x%s\r\n%s\r\n" % (len(piece), chance.choice((b"", b";x=y", b" ")), piece)
        at += size
        if len(out) > 3_000:
            size = len(body)
    return out + b"0\r\n" + chance.choice((b"", b"X-Trailer: y\r\n")) + b"\r\n"


# --- raw ----------------------------------------------------------------------------------------------------------

def _request(line, *headers, body=b""):
    return line + b"\r\n" + HOST + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + body


def frame(kind, flags, stream, payload=b"", length=None):
    """An HTTP/2 frame; `length` lies about it."""
    return (len(payload) if length is None else length).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


#: A GET of /status in HPACK: indexed method and scheme, literal path and authority.
GET_STATUS = bytes((0x82, 0x86, 0x04, 7)) + b"/status" + bytes((0x01, 9)) + b"127.0.0.1"
SETTINGS = frame(4, 0, 0)
UPDATE = b"\x00\x00\x00\x64"

HTTP1 = [
    b"", b"\r\n", b"\r\n\r\n\r\n", b"\0" * 100, b"\xff" * 100, b"GET", b"GET /status", b"GET /status HTTP/1.1", b"nonsense\r\n\r\n",
    b"GET /status HTTP/1.1\r\n\r\n", b"GET /status HTTP/0.9\r\n\r\n", b"GET /status HTTP/9.9\r\n" + HOST + b"\r\n",
    b"GET /status\r\n\r\n", b"GET  /status HTTP/1.1\r\n" + HOST + b"\r\n", b"GET\t/status\tHTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET http:// HTTP/1.1\r\n" + HOST + b"\r\n", b"GET //status HTTP/1.1\r\n" + HOST + b"\r\n",
    b"CONNECT 127.0.0.1:80 HTTP/1.1\r\n" + HOST + b"\r\n", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET * HTTP/1.1\r\n" + HOST + b"\r\n", b"GET /status HTTP/1.1\n" + b"Host: 127.0.0.1\n\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200, b"SSH-2.0-OpenSSH_9.9\r\n", b"EHLO x\r\n",
    _request(b"GET /status HTTP/1.1", b"Host: 127.0.0.1"), _request(b"GET /status HTTP/1.1", b"Host: evil.example"),
    _request(b"GET /status HTTP/1.1", b"no colon"), _request(b"GET /status HTTP/1.1", b": empty name"),
    _request(b"GET /status HTTP/1.1", b"Name : space"), _request(b"GET /status HTTP/1.1", b" folded: line"),
    _request(b"GET /status HTTP/1.1", b"X: a\r\n b: folded"), _request(b"GET /status HTTP/1.1", b"X: \0"),
    _request(b"GET /status HTTP/1.1", b"X\xff: y"), _request(b"GET /status HTTP/1.1", b"X: " + b"y" * 140_000),
    _request(b"GET /status HTTP/1.1", *[b"X%d: y" % n for n in range(300)]),
    _request(b"GET /%s HTTP/1.1" % (b"x" * 70_000)), _request(b"GET /status?%s HTTP/1.1" % (b"a=b&" * 10_000)),
    _request(b"GET /\xff\xfe HTTP/1.1"), _request(b"GET /sta tus HTTP/1.1"), _request(b"GET /status#x HTTP/1.1"),
    _request(b"GET http://user@127.0.0.1/status HTTP/1.1"), _request(b"GET http://evil.example/status HTTP/1.1"),
    # Lengths.
    _request(b"POST /loader HTTP/1.1", b"Content-Length: -1"), _request(b"POST /loader HTTP/1.1", b"Content-Length: +5", body=b"12345"),
    _request(b"POST /loader HTTP/1.1", b"Content-Length: 5, 5", body=b"12345"), _request(b"POST /loader HTTP/1.1", b"Content-Length: 0x5", body=b"12345"),
    _request(b"POST /loader HTTP/1.1", b"Content-Length: 18446744073709551616"), _request(b"POST /loader HTTP/1.1", b"Content-Length: 18446744073709551615"),
    _request(b"POST /sparql HTTP/1.1", b"Content-Length: 157286401"), _request(b"POST /loader HTTP/1.1", b"Content-Length: 1048577"),
    _request(b"POST /loader HTTP/1.1", b"Content-Length: 5", b"Content-Length: 6", body=b"123456"),
    _request(b"POST /loader HTTP/1.1", b"Content-Length: 100", body=b"{}"), _request(b"POST /loader HTTP/1.1", b"Content-Length: ", body=b"{}"),
    _request(b"GET /status HTTP/1.1", b"Content-Length: 5", body=b"12345"), _request(b"DELETE /loader HTTP/1.1", b"Content-Length: 2", body=b"{}"),
    # Chunks.
    *(_request(b"POST /loader HTTP/1.1", b"Transfer-Encoding: chunked", body=body) for body in (
        b"zz\r\n", b"-1\r\n", b"5\r\n12", b"5\r\n123456\r\n0\r\n\r\n", b"FFFFFFFFFFFFFFFF\r\n", b"10000000000000000\r\n", b"5;" + b"x" * 20_000 + b"\r\n12345\r\n0\r\n\r\n",
        b"0\r\n\r\n", b"0\r\nX: y\r\n\r\n", b"0\r\n" + b"X: y\r\n" * 2_000 + b"\r\n", b"2\n{}\n0\n\n", b"\r\n", b"2\r\n{}0\r\n\r\n", b"0" * 5_000 + b"\r\n\r\n",
    )),
    # Shapes that two servers would read differently.
    _request(b"POST /loader HTTP/1.1", b"Content-Length: 4", b"Transfer-Encoding: chunked", body=b"0\r\n\r\nGET /status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
    _request(b"POST /loader HTTP/1.1", b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"),
    _request(b"POST /loader HTTP/1.1", b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"),
    _request(b"POST /loader HTTP/1.1", b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    _request(b"POST /loader HTTP/1.1", b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    _request(b"POST /loader HTTP/1.1", b"Transfer-Encoding:\x0bchunked", body=b"0\r\n\r\n"),
    _request(b"POST /loader HTTP/1.0", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    _request(b"GET /status HTTP/1.1", b"X: y\rContent-Length: 5"), _request(b"GET /status HTTP/1.1", b"X: y\nTransfer-Encoding: chunked"),
    # One after the other without waiting.
    _request(b"GET /status HTTP/1.1") * 20, _request(b"GET /status HTTP/1.1") + b"nonsense\r\n\r\n",
    _request(b"GET /status HTTP/1.1") + _request(b"GET /%s HTTP/1.1" % (b"x" * 70_000)),
    _request(b"POST /loader HTTP/1.1", b"Content-Length: 2", body=b"{}") * 10 + b"POST",
    # Upgrades.
    _request(b"GET /gremlin HTTP/1.1", b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Key: AAAA", b"Sec-WebSocket-Version: 13"),
    _request(b"GET /status HTTP/1.1", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__"),
    _request(b"GET /status HTTP/1.1", b"Expect: 200-maybe"), _request(b"POST /loader HTTP/1.1", b"Expect: 100-continue", b"Content-Length: 2"),
]

HTTP2 = [PREFACE + rest for rest in (
    b"", SETTINGS, b"\0" * 9, b"\xff" * 9, frame(4, 0, 0, b"\0" * 5), frame(4, 0, 1), frame(4, 1, 0, b"\0" * 6),
    SETTINGS + frame(4, 0, 0, b"\x00\x04\xff\xff\xff\xff"), SETTINGS + frame(4, 0, 0, b"\x00\x05\x00\x00\x00\x00"),
    SETTINGS * 500, SETTINGS + frame(1, 5, 1, GET_STATUS), SETTINGS + b"".join(frame(1, 5, n, GET_STATUS) for n in range(1, 201, 2)),
    SETTINGS + frame(1, 5, 2, GET_STATUS), SETTINGS + frame(1, 5, 0, GET_STATUS), SETTINGS + frame(1, 4, 1, GET_STATUS),
    SETTINGS + frame(1, 5, 1, GET_STATUS) + frame(3, 0, 1, b"\0\0\0\x08"),
    SETTINGS + b"".join(frame(1, 5, n, GET_STATUS) + frame(3, 0, n, b"\0\0\0\x08") for n in range(1, 401, 2)),
    SETTINGS + frame(1, 0, 1, GET_STATUS[:3]) + frame(9, 4, 1, GET_STATUS[3:]), SETTINGS + frame(1, 0, 1, GET_STATUS) + frame(0, 0, 1, b"x"),
    SETTINGS + frame(9, 4, 1, GET_STATUS), SETTINGS + b"".join(frame(9, 0, 1) for _ in range(300)),
    SETTINGS + frame(1, 0, 1, GET_STATUS[:3]) + b"".join(frame(9, 0, 1, b"") for _ in range(300)),
    SETTINGS + frame(1, 5, 1, b"\xff" * 50), SETTINGS + frame(1, 5, 1, b"\x3f\xff\xff\xff\xff\x0f"), SETTINGS + frame(1, 0x2D, 1, b"\xff" + GET_STATUS),
    SETTINGS + frame(0, 1, 1, b"x" * 100), SETTINGS + frame(0, 1, 0, b"x"), SETTINGS + frame(0, 8, 1, b"\xff"), SETTINGS + frame(8, 0, 0, b"\0\0\0\0"),
    SETTINGS + frame(8, 0, 0, b"\x7f\xff\xff\xff") * 3, SETTINGS + frame(8, 0, 5, UPDATE), SETTINGS + frame(6, 0, 0, b"\0" * 8) * 200,
    SETTINGS + frame(6, 0, 0, b"\0" * 7), SETTINGS + frame(6, 0, 1, b"\0" * 8), SETTINGS + frame(7, 0, 0, b"\0" * 8), SETTINGS + frame(7, 0, 0, b""),
    SETTINGS + frame(5, 4, 1, b"\0\0\0\x02" + GET_STATUS), SETTINGS + frame(2, 0, 1, b"\0\0\0\x01\x10"), SETTINGS + frame(250, 255, 1, b"?" * 30),
    SETTINGS + frame(0, 0, 1, b"x", length=0xFFFFFF), SETTINGS + frame(1, 5, 1, GET_STATUS, length=3),
    SETTINGS + frame(1, 5, 1, bytes((0x83, 0x86, 0x04, 7)) + b"/loader" + bytes((0x01, 9)) + b"127.0.0.1"),
    SETTINGS + frame(1, 5, 1, GET_STATUS + bytes((0x00, 10)) + b"connection" + bytes((5,)) + b"close"),
    SETTINGS + frame(1, 5, 1, GET_STATUS + bytes((0x00, 1)) + b"X" + bytes((1,)) + b"y"),
)]

#: What is put between bytes to change their meaning.
TOKENS = [
    b"\r\n", b"\n", b"\r", b"\0", b"\xff", b" ", b"\t", b":", b"%", b"%00", b"\r\n\r\n", b"Content-Length: 3\r\n", b"Content-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Host: evil.example\r\n", b"Connection: close\r\n", b"Connection: keep-alive\r\n", b"Expect: 100-continue\r\n",
    b"0\r\n\r\n", b"ffffffff\r\n", b"HTTP/1.1", b"HTTP/1.0", b"GET /status HTTP/1.1\r\n" + HOST + b"\r\n", b"{", b"[", b"\"", b"&", b"=", b"?", b"/", b"#",
]
NUMBERS = [b"0", b"-1", b"1", b"4294967296", b"18446744073709551616", b"99999999999999999999999999", b"0x10", b"1e9", b""]


def raw(seed, count):
    """The corpus of bytes as it is, then mutations of it, that many in all."""
    chance, corpus = random.Random(seed), HTTP1 + HTTP2
    yield from corpus[:count]
    whole = list(framed(seed, 300))
    for _ in range(count - len(corpus)):
        # Frames are few beside heads, and as easily broken.
        origin = chance.choice(HTTP1) if chance.random() < 0.5 else chance.choice(HTTP2 if chance.random() < 0.25 else whole)
        yield mutated(chance, origin[:20_000])


def mutated(chance, origin):
    out = bytearray(origin)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        at = chance.randint(0, len(out))
        to = min(len(out), at + chance.choice((1, 1, 2, 4, 16, 64)))
        match chance.randrange(8):
            case 0 if at < len(out):
                out[at] ^= 1 << chance.randrange(8)
            case 1:
                del out[at:to]
            case 2:
                out[at:at] = out[at:to] * chance.choice((1, 2, 30))
            case 3:
                out[at:at] = chance.choice(TOKENS)
            case 4:
                out[at:to] = bytes(chance.randrange(256) for _ in range(to - at))
            case 5:
                del out[at:]
            case 6 if found := list(re.finditer(rb"[0-9]+", out)):
                number = chance.choice(found)
                out[number.start():number.end()] = chance.choice(NUMBERS)
            case _:
                out[at:at] = chance.choice(TOKENS)
    return bytes(out)
