"""The pages that every kind gets for free: list, new, one record, edit, conflict, full number, proof, retire.

Workers and contracts have desks of their own for listing, making and editing; the rest of theirs is here.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from common.errors import Refused, YizhanError
from common.web.access import require_role
from common.web.forms import Form
from common.web.messages import sentence
from common.web.shapes import Page
from node.desks import show
from node.desks.here import DESKS, actor, address, home, login, named, role
from node.desks.saving import attempt, resubmitted, told
from node.market import audit, contracts, history, jobs, papers, records, workers
from node.market.records import Merged

desk = Blueprint("records", __name__, url_prefix="/records")
OWN_DESKS = {"worker": "workers", "contract": "contracts"}
# fields that a desk's act sets, never a form
BY_ACT = {"job": ("number", "state"), "employer": ("verified",), "visit": (), "contract": ("number", "state")}
SECTIONS = {
    "job": (
        ("要什么人", "employer title trade headcount"),
        ("什么时候，多少钱", "start_date end_date hours_from hours_to pay pay_unit pay_timing"),
        ("在哪里，怎么干", "place division content conditions meals lodging insurance_by reach"),
        ("其他", "min_age max_age certificates_needed lon lat crs"),
    ),
}
WIDTHS = {
    "job": dict.fromkeys("start_date end_date hours_from hours_to".split(), "w3")
    | dict.fromkeys("pay pay_unit pay_timing trade headcount division lon lat crs".split(), "w4")
    | {"title": "w4", "place": "w8", "certificates_needed": "w12", "employer": "w12"},
}


@desk.get("/<kind>")
def listed(kind: str) -> ResponseReturnValue:
    cls = records.kind_of(kind)
    if kind in OWN_DESKS:
        return _own_desk(kind, "listed")
    text, names, chosen = request.args.get("q", ""), named(), _filters(cls)
    turned = _turned(cls, workers.plain(text))
    rows = [show.cells(one, cls.columns, names) for one in turned.rows]
    return render_template(
        "records/list.html",
        desk=DESKS.get(kind, ""),
        kind=cls,
        columns=cls.columns,
        page=Page(rows, turned.older or None, turned.newer or None),
        total=None if text or any(chosen.values()) else records.count(home(), kind),
        q=text,
        filters={name: (cls.fields[name].label, cls.fields[name].choices, chosen[name]) for name in chosen},
        new_href=url_for("records.new", kind=kind),
        new_label="登记到访" if kind == "visit" else f"新建{cls.label}",
    )


def _turned(cls: Any, text: str) -> records.Turned:
    """What the search finds, else a page of all by the filters and the cursor of the address."""
    if text:
        return records.Turned(records.find(home(), cls.kind, text))
    where, values = _where(cls)
    after, before = (request.args.get(name, "") for name in ("after", "before"))
    return records.page(home(), cls.kind, where=where, values=values, after=after, before=before)


def _own_desk(kind: str, page: str) -> ResponseReturnValue:
    """The same page at the kind's own desk, with what stands behind the question mark."""
    query = request.query_string.decode("ascii", "ignore")
    return redirect(url_for(f"{OWN_DESKS[kind]}.{page}") + (f"?{query}" if query else ""))


def _filters(cls: Any) -> dict[str, str]:
    """Columns with a short list of choices, and what was chosen for each."""
    names = [name for name in cls.columns if cls.fields[name].widget == "select"]
    return {name: request.args.get(name, "") for name in names if len(cls.fields[name].choices) <= 20}


def _where(cls: Any) -> tuple[str, list[Any]]:
    where, values = [], []
    for name, value in _filters(cls).items():
        if value in [choice for choice, _ in cls.fields[name].choices]:
            where.append(f'"{name}" = ?')
            values.append(cls.fields[name].to_column(value))
    return " AND ".join(where), values


