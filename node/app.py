"""The hall's pages: everything wired once. `create_app(home)` is all that `serve` and the tests need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import Flask, jsonify, url_for
from flask.typing import ResponseReturnValue

from common.errors import Refused
from common.records import kind_of
from common.web.access import machine
from common.web.badges import state_badge
from common.web.shapes import Badge, Desk
from common.web.skeleton import make_app
from node.desks import contracts, jobs, records, search, settings, sync, today, uplink, workers
from node.home import Home
from node.market import counts

RAIL = (
    Desk("today", "今日", "house-door", "today.page"),
    Desk("workers", "登记", "person-plus", "workers.listed"),
    Desk("jobs", "用工", "briefcase", "jobs.listed"),
    Desk("contracts", "合同", "file-earmark-text", "contracts.listed"),
    Desk("sync", "同步", "cloud-arrow-up", "sync.page", foot=True),
    Desk("settings", "设置", "gear", "settings.page", frozenset(("manager",)), foot=True),
)


def create_app(home: Home, sync_now: Callable[[], object] | None = None) -> Flask:
    """`sync_now` wakes the loop that exchanges with the province; None where there is none."""

    def badge() -> Badge:
        return uplink.badge(home, home.ambience.now(), url_for("sync.page"))

    def waiting(account: Any) -> Mapping[str, int]:
        return counts.waiting(home, account.role)

    app = make_app(
        "node",
        program=f"node-{home.market}",
        title=home.name,
        subtitle="登记、用工、合同，断网也照常办",
        secret_key=home.store.setting("secret") or "",
        accounts=home.accounts,
        home="today.page",
        rail=RAIL,
        counts=waiting,
        badge=badge,
        clock=home.ambience.now,
        search="search.page",
        password="settings.password",
        roles=settings.ROLES,
        idle_seconds=home.config.idle_minutes * 60,
        hotline=home.config.hotline,
        config={"SYNC_NOW": sync_now},
    )
    app.extensions["yizhan.home"] = home
    for kind in ("job", "contract"):
        app.jinja_env.globals[f"{kind}_badge"] = partial(state_badge, kind_of(kind).fields["state"])
    for part in (today, workers, jobs, contracts, records, search, sync, settings):
        app.register_blueprint(part.desk)
    app.add_url_rule("/healthz", "healthz", machine(healthz(home)))
    return app


class _TakenBack(Exception):
    """Ends the transaction of a health check."""


def healthz(home: Home) -> Callable[[], ResponseReturnValue]:
    """200 only while the store can be written: a writing transaction is begun and taken back."""

    def answer() -> ResponseReturnValue:
        try:
            with home.store.writing():
                raise _TakenBack
        except _TakenBack:
            return jsonify({"ok": True})
        except Refused as error:
            return jsonify({"ok": False, "code": error.code}), 503

    return answer
