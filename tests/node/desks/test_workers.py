"""Registering, finding and looking after workers, through the pages."""

from __future__ import annotations

import re

from node.local import LocalAudit
from node.market import records
from tests.node.homes import Hall, Province, id_number

FORM = {
    "name": "单雄信", "id_number": id_number(7), "phone": "13905390000", "expected_pay": "260",
    "id_type": "resident", "trades": "0109", "consent": "yes", "consent_method": "paper",
}  # fmt: skip


def ids(hall: Hall) -> list[str]:
    return [one.id for one in hall.home.store.each("worker")]


def test_six_fields_make_a_worker(hall: Hall) -> None:
    desk = hall.desk().get("/workers/new")
    desk.send("/workers/new", FORM | {"then": "page"})
    assert desk.status == 200
    assert "已登记 单雄信，已保存在本市场" in desk.words
    assert "1980年1月5日" in desk.words and "女" not in desk.words.split("历史")[0]
    fields = hall.get("worker", ids(hall)[0]).fields
    assert fields["expected_pay"] == 26000
    assert fields["consent"]["version"] == "2026-1" and fields["consent"]["method"] == "paper"


def test_an_id_number_may_hold_blanks_full_width_digits_and_a_small_x(hall: Hall) -> None:
    number = next(n for n in map(id_number, range(100, 200)) if n.endswith("X"))
    typed = f" {number[:6]} {number[6:14]}　{number[14:17]}ｘ".replace("1", "１", 2)
    desk = hall.desk().get("/workers/new").send("/workers/new", FORM | {"id_number": typed})
    assert desk.status == 200
    assert hall.get("worker", ids(hall)[0]).fields["id_number"] == number


def test_a_wrong_number_is_told_beside_its_field_and_nothing_is_lost(hall: Hall) -> None:
    desk = hall.desk().get("/workers/new")
    wrong = FORM["id_number"][:-1] + ("0" if FORM["id_number"][-1] != "0" else "1")
    desk.send("/workers/new", FORM | {"id_number": wrong})
    assert desk.status == 422
    assert "身份证号校验位不对，请核对最后一位（Y-1203）" in desk.words
    for typed in ("单雄信", wrong, "13905390000"):
        assert f'value="{typed}"' in desk.page
    assert re.search(r'name="trades" value="0109" checked', desk.page)
    assert re.search(r'name="consent" value="yes" checked', desk.page)
    assert not ids(hall)


def test_nobody_is_saved_without_consent(hall: Hall) -> None:
    desk = hall.desk().get("/workers/new")
    desk.send("/workers/new", {name: value for name, value in FORM.items() if name != "consent"})
    assert desk.status == 422 and "Y-2007" in desk.words and not ids(hall)


def test_a_known_number_needs_a_reason_first(hall: Hall) -> None:
    first = hall.worker("单雄信", id_number=FORM["id_number"])
    desk = hall.desk().get("/workers/new")
    desk.send("/workers/new", FORM)
    assert desk.status == 422 and "疑似同一人" in desk.words and ids(hall) == [first]
    desk.send("/workers/new", FORM | {"_reason.possible_same_person": "双胞胎登记错号，待核"})
    assert desk.status == 200 and len(ids(hall)) == 2
    assert hall.get("worker", max(ids(hall))).fields["reasons"] == {
        "possible_same_person": "双胞胎登记错号，待核"
    }


def test_while_typing_the_page_says_birth_sex_and_who_has_the_number(hall: Hall) -> None:
    first = hall.worker("单雄信", id_number=id_number(7), phone="13905390000")
    desk = hall.desk().get("/workers/new")
    token = desk.token
    desk.client.post("/workers/tell", data={"csrf_token": token, "id_number": id_number(8)[:10]})
    told = desk.client.post("/workers/tell", data={"csrf_token": token, "id_number": id_number(7)}).text
    assert "1980年1月5日" in told and "男" in told and "46 岁" in told
    assert "疑似同一人" in told and first in told
    shared = desk.client.post("/workers/tell", data={"csrf_token": token, "phone": "139 0539 0000"}).text
    assert "也登记在" in shared and first in shared


