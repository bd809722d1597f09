"""Inviting and approving at the pages: a code once, six words compared, nothing typed lost."""

from __future__ import annotations

import re
from collections.abc import Callable

from common.log import enrolment
from hub.home import Home
from hub.local import LocalAudit
from hub.province import boards, registry
from tests.hub.roles.conftest import Person
from tests.hub.roles.halls import Hall, worker

ONE = "/markets/37130201"


def shown_code(page: str) -> str:
    found = re.search(r'id="code">(.*?)</p>', page, re.S)
    assert found
    return "-".join(re.findall(r"<span>(\w+)</span>", found[1]))


def test_the_code_on_the_page_is_the_one_that_enrols(home: Home, wei: Person) -> None:
    answer = wei.post("/markets/invite", market="37130201", name=" 兰山零工市场 ")
    code = shown_code(answer.text)
    assert answer.status_code == 200
    assert f"yizhan-node enrol --hub http://localhost --code {code}" in answer.text
    assert answer.text.count("<svg") > 4 and "http 打开" in answer.text
    secret = enrolment.parse_code(code)
    hall = Hall(home, "37130201", "兰山零工市场")
    asked = enrolment.encode_request(
        enrolment.EnrolRequest(
            hall.code,
            hall.origin,
            hall.key.verifier,
            hall.note(0),
            b"b" * 32,
            b"n" * 32,
            hall.install,
            hall.host,
        ),
        secret,
    )
    assert enrolment.parse_answer(registry.enrol(home, asked), asked, secret).market == "37130201"


def test_the_code_is_shown_once_and_never_again(home: Home, wei: Person) -> None:
    code = shown_code(wei.post("/markets/invite", market="37130201", name="兰山零工市场").text)
    for address in ("/markets", ONE, "/markets/invite?market=37130201"):
        assert code not in wei.get(address) and code.split("-")[0] not in wei.get(address)


def test_what_was_typed_stays(wei: Person) -> None:
    for market, name, said in (
        ("3713", "兰山零工市场", "市场编码是 8 位数字"),
        ("11010101", "东城零工市场", "不属于本省"),
        ("37130201", "", "这一项还没有填"),
        ("", "兰山零工市场", "这一项还没有填"),
    ):
        answer = wei.post("/markets/invite", market=market, name=name)
        assert answer.status_code == 422 and said in answer.text, (market, name)
        assert f'value="{market}"' in answer.text and f'value="{name}"' in answer.text
    answer = wei.post("/markets/invite", market='37"><i>', name="<b>x</b>")
    assert answer.status_code == 422 and "<i>" not in answer.text and "<b>x" not in answer.text


def test_a_second_code_for_one_market_needs_a_tick(home: Home, wei: Person, halls: dict[str, Hall]) -> None:
    answer = wei.post("/markets/invite", market="37130201", name="兰山零工市场")
    assert answer.status_code == 422 and "现在是“运行”" in answer.text and 'id="code"' not in answer.text
    assert shown_code(wei.post("/markets/invite", market="37130201", name="兰山零工市场", again="yes").text)


def test_approving_needs_the_words_compared(home: Home, wei: Person) -> None:
    hall = Hall(home, "37130201", "兰山零工市场", "窗口<甲>")
    hall.enrol(approve=False)
    page = wei.get(ONE)
    assert re.findall(r"<li><small>\d</small>([^<]+)</li>", page) == hall.words.split(" ")
    assert "窗口&lt;甲&gt;" in page
    answer = wei.post(f"{ONE}/approve", at=ONE)
    assert answer.status_code == 422 and "还没有勾选确认" in answer.text
    assert boards.one(home, "37130201").state == "pending"  # type: ignore[union-attr]
    answer = wei.post(f"{ONE}/approve", at=ONE, compared="yes")
    assert answer.status_code == 302
    assert "已批准接入" in wei.get(ONE)
    hall.write("worker", worker(1))
    assert hall.push().size == 1


def test_the_approval_names_who_gave_it(home: Home, wei: Person) -> None:
    Hall(home, "37130201", "兰山零工市场").enrol(approve=False)
    wei.post(f"{ONE}/approve", at=ONE, compared="yes")
    assert "魏国强，12-01 12:00" in wei.get(ONE)
    register = registry.of_market(home, "37130201")[0]
    page = wei.get(f"/records/register/{register.id}")
    assert "由省平台签名" in page and "待批准" in page and "hub.wei" in page


def test_approving_a_market_that_never_asked_is_refused(wei: Person, halls: dict[str, Hall]) -> None:
    answer = wei.post("/markets/37170201/approve", at="/markets/invite", compared="yes")
    assert answer.status_code == 409 and "Traceback" not in answer.text


def test_auditors_read_and_change_nothing(
    home: Home, halls: dict[str, Hall], log_in: Callable[..., Person]
) -> None:
    shen = log_in("shen")
    page = shen.get("/markets")
    assert "邀请市场" not in page and "核对并批准" not in page
    assert "批准接入" not in shen.get("/markets/37060201")
    shen.get("/markets/invite", 403)
    answer = shen.post("/markets/37060201/approve", at="/settings/password", compared="yes")
    assert answer.status_code == 403
    assert boards.one(home, "37060201").state == "pending"  # type: ignore[union-attr]


def test_codes_and_approvals_leave_a_line(home: Home, wei: Person) -> None:
    wei.post("/markets/invite", market="37130201", name="兰山零工市场")
    Hall(home, "37130202", "罗庄零工市场").enrol(approve=False)
    wei.post("/markets/37130202/approve", at="/markets/37130202", compared="yes")
    with home.store.reading():
        lines = [(row.actor, row.act, row.record) for row in LocalAudit.select()]
    assert lines == [("hub.wei", "invite", "37130201"), ("hub.wei", "approve", "37130202")]


def test_a_form_of_another_site_changes_nothing(home: Home, wei: Person, halls: dict[str, Hall]) -> None:
    answer = wei.client.post("/markets/37060201/approve", data={"compared": "yes"})
    assert answer.status_code == 400
    assert boards.one(home, "37060201").state == "pending"  # type: ignore[union-attr]
