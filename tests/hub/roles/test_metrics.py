"""/metrics: plain text for a monitor on this machine or with the token, nothing for anybody else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from hub.app import create_app
from hub.home import Home
from tests.hub.roles.halls import Clock, Hall, make_home

LINE = re.compile(r"[a-z_]+(?:\{[a-z]+=\"[^\"\\\n]*\"\})? -?\d+")


def values(text: str) -> dict[str, int]:
    return {
        name: int(value)
        for name, _, value in (line.rpartition(" ") for line in text.split("\n"))
        if name[:1] != "#" and name
    }


def test_the_numbers_are_those_of_the_board(app: Flask, halls: dict[str, Hall]) -> None:
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith(
        "text/plain; version=0.0.4"
    )
    for line in answer.text.splitlines():
        assert line.startswith("# ") or LINE.fullmatch(line), line
    found = values(answer.text)
    assert found['yizhan_markets{state="open"}'] == 5 and found['yizhan_markets{state="pending"}'] == 1
    assert found['yizhan_entries{market="37130201"}'] == halls["good"].sent
    assert found['yizhan_last_contact_age_seconds{market="37130201"}'] == 20 * 60
    assert found['yizhan_failures{market="37081101"}'] == 3
    assert found["yizhan_alarms"] == 2
    assert 'yizhan_last_receipt_timestamp_seconds{market="37011201"}' not in found


@pytest.mark.parametrize(
    "far",
    [
        {"environ_overrides": {"REMOTE_ADDR": "10.0.0.7"}},
        {"headers": {"X-Forwarded-For": "127.0.0.1"}},
        {"headers": {"Forwarded": "for=127.0.0.1"}},
        {"headers": {"Host": "hub.lg.example"}},
    ],
)
def test_strangers_and_whatever_came_through_a_proxy_need_the_token(
    app: Flask, far: dict[str, dict[str, str]]
) -> None:
    client = app.test_client()
    assert client.get("/metrics", **far).status_code == 403
    headers = {**far.get("headers", {}), "Authorization": "Bearer "}
    assert client.get("/metrics", **{**far, "headers": headers}).status_code == 403


def test_the_token_opens_it_from_anywhere(tmp_path: Path, clock: Clock) -> None:
    made = make_home(tmp_path / "other", clock)
    made.close()
    (tmp_path / "other" / "settings.toml").write_text('metrics_token = "t0ken"\n')
    home = Home(tmp_path / "other", made.ambience)
    client = create_app(home).test_client()
    far = {"REMOTE_ADDR": "10.0.0.7"}
    for given, status in (("Bearer t0ken", 200), ("Bearer nope", 403), ("Bearer té", 403), ("t0ken", 403)):
        answer = client.get("/metrics", environ_overrides=far, headers={"Authorization": given})
        assert answer.status_code == status, given
    home.close()


def test_health_is_public_and_says_whether_the_store_can_be_written(app: Flask) -> None:
    assert app.test_client().get("/healthz").json == {"ok": True}
