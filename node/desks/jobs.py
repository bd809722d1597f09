"""用工: postings with their seats, who posts them, and the two acts that need a reviewer."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from common.errors import Refused
from common.web.access import require_role
from common.web.forms import Form
from common.web.login import me
from common.web.messages import sentence
from common.web.shapes import Page
from node.desks import show
from node.desks.here import address, home, login, named, role
from node.desks.records import draw
from node.market import jobs, records, workers

desk = Blueprint("jobs", __name__, url_prefix="/jobs")
COLUMNS = ("title", "employer", "trade", "pay", "start_date", "state")


@desk.get("")
def listed() -> ResponseReturnValue:
    kind, text, state = records.kind_of("job"), request.args.get("q", ""), request.args.get("state", "")
    after, before = (request.args.get(name, "") for name in ("after", "before"))
    turned = jobs.listed(home(), workers.plain(text), state, after, before)
    names, left = named(), jobs.seats_left(home(), turned.rows)
    rows = [(one, left[one.id], show.cells(one, COLUMNS, names)) for one in turned.rows]
    return render_template(
        "jobs/list.html",
        kind=kind,
        page=Page(rows, turned.older or None, turned.newer or None),
        total=None if text or state else records.count(home(), "job"),
        q=text,
        filters={"state": ("状态", kind.fields["state"].choices, state)},
    )


@desk.post("/<id>/<act>")
def move(id: str, act: str) -> ResponseReturnValue:
    """Submit, publish, return, withdraw … a posting."""
    try:
        jobs.act(home(), login(), role(), id, act, _heads("job", id))
    except Refused as error:
        return _as_it_is(error, "job", id)
    flash(f"{jobs.ACTS[act][3]}：已办理，已保存在本市场", "good")
    return redirect(address("job", id))


@desk.post("/employers/<id>/verify")
@require_role(*jobs.REVIEWERS)
def verify(id: str) -> ResponseReturnValue:
    how, name = request.form.get("how", ""), me().name  # type: ignore[union-attr]
    try:
        jobs.verify_employer(home(), login(), name, id, how, _heads("employer", id))
    except Refused as error:
        return _as_it_is(error, "employer", id)
    flash("已记下核验，可以发布这家用工方的岗位", "good")
    return redirect(address("employer", id))


def _heads(kind: str, id: str) -> tuple[bytes, ...]:
    """What the page was drawn from on which the button stood; () without a whole seal, which fits nothing."""
    return Form.read(records.kind_of(kind), request.form, (), id=id).heads


def _as_it_is(error: Refused, kind: str, id: str) -> ResponseReturnValue:
    """Nobody puts his name to what he has not seen: the page as it is now, to be looked at first."""
    if error.code != "record_changed":
        raise error
    flash(sentence(error), "wrong")
    return draw(kind, id), 409


@desk.get("/employers")
def employers() -> ResponseReturnValue:
    return redirect(url_for("records.listed", kind="employer"))
