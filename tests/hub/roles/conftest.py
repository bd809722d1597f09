"""A hub of a test's own, and people logged in to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub.app import create_app
from hub.home import Home
from tests.hub.roles.halls import PASSWORD, Clock, Hall, make_home, province

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Person:
    """Somebody with a browser: pages are read, forms are sent with the token of the page they stand on."""

    def __init__(self, app: Flask, login: str, password: str = PASSWORD) -> None:
        self.client: FlaskClient = app.test_client()
        self.answer = self.post("/login", at="/login", login=login, password=password)

    def get(self, address: str, status: int = 200) -> str:
        answer = self.client.get(address)
        assert answer.status_code == status, (address, answer.status_code, answer.text[:400])
        return answer.text

    def post(self, address: str, at: str = "", **form: str):  # type: ignore[no-untyped-def]
        found = TOKEN.search(self.client.get(at or address, follow_redirects=True).text)
        assert found, f"{at or address} has no form"
        return self.client.post(address, data={"csrf_token": found[1], **form})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(tmp_path: Path, clock: Clock) -> Iterator[Home]:
    made = make_home(tmp_path / "hub", clock)
    yield made
    made.close()


@pytest.fixture
def halls(home: Home, clock: Clock) -> dict[str, Hall]:
    """Markets in every state."""
    return province(home, clock)


@pytest.fixture
def app(home: Home) -> Flask:
    return create_app(home)


@pytest.fixture
def log_in(app: Flask) -> Callable[..., Person]:
    return lambda login="wei", password=PASSWORD: Person(app, login, password)


@pytest.fixture
def wei(log_in: Callable[..., Person]) -> Person:
    """An operator."""
    return log_in("wei")
