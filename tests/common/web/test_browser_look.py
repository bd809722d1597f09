"""In a real Chromium: what the eye sees, what a screen reader is told, and what comes out of the printer."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.common.web.served import VIEW, Hall

pytestmark = pytest.mark.browser
PAGES = [
    "/", "/parts", "/workers/", "/workers/?q=none", "/workers/new", "/workers/0", "/workers/1",
    "/workers/0/edit", "/contracts/", "/contracts/print", "/rights/", "/nowhere", "/fail/tampered",
]  # fmt: skip


@pytest.mark.parametrize("address", PAGES)
def test_nothing_serious_for_people_who_cannot_see_well(page: Page, address: str) -> None:
    page.goto(address)
    found = Axe().run(page).response["violations"]
    serious = [
        (one["id"], [node["html"][:160] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_the_login_page_too(browser: Browser, hall: Hall) -> None:
    page = browser.new_page(viewport=VIEW)
    page.goto(f"{hall.address}/login")
    assert [one["id"] for one in Axe().run(page).response["violations"] if one["impact"] != "minor"] == []
    page.close()


@pytest.mark.parametrize("address", PAGES)
def test_nothing_is_wider_than_the_screen(page: Page, address: str) -> None:
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= VIEW["width"]


def test_paper(page: Page) -> None:
    page.goto("/contracts/print")
    paper = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 2
    assert re.search(rb"/MediaBox\s*\[\s*0 0 59[45][.\d]* 84[12]", paper)
