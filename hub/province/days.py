"""How much came in since midnight, out of the receipts: their times are the hub's own and signed.

The size a log had at midnight does not change during the day, so it is looked up once: the newest receipt
before midnight, found by halving the sizes. What halls claim as the time of an entry is not asked.
"""

from __future__ import annotations

from pathlib import Path

from common.errors import Invalid
from common.log import note as notes
from common.store import logs
from common.store.tables import Log
from hub.home import Home

DAY_MS, ZONE_MS = 86_400_000, 8 * 3_600_000
_Key = tuple[Path, int]
_starts: dict[_Key, tuple[int, int]] = {}  # (store, log) -> (midnight, size then)


def midnight(now: int) -> int:
    """The moment the Beijing day of `now` began, epoch ms."""
    return (now + ZONE_MS) // DAY_MS * DAY_MS - ZONE_MS


def since_midnight(home: Home, log: Log, last_receipt: int | None, now: int) -> int:
    """Entries of `log` that came in today. `last_receipt`: when the newest receipt was given, epoch ms."""
    start = midnight(now)
    if log.receipt is None or last_receipt is None or last_receipt < start:
        return 0
    known = _starts.get((home.store.db.path, log.id))
    if known is None or known[0] != start:
        known = _starts[home.store.db.path, log.id] = (start, _size_before(home, log, start // 1000))
    return max(0, log.receipt_size - known[1])


def _size_before(home: Home, log: Log, seconds: int) -> int:
    """Size of the newest receipt given before `seconds`; 0 if there is none. O(log n) notes are read."""
    found, low, high = 0, 0, log.receipt_size
    while low < high:
        middle = (low + high + 1) // 2
        row = logs.last_note(home.store.db, log, low, middle)
        if row is None:
            low = middle
        elif (given := seconds_in(row[1], home.cosigner.verifier.name)) is not None and given < seconds:
            found, low = row[0], middle
        else:
            high = row[0] - 1
    return found


def seconds_in(raw: bytes, cosigner: str) -> int | None:
    """The time in a note's cosignature, unverified (`verify` checks every receipt); None if it has none."""
    try:
        lines = notes.parse(raw).signatures
    except Invalid:
        return None
    times = [notes.seconds_of(line.signature) for line in lines if line.name == cosigner]
    return max(times, default=None)