def _names(kind: str) -> list[str]:
    return [name for name in records.kind_of(kind).fields if name not in (*BY_ACT.get(kind, ()), "reasons")]


@desk.route("/<kind>/new", methods=["GET", "POST"])
def new(kind: str) -> ResponseReturnValue:
    cls = records.kind_of(kind)
    if kind in OWN_DESKS:
        return _own_desk(kind, "new")
    if request.method == "GET":
        values = records.template(home(), kind, request.args.get("again", "")) or _suggested(kind)
        return _draw(
            Form.blank(cls, _names(kind), values), f"新建{cls.label}", url_for("records.listed", kind=kind)
        )
    form = Form.read(cls, request.form, _names(kind))
    if kind == "job":
        form.patch["state"] = "draft"
    saved = attempt(form, lambda: records.save(home(), login(), kind, None, form.patch, reasons=form.reasons))
    if saved is None:
        return _draw(form, f"新建{cls.label}", url_for("records.listed", kind=kind)), form.status
    resubmitted()
    told(saved, f"已建立{cls.label}")
    return redirect(address(kind, saved.id))


def _suggested(kind: str) -> dict[str, Any]:
    """What a new record begins with: the present day, and what the address names."""
    wanted = {
        name: request.args[name]
        for name in _names(kind)
        if name in request.args and name in ("employer", "worker")
    }
    return records.suggested(home(), kind) | wanted


def _draw(form: Form, title: str, cancel: str, number: str = "") -> str:
    kind = form.kind.kind
    return render_template(
        "records/edit.html",
        desk=DESKS.get(kind, ""),
        form=show.chosen(form, {}),
        title=title,
        number=number,
        submit="保存为草稿" if kind == "job" and not form.id else "保存",
        cancel=cancel,
        sections=[
            (heading, names.split()) for heading, names in SECTIONS.get(kind, (("", " ".join(form.names)),))
        ],
        widths=WIDTHS.get(kind, {}),
    )


@desk.get("/<kind>/<id>")
def page(kind: str, id: str) -> ResponseReturnValue:
    return redirect(address(kind, id)) if kind in OWN_DESKS else draw(kind, id)


def draw(kind: str, id: str) -> str:
    """The page of a record as it is now."""
    about = show.about(kind, id)
    if kind == "job":
        about |= {
            "acts": jobs.acts(about["record"], role()),
            "left": jobs.seats_left(home(), [about["record"]])[id],
        }
        about |= {
            "contracts": [
                (one, named()("worker", one.fields.get("worker", "")))
                for one in jobs.contracts_of(home(), id)
            ]
        }
    if kind == "employer":
        about |= {"jobs": jobs.of_employer(home(), id), "may_verify": role() in jobs.REVIEWERS}
    return render_template([f"records/{kind}.html", "records/plain.html"], **about)


@desk.get("/<kind>/<id>/edit")
def edit(kind: str, id: str) -> ResponseReturnValue:
    if kind in OWN_DESKS:
        return redirect(show.edit_address(kind, id))
    cls, record = records.kind_of(kind), records.get(home(), kind, id)
    return _draw_edit(Form.edit(cls, id, record.fields, record.heads, _names(kind)), record)


@desk.post("/<kind>/<id>/edit")
def change(kind: str, id: str) -> ResponseReturnValue:
    """Save an edit; what somebody else changed meanwhile is shown, never undone."""
    cls, record = records.kind_of(kind), records.get(home(), kind, id)
    if kind in OWN_DESKS:
        raise Refused("not_found", "this kind is edited at its own desk")
    form = Form.read(cls, request.form, _names(kind), id=id)
    saved = attempt(
        form,
        lambda: jobs.change(home(), login(), kind, id, form.patch, reasons=form.reasons, heads=form.heads),
    )
    if saved is None:
        return _draw_edit(form, record), form.status
    told(saved, f"已修改{cls.label}")
    return redirect(address(kind, id))


