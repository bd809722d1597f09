"""Records of the whole province, read only: lists by keyset, one record with the provenance of every entry.

GET  /records                       ?kind= · market= · disputed=1 · q= an id, or a printed number
GET  /records/<kind>/<id>
GET  /records/<kind>/<id>/full/<field>         POST: a reason, then the whole number; leaves a line
GET  /entries/<origin>/<index>.tlog-proof      shows the entry to whoever holds the keys
GET  /entries/<origin>/<index>.payload         POST with a reason where it holds personal data
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from common.errors import Refused
from common.web import browse
from common.web.badges import state_badge
from common.web.shapes import Badge, Change, Event, Page, Provenance
from hub.province import audit, dossier, lookup, provenance
from hub.province.provenance import Step
from hub.roles import words
from hub.roles.here import home, person
from hub.roles.typed import Typed

blueprint = Blueprint("records", __name__)
REASON = {"why": "原因"}
ASKED = ("kind", "market", "disputed", "q", "after", "before")
ASIDE = {
    "copied": "抄自别的市场，不计入",
    "not_owner": "不是建立这条记录的市场，不计入",
    "foreign": "这一类记录不由它写，不计入",
    "refused": "省平台退回，不计入",
    "held": "省平台暂缓，暂不计入",
    "misplaced": "依据的是另一条记录，不计入",
    "withheld": "内容没有交来，不计入",
}


@dataclass(frozen=True, slots=True)
class Trace:
    """One entry as the page shows it: what happened, and what proves it."""

    event: Event
    step: Step
    proof_href: str
    payload_href: str


@blueprint.get("/records")
def index() -> ResponseReturnValue:
    """A list of one kind, or what a number or an id leads to."""
    asked = {name: request.args.get(name, "").strip() for name in ASKED}
    kind = lookup.kind(asked["kind"] or "worker")
    if asked["q"]:
        name, found = _find(asked["kind"], asked["q"])
        if len(found) == 1:
            return redirect(url_for("records.one", kind=name, id=found[0].id))
        kind, page = lookup.kind(name), Page(found)
    else:
        page = _page(kind.kind, asked)
    named, markets = _named(), dossier.by_code(home())
    cells = {one.id: browse.cells(kind, one.fields, _columns(kind), named) for one in page.rows}
    return render_template(
        "lookup/index.html", kind=kind, columns=_columns(kind), page=page, cells=cells, asked=asked,
        markets=markets, kinds=lookup.kinds(),
    )  # fmt: skip


def _find(kind: str, text: str) -> tuple[str, list[Any]]:
    return (kind, lookup.find(home(), kind, text)) if kind else lookup.find_any(home(), text)


def _page(kind: str, asked: dict[str, str]) -> Page[Any]:
    rows = lookup.page(
        home(),
        kind,
        market=asked["market"],
        disputed=bool(asked["disputed"]),
        after=asked["after"],
        before=asked["before"],
    )
    return Page(rows.rows, rows.next, rows.prev)


def _columns(kind: Any) -> tuple[str, ...]:
    return tuple(kind.columns) or tuple(kind.fields)[:5]


def _named() -> browse.Named:
    titles = lookup.named(home())

    def tell(kind: str, id: str) -> tuple[str, str] | None:
        title = titles(kind, id) if kind else None
        return (title, url_for("records.one", kind=kind, id=id)) if title else None

    return tell


# -- one record ----------------------------------------------------------------------------------------------


@blueprint.get("/records/<kind>/<id>")
def one(kind: str, id: str) -> ResponseReturnValue:
    """Facts, what two places changed apart, and the provenance of every entry."""
    record, known = lookup.get(home(), kind, id), lookup.kind(kind)
    steps, who = provenance.steps(home(), kind, id), lookup.who(home())
    base = provenance.base_of(steps, record.conflicts)
    state = next((name for name in browse.BADGED if name in known.fields), "")
    return render_template(
        "lookup/one.html",
        kind=known,
        record=record,
        title=lookup.title(record),
        state=state_badge(known.fields[state], record.fields.get(state)) if state else None,
        origin=_head(steps, who),
        facts=browse.facts(
            known, record.fields, conflicts=record.conflicts, named=_named(), full_href=_full_href(kind, id)
        ),
        disputes=browse.disputes(known, record.fields, record.conflicts, base, who),
        traces=[_trace(known, step, who) for step in reversed(steps)],
        owner=who(f"{record.owner}.-")[1],
    )


def _full_href(kind: str, id: str) -> Any:
    return lambda field: url_for("records.full", kind=kind, id=id, field=field)


def _head(steps: list[Step], who: lookup.Who) -> Provenance | None:
    """Who opened the record where and when, and how far its newest entry is confirmed."""
    if not steps:
        return None
    first, last = steps[0], steps[-1]
    person, place = who(first.actor)
    signed = Badge("good", "由省平台签名", "patch-check")
    return Provenance(
        who=person,
        time=first.time,
        where=place,
        confirmed=last.cover.at if last.cover else None,
        state=None if last.receipted else signed,
        proof_href=url_for("records.proof", origin=last.origin, index=last.index),
    )


def _trace(kind: Any, step: Step, who: lookup.Who) -> Trace:
    person, place = who(step.actor)
    event = Event(
        who=person,
        where=place,
        time=step.time,
        changes=[_change(kind, name, *step.changes[name]) for name in _in_form_order(kind, step.changes)],
        title=_what(step),
        reasons=list(step.reasons.values()),
        index=step.index,
        leaf=step.leaf,
        badge=_badge(step),
    )
    proof, payload = (
        url_for(f"records.{what}", origin=step.origin, index=step.index) for what in ("proof", "payload")
    )
    return Trace(event, step, proof, payload if step.payload is not None else "")


def _in_form_order(kind: Any, names: Iterable[str]) -> list[str]:
    order = {name: at for at, name in enumerate(kind.fields)}
    return sorted(names, key=lambda name: (order.get(name, len(order)), name))


def _what(step: Step) -> str:
    if step.retired is not None:
        return "停用" if step.retired else "恢复使用"
    return "登记" if not step.parents else "修改" if step.parents == 1 else "处理不一致"


def _change(kind: Any, name: str, before: Any, after: Any) -> Change:
    field = kind.fields.get(name)
    if field is None:
        return Change(name, browse.raw(before) if before is not None else "", browse.raw(after))
    return Change(field.label, browse.show(field, before), browse.show(field, after))


def _badge(step: Step) -> Badge | None:
    if step.word and step.word[0] in ("refused", "held"):
        tone = "wrong" if step.word[0] == "refused" else "waiting"
        return Badge(tone, ASIDE[step.word[0]], title=words.said(step.word[1]))
    if step.aside:
        return Badge("waiting", ASIDE.get(step.aside, "已原样留存，暂不计入"), title=step.aside)
    return None


# -- what is masked ------------------------------------------------------------------------------------------


@blueprint.route("/records/<kind>/<id>/full/<field>", methods=["GET", "POST"])
def full(kind: str, id: str, field: str) -> ResponseReturnValue:
    """A masked value whole, for a reason that stays on record."""
    record, form = lookup.get(home(), kind, id), Typed(REASON, request.form)
    wire = lookup.kind(kind).fields.get(field)
    if wire is None or record.fields.get(field) is None:
        raise Refused("not_found", f"{kind} {id} has no {field[:40]}")
    shown = ""
    if request.method == "POST" and _answered(form, field, kind, id):
        shown = wire.full(record.fields[field])
    page = render_template(
        "lookup/full.html", form=form, shown=shown, what=wire.label, masked=wire.show(record.fields[field]),
        back=url_for("records.one", kind=kind, id=id), title=lookup.title(record), kind=lookup.kind(kind),
    )  # fmt: skip
    return page, form.status


def _answered(form: Typed, what: str, kind: str, id: str) -> bool:
    """Whether a reason was given and written down."""
    try:
        audit.reveal(home(), person().actor, what, kind, id, form["why"])
    except Refused as error:
        form.fail(error)
    return form.ok


# -- files to take away --------------------------------------------------------------------------------------


@blueprint.get("/entries/<path:origin>/<int(max=4294967295):index>.tlog-proof")
def proof(origin: str, index: int) -> ResponseReturnValue:
    """The entry, its place, the way to the root and the signed head, in one text."""
    return _file(provenance.proof(home(), origin, index), f"{_stem(origin, index)}.tlog-proof")


@blueprint.route("/entries/<path:origin>/<int(max=4294967295):index>.payload", methods=["GET", "POST"])
def payload(origin: str, index: int) -> ResponseReturnValue:
    """The content whose fingerprint stands in the entry, as it was written."""
    kind, id, body = provenance.payload(home(), origin, index)
    form = Typed(REASON, request.form)
    if not lookup.sensitive(kind) or (request.method == "POST" and _answered(form, "payload", kind, id)):
        return _file(body, f"{_stem(origin, index)}.payload")
    back = url_for("records.one", kind=kind, id=id) if kind else url_for("records.index")
    page = render_template("lookup/payload.html", form=form, index=index, back=back, size=len(body))
    return page, form.status


def _stem(origin: str, index: int) -> str:
    return f"{'-'.join(origin.split('/')[1:])}-{index}"


def _file(body: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, content_type="application/octet-stream", headers=headers)
