"""What a manager may do with the accounts of his hall, beside what `staff` does for anybody."""

from __future__ import annotations

from common.errors import Invalid, Refused
from node.home import ROLES, Home
from node.market import audit, staff


def listed(home: Home) -> list[dict[str, object]]:
    """Accounts as a page shows them: no password, nothing that leads to one."""
    with home.store.reading():
        rows = home.accounts.listed()
    now = home.ambience.now()
    return [
        {
            "login": row.login, "name": row.name, "role": row.role, "active": row.active,
            "must_change": row.must_change, "locked": row.failures >= 5 and row.locked_until > now,
        }
        for row in rows
    ]  # fmt: skip


def add(home: Home, by: str, login: str, name: str, role: str) -> str:
    """A new account; returns its first password."""
    if not name.strip():
        raise Invalid("required", "a name is needed", field="name")
    if role not in ROLES:
        raise Invalid("not_a_choice", f"role: expected one of {', '.join(ROLES)}", field="role")
    return staff.add(home, by, login.strip(), name.strip(), role)


def disable(home: Home, by: str, login: str) -> None:
    """End an account; Refused('last_manager') rather than leave the hall without one."""
    rows = listed(home)
    managers = [row["login"] for row in rows if row["role"] == "manager" and row["active"]]
    if managers == [login]:
        raise Refused("last_manager", "the last manager cannot be disabled", field="login")
    staff.disable(home, by, login)


def reset(home: Home, actor: str, login: str) -> str:
    """A new first password; the reset is answered for."""
    password = staff.reset(home, login)
    audit.note(home, actor, "reset", "staff", "", login)
    return password
