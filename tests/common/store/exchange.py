"""Real logs of several authors, and stores that receive them: as a hub does (each author's own log) and as a
node does (its own log, and everybody else's entries relayed in an outbox).

Entries need not be what a decent program writes: an `Author` appends any bytes to its log.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from random import Random
from typing import Any

from common.log import checkpoint as checkpoints
from common.log import origins, payload, relay, tree
from common.log.checkpoint import Checkpoint
from common.log.entry import Entry
from common.log.entry import encode as encode_entry
from common.log.follower import advance
from common.log.push import Item, Push
from common.log.tree import Frontier
from common.store import logs
from common.store.store import Store
from tests.world import DOMAIN, MARKET, fixed_key

RECEIVER = MARKET  # the market whose node receives


def record_id(number: int) -> str:
    return f"0192f7a0-8c1e-7b3a-9c55-{number:012x}"


class Author:
    """Somebody's log: `items` in order, and where each leaf stands. `name`: a market code or 'hub'."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.origin = origins.hub_log(DOMAIN, 1) if name == "hub" else origins.market_log(DOMAIN, name, 1)
        self.key = fixed_key(self.origin)
        self.items: list[Item] = []

    def add(self, raw: bytes, body: Any = None) -> bytes:
        """Append a leaf as it is; returns its hash."""
        self.items.append((raw, body))
        return tree.leaf_hash(raw)

    def push(self, old: int, size: int) -> Push:
        frontier = Frontier().extend([tree.leaf_hash(raw) for raw, _ in self.items[:size]])
        note = checkpoints.sign(Checkpoint(self.origin, size, frontier.root()), self.key)
        return Push(self.origin, old, note, self.items[old:size])


def made(
    kind: str,
    record: str,
    after: tuple[bytes, ...],
    patch: dict[str, Any] | None,
    author: str,
    time: int = 1_796_000_000_000,
    body: bytes | None = None,
) -> Item:
    """The bytes of an entry; `body` instead of the payload of `patch`, where it is not to be a proper one."""
    if body is None and patch is not None:
        body = payload.encode(patch, hashlib.sha256(f"{record}{time}{patch}".encode()).digest())
    size, digest = (len(body), payload.digest(body)) if body is not None else (None, None)
    entry = Entry(kind, record, tuple(sorted(after)), time, f"{author}.s1", size, digest)
    return encode_entry(entry), body


class Receiver:
    """A store that follows logs. `take` is what intake and pulling do: advance, extend, apply, commit."""

    def __init__(self, path: Path, program: str) -> None:
        self.store = Store.create(path, program)
        self.program = program
        self.relayed = self.outbox()

    @staticmethod
    def outbox() -> Author:
        """The hub's log for the market that receives."""
        relayed = Author("hub")
        relayed.origin = origins.outbox(DOMAIN, RECEIVER, 1)
        relayed.key = fixed_key(relayed.origin)
        return relayed

    def take(self, author: Author, push: Push) -> None:
        role = origins.parse(author.origin).role
        own = (self.program, role) in (("node", "market"), ("hub", "hub"))
        with self.store.writing():
            try:
                log = logs.get_log(push.origin)
            except Exception:
                log = logs.open_log(push.origin, "own" if own else role, author.key.verifier)
            moved = advance(logs.head_of(log), push, author.key.verifier, relayed=logs.relays(log))
            self.store.projector.apply(log, logs.extend(self.store.db, log, push, moved))

    def deliver(self, authors: list[Author], random: Random) -> None:
        """Everything of these authors, in any order that their logs allow, in any batches."""
        if self.program == "hub":
            self._interleave([(author, len(author.items)) for author in authors], random)
            return
        mine = [author for author in authors if author.name == RECEIVER]
        others = [
            (author, index) for author in authors if author not in mine for index in range(len(author.items))
        ]
        random.shuffle(others)  # an outbox carries what it likes, when it likes
        for author, index in others:
            raw, body = author.items[index]
            self.relayed.add(relay.encode(author.origin, index, raw), body)
        self._interleave([(author, len(author.items)) for author in (*mine, self.relayed)], random)

    def _interleave(self, left: list[tuple[Author, int]], random: Random) -> None:
        held = {author.origin: 0 for author, _ in left}
        while open_ones := [(author, size) for author, size in left if held[author.origin] < size]:
            author, size = random.choice(open_ones)
            start = held[author.origin]
            held[author.origin] = min(size, start + random.choice((1, 1, 2, 3, 5, 20)))
            self.take(author, author.push(start, held[author.origin]))

    def dump(self) -> dict[str, Any]:
        return dump(self.store)


def dump(store: Store) -> dict[str, Any]:
    """What the projected tables hold, without what differs from store to store (places)."""
    found: dict[str, Any] = {}
    with store.reading():
        for kind, rows in store.projector.rows.items():
            found[kind] = sorted(store.db.run(rows.select).fetchall())
        found["aside"] = sorted(
            store.db.run("SELECT leaf, record IS NULL, record, reason FROM aside").fetchall(), key=repr
        )
        for table in ("waiting", "judgement"):
            found[table] = sorted(store.db.run(f"SELECT * FROM {table}").fetchall())
    return found
