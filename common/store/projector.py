"""Folds log entries into the typed tables, in bulk. The same on node and hub, up and down.

Most entries open a new record that nothing else mentions: their row follows from the payload at once. All
other records are read whole and folded (`Folder`); both ways give the same row, and `verify` recomputes
every one of them the long way.

Rules kept here:
- One bad entry never stops a county: what cannot be read or folded is set aside with a reason.
- Projected tables depend on the entries present, never on the order in which they came.
- Rows leave only by folding again; nothing else writes these tables.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from common.log.payload import parse as parse_payload
from common.store.folder import (
    Folder,
    Judgement,
    RecordKey,
    Refolded,
    judgements,
    judgements_on,
    key_of,
    logs_by_id,
    series_keys,
)
from common.store.logs import Placed, unfold
from common.store.tables import PLACE_BITS, Log

__all__ = ["Judgement", "Projector", "RecordKey", "Refolded", "judgements", "judgements_on", "series_keys"]

PIECE = 500  # records refolded at once


class Projector(Folder):
    """Projects into `db`. `terms`: keep search terms too (nodes do)."""

    # -- applying what has just been stored ------------------------------------------------------------

    def apply(
        self, log: Log, placed: Sequence[Placed], patches: Mapping[bytes, Mapping[str, Any]] | None = None
    ) -> set[RecordKey]:
        """Fold entries that have just been stored in `log`, in the same transaction. `patches`: by leaf, what
        the payloads of entries that we made ourselves say; all others are parsed.

        Returns the records that did not stand alone and were folded whole: all that have older entries here.
        """
        if log.role == "own":
            self.count_series(placed)
        again = self._judge(placed) | self._awaited([one.leaf for one in placed])
        out = Refolded()
        fresh: list[tuple[bytes, Placed]] = []
        for one in placed:
            entry = one.entry
            if entry is None:
                out.aside.append((one.place, one.leaf, None, one.reason or "unreadable"))
            elif entry.after or entry.author != one.market:
                again.add(key_of(one))
            else:
                fresh.append((key_of(one)[1], one))
        mentioned = self._mentioned(fresh) | {record for _, record in again}
        for record, one in fresh:
            if record in mentioned or not self._fresh(record, one, patches or {}, out):
                again.add(key_of(one))
        self.write(out, fresh=True)
        if again:
            self.refold(again)
        return again

    def refold(self, records: Collection[RecordKey]) -> None:
        """Fold these records from all their entries and write what comes out."""
        keys = sorted(records)
        for start in range(0, len(keys), PIECE):
            piece = keys[start : start + PIECE]
            ids = sorted({record for _, record in piece})
            marks = ",".join("?" * len(ids))
            for table in ("aside", "waiting"):
                self.db.run(f"DELETE FROM {table} WHERE record IN ({marks})", ids)
            out = Refolded()
            # deleting was by id, so every kind that an id occurs under is folded anew
            self.fold_ids(ids, out)
            found = {(kind, row[0]) for kind, rows in out.rows.items() for row in rows}
            out.gone += [key for key in piece if key not in found and key[0] in self.rows]
            self.write(out)

    def _mentioned(self, fresh: Sequence[tuple[bytes, Placed]]) -> set[bytes]:
        """Of records that seem new: those with other entries here, or with a word of the hub on them."""
        several = "SELECT record FROM entry WHERE record IN (?) GROUP BY record HAVING count(*) > 1"
        found = {record for (record,) in self.db.rows_in(several, [record for record, _ in fresh])}
        told = judgements_on(self.db, [one.leaf for _, one in fresh])
        return found | {record for record, one in fresh if one.leaf in told} if told else found

    def _fresh(
        self, record: bytes, one: Placed, patches: Mapping[bytes, Mapping[str, Any]], out: Refolded
    ) -> bool:
        """The row of a new record out of its only entry; False where the general way must decide."""
        entry = one.entry
        assert entry is not None
        rows = self.rows.get(entry.kind)
        if rows is None:
            return True  # a kind of a later version: kept in the log, not folded
        if ("hub" if one.market == "hub" else "market") not in rows.kind.authors or one.gone:
            return False
        try:
            if not self.terms and one.payload is not None:
                straight = rows.straight_row(record, one.payload, one.leaf, one.market, entry.time)
                if straight:
                    out.rows.setdefault(entry.kind, []).append(straight)
                    return True
            if one.leaf in patches:
                fields = dict(patches[one.leaf])
            else:
                fields = parse_payload(one.payload) if one.payload is not None else {}
            retired = fields.pop("retired", None) is True
            row = rows.row(record, fields, one.leaf, one.market, entry.time, entry.time, 1, retired)
            terms = self.terms_of(entry.kind, record, fields)
        except Exception:  # whatever it is, the general way names it and goes on
            return False
        out.rows.setdefault(entry.kind, []).append(row)
        out.terms += terms
        return True

    # -- verdicts, pending entries, numbers ------------------------------------------------------------

    def _judge(self, placed: Iterable[Placed]) -> set[RecordKey]:
        """Take the hub's words from verdict entries; returns the records that they are about."""
        rows = list(judgements(placed))
        if not rows:
            return set()
        self.keep_judgements(rows)
        leaves = [row[0] for row in rows]
        return self._records_of(leaves) | self._awaited(leaves)

    def keep_judgements(self, rows: Sequence[Judgement]) -> None:
        """One word may come twice, by bulletin and outbox: it has one place in the hub's log."""
        sql = "INSERT OR REPLACE INTO judgement (leaf, place, decision, code, message) VALUES (?, ?, ?, ?, ?)"
        self.db.run_many(sql, rows)

    def _awaited(self, leaves: Sequence[bytes]) -> set[RecordKey]:
        """Records with entries that wait for one of these leaves."""
        if not self.db.scalar("SELECT EXISTS (SELECT 1 FROM waiting)"):
            return set()
        sql = "SELECT DISTINCT entry FROM waiting WHERE leaf IN (?)"
        return self._records_of([leaf for (leaf,) in self.db.rows_in(sql, leaves)])

    def _records_of(self, leaves: Sequence[bytes]) -> set[RecordKey]:
        logs = logs_by_id()
        sql = "SELECT place, leaf, raw, payload, gone FROM entry WHERE record IS NOT NULL AND leaf IN (?)"
        placed = [unfold(logs[row[0] >> PLACE_BITS], *row) for row in self.db.rows_in(sql, leaves)]
        return {key_of(one) for one in placed if one.entry}

    def count_series(self, placed: Iterable[Placed]) -> None:
        counts: dict[tuple[str, str], int] = {}
        for key in series_keys(placed):
            counts[key] = counts.get(key, 0) + 1
        self.keep_series(counts)

    def keep_series(self, counts: dict[tuple[str, str], int]) -> None:
        """Add to the counts of records begun, by (kind, day)."""
        self.db.run_many(
            "INSERT INTO series (kind, day, count) VALUES (?, ?, ?) "
            "ON CONFLICT (kind, day) DO UPDATE SET count = count + excluded.count",
            [(kind, day, count) for (kind, day), count in counts.items()],
        )

    # -- writing ---------------------------------------------------------------------------------------

    def write(self, out: Refolded, fresh: bool = False) -> None:
        """Write what folding gave. `fresh`: none of these records had a row before."""
        db = self.db
        if self.terms and not fresh:
            self._drop_terms([(kind, row[0]) for kind, rows in out.rows.items() for row in rows] + out.gone)
        for kind, rows in out.rows.items():
            db.run_many(self.rows[kind].insert, rows)
        for kind, record in out.gone:
            db.run(self.rows[kind].delete, (record,))
        # in the order of the table: neighbours share a page
        db.run_many("INSERT OR IGNORE INTO term (term, kind, record) VALUES (?, ?, ?)", sorted(out.terms))
        db.run_many(
            "INSERT OR REPLACE INTO aside (place, leaf, record, reason) VALUES (?, ?, ?, ?)", out.aside
        )
        db.run_many("INSERT OR IGNORE INTO waiting (leaf, entry, record) VALUES (?, ?, ?)", out.waiting)

    def _drop_terms(self, keys: Sequence[RecordKey]) -> None:
        """Remove the terms of the rows as they still stand."""
        for kind, record in keys:
            rows = self.rows[kind]
            row = self.db.run(rows.select + " WHERE id = ?", (record,)).fetchone()
            if row:
                terms = self.terms_of(kind, record, rows.fields(row))
                self.db.run_many("DELETE FROM term WHERE term = ? AND kind = ? AND record = ?", terms)
