"""The table of markets: worst first, nobody who fails is out of sight (F42), filters in the address."""

from __future__ import annotations

import csv
import io
import re

from common.data.initials import initials
from common.errors import Invalid
from hub.home import Home
from hub.local import LocalContact
from hub.province import boards, days, registry
from tests.hub.roles.conftest import Person
from tests.hub.roles.halls import DAY, HOUR, Clock, Hall, morning, worker


def names(page: str) -> list[str]:
    """Market names in the order of the table."""
    return re.findall(r'<th scope="row"><a href="/markets/\d{8}">([^<]+)</a>', page)


def test_f42_worst_first_and_halls_that_never_succeeded_are_there(
    wei: Person, halls: dict[str, Hall]
) -> None:
    page = wei.get("/markets")
    assert names(page) == [
        "奎文零工市场", "任城零工市场", "芝罘零工市场", "市南零工市场", "历城零工市场",
        "东昌府零工市场", "牡丹零工市场", "兰山零工市场",
    ]  # fmt: skip
    assert "连续失败 3 次：交来的条目缺少内容" in page
    assert "已有 4 天没有联系" in page
    assert "还没有成功上报过" in page
    assert "从未" in page


def test_the_first_page_says_first_what_needs_a_person(wei: Person, halls: dict[str, Hall]) -> None:
    page = wei.get("/markets")
    todo, table = page.index("需要处理"), page.index('<table class="yz-table')
    assert todo < table
    urgent = page[todo:table]
    assert "两台电脑用同一把密钥" in urgent and "核对并批准" in urgent and "兰山" not in urgent
    assert '<b class="yz-count">3' in page  # two alarms and one approval


def test_the_front_door_leads_to_the_markets(wei: Person) -> None:
    assert wei.client.get("/").headers["Location"] == "/markets"


def test_an_empty_province_says_what_to_do_first(wei: Person) -> None:
    page = wei.get("/markets")
    assert "还没有市场" in page and 'href="/markets/invite"' in page


def test_filters_survive_in_the_address(wei: Person, halls: dict[str, Hall]) -> None:
    assert names(wei.get("/markets?q=兰山")) == ["兰山零工市场"]
    assert names(wei.get("/markets?q=3706")) == ["芝罘零工市场"]
    start = initials("兰山零工市场")[0][:3]
    assert "兰山零工市场" in names(wei.get(f"/markets?q={start}"))
    page = wei.get("/markets?state=pending")
    assert names(page) == ["芝罘零工市场"] and 'value="pending" selected' in page
    assert set(names(wei.get("/markets?show=never"))) == {
        "芝罘零工市场", "历城零工市场", "东昌府零工市场", "牡丹零工市场",
    }  # fmt: skip
    assert names(wei.get("/markets?show=silent")) == ["市南零工市场"]
    assert "没有符合条件的市场" in wei.get("/markets?q=<script>alert(1)</script>")


def test_the_summary_counts_what_is_there(home: Home, halls: dict[str, Hall]) -> None:
    found = boards.board(home)
    sums = boards.totals(found)
    assert sums["states"]["open"] == 5 and sums["markets"] == 8
    assert sums["entries"] == sum(hall.sent for hall in halls.values())
    assert sums["alarms"] == 2 and sums["never"] == 4


def test_entries_today_are_those_receipted_since_midnight(home: Home, clock: Clock) -> None:
    clock.now = days.midnight(clock.now) - HOUR
    hall = Hall(home, "37130201", "兰山零工市场")
    hall.enrol()
    for _ in range(5):  # several receipts on both sides of midnight
        hall.write("worker", worker(1))
        hall.push()
    clock.now += 2 * HOUR
    assert boards.board(home)[0].today == 0
    for count in range(1, 4):
        hall.write("worker", worker(count))
        hall.push()
        assert boards.board(home)[0].today == count
    clock.now += DAY
    assert boards.board(home)[0].today == 0


def test_silence_is_told_by_this_machines_clock_alone(home: Home, clock: Clock) -> None:
    hall = Hall(home, "37130201", "兰山零工市场")
    hall.enrol()
    hall.write("worker", worker(1), time=1)  # a PC from 1970
    hall.push()
    assert boards.board(home)[0].troubles == ()
    clock.now += DAY
    assert boards.board(home)[0].worst == "silent"
    clock.now += 2 * DAY
    assert boards.board(home)[0].worst == "long_silent" and boards.board(home)[0].needs_person
    clock.now -= 30 * DAY  # our clock was set back: no trouble, no failure
    assert boards.board(home)[0].troubles == ()


