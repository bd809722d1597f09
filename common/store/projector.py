"""Folds log entries into the typed tables, in bulk. The same on node and hub, up and down.

Most entries open a new record that nothing else mentions: their row follows from the payload at once. All
other records are read whole and folded (`common.records.fold`); both ways give the same row, and `verify`
recomputes every one of them.

Rules kept here:
- One bad entry never stops a county: what cannot be read or folded is set aside with a reason.
- Projected tables depend on the entries present, never on the order in which they came.
- Rows leave only by folding again; nothing else writes these tables.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.errors import Invalid
from common.log.encoding import unb64
from common.log.payload import parse as parse_payload
from common.records import BY_NAME
from common.records.fields import id_bytes, today
from common.records.fold import Folded, Write, fold
from common.store.database import Database
from common.store.logs import Placed, unfold
from common.store.rows import Row, Rows
from common.store.tables import GONE_ERASED, PLACE_BITS, Log

Judgement = tuple[bytes, int, str, str, str]  # leaf, place in the hub's log, decision, code, message
RecordKey = tuple[str, bytes]  # (kind, 16 bytes of the id)
JUDGED_ASIDE = ("refused", "held")


@dataclass(slots=True)
class Refolded:
    """What folding gives, before it is written: rows by kind, records without a row, and bookkeeping:
    (place, leaf, record, reason) set aside, (leaf waited for, leaf that waits, record)."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    gone: list[RecordKey] = field(default_factory=list)
    aside: list[tuple[int, bytes, bytes | None, str]] = field(default_factory=list)
    waiting: list[tuple[bytes, bytes, bytes]] = field(default_factory=list)


