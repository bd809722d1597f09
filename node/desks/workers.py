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
FINDS = {code: " ".join((*trade.initials, *trade.aliases)) for code, trade in TRADES.items()}


@desk.get("")
def listed() -> ResponseReturnValue:
    given = {name: request.args.get(name, "") for name in ("q", "trade", "standing", "after", "before")}
    text, turn = given.pop("q"), {name: given.pop(name) for name in ("after", "before")}
    if workers.plain(text):
        turned = records.Turned(workers.find(home(), text, **given))
    else:
        turned = workers.listed(home(), **given, **turn)
    kind, names = records.kind_of("worker"), named()
    return render_template(
        "workers/list.html",
        kind=kind,
        columns=COLUMNS,
        page=Page(
            [show.cells(one, COLUMNS, names) for one in turned.rows],
            turned.older or None,
            turned.newer or None,
        ),
        total=None if text or any(given.values()) else records.count(home(), "worker"),
        q=text,
        filters={
            "trade": ("工种", kind.fields["trades"].choices, given["trade"]),
            "standing": ("状态", kind.fields["standing"].choices, given["standing"]),
        },
    )


@desk.get("/new")
def new() -> ResponseReturnValue:
    values = {"id_type": "resident"} | records.template(home(), "worker", request.args.get("from", ""))
    return _draw(Form.blank(records.kind_of("worker"), NAMES, values))


@desk.post("/new")
def register() -> ResponseReturnValue:
    """Register a worker; the consent is part of it."""
    form = Form.read(records.kind_of("worker"), request.form, NAMES)
    method = request.form.get("consent_method", "") if request.form.get("consent") else ""
    try:
        form.patch["consent"] = workers.consent(home(), method)
    except Refused as error:
        form.fail(error)
    trouble = _told("").trouble
    if trouble and not form.ok:  # else saving says so itself
        form.fail(Invalid(trouble, field="id_number"))
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


def _draw(form: Form) -> str:
    return render_template(
        "workers/new.html",
        form=form,
        more=workers.MORE,
        finds=FINDS,
        open_more=any(problem.name in workers.MORE for problem in form.problems),
        consent=request.form.get("consent", ""),
        methods=records.kind_of("worker").fields["consent"].parts["method"].choices,
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
    typed = [request.form.get(name, "")[:60] for name in ("id_type", "id_number", "phone")]
    return workers.tell(home(), *typed, but)


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


@desk.route("/<id>/edit", methods=["GET", "POST"])
def edit(id: str) -> ResponseReturnValue:
    """Change a worker; what somebody else changed meanwhile is shown, never undone."""
    kind, record = records.kind_of("worker"), records.get(home(), "worker", id)
    names = (*NAMES, "standing")
    if request.method == "GET":
        form = Form.edit(kind, id, record.fields, record.heads, names)
    else:
        form = Form.read(kind, request.form, names, id=id)
        saved = attempt(
            form,
            lambda: records.save(
                home(), login(), "worker", id, form.patch, reasons=form.reasons, heads=form.heads
            ),
        )
        if saved is not None:
            told(saved, f"已修改 {record.fields.get('name', '')}")
            return redirect(url_for("workers.page", id=id))
    page = render_template(
        "workers/edit.html", form=form, record=record, finds=FINDS, more=(*workers.MORE, "standing")
    )
    return page, form.status


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
