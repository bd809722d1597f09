"""Checks one log from its bytes up, for `verify`: entries, payloads, subtrees, notes, head, receipt, lock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from common.errors import Invalid, YizhanError
from common.keys import VerifierKey
from common.log import checkpoint as checkpoints
from common.log import note as notes
from common.log import origins, tree
from common.log.checkpoint import Checkpoint
from common.log.entry import declared_payload
from common.log.tree import Frontier
from common.records.values import id_bytes
from common.store import logs
from common.store.lock import Lock, compare_with_lock
from common.store.refold import Kept, folded_here
from common.store.store import Store
from common.store.tables import GONE_ERASED, GONE_WITHHELD, PLACE_BITS, Log
from common.store.verify import Report, said

PIECE = 4096  # leaves hashed at once
# what a log is to a program follows from its name: each writes one sort of log and follows the others
OWN = {("node", "market"): "own", ("hub", "hub"): "own"}


def check_log(
    store: Store,
    log: Log,
    cosigner: VerifierKey | None,
    kept: Kept,
    report: Report,
    counted: Callable[[int], object],
) -> None:
    """Check `log` and gather into `kept` what the fold takes from entries in their order."""
    _LogCheck(store, log, cosigner, kept, report, counted).run()


def check_lock(store: Store, log: Log, lock: Lock, report: Report) -> None:
    """The lock must fit the log, in both its slots, and each hold the note of what it says."""
    try:
        compare_with_lock(store, log, lock)
    except YizhanError as error:
        report.add("lock", error.message, log.origin)
        return
    valid, damaged = lock.slots()
    if damaged:
        report.add("lock", "a slot is torn or damaged", log.origin)
    key = VerifierKey.parse(log.vkey)
    for slot in valid:
        try:
            opened = not slot.size and not slot.note  # the hub's of a market, before its first receipt
            fits = opened or checkpoints.open(slot.note, key) == (slot.origin, slot.size, slot.root)
        except YizhanError:
            fits = False
        if not fits or logs.root_at(store.db, log, slot.size) != slot.root:
            report.add("lock", "a slot holds another head than the log had", log.origin, slot.size)


class _LogCheck:
    def __init__(
        self,
        store: Store,
        log: Log,
        cosigner: VerifierKey | None,
        kept: Kept,
        report: Report,
        counted: Callable[[int], object],
    ) -> None:
        self.store, self.log, self.kept, self.report, self.counted = store, log, kept, report, counted
        self.db = store.db
        self.key = VerifierKey.parse(log.vkey)
        self.cosigner = cosigner
        self.folded = folded_here(store, log)
        self.frontier = Frontier()
        self.leaves: list[bytes] = []
        self.subtrees = 0
        self.receipt_root: bytes | None = tree.EMPTY if not log.receipt_size else None
        self.first, self.end = logs.place_of(log, 0), (log.id + 1) << PLACE_BITS

    def problem(self, table: str, what: str, index: int | None = None, record: object = None) -> None:
        self.report.add(table, what, self.log.origin, index, record)

    def run(self) -> None:
        marks = self._sizes_of_notes()
        mark, index = next(marks, None), -1
        if mark == 0:
            self._note(0)
            mark = next(marks, None)
        columns = "place, leaf, raw, payload, gone, record"
        sql = f"SELECT {columns} FROM entry WHERE place >= ? AND place < ? ORDER BY place"
        for row in self.db.run(sql, (self.first, self.end)):
            index += 1
            if logs.index_of(row[0]) != index:
                self.problem("entry", f"expected number {index}, found {logs.index_of(row[0])}", index)
                return
            try:
                self._entry(index, row)
            except Exception as error:  # a column of another type
                self.problem("entry", f"cannot be read: {said(error)}", index)
                return
            if mark == index + 1:
                self._note(mark)
                mark = next(marks, None)
            if len(self.leaves) == PIECE:
                self._grow()
        if mark is not None:
            self.problem("note", f"a note of size {mark} beyond the entries", mark)
        self._head(index + 1)

    def _sizes_of_notes(self) -> Iterator[int]:
        for (key,) in self.db.run(
            "SELECT key FROM note WHERE key >= ? AND key < ? ORDER BY key", (self.first, self.end)
        ):
            yield logs.index_of(key)

    # -- entries -------------------------------------------------------------------------------------------

    def _entry(self, index: int, row: Sequence[Any]) -> None:
        place, leaf, raw, payload, gone, record = row
        self.report.entries += 1
        self.leaves.append(tree.leaf_hash(raw))
        one = logs.unfold(self.log, place, leaf, raw, payload, gone)
        if leaf != (self.leaves[-1] if one.raw is raw else tree.leaf_hash(one.raw)):
            self.problem("entry", "the leaf hash is not that of the entry", index, record)
        if record != (id_bytes(one.entry.record) if one.entry and self.folded else None):
            self.problem("entry", "the record column differs from the entry", index, record)
        if what := _payload_fault(raw, payload, gone, logs.relays(self.log)):
            self.problem("entry", what, index, record)
        if self.folded:
            self.kept.take(self.log, one)

    def _grow(self) -> None:
        """Fold the gathered leaves into the tree, and compare the subtrees that this completes."""
        nodes: list[tuple[int, int, bytes]] = []
        self.frontier = self.frontier.extend(self.leaves, nodes)
        self.leaves = []
        for level, n, expected in nodes:
            if level % logs.TILE == 0:
                self.subtrees += 1
                key = logs.hash_key(self.log, level, n)
                if self.db.scalar("SELECT hash FROM hash WHERE key = ?", (key,)) != expected:
                    self.problem("hash", f"the subtree at level {level}, number {n} differs", n << level)
        self.counted(self.report.entries)

    # -- what was signed -----------------------------------------------------------------------------------

    def _note(self, size: int) -> None:
        """A kept note must sign the root that the bytes have at its size."""
        self._grow()
        raw = self.db.scalar("SELECT note FROM note WHERE key = ?", (logs.place_of(self.log, size),))
        root = self.frontier.root()
        if size == self.log.receipt_size and self.log.receipt is not None:
            self.receipt_root = root
            if raw != bytes(self.log.receipt):
                self.problem("note", "the note kept at the receipt's size is not the receipt", size)
        self._signed("note", raw, Checkpoint(self.log.origin, size, root), receipt=False)

    def _signed(self, table: str, raw: bytes | None, expected: Checkpoint, receipt: bool) -> None:
        """A note must say `expected`; each of its lines must be of a key that we know, and hold."""
        if what := self._signature_fault(raw, expected, receipt):
            self.problem(table, f"the signed note does not hold: {what}", expected.size)

    def _signature_fault(self, raw: bytes | None, expected: Checkpoint, receipt: bool) -> str | None:
        if raw is None:
            return "it is missing"
        cosigners = [self.cosigner] if self.cosigner else []
        try:
            parsed = notes.parse(bytes(raw))
            notes.verify(parsed, [self.key, *cosigners] if receipt else [self.key], cosigners)
            if checkpoints.parse_text(parsed.text) != expected:
                return "it signs another size or root than the bytes have"
        except YizhanError as error:
            return str(error)
        known = {(key.name, key.keyid) for key in (self.key, *cosigners)}
        if any((line.name, line.keyid) not in known for line in parsed.signatures):
            return "a line of a key that is not known here"
        return "a receipt, and no cosigner's key to check it by" if receipt and not cosigners else None

    def _head(self, size: int) -> None:
        self._grow()
        log, root = self.log, self.frontier.root()
        if (log.size, bytes(log.root), bytes(log.frontier)) != (size, root, self.frontier.to_bytes()):
            self.problem("log", f"the head differs from its {size} entries", size)
        followed = log.role == "market" if self.store.program == "hub" else log.role != "own"
        if log.note is not None or size or not followed:  # nothing has come yet of a log that we only follow
            self._signed("log", log.note, Checkpoint(log.origin, size, root), receipt=False)
        if log.receipt is not None:
            covered = Checkpoint(log.origin, log.receipt_size, self.receipt_root or b"")
            self._signed("log", log.receipt, covered, receipt=True)
        elif log.receipt_size:
            self.problem("log", "a receipt is missing", log.receipt_size)
        kept = self.db.scalar("SELECT count(*) FROM hash WHERE key >= ? AND key < ?", (self.first, self.end))
        if kept != self.subtrees:
            self.problem("hash", f"expected {self.subtrees} subtrees, found {kept}")
        if log.closed not in (None, size):
            self.problem("log", "closed at another size than it has", size)
        try:
            parsed = origins.parse(log.origin)
        except Invalid as error:
            self.problem("log", str(error))
            return
        if log.market != (parsed.code if parsed.role == "market" else "hub"):
            self.problem("log", "the market column differs from the origin")
        if log.role != OWN.get((self.store.program, parsed.role), parsed.role):
            self.problem("log", "the role column differs from the origin")


def _payload_fault(raw: bytes, payload: bytes | None, gone: int | None, relayed: bool) -> str | None:
    """What is wrong with a payload beside its entry, if anything."""
    try:
        declared = declared_payload(raw)
    except YizhanError:
        declared = None
    if gone is not None:
        if gone not in (GONE_ERASED, GONE_WITHHELD) or payload is not None or declared is None:
            return "a payload is marked as gone and is not"
        return (
            "a payload of an author's own log is withheld" if gone == GONE_WITHHELD and not relayed else None
        )
    if payload is None:
        return "the payload is missing" if declared else None
    if declared is None:
        return "a payload that nobody declared"
    if (len(payload), hashlib.sha256(payload).digest()) != declared:
        return "the payload is not the one that the entry declares"
    return None
