"""Login: who gets in, who is let out, and what becomes of a form when the session has ended."""

from __future__ import annotations

import base64
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient

from common.web import kept
from tests.common.web.conftest import PASSWORD, log_in, token_of
from tests.common.web.gallery import Clock, make_gallery

ORIGIN = {"Origin": "http://localhost"}


def test_a_page_without_login_leads_to_the_login_page_and_back(client: FlaskClient) -> None:
    asked = client.get("/workers/?q=zsc")
    assert asked.status_code == 302 and asked.location == "/login?next=/workers/?q%3Dzsc"
    page = client.get(asked.location).text
    assert "工作人员登录" in page and "兰山零工市场" in page
    form = {
        "csrf_token": token_of(page),
        "login": "chen",
        "password": PASSWORD,
        "next": "/workers/?q=zsc",
    }
    assert client.post("/login", data=form).location == "/workers/?q=zsc"
    assert client.get("/").status_code == 200


def test_a_wrong_password_says_so_and_keeps_the_name(client: FlaskClient) -> None:
    answer = log_in(client, password="wrong")
    assert answer.status_code == 401
    assert "账号或密码不对" in answer.text and "Y-5001" in answer.text and 'value="chen"' in answer.text
    assert "wrong" not in answer.text.replace("yz-notice wrong", "")
    assert client.get("/").status_code == 302


def test_a_locked_account_is_told_for_how_long(client: FlaskClient) -> None:
    for _ in range(5):
        log_in(client, password="wrong")
    answer = log_in(client)
    assert answer.status_code == 401 and "30 分钟后再试" in answer.text and "Y-5002" in answer.text


def test_many_failures_from_one_address_are_slowed_down(client: FlaskClient) -> None:
    answers = [log_in(client, login=f"nobody{n}", password="wrong").status_code for n in range(11)]
    assert answers == [401] * 10 + [429]
    assert "操作太频繁" in log_in(client, login="nobody", password="wrong").text


def test_logins_that_succeed_count_against_nobody(app: Flask) -> None:
    for _ in range(15):
        assert log_in(app.test_client()).status_code == 302


@pytest.mark.parametrize(
    "next",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/login", "/a\nb"],
)
def test_next_leads_nowhere_else(client: FlaskClient, next: str) -> None:
    assert log_in(client, next=next).location == "/"


def test_logging_out_ends_the_session_on_the_server(staff: FlaskClient, app: Flask) -> None:
    accounts = app.extensions["yizhan"].accounts
    assert len(accounts.sessions) == 1
    answer = staff.post("/logout", data={"csrf_token": token_of(staff.get("/").text)})
    assert answer.status_code == 302 and not accounts.sessions
    assert staff.get("/").status_code == 302


def test_a_session_revoked_elsewhere_is_over(staff: FlaskClient, app: Flask) -> None:
    app.extensions["yizhan"].accounts.sessions.clear()
    page = staff.get("/", follow_redirects=True).text
    assert "这次登录已在别处结束" in page


def test_the_session_is_new_after_login(client: FlaskClient) -> None:
    client.get("/login")
    with client.session_transaction() as before:
        token = before["csrf_token"]
    log_in(client)
    client.get("/")
    with client.session_transaction() as after:
        assert after["csrf_token"] != token


def test_idle_logout(staff: FlaskClient, clock: Clock, app: Flask) -> None:
    clock.now += 9 * 60_000
    assert staff.get("/").status_code == 200
    clock.now += 9 * 60_000
    assert staff.get("/").status_code == 200
    clock.now += 11 * 60_000
    assert "较长时间没有操作" in staff.get("/", follow_redirects=True).text
    assert not app.extensions["yizhan"].accounts.sessions


def test_the_pages_own_polling_is_no_act_of_a_person(staff: FlaskClient, clock: Clock) -> None:
    quiet = {"X-Yizhan-Quiet": "1", "HX-Request": "true", "HX-Current-URL": "http://localhost/workers/"}
    for _ in range(10):
        clock.now += 60_000
        assert staff.get("/pulse", headers=quiet).status_code == 200
    clock.now += 60_000
    answer = staff.get("/pulse", headers=quiet)
    assert answer.status_code == 401 and answer.headers["X-Yizhan-Login"] == "/login?next=/workers/"


def test_typing_keeps_a_session_open(staff: FlaskClient, clock: Clock) -> None:
    for _ in range(5):
        clock.now += 9 * 60_000
        assert staff.get("/alive").status_code == 204


