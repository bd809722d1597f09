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
from datetime import UTC, datetime
from typing import Any

from common.errors import Invalid, Refused
from common.records import HALL_KINDS, Record
from common.records import kind_of as any_kind
from common.records.base import Finding
from common.records.fields import BEIJING, today
from common.store.recorder import Batch, Put
from common.store.rows import Merged as Merged
from node.home import Home as Home
from node.market import history, refusals

PAGE = 30
is_id = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}").fullmatch
REVIEWERS = ("reviewer", "manager")
TAIL = 4  # characters of an identity or telephone number that find whom it belongs to
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
    heads: Iterable[bytes] | None = None,
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


def unchanged(home: Home, kind: str, id: str, heads: Iterable[bytes] | None) -> Merged:
    """The record as it is now; Refused('record_changed'|'retired'|'not_found'). Inside a transaction."""
    now = home.store.get(kind, id)
    if now is None:
        raise Refused("not_found", f"no {kind} {id[:40]}")
    if heads is not None and sorted(heads) != sorted(now.heads):
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
    home: Home,
    login: str,
    role: str,
    kind: str,
    id: str,
    picked: Mapping[str, str],
    why: str,
    heads: Iterable[bytes],
    base: Mapping[str, Any],
) -> None:
    """End conflicts: one entry that saw all sides sets each field to the value of the picked leaf.

    picked: {field: leaf, or 'base' for what stood in `base` before}. Raises
    Refused('no_conflict'|'not_allowed'): what needs a manager or a reviewer as an act, needs him here too.
    """
    if not why.strip():
        raise Refused("reason_needed", "say why", field="reason")
    if not picked:
        raise Refused("reason_needed", "nothing was picked")
    with home.recorder.open(login) as batch:
        now = unchanged(home, kind, id, heads)
        patch = {name: _picked(now, name, leaf, base) for name, leaf in picked.items()}
        _may_decide(home, f"{home.market}.{login}", role, now, patch)
        # said once here: a rule that asks for a reason is not asked about again
        batch.put(kind, id, patch, {"decided": why.strip()[:200]})


def _may_decide(home: Home, actor: str, role: str, now: Merged, patch: Mapping[str, Any]) -> None:
    if "retired" in patch and role != "manager":
        raise Refused("not_allowed", "a manager decides whether a record is retired", field="retired")
    if "verified" not in patch and patch.get("state") != "published":
        return
    if role not in REVIEWERS or actor in history.writers(home, now.kind, now.id):
        raise Refused("not_allowed", "a reviewer who did not write the record decides this")


def _picked(now: Merged, name: str, leaf: str, base: Mapping[str, Any]) -> Any:
    sides = {side["leaf"]: side["value"] for side in now.conflicts.get(name, ())}
    if not sides or (leaf not in sides and leaf != "base"):
        raise Refused("no_conflict", f"{name} is not in conflict over {leaf[:44]}", field=name)
    value = base.get(name) if leaf == "base" else sides[leaf]
    return value is True if name == "retired" else value


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


def find(home: Home, kind: str, text: str) -> list[Merged]:
    """Records of one kind by search; visits are found by who came."""
    if kind != "visit":
        return search(home, text, (kind,))
    people = search(home, text, ("worker",), 10)
    with home.store.reading():
        found = [one for person in people for one in home.store.having("visit", "worker", person.id)]
    return sorted(found, key=lambda one: one.id, reverse=True)[:50]


def search(home: Home, text: str, kinds: Sequence[str] = SEARCHED, most: int = 50) -> list[Merged]:
    """What a search finds: those whose title is the very text first, then the newest.

    A tail of an identity or telephone number finds somebody from TAIL characters on: with fewer, whoever asks
    digit by digit would read masked numbers out. The reversed terms themselves are nobody's query.
    """
    exact = text.strip()
    if exact.startswith("~"):
        return []
    with home.store.reading():
        found = home.store.search(text, kinds, most)
    query = exact.replace(" ", "").lower()
    if len(query) < TAIL:
        found = [one for one in found if _begins(one, query)]
    found.sort(key=lambda one: one.id, reverse=True)
    return sorted(found, key=lambda one: any_kind(one.kind).name_of(one.fields) != exact)


def _begins(record: Merged, query: str) -> bool:
    """Whether a term that is no tail begins with the query."""
    terms = any_kind(record.kind).terms(record.fields)
    return any(term.startswith(query) for term in terms)


def count(home: Home, kind: str) -> int:
    with home.store.reading():
        return home.store.count(kind)


def template(home: Home, kind: str, leaf: str) -> dict[str, Any]:
    """What a refused first entry held, to be offered again as a new record; {} where nothing is meant."""
    if not leaf:
        return {}
    refusal = refusals.by_leaf(home, leaf)
    if refusal.kind != kind:
        raise Refused("not_found", f"no {kind} was refused under this leaf")
    fields = any_kind(kind).fields
    given = {"number", "state", "reasons", "consent", "verified"}
    return {name: value for name, value in refusal.fields.items() if name in fields and name not in given}


def suggested(home: Home, kind: str) -> dict[str, Any]:
    """What a new record of a kind begins with at this moment."""
    now = home.ambience.now()
    if kind == "visit":
        return {"date": today(now), "time": clock(now)}
    return {"start_date": today(now), "pay_unit": "day", "pay_timing": "same_day"} if kind == "job" else {}


def clock(now: int) -> str:
    """The time of day in the hall, HH:MM."""
    return datetime.fromtimestamp(now / 1000, UTC).astimezone(BEIJING).strftime("%H:%M")


def title(home: Home, kind: str, id: str) -> str:
    """What a reference to a record is called; '' where it is not here."""
    with home.store.reading():
        found = home.store.get(kind, id)
    return any_kind(kind).name_of(found.fields) if found else ""
