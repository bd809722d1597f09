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
from common.records import kind_of
from common.web import browse
from common.web.access import machine, public, require_role
from common.web.badges import state_badge, sync_badge
from common.web.forms import Form
from common.web.serve import run
from common.web.shapes import Badge, Change, Desk, Event, Page, Provenance
from common.web.skeleton import make_app

NOW = 1_796_081_520_000  # 2026-12-01 07:32 in Beijing
MINUTE = 60_000
ROLES = {"clerk": "窗口人员", "reviewer": "审核员", "manager": "市场负责人"}
DESKS = (
    ("today", "今日", "house-door"),
    ("workers", "登记", "person-vcard"),
    ("jobs", "用工", "briefcase"),
    ("matching", "匹配", "shuffle"),
    ("contracts", "合同", "file-earmark-text"),
    ("pay", "结算", "cash-coin"),
    ("rights", "维权", "shield-check"),
    ("service", "服务", "card-checklist"),
    ("screen", "大屏", "tv"),
    ("sync", "同步", "cloud-check"),
    ("settings", "设置", "gear"),
)
WORKER, CONTRACT, JOB = kind_of("worker"), kind_of("contract"), kind_of("job")
LEAF = bytes(range(32))
PERSON: dict[str, Any] = {
    "name": "周胜春",
    "id_type": "resident",
    "id_number": "370705198503020018",
    "phone": "13805360018",
    "trades": ["0303", "0308", "0109"],
    "skill_level": "middle",
    "expected_pay": 26000,
    "certificates": [{"trade": "0301", "number": "T370705198503020018", "expires": "2028-06-30"}],
    "days": [1, 2, 3, 4, 5, 6],
    "hours_from": "06:00",
    "hours_to": "18:00",
    "radius_km": 30,
    "division": "371302",
    "address": "临沂市兰山区银雀山街道沂蒙路 218 号",
    "education": "70",
    "hardship": ["older"],
    "consent": {"version": "2026-1", "time": NOW - 400 * MINUTE, "method": "paper"},
    "standing": "active",
    "blood_type": "A",
}
NAMES = "周胜春 刘杰 𬱖建国 单田芳 解文静 欧阳海 阿卜杜·热合曼 王秀英 张伟 李娜 赵铁柱 孙德胜 曾庆红 仇保兴 查良镛".split()
CONFLICTS = {
    "phone": [
        {"value": "13805360018", "actor": "37130201.s7", "time": NOW - 90 * MINUTE, "leaf": "bGVhZjE="},
        {"value": "15953990027", "actor": "37070501.s2", "time": NOW - 70 * MINUTE, "leaf": "bGVhZjI="},
    ],
    "expected_pay": [
        {"value": 26000, "actor": "37130201.s7", "time": NOW - 90 * MINUTE, "leaf": "bGVhZjE="},
        {"value": 30000, "actor": "37070501.s2", "time": NOW - 70 * MINUTE, "leaf": "bGVhZjI="},
    ],
}
STAFF = {"37130201.s7": ("陈晓燕", "兰山零工市场"), "37070501.s2": ("孙立", "奎文零工市场")}


@dataclass(frozen=True)
class Member:
    """One account of the gallery."""

    login: str
    name: str
    role: str
    actor: str
    must_change: bool = False


class FakeAccounts:
    """What login asks for, in a dictionary; five wrong passwords lock a name."""

    def __init__(self) -> None:
        self.members = {
            "chen": Member("chen", "陈晓燕", "clerk", "37130201.s7"),
            "wang": Member("wang", "王建军", "manager", "37130201.s1"),
            "new": Member("new", "新来的", "clerk", "37130201.s9", must_change=True),
        }
        self.sessions: dict[str, Member] = {}
        self.failures: dict[str, int] = {}

    def check(self, login: str, password: str) -> Member:
        if self.failures.get(login, 0) >= 5:
            raise Refused("login_locked", minutes=30)
        member = self.members.get(login)
        if member is None or password != "a-Good-1":
            self.failures[login] = self.failures.get(login, 0) + 1
            raise Refused("login_wrong")
        self.failures.pop(login, None)
        return member

    def open_session(self, account: Member, now: int, address: str) -> str:
        token = f"token-{len(self.sessions)}-{now}"
        self.sessions[token] = account
        return token

    def by_token(self, token: str) -> Member | None:
        return self.sessions.get(token)

    def close_session(self, token: str) -> None:
        self.sessions.pop(token, None)


