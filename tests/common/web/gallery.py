"""A small program over common.web with invented people, for looking at the pages and for testing them.

    python -m tests.common.web.gallery [PORT]      then log in as chen / a-Good-1

It is no part of the product: no store, no log; what it shows is written down here.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from common.errors import Invalid, Refused, Tampered, Unreachable
from common.web import browse
from common.web.access import machine, public, require_role
from common.web.badges import state_badge, sync_badge
from common.web.forms import Form
from common.web.serve import run
from common.web.shapes import Badge, Desk, Page, Provenance
from common.web.skeleton import make_app
from tests.common.web.fakes import Clock, FakeAccounts
from tests.common.web.gallery_data import (
    CONFLICTS,
    CONTRACT,
    DESKS,
    EVENTS,
    JOB,
    JOBS,
    LEAF,
    MINUTE,
    NAMES,
    NOW,
    PERSON,
    ROLES,
    STAFF,
    WORKER,
)


def badge() -> Badge:
    return sync_badge(NOW, pending=128, oldest=NOW - 113 * MINUTE, confirmed=NOW - 115 * MINUTE, href="/sync")


def make_gallery(clock: Clock | None = None, **about: Any) -> Flask:
    """The app; `about` goes to make_app."""
    rail = tuple(
        Desk(key, label, icon, f"{key}.index", foot=key in ("sync", "settings")) for key, label, icon in DESKS
    )
    settings: dict[str, Any] = {
        "program": "gallery-37130201",
        "title": "兰山零工市场",
        "subtitle": "山东省临沂市兰山区 · 公益性零工市场",
        "secret_key": "only for looking",
        "accounts": FakeAccounts(),
        "home": "today.index",
        "rail": rail,
        "counts": lambda account: {"workers": 3, "contracts": 12, "rights": 1, "pay": 128},
        "badge": badge,
        "clock": clock or Clock(),
        "roles": ROLES,
        "search": "workers.index",
        "hotline": "0539-12333",
    }
    app = make_app(__name__, **(settings | about))
    for key, label, _ in DESKS:
        blueprint = Blueprint(key, __name__, url_prefix="" if key == "today" else f"/{key}")
        VIEWS.get(key, lambda desk, label=label: _empty_desk(desk, label))(blueprint)
        app.register_blueprint(blueprint)
    return app


def _empty_desk(desk: Blueprint, label: str) -> None:
    @desk.get("/")
    def index() -> str:
        return render_template("gallery_empty.html", label=label)


def today(desk: Blueprint) -> None:
    @desk.get("/")
    def index() -> str:
        rows = [(*job[:6], state_badge(JOB.fields["state"], job[6])) for job in JOBS]
        waiting = [(name, 26000 + 500 * n, n) for n, name in enumerate(NAMES[1:6])]
        return render_template("gallery_today.html", jobs=rows, waiting=waiting)

    @desk.get("/parts")
    def parts() -> str:
        return render_template("gallery_parts.html", now_ms=NOW)

    @desk.get("/managers")
    @require_role("manager")
    def managers() -> str:
        return "only managers"

    @desk.get("/public")
    @public
    def open_page() -> str:
        return "everybody"

    @desk.post("/machine")
    @machine
    def api() -> ResponseReturnValue:
        if request.data == b"bad":
            raise Invalid("push_malformed", "expected a frame", at=7)
        return jsonify({"got": len(request.data)})

    @desk.route("/fail/<family>", methods=["GET", "POST"])
    def fail(family: str) -> str:
        if family == "zero":
            raise ZeroDivisionError("secret 370705199003070018")
        kinds = {"invalid": Invalid, "refused": Refused, "tampered": Tampered, "unreachable": Unreachable}
        codes = {
            "invalid": "id_checksum",
            "refused": "under_16",
            "tampered": "root_mismatch",
            "unreachable": "offline",
        }
        raise kinds[family](codes[family], "told to developers only", size=3)


def workers(desk: Blueprint) -> None:
    columns = ("name", "id_number", "phone", "trades", "expected_pay", "standing")
    sections = [
        ("证件与联系", ["name", "id_type", "id_number", "phone", "birth", "sex"]),
        (
            "工种与意愿",
            ["trades", "skill_level", "expected_pay", "hours_from", "hours_to", "days", "certificates"],
        ),
        ("其他", ["division", "address", "education", "hardship"]),
    ]
    widths = {"name": "w4", "id_type": "w4", "id_number": "w4", "phone": "w4", "birth": "w4", "sex": "w4"}
    widths |= {"skill_level": "w3", "expected_pay": "w3", "hours_from": "w3", "hours_to": "w3", "days": "w12"}
    widths |= {"division": "w3", "address": "w9", "education": "w3", "hardship": "w9"}
    names = [name for _, group in sections for name in group]

    @desk.get("/")
    def index() -> str:
        none = request.args.get("q") == "none"
        rows = []
        for number, name in enumerate([] if none else NAMES):
            fields = PERSON | {"name": name, "phone": f"1380536{number:04}"}
            rows.append((url_for(".show", number=number), browse.cells(WORKER, fields, columns)))
        return render_template(
            "records/list.html",
            kind=WORKER,
            columns=columns,
            page=Page(rows, next="x"),
            q=request.args.get("q"),
            total=None if none else 4127,
            new_href=url_for(".new"),
            new_label="登记零工",
            export_href="/export",
            filters={"standing": ("状态", WORKER.fields["standing"].choices, "")},
        )

    @desk.route("/new", methods=["GET", "POST"])
    def new() -> ResponseReturnValue:
        form = Form.blank(WORKER, names, {"id_type": "resident", "days": [1, 2, 3, 4, 5]})
        if request.method == "POST":
            form = Form.read(WORKER, request.form, names)
            if form.ok and form.patch.get("name") == "疑似":
                form.warn([_Finding("possible_same_person", "warn"), _Finding("id_prefix_unknown", "note")])
            elif form.ok:
                flash(f"已保存在本市场：{form.patch['name']}", "good")
                return redirect(url_for(".show", number=0))
        page = render_template(
            "records/edit.html",
            form=form,
            title="登记零工",
            submit="登记并打印回执",
            sections=sections,
            widths=widths,
            cancel=url_for(".index"),
        )
        return page, form.status

    @desk.route("/<int:number>/edit", methods=["GET", "POST"])
    def edit(number: int) -> ResponseReturnValue:
        form = Form.edit(WORKER, "id-1", PERSON, [LEAF], names)
        if request.method == "POST":
            form = Form.read(WORKER, request.form, names, id="id-1")
            if request.form.get("name") == "慢了":
                form.merge(PERSON | {"expected_pay": 30000}, [LEAF, LEAF], who="孙立", when="09:31")
            elif form.ok:
                return jsonify(form.patch)
        page = render_template(
            "records/edit.html",
            form=form,
            title=f"修改 {NAMES[number]}",
            sections=sections,
            widths=widths,
            submit="保存修改",
            cancel=url_for(".show", number=number),
        )
        return page, form.status

    @desk.get("/<int:number>")
    def show(number: int) -> str:
        fields = PERSON | {"name": NAMES[number]}
        disputes = browse.disputes(
            WORKER, fields, CONFLICTS, {"phone": "13700001111", "expected_pay": 26000}, STAFF.get
        )
        return render_template(
            "records/show.html",
            title=NAMES[number],
            number="",
            facts=browse.facts(
                WORKER, fields, conflicts=CONFLICTS if number else (), full_href=lambda name: f"/full/{name}"
            ),
            state=state_badge(WORKER.fields["standing"], "active"),
            edit_href=url_for(".edit", number=number),
            origin=Provenance(
                "陈晓燕", NOW - 400 * MINUTE, "兰山零工市场", NOW - 390 * MINUTE, proof_href="/proof"
            ),
            disputes=disputes if number else None,
            resolve_href="/resolve",
            events=EVENTS,
        )

    @desk.get("/lookup")
    def lookup() -> ResponseReturnValue:
        q = request.args.get("q", "")
        found = [
            {"id": str(n), "label": name, "note": "尾号 0018"} for n, name in enumerate(NAMES) if q in name
        ]
        return jsonify({"items": found})


def contracts(desk: Blueprint) -> None:
    @desk.get("/")
    def index() -> str:
        form = Form.blank(CONTRACT, ["form", "worker", "employer", "trade", "pay", "pay_unit", "start_date"])
        form.lookup = lambda kind: "/workers/lookup"
        return render_template("records/edit.html", form=form, title="新签合同", submit="生成合同并打印")

    @desk.get("/print")
    def paper() -> str:
        return render_template("gallery_contract.html", person=PERSON)


@dataclass(frozen=True)
class _Finding:
    code: str
    severity: str


VIEWS = {"today": today, "workers": workers, "contracts": contracts}


def main() -> int:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8765
    return run(make_gallery(), "127.0.0.1", port, "gallery ready at {address}")


if __name__ == "__main__":
    sys.exit(main())
