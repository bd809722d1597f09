"""The hub's web app, wired once: the exchange with nodes and the operators' pages."""

from __future__ import annotations

import peewee
from flask import Flask, jsonify
from flask.typing import ResponseReturnValue

from common.errors import YizhanError
from common.web.access import public
from common.web.shapes import Desk
from common.web.skeleton import make_app
from hub.home import Home
from hub.province import outlet
from hub.roles import admin, sync

RAIL = (
    Desk("admin", "市场", "shop", "admin.markets"),
    Desk("records", "记录", "search", "admin.records"),
    Desk("settings", "设置", "gear", "admin.settings", foot=True),
)


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
        clock=home.ambience.now,
        subtitle="省平台",
        password="admin.password",
        idle_seconds=home.config.idle_minutes * 60,
    )
    app.extensions["home"] = home
    app.extensions["nonces"] = outlet.Nonces()
    for blueprint in (sync.blueprint, admin.blueprint):
        app.register_blueprint(blueprint)

    @app.get("/healthz")
    @public
    def healthz() -> ResponseReturnValue:
        """200 only if the store can be written."""
        try:
            with home.store.writing():
                home.store.set("healthz", str(home.ambience.now()))
        except (YizhanError, peewee.PeeweeException) as error:
            return jsonify({"ok": False, "why": getattr(error, "code", "store")}), 503
        return jsonify({"ok": True})

    return app