def test_workers_are_found_by_any_part_initials_and_tails(hall: Hall) -> None:
    hall.worker("单雄信", id_number=id_number(7), phone="13905391234")
    hall.worker("欧阳䶮", id_number=id_number(8), phone="13905395678")
    desk = hall.desk()
    for typed in ("单雄信", "雄信", "信", "sxx", id_number(7)[-4:], "1234", "１２３４", id_number(7).lower()):
        desk.get(f"/workers?q={typed}")
        assert "单雄信" in desk.words and "欧阳" not in desk.words, typed
    assert "没有符合条件的零工" in desk.get("/workers?q=不存在").words
    assert "欧阳䶮" in desk.get("/workers?q=䶮").words
    for oracle in (
        "4",
        "34",
        "234",
        "~4321",
        "～4",
        id_number(7)[-3:],
    ):
        assert "单雄信" not in desk.get(f"/workers?q={oracle}").words, oracle
        assert "单雄信" not in desk.get(f"/lookup/worker?q={oracle}").answer.get_data(as_text=True), oracle


def test_lists_turn_by_key_and_keep_their_filter(hall: Hall) -> None:
    for number in range(70):
        hall.worker(f"工人{number:03}", trades=["0109"] if number % 2 else ["0401"])
    desk = hall.desk().get("/workers")
    seen = re.findall(r"工人\d{3}", desk.words)
    assert len(seen) == records.PAGE and seen[0] == "工人069"
    older = re.search(r'rel="next" href="([^"]+)"', desk.page)
    assert older
    desk.get(older[1].replace("&amp;", "&"))
    assert re.findall(r"工人\d{3}", desk.words)[0] == "工人039"
    newer = re.search(r'rel="prev" href="([^"]+)"', desk.page)
    assert newer
    assert re.findall(r"工人\d{3}", desk.get(newer[1]).words) == seen
    desk.get("/workers?trade=0401")
    assert len(re.findall(r"工人\d{3}", desk.words)) == 30 and "工人069" not in desk.words
    assert "trade=0401&amp;after=" in desk.page


def test_a_cursor_that_is_none_is_a_sentence(hall: Hall) -> None:
    desk = hall.desk().get("/workers?after=x'--")
    assert desk.status == 400 and "Y-5011" in desk.words


def test_numbers_are_masked_until_a_reason_is_given(hall: Hall) -> None:
    id = hall.worker(id_number=id_number(7), phone="13905391234")
    desk = hall.desk().get(f"/workers/{id}")
    assert id_number(7) not in desk.page and "13905391234" not in desk.page
    where = f"/records/worker/{id}/full/id_number"
    assert desk.get(where).status == 200 and id_number(7) not in desk.page
    desk.post(where, reason=" ")
    assert desk.status == 422 and "Y-2011" in desk.words and not LocalAudit.select().count()
    desk.post(where, reason="当面核对")
    assert "".join(re.findall(r"<span>(\w+)</span>", desk.page.split("hall-full")[1])) == id_number(7)
    row = LocalAudit.get()
    assert (row.actor, row.act, row.record, row.why) == ("37130201.s1", "full:id_number", id, "当面核对")
    assert desk.get(f"/records/worker/{id}/full/name").status == 404


def test_two_clerks_edit_one_worker_and_nothing_is_lost(hall: Hall) -> None:
    id = hall.worker("单雄信", address="老街 1 号")
    one, two = hall.desk("s1"), hall.desk("s2")
    one.get(f"/workers/{id}/edit")
    two.get(f"/workers/{id}/edit")
    form = {"name": "单雄信", "id_type": "resident", "trades": "0109"}
    one.send(f"/workers/{id}/edit", form | {"expected_pay": "300", "education": "60"})
    assert one.status == 200
    two.send(f"/workers/{id}/edit", form | {"expected_pay": "280", "radius_km": "20"})
    assert two.status == 422
    assert "张窗口" in two.words and "Y-2041" in two.words  # who was faster
    assert "￥300.00" in two.words and 'value="280"' in two.page and 'value="20"' in two.page
    two.send(f"/workers/{id}/edit", form | {"expected_pay": "280", "radius_km": "20", "education": "60"})
    assert two.status == 200
    fields = hall.get("worker", id).fields
    assert (fields["expected_pay"], fields["radius_km"], fields["education"]) == (28000, 20, "60")
    assert fields["address"] == "老街 1 号" and not hall.get("worker", id).conflicts


def test_an_edit_without_a_change_writes_nothing(hall: Hall) -> None:
    id = hall.worker("单雄信")
    desk = hall.desk().get(f"/workers/{id}/edit")
    size = hall.home.log.size
    desk.send(f"/workers/{id}/edit", {"name": "单雄信", "id_type": "resident", "trades": "0109"})
    assert "内容没有变化" in desk.words and hall.home.log.size == size


