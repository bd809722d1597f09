"""What leaves no entry in the log but must be answered for: full numbers seen, papers printed. Local."""

from __future__ import annotations

from common.errors import Refused
from node.home import Home
from node.local import LocalAudit


def note(home: Home, actor: str, act: str, kind: str = "", record: str = "", why: str = "") -> None:
    """Write one line, durably, before the act itself goes on."""
    with home.store.writing():
        LocalAudit.create(
            at=home.ambience.now(), actor=actor, act=act, kind=kind, record=record, why=why[:200]
        )


def reveal(home: Home, actor: str, kind: str, record: str, field: str, why: str) -> None:
    """Answer for seeing a masked value in full; Refused('reason_needed') without a reason."""
    if len(why.strip()) < 2:
        raise Refused("reason_needed", "say why the full value is needed", field="why")
    note(home, actor, f"full:{field}", kind, record, why.strip())


def newest(home: Home, most: int = 100) -> list[LocalAudit]:
    with home.store.reading():
        return list(LocalAudit.select().order_by(LocalAudit.id.desc()).limit(most))
