"""The whole-state checker: everything recomputed from bytes, nothing believed, nothing changed.

bytes -> leaf hashes -> payload digests -> kept subtrees -> roots -> signatures -> heads, receipts and locks
-> refolded records equal the tables. Operators, tests and later `restore` all use this one check.

It streams: memory does not grow with the store. It reads one consistent view, so a running server beside
it does no harm. Every problem names table, log, index and record as far as they apply, never a value.
Damage may be of any sort, also such as makes reading fail: that is a problem like others, and the check goes
on with what can still be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.keys import VerifierKey
from common.records.values import id_text
from common.store.lock import Lock
from common.store.refold import Kept
from common.store.store import Store
from common.store.tables import PLACE_BITS, Log

MOST = 10_000  # problems that are told apart; a store that is all wrong must not fill the memory


@dataclass(slots=True)
class Report:
    """What was found. Problems: {"table", "origin", "index", "record", "what"}, None where not applicable."""

    entries: int = 0
    problems: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems

    def add(
        self, table: str, what: str, origin: str = "", index: int | None = None, record: object = None
    ) -> None:
        if len(self.problems) < MOST:
            named = id_text(record) if isinstance(record, bytes) and len(record) == 16 else None
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
    from common.store.verify_folded import check_folded  # they report here
    from common.store.verify_log import check_lock, check_log

    report, kept = Report(), Kept()
    with store.reading(), store.db.lenient():
        try:
            total = 2 * int(store.db.scalar("SELECT count(*) FROM entry"))
            known = list(Log.select().order_by(Log.id))
        except Exception as error:
            report.add("log", f"the logs cannot be read: {said(error)}")
            return report
        for log in known:
            try:
                check_log(store, log, cosigner, kept, report, lambda done: counted(done, total))
                if locks and log.origin in locks:
                    check_lock(store, log, locks[log.origin], report)
            except Exception as error:
                report.add("log", f"cannot be checked: {said(error)}", log.origin)
        _check_strays(store, known, report)
        try:
            check_folded(store, kept, report, lambda done: counted(total // 2 + done, total))
        except Exception as error:  # bytes so broken that nothing can be folded from them
            report.add("entry", f"records cannot be folded: {said(error)}")
    for origin in (locks or {}).keys() - {log.origin for log in known}:
        report.add("lock", "a lock of a log that is not here", origin)
    return report


def said(error: Exception) -> str:
    """What went wrong in reading damaged data; of foreign errors only the sort, for they quote values."""
    return str(error) if type(error).__module__.startswith("common.") else type(error).__name__


def _check_strays(store: Store, known: Sequence[Log], report: Report) -> None:
    """Rows that belong to no log."""
    ids = ",".join(str(log.id) for log in known)
    for table, key in (("entry", "place"), ("hash", "key"), ("note", "key")):
        sql = f"SELECT count(*) FROM {table} WHERE {key} >> {PLACE_BITS} NOT IN ({ids})"
        if stray := store.db.scalar(sql):
            report.add(table, f"{stray} rows of no log")
