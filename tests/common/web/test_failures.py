"""Failures: one Chinese sentence and a code for people, JSON for programs, never a trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.common.web.conftest import log_in, token_of
from tests.common.web.gallery import make_gallery


@pytest.mark.parametrize(
    ("family", "status", "code", "words"),
    [
        ("invalid", 400, "Y-1203", "身份证号校验位不对"),
        ("refused", 409, "Y-2001", "上工日未满 16 周岁"),
        ("tampered", 500, "Y-4003", "证据已经留存"),
        ("unreachable", 503, "Y-3001", "暂时连不上省平台"),
        ("zero", 500, "Y-4012", "系统内部出错"),
    ],
)
def test_pages(staff: FlaskClient, family: str, status: int, code: str, words: str) -> None:
    answer = staff.get(f"/fail/{family}")
    assert answer.status_code == status
    assert code in answer.text and words in answer.text
    for leak in ("Traceback", "ZeroDivision", "370705199003070018", "told to developers", "gallery.py"):
        assert leak not in answer.text


@pytest.mark.parametrize(
    ("family", "status", "code"),
    [("invalid", 400, "id_checksum"), ("tampered", 500, "root_mismatch"), ("zero", 500, "internal")],
)
def test_json_where_it_is_asked_for(staff: FlaskClient, family: str, status: int, code: str) -> None:
    answer = staff.get(f"/fail/{family}", headers={"Accept": "application/json"})
    assert answer.status_code == status and answer.json["code"] == code
    assert answer.json["sentence"].endswith("）")
    assert "secret" not in answer.text


def test_json_carries_message_and_detail(staff: FlaskClient) -> None:
    answer = staff.get("/fail/refused", headers={"Accept": "application/json"}).json
    assert answer["message"] == "told to developers only" and answer["detail"] == {"size": 3}


def test_a_fragment_goes_where_messages_stand(staff: FlaskClient) -> None:
    answer = staff.get("/fail/refused", headers={"HX-Request": "true"})
    assert answer.status_code == 409 and answer.headers["HX-Retarget"] == "#yz-alerts"
    assert answer.headers["HX-Reswap"] == "innerHTML"
    assert "<html" not in answer.text and "Y-2001" in answer.text
    quiet = staff.get("/fail/refused", headers={"HX-Request": "true", "X-Yizhan-Quiet": "1"})
    assert quiet.headers["HX-Reswap"] == "none"


def test_an_unforeseen_error_has_a_number_that_the_log_has_too(
    staff: FlaskClient, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    page = staff.get("/fail/zero").text
    incident = page.split("编号 <strong>")[1].split("<")[0]
    assert len(incident) == 6
    out = capsys.readouterr()
    assert incident in caplog.text + out.out + out.err


def test_http_errors(staff: FlaskClient, client: FlaskClient) -> None:
    assert staff.get("/nowhere").status_code == 404
    assert "没有这个页面" in staff.get("/nowhere").text
    wrong = staff.put("/workers/new")
    assert wrong.status_code == 405 and "POST" in wrong.headers["Allow"] and "Y-5010" in wrong.text


def test_a_stranger_gets_an_error_page_without_rail(client: FlaskClient) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404 and "yz-rail" not in answer.text and "去登录" in answer.text


def test_a_missing_token_is_refused_and_nothing_is_done(staff: FlaskClient) -> None:
    answer = staff.post("/workers/new", data={"name": "周胜春"})
    assert answer.status_code == 400 and "Y-5006" in answer.text
    wrong = staff.post(
        "/workers/new", data={"csrf_token": "x.y.z"}, headers={"Origin": "http://evil.example"}
    )
    assert wrong.status_code == 400 and "Y-5006" in wrong.text


def test_an_old_token_from_our_own_page_loses_nothing(staff: FlaskClient) -> None:
    typed = {"csrf_token": "old", "name": "周胜春", "_drawn": "s"}
    answer = staff.post("/workers/new", data=typed, headers={"Origin": "http://localhost"})
    assert answer.status_code == 400
    assert "继续保存" in answer.text and 'value="周胜春"' in answer.text and "共 1 项" in answer.text


def test_login_needs_a_token_too(client: FlaskClient) -> None:
    assert client.post("/login", data={"login": "chen", "password": "a-Good-1"}).status_code == 400


def test_machines_need_no_token_and_read_json(client: FlaskClient) -> None:
    assert client.post("/machine", data=b"12345").json == {"got": 5}
    answer = client.post("/machine", data=b"bad")
    assert answer.status_code == 400
    assert answer.json["code"] == "push_malformed" and answer.json["detail"] == {"at": 7}
    assert client.get("/machine", headers={"Accept": "*/*"}).json["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=", "application/json", "text/plain", "x"]
)
def test_odd_content_types_are_refused_in_words(staff: FlaskClient, kind: str) -> None:
    answer = staff.post("/workers/new", data=b"{}", content_type=kind)
    assert answer.status_code == 400 and "Y-5006" in answer.text


def test_too_large(app: Flask) -> None:
    client = make_gallery(max_bytes=2000).test_client()
    log_in(client)
    token = token_of(client.get("/workers/new").text)
    answer = client.post("/workers/new", data={"csrf_token": token, "name": "长" * 3000})
    assert answer.status_code == 413 and "Y-5007" in answer.text


@contextmanager
def _broken(app: Flask, name: str) -> Iterator[None]:
    """The template `name` fails while this lasts."""
    app.jinja_env.cache.clear()
    loader = app.jinja_env.loader
    get = loader.get_source

    def fail(environment, template):  # type: ignore[no-untyped-def]
        if template == name:
            raise ZeroDivisionError
        return get(environment, template)

    loader.get_source = fail
    yield
    loader.get_source = get


def test_a_plain_page_where_even_the_error_page_fails(app: Flask, staff: FlaskClient) -> None:
    with _broken(app, "error.html"):
        answer = staff.get("/fail/refused")
    assert answer.status_code == 409 and "Y-2001" in answer.text and "<p>" in answer.text


def test_counts_and_badge_never_fail_a_page() -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    client = make_gallery(counts=fail, badge=fail).test_client()
    log_in(client)
    answer = client.get("/")
    assert answer.status_code == 200 and "同步状态暂时读不到" in answer.text
