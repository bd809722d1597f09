"""A payload: the field values of one entry, kept beside the log so that they can be erased from it.

    yizhan/payload/v1
    <base64 of 32 random bytes>
    {"set":{"field":value,...}}          canonical JSON, without a newline

Rules kept here:
- At most 256 KiB, stored and sent exactly as written; its SHA-256 and size stand in the entry.
- The salt makes that digest unguessable: without it ten thousand million ID numbers are searched in an
  hour.
- `set` is a patch: only what the actor changed; null clears a field. It is the only key at the top.
- Unknown fields are kept by whoever reads on; unknown grammar is refused here and the entry set aside.
"""

import hashlib
import re
from typing import Any

from common.errors import Invalid
from common.log import canonical
from common.log.encoding import HASH, b64
from common.log.entry import MAX_PAYLOAD

_header = re.compile(rb"yizhan/payload/v1\n" + HASH + rb"\n").match
_HEADER = 63  # bytes before the JSON


def body(raw: bytes) -> bytes:
    """The JSON of a payload, unread; Invalid without the header before it."""
    if len(raw) > MAX_PAYLOAD:
        raise Invalid("payload_too_large", f"a payload has at most {MAX_PAYLOAD} bytes, got {len(raw)}")
    if _header(raw) is None:
        raise Invalid("payload_malformed", "no payload header")
    return raw[_HEADER:]


def parse(raw: bytes) -> dict[str, Any]:
    """The patch in `raw`; Invalid unless `raw` is its one canonical form."""
    whole = canonical.decode(body(raw))
    fields = whole.get("set") if type(whole) is dict and len(whole) == 1 else None
    if type(fields) is not dict:
        raise Invalid("payload_malformed", 'expected an object of the form {"set":{...}}')
    return fields


def encode(fields: dict[str, Any], salt: bytes) -> bytes:
    """The payload of a patch; `salt` is 32 fresh random bytes. Invalid if a value has no canonical form."""
    if len(salt) != 32:
        raise Invalid("payload_malformed", f"a salt has 32 bytes, got {len(salt)}")
    raw = b"yizhan/payload/v1\n" + b64(salt).encode() + b"\n" + canonical.encode({"set": fields})
    if len(raw) > MAX_PAYLOAD:
        raise Invalid("payload_too_large", f"a payload has at most {MAX_PAYLOAD} bytes, got {len(raw)}")
    return raw


def digest(raw: bytes) -> bytes:
    """SHA-256 as the entry names it."""
    return hashlib.sha256(raw).digest()
