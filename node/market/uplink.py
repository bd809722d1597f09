"""How far the hall has come with the province: the three honest facts, and what they rest on.

    confirmed    the newest receipt says so, with its own time
    waiting      entries beyond the receipted size, since the time of the first of them
    trouble      the province cannot be reached, or a person is needed, because …

Rules kept here:
- Everything is read anew at each question: rounds run in other threads and processes.
- What nobody can mend by waiting (a fork, another machine, a revoked key) is told apart from what can.
"""

from __future__ import annotations

from dataclasses import dataclass

from node.home import Home
from node.market import receipts, refusals, status

# codes of the last failure that no retry mends
PERSON = frozenset(
    "recovering fork clone revoked closed hub_rewound consistency_proof inclusion_proof signature_invalid "
    "signature_missing root_mismatch origin_mismatch receipt_short machine_signature request_signature "
    "behind unknown_key enrol_answer empty_chunk digest_mismatch".split()
)
PATIENCE = frozenset(("not_enrolled", "not_approved", "paused"))
SETTINGS = (
    "hub.url", "hub.state", "hub.words", "sync.last_ok", "sync.last_try", "sync.error", "sync.error_at",
    "sync.skew_s",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Uplink:
    """Moments in epoch ms. state: '' (not enrolled), pending, open or revoked."""

    size: int
    receipted: int
    oldest: int | None
    confirmed: int | None
    url: str
    state: str
    words: str
    last_ok: int | None
    last_try: int | None
    error: str
    error_at: int | None
    skew: int | None
    refused: int
    recovering: bool

    @property
    def pending(self) -> int:
        return self.size - self.receipted

    @property
    def needs_person(self) -> bool:
        return self.recovering or self.state == "revoked" or self.error in PERSON

    @property
    def reachable(self) -> bool:
        return not self.error or self.error in PATIENCE or self.needs_person


def look(home: Home) -> Uplink:
    """As things stand now."""
    recovering = home.state() == "recovering"
    with home.store.reading():
        log = home.log
        marks = ",".join("?" * len(SETTINGS))
        said = dict(
            home.store.db.run(f"SELECT key, value FROM local_setting WHERE key IN ({marks})", SETTINGS)
        )
        newest = receipts.newest(home, log)
        return Uplink(
            size=log.size,
            receipted=log.receipt_size,
            oldest=status.oldest_pending(home, log),
            confirmed=newest[1] if newest else None,
            url=said.get("hub.url", ""),
            state=said.get("hub.state", ""),
            words=said.get("hub.words", ""),
            last_ok=_number(said.get("sync.last_ok")),
            last_try=_number(said.get("sync.last_try")),
            error=said.get("sync.error", ""),
            error_at=_number(said.get("sync.error_at")),
            skew=_number(said.get("sync.skew_s")),
            refused=len(refusals.waiting(home, log)),
            recovering=recovering,
        )


def _number(text: str | None) -> int | None:
    try:
        return int(float(text)) if text else None
    except ValueError:
        return None
