"""Settings: accounts by administrators only, first passwords that must go, keys as they are, no secrets."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from common.errors import Refused
from common.keys import VerifierKey
from hub.app import create_app
from hub.home import Home
from hub.province import operators
from tests.hub.roles.conftest import Person
from tests.hub.roles.halls import Clock, make_home

NEW = {"login": "zhao", "name": "赵敏", "role": "auditor"}


@pytest.fixture
def lin(log_in: Callable[..., Person]) -> Person:
    """The administrator."""
    return log_in("admin")


def first_password(page: str) -> str:
    found = re.search(r'id="password">([^<]+)<', page)
    assert found
    return found[1]


def test_a_new_account_changes_its_first_password_before_anything_else(app: Flask, lin: Person) -> None:
    password = first_password(lin.post("/settings/operators", at="/settings", **NEW).text)
    assert password not in lin.get("/settings")
    zhao = Person(app, "zhao", password)
    assert zhao.client.get("/markets").headers["Location"] == "/settings/password"
    answer = zhao.post(
        "/settings/password",
        old_password=password,
        new_password="Neu-4711-x",
        new_password_again="Neu-4711-x",
    )
    assert answer.status_code == 302
    assert "密码已修改" in zhao.get("/markets")


def test_what_is_wrong_with_a_password_stands_beside_it(wei: Person) -> None:
    for old, new, again, said in (
        ("a-Good-1", "Neu-4711-x", "other", "两次输入的新密码不一致"),
        ("wrong", "Neu-4711-x", "Neu-4711-x", "账号或密码不对"),
        ("a-Good-1", "short", "short", "密码太简单"),
        ("a-Good-1", "a-Good-1", "a-Good-1", "新密码与原密码相同"),
        ("", "", "", "这一项还没有填"),
    ):
        answer = wei.post("/settings/password", old_password=old, new_password=new, new_password_again=again)
        assert answer.status_code == 422 and said in answer.text
        assert "Neu-4711-x" not in answer.text


def test_what_was_typed_for_an_account_stays(lin: Person) -> None:
    for form, said in (
        ({**NEW, "login": "a b"}, "账号只能用字母"),
        ({**NEW, "login": "wei"}, "这个账号已被使用"),
        ({**NEW, "role": "king"}, "不在可选范围内"),
        ({**NEW, "name": ""}, "这一项还没有填"),
    ):
        answer = lin.post("/settings/operators", at="/settings", **form)
        assert answer.status_code == 422 and said in answer.text, form
        assert f'value="{form["login"]}"' in answer.text


def test_only_administrators_see_and_change_accounts(log_in: Callable[..., Person], home: Home) -> None:
    for login in ("wei", "shen"):
        person = log_in(login)
        assert "添加人员" not in person.get("/settings")
        for address in (
            "/settings/operators",
            "/settings/operators/admin/reset",
            "/settings/operators/admin/disable",
        ):
            answer = person.post(address, at="/settings/password", sure="yes", **NEW)
            assert answer.status_code == 403, address
    assert len(operators.listed(home)) == 3


def test_disabling_ends_the_session_at_once(lin: Person, log_in: Callable[..., Person]) -> None:
    wei = log_in("wei")
    lin.post("/settings/operators/wei/disable", at="/settings")
    wei.get("/markets")  # not ticked: nothing happened
    lin.post("/settings/operators/wei/disable", at="/settings", sure="yes")
    assert wei.client.get("/markets").status_code == 302
    assert "已停用 wei" in lin.get("/settings")


def test_resetting_gives_a_new_first_password(app: Flask, lin: Person, log_in: Callable[..., Person]) -> None:
    wei = log_in("wei")
    password = first_password(lin.post("/settings/operators/wei/reset", at="/settings").text)
    assert wei.client.get("/markets").status_code == 302
    assert Person(app, "wei", password).answer.status_code == 302
    lin.post("/settings/operators/nobody/reset", at="/settings")
    assert "没有这个账号" in lin.get("/settings")


def test_the_last_administrator_stays(home: Home, lin: Person) -> None:
    answer = lin.post("/settings/operators/admin/disable", at="/settings", sure="yes")
    assert answer.status_code == 302 and "自己的账号不能停用" in lin.get("/settings")
    with pytest.raises(Refused, match="last_manager"):
        operators.disable(home, "admin")


def test_the_keys_on_the_page_are_the_hubs(home: Home, wei: Person) -> None:
    page = re.sub(r"</?span>", "", wei.get("/settings"))
    known = [
        home.key_of(home.hub_origin).verifier,
        home.key_of(home.bulletin_origin).verifier,
        home.cosigner.verifier,
        VerifierKey.parse(home.setting("recovery")),
    ]
    for key in known:
        assert str(key).replace("+", "&#43;") in page.replace("+", "&#43;")
        assert key.keyid.hex() in page


def test_secrets_are_never_on_a_page(tmp_path: Path, clock: Clock) -> None:
    made = make_home(tmp_path / "other", clock)
    made.close()
    (tmp_path / "other" / "settings.toml").write_text('metrics_token = "very-secret"\n')
    home = Home(tmp_path / "other", made.ambience)
    page = Person(create_app(home), "admin").get("/settings")
    assert "very-secret" not in page and "已设置" in page
    home.close()


def test_the_trail_is_for_auditors_and_administrators(lin: Person, log_in: Callable[..., Person]) -> None:
    lin.post("/settings/operators", at="/settings", **NEW)
    for login in ("shen", "admin"):
        page = log_in(login).get("/settings/audit")
        assert "添加账号" in page and "林静" in page and "zhao" in page
    wei = log_in("wei")
    wei.get("/settings/audit", 403)
    assert "/settings/audit" not in wei.get("/settings")


def test_the_trail_goes_on_by_its_lines(home: Home, lin: Person) -> None:
    from hub.province import audit

    for number in range(120):
        audit.note(home, "hub.wei", "invite", "market", f"37{number:06d}")
    pages = [lin.get("/settings/audit")]
    while found := re.search(r'rel="next" href="([^"]+)"', pages[-1]):
        pages.append(lin.get(found[1].replace("&amp;", "&")))
    seen = [code for page in pages for code in re.findall(r'href="/markets/(\d{8})"', page)]
    assert seen == [f"37{number:06d}" for number in reversed(range(120))]
    lin.get("/settings/audit?after=zz")


def test_a_password_is_not_kept_over_a_lost_session(wei: Person) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', wei.get("/settings/password"))
    assert token
    form = {"old_password": "a-Good-1", "new_password": "Neu-4711-x", "new_password_again": "Neu-4711-x"}
    answer = wei.client.application.test_client().post(
        "/settings/password", data=form, headers={"Origin": "http://localhost"}
    )
    assert answer.status_code == 401 and 'name="kept"' not in answer.text