def _draw_edit(form: Form, record: Merged) -> str:
    cls = form.kind
    title = f"修改{cls.label} {cls.name_of(record.fields)}"
    return _draw(form, title, address(cls.kind, record.id), record.fields.get("number", ""))


@desk.post("/<kind>/<id>/decide")
def decide(kind: str, id: str) -> ResponseReturnValue:
    """End the conflicts of a record by what was picked."""
    cls, record = records.kind_of(kind), records.get(home(), kind, id)
    form = Form.read(cls, request.form, (), id=id)
    picked = {name[5:]: value for name, value in request.form.items() if name.startswith("pick.")}
    base = history.base_of(history.steps(home(), kind, id), record.conflicts)
    try:
        why = request.form.get("reason", "")
        records.decide(home(), login(), role(), kind, id, picked, why, form.heads, base)
    except YizhanError as error:
        flash(sentence(error), "wrong")
        return redirect(address(kind, id) + "#yz-conflict")
    flash("已按所选决定，两处现在一致", "good")
    return redirect(address(kind, id))


@desk.get("/<kind>/<id>/full/<field>")
def full(kind: str, id: str, field: str) -> ResponseReturnValue:
    """A masked value in full: first the reason is asked for."""
    return _draw_full(kind, records.get(home(), kind, id), field)


@desk.post("/<kind>/<id>/full/<field>")
def reveal(kind: str, id: str, field: str) -> ResponseReturnValue:
    """The value, once the reason is written down."""
    record = records.get(home(), kind, id)
    try:
        audit.reveal(home(), actor(), kind, id, field, request.form.get("reason", ""))
    except Refused as error:
        if error.code != "reason_needed":
            raise
        return _draw_full(kind, record, field, problem=sentence(error)), 422
    shown = records.kind_of(kind).fields[field].full(record.fields.get(field))
    return _draw_full(kind, record, field, shown=shown)


def _draw_full(kind: str, record: Merged, field: str, shown: str = "", problem: str = "") -> str:
    cls = records.kind_of(kind)
    audit.masked(kind, field)
    return render_template(
        "records/full.html",
        desk=DESKS.get(kind, ""),
        kind=cls,
        field=cls.fields[field],
        title=cls.name_of(record.fields),
        back=address(kind, record.id),
        shown=shown,
        problem=problem,
    )


@desk.post("/<kind>/<id>/retire")
@require_role("manager")
def retire(kind: str, id: str) -> ResponseReturnValue:
    back = request.form.get("back") == "yes"
    records.retire(home(), login(), records.kind_of(kind).kind, id, request.form.get("reason", ""), back)
    flash("已恢复使用" if back else "已停用，历史仍在", "good")
    return redirect(address(kind, id))


@desk.get("/<kind>/<id>/proof")
def proof(kind: str, id: str) -> ResponseReturnValue:
    """The proof file of a record, to be kept and checked without this system."""
    made = papers.proof_of(home(), records.kind_of(kind).kind, id)
    name = f"{kind}-{made.index}.tlog-proof"
    return send_file(BytesIO(made.file), "application/octet-stream", as_attachment=True, download_name=name)


@desk.get("/<kind>/<id>/qr-<which>.svg")
def code(kind: str, id: str, which: str) -> ResponseReturnValue:
    """One of the two QR codes of a paper, as a drawing. A payload holds whole numbers and is logged nowhere:
    only the one that puts a contract in force, which repeats what is printed, is drawn."""
    made = papers.proof_of(home(), records.kind_of(kind).kind, id)
    if which == "payload" and not (kind == "contract" and contracts.puts_in_force(made.payload)):
        raise Refused("not_allowed", f"no payload of this {kind} is drawn")
    texts = dict(zip(("proof", "payload"), papers.code_texts(made), strict=True))
    if not texts.get(which):
        raise Refused("not_found", "no such code")
    return Response(papers.svg(texts[which]), mimetype="image/svg+xml")
