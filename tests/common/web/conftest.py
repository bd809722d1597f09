"""A gallery to ask: an app with a clock that stands still, a client, one that is logged in, and a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.common.web.gallery import Clock, make_gallery
from tests.common.web.served import ARGUMENTS, STATUS, VIEW, Hall

PASSWORD = "a-Good-1"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def token_of(page: str) -> str:
    """The CSRF token of a page's first form."""
    found = TOKEN.search(page)
    assert found, "the page has no form with a token"
    return found[1]


def log_in(client: FlaskClient, login: str = "chen", password: str = PASSWORD, **more: str):  # type: ignore[no-untyped-def]
    page = client.get("/login").text
    form = {"csrf_token": token_of(page), "login": login, "password": password, **more}
    return client.post("/login", data=form)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(clock: Clock) -> Flask:
    return make_gallery(clock)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def staff(client: FlaskClient) -> FlaskClient:
    """A client that has logged in as a clerk."""
    assert log_in(client).status_code == 302
    return client


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def hall() -> Iterator[Hall]:
    hall = Hall()
    yield hall
    hall.stop()


@pytest.fixture
def page(browser: Browser, hall: Hall) -> Iterator[Page]:
    """A page of somebody who has logged in; anything that leaves the machine, or breaks the policy, fails."""
    context = browser.new_context(viewport=VIEW, locale="zh-CN", base_url=hall.address)
    page, said = context.new_page(), []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
    page.on(
        "request", lambda asked: said.append(asked.url) if not asked.url.startswith(hall.address) else None
    )
    page.goto("/login")
    page.keyboard.type("chen")
    page.keyboard.press("Enter")
    page.keyboard.type("a-Good-1")
    page.keyboard.press("Enter")
    expect(page).to_have_title("今日 · 兰山零工市场")
    yield page
    context.close()
    assert [text for text in said if not STATUS.search(text)] == []
