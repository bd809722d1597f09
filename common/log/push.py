"""The push: the frame in which a stretch of a log travels, with the signed note that vouches for it.

    yizhan/push/v1
    origin <origin>
    old <size before>
    count <n>
    note <bytes>
    (an empty line)
    <note>  then n times: u16 length, entry, u32 length, payload

The same frame goes up (a market's own log), down (the hub's logs) and onto sticks. A payload length of 0
says that the entry has none; 0xffffffff that it was erased; 0xfffffffe that it is withheld from this
reader.

Rules kept here:
- At most 8,192 entries and 16 MiB, bounded while inflating, before anything is parsed.
- The frame says nothing about truth: whether note, entries and payloads belong together is the follower's
  business. Here every byte has exactly one meaning, and none is left over.
"""

import re
import zlib
from collections.abc import Iterable
from enum import Enum
from struct import Struct
from struct import error as short_read
from typing import Final, NamedTuple, TypeAlias

from common.errors import Invalid
from common.log.encoding import NUMBER, ORIGIN, number
from common.log.entry import MAX_LEAF

MAX_ENTRIES = 8192
MAX_BYTES = 16 * 1024 * 1024
MAX_NOTE = 65536


class Absent(Enum):
    """Why a payload that an entry declares is not here."""

    ERASED = 0xFFFFFFFF
    WITHHELD = 0xFFFFFFFE


ERASED: Final = Absent.ERASED
WITHHELD: Final = Absent.WITHHELD

Item: TypeAlias = tuple[bytes, bytes | None | Absent]

_u16 = Struct(">H")
_u32 = Struct(">I")
_FIRST_MARK = 0xFFFFFFFE
_NONE = _u32.pack(0)
_header = re.compile(
    rb"yizhan/push/v1\norigin (%b)\nold (%b)\ncount (%b)\nnote (%b)\n\n" % (ORIGIN, NUMBER, NUMBER, NUMBER)
).match


class Push(NamedTuple):
    """`items` are the leaves from index `old` on, each with its payload: bytes, None, ERASED or WITHHELD."""

    origin: str
    old: int
    note: bytes
    items: list[Item]


def parse(raw: bytes) -> Push:
    """The push in `raw`; Invalid if a length does not fit, or `push_too_large` beyond the limits."""
    if len(raw) > MAX_BYTES:
        raise too_large(f"at most {MAX_BYTES} bytes, got {len(raw)}")
    match = _header(raw)
    if match is None:
        raise Invalid("push_malformed", "no push header")
    old, count, note_size = number(match[2]), number(match[3]), number(match[4])
    if count > MAX_ENTRIES:
        raise too_large(f"at most {MAX_ENTRIES} entries, got {count}")
    start = match.end() + note_size
    if note_size > MAX_NOTE or start > len(raw):
        raise Invalid("push_malformed", f"a note of {note_size} bytes does not fit")
    return Push(match[1].decode(), old, raw[match.end() : start], _items(raw, start, count))


def _items(raw: bytes, at: int, count: int) -> list[Item]:
    """`count` entries with their payloads from `at` to the very end."""
    items: list[Item] = []
    add, entry_length, payload_length = items.append, _u16.unpack_from, _u32.unpack_from
    try:
        for _ in range(count):
            middle = at + 2 + entry_length(raw, at)[0]
            length = payload_length(raw, middle)[0]
            entry = raw[at + 2 : middle]
            at = middle + 4
            if length == 0:
                add((entry, None))
            elif length < _FIRST_MARK:
                add((entry, raw[at : at + length]))
                at += length
            else:
                add((entry, Absent(length)))
    except short_read:  # a length points beyond the end
        at = -1
    if at != len(raw):
        raise Invalid("push_malformed", "entries and lengths do not end where the push ends")
    return items


def encode(push: Push) -> bytes:
    """The frame; Invalid if it would be one that `parse` refuses."""
    parts = [
        b"yizhan/push/v1\norigin %b\nold %d\ncount %d\nnote %d\n\n"
        % (push.origin.encode(), push.old, len(push.items), len(push.note)),
        push.note,
    ]
    if _header(parts[0]) is None or len(push.note) > MAX_NOTE:
        raise Invalid("push_malformed", "the header does not fit the form")
    if len(push.items) > MAX_ENTRIES:
        raise too_large(f"at most {MAX_ENTRIES} entries, got {len(push.items)}")
    for entry, payload in push.items:
        if len(entry) > MAX_LEAF:
            raise Invalid("leaf_too_large", f"a leaf has at most {MAX_LEAF} bytes, got {len(entry)}")
        parts += (_u16.pack(len(entry)), entry)
        if payload is None:
            parts.append(_NONE)
        elif isinstance(payload, Absent):
            parts.append(_u32.pack(payload.value))
        elif payload:
            parts += (_u32.pack(len(payload)), payload)
        else:
            raise Invalid("push_malformed", "a payload of 0 bytes cannot be told from none")
    raw = b"".join(parts)
    if len(raw) > MAX_BYTES:
        raise too_large(f"at most {MAX_BYTES} bytes, got {len(raw)}")
    return raw


def item_size(entry: bytes, payload: bytes | None | Absent) -> int:
    """How many bytes of a frame one item takes; what fills a push up to MAX_BYTES adds these."""
    return 6 + len(entry) + (len(payload) if isinstance(payload, bytes) else 0)


def too_large(message: str) -> Invalid:
    """The one error that asks for a smaller push, not for a better one (413)."""
    return Invalid("push_too_large", message)


def deflate(raw: bytes, level: int = 6) -> bytes:
    """gzip, without a name or a time in it."""
    packer = zlib.compressobj(level, zlib.DEFLATED, 31)
    return packer.compress(raw) + packer.flush()


def inflate(data: bytes | Iterable[bytes], limit: int = MAX_BYTES) -> bytes:
    """What one gzip member holds, read piece by piece and never more than `limit` bytes of it.

    Invalid `push_too_large` beyond the limit, `gzip_malformed` if it is cut off, damaged or followed by more.
    """
    unpacker = zlib.decompressobj(31)
    parts, left = [], limit + 1  # one byte more tells "exactly the limit" from "beyond"
    try:
        for chunk in (data,) if isinstance(data, bytes) else data:
            while chunk and not unpacker.eof:
                part = unpacker.decompress(chunk, left)
                parts.append(part)
                left -= len(part)
                if left <= 0:
                    raise too_large(f"more than {limit} bytes inflated")
                chunk = unpacker.unconsumed_tail
            if unpacker.unused_data or (chunk and unpacker.eof):
                raise Invalid("gzip_malformed", "something follows the gzip data")
    except zlib.error:
        raise Invalid("gzip_malformed", "not gzip") from None
    if not unpacker.eof:
        raise Invalid("gzip_malformed", "the gzip data is cut off")
    return b"".join(parts)
