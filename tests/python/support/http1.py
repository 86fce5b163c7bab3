"""HTTP/1.1 as far as tests need it to send what no library would, many at a time: replies read from a stream of asyncio."""

import asyncio


class Reply:
    """A reply of HTTP/1.1, as far as it came."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def closes(self):
        return self.headers.get(b"connection") == b"close"


async def read_reply(reader, method=b"GET"):
    """The next reply, without those that only say to go on; `None` when the server has closed."""
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        first, *lines = head[:-4].split(b"\r\n")
        version, status = first.split(b" ")[:2]
        assert version in (b"HTTP/1.1", b"HTTP/1.0"), f"not a reply: {head[:200]!r}"
        if int(status) >= 200:
            break
    headers = {name.lower(): value.strip() for name, value in (line.split(b":", 1) for line in lines)}
    try:
        body = await _body(reader, headers, method, int(status))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return Reply(int(status), headers, body)


async def _body(reader, headers, method, status):
    if method == b"HEAD" or status == 204:
        return b""
    if headers.get(b"transfer-encoding") != b"chunked":
        return await reader.readexactly(int(headers.get(b"content-length", 0)))
    body = b""
    while size := int((await reader.readuntil(b"\r\n")), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass
    return body


async def drain(reader):
    try:
        while await reader.read(1 << 16):
            pass
    except ConnectionError:
        pass


async def close(writer):
    writer.close()
    try:
        await writer.wait_closed()
    except ConnectionError:
        pass
