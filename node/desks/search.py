"""The search box of every page, and the lookup behind fields that name another record."""

from __future__ import annotations

from flask import Blueprint, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from common.web.filters import masked_phone, short_day
from node.desks.here import address, home, title_of
from node.market import records, workers
from node.market.records import Merged

desk = Blueprint("search", __name__)


@desk.get("/search")
def page() -> ResponseReturnValue:
    """Everything that a name, initials, a tail or a number finds; a single hit is opened at once."""
    text = request.args.get("q", "")
    wanted = workers.plain(text)
    found = records.search(home(), wanted, most=40) if wanted else []
    if len(found) == 1:
        return redirect(address(found[0].kind, found[0].id))
    rows = [
        (records.kind_of(one.kind).label, address(one.kind, one.id), title_of(one), note(one))
        for one in found
    ]
    return render_template("search.html", q=text, rows=rows, full=len(found) == 40)


@desk.get("/lookup/<kind>")
def lookup(kind: str) -> ResponseReturnValue:
    """Up to twelve records of a kind, for a field that names one."""
    records.kind_of(kind)
    wanted = workers.plain(request.args.get("q", ""))
    found = records.search(home(), wanted, (kind,), 12) if wanted else []
    items = [{"id": one.id, "label": title_of(one), "note": note(one)} for one in found if not one.retired]
    return jsonify({"items": items})


def note(record: Merged) -> str:
    """What tells two of the same name apart, masked."""
    fields = record.fields
    cls = records.kind_of(record.kind)
    if record.kind == "worker":
        number = cls.fields["id_number"].show(fields.get("id_number"))
        return f"{number} {masked_phone(fields.get('phone'))}".strip()
    if record.kind == "employer":
        return str(fields.get("code") or cls.fields["id_number"].show(fields.get("id_number")))
    if record.kind == "job":
        state = cls.fields["state"].show(fields.get("state"))
        return f"{fields.get('number', '')} {short_day(fields.get('start_date'))} {state}".strip()
    state = cls.fields["state"].show(fields.get("state")) if "state" in cls.fields else ""
    return f"{fields.get('worker_name') or ''} {short_day(fields.get('start_date'))} {state}".strip()
