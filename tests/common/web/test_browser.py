"""In a real Chromium at 1366x768: the keyboard, what is kept, and what is said."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.common.web.served import Hall

pytestmark = pytest.mark.browser


def held(page: Page) -> str:
    """What has the focus: its name, else its id, else its words."""
    found: str = page.evaluate(
        "(function () { var it = document.activeElement; return it.name || it.id || it.textContent; })()"
    )
    return found


def keys(page: Page, *pressed: str) -> None:
    page.wait_for_load_state()  # scripts that listen for keys run last
    for key in pressed:
        page.keyboard.press(key)


def test_enter_goes_on_and_control_enter_saves(page: Page) -> None:
    page.goto("/workers/new")
    assert held(page) == "name"
    page.keyboard.type("李娜")
    order = []
    for text in ("", "", "370705198503020018", "13805360018", "1985.3.2", "", "管", "", "", "260"):
        page.keyboard.type(text)
        keys(page, "Enter")
        order.append(held(page))
    people = ["id_type", "id_number", "phone", "birth", "sex"]
    assert order == [*people, "i-trades", "i-trades", "skill_level", "expected_pay", "hours_from"]
    assert page.input_value("#i-birth") == "1985-03-02"
    assert page.evaluate("document.querySelector('[name=trades][value=\"0303\"]').checked")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".yz-notice.good")).to_have_text("已保存在本市场：李娜")


def test_the_last_field_leads_to_the_button(page: Page) -> None:
    page.goto("/workers/new")
    page.locator("[name=hardship]").last.focus()
    keys(page, "Enter")
    assert held(page) == "登记并打印回执"


def test_errors_keep_what_was_typed_and_the_first_has_the_focus(page: Page) -> None:
    page.goto("/workers/new")
    page.keyboard.type("李娜")
    page.fill("#i-phone", "1380536")
    page.fill("#i-expected_pay", "两百六")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#yz-errors h2")).to_have_text("有 2 处需要修改")
    assert held(page) == "phone"
    assert page.input_value("#i-name") == "李娜" and page.input_value("#i-expected_pay") == "两百六"
    page.click("#yz-errors a >> nth=1")
    assert held(page) == "expected_pay"


def test_a_warning_asks_for_a_reason_first(page: Page) -> None:
    page.goto("/workers/new")
    page.keyboard.type("疑似")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".yz-notice.waiting")).to_contain_text("疑似同一人")
    assert held(page) == "_reason.possible_same_person"


def test_slash_and_alt_numbers(page: Page) -> None:
    page.goto("/rights/")
    keys(page, "/")
    assert held(page) == "q"
    page.keyboard.type("zsc")
    keys(page, "Enter")
    page.wait_for_url("**/workers/?q=zsc")
    page.keyboard.down("Alt")
    expect(page.locator("#rail-contracts .yz-key")).to_be_visible()
    page.keyboard.press("5")
    page.keyboard.up("Alt")
    page.wait_for_url("**/contracts/")


def test_a_slash_in_a_field_is_a_slash(page: Page) -> None:
    page.goto("/workers/new")
    page.keyboard.type("a/b")
    assert page.input_value("#i-name") == "a/b"


def test_rows_are_walked_with_arrows(page: Page) -> None:
    page.goto("/workers/")
    page.locator("[data-rows] tbody a").first.focus()
    keys(page, "ArrowDown", "ArrowDown", "ArrowUp")
    assert held(page) == "刘杰"


def test_leaving_with_typed_things_is_asked_about(page: Page) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", stay)
    page.goto("/workers/new")
    page.goto("/")
    assert asked == []
    page.goto("/workers/new")
    page.keyboard.type("李娜")
    page.goto("/")
    assert asked == ["beforeunload"]


def test_a_reference_is_typed_found_and_taken_in_four_keys(page: Page) -> None:
    page.goto("/contracts/")
    page.focus("#i-worker")
    page.keyboard.type("刘")
    expect(page.locator("[role=option][aria-selected=true]")).to_contain_text("刘杰")
    keys(page, "Enter")
    assert (
        page.evaluate("document.querySelector('[name=worker]').value") == "1" and held(page) == "i-employer"
    )
    page.focus("#i-worker")
    page.keyboard.type("x")
    assert page.evaluate("document.querySelector('[name=worker]').value") == ""


def test_a_long_list_is_searched_by_name_or_code(page: Page) -> None:
    page.goto("/contracts/")
    page.focus("#i-trade")
    page.keyboard.type("0302")
    keys(page, "Enter")
    assert (
        page.evaluate("document.querySelector('select[name=trade]').value") == "0302" and held(page) == "pay"
    )


def test_days_and_hours_are_tidied(page: Page) -> None:
    page.goto("/workers/new")
    for typed, tidy in (("20261201", "2026-12-01"), ("12.1", "2026-12-01"), ("2026年3月2日", "2026-03-02")):
        page.fill("#i-birth", typed)
        page.locator("#i-birth").blur()
        assert page.input_value("#i-birth") == tidy
    expect(page.locator("#f-birth .yz-weekday")).to_have_text("周一")
    page.focus("#i-birth")
    keys(page, "ArrowDown", "ArrowDown")
    assert page.input_value("#i-birth") == "2026-02-28"
    page.fill("#i-hours_from", "630")
    page.locator("#i-hours_from").blur()
    assert page.input_value("#i-hours_from") == "06:30"
    page.fill("#i-birth", "2026-13-99")
    page.locator("#i-birth").blur()
    assert page.input_value("#i-birth") == "2026-13-99"


def test_a_dangerous_act_is_open_only_after_its_word(page: Page) -> None:
    page.goto("/parts")
    page.click("summary.danger")
    button = page.locator(".yz-confirm button[type=submit]")
    expect(button).to_be_disabled()
    page.fill("[name=word]", "兰山")
    expect(button).to_be_disabled()
    page.fill("[name=word]", "兰山零工市场")
    expect(button).to_be_enabled()


def test_one_form_is_sent_once(page: Page, hall: Hall) -> None:
    posts: list[str] = []
    page.on("request", lambda asked: posts.append(asked.url) if asked.method == "POST" else None)
    page.goto("/workers/new")
    page.keyboard.type("李娜")
    page.evaluate(
        "(function () { var b = document.querySelector('[data-save]'); b.click(); b.click(); b.click(); }())"
    )
    expect(page.locator(".yz-notice.good")).to_be_visible()
    assert len(posts) == 1


def test_the_badge_keeps_itself_up_to_date(page: Page, hall: Hall) -> None:
    expect(page.locator("#yz-sync")).to_contain_text("待上报 128 条")
    hall.pending = 0
    expect(page.locator("#yz-sync")).to_contain_text("已由省平台确认 07:32")
    expect(page.locator("#yz-rail a[aria-current]")).to_have_text(re.compile("今日"))


def test_a_service_that_is_gone_is_said(browser: Browser) -> None:
    hall = Hall()
    page = browser.new_page(base_url=hall.address)
    page.goto("/login")
    page.fill("#login", "chen")
    page.fill("#password", "a-Good-1")
    page.click("button[type=submit]")
    expect(page.locator("#yz-sync")).to_contain_text("待上报")
    hall.stop()
    expect(page.locator("#yz-sync")).to_contain_text("连不上本市场的服务")
    page.close()


def test_a_session_that_ends_on_a_plain_page_leads_to_the_login(page: Page, hall: Hall) -> None:
    page.goto("/workers/0")
    hall.accounts.sessions.clear()
    page.wait_for_url("**/login?next=/workers/0")


def test_a_session_that_ends_over_a_form_covers_it_and_keeps_it(page: Page, hall: Hall) -> None:
    page.goto("/workers/new")
    page.keyboard.type("李娜")
    hall.accounts.sessions.clear()
    expect(page.locator(".yz-cover")).to_contain_text("已自动退出登录")
    keys(page, "Enter")
    expect(page.locator("form")).to_contain_text("刚才填写的内容已经留住")
    page.fill("#login", "chen")
    page.fill("#password", "a-Good-1")
    keys(page, "Enter")
    expect(page.locator("h1")).to_contain_text("刚才填写的内容还在")
    page.click("text=继续保存")
    expect(page.locator(".yz-notice.good")).to_have_text("已保存在本市场：李娜")


def test_the_clock_is_the_servers(page: Page) -> None:
    expect(page.locator(".yz-clock")).to_have_text("12月1日 周二 07:32")


def test_without_script_every_form_still_works(browser: Browser, hall: Hall) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=hall.address)
    page = context.new_page()
    page.goto("/login")
    page.fill("#login", "chen")
    page.fill("#password", "a-Good-1")
    page.click("button[type=submit]")
    page.goto("/workers/new")
    page.fill("[name=name]", "李娜")
    page.check("[name=trades][value='0303']")
    page.fill("[name=birth]", "1985.3.2")
    page.click("[data-save]")
    expect(page.locator(".yz-notice.good")).to_have_text("已保存在本市场：李娜")
    context.close()
