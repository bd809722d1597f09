"""The trusted head of a log that somebody else writes, and the one way to move it.

The hub follows every market with this, and every node follows the hub's logs with the same code. A head
only moves forward, over entries whose bytes, hashes and signature all fit together:

    1  the note is signed by this log's key, and origin, note and push name the same log
    2  a note at or below our size is a repeat if our root there is its root, and a fork otherwise (`repeats`)
    3  the push begins exactly where we stand: else Refused `behind` or `ahead`, with our size
    4  the frontier, extended by the push's leaves, has the size and the root that the note signs,
       and each payload has the size and SHA-256 that its entry declares

Integrity decides whether a push is taken, meaning only what is folded from it. So a leaf that cannot be
read is no reason to stop a county: it comes back as None with a reason, is stored raw, and its payload is
checked by its last line alone. Whether a payload may be missing because it was erased or withheld depends
on orders the follower does not know; it reports where, the caller decides.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from common.errors import Invalid, Refused, Tampered
from common.keys import VerifierKey
from common.log import checkpoint as checkpoints
from common.log import relay, tree
from common.log.checkpoint import Checkpoint
from common.log.entry import MAX_LEAF, Entry, declared_payload
from common.log.entry import parse as parse_entry
from common.log.push import ERASED, Absent, Push
from common.log.relay import Relayed
from common.log.tree import EMPTY, Frontier


class Head(NamedTuple):
    """How far we trust a log. `root` is the frontier's."""

    origin: str
    size: int = 0
    frontier: Frontier = Frontier()
    root: bytes = EMPTY


class Advanced(NamedTuple):
    """What a push brought. The lists run beside `push.items`, from index `old` on.

    `identities` are the hashes that entries are known by: the leaves, or in a relaying log those of the inner
    entries. `nodes` are the subtrees that the leaves complete, as (level, n, hash). `sources` is empty unless
    the log relays. `erased` and `withheld` are positions in the lists.
    """

    head: Head
    checkpoint: Checkpoint
    leaves: list[bytes]
    nodes: list[tuple[int, int, bytes]]
    identities: list[bytes]
    entries: list[Entry | None]
    reasons: list[str | None]
    sources: list[Relayed | None]
    erased: list[int]
    withheld: list[int]


def repeats(head: Head, checkpoint: Checkpoint, read: tree.Read) -> bool:
    """True if we hold all of `checkpoint`, False if it goes beyond our head; Tampered `fork` if it differs.

    `checkpoint` has been opened with its log's key: two such roots at one size are proof of a fork.
    """
    if checkpoint.size > head.size:
        return False
    ours = head.root if checkpoint.size == head.size else tree.root_at(checkpoint.size, read)
    if ours != checkpoint.root:
        raise Tampered(
            "fork",
            f"two roots of {head.origin} at {checkpoint.size}: ours {ours.hex()}, theirs "
            f"{checkpoint.root.hex()}",
            origin=head.origin,
            size=checkpoint.size,
        )
    return True


def advance(head: Head, push: Push, key: VerifierKey, *, relayed: bool = False) -> Advanced:
    """The head moved over `push`; Invalid, Tampered or Refused (`behind`, `ahead`) leave it where it was."""
    checkpoint = checkpoints.open(push.note, key)
    if not head.origin == push.origin == checkpoint.origin:
        raise Tampered(
            "origin_mismatch",
            f"expected {head.origin}, push of {push.origin}, note of {checkpoint.origin}",
            origin=head.origin,
        )
    if push.old != head.size:
        code = "behind" if push.old < head.size else "ahead"
        message = f"{head.origin}: we hold {head.size}, the push begins at {push.old}"
        raise Refused(code, message, origin=head.origin, size=head.size)
    size = head.size + len(push.items)
    if checkpoint.size != size:
        raise Tampered(
            "size_mismatch",
            f"{head.origin}: the note signs {checkpoint.size}, the push ends at {size}",
            origin=head.origin,
            size=size,
        )
    leaves = _leaves(push)
    nodes: list[tuple[int, int, bytes]] = []
    frontier = head.frontier.extend(leaves, nodes)
    root = frontier.root()
    if root != checkpoint.root:
        raise Tampered(
            "root_mismatch",
            f"{head.origin} at {size}: the note signs {checkpoint.root.hex()}, got {root.hex()}",
            origin=head.origin,
            size=size,
        )
    moved = Head(head.origin, size, frontier, root)
    if relayed:
        raws, identities, sources, why = _unwrap(push, leaves)
        entries, reasons = _read(raws)
        reasons = [first or second for first, second in zip(why, reasons, strict=True)]
    else:
        identities, sources = leaves, []
        entries, reasons = _read([item[0] for item in push.items])
    erased, withheld = _check_payloads(push, entries)
    return Advanced(moved, checkpoint, leaves, nodes, identities, entries, reasons, sources, erased, withheld)


