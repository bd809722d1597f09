"""The history of one record out of its entries: who wrote what, when, where, and how far it has come.

Rules kept here:
- Everything is read from the entries in this store; what is set aside or waits is shown with its reason.
- What stood before a change is what its own ancestors had said, not what happened to be stored earlier:
  two branches each show their own past.
- Confirmed is what a receipt covers (index below the receipted size); what came from the province's logs
  has been there. Nothing is a flag.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from common.log.encoding import b64
from common.records.fields import id_bytes
from common.store import logs
from common.store.logs import Placed
from common.store.projector import judgements_on
from common.store.tables import PLACE_BITS, Log
from common.store.telling import new_reasons, patch_in
from node.home import Home
from node.market import receipts

NOT_CONTENT = ("state", "verified", "reasons")
MOST = 300  # entries of one record that a page looks at


@dataclass(slots=True)
class Step:
    """One entry. changes: {field: (before, after)}. own: stands in our own log at `index`."""

    leaf: str
    index: int
    own: bool
    actor: str
    time: int
    first: bool
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    retired: bool | None = None
    reasons: dict[str, str] = field(default_factory=dict)
    confirmed: int | None = None
    elsewhere: bool = False
    aside: str = ""
    word: tuple[str, str, str] | None = None  # the province's decision, code and message
    state: dict[str, Any] = field(default_factory=dict)
    base: dict[str, Any] = field(default_factory=dict)
    seen: frozenset[str] = frozenset()  # the leaves of all its ancestors


def steps(home: Home, kind: str, id: str) -> list[Step]:
    """The record's entries, oldest first."""
    with home.store.reading():
        db = home.store.db
        known = {log.id: log for log in Log.select()}
        rows = db.run(
            "SELECT place, leaf, raw, payload, gone FROM entry WHERE record = ? ORDER BY place LIMIT ?",
            (id_bytes(id), MOST),
        ).fetchall()
        placed = [logs.unfold(known[row[0] >> PLACE_BITS], *row) for row in rows]
        aside = dict(
            db.rows_in("SELECT leaf, reason FROM aside WHERE leaf IN (?)", [one.leaf for one in placed])
        )
        words = judgements_on(db, [one.leaf for one in placed])
        own = home.log
        told: dict[bytes, Step] = {}
        for one in _in_order([one for one in placed if one.entry and one.entry.kind == kind], own.id):
            if one.leaf not in told:
                told[one.leaf] = _step(home, own, one, told, aside.get(one.leaf, ""), words.get(one.leaf))
    return list(told.values())


def writers(home: Home, kind: str, id: str) -> set[str]:
    """Actors who wrote anything of the content of a record. Inside the transaction that relies on it."""
    return {step.actor for step in steps(home, kind, id) if step.changes.keys() - set(NOT_CONTENT)}


def _in_order(placed: list[Placed], own: int) -> list[Placed]:
    """Parents before children, our own copy of an entry before a relayed one."""
    placed.sort(key=lambda one: (one.place >> PLACE_BITS != own, one.place))
    here = {one.leaf for one in placed}
    done: set[bytes] = set()
    ordered: list[Placed] = []
    while placed:
        ready = [one for one in placed if all(p in done or p not in here for p in one.entry.after)]  # type: ignore[union-attr]
        ordered += ready or placed
        done |= {one.leaf for one in ready}
        placed = [one for one in placed if one not in ready] if ready else []
    return ordered


def _step(
    home: Home, own: Log, one: Placed, told: dict[bytes, Step], aside: str, word: tuple[str, str, str] | None
) -> Step:
    entry = one.entry
    assert entry is not None
    mine = one.place >> PLACE_BITS == own.id
    step = Step(b64(one.leaf), logs.index_of(one.place), mine, entry.actor, entry.time, not entry.after)
    for parent in entry.after:
        if parent in told:
            step.base |= told[parent].state
            step.seen |= told[parent].seen | {told[parent].leaf}
    patch = patch_in(one.payload)
    step.reasons = new_reasons(patch.pop("reasons", None), step.base.get("reasons"))
    if "retired" in patch:
        step.retired = patch.pop("retired") is True
    step.changes = {
        name: (step.base.get(name), value) for name, value in patch.items() if step.base.get(name) != value
    }
    step.state = {**step.base, **patch, "reasons": {**(step.base.get("reasons") or {}), **step.reasons}}
    step.aside, step.word = aside, word
    step.elsewhere = not mine
    step.confirmed = receipts.confirmed_at(home, own, step.index) if mine else None
    return step


def base_of(told: list[Step], conflicts: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """What stood in each field in conflict before its sides went apart: by the entries that all sides saw."""
    by_leaf = {step.leaf: step for step in told}
    base: dict[str, Any] = {}
    for name, sides in conflicts.items():
        seen = [by_leaf[side["leaf"]].seen for side in sides if side["leaf"] in by_leaf]
        shared = frozenset.intersection(*seen) if seen else frozenset()
        for step in told:
            if step.leaf in shared and name in step.changes:
                base[name] = step.changes[name][1]
    return base
