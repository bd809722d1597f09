"""Things the tests of common/log share: the known-good values, keys, a log in memory, and settings."""

import json
from hashlib import sha256
from pathlib import Path

from hypothesis import settings

from common.keys import COSIGNATURE, SigningKey
from common.log import checkpoint, entry, payload, push, tree
from common.log.checkpoint import Checkpoint

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "log.json").read_text("utf-8"))
ORIGIN = VECTORS["origin"]
RECORD = "0192f7a0-8c1e-7b3a-9c55-3f1f0a2b4c5d"

quick = settings(max_examples=120, deadline=None, print_blob=True)


def seed(words: str) -> bytes:
    return sha256(words.encode()).digest()


MARKET = SigningKey.from_seed(ORIGIN, seed(VECTORS["market_seed"]))
COSIGNER = SigningKey.from_seed("lg.example/hub/cosigner/1", seed(VECTORS["hub_seed"]), COSIGNATURE)
STRANGER = SigningKey.from_seed(ORIGIN, seed("somebody else"))
RECEIPT = VECTORS["checkpoint"].encode()


def vector_entries() -> list[bytes]:
    return [VECTORS["entry"].encode(), VECTORS["second_entry"].encode()] + [
        f"entry {i}".encode() for i in range(2, 300)
    ]


class MemoryLog:
    """All perfect subtrees of a list of entries, counted reads included."""

    def __init__(self, entries: list[bytes]) -> None:
        self.entries = entries
        self.reads = 0
        self.leaves = [tree.leaf_hash(raw) for raw in entries]
        self.nodes = {(0, n): hash for n, hash in enumerate(self.leaves)}
        completed: list[tuple[int, int, bytes]] = []
        self.frontier = tree.Frontier().extend(self.leaves, completed)
        self.nodes |= {(level, n): hash for level, n, hash in completed}

    def read(self, wanted: list[tuple[int, int]]) -> list[bytes]:
        self.reads += 1
        return [self.nodes[node] for node in wanted]

    def read_entries(self, start: int, count: int) -> list[bytes]:
        return self.entries[start : start + count]

    def note(self, size: int | None = None, key: SigningKey = MARKET) -> bytes:
        size = len(self.entries) if size is None else size
        return checkpoint.sign(Checkpoint(key.verifier.name, size, tree.root_at(size, self.read)), key)


def written(number: int, fields: dict | None = None) -> tuple[bytes, bytes]:
    """An entry and its payload, different for each number."""
    body = payload.encode(fields or {"name": f"周{number}"}, seed(f"salt {number}"))
    raw = entry.encode(
        entry.Entry(
            "worker", RECORD, (), 1790000000000 + number, "37130201.s7", len(body), payload.digest(body)
        )
    )
    return raw, body


def push_of(
    items: list[push.Item], old: list[push.Item] | None = None, key: SigningKey = MARKET
) -> push.Push:
    """A signed push of `items` on top of `old`."""
    before = old or []
    log = MemoryLog([item[0] for item in [*before, *items]])
    return push.Push(key.verifier.name, len(before), log.note(key=key), items)
