"""Small conversions that fields, kinds and the store share: ids, days, and when two values are the same."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

import msgspec

BEIJING = timezone(timedelta(hours=8))  # halls know no other zone, and it has no summer time
is_record_id = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}").fullmatch

MAX_SAFE = 2**53 - 1  # the largest whole number that every reader of JSON keeps exact
_encode = msgspec.json.Encoder(order="sorted").encode
_EAST = 8 * 3_600_000
_LAST = 253_402_271_999_999  # the end of the year 9999 in Beijing, where Python's calendar ends


def beijing(now: int) -> datetime:
    """The wall clock of the hall at a moment in epoch ms. Total: a claimed time may be any number."""
    return datetime.fromtimestamp(max(0, min(now, _LAST)) / 1000, UTC).astimezone(BEIJING)


def today(now: int) -> str:
    """The Beijing day `YYYY-MM-DD` of a moment in epoch ms."""
    return _day((max(0, min(now, _LAST)) + _EAST) // 86_400_000)


@lru_cache(maxsize=64)
def _day(number: int) -> str:
    return (date(1970, 1, 1) + timedelta(number)).isoformat()


@lru_cache(maxsize=10_000)  # a push asks thrice for each of its records
def id_bytes(record: str) -> bytes:
    """16 bytes of a record id in its text form."""
    return bytes.fromhex(record.replace("-", ""))


def id_text(raw: bytes) -> str:
    """The text form of 16 bytes."""
    digits = raw.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def same(one: Any, other: Any) -> bool:
    """Equal as canonical bytes: `true` is not 1."""
    return one is other or _encode(one) == _encode(other)


def canonical(value: Any) -> str:
    """The one JSON text of a value."""
    return _encode(value).decode()
