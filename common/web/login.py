"""Login of staff: server-side sessions through flask-login, idle logout, a rate limit, forms that are kept.

What the program brings is one object, `accounts`, with these methods (any class that has them will do):

    check(login, password) -> account    raises Refused('login_wrong' | 'login_locked' | 'account_disabled');
                                         counts failures and locks; takes the same time for unknown names
    open_session(account, now, address) -> token     random, at least 128 bits, stored hashed
    by_token(token) -> account | None    None once the session was closed, revoked or the account disabled
    close_session(token)

and an account has .login .name .role .actor, and may have .must_change (a first password is in use).

Rules kept here:
- The cookie holds only the session's token, signed; ending the session on the server ends it everywhere.
- Every view needs a login unless marked otherwise (see access); every POST a CSRF token unless @machine.
- After `idle_seconds` without a person's act the session is closed. The page's own polling (X-Yizhan-Quiet)
  is no act. A clock that jumps back never logs anyone out.
- At most 10 failed logins a minute from one address, whatever the accounts object counts besides.
- `next` is only followed inside this host.
"""

from __future__ import annotations

from typing import Any, Protocol

import structlog
from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFProtect

from common.errors import Refused
from common.web import kept
from common.web.access import access_of_request, check_role, public
from common.web.messages import sentence, words
from common.web.shapes import Site

log = structlog.get_logger(__name__)
TOUCH_SECONDS = 60  # how often an active session's cookie is renewed
FAILURES = "10 per minute; 60 per hour"
QUIET = "X-Yizhan-Quiet"


