"""The Merkle tree of RFC 6962 and RFC 9162, as arithmetic that reads nothing.

    leaf = SHA256(0x00, entry)      node = SHA256(0x01, left, right)      the empty tree = SHA256("")

A tree of n leaves splits at the largest power of two below n. The root of the perfect subtree over the
leaves n*2^level up to (n+1)*2^level is called (level, n); once complete it never changes, so these are what
a store keeps. Everything else is folded from them:

- a *frontier* is the list of the perfect subtrees that make up a tree, largest first; with it a log is
  appended to and its root computed without looking back;
- a proof is first a question, "which perfect subtrees are needed", and then arithmetic on the answer.
  `prove_*` ask it in one call of `read(list of (level, n)) -> list of hashes`, so a store answers with one
  query;
- `check_*` follow RFC 9162 §2.1.3.2 and §2.1.4.2 step by step and raise Tampered; the two ways share no
  code.

Indexes and sizes of `prove_*`, `root_at` and `frontier_at` are our own: a wrong one is an AssertionError.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple, TypeAlias

from common.errors import Invalid, Tampered

MAX_PROOF = 63

Node: TypeAlias = tuple[int, int]  # (level, n)
Read: TypeAlias = Callable[[list[Node]], Sequence[bytes]]

EMPTY = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees given largest first."""
    if not hashes:
        return EMPTY
    root = hashes[-1]
    for left in hashes[-2::-1]:
        root = node_hash(left, root)
    return root


class Frontier(NamedTuple):
    """A tree reduced to what appending needs. Never changed: `extend` gives a new one."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def root(self) -> bytes:
        return fold(self.hashes)

    def append(self, leaf: bytes) -> "Frontier":
        """With one more leaf hash."""
        return self.extend((leaf,))

    def extend(
        self, leaves: Iterable[bytes], nodes: list[tuple[int, int, bytes]] | None = None
    ) -> "Frontier":
        """With more leaf hashes; subtrees they complete are added to `nodes`: (level, n, hash), level >= 1.

        Works level by level: the row of new subtrees, completed at its left by the one the frontier holds,
        is paired off into the row above; an odd one out stays in the frontier. About one hash for each leaf.
        """
        row, held, kept = list(leaves), list(self.hashes), list[bytes]()
        start, size, level = self.size, self.size + len(row), 0
        while row or start:
            if start & 1:
                row.insert(0, held.pop())
            if len(row) & 1:
                kept.append(row.pop())
            start >>= 1
            level += 1
            row = [sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row), 2)]
            if nodes is not None:
                nodes.extend((level, n, hash) for n, hash in enumerate(row, start))
        return Frontier(size, tuple(reversed(kept)))

    def to_bytes(self) -> bytes:
        return b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, size: int, raw: bytes) -> "Frontier":
        """The frontier of `size` leaves from its hashes; Invalid if their number does not fit."""
        if size < 0 or len(raw) != 32 * size.bit_count():
            raise Invalid("frontier_malformed", f"{len(raw)} bytes are no frontier of size {size}")
        return cls(size, tuple(raw[i : i + 32] for i in range(0, len(raw), 32)))


def split(size: int) -> int:
    """The largest power of two below `size` (>= 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def cover(start: int, end: int) -> list[Node]:
    """The perfect subtrees over the leaves [start, end), largest first; `start` is aligned as in the tree."""
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        assert start % (1 << level) == 0, "a range that is no subtree"
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """The leaves [start, end) under each hash of an inclusion proof, in the proof's order (leaf to root)."""
    assert 0 <= index < size, f"no leaf {index} in a tree of {size}"
    ranges, start, end = [], 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[tuple[int, int]]:
    """The leaves [start, end) under each hash of a consistency proof, in the proof's order."""
    assert 0 <= old <= new, f"no tree of {new} grew out of one of {old}"
    if old in (0, new):
        return []
    ranges, start, end = [], 0, new
    while old != end:
        middle = start + split(end - start)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start:  # else the old tree is itself a subtree, whose root the checker has
        ranges.append((start, end))
    return ranges[::-1]


def _prove(ranges: list[tuple[int, int]], read: Read) -> list[bytes]:
    """One hash for each range, out of a single read of perfect subtrees."""
    covers = [cover(start, end) for start, end in ranges]
    wanted = [node for nodes in covers for node in nodes]
    found = list(read(wanted)) if wanted else []
    assert len(found) == len(wanted), "the reader gave another number of hashes than asked for"
    proof, at = [], 0
    for nodes in covers:
        proof.append(fold(found[at : at + len(nodes)]))
        at += len(nodes)
    return proof


def prove_inclusion(index: int, size: int, read: Read) -> list[bytes]:
    """The proof that leaf `index` stands in the tree of `size`."""
    return _prove(inclusion_ranges(index, size), read)


def prove_consistency(old: int, new: int, read: Read) -> list[bytes]:
    """The proof that the tree of `new` begins with the tree of `old`."""
    return _prove(consistency_ranges(old, new), read)


def frontier_at(size: int, read: Read) -> Frontier:
    """The frontier that the log had at `size`."""
    wanted = cover(0, size)
    found = tuple(read(wanted)) if wanted else ()
    assert len(found) == len(wanted), "the reader gave another number of hashes than asked for"
    return Frontier(size, found)


def root_at(size: int, read: Read) -> bytes:
    """The root that the log had at `size`."""
    return frontier_at(size, read).root()


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Tampered unless `proof` shows leaf hash `leaf` at `index` in the tree of `size` with `root`."""
    if not 0 <= index < size or len(proof) > MAX_PROOF:
        raise Tampered("inclusion_proof", f"no leaf {index} in a tree of {size}, or a proof too long")
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            raise Tampered("inclusion_proof", f"the proof of leaf {index} in {size} is too long")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or r != root:
        raise Tampered("inclusion_proof", f"the proof of leaf {index} in {size} does not lead to the root")


def check_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Tampered unless `proof` shows that the tree of `new` with `new_root` begins with that of `old`."""
    if not 0 <= old <= new or len(proof) > MAX_PROOF:
        raise Tampered("consistency_proof", f"no tree of {new} grew out of one of {old}, or a proof too long")
    if old in (0, new):
        if proof or old_root != (new_root if old else EMPTY) or (not new and new_root != EMPTY):
            raise Tampered("consistency_proof", f"from {old} to {new}: not an empty proof, or other roots")
        return
    hashes = list(proof)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        raise Tampered("consistency_proof", f"an empty proof from {old} to {new}")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = hashes[0]
    for c in hashes[1:]:
        if sn == 0:
            raise Tampered("consistency_proof", f"the proof from {old} to {new} is too long")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or fr != old_root or sr != new_root:
        raise Tampered("consistency_proof", f"the proof from {old} to {new} does not lead to both roots")
