"""Folding records out of their entries: what the tables should hold, unwritten.

The projector writes what comes out here; `verify` compares it with what stands there. Per record the fold is
pure (`common.records.fold`); this module gathers what it needs from the store: entries, the hub's words on
them, and where a leaf that an entry names stands otherwise.

Rules kept here:
- One bad entry never stops a county: a record that cannot be folded is set aside as `fold_error`, alone.
- The outcome depends on the entries present, never on the order in which they came.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.errors import Invalid
from common.log.encoding import unb64
from common.log.payload import parse as parse_payload
from common.records import BY_NAME
from common.records.fold import Folded, Write, fold
from common.records.values import id_bytes, today
from common.store.database import Database
from common.store.logs import Placed, own_market, unfold
from common.store.rows import Row, Rows
from common.store.tables import GONE_ERASED, PLACE_BITS, Log

RecordKey = tuple[str, bytes]  # (kind, 16 bytes of the id)
Judgement = tuple[bytes, int, str, str, str]  # leaf, place in the hub's log, decision, code, message
Said = tuple[str, str, str]  # decision, code, message
Term = tuple[str, str, bytes]  # term, kind, record
JUDGED_ASIDE = ("refused", "held")
NUMBERED = frozenset(name for name, kind in BY_NAME.items() if kind.numbered)


@dataclass(slots=True)
class Refolded:
    """What folding gives: rows and search terms of records, records without a row, and bookkeeping:
    (place, leaf, record, reason) set aside, (leaf waited for, leaf that waits, record)."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    terms: list[Term] = field(default_factory=list)
    gone: list[RecordKey] = field(default_factory=list)
    aside: list[tuple[int, bytes, bytes | None, str]] = field(default_factory=list)
    waiting: list[tuple[bytes, bytes, bytes]] = field(default_factory=list)


class Folder:
    """Folds what `db` holds. `terms`: search terms too (nodes keep them)."""

    def __init__(self, db: Database, terms: bool) -> None:
        self.db = db
        self.terms = terms
        self.rows = {name: Rows(kind) for name, kind in BY_NAME.items()}

    def fold_ids(self, ids: Sequence[bytes], out: Refolded) -> None:
        """Fold every record with one of these ids, from all its entries in this store."""
        logs = logs_by_id()
        groups: dict[RecordKey, list[Placed]] = {}
        sql = "SELECT place, leaf, raw, payload, gone, record FROM entry WHERE record IN (?) ORDER BY place"
        for *row, record in self.db.rows_in(sql, ids):
            one = unfold(logs[row[0] >> PLACE_BITS], *row)
            if one.entry:
                groups.setdefault((one.entry.kind, record), []).append(one)
        self.fold_groups(groups, out)

    def fold_groups(self, groups: Mapping[RecordKey, Sequence[Placed]], out: Refolded) -> None:
        """Fold records, each given with all its entries in order of place. Unknown kinds are not folded."""
        known = {key: placed for key, placed in groups.items() if key[0] in self.rows}
        leaves, strange = set[bytes](), set[bytes]()
        for placed in known.values():
            own = {one.leaf for one in placed}
            leaves |= own
            strange.update(leaf for one in placed for leaf in _after(one) if leaf not in own)
        words = judgements_on(self.db, leaves | strange)
        elsewhere = self._readable(strange)
        for key, placed in known.items():
            try:
                self._fold(key, placed, words, elsewhere, out)
            except Exception as error:  # whatever it is: this record is set aside, nothing else stops
                reason = f"fold_error {type(error).__name__}"
                out.aside += [(one.place, one.leaf, key[1], reason) for one in placed]

    def terms_of(self, kind: str, record: bytes, fields: Mapping[str, Any]) -> list[Term]:
        """The search terms of a record, each once."""
        if not self.terms:
            return []
        return [(term, kind, record) for term in dict.fromkeys(BY_NAME[kind].terms(fields))]

    def _readable(self, leaves: Collection[bytes]) -> dict[bytes, bool]:
        """leaf -> whether it is the leaf of an entry that we can read, of those that stand here at all."""
        sql = "SELECT leaf, max(record IS NOT NULL) FROM entry WHERE leaf IN (?) GROUP BY leaf"
        return {leaf: bool(readable) for leaf, readable in self.db.rows_in(sql, list(leaves))}

    def _fold(
        self,
        key: RecordKey,
        placed: Sequence[Placed],
        words: Mapping[bytes, Said],
        elsewhere: Mapping[bytes, bool],
        out: Refolded,
    ) -> None:
        kind, record = key
        rows, writes = self.rows[kind], _writes(placed)
        for leaf, write in writes.items():
            if leaf in words and words[leaf][0] in JUDGED_ASIDE:
                write.aside = write.aside or words[leaf][0]
        strange = {leaf for write in writes.values() for leaf in write.after} - writes.keys()
        lost = {leaf for leaf in strange if leaf in words and words[leaf][0] == "lost"}
        # an entry that we cannot read keeps its place in the graph; that of another record has none here
        misplaced = {leaf for leaf in strange - lost if elsewhere.get(leaf)}
        for write in writes.values():
            if misplaced and not misplaced.isdisjoint(write.after):
                write.aside = write.aside or "misplaced"
        folded = fold(writes.values(), rows.kind.policy, lost | (strange & elsewhere.keys()))
        row = _folded_row(rows, record, len(writes), folded) if folded.exists else None
        terms = self.terms_of(kind, record, folded.fields) if row else []
        if row:
            out.rows.setdefault(kind, []).append(row)
            out.terms += terms
        for one in placed:
            reason = "copied" if _copied(one) else folded.aside.get(one.leaf)
            if reason:
                out.aside.append((one.place, one.leaf, record, reason))
        out.waiting += [(waits, leaf, record) for leaf, waits in folded.pending.items()]


