"""Signature Version 4 by hand, so that every part of a signature can be wrong on purpose."""

import datetime
import hashlib
import hmac
import urllib.parse

from .clients import REGION


def signed(keys, method, url, body=b"", headers=None, *, date=None, region=REGION, service="neptune-db",
           terminator="aws4_request", day=None, names=None):
    """The headers of a request, those given and those of its signature.

    `date` is an instant or the text of `x-amz-date`; `names` are the headers that are signed, by default host, date and token
    and all that are given.
    """
    parts = urllib.parse.urlsplit(url)
    date = date or datetime.datetime.now(datetime.UTC)
    stamp = date if isinstance(date, str) else date.strftime("%Y%m%dT%H%M%SZ")
    sent = {"host": parts.netloc, "x-amz-date": stamp} | {name.lower(): value for name, value in (headers or {}).items()}
    if keys.token:
        sent["x-amz-security-token"] = keys.token
    names = sorted(names or sent)
    pairs = sorted(
        (urllib.parse.quote(name, safe="-_.~"), urllib.parse.quote(value, safe="-_.~"))
        for name, value in urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
    canonical = "\n".join([
        method, urllib.parse.quote(parts.path or "/", safe="/~"), "&".join(f"{name}={value}" for name, value in pairs),
        *(f"{name}:{' '.join(sent.get(name, '').split())}" for name in names), "", ";".join(names),
        sent.get("x-amz-content-sha256", hashlib.sha256(body).hexdigest()),
    ])
    scope = f"{day or stamp[:8]}/{region}/{service}/{terminator}"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{keys.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    sent["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={keys.access}/{scope}, SignedHeaders={';'.join(names)}, Signature={signature}")
    return sent
