"""What the hub says of single entries when they arrive. Its word never stops a push: the entry is stored and
receipted all the same, and folded without its writes once it is refused or held.

Judged here is only what no store can decide from entries alone (PROTOCOL.md §6 c):
- only the hub freezes or merges a worker, or verifies an employer that another market registered;
- one record has one root: a second root by another market is refused;
- nobody under 16 on the day of work has a contract, whatever the hall's program let through;
- a record with more than 64 open heads, or 1,000 entries a day by one market, is held for a person.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from common.errors import Invalid
from common.log.encoding import b64
from common.records.fields import id_bytes, today
from common.records.numbers import age_on
from common.records.worker import birth_of
from common.store import logs
from common.store.folder import RecordKey, key_of
from common.store.logs import Placed
from common.store.tables import PLACE_BITS, Log
from common.store.telling import patch_in
from hub.home import Home

# open ones, a day, and in all, because the day of an entry is its author's claim
HEADS, ENTRIES_A_DAY, ENTRIES = 64, 1000, 10_000
# canonical JSON writes a field in one way only, so a look at the bytes spares parsing nearly every payload
_standing = re.compile(b'"standing":"(?:blocked|merged)"').search


def judge(
    home: Home, log: Log, placed: Sequence[Placed], again: Collection[RecordKey]
) -> list[dict[str, Any]]:
    """The fields of the verdicts that these new entries of a market call for. `again`: the records among
    theirs that had older entries here."""
    found: list[dict[str, Any]] = []
    for one, code in _reasons(home, placed, again):
        entry = one.entry
        assert entry is not None
        decision = "held" if code.startswith("too_many") else "refused"
        found.append(
            {
                "leaf": b64(one.leaf),
                "origin": log.origin,
                "index": logs.index_of(one.place),
                "about": entry.kind,
                "record": entry.record,
                "decision": decision,
                "code": code,
            }
        )
    return found


def _reasons(
    home: Home, placed: Sequence[Placed], again: Collection[RecordKey]
) -> Iterator[tuple[Placed, str]]:
    doubled = _second_roots(home, placed, again)
    crowded = _crowded(home, placed)
    for one in placed:
        if one.entry is None:
            continue
        if doubled and one.leaf in doubled:
            code: str | None = "second_root"
        elif crowded and one.entry.record in crowded:
            code = crowded[one.entry.record]
        else:
            code = _by_content(home, one)
        if code and one.entry.author == one.market:
            yield one, code


def _by_content(home: Home, one: Placed) -> str | None:
    entry, body = one.entry, one.payload
    if entry is None or body is None:
        return None
    if entry.kind == "worker":
        set_here = _standing(body) and patch_in(body).get("standing") in ("blocked", "merged")
        return "standing_by_hub" if set_here else None
    if entry.kind == "employer" and b'"verified":' in body and entry.after:
        merged = home.store.get(
            "employer", entry.record
        )  # None: its beginning is not here, so it is not theirs
        by_other = merged is None or merged.owner != one.market
        return "verified_by_other" if by_other and patch_in(body).get("verified") else None
    return "under_16" if entry.kind == "contract" and _under_16(home, patch_in(body), entry.record) else None


def _under_16(home: Home, patch: Mapping[str, Any], record: str) -> bool:
    if not {"worker", "start_date", "state"} & patch.keys():
        return False
    merged = home.store.get("contract", record)
    terms = {**(merged.fields if merged else {}), **patch}
    worker = home.store.get("worker", str(terms.get("worker") or ""))
    born = birth_of(worker.fields) if worker else None
    if born is None or terms.get("state") == "cancelled":
        return False  # to end such a contract is what we want
    try:
        return age_on(born, str(terms.get("start_date"))) < 16
    except Invalid:
        return False


def _second_roots(home: Home, placed: Sequence[Placed], again: Collection[RecordKey]) -> set[bytes]:
    """Leaves of roots whose record has an older root of another market here."""
    roots: dict[bytes, list[Placed]] = {}
    for one in placed if again else ():
        if one.entry and not one.entry.after and key_of(one) in again and one.entry.author == one.market:
            roots.setdefault(id_bytes(one.entry.record), []).append(one)
    refused = set()
    for record, mine in roots.items():
        others = _entries_of(home, record)
        refused |= {one.leaf for one in mine if any(_rival(other, one) for other in others)}
    return refused


def _entries_of(home: Home, record: bytes) -> list[Placed]:
    known = {log.id: log for log in Log.select()}
    rows = home.store.db.run("SELECT place, leaf, raw, payload, gone FROM entry WHERE record = ?", (record,))
    return [logs.unfold(known[row[0] >> PLACE_BITS], *row) for row in rows.fetchall()]


def _rival(other: Placed, mine: Placed) -> bool:
    """Another market's root of the same record."""
    entry = other.entry
    if entry is None or mine.entry is None or other.market == mine.market:
        return False
    return not entry.after and entry.kind == mine.entry.kind and entry.author == other.market


def _crowded(home: Home, placed: Sequence[Placed]) -> dict[str, str]:
    """Records that one market floods, with the reason."""
    found: dict[str, str] = {}
    later = {
        (one.entry.kind, one.entry.record, one.market): one for one in placed if one.entry and one.entry.after
    }
    for (kind, record, market), one in later.items():
        merged = home.store.get(kind, record) if kind in home.store.projector.rows else None
        if merged is None or one.entry is None:
            continue
        if len(merged.heads) > HEADS:
            found[record] = "too_many_heads"
        elif merged.entries > ENTRIES or (
            merged.entries > ENTRIES_A_DAY and _that_day(home, record, market, one.entry.time) > ENTRIES_A_DAY
        ):
            found[record] = "too_many_entries"
    return found


def _that_day(home: Home, record: str, market: str, time: int) -> int:
    ones = _entries_of(home, id_bytes(record))
    return sum(
        1 for one in ones if one.entry and one.market == market and today(one.entry.time) == today(time)
    )
