"""People who work at the hub. Their names stand behind the actors of the hub's entries."""

from __future__ import annotations

from hub.home import Home


def add(home: Home, login: str, name: str, role: str) -> str:
    """A new account; returns its first password."""
    with home.store.writing():
        return home.accounts.add(login, name, role)