def test_a_visit_is_counted_once_in_ten_minutes(hall: Hall) -> None:
    id = hall.worker()
    desk = hall.desk().get(f"/workers/{id}")
    desk.post("/visits", worker=id, service="seek")
    assert "已记一次到访" in desk.words
    desk.post("/visits", worker=id, service="seek")
    assert "没有重复记" in desk.words and hall.home.store.count("visit") == 1
    desk.get("/today").post("/visits", service="consult")
    assert hall.home.store.count("visit") == 2


def test_the_page_tells_who_when_where_and_how_far(hall: Hall, province: Province) -> None:
    id = hall.worker("单雄信")
    desk = hall.desk().get(f"/workers/{id}")
    assert "张窗口" in desk.words and "兰山零工市场" in desk.words and "已保存在本市场" in desk.words
    province.confirm()
    assert "已由省平台确认 06:32" in desk.get(f"/workers/{id}").words


def test_a_conflict_stands_in_three_columns_and_is_decided(hall: Hall, province: Province) -> None:
    id = hall.worker("单雄信", expected_pay=20000)
    root = hall.get("worker", id).heads
    records.save(hall.home, "s1", "worker", id, {"expected_pay": 26000})
    province.relay("worker", id, {"expected_pay": 30000}, root)
    assert "两处修改不一致" in hall.desk().get("/today").words
    desk = hall.desk("s2").get(f"/workers/{id}")
    for text in ("￥200.00", "￥260.00", "￥300.00", "市场 37130202", "兰山零工市场"):
        assert text in desk.words
    leaf = next(
        side["leaf"] for side in hall.get("worker", id).conflicts["expected_pay"] if side["value"] == 30000
    )
    desk.send(f"/records/worker/{id}/decide", {"pick.expected_pay": leaf, "reason": ""})
    assert "Y-2011" in desk.words and hall.get("worker", id).conflicts
    desk.send(f"/records/worker/{id}/decide", {"pick.expected_pay": leaf, "reason": "本人确认"})
    record = hall.get("worker", id)
    assert record.fields["expected_pay"] == 30000 and not record.conflicts and len(record.heads) == 1
    assert "处理不一致" in desk.words and "本人确认" in desk.words


def test_a_conflict_may_go_back_to_what_stood_before(hall: Hall, province: Province) -> None:
    id = hall.worker("单雄信", expected_pay=20000)
    root = hall.get("worker", id).heads
    records.save(hall.home, "s1", "worker", id, {"expected_pay": 26000})
    province.relay("worker", id, {"expected_pay": 30000}, root)
    desk = hall.desk().get(f"/workers/{id}")
    desk.send(f"/records/worker/{id}/decide", {"pick.expected_pay": "base", "reason": "都不对"})
    assert hall.get("worker", id).fields["expected_pay"] == 20000


def test_a_manager_retires_and_takes_back(hall: Hall) -> None:
    id = hall.worker()
    clerk = hall.desk("s1").get(f"/workers/{id}/edit")
    assert clerk.post(f"/records/worker/{id}/retire", reason="重复").status == 403
    desk = hall.desk("admin").get(f"/workers/{id}")
    desk.post(f"/records/worker/{id}/retire", reason="重复登记")
    assert "已停用" in desk.words and hall.get("worker", id).retired
    clerk.send(f"/workers/{id}/edit", {"name": "新名", "id_type": "resident"})
    assert clerk.status == 422 and hall.get("worker", id).fields["name"] == "周胜春"
    desk.post(f"/records/worker/{id}/retire", reason="弄错了", back="yes")
    assert not hall.get("worker", id).retired


def test_the_slip_masks_numbers_and_carries_a_proof(hall: Hall) -> None:
    id = hall.worker("单雄信", id_number=id_number(7))
    desk = hall.desk().get(f"/workers/{id}/slip")
    assert "零工登记回执" in desk.words and "待省平台确认" in desk.words and id_number(7) not in desk.page
    assert desk.get(f"/records/worker/{id}/qr-proof.svg").answer.mimetype == "image/svg+xml"


def test_who_is_not_here_is_a_sentence(hall: Hall) -> None:
    for path in ("/workers/nothing", "/workers/01939f3e-0000-7000-8000-000000000000", "/records/nothing"):
        desk = hall.desk().get(path)
        assert desk.status == 404 and "代码 Y-" in desk.words and "Traceback" not in desk.page