class Account(Protocol):
    """A member of staff, as the program's own tables know them."""

    @property
    def login(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def actor(self) -> str: ...


class Accounts(Protocol):
    """See the module's docstring."""

    def check(self, login: str, password: str) -> Any: ...
    def open_session(self, account: Any, now: int, address: str) -> str: ...
    def by_token(self, token: str) -> Any | None: ...
    def close_session(self, token: str) -> object: ...


class Person(UserMixin):  # type: ignore[misc]
    """flask-login's view of one session: `get_id` is the session's token, never the account's name."""

    def __init__(self, account: Any, token: str) -> None:
        self.account = account
        self.token = token

    def get_id(self) -> str:
        return self.token


def site() -> Site:
    """What this program's pages know."""
    found: Site = current_app.extensions["yizhan"]
    return found


def me() -> Any | None:
    """The account that is logged in, or None."""
    return current_user.account if current_user and current_user.is_authenticated else None


def session_token() -> str:
    """The token of the session that asks, or ''."""
    return str(current_user.token) if current_user and current_user.is_authenticated else ""


def register(app: Flask, web: Blueprint, csrf: CSRFProtect, limiter: Limiter) -> None:
    """Wire flask-login, the guard before every request, and the login pages."""
    manager = LoginManager(app)
    manager.session_protection = None  # halls change addresses; the token is the session

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(token: str) -> Person | None:
        account = site().accounts.by_token(token)
        return None if account is None else Person(account, token)

    @app.before_request
    def guard() -> ResponseReturnValue | None:
        access = access_of_request()
        if access in ("", "machine"):
            return None
        if access == "staff":
            answer = _need_login()
            if answer is not None:
                return answer
        csrf.protect()
        if access == "staff":
            check_role(str(me().role))  # type: ignore[union-attr]
        return None

    web.add_url_rule("/login", "login", public(login_page))
    limit = limiter.limit(FAILURES, deduct_when=lambda response: response.status_code >= 400)
    web.add_url_rule("/login", "log_in", public(limit(log_in)), methods=["POST"])
    web.add_url_rule("/logout", "log_out", public(log_out), methods=["POST"])
    web.add_url_rule("/alive", "alive", alive)


def _need_login() -> ResponseReturnValue | None:
    """None where a person is logged in and not idle, and touches the session; else what to answer."""
    if me() is None:
        return _ask_login("session_ended" if "_user_id" in session else "login_needed")
    now, seen = site().clock() // 1000, int(session.get("seen") or 0)
    if now - seen > site().idle_seconds:
        _close()
        return _ask_login("idle")
    if not request.headers.get(QUIET) and (now - seen >= TOUCH_SECONDS or now < seen):
        session["seen"] = now
    change = site().password
    free = request.endpoint == change or request.blueprint == "web"
    if change and not free and getattr(me(), "must_change", False):
        flash(sentence("password_must_change"), "waiting")
        return redirect(url_for(change))
    return None


def _ask_login(code: str) -> ResponseReturnValue:
    """The login page for a person, 401 and its address for htmx, 401 with a code for a program."""
    from common.web.failures import answer, wants

    if wants() == "json":
        return answer(code, 401)
    if wants() == "htmx":
        there = url_for("web.login", next=_inside(request.headers.get("HX-Current-URL", "")))
        return Response("", 401, {"X-Yizhan-Login": there})  # yizhan.js goes there, or keeps what is typed
    sealed = kept.keep()
    if request.method != "GET":
        back = _inside(request.referrer or "")
        return _draw_login(words(code), 401, sealed=sealed, back=back)
    if code != "login_needed":
        flash(words(code), "waiting")
    return redirect(url_for("web.login", next=request.full_path.rstrip("?")))


def login_page() -> ResponseReturnValue:
    if me() is not None:
        return redirect(url_for(site().home))
    return _draw_login("", 200, back=_inside(request.args.get("next", "")))


def log_in() -> ResponseReturnValue:
    """Check name and password; open a session; go on where the person was going."""
    name = request.form.get("login", "").strip()
    back, sealed = _inside(request.form.get("next", "")), request.form.get("kept", "")
    try:
        account = site().accounts.check(name, request.form.get("password", ""))
    except Refused as error:
        log.warning("login_refused", login=name[:40], address=request.remote_addr, code=error.code)
        return _draw_login(sentence(error), 401, name=name, sealed=sealed, back=back, wrong=True)
    token = site().accounts.open_session(account, site().clock(), request.remote_addr or "")
    _forget()
    login_user(Person(account, token))
    session["seen"] = site().clock() // 1000
    log.info("login", actor=account.actor, address=request.remote_addr)
    held = kept.kept(sealed) if sealed else None
    if held:
        return render_template("resume.html", path=held[0], items=held[1], reason="")
    return redirect(back or url_for(site().home))


def log_out() -> ResponseReturnValue:
    if me() is not None:
        log.info("logout", actor=me().actor)  # type: ignore[union-attr]
    _close()
    flash("已退出登录", "good")
    return redirect(url_for("web.login"))


def alive() -> ResponseReturnValue:
    """Asked by the page while a person types: the request itself has touched the session."""
    return Response(status=204)


def _draw_login(
    message: str, status: int, *, name: str = "", sealed: str = "", back: str = "", wrong: bool = False
) -> ResponseReturnValue:
    page = render_template(
        "login.html", message=message, name=name, sealed=sealed, back=back, wrong=wrong, lost=_lost(sealed)
    )
    return page, status


def _lost(sealed: str) -> bool:
    """Whether this request brought a form that could not be kept (files, or another site's page)."""
    return request.method == "POST" and not sealed and request.endpoint != "web.log_in"


def _close() -> None:
    if current_user.is_authenticated:
        site().accounts.close_session(current_user.token)
    _forget()


def _forget() -> None:
    """Drop everything that the cookie holds, the CSRF secret with it: nothing outlives a change of person."""
    logout_user()
    session.clear()
    g.pop("csrf_token", None)


def _inside(address: str) -> str:
    """`address` as a path on this host, or '' where it leads elsewhere."""
    here = f"{request.scheme}://{request.host}"
    path = address[len(here) :] if address.startswith(f"{here}/") else address
    plain = path.startswith("/") and not path.startswith(("//", "/\\", "/login", "/logout"))
    return path if plain and path.isprintable() else ""
