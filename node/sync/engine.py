"""What to do next, decided without a clock, a disk or a wire.

- `outcome` turns an error into the state that `sync` reports;
- `wait_ms` says when to try again: exponential with jitter, never before the hub's Retry-After, driven by
  time and not by the next thing a person does;
- `Window` says how many entries to send at once: fewer after a 413 or a broken line, more after successes.
"""

from __future__ import annotations

from dataclasses import dataclass

from common.errors import Tampered, Unreachable, YizhanError
from common.log.push import MAX_ENTRIES

EXIT = {
    "ok": 0,
    "in_progress": 0,
    "offline": 75,
    "recovering": 4,
    "fork": 4,
    "clone": 4,
    "revoked": 4,
    "not_enrolled": 1,
    "not_approved": 4,
}
FIRST_WAIT_MS, LONGEST_WAIT_MS, LONGEST_BIDDEN_MS = 5_000, 600_000, 3_600_000
_BY_CODE = {
    "recovering": "recovering",
    "fork": "fork",
    "clone": "clone",
    "revoked": "revoked",
    "closed": "revoked",
    "request_signature": "revoked",  # the hub holds another key for this log
    "not_enrolled": "not_enrolled",
    "unknown_origin": "not_enrolled",
    "not_approved": "not_approved",
    "paused": "not_approved",
}


def outcome(error: YizhanError) -> str:
    """The state of a round that ended in `error`. Unreachable is what waiting mends, whatever its code says
    (a hub that is recovering is away for us); bytes that fail are a fork or as bad as one."""
    if isinstance(error, Unreachable):
        return "offline"
    return _BY_CODE.get(error.code, "fork" if isinstance(error, Tampered) else "offline")


def wait_ms(failures: int, usual_ms: int, jitter: float, retry_after_s: int | None = None) -> int:
    """How long until the next round. `failures` in a row, `jitter` in [0, 1). An hour is the longest that
    a hub may bid us wait: a slip in its proxy must not silence a county for a day."""
    if failures == 0:
        return int(usual_ms * (0.9 + 0.2 * jitter))
    wait = min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** min(failures - 1, 12))
    spread = int(wait * (0.5 + 0.5 * jitter))
    return max(spread, min(LONGEST_BIDDEN_MS, (retry_after_s or 0) * 1000))


@dataclass(slots=True)
class Window:
    """How many entries go into one push. On a line that breaks every minute a large push never arrives, so
    what was learned is kept from round to round."""

    entries: int = 5000

    def halve(self, sent: int) -> None:
        """After a 413 on `sent` entries. A single legal entry never gets one."""
        self.entries = max(1, sent // 2)

    def narrow(self) -> None:
        """After the line broke: half, but never so few that a long outage makes the first hour slow."""
        self.entries = max(min(self.entries, 100), self.entries // 2)

    def widen(self) -> None:
        self.entries = min(MAX_ENTRIES, self.entries + self.entries // 2 + 1)
