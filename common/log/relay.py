"""Relayed entries: the leaves of bulletin and outbox, each an entry of another log as it stands there.

    yizhan/relay/v1
    source <origin> <index>
    (an empty line)
    <the source entry, verbatim>

The source entry is not signed again and not changed, so it keeps its leaf hash: one entry has one identity
in every log that carries it, and `after` works across counties. Because it stands at the end, the last line
of the leaf is the last line of the entry, and its payload is checked in the same way.
"""

import re
from dataclasses import dataclass

from common.errors import Invalid
from common.log.encoding import NUMBER, ORIGIN, number
from common.log.entry import MAX_LEAF

_leaf = re.compile(rb"yizhan/relay/v1\nsource (" + ORIGIN + rb") (" + NUMBER + rb")\n\n").match


@dataclass(frozen=True, slots=True)
class Relayed:
    """Where an entry came from: its log and its place there."""

    origin: str
    index: int
    entry: bytes


def parse(leaf: bytes) -> Relayed:
    """The relayed entry in `leaf`, itself unparsed; Invalid if there is no relay header."""
    match = _leaf(leaf) if len(leaf) <= MAX_LEAF else None
    if match is None:
        raise Invalid("relay_malformed", "not a relayed entry")
    return Relayed(match[1].decode(), number(match[2]), leaf[match.end() :])


def encode(origin: str, index: int, entry: bytes) -> bytes:
    """The leaf that delivers `entry`, which is number `index` of `origin`."""
    leaf = b"yizhan/relay/v1\nsource %b %d\n\n" % (origin.encode(), index) + entry
    if parse(leaf) != Relayed(origin, index, entry):
        raise Invalid("relay_malformed", f"no leaf for number {index} of {origin}")
    return leaf
