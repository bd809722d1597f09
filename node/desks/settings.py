"""设置: staff of the hall (for managers), and everybody's own password."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from common.errors import Invalid, YizhanError
from common.web.access import require_role
from common.web.login import me, session_token
from common.web.messages import sentence
from node.desks.here import actor, home, login
from node.market import accounts, actors, audit

desk = Blueprint("settings", __name__, url_prefix="/settings")
ROLES = {"clerk": "窗口人员", "reviewer": "审核员", "manager": "市场负责人"}
ACTS = {"print": "打印合同", "reset": "重置密码", "refusal": "处理退回"}


@desk.get("")
@require_role("manager")
def page() -> ResponseReturnValue:
    return _page()


def _page(
    problem: YizhanError | None = None,
    given: dict[str, str] | None = None,
    made: tuple[str, str] | None = None,
) -> str:
    hall = home()
    return render_template(
        "settings.html",
        staff=accounts.listed(hall),
        roles=ROLES,
        problem=sentence(problem) if problem else "",
        field=problem.field if problem else "",
        given=given or {},
        made=made,
        log=audit.newest(hall, 50),
        who=actors.who(hall),
        acts=ACTS,
        market=hall.market,
        config=hall.config,
    )


@desk.post("/staff")
@require_role("manager")
def add() -> ResponseReturnValue:
    """A new account; its first password is shown once."""
    given = {name: request.form.get(name, "").strip() for name in ("login", "name", "role")}
    try:
        password = accounts.add(home(), login(), given["login"], given["name"], given["role"])
    except YizhanError as error:
        return _page(error, given), 422
    return _page(made=(given["login"], password))


@desk.post("/staff/<name>/reset")
@require_role("manager")
def reset(name: str) -> ResponseReturnValue:
    return _page(made=(name, accounts.reset(home(), actor(), name)))


@desk.post("/staff/<name>/disable")
@require_role("manager")
def disable(name: str) -> ResponseReturnValue:
    accounts.disable(home(), login(), name)
    flash(f"账号 {name} 已停用，录入过的内容和姓名仍在", "good")
    return redirect(url_for("settings.page"))


@desk.route("/password", methods=["GET", "POST"])
def password() -> ResponseReturnValue:
    """Change one's own password. A first password leads here at once, so both methods are one endpoint."""
    return _change_password() if request.method == "POST" else _draw_password()


def _change_password() -> ResponseReturnValue:
    names = ("password_old", "password_new", "password_again")
    old, new, again = (request.form.get(name, "") for name in names)
    try:
        if new != again:
            raise Invalid("password_differs", "the two do not agree", field="again")
        home().accounts.change_password(login(), old, new, session_token())
    except YizhanError as error:
        return _draw_password(error), 422
    flash("密码已修改", "good")
    return redirect(url_for("today.page"))


def _draw_password(problem: YizhanError | None = None) -> str:
    return render_template(
        "password.html",
        problem=sentence(problem) if problem else "",
        field={"login_wrong": "old"}.get(problem.code, problem.field or "new") if problem else "",
        first=bool(me().must_change),  # type: ignore[union-attr]
    )