class Projector:
    """Projects into `db`. `terms`: keep search terms too (nodes do)."""

    def __init__(self, db: Database, terms: bool) -> None:
        self.db = db
        self.terms = terms
        self.rows = {name: Rows(kind) for name, kind in BY_NAME.items()}

    # -- applying what has just been stored ------------------------------------------------------------

    def apply(self, log: Log, placed: Sequence[Placed]) -> None:
        """Fold entries that have just been stored in `log`, in the same transaction."""
        if log.role == "own":
            self.count_series(placed)
        judged = self._judge(placed)
        out = Refolded()
        fresh, again = self._sort_out(placed, out)
        again |= judged | self._awaited(placed)
        touched = {record for _, record in again}
        for one in fresh:
            entry = one.entry
            assert entry is not None
            if id_bytes(entry.record) in touched or not self._fresh_row(one, out):
                again.add((entry.kind, id_bytes(entry.record)))
        self.write(out, fresh=True)
        if again:
            self.refold(again)

    def refold(self, records: Collection[RecordKey]) -> None:
        """Fold these records from all their entries and write what comes out."""
        keys = sorted(records)
        for start in range(0, len(keys), 500):
            piece = keys[start : start + 500]
            ids = sorted({record for _, record in piece})
            for table in ("aside", "waiting"):
                marks = ",".join("?" * len(ids))
                self.db.run(f"DELETE FROM {table} WHERE record IN ({marks})", ids)
            out = Refolded()
            # deleting was by id, so every kind that an id occurs under is folded anew
            self.fold_ids(ids, out)
            found = {(kind, row[0]) for kind, rows in out.rows.items() for row in rows}
            out.gone += [key for key in piece if key not in found and key[0] in self.rows]
            self.write(out)

    def _sort_out(self, placed: Sequence[Placed], out: Refolded) -> tuple[list[Placed], set[RecordKey]]:
        """New records that stand alone, and keys of records that must be folded whole."""
        fresh: list[Placed] = []
        again: set[RecordKey] = set()
        for one in placed:
            if one.entry is None:
                out.aside.append((one.place, one.leaf, None, one.reason or "unreadable"))
            elif one.entry.after or one.entry.author != one.market:
                again.add((one.entry.kind, id_bytes(one.entry.record)))
            else:
                fresh.append(one)
        ids = [id_bytes(one.entry.record) for one in fresh if one.entry]
        several = "SELECT record FROM entry WHERE record IN (?) GROUP BY record HAVING count(*) > 1"
        crowded = {record for (record,) in self.db.rows_in(several, ids)}
        if self.db.scalar("SELECT EXISTS (SELECT 1 FROM judgement)"):
            leaves = [one.leaf for one in fresh]
            told = {
                leaf for (leaf,) in self.db.rows_in("SELECT leaf FROM judgement WHERE leaf IN (?)", leaves)
            }
            crowded |= {id_bytes(one.entry.record) for one in fresh if one.entry and one.leaf in told}
        if crowded:
            again |= {
                (one.entry.kind, id_bytes(one.entry.record))
                for one in fresh
                if one.entry and id_bytes(one.entry.record) in crowded
            }
            fresh = [one for one in fresh if one.entry and id_bytes(one.entry.record) not in crowded]
        return fresh, again

    def _fresh_row(self, one: Placed, out: Refolded) -> bool:
        """The row of a new record out of its only entry; False where the general way must decide."""
        entry = one.entry
        assert entry is not None
        rows = self.rows.get(entry.kind)
        if rows is None:
            return True  # a kind of a later version: kept in the log, not folded
        if ("hub" if one.market == "hub" else "market") not in rows.kind.authors or one.gone:
            return False
        try:
            fields = parse_payload(one.payload) if one.payload is not None else {}
            retired = fields.pop("retired", None) is True
            row = rows.row(
                entry.record, fields, one.leaf, one.market, entry.time, entry.time, retired=retired
            )
        except Exception:  # whatever it is, the general way names it and goes on
            return False
        out.rows.setdefault(entry.kind, []).append(row)
        return True

    # -- verdicts, pending entries, numbers ------------------------------------------------------------

    def _judge(self, placed: Iterable[Placed]) -> set[RecordKey]:
        """Take the hub's words from verdict entries; returns the records that they are about."""
        rows = list(judgements(placed))
        if not rows:
            return set()
        self.db.run_many(
            "INSERT OR REPLACE INTO judgement (leaf, place, decision, code, message) VALUES (?, ?, ?, ?, ?)",
            rows,
        )
        return self._records_of([row[0] for row in rows])

    def _records_of(self, leaves: Sequence[bytes]) -> set[RecordKey]:
        logs = self.logs()
        found = set()
        sql = "SELECT place, leaf, raw, payload, gone FROM entry WHERE record IS NOT NULL AND leaf IN (?)"
        for row in self.db.rows_in(sql, leaves):
            entry = unfold(logs[row[0] >> PLACE_BITS], *row).entry
            if entry:
                found.add((entry.kind, id_bytes(entry.record)))
        return found

    def _awaited(self, placed: Sequence[Placed]) -> set[RecordKey]:
        """Records with entries that waited for one of these leaves."""
        if not self.db.scalar("SELECT EXISTS (SELECT 1 FROM waiting)"):
            return set()
        sql = "SELECT DISTINCT entry FROM waiting WHERE leaf IN (?)"
        return self._records_of([leaf for (leaf,) in self.db.rows_in(sql, [one.leaf for one in placed])])

    def count_series(self, placed: Iterable[Placed]) -> None:
        counts: dict[tuple[str, str], int] = {}
        for key in series_keys(placed):
            counts[key] = counts.get(key, 0) + 1
        self.db.run_many(
            "INSERT INTO series (kind, day, count) VALUES (?, ?, ?) "
            "ON CONFLICT (kind, day) DO UPDATE SET count = count + excluded.count",
            [(kind, day, count) for (kind, day), count in counts.items()],
        )

    # -- folding records whole -------------------------------------------------------------------------

    def logs(self) -> dict[int, Log]:
        return {log.id: log for log in Log.select()}

    def fold_ids(self, ids: Sequence[bytes], out: Refolded) -> None:
        """Fold every record with one of these ids, from all its entries in this store."""
        logs = self.logs()
        found: dict[RecordKey, list[Placed]] = {}
        sql = "SELECT place, leaf, raw, payload, gone, record FROM entry WHERE record IN (?) ORDER BY place"
        for *row, record in self.db.rows_in(sql, ids):
            one = unfold(logs[row[0] >> PLACE_BITS], *row)
            if one.entry:
                found.setdefault((one.entry.kind, record), []).append(one)
        for key, placed in found.items():
            self.fold_record(key, placed, out)

    def fold_record(self, key: RecordKey, placed: Sequence[Placed], out: Refolded) -> None:
        """Fold one record; whatever goes wrong sets it aside as `fold_error`, never more than that."""
        kind, record = key
        rows = self.rows.get(kind)
        if rows is None:
            return
        try:
            writes, unknown = self._writes(placed)
            lost = self._misplaced(writes, unknown) if unknown else set()
            folded = fold(writes.values(), rows.kind.policy, lost)
            if folded.exists:
                out.rows.setdefault(kind, []).append(_folded_row(rows, placed, writes, folded))
            self._bookkeep(record, placed, folded, out)
        except Exception as error:
            reason = f"fold_error {type(error).__name__}"
            out.aside += [(one.place, one.leaf, record, reason) for one in placed]

    def _writes(self, placed: Sequence[Placed]) -> tuple[dict[bytes, Write], set[bytes]]:
        """One write per leaf (the first place in its author's own log counts), and the parents not among them."""
        writes: dict[bytes, Write] = {}
        for one in placed:
            write = _write(one)
            if one.leaf not in writes or writes[one.leaf].aside == "copied":
                writes[one.leaf] = write
        for leaf, (decision, _, _) in judgements_on(self.db, list(writes)).items():
            if decision in JUDGED_ASIDE:
                writes[leaf].aside = writes[leaf].aside or decision
        unknown = {parent for write in writes.values() for parent in write.after} - writes.keys()
        return writes, unknown

    def _misplaced(self, writes: dict[bytes, Write], unknown: set[bytes]) -> set[bytes]:
        """Parents that are entries of another record: whoever names one is set aside."""
        sql = "SELECT DISTINCT leaf FROM entry WHERE leaf IN (?)"
        elsewhere = {leaf for (leaf,) in self.db.rows_in(sql, sorted(unknown))}
        for write in writes.values():
            if elsewhere.intersection(write.after):
                write.aside = write.aside or "misplaced"
        return elsewhere

    def _bookkeep(self, record: bytes, placed: Sequence[Placed], folded: Folded, out: Refolded) -> None:
        for one in placed:
            reason = folded.aside.get(one.leaf)
            if one.entry and one.entry.author != one.market:
                reason = "copied"
            if reason:
                out.aside.append((one.place, one.leaf, record, reason))
        out.waiting += [(waits, leaf, record) for leaf, waits in folded.pending.items()]

    # -- writing ---------------------------------------------------------------------------------------

    def write(self, out: Refolded, fresh: bool = False) -> None:
        """Write what folding gave. `fresh`: none of these records had a row before."""
        db = self.db
        if self.terms:
            if not fresh:
                self._drop_terms(
                    [(kind, row[0]) for kind, rows in out.rows.items() for row in rows] + out.gone
                )
            terms = [
                term for kind, rows in out.rows.items() for row in rows for term in self.terms_of(kind, row)
            ]
            terms.sort()
            db.run_many("INSERT OR IGNORE INTO term (term, kind, record) VALUES (?, ?, ?)", terms)
        for kind, rows in out.rows.items():
            db.run_many(self.rows[kind].insert, rows)
        for kind, record in out.gone:
            db.run(self.rows[kind].delete, (record,))
        db.run_many(
            "INSERT OR REPLACE INTO aside (place, leaf, record, reason) VALUES (?, ?, ?, ?)", out.aside
        )
        db.run_many("INSERT OR IGNORE INTO waiting (leaf, entry, record) VALUES (?, ?, ?)", out.waiting)

    def _drop_terms(self, keys: Sequence[RecordKey]) -> None:
        """Remove the terms of the rows as they still stand."""
        for kind, record in keys:
            row = self.db.run(self.rows[kind].select + " WHERE id = ?", (record,)).fetchone()
            if row:
                self.db.run_many(
                    "DELETE FROM term WHERE term = ? AND kind = ? AND record = ?", self.terms_of(kind, row)
                )

    def terms_of(self, kind: str, row: Row) -> list[tuple[str, str, bytes]]:
        rows = self.rows[kind]
        return [(term, kind, row[0]) for term in sorted(set(rows.kind.terms(rows.fields(row))))]


