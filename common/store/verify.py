"""The whole-state checker: everything recomputed from bytes, nothing believed, nothing changed.

bytes -> leaf hashes -> payload digests -> kept subtrees -> roots -> signatures -> heads and receipts
-> refolded records equal the tables. Operators, tests and later `restore` all use this one check.

It streams: memory does not grow with the store. It reads one consistent view, so a running server beside
it does no harm. Every problem names table, log, index and record as far as they apply, never a value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.errors import YizhanError
from common.keys import VerifierKey
from common.log import checkpoint as checkpoints
from common.log import note as notes
from common.log import origins, tree
from common.log.checkpoint import Checkpoint
from common.log.entry import declared_payload
from common.log.tree import Frontier
from common.records.fields import id_bytes, id_text
from common.store import logs
from common.store.lock import Lock
from common.store.projector import Refolded
from common.store.refold import Kept, fold_records, folded_here
from common.store.store import Store
from common.store.tables import GONE_ERASED, GONE_WITHHELD, HASH_LEVEL_BITS, PLACE_BITS, Log

PIECE = 4096


@dataclass(slots=True)
class Report:
    entries: int = 0
    problems: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems

    def add(
        self, table: str, what: str, origin: str = "", index: int | None = None, record: bytes | None = None
    ) -> None:
        named = id_text(record) if record and len(record) == 16 else None
        self.problems.append(
            {"table": table, "origin": origin or None, "index": index, "record": named, "what": what}
        )


def verify(
    store: Store,
    cosigner: VerifierKey | None = None,
    locks: Mapping[str, Lock] | None = None,
    counted: Callable[[int, int], object] = lambda done, of: None,
) -> Report:
    """Check all of `store`. `locks` by origin; `counted` hears entries done out of all, each read twice."""
    report, kept = Report(), Kept()
    with store.reading():
        total = 2 * int(store.db.scalar("SELECT count(*) FROM entry"))
        known = list(Log.select().order_by(Log.id))
        for log in known:
            try:
                _LogCheck(store, log, cosigner, kept, report, lambda done: counted(done, total)).run()
            except YizhanError as error:
                report.add("log", f"head cannot be read: {error}", log.origin)
            if locks and log.origin in locks:
                _check_lock(store, log, locks[log.origin], report)
        _check_strays(store, known, report)
        try:
            _Projected(store, kept, report).run(lambda done: counted(total // 2 + done, total))
        except YizhanError as error:  # bytes so broken that nothing can be folded from them
            report.add("entry", f"records cannot be folded: {error}")
    return report


class _LogCheck:
    """One log from its bytes up."""

    def __init__(
        self,
        store: Store,
        log: Log,
        cosigner: VerifierKey | None,
        kept: Kept,
        report: Report,
        counted: Callable[[int], object],
    ) -> None:
        self.store, self.log, self.cosigner, self.kept, self.report = store, log, cosigner, kept, report
        self.db = store.db
        self.counted = counted
        self.frontier = Frontier()
        self.leaves: list[bytes] = []
        self.subtrees = 0
        self.receipt_root: bytes | None = tree.EMPTY if not log.receipt_size else None

    def problem(self, table: str, what: str, index: int | None = None, record: bytes | None = None) -> None:
        self.report.add(table, what, self.log.origin, index, record)

    def run(self) -> None:
        log, index = self.log, -1
        marks = self._marks()
        mark = next(marks, None)
        first, end = logs.place_of(log, 0), (log.id + 1) << PLACE_BITS
        sql = "SELECT place, leaf, raw, payload, gone, record FROM entry WHERE place >= ? AND place < ? ORDER BY place"
        for row in self.db.run(sql, (first, end)):
            index += 1
            if logs.index_of(row[0]) != index:
                self.problem("entry", f"expected number {index}, found {logs.index_of(row[0])}", index)
                return
            self._entry(index, row)
            while mark is not None and mark == index + 1:
                self._fold_leaves()
                self._note(mark)
                mark = next(marks, None)
            if len(self.leaves) == PIECE:
                self._fold_leaves()
                self.counted(self.report.entries)
        self._fold_leaves()
        if mark is not None:
            self.problem("note", f"a note of size {mark} beyond the entries", mark)
        self._head(index + 1)

    def _marks(self) -> Any:
        """Sizes that notes are kept of, in order."""
        first, end = logs.place_of(self.log, 0), (self.log.id + 1) << PLACE_BITS
        for (key,) in self.db.run(
            "SELECT key FROM note WHERE key >= ? AND key < ? ORDER BY key", (first, end)
        ):
            if key == first:
                self._note(0)
            else:
                yield logs.index_of(key)

    def _entry(self, index: int, row: Sequence[Any]) -> None:
        place, leaf, raw, payload, gone, record = row
        self.report.entries += 1
        self.leaves.append(tree.leaf_hash(raw))
        one = logs.unfold(self.log, place, leaf, raw, payload, gone)
        if leaf != (tree.leaf_hash(one.raw) if one.raw is not raw else self.leaves[-1]):
            self.problem("entry", "the leaf hash is not that of the entry", index, record)
        folded = folded_here(self.store, self.log)
        said = id_bytes(one.entry.record) if one.entry and folded else None
        if record != said:
            self.problem("entry", "the record column differs from the entry", index, said)
        self._payload(index, raw, payload, gone, said)
        if folded:
            self.kept.take(self.log, one)

    def _payload(
        self, index: int, raw: bytes, payload: bytes | None, gone: int | None, record: bytes | None
    ) -> None:
        try:
            declared = declared_payload(raw)
        except YizhanError:
            declared = None
        if gone is not None and (
            gone not in (GONE_ERASED, GONE_WITHHELD) or payload is not None or declared is None
        ):
            self.problem("entry", "a payload is marked as gone and is not", index, record)
        elif gone == GONE_WITHHELD and not logs.relays(self.log):
            self.problem("entry", "a payload of an author's own log is withheld", index, record)
        elif gone is None and (payload is None) != (declared is None):
            self.problem(
                "entry", "the payload is missing" if declared else "a payload nobody declared", index, record
            )
        elif payload is not None and (len(payload), hashlib.sha256(payload).digest()) != declared:
            self.problem("entry", "the payload is not the one that the entry declares", index, record)

    def _fold_leaves(self) -> None:
        nodes: list[tuple[int, int, bytes]] = []
        self.frontier = self.frontier.extend(self.leaves, nodes)
        self.leaves = []
        for level, n, expected in nodes:
            if level % logs.TILE == 0:
                key = (self.log.id << PLACE_BITS) + (level // logs.TILE << HASH_LEVEL_BITS) + n
                self.subtrees += 1
                if self.db.scalar("SELECT hash FROM hash WHERE key = ?", (key,)) != expected:
                    self.problem("hash", f"the subtree at level {level}, number {n} differs", n << level)

    def _note(self, size: int) -> None:
        """A kept note must sign the root that the bytes have at its size."""
        raw = self.db.scalar("SELECT note FROM note WHERE key = ?", (logs.place_of(self.log, size),))
        root = self.frontier.root()
        if size == self.log.receipt_size:
            self.receipt_root = root
        self._signed("note", raw, Checkpoint(self.log.origin, size, root), receipt=False)

    def _signed(self, table: str, raw: bytes | None, expected: Checkpoint, receipt: bool) -> None:
        try:
            if raw is None:
                raise AssertionError("a note is missing")
            parsed = notes.parse(bytes(raw))
            key = VerifierKey.parse(self.log.vkey)
            required = [key, self.cosigner] if receipt and self.cosigner else [key]
            notes.verify(parsed, required, [self.cosigner] if self.cosigner else [])
            if not self.cosigner and len(parsed.signatures) > 1:
                raise AssertionError("a cosignature, and no key to check it by")
            if checkpoints.parse_text(parsed.text) != expected:
                raise AssertionError("it signs another size or root than the bytes have")
        except (YizhanError, AssertionError) as error:
            self.problem(table, f"the signed note does not hold: {error}", expected.size)

    def _head(self, size: int) -> None:
        log, root = self.log, self.frontier.root()
        if (log.size, bytes(log.root), bytes(log.frontier)) != (size, root, self.frontier.to_bytes()):
            self.problem("log", f"the head differs from its {size} entries", size)
        if log.note is not None or size:
            self._signed("log", log.note, Checkpoint(log.origin, size, root), receipt=False)
        if log.receipt is not None:
            covered = Checkpoint(log.origin, log.receipt_size, self.receipt_root or b"")
            self._signed("log", log.receipt, covered, receipt=True)
        elif log.receipt_size:
            self.problem("log", "a receipt is missing", log.receipt_size)
        kept = self.db.scalar(
            "SELECT count(*) FROM hash WHERE key >= ? AND key < ?",
            (logs.place_of(log, 0), (log.id + 1) << PLACE_BITS),
        )
        if kept != self.subtrees:
            self.problem("hash", f"expected {self.subtrees} subtrees, found {kept}")
        parsed = origins.parse(log.origin)
        if log.market != (parsed.code if parsed.role == "market" else "hub"):
            self.problem("log", "the market column differs from the origin")
        if log.role != "own" and log.role != parsed.role:
            self.problem("log", "the role column differs from the origin")


def _check_lock(store: Store, log: Log, lock: Lock, report: Report) -> None:
    from common.store.recorder import compare_with_lock

    try:
        compare_with_lock(store, log, lock)
    except YizhanError as error:
        report.add("lock", error.message, log.origin)


def _check_strays(store: Store, known: Sequence[Log], report: Report) -> None:
    """Rows that belong to no log."""
    for table, key in (("entry", "place"), ("hash", "key"), ("note", "key")):
        ids = ",".join(str(log.id) for log in known)
        sql = f"SELECT count(*) FROM {table} WHERE {key} >> {PLACE_BITS} NOT IN ({ids})"
        if stray := store.db.scalar(sql):
            report.add(table, f"{stray} rows of no log")


class _Projected:
    """The projected tables against what the entries fold to."""

    def __init__(self, store: Store, kept: Kept, report: Report) -> None:
        self.store, self.kept, self.report = store, kept, report
        self.db = store.db
        self.counts = dict.fromkeys(store.projector.rows, 0)
        self.aside = self.waiting = self.terms = 0

    def run(self, counted: Callable[[int], object]) -> None:
        self._judgements_and_series()
        self._bookkeeping(Refolded(aside=self.kept.unreadable))
        for out in fold_records(self.store, counted):
            self._rows(out)
            self._bookkeeping(out)
        self._totals()

    def _judgements_and_series(self) -> None:
        words = {row[:2]: row for row in self.kept.judgements}
        found = {
            (row[0], row[1]): row
            for row in self.db.run("SELECT leaf, place, decision, code, message FROM judgement")
        }
        for key in words.keys() | found.keys():
            if words.get(key) != found.get(key):
                self.report.add(
                    "judgement", "a verdict differs from the hub's entry", index=logs.index_of(key[1])
                )
        series = {
            (kind, day): count for kind, day, count in self.db.run("SELECT kind, day, count FROM series")
        }
        if series != self.kept.series:
            self.report.add("series", "the counts of numbers differ from the entries")

    def _rows(self, out: Refolded) -> None:
        for kind, rows in out.rows.items():
            form = self.store.projector.rows[kind]
            found = {
                row[0]: row
                for row in self.db.rows_in(form.select + " WHERE id IN (?)", [row[0] for row in rows])
            }
            self.counts[kind] += len(rows)
            for row in rows:
                if found.get(row[0]) != row:
                    self._row(kind, form.columns, row, found.get(row[0]))
                if self.store.projector.terms:
                    self._terms(kind, row)

    def _row(
        self, kind: str, columns: Sequence[str], expected: Sequence[Any], found: Sequence[Any] | None
    ) -> None:
        if found is None:
            what = "the row is missing"
        else:
            differ = [name for name, one, other in zip(columns, expected, found, strict=True) if one != other]
            what = f"differs from the log in {', '.join(differ)}"
        self.report.add(self.store.projector.rows[kind].table, what, record=expected[0])

    def _terms(self, kind: str, row: Sequence[Any]) -> None:
        for term in self.store.projector.terms_of(kind, tuple(row)):
            self.terms += 1
            if not self.db.scalar("SELECT 1 FROM term WHERE term = ? AND kind = ? AND record = ?", term):
                self.report.add("term", "a search term is missing", record=row[0])

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
            table = self.store.projector.rows[kind].table
            if self.db.scalar(f'SELECT count(*) FROM "{table}"') != count:
                sql = f'SELECT id FROM "{table}" WHERE id NOT IN (SELECT record FROM entry WHERE record IS NOT NULL)'
                for (record,) in self.db.run(sql).fetchall()[:20] or [(None,)]:
                    self.report.add(table, "a row without entries", record=record)
        for table, count in (("aside", self.aside), ("waiting", self.waiting), ("term", self.terms)):
            found = self.db.scalar(f"SELECT count(*) FROM {table}")
            if found > count:
                self.report.add(table, f"{found - count} rows too many")
