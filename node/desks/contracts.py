"""合同: from a posting and a worker to a signed contract in force, and its paper."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from common.errors import YizhanError
from common.web.forms import Form
from common.web.messages import sentence
from common.web.shapes import Page
from node.desks import show
from node.desks.here import actor, address, home, label, login, named
from node.desks.saving import attempt, told
from node.market import audit, contracts, jobs, papers, records, terms, workers

desk = Blueprint("contracts", __name__, url_prefix="/contracts")
NAMES = (
    "worker", "employer", "form", "job", "trade", "start_date", "end_date", "hours_from", "hours_to", "pay",
    "pay_unit", "pay_timing", "place", "content", "insurance",
)  # fmt: skip
WIDTHS = {
    "form": "w4", "trade": "w4", "job": "w4", "start_date": "w3", "end_date": "w3", "hours_from": "w3",
    "hours_to": "w3", "pay": "w4", "pay_unit": "w4", "pay_timing": "w4", "place": "w12",
}  # fmt: skip
TABS = (("", "全部"), ("unsigned", "未签"), ("in_force", "已生效"), ("cancelled", "已撤销"))


@desk.get("")
def listed() -> ResponseReturnValue:
    text, tab = request.args.get("q", ""), request.args.get("tab", "")
    if workers.plain(text):
        turned = records.Turned(records.search(home(), workers.plain(text), ("contract",)))
    else:
        turned = contracts.listed(home(), tab, request.args.get("after", ""), request.args.get("before", ""))
    names = named()
    rows = [
        (one, *(names(kind, one.fields.get(kind, "")) for kind in ("worker", "employer")))
        for one in turned.rows
    ]
    return render_template(
        "contracts/list.html",
        kind=records.kind_of("contract"),
        page=Page(rows, turned.older or None, turned.newer or None),
        tabs=[(words, url_for("contracts.listed", tab=key or None), key == tab) for key, words in TABS],
        q=text,
        tab=tab,
    )


@desk.get("/new")
def new() -> ResponseReturnValue:
    """The terms of a posting, to be looked over; without one, first the postings to choose from."""
    worker, job = request.args.get("worker", ""), request.args.get("job", "")
    if not job and not request.args.get("direct"):
        return _choose(worker)
    posting = records.get(home(), "job", job) if job else None
    values = contracts.prefilled(home(), posting, worker or None)
    return _draw(Form.blank(records.kind_of("contract"), NAMES, values))


def _choose(worker: str) -> str:
    found, names = jobs.open_jobs(home()), named()
    return render_template(
        "contracts/choose.html",
        jobs=[(one, names("employer", one.fields.get("employer", ""))) for one in found],
        left=jobs.seats_left(home(), found),
        worker=worker,
        worker_name=(names("worker", worker) or ("", ""))[0] if worker else "",
        kind=records.kind_of("job"),
    )


@desk.post("/new")
def draw_up() -> ResponseReturnValue:
    form = Form.read(records.kind_of("contract"), request.form, NAMES)
    saved = attempt(form, lambda: contracts.draw_up(home(), login(), form.patch, form.reasons))
    if saved is None:
        return _draw(form), form.status
    told(saved, "已拟好合同")
    return redirect(url_for("contracts.page", id=saved.id))


def _draw(form: Form, number: str = "") -> str:
    cancel = address("contract", form.id) if form.id else url_for("contracts.listed")
    return render_template(
        "contracts/edit.html",
        form=show.chosen(form, {}),
        title="修改合同" if form.id else "拟合同",
        number=number,
        submit="保存修改" if form.id else "拟好合同，去签字",
        cancel=cancel,
        widths=WIDTHS,
    )


@desk.get("/<id>")
def page(id: str) -> ResponseReturnValue:
    return _page(id)


def _page(id: str, form: Form | None = None) -> str:
    about = show.about("contract", id)
    fields = about["fields"]
    state = contracts.state_of(about["record"])
    worker, employer = contracts.names_of(home(), about["record"])
    about |= {
        "title": f"{terms.form_name(fields)} {worker}",
        "number": fields.get("number", ""),
        "edit_href": about["edit_href"] if state == "draft" else "",
        "facts": [
            fact for fact in about["facts"] if fact.name not in ("worker_name", "employer_name", "number")
        ],
    }
    return render_template(
        "contracts/page.html",
        **about,
        step=state,
        unsigned=state in contracts.UNSIGNED,
        methods=contracts.METHODS,
        sign_form=form or Form.edit(about["kind"], id, fields, about["record"].heads, ()),
        label=label,
        text=terms.clauses(fields, worker, employer),
    )


@desk.route("/<id>/edit", methods=["GET", "POST"])
def edit(id: str) -> ResponseReturnValue:
    """Change the terms, as long as nobody signed."""
    kind, record = records.kind_of("contract"), records.get(home(), "contract", id)
    if request.method == "GET":
        form = Form.edit(kind, id, record.fields, record.heads, NAMES)
    else:
        form = Form.read(kind, request.form, NAMES, id=id)
        saved = attempt(
            form, lambda: contracts.change(home(), login(), id, form.patch, form.reasons, form.heads)
        )
        if saved is not None:
            told(saved, "已修改合同条款")
            return redirect(url_for("contracts.page", id=id))
    return _draw(form, record.fields.get("number", "")), form.status


@desk.post("/<id>/sign")
def sign(id: str) -> ResponseReturnValue:
    """Write down who signed how; both signed means in force, and the paper comes next."""
    kind = records.kind_of("contract")
    form = Form.read(kind, request.form, (), id=id)
    given = {
        who: request.form.get(f"{who}_method", "") for who in ("worker", "employer") if request.form.get(who)
    }
    saved = attempt(form, lambda: contracts.go_on(home(), login(), id, given, form.reasons, form.heads))
    if saved is None:
        return _page(id, form), form.status
    now = records.get(home(), "contract", id)
    flash(f"{label('contract', 'state', contracts.state_of(now))}，已保存在本市场", "good")
    in_force = contracts.state_of(now) == "in_force"
    return redirect(url_for("contracts.paper" if in_force else "contracts.page", id=id))


@desk.post("/<id>/cancel")
def cancel(id: str) -> ResponseReturnValue:
    try:
        contracts.cancel(home(), login(), id, request.form.get("reason", ""))
    except YizhanError as error:
        flash(sentence(error), "wrong")
    else:
        flash("合同已撤销，历史仍在", "good")
    return redirect(url_for("contracts.page", id=id))


@desk.get("/<id>/print")
def paper(id: str) -> ResponseReturnValue:
    """The contract on A4. It shows whole identity numbers, so that it was printed is written down."""
    record = records.get(home(), "contract", id)
    audit.note(home(), actor(), "print", "contract", id)
    return render_template("contracts/print.html", **_paper(id, record))


def _paper(id: str, record: Any) -> dict[str, Any]:
    fields, hall = record.fields, home()
    worker, employer = contracts.names_of(hall, record)
    made = papers.proof_of(hall, "contract", id)
    digest = terms.digest(fields, worker, employer)
    return {
        "record": record,
        "fields": fields,
        "heading": terms.title(fields),
        "parties": contracts.parties(hall, record),
        "names": (worker, employer),
        "clauses": terms.clauses(fields, worker, employer),
        "proof": made,
        "coded": contracts.puts_in_force(made.payload),
        "proved": bool(fields.get("text_sha256")),
        "digest": digest,
        "altered": bool(fields.get("text_sha256")) and fields["text_sha256"] != digest,
        "state": label("contract", "state", contracts.state_of(record)),
        "binding": contracts.state_of(record) not in (*contracts.UNSIGNED, "cancelled"),
        "methods": dict(contracts.METHODS),
    }