def _write(one: Placed) -> Write:
    entry = one.entry
    assert entry is not None
    aside = None if entry.author == one.market else "copied"
    patch: dict[str, Any] | None = None
    if one.payload is not None:
        try:
            patch = parse_payload(one.payload)
        except Invalid as error:
            aside = aside or error.code
    elif one.gone and one.gone != GONE_ERASED:
        aside = aside or "withheld"
    return Write(one.leaf, entry.after, patch, one.market, entry.actor, entry.time, aside)


def _folded_row(rows: Rows, placed: Sequence[Placed], writes: dict[bytes, Write], folded: Folded) -> Row:
    roots = [w.time for w in writes.values() if not w.after and w.leaf not in folded.aside]
    assert folded.last is not None and folded.owner is not None and placed[0].entry is not None
    return rows.row(
        placed[0].entry.record,
        folded.fields,
        b"".join(folded.heads),
        folded.owner,
        min(roots),
        folded.last.time,
        len(writes),
        folded.retired,
        folded.conflicts,
    )


def judgements(placed: Iterable[Placed]) -> Iterable[Judgement]:
    """The hub's words in the verdict entries among `placed`."""
    for one in placed:
        if one.entry is None or one.entry.kind != "verdict" or one.market != "hub" or one.payload is None:
            continue
        try:
            said = parse_payload(one.payload)
            leaf, decision = unb64(str(said.get("leaf")), 32), str(said.get("decision"))
        except Invalid:
            continue
        if one.entry.author == "hub":
            yield leaf, one.source, decision, str(said.get("code") or ""), str(said.get("message") or "")


def judgements_on(db: Database, leaves: Sequence[bytes]) -> dict[bytes, tuple[str, str, str]]:
    """leaf -> (decision, code, message): of several words on one leaf the latest in the hub's log."""
    if not db.scalar("SELECT EXISTS (SELECT 1 FROM judgement)"):
        return {}
    sql = "SELECT leaf, decision, code, message FROM judgement WHERE leaf IN (?) ORDER BY place"
    return {leaf: (decision, code, message) for leaf, decision, code, message in db.rows_in(sql, leaves)}


def series_keys(placed: Iterable[Placed]) -> Iterable[tuple[str, str]]:
    """(kind, Beijing day) of each new numbered record. Entries keep both even when payloads are erased."""
    for one in placed:
        entry = one.entry
        if entry and not entry.after and entry.kind in BY_NAME and BY_NAME[entry.kind].numbered:
            yield entry.kind, today(entry.time)
