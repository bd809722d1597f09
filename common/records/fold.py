"""The fold: what a record is, given its entries and the province's verdicts.

Pure, total and free of order: whoever computes it, in whatever order things arrived, gets the same.
No clock takes part. The rules, by the letters of PROTOCOL.md §6:

a. An entry naming an unknown leaf is pending, and so is whatever builds on it; pending is not folded.
b. A set-aside entry keeps its place in the graph, only its writes do not count. A record all of whose
   roots are set aside is set aside itself.
c. What follows from entries alone: an author that may not write this kind, or is not the owner.
   (Unreadable, copied and misplaced entries arrive here already marked by the store.)
d. Per field, the siblings are the writes that no later write of that field has among its ancestors.
   Several unequal siblings: the greatest (depth, leaf) is provisional and the field is in conflict.
e. The fields of a group are written and merged as one.
f. `retired: true` is in conflict with every effective entry beside it; provisionally not retired.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from common.records.fields import same

RETIRED = "retired"


@dataclass(slots=True)
class Write:
    """One entry of a record as the fold sees it. `set` is None where the payload is absent or erased."""

    leaf: bytes
    after: tuple[bytes, ...]
    set: dict[str, Any] | None
    author: str
    actor: str
    time: int
    aside: str | None = None


@dataclass(slots=True)
class Policy:
    """What the fold must know of a kind."""

    groups: tuple[tuple[str, ...], ...] = ()
    authors: frozenset[str] = frozenset(("market", "hub"))
    owned: bool = False


@dataclass(slots=True)
class Folded:
    fields: dict[str, Any] = field(default_factory=dict)
    conflicts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    retired: bool = False
    exists: bool = False
    owner: str | None = None
    heads: tuple[bytes, ...] = ()
    pending: dict[bytes, bytes] = field(default_factory=dict)  # leaf -> a leaf that it waits for
    aside: dict[bytes, str] = field(default_factory=dict)  # leaf -> reason
    last: Write | None = None  # the effective write with the greatest (depth, leaf)
    depth: dict[bytes, int] = field(default_factory=dict)


def fold(writes: Iterable[Write], policy: Policy, lost: Collection[bytes] = ()) -> Folded:
    """Fold all entries of one record. `lost`: leaves that the hub declared lost (known and empty)."""
    entries = {write.leaf: write for write in writes}
    graph = _Graph(entries, lost)
    out = Folded(pending=graph.pending, depth=graph.depth)
    cells = _Cells(graph, policy)
    roots = [leaf for leaf in graph.order if not entries[leaf].after]
    owners = {
        entries[leaf].author for leaf in roots if not (entries[leaf].aside or _foreign(entries[leaf], policy))
    }
    for leaf in graph.order:
        write = entries[leaf]
        reason = write.aside or _foreign(write, policy) or _not_owner(write, policy, owners, cells)
        if reason:
            out.aside[leaf] = reason
        else:
            cells.add(write)
    out.heads = tuple(sorted(graph.order_set - graph.named))
    out.exists = any(leaf not in out.aside for leaf in roots)
    if not out.exists:
        return out
    effective = [leaf for leaf in graph.order if leaf not in out.aside]
    out.owner = min(owners)
    out.last = entries[max(effective, key=graph.rank)]
    cells.settle(out)
    _retire(graph, cells, effective, out)
    return out


class _Graph:
    """Depths and ancestor sets (as bits of an integer) of the entries whose ancestors are all known."""

    def __init__(self, entries: Mapping[bytes, Write], lost: Collection[bytes]) -> None:
        self.entries = entries
        self.depth: dict[bytes, int] = {leaf: 0 for leaf in lost}
        self.pending: dict[bytes, bytes] = {}
        self.order: list[bytes] = []
        self.bit: dict[bytes, int] = {}
        self.ancestors: dict[bytes, int] = {}
        self.named: set[bytes] = set()
        self._sort()
        self.order_set = set(self.order)

    def rank(self, leaf: bytes) -> tuple[int, bytes]:
        return (self.depth[leaf], leaf)

    def told(self, values: Iterable[tuple[bytes, Any]]) -> list[dict[str, Any]]:
        """Values of a conflict with who and when, greatest rank first."""
        return [
            {
                "value": value,
                "actor": self.entries[leaf].actor,
                "time": self.entries[leaf].time,
                "leaf": b64encode(leaf).decode(),
            }
            for leaf, value in sorted(values, key=lambda one: self.rank(one[0]), reverse=True)
        ]

    def _sort(self) -> None:
        """Topological, by leaf where free: the same order for the same set. Linear in edges."""
        missing: dict[bytes, int] = {}
        children: dict[bytes, list[bytes]] = {}
        ready = []
        for leaf, write in self.entries.items():
            unknown = [parent for parent in write.after if parent not in self.depth]
            missing[leaf] = len(unknown)
            for parent in unknown:
                children.setdefault(parent, []).append(leaf)
            if not unknown:
                ready.append(leaf)
        while ready:
            ready.sort()
            following = []
            for leaf in ready:
                self._place(leaf)
                for child in children.get(leaf, ()):
                    missing[child] -= 1
                    if not missing[child]:
                        following.append(child)
            ready = following
        for leaf, write in self.entries.items():
            if leaf not in self.bit:
                waits = [
                    parent
                    for parent in write.after
                    if parent not in self.entries and parent not in self.depth
                ]
                self.pending[leaf] = min(waits or [p for p in write.after if p not in self.bit])

    def _place(self, leaf: bytes) -> None:
        write = self.entries[leaf]
        bits = 0
        for parent in write.after:
            self.named.add(parent)
            if parent in self.bit:
                bits |= self.ancestors[parent] | self.bit[parent]
        self.bit[leaf] = 1 << len(self.order)
        self.ancestors[leaf] = bits
        self.depth[leaf] = 1 + max((self.depth[parent] for parent in write.after), default=0)
        self.order.append(leaf)


class _Cells:
    """Siblings per cell, kept while walking in topological order; a cell is a group or a single field."""

    def __init__(self, graph: _Graph, policy: Policy) -> None:
        self.graph = graph
        self.group_of = {name: group for group in policy.groups for name in group}
        self.siblings: dict[tuple[str, ...], list[bytes]] = {}
        self.taken = 0  # bits of the effective entries so far

    def cells_of(self, write: Write) -> set[tuple[str, ...]]:
        return {self.group_of.get(name, (name,)) for name in write.set or ()}

    def add(self, write: Write) -> None:
        seen = self.graph.ancestors[write.leaf]
        self.taken |= self.graph.bit[write.leaf]
        for cell in self.cells_of(write):
            kept = [leaf for leaf in self.siblings.get(cell, ()) if not seen & self.graph.bit[leaf]]
            self.siblings[cell] = [*kept, write.leaf]

    def value(self, leaf: bytes, cell: tuple[str, ...]) -> list[Any]:
        patch = self.graph.entries[leaf].set or {}
        return [patch.get(name) for name in cell]

    def in_conflict(self, cell: tuple[str, ...], seen: int) -> bool:
        """Whether the cell is in conflict among the effective entries of the bit set `seen`."""
        graph, seen = self.graph, seen & self.taken
        writers = [
            leaf
            for leaf in graph.order
            if graph.bit[leaf] & seen and cell in self.cells_of(graph.entries[leaf])
        ]
        above = 0
        for leaf in writers:
            above |= graph.ancestors[leaf]
        return self.differ([leaf for leaf in writers if not graph.bit[leaf] & above], cell)

    def differ(self, siblings: list[bytes], cell: tuple[str, ...]) -> bool:
        return any(not same(self.value(siblings[0], cell), self.value(leaf, cell)) for leaf in siblings[1:])

    def settle(self, out: Folded) -> None:
        """Write the value of every cell, and its conflict, into `out`."""
        for cell, siblings in self.siblings.items():
            best = max(siblings, key=self.graph.rank)
            for name, value in zip(cell, self.value(best, cell), strict=True):
                if value is not None:
                    out.fields[name] = value
            if self.differ(siblings, cell):
                for place, name in enumerate(cell):
                    if any(name in (self.graph.entries[leaf].set or ()) for leaf in siblings):
                        out.conflicts[name] = self.graph.told(
                            (leaf, self.value(leaf, cell)[place]) for leaf in siblings
                        )


def _foreign(write: Write, policy: Policy) -> str | None:
    """Rule c: this author may not write this kind."""
    return None if ("hub" if write.author == "hub" else "market") in policy.authors else "not_author"


def _not_owner(write: Write, policy: Policy, owners: set[str], cells: _Cells) -> str | None:
    """Rule c: only the author of the record's root writes an owned kind. On a field in conflict the
    hub may write exactly that field."""
    if not policy.owned or not write.after or write.author in owners:
        return None
    if write.author == "hub" and write.set:
        seen = cells.graph.ancestors[write.leaf]
        if all(cells.in_conflict(cell, seen) for cell in cells.cells_of(write)):
            return None
    return "not_owner"


def _retire(graph: _Graph, cells: _Cells, effective: list[bytes], out: Folded) -> None:
    """Rule f. `retired` leaves the fields: it is the state of the record, not a fact of it."""
    retired = out.fields.pop(RETIRED, None) is True
    siblings = [
        leaf for leaf in cells.siblings.get((RETIRED,), ()) if cells.value(leaf, (RETIRED,)) == [True]
    ]
    beside: set[bytes] = set()
    for leaf in siblings:
        kin = graph.ancestors[leaf] | graph.bit[leaf]
        beside |= {
            other
            for other in effective
            if not kin & graph.bit[other]
            and not graph.ancestors[other] & graph.bit[leaf]
            and other not in siblings
        }
    if beside:
        others = [(leaf, (graph.entries[leaf].set or {}).get(RETIRED)) for leaf in beside]
        out.conflicts[RETIRED] = graph.told([(leaf, True) for leaf in siblings] + others)
    out.retired = retired and RETIRED not in out.conflicts
