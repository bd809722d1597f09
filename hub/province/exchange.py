"""Bytes on the wire, bounded before anything is parsed, and what an author needs to go on."""

from __future__ import annotations

import gzip
from typing import Any
from urllib.parse import unquote

from common.errors import Invalid
from common.log import push as pushes
from common.log.encoding import unb64
from hub.home import Home
from hub.province import intake

PACKED_ABOVE = 1024


def unpack(body: bytes, encoding: str) -> bytes:
    """A request's body; gzip is inflated up to the limit of a push. Invalid('push_too_large'|…)."""
    if encoding == "gzip":
        return pushes.inflate(body)
    if encoding:
        raise Invalid("unsupported_type", "Content-Encoding: expected gzip or none")
    return body


def pack(frame: bytes, accepted: str) -> tuple[bytes, str | None]:
    """An answer's body and its encoding."""
    if "gzip" in accepted and len(frame) > PACKED_ABOVE:
        return gzip.compress(frame, 3, mtime=0), "gzip"
    return frame, None


def root_of(text: str) -> bytes:
    """The root in a query, base64 with or without percent-encoding."""
    return unb64(unquote(text).replace(" ", "+"), 32)


def held(home: Home, origin: Any) -> dict[str, Any]:
    """Size and newest receipt of a log, for an author that pushed from another size."""
    receipt = intake.newest_receipt(home, str(origin or ""))
    return {"size": receipt.size, "receipt": receipt.note.decode() if receipt.note else None}
