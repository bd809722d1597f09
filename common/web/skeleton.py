"""make_app: the Flask app that both programs start from, and what every page of it may use.

Rules kept here:
- One call wires configuration, headers, login, CSRF, errors, static files, filters and shared templates;
  a program then only registers its blueprints.
- The program's own templates and static files come before the shared ones of the same name.
- Session cookies are named after the program (`program` names the market too), because a browser sends
  cookies to every port of a host: two halls on one PC must not log each other out.
- Counts in the rail and the sync badge never fail a page: what they raise is logged, and they are left out.
- The clock is an argument (epoch ms); pages, ages and idle logout all read the same one.

In templates: site, me, now(), rail(), counts(), badge(), icon(name, label), asset(name), csrf_token(),
state_badge(field, value), turn(cursor, direction), and the filters of `filters`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import structlog
from flask import Blueprint, Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect

from common.web import assets, badges, failures, filters, headers, login
from common.web.assets import HERE
from common.web.login import me, site
from common.web.shapes import Badge, Desk, Site

log = structlog.get_logger(__name__)
MAX_BYTES = 8 << 20  # a form with one scan; machine views set their own per request


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def make_app(
    import_name: str,
    *,
    program: str,
    title: str,
    secret_key: bytes | str,
    accounts: login.Accounts,
    home: str,
    rail: Sequence[Desk] = (),
    counts: Callable[[Any], Mapping[str, int]] | None = None,
    badge: Callable[[], Badge | None] | None = None,
    clock: Callable[[], int] = now_ms,
    max_bytes: int = MAX_BYTES,
    secure_cookie: bool = False,
    config: Mapping[str, Any] | None = None,
    **about: Any,
) -> Flask:
    """A Flask app with everything but desks. `about`: the other fields of shapes.Site.

    program: 'node-37130201' or 'hub-37', names the cookie; title: the market's name; home: endpoint after
    login; counts(account) -> {desk key: number waiting}; badge() -> the sync badge; clock() -> epoch ms.
    """
    app = Flask(import_name, static_folder=None)
    app.config.update(_config(program, secret_key, max_bytes, secure_cookie))
    app.config.update(config or {})
    app.extensions["yizhan"] = Site(
        program=program,
        title=title,
        home=home,
        accounts=accounts,
        clock=clock,
        rail=tuple(rail),
        counts=counts,
        badge=badge,
        **{"subtitle": "", **about},
    )
    _words(app)
    _wire(app)
    return app


def _config(program: str, secret_key: bytes | str, max_bytes: int, secure: bool) -> dict[str, Any]:
    return {
        "SECRET_KEY": secret_key,
        "SESSION_COOKIE_NAME": "yizhan_" + re.sub(r"[^A-Za-z0-9]+", "_", program),
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
        "MAX_CONTENT_LENGTH": max_bytes,
        "MAX_FORM_MEMORY_SIZE": min(max_bytes, 1 << 20),
        "MAX_FORM_PARTS": 2000,
        "WTF_I18N_ENABLED": False,
        "WTF_CSRF_CHECK_DEFAULT": False,  # the guard in login checks, where access is known
        "WTF_CSRF_TIME_LIMIT": None,  # a token lives as long as its session
        "RATELIMIT_STORAGE_URI": "memory://",
        "JSON_AS_ASCII": False,
    }


def _words(app: Flask) -> None:
    """Filters, functions and settings of templates."""
    app.jinja_env.filters.update(filters.FILTERS)
    for name in ("moment", "hour", "since"):
        app.jinja_env.filters[name] = _with_now(getattr(filters, name))
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        icon=assets.icon,
        asset=assets.asset,
        now=lambda: site().clock(),
        rail=_rail,
        counts=_counts,
        badge=_badge,
        state_badge=badges.state_badge,
        turn=_turn,
    )
    app.context_processor(lambda: {"site": site(), "me": me()})


def _wire(app: Flask) -> None:
    web = Blueprint("web", __name__, template_folder=str(HERE / "templates"))
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://", default_limits=[])
    app.extensions["yizhan.limiter"] = limiter
    csrf = CSRFProtect(app)
    headers.register(app)
    failures.register(app)
    login.register(app, web, csrf, limiter)
    assets.register(web)
    web.add_url_rule("/pulse", "pulse", pulse)
    app.register_blueprint(web)


def pulse() -> ResponseReturnValue:
    """Asked by every page now and then: the badge and the counts as they are now."""
    return render_template("fragment_pulse.html", desk=request.args.get("desk", ""))


def _turn(cursor: str, direction: str) -> str:
    """The address of this list at another cursor, its filters kept; direction: 'after' or 'before'."""
    cursors = ("after", "before")
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in cursors]
    return f"{request.path}?{urlencode([*kept, (direction, cursor)])}"


def _with_now(filter: Callable[..., str]) -> Callable[..., str]:
    """The filter with the program's clock as its second argument, unless the template gives one."""

    def bound(value: Any, now: int | None = None) -> str:
        return filter(value, site().clock() if now is None else now)

    return bound


def _rail() -> list[Desk]:
    """The desks that the person may see."""
    account = me()
    if account is None:
        return []
    return [desk for desk in site().rail if desk.roles is None or account.role in desk.roles]


def _counts() -> Mapping[str, int]:
    count = site().counts
    if count is None or me() is None:
        return {}
    try:
        return count(me())
    except Exception:
        log.exception("counts_failed")
        return {}


def _badge() -> Badge | None:
    show = site().badge
    try:
        return show() if show and me() is not None else None
    except Exception:
        log.exception("badge_failed")
        return Badge("unknown", "同步状态暂时读不到")
