"""Where things stand in the log tables: places of entries, keys of kept hashes. Pure arithmetic."""

from __future__ import annotations

from typing import NamedTuple

from common.log.entry import Entry
from common.store.tables import HASH_LEVEL_BITS, PLACE_BITS, Log

TILE = 8  # binary levels between the subtrees that are kept


class Placed(NamedTuple):
    """One entry in its place. `leaf` and `raw` are of the entry itself, also where a log relays it.

    market: whose log it stands in (a market code or 'hub'); source: (incarnation << 32) + index there.
    """

    place: int
    leaf: bytes
    raw: bytes
    payload: bytes | None
    gone: int | None
    entry: Entry | None
    reason: str | None
    market: str
    source: int


def place_of(log: Log, index: int) -> int:
    return (log.id << PLACE_BITS) + index


def index_of(place: int) -> int:
    return place & ((1 << PLACE_BITS) - 1)


def relays(log: Log) -> bool:
    return log.role in ("bulletin", "outbox")


def hash_key(log: Log, level: int, n: int) -> int:
    """Where the root of a kept subtree stands."""
    return (log.id << PLACE_BITS) + (level // TILE << HASH_LEVEL_BITS) + n
