"""登记: quick registration, finding people, one worker's page."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from common.data.trades import TRADES
from common.errors import Invalid, Refused
from common.web.forms import Form
from common.web.shapes import Page
from node.desks import show
from node.desks.here import address, home, label, login, named, title_of
from node.desks.saving import attempt, resubmitted, told
from node.market import papers, records, visits, workers

desk = Blueprint("workers", __name__, url_prefix="/workers")
COLUMNS = ("name", "id_number", "phone", "trades", "expected_pay")
NAMES = (*workers.QUICK, *workers.MORE)
EDITED = (*NAMES, "standing")
FINDS = {code: " ".join((*trade.initials, *trade.aliases)) for code, trade in TRADES.items()}


@desk.get("")
def listed() -> ResponseReturnValue:
    kind, names = records.kind_of("worker"), named()
    text, trade, standing = (request.args.get(name, "") for name in ("q", "trade", "standing"))
    after, before = (request.args.get(name, "") for name in ("after", "before"))
    turned = workers.listed(home(), text, trade, standing, after, before)
    rows = [show.cells(one, COLUMNS, names) for one in turned.rows]
    return render_template(
        "workers/list.html",
        kind=kind,
        columns=COLUMNS,
        page=Page(rows, turned.older or None, turned.newer or None),
        total=None if text or trade or standing else records.count(home(), "worker"),
        q=text,
        filters={
            "trade": ("工种", kind.fields["trades"].choices, trade),
            "standing": ("状态", kind.fields["standing"].choices, standing),
        },
    )


@desk.get("/new")
def new() -> ResponseReturnValue:
    values = {"id_type": "resident"} | records.template(home(), "worker", request.args.get("again", ""))
    return _draw(Form.blank(records.kind_of("worker"), NAMES, values))


@desk.post("/new")
def register() -> ResponseReturnValue:
    """Register a worker; the consent is part of it."""
    form = _typed()
    saved = attempt(
        form, lambda: records.save(home(), login(), "worker", None, form.patch, reasons=form.reasons)
    )
    if saved is None:
        return _draw(form), form.status
    resubmitted()
    flash(f"已登记 {form.patch['name']}，已保存在本市场", "good")
    if request.form.get("then") == "next":
        return redirect(url_for("workers.new"))
    return redirect(
        url_for("workers.slip" if request.form.get("then") == "slip" else "workers.page", id=saved.id)
    )


def _typed() -> Form:
    """The form as it came, with its consent; a wrong number is told along with whatever else is wrong."""
    form = Form.read(records.kind_of("worker"), request.form, NAMES)
    method = request.form.get("consent_method", "") if request.form.get("consent") else ""
    try:
        form.patch["consent"] = workers.consent(home(), method)
    except Refused as error:
        form.fail(error)
    trouble = _told("").trouble
    if trouble and not form.ok:  # else saving says so itself
        form.fail(Invalid(trouble, field="id_number"))
    return form


def _draw(form: Form) -> str:
    return render_template(
        "workers/new.html",
        form=form,
        more=workers.MORE,
        finds=FINDS,
        open_more=any(problem.name in workers.MORE for problem in form.problems),
        consent=request.form.get("consent", ""),
        methods=workers.CONSENTS,
        method=request.form.get("consent_method", "paper"),
        version=workers.CONSENT,
        told=_told(""),
    )


@desk.post("/tell")
def tell() -> ResponseReturnValue:
    """While somebody types: what the number says, and who has it already."""
    return render_template(
        "workers/told.html", told=_told(request.form.get("but", "")), address=address, title_of=title_of
    )


def _told(but: str) -> workers.Told:
    id_type, number, phone = (request.form.get(name, "")[:60] for name in ("id_type", "id_number", "phone"))
    return workers.tell(home(), id_type, number, phone, but)


@desk.get("/<id>")
def page(id: str) -> ResponseReturnValue:
    about = show.about("worker", id)
    names = named()
    return render_template(
        "workers/page.html",
        **about,
        contracts=[
            (one, names("employer", one.fields.get("employer", "")))
            for one in workers.contracts_of(home(), id)
        ],
        visits=workers.visits_of(home(), id),
        services=visits.SERVICES,
        label=label,
    )


@desk.get("/<id>/edit")
def edit(id: str) -> ResponseReturnValue:
    record = records.get(home(), "worker", id)
    form = Form.edit(records.kind_of("worker"), id, record.fields, record.heads, EDITED)
    return _draw_edit(form, record)


@desk.post("/<id>/edit")
def change(id: str) -> ResponseReturnValue:
    """Change a worker; what somebody else changed meanwhile is shown, never undone."""
    record = records.get(home(), "worker", id)
    form = Form.read(records.kind_of("worker"), request.form, EDITED, id=id)
    saved = attempt(
        form,
        lambda: records.save(
            home(), login(), "worker", id, form.patch, reasons=form.reasons, heads=form.heads
        ),
    )
    if saved is None:
        return _draw_edit(form, record), form.status
    told(saved, f"已修改 {record.fields.get('name', '')}")
    return redirect(url_for("workers.page", id=id))


def _draw_edit(form: Form, record: records.Merged) -> str:
    more = (*workers.MORE, "standing")
    return render_template("workers/edit.html", form=form, record=record, finds=FINDS, more=more)


@desk.get("/<id>/slip")
def slip(id: str) -> ResponseReturnValue:
    """The receipt of a registration, on paper."""
    record = records.get(home(), "worker", id)
    made = papers.proof_of(home(), "worker", id)
    return render_template(
        "workers/slip.html",
        record=record,
        kind=records.kind_of("worker"),
        fields=record.fields,
        proof=made,
        market=home().market,
    )
