"""Checks the projected tables against what the entries fold to, for `verify`: every row, every column."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from common.store import logs
from common.store.folder import Refolded, Term
from common.store.refold import Kept, fold_records
from common.store.rows import Row
from common.store.store import Store
from common.store.verify import Report

TERMS = 200  # search terms asked for at once


def check_folded(store: Store, kept: Kept, report: Report, counted: Callable[[int], object]) -> None:
    """Compare all projected tables. `kept`: what the entries gave in their order."""
    _Folded(store, kept, report).run(counted)


class _Folded:
    def __init__(self, store: Store, kept: Kept, report: Report) -> None:
        self.store, self.kept, self.report = store, kept, report
        self.db = store.db
        self.forms = store.projector.rows
        self.counts = dict.fromkeys(self.forms, 0)
        self.aside = self.waiting = self.terms = 0

    def run(self, counted: Callable[[int], object]) -> None:
        self._judgements()
        self._series()
        self._bookkeeping(Refolded(aside=self.kept.unreadable))
        for out in fold_records(self.store, counted):
            for kind, rows in out.rows.items():
                self._rows(kind, rows)
            for start in range(0, len(out.terms), TERMS):
                self._terms(out.terms[start : start + TERMS])
            self._bookkeeping(out)
        self._totals()

    def _judgements(self) -> None:
        words = {row[:2]: row for row in self.kept.judgements}
        sql = "SELECT leaf, place, decision, code, message FROM judgement"
        found = {(row[0], row[1]): row for row in self.db.run(sql)}
        for key in words.keys() | found.keys():
            if words.get(key) != found.get(key):
                index = logs.index_of(key[1]) if isinstance(key[1], int) else None
                self.report.add("judgement", "a verdict differs from the hub's entry", index=index)

    def _series(self) -> None:
        series = {
            (kind, day): count for kind, day, count in self.db.run("SELECT kind, day, count FROM series")
        }
        if series != self.kept.series:
            self.report.add("series", "the counts of numbers differ from the entries")

    def _rows(self, kind: str, rows: Sequence[Row]) -> None:
        form = self.forms[kind]
        sql = form.select + " WHERE id IN (?)"
        found = {row[0]: row for row in self.db.rows_in(sql, [row[0] for row in rows])}
        self.counts[kind] += len(rows)
        for row in rows:
            other = found.get(row[0])
            if other is None:
                self.report.add(form.table, "the row is missing", record=row[0])
            elif other != row:
                pairs = zip(form.columns, row, other, strict=True)
                differ = ", ".join(name for name, one, two in pairs if one != two)
                self.report.add(form.table, f"differs from the log in {differ}", record=row[0])

    def _terms(self, terms: Sequence[Term]) -> None:
        """Count how many of these stand in the table; where some do not, ask for each."""
        self.terms += len(terms)
        marks = ",".join(["(?,?,?)"] * len(terms))
        sql = f"""WITH wanted (t, k, r) AS (VALUES {marks})
                  SELECT count(*) FROM wanted CROSS JOIN term ON term = t AND kind = k AND record = r"""
        if self.db.scalar(sql, [part for term in terms for part in term]) != len(terms):
            one = "SELECT 1 FROM term WHERE term = ? AND kind = ? AND record = ?"
            for term in terms:
                if not self.db.scalar(one, term):
                    self.report.add("term", "a search term is missing", record=term[2])

    def _bookkeeping(self, out: Refolded) -> None:
        self.aside += len(out.aside)
        for expected in out.aside:
            sql = "SELECT place, leaf, record, reason FROM aside WHERE place = ?"
            if self.db.run(sql, expected[:1]).fetchone() != expected:
                self.report.add(
                    "aside", "differs from the log", index=logs.index_of(expected[0]), record=expected[2]
                )
        self.waiting += len(out.waiting)
        for waits in out.waiting:
            if not self.db.scalar("SELECT 1 FROM waiting WHERE leaf = ? AND entry = ? AND record = ?", waits):
                self.report.add("waiting", "a waiting entry is missing", record=waits[2])

    def _totals(self) -> None:
        """Whatever stands in a table beyond what was expected."""
        for kind, count in self.counts.items():
            table = self.forms[kind].table
            if self.db.scalar(f'SELECT count(*) FROM "{table}"') > count:
                known = "SELECT record FROM entry WHERE record IS NOT NULL"
                sql = f'SELECT id FROM "{table}" WHERE id NOT IN ({known})'
                for (record,) in self.db.run(sql).fetchmany(20) or [(None,)]:
                    self.report.add(table, "a row without entries", record=record)
        for table, count in (("aside", self.aside), ("waiting", self.waiting), ("term", self.terms)):
            found = self.db.scalar(f"SELECT count(*) FROM {table}")
            if found > count:
                self.report.add(table, f"{found - count} rows too many")
