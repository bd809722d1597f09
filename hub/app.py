"""The hub's web app, wired once: the exchange with nodes, the operators' pages, metrics and health."""

from __future__ import annotations

from typing import Any

import peewee
from flask import Flask, jsonify

from common.errors import YizhanError
from common.web.access import public
from common.web.filters import hour
from common.web.shapes import Badge, Desk
from common.web.skeleton import make_app
from hub.home import Home
from hub.province import boards, outlet
from hub.roles import admin, metrics, records, settings, sync
from hub.roles.words import ROLES

RAIL = (
    Desk("admin", "市场", "shop", "admin.markets"),
    Desk("records", "记录", "search", "records.index"),
    Desk("settings", "设置", "gear", "settings.index", foot=True),
)
BLUEPRINTS = (sync, admin, records, settings, metrics)


def create_app(home: Home) -> Flask:
    """The app over an opened home."""
    app = make_app(
        __name__,
        program=f"hub-{home.province}",
        title=home.name,
        secret_key=bytes.fromhex(home.setting("secret")),
        accounts=home.accounts,
        home="admin.markets",
        rail=RAIL,
        counts=lambda account: {"admin": boards.to_do(home)},
        badge=lambda: badge(home),
        clock=home.ambience.now,
        subtitle="省平台",
        password="settings.password",
        roles=ROLES,
        search="records.index",
        search_hint="记录号、证件号、市场编码或编号，填完整",
        idle_seconds=home.config.idle_minutes * 60,
    )
    app.extensions["home"] = home
    app.extensions["nonces"] = outlet.Nonces()
    for role in BLUEPRINTS:
        app.register_blueprint(role.blueprint)
    app.add_url_rule("/healthz", "healthz", public(lambda: healthz(home)))
    return app


def badge(home: Home) -> Badge:
    """The fact of the top bar: whether this hub may sign, and when it last did."""
    if not boards.may_sign(home):
        return Badge("wrong", "需要处理：数据比已签名的旧", title="已停止接收，请用最新备份恢复")
    last = boards.newest_receipt(home)
    if last is None:
        return Badge("unknown", "还没有收到上报", "cloud")
    return Badge("good", f"最近一次确认 {hour(last, home.ambience.now())}", "cloud-check")


def healthz(home: Home) -> Any:
    """200 only if the store can be written."""
    try:
        with home.store.writing():
            home.store.set("healthz", str(home.ambience.now()))
    except (YizhanError, peewee.PeeweeException) as error:
        return jsonify({"ok": False, "why": getattr(error, "code", "store")}), 503
    return jsonify({"ok": True})