def test_a_clock_that_jumps_back_logs_nobody_out(staff: FlaskClient, clock: Clock) -> None:
    clock.now -= 50 * 365 * 86_400_000
    assert staff.get("/").status_code == 200
    clock.now += 5 * 60_000
    assert staff.get("/").status_code == 200


def test_roles(client: FlaskClient) -> None:
    log_in(client, "chen")
    refused = client.get("/managers")
    assert refused.status_code == 403 and "Y-5005" in refused.text
    other = client.application.test_client()
    log_in(other, "wang")
    assert other.get("/managers").status_code == 200


def test_a_first_password_must_be_changed() -> None:
    client = make_gallery(password="settings.index").test_client()
    log_in(client, "new")
    answer = client.get("/workers/")
    assert answer.status_code == 302 and answer.location == "/settings/"
    assert "请先设置新密码" in client.get("/settings/").text


def test_sessions_of_two_halls_on_one_pc_do_not_touch() -> None:
    names = {
        make_gallery(program=f"node-{code}").config["SESSION_COOKIE_NAME"] for code in (37130201, 37130202)
    }
    assert names == {"yizhan_node_37130201", "yizhan_node_37130202"}


def test_the_cookie_is_not_for_scripts_and_not_for_other_sites(client: FlaskClient) -> None:
    cookie = log_in(client).headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_a_form_that_arrives_after_the_session_ended_is_kept(staff: FlaskClient, clock: Clock) -> None:
    page = staff.get("/workers/new").text
    clock.now += 20 * 60_000
    typed = {"csrf_token": token_of(page), "name": "周胜春", "trades": ["0303", "0308"]}
    asked = staff.post("/workers/new?x=1", data=typed, headers=ORIGIN)
    assert asked.status_code == 401 and "刚才填写的内容已经留住" in asked.text
    assert "周胜春" not in asked.text
    sealed = asked.text.split('name="kept" value="')[1].split('"')[0]
    form = {"csrf_token": token_of(asked.text), "login": "chen", "password": PASSWORD, "kept": sealed}
    resumed = staff.post("/login", data=form).text
    assert 'action="/workers/new?x=1"' in resumed and 'value="周胜春"' in resumed
    assert resumed.count('name="trades"') == 2 and resumed.count('name="csrf_token"') == 2
    assert "共 3 项" in resumed


def test_a_wrong_password_does_not_lose_the_kept_form(client: FlaskClient) -> None:
    asked = client.post("/workers/new", data={"name": "周胜春"}, headers=ORIGIN).text
    sealed = asked.split('name="kept" value="')[1].split('"')[0]
    form = {"csrf_token": token_of(asked), "login": "chen", "password": "wrong", "kept": sealed}
    assert sealed in client.post("/login", data=form).text


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://evil.example"}, {"Origin": "null"}])
def test_a_form_of_another_site_is_not_kept(client: FlaskClient, headers: dict[str, str]) -> None:
    asked = client.post("/workers/new", data={"name": "周胜春"}, headers=headers)
    assert asked.status_code == 401 and 'name="kept"' not in asked.text
    assert "刚才提交的内容没有保存" in asked.text


def test_what_is_kept_cannot_be_read_in_the_page(client: FlaskClient) -> None:
    number = "371302198001050079"
    asked = client.post("/workers/new", data={"id_number": number}, headers=ORIGIN).text
    sealed = asked.split('name="kept" value="')[1].split('"')[0]
    assert number not in asked and number.encode() not in base64.urlsafe_b64decode(sealed)


@pytest.mark.parametrize("size, stays", [(100_000, True), (160_000, False)])
def test_a_very_long_form_is_not_kept(client: FlaskClient, size: int, stays: bool) -> None:
    asked = client.post("/workers/new", data={"name": "a" * size}, headers=ORIGIN).text
    assert ('name="kept"' in asked) is stays


def test_what_is_kept_is_void_after_a_day(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.test_request_context("/a", method="POST", data={"name": "周"}, headers=ORIGIN):
        sealed = kept.keep()
        assert kept.kept(sealed) == ("/a", [("name", "周")])
        later = time.time() + kept.DAY + 2
        monkeypatch.setattr(time, "time", lambda: later)
        assert kept.kept(sealed) is None and kept.kept("周") is None


def test_a_forged_kept_form_is_ignored(client: FlaskClient) -> None:
    assert log_in(client, kept="W1siL2V2aWwiXV0.forged").location == "/"
