"""Where every word of a record comes from: its entries, each with its log, index, leaf, and the signed head
that covers it; and the proof file that shows it to whoever holds the keys.

Rules kept here:
- An entry is shown where its own author wrote it. Copies that the hub relays are left out; a copy in another
  market's log is shown, with the reason why it does not count.
- What stood before a change is what its own ancestors had said, not what happened to be stored earlier: two
  branches each show their own past.
- A proof goes under the newest receipt. Entries of the hub's own logs, which nobody receipts, go under its
  newest signed note.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from common.errors import Refused
from common.log import proof as proofs
from common.log import tree
from common.log.encoding import b64
from common.records.fields import id_bytes
from common.store import logs
from common.store.logs import Placed
from common.store.projector import judgements_on
from common.store.tables import PLACE_BITS, Log
from common.store.telling import new_reasons, patch_in
from hub.home import Home
from hub.province.dossier import Receipt, receipt_of

MOST = 300  # entries of one record that a page looks at


@dataclass(slots=True)
class Step:
    """One entry. changes: {field: (before, after)}; cover: the smallest signed head that includes it."""

    leaf: str
    origin: str
    index: int
    actor: str
    time: int
    parents: int
    payload: int | None = None  # bytes held of it; None where it is absent
    cover: Receipt | None = None
    receipted: bool = False  # cover is a receipt (a hub's own log has signed notes only)
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    retired: bool | None = None
    reasons: dict[str, str] = field(default_factory=dict)
    aside: str = ""
    word: tuple[str, str, str] | None = None  # the province's decision, code and message
    state: dict[str, Any] = field(default_factory=dict)
    base: dict[str, Any] = field(default_factory=dict)


def steps(home: Home, kind: str, id: str) -> list[Step]:
    """The record's entries, parents before children."""
    with home.store.reading():
        known = {log.id: log for log in Log.select()}
        placed = [one for one in _entries(home, known, id) if one.entry and one.entry.kind == kind]
        leaves = [one.leaf for one in placed]
        aside = dict(
            home.store.db.rows_in(
                "SELECT place, reason FROM aside WHERE place IN (?)", [p.place for p in placed]
            )
        )
        words = judgements_on(home.store.db, leaves)
        told: dict[bytes, Step] = {}
        found = []
        for one in _in_order(placed):
            step = _step(one, known[one.place >> PLACE_BITS], told, aside.get(one.place, ""))
            step.word = words.get(one.leaf)
            _cover(home, known[one.place >> PLACE_BITS], step)
            told.setdefault(one.leaf, step)
            found.append(step)
    return found


def base_of(told: list[Step], conflicts: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """What stood in each field in conflict before its sides went apart."""
    by_leaf = {step.leaf: step for step in told}
    base = {}
    for name, sides in conflicts.items():
        known = [by_leaf[side["leaf"]] for side in sides if side["leaf"] in by_leaf]
        if known and name != "retired":
            base[name] = known[-1].base.get(name)
    return base


def _entries(home: Home, known: dict[int, Log], id: str) -> list[Placed]:
    """Entries in the logs of their authors, and copies in other markets' logs."""
    try:
        key = id_bytes(id)
    except ValueError:
        return []
    sql = "SELECT place, leaf, raw, payload, gone FROM entry WHERE record = ? ORDER BY place LIMIT ?"
    rows = home.store.db.run(sql, (key, MOST)).fetchall()
    return [logs.unfold(log, *row) for row in rows if not logs.relays(log := known[row[0] >> PLACE_BITS])]


def _in_order(placed: list[Placed]) -> list[Placed]:
    """Parents before children; an author's own entry before a copy of it."""
    waiting = sorted(placed, key=lambda one: (one.entry is None or one.entry.author != one.market, one.place))
    here = {one.leaf for one in waiting}
    done: set[bytes] = set()
    ordered: list[Placed] = []
    while waiting:
        ready = [
            one for one in waiting if one.entry and all(p in done or p not in here for p in one.entry.after)
        ]
        ordered += ready or waiting
        done |= {one.leaf for one in ready}
        waiting = [one for one in waiting if one not in ready] if ready else []
    return ordered


def _step(one: Placed, log: Log, told: dict[bytes, Step], aside: str) -> Step:
    entry = one.entry
    assert entry is not None
    step = Step(
        b64(one.leaf), log.origin, logs.index_of(one.place), entry.actor, entry.time, len(entry.after)
    )
    for parent in entry.after:
        if parent in told:
            step.base |= told[parent].state
    patch = patch_in(one.payload)
    step.payload = None if one.payload is None else len(one.payload)
    step.reasons = new_reasons(patch.pop("reasons", None), step.base.get("reasons"))
    retired = patch.pop("retired", None)
    if retired is not None and (retired is True) != bool(step.base.get("retired")):
        step.retired = retired is True
    step.changes = {
        name: (step.base.get(name), value) for name, value in patch.items() if step.base.get(name) != value
    }
    step.state = {**step.base, **patch, "reasons": {**(step.base.get("reasons") or {}), **step.reasons}}
    if retired is not None:
        step.state["retired"] = retired is True
    step.aside = aside
    return step


def _cover(home: Home, log: Log, step: Step) -> None:
    row = logs.note_covering(home.store.db, log, step.index)
    if row is not None:
        step.cover = receipt_of(home, log, *row)
        step.receipted = step.cover.at is not None


# -- files to take away --------------------------------------------------------------------------------------


def proof(home: Home, origin: str, index: int) -> bytes:
    """The .tlog-proof of one entry. Raises Refused('unknown_log'|'not_confirmed')."""
    log = logs.get_log(origin)
    if not (log.receipt or log.note):
        raise Refused("not_confirmed", f"{origin}: no signed head covers entry {index}")
    size, note = home.release(log)
    with home.store.reading():
        if not 0 <= index < size:
            raise Refused("not_confirmed", f"{origin}: no signed head covers entry {index}")
        way = tree.prove_inclusion(index, size, logs.Hashes(home.store.db, log))
        raw, _ = _at(home, log, index)
    return proofs.encode(raw, index, way, note)


def payload(home: Home, origin: str, index: int) -> tuple[str, str, bytes]:
    """(kind, record, payload) of one entry. Raises Refused('unknown_log'|'not_found')."""
    with home.store.reading():
        log = logs.get_log(origin)
        if not 0 <= index < log.size:
            raise Refused("not_found", f"{origin} ends before {index}")
        raw, body = _at(home, log, index)
        one = logs.unfold(log, logs.place_of(log, index), b"", raw, body, None)
    if body is None:
        raise Refused("not_found", f"{origin}: entry {index} has no payload here")
    return (one.entry.kind, one.entry.record, body) if one.entry else ("", "", body)


def _at(home: Home, log: Log, index: int) -> tuple[bytes, bytes | None]:
    row = home.store.db.run(
        "SELECT raw, payload FROM entry WHERE place = ?", (logs.place_of(log, index),)
    ).fetchone()
    assert row is not None, f"{log.origin} lacks entry {index} below its size"
    return bytes(row[0]), None if row[1] is None else bytes(row[1])
