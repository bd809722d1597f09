"""What the hub's pages share: the opened home, and who may write."""

from __future__ import annotations

from typing import Any

from flask import current_app

from common.web.login import me
from hub.home import Home

WRITERS = ("operator", "admin")


def home() -> Home:
    found: Home = current_app.extensions["home"]
    return found


def person() -> Any:
    """The account that is logged in; views that need it are never reached without."""
    account = me()
    assert account is not None
    return account


def may_write() -> bool:
    return person().role in WRITERS