def logs_by_id() -> dict[int, Log]:
    """The logs to unfold entries by, each knowing whose node this is."""
    logs, ours = {log.id: log for log in Log.select()}, own_market()
    for log in logs.values():
        log.ours = ours
    return logs


def _after(one: Placed) -> tuple[bytes, ...]:
    return one.entry.after if one.entry else ()


def _copied(one: Placed) -> bool:
    """An entry counts only in a log of its author."""
    return one.entry is None or one.entry.author != one.market


def _writes(placed: Sequence[Placed]) -> dict[bytes, Write]:
    """One write per leaf. Of several places the author's own counts, and there one that has the payload:
    which of them came first is not the same everywhere."""
    writes: dict[bytes, Write] = {}
    ranks: dict[bytes, int] = {}
    for one in placed:
        rank = 0 if _copied(one) else 3 if not one.gone else 2 if one.gone == GONE_ERASED else 1
        if rank > ranks.get(one.leaf, -1):
            writes[one.leaf], ranks[one.leaf] = _write(one), rank
    return writes


def _write(one: Placed) -> Write:
    entry = one.entry
    assert entry is not None
    aside = "copied" if _copied(one) else None
    patch: dict[str, Any] | None = None
    if one.payload is not None:
        try:
            patch = parse_payload(one.payload)
        except Invalid as error:
            aside = aside or error.code
    elif one.gone and one.gone != GONE_ERASED:
        aside = aside or "withheld"
    return Write(one.leaf, entry.after, patch, entry.author, entry.actor, entry.time, aside)


def _folded_row(rows: Rows, record: bytes, entries: int, folded: Folded) -> Row:
    assert folded.last is not None
    return rows.row(
        record,
        folded.fields,
        b"".join(folded.heads),
        folded.owner,
        folded.created,
        folded.last.time,
        entries,
        folded.retired,
        folded.conflicts,
    )


# -- what else follows from entries ----------------------------------------------------------------


def judgements(placed: Iterable[Placed]) -> Iterable[Judgement]:
    """The hub's words in the verdict entries among `placed`."""
    for one in placed:
        entry = one.entry
        if entry is None or entry.kind != "verdict" or one.market != "hub" or one.payload is None:
            continue
        try:
            said = parse_payload(one.payload)
            leaf, decision = unb64(str(said.get("leaf")), 32), str(said.get("decision"))
        except Invalid:
            continue
        if entry.author == "hub":
            yield leaf, one.source, decision, str(said.get("code") or ""), str(said.get("message") or "")


def judgements_on(db: Database, leaves: Collection[bytes]) -> dict[bytes, Said]:
    """leaf -> (decision, code, message): of several words on one leaf the latest in the hub's log."""
    if not db.scalar("SELECT EXISTS (SELECT 1 FROM judgement)"):
        return {}
    sql = "SELECT leaf, decision, code, message FROM judgement WHERE leaf IN (?) ORDER BY place"
    return {leaf: (decision, code, text) for leaf, decision, code, text in db.rows_in(sql, list(leaves))}


def series_keys(placed: Iterable[Placed]) -> Iterable[tuple[str, str]]:
    """(kind, Beijing day) of each new numbered record. Entries keep both even when payloads are erased."""
    for one in placed:
        entry = one.entry
        if entry and entry.kind in NUMBERED and not entry.after:
            yield entry.kind, today(entry.time)


def key_of(one: Placed) -> RecordKey:
    """The record that a readable entry belongs to."""
    assert one.entry is not None
    return one.entry.kind, id_bytes(one.entry.record)
