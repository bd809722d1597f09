"""The fold: what a record is, given its entries and the province's verdicts.

Pure, total and free of order: whoever computes it, in whatever order things arrived, gets the same.
No clock takes part. The rules, by the letters of PROTOCOL.md §6:

a. An entry naming an unknown leaf is pending, and so is whatever builds on it; pending is not folded.
   A leaf that the hub declared lost counts as known and empty.
b. A set-aside entry keeps its place in the graph, only its writes do not count. A record all of whose
   roots are set aside is set aside itself.
c. What follows from entries alone: an author that may not write this kind, or is not the owner.
   (Unreadable, copied and misplaced entries arrive here already marked by the store.)
d. Per field, the siblings are the writes that no later write of that field has among its ancestors.
   Several unequal siblings: the greatest (depth, leaf) is provisional and the field is in conflict.
e. The fields of a group are written and merged as one.
f. `retired: true` is in conflict with every effective entry beside it; provisionally not retired.

Sets of entries are bits of an integer, so that "which of these does that one have among its ancestors" is
one operation and a record of a thousand entries still folds in milliseconds.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from common.records.values import same

RETIRED = "retired"
Cell = tuple[str, ...]  # the fields that are written and merged as one: a group, or a single field
_RETIRED_CELL = (RETIRED,)
_ALL = -1  # as a set of entries: every bit


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

    groups: tuple[Cell, ...] = ()
    authors: frozenset[str] = frozenset(("market", "hub"))
    owned: bool = False


@dataclass(slots=True)
class Folded:
    """pending: leaf -> a leaf that it waits for; aside: leaf -> reason; last: the effective write with the
    greatest (depth, leaf); created: the earliest time that an effective root claims."""

    fields: dict[str, Any] = field(default_factory=dict)
    conflicts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    retired: bool = False
    exists: bool = False
    owner: str = ""
    heads: tuple[bytes, ...] = ()
    pending: dict[bytes, bytes] = field(default_factory=dict)
    aside: dict[bytes, str] = field(default_factory=dict)
    last: Write | None = None
    created: int = 0


def fold(writes: Iterable[Write], policy: Policy, lost: Collection[bytes] = ()) -> Folded:
    """Fold all entries of one record. `lost`: leaves that the hub declared lost (known and empty)."""
    entries = {write.leaf: write for write in writes}
    if len(entries) == 1:
        (only,) = entries.values()
        if not only.after:
            return _alone(only, policy)
    graph = _Graph(entries, lost)
    cells = _Cells(graph, policy)
    out = Folded(pending=graph.pending)
    roots = graph.roots()
    reasons = {
        leaf: graph.entries[leaf].aside or _foreign(graph.entries[leaf], policy) for leaf in graph.order
    }
    owners = {graph.entries[leaf].author for leaf in roots if not reasons[leaf]}
    for leaf in graph.order:
        write = graph.entries[leaf]
        reason = reasons[leaf]
        if not reason and policy.owned and write.author not in owners and not cells.hub_may(write):
            reason = "not_owner"
        if reason:
            out.aside[leaf] = reason
        else:
            cells.add(write)
    out.heads = graph.heads(cells.effective)
    out.exists = any(leaf not in out.aside for leaf in roots)
    if out.exists:
        effective = [leaf for leaf in graph.order if leaf not in out.aside]
        out.owner = min(owners)
        out.last = graph.entries[max(effective, key=graph.rank)]
        out.created = min(graph.entries[leaf].time for leaf in roots if leaf not in out.aside)
        cells.settle(out)
    return out


def _alone(root: Write, policy: Policy) -> Folded:
    """A record of one entry, as most are: what the rules come to where there is nothing to merge."""
    reason = root.aside or _foreign(root, policy)
    if reason:
        return Folded(aside={root.leaf: reason})
    fields = {name: value for name, value in (root.set or {}).items() if value is not None}
    retired = fields.pop(RETIRED, None) is True
    return Folded(fields, {}, retired, True, root.author, (root.leaf,), last=root, created=root.time)


def _foreign(write: Write, policy: Policy) -> str | None:
    """Rule c: this author may not write this kind."""
    return None if ("hub" if write.author == "hub" else "market") in policy.authors else "not_author"


class _Graph:
    """Depths and ancestor sets of the entries whose ancestors are all known.

    order: those entries, parents first; bit: each one's own; ancestors: all of an entry's, without itself.
    """

    def __init__(self, entries: Mapping[bytes, Write], lost: Collection[bytes]) -> None:
        self.entries = entries
        self.lost = frozenset(lost) - entries.keys()  # one that came after all is an entry like others
        self.order: list[bytes] = []
        self.bit: dict[bytes, int] = {}
        self.ancestors: dict[bytes, int] = {}
        self.depth: dict[bytes, int] = dict.fromkeys(self.lost, 0)
        self._walk()
        self.pending = {leaf: self._waits_for(leaf) for leaf in entries.keys() - self.bit.keys()}

    def _walk(self) -> None:
        """Place every entry whose parents are placed, wave by wave, by leaf where free: linear in edges."""
        missing: dict[bytes, int] = {}
        children: dict[bytes, list[bytes]] = {}
        for leaf, write in self.entries.items():
            parents = [parent for parent in write.after if parent not in self.lost]
            missing[leaf] = len(parents)
            for parent in parents:
                children.setdefault(parent, []).append(leaf)
        ready = [leaf for leaf, count in missing.items() if not count]
        while ready:
            following: list[bytes] = []
            for leaf in sorted(ready):
                self._place(leaf)
                for child in children.get(leaf, ()):
                    missing[child] -= 1
                    if not missing[child]:
                        following.append(child)
            ready = following

    def _place(self, leaf: bytes) -> None:
        after = self.entries[leaf].after
        seen = 0
        for parent in after:
            if parent in self.bit:
                seen |= self.ancestors[parent] | self.bit[parent]
        self.bit[leaf] = 1 << len(self.order)
        self.ancestors[leaf] = seen
        self.depth[leaf] = 1 + max((self.depth[parent] for parent in after), default=0)
        self.order.append(leaf)

    def _waits_for(self, leaf: bytes) -> bytes:
        """An unknown leaf that a pending entry names, or a pending one where all are known."""
        open_ones = [p for p in self.entries[leaf].after if p not in self.bit and p not in self.lost]
        return min([p for p in open_ones if p not in self.entries] or open_ones)

    def roots(self) -> list[bytes]:
        """Entries that begin the record; where all these are lost, those that build on nothing else."""
        begun = [leaf for leaf in self.order if not self.entries[leaf].after]
        return begun or [leaf for leaf in self.order if not self.ancestors[leaf]]

    def heads(self, effective: int) -> tuple[bytes, ...]:
        """The effective entries that no effective one has among its ancestors. A set-aside entry is no head:
        whoever named it would make everybody wait for an entry that few were given."""
        leaves = [leaf for leaf in self.order if self.bit[leaf] & effective]
        above = 0
        for leaf in leaves:
            above |= self.ancestors[leaf]
        return tuple(sorted(leaf for leaf in leaves if not self.bit[leaf] & above))

    def rank(self, leaf: bytes) -> tuple[int, bytes]:
        return (self.depth[leaf], leaf)


class _Cells:
    """The writes of each cell by effective entries, gathered while walking parents first.

    Questions are asked of a set of entries, `seen`: of all at the end, of an entry's ancestors in between.
    """

    def __init__(self, graph: _Graph, policy: Policy) -> None:
        self.graph = graph
        self.group_of = {name: group for group in policy.groups for name in group}
        self.writers: dict[Cell, list[bytes]] = {}
        self.effective = 0

    def cells_of(self, write: Write) -> set[Cell]:
        return {self.group_of.get(name, (name,)) for name in write.set or ()}

    def add(self, write: Write) -> None:
        self.effective |= self.graph.bit[write.leaf]
        for cell in self.cells_of(write):
            self.writers.setdefault(cell, []).append(write.leaf)

    def siblings(self, cell: Cell, seen: int = _ALL) -> list[bytes]:
        """Rule d: the writes that no other write of this cell has among its ancestors."""
        graph, above = self.graph, 0
        writers = [leaf for leaf in self.writers.get(cell, ()) if graph.bit[leaf] & seen]
        for leaf in writers:
            above |= graph.ancestors[leaf]
        return [leaf for leaf in writers if not graph.bit[leaf] & above]

    def value(self, leaf: bytes, cell: Cell) -> list[Any]:
        patch = self.graph.entries[leaf].set or {}
        return [patch.get(name) for name in cell]

    def differ(self, siblings: list[bytes], cell: Cell) -> bool:
        return any(not same(self.value(siblings[0], cell), self.value(leaf, cell)) for leaf in siblings[1:])

    def retiring(self, seen: int = _ALL) -> tuple[list[bytes], int]:
        """Rule f: the siblings that retire the record, and the set of effective entries beside them."""
        graph, seen = self.graph, seen & self.effective
        leaves = [
            leaf for leaf in self.siblings(_RETIRED_CELL, seen) if self.value(leaf, _RETIRED_CELL) == [True]
        ]
        beside = 0
        for leaf in leaves:
            after = sum(bit for other, bit in graph.bit.items() if graph.ancestors[other] & graph.bit[leaf])
            beside |= seen & ~(graph.ancestors[leaf] | graph.bit[leaf] | after)
        for leaf in leaves:  # those that retire it too agree
            beside &= ~graph.bit[leaf]
        return leaves, beside

    def hub_may(self, write: Write) -> bool:
        """Rule c: of an owned record the hub may write exactly what was in conflict as it saw it."""
        if write.author != "hub" or not write.set:
            return False
        seen = self.graph.ancestors[write.leaf]
        return all(self.in_conflict(cell, seen) for cell in self.cells_of(write))

    def in_conflict(self, cell: Cell, seen: int) -> bool:
        return self.differ(self.siblings(cell, seen), cell) or (
            cell == _RETIRED_CELL and self.retiring(seen)[1] > 0
        )

    def settle(self, out: Folded) -> None:
        """Write the value of every cell, and its conflict, into `out`. Being retired is a state of the
        record, not one of its fields."""
        for cell, writers in self.writers.items():
            siblings = self.siblings(cell) if len(writers) > 1 else writers
            best = max(siblings, key=self.graph.rank) if len(siblings) > 1 else siblings[0]
            patch = self.graph.entries[best].set or {}
            for name in cell:
                if patch.get(name) is not None:
                    out.fields[name] = patch[name]
            if len(siblings) > 1 and self.differ(siblings, cell):
                told = {leaf: self.graph.entries[leaf].set or {} for leaf in siblings}
                for name in cell:
                    if any(name in patch for patch in told.values()):
                        out.conflicts[name] = self.told(
                            [(leaf, patch.get(name)) for leaf, patch in told.items()]
                        )
        if _RETIRED_CELL not in self.writers:
            return
        retired = out.fields.pop(RETIRED, None) is True
        leaves, beside = self.retiring()
        if beside:
            others = [leaf for leaf in self.graph.order if self.graph.bit[leaf] & beside]
            sides = [(leaf, self.value(leaf, _RETIRED_CELL)[0]) for leaf in leaves + others]
            out.conflicts[RETIRED] = self.told(sides)
        out.retired = retired and RETIRED not in out.conflicts

    def told(self, sides: list[tuple[bytes, Any]]) -> list[dict[str, Any]]:
        """The sides of a conflict with who and when, greatest rank first."""
        entries = self.graph.entries
        return [
            {
                "value": value,
                "actor": entries[leaf].actor,
                "time": entries[leaf].time,
                "leaf": b64encode(leaf).decode(),
            }
            for leaf, value in sorted(sides, key=lambda side: self.graph.rank(side[0]), reverse=True)
        ]
