"""Who may open which view: default deny, with three words to say otherwise.

    @public                 no login needed (login page, hall screen, verify page)
    @machine                for programs: no login, no CSRF token; the view proves its caller itself
    @require_role("a", …)   logged in, and one of these roles

Rules kept here:
- A view that says nothing needs a login. Nobody can forget to protect a page.
- The words are marks on the function; `login` reads them before any view runs. `mark_all(blueprint, …)`
  gives a whole blueprint the same mark.
- Refusals are Refused('not_allowed'), never a page that says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from flask import Blueprint, current_app, request

from common.errors import Refused

View = TypeVar("View", bound=Callable[..., Any])
ACCESS, ROLES = "yizhan_access", "yizhan_roles"


def public(view: View) -> View:
    """No login needed; forms still carry a CSRF token."""
    setattr(view, ACCESS, "public")
    return view


def machine(view: View) -> View:
    """For programs: no login, no CSRF token, errors as JSON."""
    setattr(view, ACCESS, "machine")
    return view


def require_role(*roles: str) -> Callable[[View], View]:
    """Only staff of one of these roles; others get Refused('not_allowed')."""

    def mark(view: View) -> View:
        setattr(view, ROLES, frozenset(roles))
        return view

    return mark


def mark_all(blueprint: Blueprint, access: str = "", roles: Iterable[str] = ()) -> Blueprint:
    """Give every view of a blueprint the same mark; a view's own mark stands before it."""
    if access:
        setattr(blueprint, ACCESS, access)
    if roles:
        setattr(blueprint, ROLES, frozenset(roles))
    return blueprint


def access_of_request() -> str:
    """'public', 'machine' or 'staff' for the view of this request; '' where there is no such view."""
    return str(_mark(ACCESS, "staff")) if request.endpoint else ""


def check_role(role: str) -> None:
    """Raises Refused('not_allowed') where the view of this request is not for `role`."""
    roles = _mark(ROLES, None)
    if roles is not None and role not in roles:
        raise Refused("not_allowed", f"role {role!r} may not open {request.endpoint}")


def _mark(name: str, default: Any) -> Any:
    view = current_app.view_functions.get(request.endpoint or "")
    blueprint = current_app.blueprints.get(request.blueprint or "")
    return getattr(view, name, getattr(blueprint, name, default))
