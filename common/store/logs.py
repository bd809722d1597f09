"""Logs as this store holds them: appending our own, extending those we follow, reading them back.

A log moves by one statement that compares the head it started from: a second writer that slipped in between
is an AssertionError, because everything here runs inside BEGIN IMMEDIATE. The head moves in the same
transaction as the entries, and what is folded from them.

What was signed is in `notes`, the arithmetic of places in `places`; both are also reached from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from common.errors import Invalid, Refused
from common.keys import VerifierKey
from common.log import origins, relay, tree
from common.log.entry import Entry
from common.log.entry import parse as parse_entry
from common.log.follower import Advanced, Head
from common.log.push import ERASED, WITHHELD, Item, Push
from common.log.tree import Frontier
from common.records.fields import id_bytes
from common.store.database import Database
from common.store.notes import (
    authored,
    keep_note,
    keep_receipt,
    last_note,
    note_covering,
    open_receipt_of,
    sign_head,
)
from common.store.places import TILE, Placed, hash_key, index_of, place_of, relays
from common.store.tables import GONE_ERASED, GONE_WITHHELD, PLACE_BITS, Log

Subtree = tuple[int, int, bytes]  # level, n, hash: one that has become complete

__all__ = [
    "ABSENT",
    "TILE",
    "Hashes",
    "Placed",
    "append",
    "append_relayed",
    "extend",
    "frontier_of",
    "get_log",
    "hash_key",
    "head_of",
    "index_of",
    "keep_note",
    "keep_receipt",
    "last_note",
    "leaf_at",
    "note_covering",
    "open_log",
    "open_receipt_of",
    "place_of",
    "read",
    "relays",
    "root_at",
    "sign_head",
    "source_of",
    "unfold",
]

_origin = lru_cache(maxsize=4096)(origins.parse)
_GONE = {ERASED: GONE_ERASED, WITHHELD: GONE_WITHHELD}
ABSENT = {GONE_ERASED: ERASED, GONE_WITHHELD: WITHHELD}


def open_log(origin: str, role: str, vkey: VerifierKey) -> Log:
    """Begin to hold a log, empty. Its place in the order of logs is its id."""
    parsed = _origin(origin)
    market = parsed.code if parsed.role == "market" and parsed.code else "hub"
    return Log.create(origin=origin, role=role, market=market, vkey=str(vkey), root=tree.EMPTY)


def get_log(origin: str) -> Log:
    """Raises Refused('unknown_log')."""
    log = Log.get_or_none(Log.origin == origin)
    if log is None:
        raise Refused("unknown_log", f"no log {origin[:200]}", origin=origin[:200])
    return log


def frontier_of(log: Log) -> Frontier:
    return Frontier.from_bytes(log.size, bytes(log.frontier))


def head_of(log: Log) -> Head:
    return Head(log.origin, log.size, frontier_of(log), bytes(log.root))


def source_of(origin: str, index: int) -> int:
    return (_origin(origin).n << PLACE_BITS) + index


def append(db: Database, log: Log, made: Sequence[tuple[bytes, bytes | None, bytes, Entry]]) -> list[Placed]:
    """Add (raw, payload, leaf, entry) of our own; the note is signed afterwards by whoever holds the key."""
    first = place_of(log, log.size)
    n = _origin(log.origin).n << PLACE_BITS
    placed = [
        Placed(first + i, leaf, raw, payload, None, entry, None, log.market, n + log.size + i)
        for i, (raw, payload, leaf, entry) in enumerate(made)
    ]
    nodes: list[Subtree] = []
    frontier = frontier_of(log).extend([one.leaf for one in placed], nodes)
    _store(db, log, [(one.raw, one) for one in placed], frontier, nodes)
    return placed


def append_relayed(db: Database, log: Log, leaves: Sequence[tuple[bytes, Placed]]) -> None:
    """Add leaves of a log of ours that relays: (leaf bytes, the entry inside with its own place)."""
    first = place_of(log, log.size)
    rows = [(raw, inner._replace(place=first + i, entry=None)) for i, (raw, inner) in enumerate(leaves)]
    nodes: list[Subtree] = []
    frontier = frontier_of(log).extend([tree.leaf_hash(raw) for raw, _ in rows], nodes)
    _store(db, log, rows, frontier, nodes)


def extend(db: Database, log: Log, push: Push, moved: Advanced) -> list[Placed]:
    """Store what a push brought to a log that we follow, and its note."""
    first = place_of(log, log.size)
    n = _origin(log.origin).n << PLACE_BITS
    placed, make = [], Placed._make
    for i, (leaf, entry, reason, (raw, payload)) in enumerate(
        zip(moved.identities, moved.entries, moved.reasons, push.items, strict=True)
    ):
        kept, gone = (payload, None) if isinstance(payload, bytes) else (None, _GONE.get(payload))  # type: ignore[arg-type]
        placed.append(make((first + i, leaf, raw, kept, gone, entry, reason, log.market, n + log.size + i)))
    if moved.sources:
        ours = own_market()
        placed = [_inner(log, one, source, ours) for one, source in zip(placed, moved.sources, strict=True)]
    rows = [(raw, one) for (raw, _), one in zip(push.items, placed, strict=True)]
    _store(db, log, rows, moved.head.frontier, moved.nodes)
    note = authored(push.note, VerifierKey.parse(log.vkey))
    log.note = note
    keep_note(db, log, moved.head.size, note)
    Log.update(note=note).where(Log.id == log.id).execute()
    return placed


def own_market() -> str:
    """The market whose node this store is; '' on the hub."""
    own = Log.get_or_none(Log.role == "own")
    return "" if own is None or own.market == "hub" else str(own.market)


def _inner(log: Log, one: Placed, source: relay.Relayed | None, ours: str) -> Placed:
    """A relayed entry counts as one of its source log. One that claims to be ours never counts by being
    relayed: what we wrote stands in our own log, and the hub cannot write for us."""
    if source is None:
        return one
    try:
        origin = _origin(source.origin)
    except Invalid as error:
        return one._replace(raw=source.entry, entry=None, reason=error.code)
    if origin.domain != _origin(log.origin).domain:
        return one._replace(raw=source.entry, entry=None, reason="foreign_domain")
    if origin.n >= 1 << 31 or source.index >= 1 << PLACE_BITS:  # no place for it in SQLite's integers
        return one._replace(raw=source.entry, entry=None, reason="source_out_of_range")
    market = origin.code if origin.role == "market" and origin.code else "hub"
    if ours and market == ours:
        market = ""  # nobody's: a copy
    return one._replace(raw=source.entry, market=market, source=(origin.n << PLACE_BITS) + source.index)


def _store(
    db: Database, log: Log, rows: Sequence[tuple[bytes, Placed]], frontier: Frontier, nodes: Sequence[Subtree]
) -> None:
    assert frontier.size == log.size + len(rows), f"a head that does not follow on {log.origin}"
    db.run_many(
        "INSERT INTO entry (place, leaf, record, raw, payload, gone) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                one.place,
                one.leaf,
                id_bytes(one.entry.record) if one.entry else None,
                raw,
                one.payload,
                one.gone,
            )
            for raw, one in rows
        ],
    )
    db.run_many(
        "INSERT INTO hash (key, hash) VALUES (?, ?)",
        [(hash_key(log, level, n), hash) for level, n, hash in nodes if level % TILE == 0],
    )
    root = frontier.root()
    moved = (
        Log.update(size=frontier.size, root=root, frontier=frontier.to_bytes())
        .where(Log.id == log.id, Log.size == log.size, Log.root == log.root)
        .execute()
    )
    assert moved == 1, f"the head of {log.origin} moved under our feet"
    log.size, log.root, log.frontier = frontier.size, root, frontier.to_bytes()


class Hashes:
    """Reads perfect subtrees of one log for proofs: kept ones directly, others folded from those below."""

    def __init__(self, db: Database, log: Log) -> None:
        self.db = db
        self.log = log

    def __call__(self, nodes: Sequence[tuple[int, int]]) -> list[bytes]:
        level, first = nodes[0] if nodes else (1, 0)
        if level % TILE == 0 and list(nodes) == [(level, first + i) for i in range(len(nodes))]:
            return list(self._row(level, first, first + len(nodes)))  # a run of kept ones, as tiles ask for
        return [self._node(level, n) for level, n in nodes]

    def _node(self, level: int, n: int) -> bytes:
        below = level % TILE
        row = list(self._row(level - below, n << below, (n + 1) << below))
        assert len(row) == 1 << below, f"{self.log.origin} lacks hashes at level {level - below}"
        while len(row) > 1:
            row = [tree.node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
        return row[0]

    def _row(self, level: int, start: int, end: int) -> Iterator[bytes]:
        if level:
            first = hash_key(self.log, level, start)
            sql = "SELECT hash FROM hash WHERE key >= ? AND key < ? ORDER BY key"
        else:
            first = place_of(self.log, start)
            what = "raw" if relays(self.log) else "leaf"
            sql = f"SELECT {what} FROM entry WHERE place >= ? AND place < ? ORDER BY place"
        for (found,) in self.db.run(sql, (first, first + end - start)):
            yield tree.leaf_hash(found) if not level and relays(self.log) else bytes(found)


def root_at(db: Database, log: Log, size: int) -> bytes:
    """Root of the first `size` entries, O(log n)."""
    assert size <= log.size
    return bytes(log.root) if size == log.size else tree.root_at(size, Hashes(db, log))


def leaf_at(db: Database, log: Log, index: int) -> bytes:
    """What the entry at `index` is known by."""
    return bytes(db.scalar("SELECT leaf FROM entry WHERE place = ?", (place_of(log, index),)))


def read(db: Database, log: Log, start: int, end: int, most_bytes: int = 1 << 62) -> list[Item]:
    """Entries [start, end) as a push carries them; stops before `most_bytes` (but gives at least one)."""
    items: list[Item] = []
    total = 0
    rows = db.run(
        "SELECT raw, payload, gone FROM entry WHERE place >= ? AND place < ? ORDER BY place",
        (place_of(log, start), place_of(log, end)),
    )
    for raw, payload, gone in rows:
        total += len(raw) + len(payload or b"") + 6
        if items and total > most_bytes:
            break
        items.append((raw, ABSENT[gone] if gone else payload))
    return items


def unfold(log: Log, place: int, leaf: bytes, raw: bytes, payload: bytes | None, gone: int | None) -> Placed:
    """A stored row as it was placed: unwrapped where the log relays, parsed where it can be."""
    if relays(log):
        one = Placed(place, leaf, raw, payload, gone, None, None, log.market, 0)
        try:
            one = _inner(log, one, relay.parse(raw), log.ours)
            return one if one.reason else one._replace(entry=parse_entry(one.raw))
        except Invalid as error:
            return one._replace(reason=error.code)
    entry, reason = None, None
    try:
        entry = parse_entry(raw)
    except Invalid as error:
        reason = error.code
    source = source_of(log.origin, index_of(place))
    return Placed(place, leaf, raw, payload, gone, entry, reason, log.market, source)
