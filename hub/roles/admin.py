"""Markets, for operators: the table worst first, inviting, approving, and one market in full.

GET  /markets            ?q= code, name or initials · state= · show= need|silent|never
GET  /markets.csv        what the table shows, for a spreadsheet
GET  /markets/invite     POST: the one-time code, shown once
GET  /markets/<code>     POST …/approve: after the fingerprint words were compared
GET  /markets/<code>/evidence/<id>/<side>      one of the two notes, as it came
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import segno
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from common.data.initials import initials
from common.errors import Refused, YizhanError
from common.web.access import require_role
from common.web.filters import moment
from hub.province import audit, boards, dossier, lookup, registry
from hub.province.boards import Standing
from hub.roles import words
from hub.roles.here import WRITERS, home, may_write, person
from hub.roles.typed import Typed

blueprint = Blueprint("admin", __name__)
INVITE = {"market": "市场编码", "name": "市场名称", "again": "确认再发"}
FILTERS = ("q", "state", "show")
SHOW = (("need", "需要处理"), ("silent", "超过一天没有联系"), ("never", "还没有成功上报过"))
HEADS = ("编码", "名称", "状态", "最近联系", "待上报", "条目", "今日", "最近回执", "连续失败", "情况")


@blueprint.get("/")
def front() -> ResponseReturnValue:
    return redirect(url_for("admin.markets"))


@blueprint.get("/markets")
def markets() -> ResponseReturnValue:
    """All markets, worst first; on top what needs a person."""
    found = boards.board(home())
    return render_template(
        "markets/index.html",
        shown=_asked_for(found),
        found=found,
        sums=boards.totals(found),
        urgent=[one for one in found if one.needs_person],
        asked={name: request.args[name] for name in FILTERS if request.args.get(name)},
        show=SHOW,
        words=words,
        may=may_write(),
    )


@blueprint.get("/markets.csv")
def markets_csv() -> ResponseReturnValue:
    """The table as it is filtered, for a spreadsheet."""
    text, now = io.StringIO(), home().ambience.now()
    out = csv.writer(text)
    out.writerow(HEADS)
    for one in _asked_for(boards.board(home())):
        said = "；".join(words.trouble(it, now) for it in one.troubles)
        state = words.MARKET_STATES.get(one.state, one.state)
        numbers = (one.waiting, one.size, one.today, moment(one.last_receipt, now), one.failures)
        out.writerow(
            [_cell(x) for x in (one.code, one.name, state, moment(one.last_contact, now), *numbers, said)]
        )
    named = {"Content-Disposition": "attachment; filename=markets.csv"}
    return Response("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8", headers=named)


def _cell(value: object) -> object:
    """A text that a spreadsheet would run as a formula is kept a text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _asked_for(found: Sequence[Standing]) -> list[Standing]:
    """The markets that the filter row lets through."""
    q, state, show = (request.args.get(name, "").strip() for name in FILTERS)
    return [
        one
        for one in found
        if (not q or one.code.startswith(q) or q in one.name or _begins(one.name, q))
        and (not state or one.state == state)
        and (show != "need" or one.needs_person)
        and (show != "silent" or any(it.kind in ("silent", "long_silent") for it in one.troubles))
        and (show != "never" or one.last_receipt is None)
    ]


def _begins(name: str, q: str) -> bool:
    return q.isascii() and q.isalpha() and any(one.startswith(q.lower()) for one in initials(name))


# -- inviting and approving ----------------------------------------------------------------------------------


@blueprint.route("/markets/invite", methods=["GET", "POST"])
@require_role(*WRITERS)
def invite() -> ResponseReturnValue:
    """Two fields; the answer shows the code once."""
    form = Typed(INVITE, request.form if request.method == "POST" else request.args)
    known = boards.one(home(), form["market"]) if form["market"] else None
    if request.method == "POST" and form.need("market", "name"):
        code = _invite(form, known)
        if code:
            return _issued(form, code)
    return render_template("markets/invite.html", form=form, known=known, words=words), form.status


def _invite(form: Typed, known: Standing | None) -> str:
    """The code, or '' with what is wrong in the form."""
    if known and not form["again"]:
        form.fail("already_known", "again")
        return ""
    try:
        code = registry.invite(home(), form["market"], form["name"], person().login)
    except YizhanError as error:
        form.fail("market_code" if error.code == "origin_malformed" else error, error.field or "market")
        return ""
    audit.note(home(), person().actor, "invite", "market", form["market"], form["name"])
    return code


def _issued(form: Typed, code: str) -> ResponseReturnValue:
    hub = request.host_url.rstrip("/")
    command = f"yizhan-node enrol --hub {hub} --code {code}"
    picture = segno.make(command, error="m", micro=False)
    return render_template(
        "markets/invited.html",
        form=form,
        code=code,
        command=command,
        days=home().config.code_days,
        plain=not request.is_secure,
        qr=Markup(picture.svg_inline(scale=5, border=2, dark="#1c2733", light="#ffffff")),
    )


@blueprint.post("/markets/<code>/approve")
@require_role(*WRITERS)
def approve(code: str) -> ResponseReturnValue:
    """Open a market whose words were compared."""
    if request.form.get("compared") != "yes":
        form = Typed({"compared": "核对六个词"})
        form.fail("words_unread", "compared")
        return _draw_market(code, form)
    registry.approve(home(), code, person().login)
    audit.note(home(), person().actor, "approve", "market", code)
    flash("已批准接入，这个市场可以上报了", "good")
    return redirect(url_for("admin.market", code=code))


# -- one market ----------------------------------------------------------------------------------------------


@blueprint.get("/markets/<code>")
def market(code: str) -> ResponseReturnValue:
    return _draw_market(code, Typed({}))


def _draw_market(code: str, form: Typed) -> ResponseReturnValue:
    found = dossier.open_dossier(home(), code)
    if found is None:
        raise Refused("not_found", f"no market {code[:20]}")
    page = render_template(
        "markets/one.html", it=found, words=words, form=form, may=may_write(), titles=_titles(found),
        who=lookup.who(home()),
    )  # fmt: skip
    return page, form.status


def _titles(found: dossier.Dossier) -> dict[str, tuple[str, str]]:
    """Record id -> (kind's label, title), of the newest records."""
    return {one.id: (lookup.kind(one.kind).label, lookup.title(one)) for one in found.newest}


@blueprint.get("/markets/<code>/evidence/<int(max=9007199254740991):id>/<side>")
def evidence(code: str, id: int, side: str) -> ResponseReturnValue:
    """One note of a fork, byte for byte."""
    note = dossier.note_of(home(), code, id, side)
    if note is None:
        raise Refused("not_found", "no such evidence")
    named = {"Content-Disposition": f"attachment; filename=evidence-{id}-{side}.txt"}
    return Response(note, content_type="application/octet-stream", headers=named)
