"""Entries of our own that do not count: refused or held by the province, or set aside by everybody.

Rules kept here:
- None vanishes without a word: each stays on the list until a later entry of ours mended the record, or a
  person said, with a reason, that nothing is to be done.
- Where the record's first entry is refused there is no record to edit; what was typed is offered again as
  a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from common.errors import Invalid, Refused
from common.log.encoding import b64
from common.log.payload import parse as parse_payload
from common.records import HALL_KINDS
from common.records import kind_of as any_kind
from common.records.fields import id_text
from common.store import logs
from common.store.projector import judgements_on
from common.store.tables import Log
from node.home import Home
from node.local import LocalAudit
from node.market import audit

ACT = "refusal"  # of the local audit: a refusal that somebody dealt with
MOST = 200


@dataclass(frozen=True, slots=True)
class Refusal:
    """reason: refused, held, or why the entry was set aside. code, message: the province's word."""

    index: int
    leaf: str
    kind: str
    record: str
    title: str
    actor: str
    time: int
    reason: str
    code: str
    message: str
    alive: bool  # the record exists and can be edited
    fields: dict[str, Any]


def waiting(home: Home, log: Log) -> list[tuple[int, bytes, bytes | None, str]]:
    """(place, leaf, record, reason) of those that nobody dealt with, newest first. Inside a transaction."""
    first, end = logs.place_of(log, 0), logs.place_of(log, log.size)
    sql = (
        "SELECT place, leaf, record, reason FROM aside WHERE place >= ? AND place < ? AND NOT EXISTS ("
        "SELECT 1 FROM entry later WHERE later.record = aside.record AND later.place > aside.place "
        "AND later.place < ? AND NOT EXISTS (SELECT 1 FROM aside other WHERE other.place = later.place)) "
        "ORDER BY place DESC LIMIT ?"
    )
    rows = home.store.db.run(sql, (first, end, end, MOST)).fetchall()
    if not rows:
        return []
    done = {one.record for one in LocalAudit.select(LocalAudit.record).where(LocalAudit.act == ACT)}
    return [row for row in rows if b64(row[1]) not in done]


def listed(home: Home) -> list[Refusal]:
    with home.store.reading():
        log = home.log
        rows = waiting(home, log)
        said = judgements_on(home.store.db, [row[1] for row in rows])
        return [_refusal(home, log, row, said.get(row[1], ("", "", ""))) for row in rows]


def by_leaf(home: Home, leaf: str) -> Refusal:
    """Raises Refused('not_found')."""
    for one in listed(home):
        if one.leaf == leaf:
            return one
    raise Refused("not_found", "no such refusal")


def _refusal(
    home: Home, log: Log, row: tuple[int, bytes, bytes | None, str], said: tuple[str, str, str]
) -> Refusal:
    place, leaf, record, reason = row
    found = home.store.db.run(
        "SELECT place, leaf, raw, payload, gone FROM entry WHERE place = ?", (place,)
    ).fetchone()
    one = logs.unfold(log, *found)
    kind = one.entry.kind if one.entry else ""
    id = id_text(record) if record else ""
    fields = _fields(one.payload)
    now = home.store.get(kind, id) if kind in HALL_KINDS and id else None
    title = any_kind(kind).name_of(now.fields if now else fields) if kind in HALL_KINDS else ""
    return Refusal(
        index=logs.index_of(place),
        leaf=b64(leaf),
        kind=kind,
        record=id,
        title=title,
        actor=one.entry.actor if one.entry else "",
        time=one.entry.time if one.entry else 0,
        reason=reason.split(" ")[0],
        code=said[1],
        message=said[2],
        alive=now is not None,
        fields=fields,
    )


def _fields(payload: bytes | None) -> dict[str, Any]:
    try:
        return parse_payload(payload) if payload else {}
    except Invalid:
        return {}


def settle(home: Home, actor: str, leaf: str, why: str) -> None:
    """Take a refusal off the list; `why` is kept."""
    if not why.strip():
        raise Refused("reason_needed", "say why", field="reason")
    audit.note(home, actor, ACT, "", leaf, why.strip())
