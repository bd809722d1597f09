"""Reading and writing records of any kind, as every desk of a hall needs it.

Rules kept here:
- A form says which heads it was drawn from. Where the record has others by now, nothing is written:
  Refused('record_changed'), and the desk shows both. The comparison stands inside the transaction that
  writes; before it, another clerk could slip in between.
- A finding that asks for a reason (`warn`) and got none stops the write with `Warned`, and nothing is left
  of it; with a reason the same write goes through and the reason is kept in the record.
- A retired record is closed to changes; it can be taken back by a manager.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.errors import Invalid, Refused
from common.log.encoding import b64
from common.records import HALL_KINDS, Record
from common.records import kind_of as any_kind
from common.records.base import Finding
from common.store.recorder import Batch, Put
from common.store.rows import Merged
from node.home import Home

PAGE = 30
is_id = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}").fullmatch
SEARCHED = ("worker", "employer", "job", "contract")


class Warned(Refused):
    """Findings that need a reason each before the same write goes through."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("reason_needed", "a reason is needed", codes=[finding.code for finding in findings])
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a save. notes: codes that are only told."""

    id: str
    written: bool
    notes: tuple[str, ...]


def kind_of(name: str) -> type[Record]:
    """A kind that a hall works with; Invalid('unknown_kind') for all others."""
    if name not in HALL_KINDS:
        raise Invalid("unknown_kind", f"halls do not work with {name[:40]!r}")
    return any_kind(name)


def get(home: Home, kind: str, id: str) -> Merged:
    """Raises Refused('not_found')."""
    with home.store.reading():
        found = home.store.get(kind, id)
    if found is None:
        raise Refused("not_found", f"no {kind} {id[:40]}")
    return found


def heads_of(record: Merged) -> list[str]:
    """The heads as a form carries them."""
    return [b64(head) for head in record.heads]


def may_write(home: Home, record: Merged) -> bool:
    return not kind_of(record.kind).owned or record.owner == home.market


def save(
    home: Home,
    login: str,
    kind: str,
    id: str | None,
    patch: Mapping[str, Any],
    *,
    reasons: Mapping[str, str] | None = None,
    heads: Iterable[str] | None = None,
) -> Saved:
    """Write a patch, `id` None for a new record. `heads`: those that the form was drawn from; None where
    the act does not depend on what a form showed. Raises Invalid, Refused, Warned."""
    with home.recorder.open(login) as batch:
        if id:
            unchanged(home, kind, id, heads)
        return saved(put(batch, kind, id, patch, reasons))


def put(
    batch: Batch,
    kind: str,
    id: str | None,
    patch: Mapping[str, Any],
    reasons: Mapping[str, str] | None = None,
    repeat: Iterable[str] = (),
) -> Put:
    """One put of a batch; raises Warned where a reason is still missing."""
    done = batch.put(kind, id, patch, reasons, repeat=tuple(repeat))
    given = {**done.fields.get("reasons", {}), **(reasons or {})}
    open_ones = [one for one in done.findings if one.severity == "warn" and one.code not in given]
    if open_ones and done.written:
        raise Warned(open_ones)
    return done


def saved(done: Put) -> Saved:
    notes = tuple(finding.code for finding in done.findings if finding.severity == "note")
    return Saved(done.id, done.written, notes)


def unchanged(home: Home, kind: str, id: str, heads: Iterable[str] | None) -> Merged:
    """The record as it is now; Refused('record_changed'|'retired'|'not_found'). Inside a transaction."""
    now = home.store.get(kind, id)
    if now is None:
        raise Refused("not_found", f"no {kind} {id[:40]}")
    if heads is not None and sorted(heads) != sorted(heads_of(now)):
        raise Refused("record_changed", f"{kind} {id} has other heads than the form")
    if now.retired:
        raise Refused("retired", f"{kind} {id} is retired")
    return now


def retire(home: Home, login: str, kind: str, id: str, why: str, back: bool = False) -> None:
    """Close a record to changes, or take it back; `why` is kept in it."""
    if not why.strip():
        raise Refused("reason_needed", "say why", field="why")
    with home.recorder.open(login) as batch:
        get_now = home.store.get(kind, id)
        if get_now is None:
            raise Refused("not_found", f"no {kind} {id[:40]}")
        batch.put(kind, id, {"retired": not back}, {"retired": why.strip()[:200]})


def decide(
    home: Home, login: str, kind: str, id: str, picked: Mapping[str, str], why: str, heads: Iterable[str]
) -> None:
    """End conflicts: one entry that saw all sides sets each field to the value of the picked leaf.

    picked: {field: leaf}. The fields of a group are decided together. Raises Refused('no_conflict').
    """
    if not why.strip():
        raise Refused("reason_needed", "say why", field="why")
    with home.recorder.open(login) as batch:
        now = unchanged(home, kind, id, heads)
        patch: dict[str, Any] = {}
        for name, leaf in picked.items():
            sides = [side for side in now.conflicts.get(name, ()) if side["leaf"] == leaf]
            if not sides:
                raise Refused("no_conflict", f"{name} is not in conflict over {leaf[:44]}", field=name)
            patch[name] = sides[0]["value"] if name != "retired" else sides[0]["value"] is True
        if not patch:
            raise Refused("reason_needed", "nothing was picked")
        # with the reason `decided`, a rule that was explained once is not asked about again
        batch.put(kind, id, patch, {"decided": why.strip()[:200]})


@dataclass(frozen=True, slots=True)
class Turned:
    """One page of a list, newest first; `older` and `newer` are where to go on from, '' at an end."""

    rows: list[Merged]
    older: str = ""
    newer: str = ""


def page(
    home: Home, kind: str, *, after: str = "", before: str = "", where: str = "", values: Sequence[Any] = ()
) -> Turned:
    """Up to PAGE records: those older than id `after`, or the nearest newer than id `before`."""
    forward = not before
    cursor = before or after
    if cursor and not is_id(cursor):
        raise Invalid("bad_request", "a cursor is a record id")
    with home.store.reading():
        found = home.store.page(
            kind, newest=forward, before=cursor or None, most=PAGE + 1, where=where, values=values
        )
    more, rows = len(found) > PAGE, found[:PAGE]
    if not forward:
        rows.reverse()
    older = rows[-1].id if rows and (more or not forward) else ""
    newer = rows[0].id if rows and (after if forward else more) else ""
    return Turned(rows, older, newer)


def search(home: Home, text: str, kinds: Sequence[str] = SEARCHED, most: int = 50) -> list[Merged]:
    """What a search finds: those whose title is the very text first, then the newest."""
    with home.store.reading():
        found = home.store.search(text, kinds, most)
    exact = text.strip()
    found.sort(key=lambda one: one.id, reverse=True)
    return sorted(found, key=lambda one: any_kind(one.kind).title(one.fields) != exact)


def title(home: Home, kind: str, id: str) -> str:
    """What a reference to a record is called; '' where it is not here."""
    with home.store.reading():
        found = home.store.get(kind, id)
    return any_kind(kind).title(found.fields) if found else ""
