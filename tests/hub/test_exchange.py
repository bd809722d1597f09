"""The exchange when the hub itself is in trouble: a node hears one JSON object, and when to come again.

F32 a full disk; F33 another program holds the store; and faults that nobody foresaw.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from common.errors import Refused
from hub.app import create_app
from hub.home import Home
from hub.province import intake
from tests.hub.roles.halls import Clock, make_home
from tests.province import PUSH_TYPE


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path / "hub", Clock())


@pytest.fixture
def client(home: Home) -> FlaskClient:
    return create_app(home).test_client()


FRAME = b"yizhan/push/v1\norigin lg.example/market/37130201/log/1\nold 0\ncount 0\nnote 0\n\n"


def push(client: FlaskClient) -> tuple[int, str, str | None]:
    answer = client.post("/v1/push", data=FRAME, content_type=PUSH_TYPE)
    assert answer.is_json and "Traceback" not in answer.text
    return answer.status_code, answer.get_json()["code"], answer.headers.get("Retry-After")


def test_a_store_that_somebody_holds(home: Home, client: FlaskClient) -> None:
    """F33: waited for a while, then 503 with a time to come again; afterwards all is well."""
    home.in_turn(lambda: home.store.db.run("PRAGMA busy_timeout=50"))
    other = sqlite3.connect(home.path / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert push(client) == (503, "store_busy", "30")
    other.execute("ROLLBACK")
    other.close()
    assert push(client) == (404, "unknown_origin", None)


def fails(error: Exception) -> Callable[..., object]:
    def failing(*_: object) -> object:
        raise error

    return failing


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Refused("disk_full", "x"), (507, "disk_full", None)),
        (RuntimeError("secret 371302198001011234"), (500, "internal", None)),
        (KeyError("x"), (500, "internal", None)),
    ],
)
def test_faults_of_the_hub_are_told_without_their_insides(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, error: Exception, told: tuple[int, str, str | None]
) -> None:
    """F32: the node keeps everything and comes again; nothing of a trace leaves the machine."""
    monkeypatch.setattr(intake, "_take", fails(error))
    assert push(client) == told
    monkeypatch.undo()
    assert push(client)[1] == "unknown_origin"


def test_an_intake_that_could_not_begin_well_still_takes(
    home: Home, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first push after a start meets a store that is busy: no reason to take none from then on."""
    monkeypatch.setattr(home.store.db, "widen", fails(sqlite3.OperationalError("database is locked")))
    assert push(client)[1] == "unknown_origin"
