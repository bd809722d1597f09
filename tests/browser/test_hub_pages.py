"""The province's pages in a real Chromium at 1366x768: an operator's day, and what everybody can read."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from common.log import proof
from common.store.ambience import REAL
from hub.app import create_app
from hub.home import Home
from tests.hub.roles.halls import PASSWORD, Clock, Hall, make_home, province

pytestmark = pytest.mark.browser
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
VIEW = {"width": 1366, "height": 768}
STATUS = re.compile("the server responded with a status of")


class Province:
    """A hub with markets in every state, really served."""

    def __init__(self, folder: Path) -> None:
        clock = Clock(REAL.now())
        self.home: Home = make_home(folder / "hub", clock)
        self.halls: dict[str, Hall] = province(self.home, clock)
        self.server = make_server("127.0.0.1", 0, create_app(self.home), threaded=True)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def record(self, kind: str, **about: Any) -> str:
        with self.home.store.reading():
            return f"/records/{kind}/{self.home.store.page(kind, most=1, **about)[0].id}"

    def pages(self) -> list[str]:
        worker = self.record("worker", where="_conflicts IS NOT NULL")
        return [
            "/markets", "/markets?q=none", "/markets/invite", "/markets/invite?market=37130201",
            *(f"/markets/{hall.code}" for hall in self.halls.values()), "/markets/37170201", "/records",
            "/records?kind=contract", "/records?kind=visit", worker, f"{worker}/full/phone",
            self.record("contract"), self.record("register"), "/settings", "/settings/password",
            "/settings/audit", "/markets/99999999",
        ]  # fmt: skip

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        self.home.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Province]:
    made = Province(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def page(browser: Browser, hub: Province) -> Iterator[Page]:
    """The administrator's page; anything that leaves the machine, or breaks the policy, fails the test."""
    context = browser.new_context(viewport=VIEW, locale="zh-CN", base_url=hub.address)
    page, said = context.new_page(), []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
    page.on(
        "request", lambda asked: said.append(asked.url) if not asked.url.startswith(hub.address) else None
    )
    page.goto("/")
    page.keyboard.type("admin")
    page.keyboard.press("Enter")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_title("市场 · 山东省零工市场省平台")
    yield page
    context.close()
    assert [text for text in said if not STATUS.search(text)] == []


def open_all(page: Page) -> None:
    """What is folded away is read and looked at too."""
    page.evaluate("document.querySelectorAll('main details').forEach(function (it) { it.open = true; })")


def test_every_page_is_readable_and_fits_the_screen(page: Page, hub: Province) -> None:
    faults = []
    for address in hub.pages():
        page.goto(address)
        open_all(page)
        for one in Axe().run(page).response["violations"]:
            if one["impact"] in ("serious", "critical"):
                faults.append((address, one["id"], [node["html"][:160] for node in one["nodes"]]))
        if page.evaluate("document.documentElement.scrollWidth") > VIEW["width"]:
            faults.append((address, "wider than the screen", []))
    assert faults == []


def test_an_operator_invites_compares_and_approves(page: Page, hub: Province) -> None:
    page.get_by_role("link", name="邀请市场").click()
    expect(page.locator("main input:focus")).to_have_count(
        1
    )  # the page has come, and points at its first field
    page.keyboard.type("37131102")
    page.keyboard.press("Enter")
    page.keyboard.type("罗庄零工市场")
    page.keyboard.press("Control+Enter")
    expect(page.locator("h1")).to_contain_text("登记码已生成")
    expect(page.locator("#code span")).to_have_count(3)
    expect(page.get_by_role("img", name="接入命令的二维码")).to_be_visible()
    page.goto("/markets")
    page.get_by_role("link", name="核对并批准").click()
    assert page.locator(".hub-words li").all_inner_texts() == [
        f"{at}\n{word}" for at, word in enumerate(hub.halls["pending"].words.split(" "), 1)
    ]
    page.get_by_role("button", name="批准接入").click()
    expect(page.get_by_role("alert")).to_contain_text("还没有勾选确认")
    page.get_by_label("已与市场逐个核对，六个词完全一致").check()
    page.get_by_role("button", name="批准接入").click()
    expect(page.locator("#yz-alerts")).to_contain_text("已批准接入")
    expect(page.locator("h1")).to_contain_text("运行")


def test_the_filter_row_is_kept_in_the_address(page: Page, hub: Province) -> None:
    page.get_by_label("状态").select_option("open")
    page.get_by_label("按编码、名称或首字母查找").fill("兰山")
    page.get_by_role("button", name="筛选").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    assert "state=open" in page.url
    page.reload()
    expect(page.get_by_label("状态")).to_have_value("open")
    expect(page.get_by_label("按编码、名称或首字母查找")).to_have_value("兰山")


def test_a_proof_taken_from_the_page_holds(page: Page, hub: Province) -> None:
    page.goto(hub.record("contract", where="_owner = ?", values=["37130201"]))
    page.get_by_text("凭证与出处").first.click()
    with page.expect_download() as waited:
        page.get_by_role("link", name="下载凭证 .tlog-proof").first.click()
    raw = Path(waited.value.path()).read_bytes()
    hall = hub.halls["good"]
    body, index, _ = proof.check(raw, hall.key.verifier, hub.home.cosigner.verifier)
    assert body == hall.items[index][0] and waited.value.suggested_filename.endswith(".tlog-proof")


def test_a_number_is_seen_for_a_reason(page: Page, hub: Province) -> None:
    page.goto(hub.record("worker"))
    page.get_by_role("link", name="查看完整号码").first.click()
    page.keyboard.type("协助办案")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#full")).to_have_text("370705198503020018")
    page.goto("/settings/audit")
    expect(page.locator("tbody")).to_contain_text("协助办案")
