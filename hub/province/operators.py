"""People who work at the hub. Their names stand behind the actors of the hub's entries."""

from __future__ import annotations

from common.errors import Invalid, Refused
from common.store.accounts import LocalAccount
from hub.home import Home


def add(home: Home, login: str, name: str, role: str) -> str:
    """A new account; returns its first password."""
    if not name.strip() or len(name) > 50:
        raise Invalid("required", "a person has a name of 1 to 50 characters", field="name")
    with home.store.writing():
        return home.accounts.add(login, name.strip(), role)


def reset(home: Home, login: str) -> str:
    """A new first password, and the end of all sessions."""
    with home.store.writing():
        return home.accounts.reset(login)


def disable(home: Home, login: str) -> None:
    """End an account and its sessions. Refused('last_manager') for the last administrator."""
    with home.store.writing():
        admins = [one.login for one in home.accounts.listed() if one.role == "admin" and one.active]
        if admins == [login]:
            raise Refused("last_manager", "somebody must be able to manage accounts", field="login")
        home.accounts.disable(login)


def listed(home: Home) -> list[LocalAccount]:
    with home.store.reading():
        return home.accounts.listed()
