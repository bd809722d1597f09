"""How the market stands: three honest facts, apart. What is confirmed, what waits since when, what is wrong.

已由省平台确认 is derived from the receipt, never a flag; the age of what waits comes from the entry's own
time.
"""

from __future__ import annotations

from typing import Any

from common.store import logs
from common.store.tables import Log
from node.home import Home


def facts(home: Home) -> dict[str, Any]:
    """As `status --json` prints it; times in epoch ms."""
    with home.store.reading():
        log = home.log
        last_error = home.store.setting("sync.error")
        return {
            "market": home.market,
            "origin": home.origin,
            "state": home.state(),
            "size": log.size,
            "receipted": log.receipt_size,
            "pending": log.size - log.receipt_size,
            "oldest_pending": oldest_pending(home, log),
            "last_sync": number(home, "sync.last_ok"),
            "last_error": last_error or None,
            "refused": home.store.set_aside(log),
            "conflicts": home.store.in_conflict(),
            "clock_skew_s": number(home, "sync.skew_s"),
        }


def number(home: Home, key: str) -> int | None:
    """A setting that is a number."""
    text = home.store.setting(key)
    return int(text) if text else None


def oldest_pending(home: Home, log: Log) -> int | None:
    """The time, as its author claimed it, of the oldest entry without a receipt."""
    place = logs.place_of(log, log.receipt_size)
    row = home.store.db.run(
        "SELECT place, leaf, raw, payload, gone FROM entry WHERE place = ?", (place,)
    ).fetchone()
    one = logs.unfold(log, *row) if row else None
    return one.entry.time if one and one.entry else None
