"""Folding a whole store from its log, in bounded pieces: what rebuilding writes and verifying compares.

Memory stays flat: records are taken in order of their ids, a few thousand entries at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from common.store.folder import Judgement, RecordKey, Refolded, judgements, logs_by_id, series_keys
from common.store.logs import Placed, unfold
from common.store.tables import PLACE_BITS, Log

if TYPE_CHECKING:
    from common.store.store import Store

PIECE = 2000
Counted = Callable[[int], object]


@dataclass(slots=True)
class Kept:
    """What must be read from the entries in their order, beside the records."""

    unreadable: list[tuple[int, bytes, bytes | None, str]] = field(default_factory=list)
    judgements: list[Judgement] = field(default_factory=list)
    series: dict[tuple[str, str], int] = field(default_factory=dict)

    def take(self, log: Log, one: Placed) -> None:
        """Count an entry of a log that is folded here."""
        if one.entry is None:
            self.unreadable.append((one.place, one.leaf, None, one.reason or "unreadable"))
            return
        self.judgements += judgements([one])
        if log.role == "own":
            for key in series_keys([one]):
                self.series[key] = self.series.get(key, 0) + 1


def folded_here(store: Store, log: Log) -> bool:
    """The hub keeps its relaying logs but folds their sources."""
    return store.program == "node" or log.role not in ("bulletin", "outbox")


def refold_all(store: Store, counted: Counted = lambda count: None) -> Iterator[Refolded]:
    """Fold every record; `counted` hears how many entries were read so far, each being read twice."""
    kept, done = Kept(), 0
    logs = logs_by_id()
    for row in store.db.run("SELECT place, leaf, raw, payload, gone FROM entry ORDER BY place"):
        log = logs[row[0] >> PLACE_BITS]
        if folded_here(store, log):
            kept.take(log, unfold(log, *row))
        done += 1
        if not done % PIECE:
            counted(done)
    store.projector.keep_judgements(kept.judgements)
    store.projector.keep_series(kept.series)
    yield Refolded(aside=kept.unreadable)
    yield from fold_records(store, lambda count: counted(done + count))


def fold_records(store: Store, counted: Counted = lambda count: None) -> Iterator[Refolded]:
    """Fold all records in order of id; `counted` hears how many entries were read so far."""
    logs = logs_by_id()
    sql = """SELECT record, place, leaf, raw, payload, gone FROM entry
             WHERE record > ? ORDER BY record, place LIMIT ?"""
    after, count, limit = b"", 0, PIECE
    while rows := store.db.run(sql, (after, limit)).fetchall():
        if len(rows) == limit:  # the last record may go on beyond the piece
            whole = [row for row in rows if row[0] != rows[-1][0]]
            if not whole:
                limit *= 2
                continue
            rows = whole
        groups: dict[RecordKey, list[Placed]] = {}
        for record, *row in rows:
            one = unfold(logs[row[0] >> PLACE_BITS], *row)
            if one.entry:
                groups.setdefault((one.entry.kind, record), []).append(one)
        out = Refolded()
        store.projector.fold_groups(groups, out)
        count += len(rows)
        after, limit = rows[-1][0], PIECE
        yield out
        counted(count)
