"""同步: the three honest facts apart, what was refused, and the button that starts a round."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from common.errors import Refused
from common.web.messages import sentence
from node.desks import uplink
from node.desks.here import actor, address, home
from node.market import actors, keys, refusals

desk = Blueprint("sync", __name__, url_prefix="/sync")


@desk.get("")
def page() -> ResponseReturnValue:
    hall = home()
    link = uplink.look(hall)
    who = actors.who(hall)
    refused = [(one, who(one.actor), uplink.why(one), again(one)) for one in refusals.listed(hall)]
    return render_template(
        "sync.html",
        link=link,
        needs=uplink.needs(link),
        trouble=uplink.trouble(link),
        refused=refused,
        origin=hall.origin,
        fingerprint=keys.fingerprint(hall),
        loop=current_app.config["SYNC_NOW"] is not None,
        path=hall.path,
        address=address,
        verdict=uplink.verdict,
    )


def again(one: refusals.Refusal) -> str:
    """Where 修改后重新提交 leads; '' where only a person elsewhere can help."""
    if one.alive:
        return address(one.kind, one.record)
    if one.kind == "worker":
        return url_for("workers.new", again=one.leaf)
    return url_for("records.new", kind=one.kind, again=one.leaf) if one.title else ""


@desk.post("/now")
def now() -> ResponseReturnValue:
    """Ask for a round at once."""
    start = current_app.config["SYNC_NOW"]
    if start is None:
        flash("本机没有开自动上报，请由计划任务或管理员运行同步", "waiting")
    else:
        start()
        flash("正在上报，稍后刷新可看到结果", "good")
    return redirect(url_for("sync.page"))


@desk.post("/refused")
def settle() -> ResponseReturnValue:
    """Take a refused entry off the list, with a reason."""
    try:
        refusals.settle(home(), actor(), request.form.get("leaf", ""), request.form.get("reason", ""))
    except Refused as error:
        flash(sentence(error), "wrong")
    else:
        flash("已记下原因，不再提示这一条", "good")
    return redirect(url_for("sync.page") + "#refused")
