"""What to do next, decided without a clock, a disk or a wire.

- `outcome` turns an error into the state that `sync` reports;
- `wait_ms` says when to try again: exponential with jitter, never before the hub's Retry-After, driven by
  time and not by the next thing a person does;
- `Window` says how many entries to send at once: half after a 413, slowly more again after successes.
"""

from __future__ import annotations

from dataclasses import dataclass

from common.errors import Invalid, Refused, Tampered, Unreachable, YizhanError
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
FIRST_WAIT_MS, LONGEST_WAIT_MS = 5_000, 600_000
_BY_CODE = {
    "recovering": "recovering",
    "fork": "fork",
    "clone": "clone",
    "revoked": "revoked",
    "closed": "revoked",
    "not_enrolled": "not_enrolled",
    "not_approved": "not_approved",
    "paused": "not_approved",
}


def outcome(error: YizhanError) -> str:
    """The state of a round that ended in `error`. What neither side can mend by waiting is a fork or worse."""
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    if isinstance(error, Unreachable | Refused):
        return "offline"
    assert isinstance(error, Tampered | Invalid)
    return "fork" if isinstance(error, Tampered) else "offline"


def wait_ms(failures: int, usual_ms: int, jitter: float, retry_after_s: int | None = None) -> int:
    """How long until the next round. `failures` in a row, `jitter` in [0, 1)."""
    if failures == 0:
        return int(usual_ms * (0.9 + 0.2 * jitter))
    wait = min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** min(failures - 1, 12))
    spread = int(wait * (0.5 + 0.5 * jitter))
    return max(spread, (retry_after_s or 0) * 1000)


@dataclass(slots=True)
class Window:
    """How many entries go into one push."""

    entries: int = 5000

    def halve(self) -> None:
        """After a 413. A single legal entry never gets one."""
        self.entries = max(1, self.entries // 2)

    def widen(self) -> None:
        self.entries = min(MAX_ENTRIES, self.entries + self.entries // 4 + 1)
