"""What leaves no entry in the log but must be answered for: full numbers seen, codes given out, accounts.

A line is written durably before the act itself goes on, so nobody sees a number that no line speaks of.
"""

from __future__ import annotations

from common.errors import Refused
from hub.home import Home
from hub.local import LocalAudit

LEAST_REASON, MOST_REASON = 2, 200


def note(home: Home, actor: str, act: str, kind: str = "", record: str = "", why: str = "") -> None:
    """One line, committed when this returns."""
    with home.store.writing():
        LocalAudit.create(
            at=home.ambience.now(), actor=actor, act=act, kind=kind, record=record, why=why[:MOST_REASON]
        )


def reveal(home: Home, actor: str, what: str, kind: str, record: str, why: str) -> None:
    """Answer for seeing a masked value in full; Refused('reason_needed') without a reason."""
    if len(why.strip()) < LEAST_REASON:
        raise Refused("reason_needed", "say why the full value is needed", field="why")
    note(home, actor, f"full:{what}", kind, record, why.strip())


def newest(home: Home, before: int | None = None, most: int = 50) -> list[LocalAudit]:
    """The newest lines, or those older than line `before`."""
    query = LocalAudit.select().order_by(LocalAudit.id.desc()).limit(most)
    with home.store.reading():
        return list(query.where(LocalAudit.id < before) if before else query)
