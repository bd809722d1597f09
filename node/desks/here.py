"""What every desk needs of its request: the hall, who asks, how records are called and reached."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import current_app, url_for

from common.web.login import me
from node.market import records
from node.market.records import Home, Merged

DESKS = {"worker": "workers", "contract": "contracts", "job": "jobs", "employer": "jobs", "visit": "today"}


def home() -> Home:
    """The hall whose app this is."""
    found: Home = current_app.extensions["yizhan.home"]
    return found


def login() -> str:
    """The login of whoever asks: what entries name him by."""
    return str(me().login)  # type: ignore[union-attr]


def actor() -> str:
    return str(me().actor)  # type: ignore[union-attr]


def role() -> str:
    return str(me().role)  # type: ignore[union-attr]


def address(kind: str, id: str) -> str:
    """The page of a record."""
    if kind == "worker":
        return url_for("workers.page", id=id)
    if kind == "contract":
        return url_for("contracts.page", id=id)
    return url_for("records.page", kind=kind, id=id)


def named() -> Callable[[str, str], tuple[str, str] | None]:
    """(kind, id) -> (what it is called, its page); each is looked up once."""
    known: dict[tuple[str, str], tuple[str, str] | None] = {}

    def tell(kind: str, id: str) -> tuple[str, str] | None:
        if (kind, id) not in known:
            title = records.title(home(), kind, id)
            known[kind, id] = (title, address(kind, id)) if title else None
        return known[kind, id]

    return tell


def title_of(record: Merged) -> str:
    """What a record is called; kinds without a name by their label."""
    kind = records.kind_of(record.kind)
    return kind.name_of(record.fields) or kind.label


def label(kind: str, field: str, value: Any) -> str:
    """The word for one of a field's choices."""
    return records.kind_of(kind).fields[field].show(value)