def test_a_code_that_ran_out_asks_for_a_new_one(home: Home, clock: Clock, wei: Person) -> None:
    registry.invite(home, "37170201", "牡丹零工市场", "wei")
    assert "已发登记码，还没有接入" in wei.get("/markets")
    clock.now += 8 * DAY
    wei = Person(wei.client.application, "wei")
    page = wei.get("/markets")
    assert "登记码已过期" in page and "重新邀请" in page


def test_two_machines_are_a_warning(home: Home, clock: Clock, wei: Person) -> None:
    hall = Hall(home, "37130201", "兰山零工市场", "窗口甲")
    hall.enrol()
    hall.write("worker", worker(1))
    hall.push()
    other = hall.clone("<b>窗口乙</b>")
    other.write("worker", worker(2))
    other.push()
    page = wei.get("/markets/37130201")
    assert "有 2 台电脑" in page and "窗口甲" in page
    assert "&lt;b&gt;窗口乙&lt;/b&gt;" in page and "<b>窗口乙" not in page
    clock.now += 8 * DAY
    assert boards.one(home, "37130201").worst == "long_silent"  # type: ignore[union-attr]


def test_what_a_market_holds_back_is_shown(home: Home, halls: dict[str, Hall], wei: Person) -> None:
    with home.store.writing():
        LocalContact.update(waiting=1234).where(LocalContact.market == "37130201").execute()
    assert "市场还有 1,234 条待上报" in wei.get("/markets?q=37130201")


def test_expected_refusals_are_no_failures(home: Home) -> None:
    hall = Hall(home, "37130201", "兰山零工市场")
    hall.enrol(approve=False)
    hall.write("worker", worker(1))
    try:
        hall.push()
    except Exception as error:
        assert getattr(error, "code", "") == "not_approved"
    assert [one.kind for one in boards.board(home)[0].troubles] == ["pending"]


def test_what_is_shown_can_be_taken_along(home: Home, wei: Person, halls: dict[str, Hall]) -> None:
    registry.invite(home, "37999901", "=HYPERLINK(1)", "wei")
    text = wei.get("/markets.csv").removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 10 and rows[1][1] == "奎文零工市场"
    assert [row[1] for row in rows if row[0] == "37999901"] == ["'=HYPERLINK(1)"]
    assert len(list(csv.reader(io.StringIO(wei.get("/markets.csv?state=pending"))))) == 2


def test_more_markets_do_not_mean_more_questions_to_the_store(home: Home) -> None:
    def asked() -> int:
        said: list[str] = []
        connection = home.store.db.peewee.connection()
        connection.set_trace_callback(said.append)
        boards.board(home)
        connection.set_trace_callback(None)
        return len(said)

    def grow(first: int, last: int) -> None:
        for number in range(first, last):
            hall = Hall(home, f"371302{number:02d}", f"第 {number} 市场")
            hall.enrol()
            morning(hall, 1)
            hall.push()
        boards.board(home)  # what does not change during the day is now known

    grow(1, 3)
    few = asked()
    grow(3, 12)
    assert asked() == few


def test_a_market_nobody_knows_is_a_plain_answer(wei: Person) -> None:
    for address in ("/markets/99999999", "/markets/%3Cscript%3E", "/markets/37130201/evidence/1/ours"):
        page = wei.get(address, 404)
        assert "Traceback" not in page and "<script>" not in page.replace("<script src", "")


def test_a_name_is_never_markup(home: Home, wei: Person) -> None:
    try:
        registry.invite(home, "37130299", "<script>alert(1)</script>", "wei")
    except Invalid:
        return
    for address in ("/markets", "/markets/37130299", "/markets/invite?market=37130299"):
        assert "<script>alert" not in wei.get(address)


def test_words_in_the_address_never_reach_the_links(wei: Person, halls: dict[str, Hall]) -> None:
    page = wei.get("/markets?_scheme=javascript&_external=1&endpoint=x&filename=y&state=open")
    assert "javascript:" not in page and 'href="/markets.csv?state=open"' in page