class Clock:
    """A clock that stands until somebody moves it."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


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
        jobs = [
            ("管道安装工 6 名", "临沂恒通建筑安装有限公司", 6, 2, 26000, "day", "published"),
            ("厂区保洁", "兰山区洁美家政服务部", 10, 10, 15000, "day", "review"),
            ("大棚采摘黄瓜", "费县绿源果蔬合作社", 20, 0, 12000, "day", "filled"),
            ("夜间卸车", "鲁南快运物流园", 8, 5, 3000, "hour", "published"),
        ]
        rows = [(*job[:6], state_badge(JOB.fields["state"], job[6])) for job in jobs]
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
        ("工种与意愿", ["trades", "skill_level", "expected_pay", "hours_from", "hours_to", "days", "certificates"]),
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
            "records/list.html", kind=WORKER, columns=columns, page=Page(rows, next="x"), q=request.args.get("q"),
            total=None if none else 4127, new_href=url_for(".new"), new_label="登记零工", export_href="/export",
            filters={"standing": ("状态", WORKER.fields["standing"].choices, "")},
        )  # fmt: skip

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
            "records/edit.html", form=form, title="登记零工", submit="登记并打印回执", sections=sections,
            widths=widths, cancel=url_for(".index"),
        )  # fmt: skip
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
            "records/edit.html", form=form, title=f"修改 {NAMES[number]}", sections=sections, widths=widths,
            submit="保存修改", cancel=url_for(".show", number=number),
        )  # fmt: skip
        return page, form.status

    @desk.get("/<int:number>")
    def show(number: int) -> str:
        fields = PERSON | {"name": NAMES[number]}
        disputes = browse.disputes(WORKER, fields, CONFLICTS, {"phone": "13700001111", "expected_pay": 26000}, STAFF.get)
        return render_template(
            "records/show.html", title=NAMES[number], number="", facts=browse.facts(
                WORKER, fields, conflicts=CONFLICTS if number else (), full_href=lambda name: f"/full/{name}"),
            state=state_badge(WORKER.fields["standing"], "active"), edit_href=url_for(".edit", number=number),
            origin=Provenance("陈晓燕", NOW - 400 * MINUTE, "兰山零工市场", NOW - 390 * MINUTE, proof_href="/proof"),
            disputes=disputes if number else None, resolve_href="/resolve", events=EVENTS,
        )  # fmt: skip

    @desk.get("/lookup")
    def lookup() -> ResponseReturnValue:
        q = request.args.get("q", "")
        found = [{"id": str(n), "label": name, "note": "尾号 0018"} for n, name in enumerate(NAMES) if q in name]
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


EVENTS = [
    Event(
        "孙立", "奎文零工市场", NOW - 70 * MINUTE, index=88_213, badge=Badge("waiting", "两处修改不一致"),
        changes=[Change("手机号", "137****1111", "159****0027"), Change("期望日薪（元）", "￥260.00", "￥300.00")],
    ),
    Event(
        "陈晓燕", "兰山零工市场", NOW - 90 * MINUTE, index=4126, confirmed=NOW - 80 * MINUTE,
        changes=[Change("手机号", "137****1111", "138****0018"), Change("工种", "管工", "管工、水暖疏通、建筑小工")],
        reasons=["本人到场更正，旧号已停用"],
    ),
    Event(
        "陈晓燕", "兰山零工市场", NOW - 400 * MINUTE, title="登记", index=3988, confirmed=NOW - 390 * MINUTE,
    ),
]  # fmt: skip
VIEWS = {"today": today, "workers": workers, "contracts": contracts}


def main() -> int:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8765
    return run(make_gallery(), "127.0.0.1", port, "gallery ready at {address}")


if __name__ == "__main__":
    sys.exit(main())
