"""The fold once more: slow, by sets, written from the protocol's words (PROTOCOL.md §6, §7) and nothing else.

It shares no code and no trick with `common.records.fold`; the tests hold one against the other.
"""

from __future__ import annotations

import json
from typing import Any

from common.records.fold import Policy, Write


def fold_by_sets(writes: list[Write], policy: Policy, lost: set[bytes]) -> dict[str, Any]:
    """What `fold` must say, as plain values."""
    entries = {write.leaf: write for write in writes}
    empty = lost - entries.keys()
    known: set[bytes] = set()
    while more := {e for e in entries if e not in known and set(entries[e].after) <= known | empty}:
        known |= more
    record = _Record({leaf: entries[leaf] for leaf in known}, policy, empty)
    told = record.told(record.effective)
    below = {parent for leaf in record.effective for parent in record.ancestors(leaf)}
    exists = any(leaf in record.effective for leaf in record.roots)
    return {
        "exists": exists,
        "fields": told["fields"] if exists else {},
        "conflicts": told["conflicts"] if exists else {},
        "retired": told["retired"] if exists else False,
        "owner": min(record.owners) if exists else "",
        "heads": record.effective - below,
        "pending": entries.keys() - known,
        "aside": record.reasons,
        "last": max(record.effective, key=record.rank) if exists else None,
        "created": min(entries[leaf].time for leaf in record.roots if leaf in record.effective)
        if exists
        else 0,
    }


class _Record:
    """All known entries of a record, and which of them are effective."""

    def __init__(self, entries: dict[bytes, Write], policy: Policy, empty: set[bytes]) -> None:
        self.entries, self.policy, self.empty = entries, policy, empty
        begun = {leaf for leaf in entries if not entries[leaf].after}
        self.roots = begun or {leaf for leaf in entries if set(entries[leaf].after) <= empty}
        own_reason = {leaf: write.aside or self.foreign(write) for leaf, write in entries.items()}
        self.owners = {entries[leaf].author for leaf in self.roots if not own_reason[leaf]}
        self.effective: set[bytes] = set()
        self.reasons: dict[bytes, str] = {}
        for leaf in sorted(entries, key=self.depth):
            reason = own_reason[leaf] or self.stranger(leaf)
            if reason:
                self.reasons[leaf] = reason
            else:
                self.effective.add(leaf)

    def foreign(self, write: Write) -> str | None:
        sort = "hub" if write.author == "hub" else "market"
        return None if sort in self.policy.authors else "not_author"

    def stranger(self, leaf: bytes) -> str | None:
        write = self.entries[leaf]
        if not self.policy.owned or write.author in self.owners:
            return None
        in_conflict = self.told(self.ancestors(leaf) & self.effective)["conflicts"].keys()
        touched = {frozenset(self.cell(name)) for name in write.set or {}}
        if write.author == "hub" and touched and all(cell & in_conflict for cell in touched):
            return None
        return "not_owner"

    def ancestors(self, leaf: bytes) -> set[bytes]:
        found: set[bytes] = set()
        for parent in self.entries[leaf].after:
            if parent in self.entries:
                found |= {parent} | self.ancestors(parent)
        return found

    def depth(self, leaf: bytes) -> int:
        if leaf in self.empty:
            return 0
        return 1 + max((self.depth(parent) for parent in self.entries[leaf].after), default=0)

    def rank(self, leaf: bytes) -> tuple[int, bytes]:
        return self.depth(leaf), leaf

    def cell(self, name: str) -> tuple[str, ...]:
        return next((group for group in self.policy.groups if name in group), (name,))

    def told(self, among: set[bytes]) -> dict[str, Any]:
        """Fields, conflicts and retirement by the entries `among`."""
        fields: dict[str, Any] = {}
        conflicts: dict[str, list[tuple[bytes, Any]]] = {}
        patches = {leaf: self.entries[leaf].set or {} for leaf in among}
        for cell in {self.cell(name) for patch in patches.values() for name in patch}:
            writers = {leaf for leaf in among if any(name in patches[leaf] for name in cell)}
            siblings = {one for one in writers if not any(one in self.ancestors(other) for other in writers)}
            ordered = sorted(siblings, key=self.rank, reverse=True)
            values = [{name: patches[leaf].get(name) for name in cell} for leaf in ordered]
            fields |= {name: value for name, value in values[0].items() if value is not None}
            if len({json.dumps(value, sort_keys=True) for value in values}) > 1:
                for name in cell:
                    if any(name in patches[leaf] for leaf in ordered):
                        conflicts[name] = [(leaf, patches[leaf].get(name)) for leaf in ordered]
        self._retire(among, patches, conflicts)
        retired = fields.pop("retired", None) is True and "retired" not in conflicts
        return {"fields": fields, "conflicts": conflicts, "retired": retired}

    def _retire(self, among: set[bytes], patches: dict[bytes, Any], conflicts: dict[str, Any]) -> None:
        writers = {leaf for leaf in among if "retired" in patches[leaf]}
        siblings = {one for one in writers if not any(one in self.ancestors(other) for other in writers)}
        retiring = {leaf for leaf in siblings if patches[leaf]["retired"] is True}
        beside = {
            other
            for leaf in retiring
            for other in among - retiring
            if other not in self.ancestors(leaf) and leaf not in self.ancestors(other)
        }
        if beside:
            sides = sorted(retiring | beside, key=self.rank, reverse=True)
            conflicts["retired"] = [(leaf, patches[leaf].get("retired")) for leaf in sides]
