"""Staff of the hall: an account here, and a staff record that tells everybody else who an actor is."""

from __future__ import annotations

from node.home import Home


def add(home: Home, actor: str, login: str, name: str, role: str) -> str:
    """A new account; returns its first password. `actor`: the login of whoever adds it."""
    with home.recorder.open(actor) as batch:
        fields = {"actor": f"{home.market}.{login}", "name": name, "role": role, "active": True}
        record = batch.put("staff", None, fields).id
        return home.accounts.add(login, name, role, record)


def disable(home: Home, actor: str, login: str) -> None:
    """End an account and its sessions; its entries and its name stay."""
    with home.recorder.open(actor) as batch:
        record = home.accounts.disable(login)
        if record:
            batch.put("staff", record, {"active": False})


def reset(home: Home, login: str) -> str:
    """A new first password."""
    with home.store.writing():
        return home.accounts.reset(login)
