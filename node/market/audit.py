"""What leaves no entry in the log but must be answered for: full numbers seen, papers printed. Local."""

from __future__ import annotations

from peewee import SQL

from common.errors import Refused
from common.records import kind_of
from node.home import Home
from node.local import LocalAudit


def note(home: Home, actor: str, act: str, kind: str = "", record: str = "", why: str = "") -> None:
    """Write one line, durably, before the act itself goes on."""
    with home.store.writing():
        LocalAudit.create(
            at=home.ambience.now(), actor=actor, act=act, kind=kind, record=record, why=why[:200]
        )


def masked(kind: str, field: str) -> None:
    """Refused('not_found') unless the kind has such a field and masks it."""
    known = kind_of(kind).fields.get(field)
    if known is None or not known.sensitive:
        raise Refused("not_found", f"{kind} masks no field {field[:40]!r}")


def reveal(home: Home, actor: str, kind: str, record: str, field: str, why: str) -> None:
    """Answer for seeing a masked value in full; Refused('reason_needed') without a reason."""
    masked(kind, field)
    if len(why.strip()) < 2:
        raise Refused("reason_needed", "say why the full value is needed", field="why")
    note(home, actor, f"full:{field}", kind, record, why.strip())


def newest(home: Home, most: int = 100) -> list[LocalAudit]:
    with home.store.reading():
        return list(LocalAudit.select().order_by(SQL("id").desc()).limit(most))