def _leaves(push: Push) -> list[bytes]:
    leaves = [sha256(b"\x00" + item[0]).digest() for item in push.items]
    if any(len(item[0]) > MAX_LEAF for item in push.items):
        raise Invalid("leaf_too_large", f"a leaf has at most {MAX_LEAF} bytes")
    return leaves


def _read(raws: Sequence[bytes | None]) -> tuple[list[Entry | None], list[str | None]]:
    """Each entry, or None and the reason why it cannot be read."""
    entries: list[Entry | None] = []
    reasons: list[str | None] = [None] * len(raws)
    add = entries.append
    for raw in raws:
        try:
            add(parse_entry(raw) if raw is not None else None)
        except Invalid as error:
            reasons[len(entries)] = error.code
            add(None)
    return entries, reasons


def _unwrap(
    push: Push, leaves: list[bytes]
) -> tuple[list[bytes | None], list[bytes], list[Relayed | None], list[str | None]]:
    """Inner entries, their hashes and their sources; a leaf that relays nothing keeps its own hash."""
    raws: list[bytes | None] = []
    identities, sources, reasons = list(leaves), list[Relayed | None](), list[str | None]()
    for position, (raw, _) in enumerate(push.items):
        try:
            inner = relay.parse(raw)
        except Invalid as error:
            raws.append(None)
            sources.append(None)
            reasons.append(error.code)
            continue
        raws.append(inner.entry)
        identities[position] = tree.leaf_hash(inner.entry)
        sources.append(inner)
        reasons.append(None)
    return raws, identities, sources, reasons


def _check_payloads(push: Push, entries: list[Entry | None]) -> tuple[list[int], list[int]]:
    """Hold each payload against its entry; the positions of those erased and those withheld."""
    erased: list[int] = []
    withheld: list[int] = []
    for position, ((raw, payload), entry) in enumerate(zip(push.items, entries, strict=True)):
        if entry is not None:
            size, digest = entry.payload_size, entry.payload_digest
        else:
            size, digest = _declared(raw)
        if isinstance(payload, bytes):
            if len(payload) == size and sha256(payload).digest() == digest:
                continue
            code = "payload_mismatch" if size is not None else "payload_unexpected"
        elif payload is None:
            if size is None:
                continue
            code = "payload_missing"
        elif size is None:
            code = "payload_unexpected"
        else:
            (erased if payload is ERASED else withheld).append(position)
            continue
        index = push.old + position
        raise Tampered(
            code,
            f"{push.origin} number {index}: {_told(payload)}, the entry declares {size}",
            origin=push.origin,
            index=index,
        )
    return erased, withheld


def _declared(raw: bytes) -> tuple[int | None, bytes | None]:
    """What an unreadable leaf declares; one without a payload line has no payload that could be checked."""
    try:
        return declared_payload(raw) or (None, None)
    except Invalid:
        return None, None


def _told(payload: bytes | None | Absent) -> str:
    if isinstance(payload, bytes):
        return f"a payload of {len(payload)} bytes"
    return "no payload" if payload is None else payload.name.lower()
