"""A hall's pages in a real Chromium at 1366x768: what a clerk does all day, by keyboard, on a served node."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import segno
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from node.market import papers, records
from tests.browser.served import ARGUMENTS, VIEW, Served, Windows
from tests.node.homes import PASSWORD, TODAY, Hall, id_number, uscc

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    made = Served(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def hall(served: Served) -> Hall:
    return served.hall


@pytest.fixture
def windows(browser: Browser, served: Served) -> Iterator[Windows]:
    made = Windows(browser, served)
    yield made
    for context in made.contexts:
        context.close()
    assert made.faults == []


@pytest.fixture
def page(windows: Windows) -> Page:
    return windows.open("s1")


def keys(page: Page, *names: str) -> None:
    page.wait_for_load_state()  # scripts that listen for keys run last
    for name in names:
        page.keyboard.press(name)


def test_six_fields_and_enter_register_a_worker(page: Page, hall: Hall) -> None:
    page.keyboard.press("Alt+2")
    page.wait_for_url("**/workers")
    page.goto("/workers/new")
    page.keyboard.type("单雄信")
    keys(page, "Enter")
    page.keyboard.type(id_number(7)[:6] + " " + id_number(7)[6:].lower())
    expect(page.locator("#told")).to_contain_text("1980年1月5日")
    expect(page.locator("#told")).to_contain_text("男")
    keys(page, "Enter")
    page.keyboard.type("139 0539 0000")
    keys(page, "Enter")
    page.keyboard.type("jzxg")  # 建筑小工 by its initials
    keys(page, "Enter", "Enter")
    page.keyboard.type("260")
    keys(page, "Enter", "Space", "Control+Enter")
    page.wait_for_url("**/slip")
    expect(page.locator("h1")).to_have_text("零工登记回执")
    (worker,) = hall.home.store.each("worker")
    assert worker.fields["name"] == "单雄信" and worker.fields["id_number"] == id_number(7)
    assert worker.fields["trades"] == ["0109"] and worker.fields["expected_pay"] == 26000
    assert worker.fields["phone"] == "13905390000" and worker.fields["consent"]["method"] == "paper"


def test_the_same_person_is_noticed_while_typing(page: Page, hall: Hall) -> None:
    first = hall.worker("单雄信", id_number=id_number(7))
    page.goto("/workers/new")
    page.keyboard.type("单雄信")
    keys(page, "Enter")
    page.keyboard.type(id_number(7))
    expect(page.locator("#told a").first).to_have_attribute("href", f"/workers/{first}")
    expect(page.locator("#told")).to_contain_text("疑似同一人")


def test_a_form_with_a_mistake_keeps_everything(page: Page, hall: Hall) -> None:
    page.goto("/workers/new")
    page.fill("#i-name", "单雄信")
    page.fill("#i-id_number", id_number(7)[:-1])
    page.fill("#i-phone", "123")
    page.click("text=更多信息")
    page.fill("#i-address", "老街 1 号")
    page.check("#i-consent")
    keys(page, "Control+Enter")
    expect(page.locator("#yz-errors")).to_contain_text("Y-1221")
    assert page.input_value("#i-name") == "单雄信" and page.input_value("#i-id_number") == id_number(7)[:-1]
    assert page.input_value("#i-phone") == "123" and page.input_value("#i-address") == "老街 1 号"
    assert page.is_checked("#i-consent")
    page.fill("#i-phone", "13905390000")
    keys(page, "Control+Enter")
    expect(page.locator("#yz-errors")).not_to_contain_text("Y-1221")  # the next page, no longer the last one
    expect(page.locator("#yz-errors")).to_contain_text("Y-1201")
    page.fill("#i-id_number", id_number(7))
    keys(page, "Control+Enter")
    page.wait_for_url("**/slip")
    assert hall.home.store.count("worker") == 1


def test_a_session_that_ended_loses_no_form(page: Page, hall: Hall) -> None:
    page.goto("/workers/new")
    page.fill("#i-name", "单雄信")
    page.fill("#i-id_number", id_number(7))
    page.check("#i-consent")
    hall.clock.ms += 3_600_000
    keys(page, "Control+Enter")
    expect(page.locator("main")).to_contain_text("已经留住")
    page.fill("#login", "s1")
    page.fill("#password", PASSWORD)
    keys(page, "Enter", "Enter")
    page.click("button[type=submit] >> nth=-1")
    page.wait_for_url(re.compile("/workers/"))
    assert hall.home.store.count("worker") == 1


def test_from_a_worker_to_a_contract_on_one_sheet(page: Page, hall: Hall) -> None:
    worker, _ = hall.worker("单雄信"), hall.job()
    page.goto(f"/workers/{worker}")
    page.click("text=选岗位，签合同")
    page.click("text=用这个岗位")
    assert page.input_value("#i-pay") == "260" and page.input_value("#i-start_date") == TODAY
    page.click("text=拟好合同，去签字")
    expect(page.locator(".hall-steps [aria-current]")).to_contain_text("拟好")
    page.click("text=签字生效并打印")
    page.wait_for_url("**/print")
    id = next(iter(hall.home.store.each("contract"))).id
    made = papers.proof_of(hall.home, "contract", id)
    expect(page.locator(".marks")).to_contain_text(made.leaf.hex()[:40])
    expect(page.locator(".marks")).to_contain_text("待省平台确认")
    for which, text in zip(("proof", "payload"), papers.code_texts(made), strict=True):
        image = page.locator(f"img[src$='qr-{which}.svg']")
        assert image.evaluate("image => image.complete && image.naturalWidth > 0")
        served = page.request.get(f"/records/contract/{id}/qr-{which}.svg").body()
        assert served == drawing(text)
    assert page.evaluate("document.querySelector('.signatures').offsetTop") > 0
    assert sheets(page) == 1


def test_a_long_contract_takes_two_sheets_and_signs_on_the_last_with_a_term(page: Page, hall: Hall) -> None:
    id = hall.contract(job=hall.job(content="搬运。" * 300, place="兰山区" * 30))
    page.goto(f"/contracts/{id}/print")
    assert sheets(page) == 2
    assert page.evaluate("getComputedStyle(document.querySelector('.closing')).breakInside") == "avoid"
    assert page.locator(".closing li").count() == 1


def drawing(text: str) -> bytes:
    """The code that a scanner must see, drawn by itself."""
    out = io.BytesIO()
    code = segno.make_qr(text, error="l", boost_error=False)
    assert code.mode == "alphanumeric"
    code.save(
        out, kind="svg", border=2, xmldecl=False, omitsize=True, light="#fff", svgclass=None, lineclass=None
    )
    return out.getvalue()


def sheets(page: Page) -> int:
    return len(re.findall(rb"/Type /Page\b", page.pdf(prefer_css_page_size=True)))


def test_two_clerks_change_one_worker_at_once(windows: Windows, hall: Hall) -> None:
    id = hall.worker("单雄信", expected_pay=20000)
    one, two = windows.open("s1"), windows.open("s2")
    for page in (one, two):
        page.goto(f"/workers/{id}/edit")
    one.fill("#i-expected_pay", "300")
    keys(one, "Control+Enter")
    expect(one.locator("#yz-alerts")).to_contain_text("已修改")
    two.fill("#i-expected_pay", "280")
    two.fill("#i-radius_km", "20")
    keys(two, "Control+Enter")
    expect(two.locator("#yz-errors")).to_contain_text("张窗口")
    expect(two.locator("#f-expected_pay .yz-theirs")).to_contain_text("300")
    assert two.input_value("#i-expected_pay") == "280" and two.input_value("#i-radius_km") == "20"
    keys(two, "Control+Enter")
    expect(two.locator("#yz-alerts")).to_contain_text("已修改")
    fields = records.get(hall.home, "worker", id).fields
    assert (fields["expected_pay"], fields["radius_km"]) == (28000, 20)


def test_the_conflict_desk_decides(page: Page, served: Served) -> None:
    hall = served.hall
    id = hall.worker("单雄信", expected_pay=20000)
    root = hall.get("worker", id).heads
    records.save(hall.home, "s1", "worker", id, {"expected_pay": 26000})
    served.province.relay("worker", id, {"expected_pay": 30000}, root)
    page.goto("/today")
    page.click("text=去决定")
    head = page.locator(".yz-conflict thead")
    for words in ("原值", "兰山零工市场", "市场 37130202"):
        expect(head).to_contain_text(words)
    expect(page.locator(".yz-conflict td.changed")).to_have_count(2)
    page.click(".yz-conflict label:has-text('￥300.00')")
    page.fill("#i-reason", "本人确认")
    page.click("text=按所选决定")
    expect(page.locator("#yz-alerts")).to_contain_text("两处现在一致")
    expect(page.locator(".yz-conflict")).to_have_count(0)
    assert hall.get("worker", id).fields["expected_pay"] == 30000


def test_a_posting_is_made_by_keyboard(page: Page, hall: Hall) -> None:
    hall.employer("宏达建筑公司")
    page.goto("/records/job/new")
    page.keyboard.type("hdjz")
    expect(page.locator("ul:not([hidden]) > [role=option][aria-selected=true]")).to_contain_text(
        "宏达建筑公司"
    )
    keys(page, "Enter")
    page.keyboard.type("工地小工")
    keys(page, "Enter")
    page.keyboard.type("建筑小工")
    expect(page.locator("ul:not([hidden]) > [role=option][aria-selected=true]")).to_contain_text("建筑小工")
    keys(page, "Enter")
    page.keyboard.type("3")
    page.fill("#i-pay", "260")
    keys(page, "Control+Enter")
    expect(page.locator("h1")).to_contain_text("工地小工")
    expect(page.locator("h1")).to_contain_text("草稿")


def test_the_badge_and_the_button_of_a_round(page: Page, served: Served) -> None:
    hall = served.hall
    hall.worker()
    page.goto("/sync")
    expect(page.locator("#yz-sync")).to_contain_text("待上报")
    page.click("text=立即同步")
    expect(page.locator("#yz-alerts")).to_contain_text("正在上报")
    assert hall.calls == ["now"]
    served.province.confirm()
    page.reload()
    expect(page.locator("#yz-sync")).to_contain_text("已由省平台确认 06:32")
    assert page.locator("#yz-sync svg").count() == 1


def everything(served: Served) -> list[str]:
    """The address of every page, with something on each."""
    hall = served.hall
    worker, employer = hall.worker("单雄信", address="老街 1 号"), hall.employer(verified=False)
    job, contract = hall.job(), hall.contract()
    draft = hall.contract(signed=False)
    torn = hall.worker("两处改", expected_pay=20000)
    root = hall.get("worker", torn).heads
    records.save(hall.home, "s1", "worker", torn, {"expected_pay": 26000})
    served.province.relay("worker", torn, {"expected_pay": 30000}, root)
    records.save(hall.home, "s1", "visit", None, {"worker": worker, "service": "seek", "date": TODAY})
    bad = records.save(
        hall.home, "s1", "employer", None, {"name": "退回的", "form": "company", "code": uscc(99)}
    ).id
    served.province.judge(hall.get("employer", bad).heads[0], "refused", "employer_blacklisted")
    return [
        "/today", "/workers", "/workers/new", f"/workers/{worker}", f"/workers/{worker}/edit",
        f"/workers/{torn}", f"/workers/{worker}/slip", f"/records/worker/{worker}/full/phone", "/jobs",
        "/records/job/new", f"/records/job/{job}", f"/records/job/{job}/edit", "/records/employer",
        f"/records/employer/{employer}",
        "/records/visit", "/records/visit/new", "/contracts", f"/contracts/new?worker={worker}",
        f"/contracts/new?worker={worker}&job={job}", f"/contracts/{contract}", f"/contracts/{draft}",
        f"/contracts/{contract}/print", "/search?q=x", "/sync", "/settings", "/settings/password", "/nowhere",
    ]  # fmt: skip


def test_every_page_can_be_used_by_everybody(windows: Windows, served: Served) -> None:
    page = windows.open("admin")
    faults = []
    for address in everything(served):
        page.goto(address)
        page.evaluate("document.querySelectorAll('main details').forEach(node => { node.open = true; })")
        for one in Axe().run(page).response["violations"]:
            if one["impact"] in ("serious", "critical"):
                faults.append((address, one["id"], [node["html"][:160] for node in one["nodes"]]))
        if page.evaluate("document.documentElement.scrollWidth") > VIEW["width"]:
            faults.append((address, "wider than the screen", []))
    assert faults == []
