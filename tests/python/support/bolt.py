"""Messages of Bolt, as bytes."""


def message(tag, *fields):
    """A message of strings, small numbers and maps of them, with its chunk around."""
    def packed(value):
        if isinstance(value, dict):
            return bytes([0xA0 + len(value)]) + b"".join(packed(key) + packed(each) for key, each in value.items())
        if isinstance(value, int):
            return bytes([0xFF]) if value == -1 else bytes([value])
        text = value.encode()
        return b"\xd1" + len(text).to_bytes(2, "big") + text

    body = bytes([0xB0 + len(fields), tag]) + b"".join(map(packed, fields))
    return len(body).to_bytes(2, "big") + body + b"\0\0"
