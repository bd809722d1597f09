"""One entry: seven lines of strict text, at most 4,096 bytes, stored and sent exactly as they were signed.

    yizhan/entry/v1
    kind worker
    record <UUIDv7>
    after <leaf>[ <leaf>...]      or `-` for a new record
    time <milliseconds>
    actor <market code or hub>.<staff id>
    payload <size> <SHA256>       or `-`; the last line of every version of this format

Rules kept here:
- One spelling: a single full pattern over the bytes, so that encoding what was parsed gives the same bytes.
- `after` is sorted by the leaves' bytes, names nothing twice, and at most 16.
- A payload of 0 bytes cannot be declared: every payload begins with its header, and a length of 0 in a push
  means that there is none.
- An entry that cannot be read still says in its last line which payload belongs to it; `declared_payload`
  reads only that, so that a later version can be carried, checked and kept by a program that cannot fold
  it.

Nothing personal stands in an entry; that is what payloads are for, which can be erased.
"""

import binascii
import re
from collections.abc import Iterable
from typing import NamedTuple

from common.errors import Invalid
from common.log.encoding import HASH, MAX_SAFE, NUMBER, b64

MAX_ENTRY = 4096
MAX_LEAF = 65535
MAX_PAYLOAD = 262144
MAX_AFTER = 16

_b64_bytes = binascii.a2b_base64

# Everything is ASCII, so the pattern runs over the decoded text and its groups are ready to use.
_HASH = HASH.decode()
_NUMBER = NUMBER.decode()
_entry = re.compile(
    "yizhan/entry/v1\n"
    "kind ([a-z][a-z0-9_]{0,31})\n"
    "record ([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})\n"
    f"after (?:-|({_HASH}(?: {_HASH}){{0,{MAX_AFTER - 1}}}))\n"
    f"time ({_NUMBER})\n"
    r"actor ((?:[0-9]{8}|hub)\.[A-Za-z0-9-]{1,32})"
    "\n"
    f"payload (?:-|([1-9][0-9]{{0,5}}) ({_HASH}))\n"
).fullmatch
_last_line = re.compile(rb"payload (?:-|(" + NUMBER + rb") (" + HASH + rb"))\n").fullmatch


class Entry(NamedTuple):
    """What an entry says. `after` holds leaf hashes; size and digest are None together."""

    kind: str
    record: str
    after: tuple[bytes, ...]
    time: int
    actor: str
    payload_size: int | None = None
    payload_digest: bytes | None = None

    @property
    def author(self) -> str:
        """The market code, or "hub"."""
        return self.actor.partition(".")[0]


_make = Entry._make


def parse(raw: bytes) -> Entry:
    """The entry written in `raw`; Invalid if it is not exactly in the one form."""
    if len(raw) > MAX_ENTRY:
        raise Invalid("entry_too_large", f"an entry has at most {MAX_ENTRY} bytes, got {len(raw)}")
    try:
        match = _entry(raw.decode("ascii"))
    except UnicodeDecodeError:
        match = None
    if match is None:
        raise Invalid("entry_malformed", f"not a v1 entry: {raw[:32]!r}")
    kind, record, names, time, actor, size, digest = match.groups()
    after: tuple[bytes, ...] = ()
    if names is not None:
        after = (_b64_bytes(names),) if len(names) == 44 else _several(names)
    moment = int(time)
    if moment > MAX_SAFE:
        raise Invalid("entry_malformed", f"time is beyond 2^53-1: {moment}")
    if size is None:
        return _make((kind, record, after, moment, actor, None, None))
    length = int(size)
    if length > MAX_PAYLOAD:
        raise Invalid("payload_too_large", f"a payload has at most {MAX_PAYLOAD} bytes, declared {length}")
    return _make((kind, record, after, moment, actor, length, _b64_bytes(digest)))


def _several(names: str) -> tuple[bytes, ...]:
    """Two or more leaves; the pattern has checked each, here is their order."""
    after = tuple(map(_b64_bytes, names.split(" ")))
    for left, right in zip(after, after[1:], strict=False):
        if left >= right:
            raise Invalid("entry_malformed", "`after` is not sorted, or names a leaf twice")
    return after


def encode(entry: Entry) -> bytes:
    """The bytes of `entry`; Invalid if some value does not fit the form."""
    after = " ".join(map(b64, entry.after)) or "-"
    payload = "-"
    if entry.payload_digest is not None:
        payload = f"{entry.payload_size} {b64(entry.payload_digest)}"
    raw = (
        f"yizhan/entry/v1\nkind {entry.kind}\nrecord {entry.record}\nafter {after}\n"
        f"time {entry.time}\nactor {entry.actor}\npayload {payload}\n"
    ).encode()
    if parse(raw) != entry:
        raise Invalid("entry_malformed", "these values do not make an entry")
    return raw


def sorted_after(leaves: Iterable[bytes]) -> tuple[bytes, ...]:
    """Leaves in the order in which `after` names them, each once."""
    return tuple(sorted(set(leaves)))


def declared_payload(raw: bytes) -> tuple[int, bytes] | None:
    """Size and SHA-256 of the payload that a leaf of any version declares, None if it declares none.

    Reads only the last line; Invalid if that is no payload line.
    """
    match = _last_line(raw, raw.rfind(b"\n", 0, -1) + 1)
    if match is None:
        raise Invalid("payload_undeclared", "the leaf does not end in a payload line")
    size, digest = match.groups()
    if size is None:
        return None
    if int(size) > MAX_SAFE:
        raise Invalid("payload_undeclared", "the declared size is beyond 2^53-1")
    return int(size), _b64_bytes(digest)
