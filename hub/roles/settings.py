"""Settings: people, one's own password, the hub's keys to be read out, and what is in force.

GET  /settings
POST /settings/operators                 a new account; its first password is shown once
POST /settings/operators/<login>/reset   a new first password
POST /settings/operators/<login>/disable
GET  /settings/password                  POST: one's own; with a first password this comes first
GET  /settings/audit                     who saw or did what leaves no entry
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from common.errors import YizhanError
from common.web.access import require_role
from common.web.login import session_token
from common.web.shapes import Page
from hub.province import about, audit, lookup, operators
from hub.roles.here import home, person
from hub.roles.typed import Typed
from hub.roles.words import FORMS, ROLES

blueprint = Blueprint("settings", __name__, url_prefix="/settings")
NEW = {"login": "账号", "name": "姓名", "role": "岗位"}
# named so that a form kept over a lost session leaves them out
PASSWORD = {"old_password": "原密码", "new_password": "新密码", "new_password_again": "再输一次新密码"}
KEYS = {
    "log": ("省平台日志", "登记、意见等都由它签名"),
    "bulletin": ("公告", "发给每个市场的内容"),
    "cosigner": ("回执", "市场收到的每张回执由它签名"),
    "recovery": ("恢复", "私钥应离线保存；只有它能宣布更换别的密钥"),
}
OPTIONS = {
    "host": ("监听地址", "非本机地址前面应有 TLS 代理"),
    "port": ("端口", ""),
    "trusted_proxy": ("可信代理", "只信任它转来的来源地址"),
    "code_days": ("登记码有效天数", ""),
    "metrics_token": ("监控令牌", "没有设置时，/metrics 只能在本机读取"),
    "idle_minutes": ("无操作自动退出（分钟）", ""),
    "threads": ("服务线程数", ""),
}
ACTS = {
    "invite": "发登记码", "approve": "批准接入", "operator-add": "添加账号", "operator-reset": "重设密码",
    "operator-disable": "停用账号", "full:payload": "下载原始内容",
}  # fmt: skip


@blueprint.get("")
def index() -> ResponseReturnValue:
    return _draw(Typed(NEW))


def _draw(form: Typed) -> ResponseReturnValue:
    boss = person().role == "admin"
    page = render_template(
        "settings/index.html", form=form, boss=boss, people=operators.listed(home()) if boss else [],
        roles=ROLES, keys=about.keys(home()), key_words=KEYS, logs=about.own_logs(home()),
        options=about.settings(home()), option_words=OPTIONS, home=home(),
    )  # fmt: skip
    return page, form.status


# -- people --------------------------------------------------------------------------------------------------


@blueprint.post("/operators")
@require_role("admin")
def add() -> ResponseReturnValue:
    form = Typed(NEW, request.form)
    if form.need("login", "name", "role"):
        try:
            password = operators.add(home(), form["login"], form["name"], form["role"])
        except YizhanError as error:
            form.fail(error)
        else:
            audit.note(home(), person().actor, "operator-add", "operator", form["login"], form["role"])
            return render_template("settings/issued.html", login=form["login"], password=password, fresh=True)
    return _draw(form)


@blueprint.post("/operators/<login>/reset")
@require_role("admin")
def reset(login: str) -> ResponseReturnValue:
    try:
        password = operators.reset(home(), login)
    except YizhanError as error:
        return _refused(error)
    audit.note(home(), person().actor, "operator-reset", "operator", login[:32])
    return render_template("settings/issued.html", login=login, password=password, fresh=False)


@blueprint.post("/operators/<login>/disable")
@require_role("admin")
def disable(login: str) -> ResponseReturnValue:
    """End an account; one's own stays, so that nobody locks himself out by a slip."""
    try:
        if login == person().login or request.form.get("sure") != "yes":
            flash("没有停用：自己的账号不能停用，停用他人请先勾选确认", "wrong")
        else:
            operators.disable(home(), login)
            audit.note(home(), person().actor, "operator-disable", "operator", login[:32])
            flash(f"已停用 {login[:32]}，其登录已经结束", "good")
    except YizhanError as error:
        return _refused(error)
    return redirect(url_for("settings.index"))


def _refused(error: YizhanError) -> ResponseReturnValue:
    if error.code not in FORMS:
        raise error
    flash(FORMS[error.code], "wrong")
    return redirect(url_for("settings.index"))


# -- one's own password --------------------------------------------------------------------------------------


@blueprint.route("/password", methods=["GET", "POST"])
def password() -> ResponseReturnValue:
    form = Typed(PASSWORD)
    if request.method == "POST":
        old, new, again = (request.form.get(name, "") for name in PASSWORD)
        form.values = dict(zip(PASSWORD, (old, new, again), strict=True))
        if form.need(*PASSWORD) and _change(form, old, new, again):
            flash("密码已修改", "good")
            return redirect(url_for("admin.markets"))
    return render_template("settings/password.html", form=form), form.status


def _change(form: Typed, old: str, new: str, again: str) -> bool:
    if new != again:
        form.fail("password_differs", "new_password_again")
        return False
    try:
        home().accounts.change_password(person().login, old, new, session_token())
    except YizhanError as error:
        form.fail(error, "old_password" if error.code.startswith("login_") else "new_password")
    return form.ok


# -- the trail -----------------------------------------------------------------------------------------------


@blueprint.get("/audit")
@require_role("auditor", "admin")
def trail() -> ResponseReturnValue:
    """Who saw or did what, newest first."""
    after = request.args.get("after", "")
    before = int(after) if after.isascii() and after.isdigit() and len(after) < 16 else None
    rows = audit.newest(home(), before, 51)
    page = Page(rows[:50], str(rows[49].id) if len(rows) > 50 else None)
    return render_template("settings/audit.html", page=page, who=lookup.who(home()), acts=ACTS)
