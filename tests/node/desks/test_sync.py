"""The three honest facts, what was refused, and health."""

from __future__ import annotations

import sqlite3

from node.app import create_app
from node.market import records
from tests.node.homes import NOW, Hall, Province

MINUTE = 60_000


def test_a_hall_that_never_enrolled_says_so(hall: Hall) -> None:
    desk = hall.desk("admin").get("/sync")
    assert "还没有接入省平台，本市场照常工作" in desk.words and "enrol --hub" in desk.words
    assert "已保存在本市场，未接入省平台" in desk.words
    assert "enrol --hub" not in hall.desk("s1").get("/sync").words


def test_confirmed_waiting_and_trouble_are_told_apart(hall: Hall, province: Province) -> None:
    hall.account("s1")
    province.confirm(NOW // 1000 + 60)
    hall.clock.ms = NOW + 30 * MINUTE
    desk = hall.desk()
    assert "已由省平台确认 06:31" in desk.get("/sync").words
    hall.worker()
    hall.worker()
    desk.get("/today")
    assert "待上报" in desk.words and "最早 07:00" in desk.words and "已由省平台确认 06:31" in desk.words
    province.set(sync_error="unreachable", sync_error_at=str(NOW + 31 * MINUTE), sync_last_try=str(NOW))
    desk.get("/sync")
    assert (
        "暂时连不上省平台，本市场照常工作" in desk.words and "Y-" not in desk.words.split("最近一次")[0][-40:]
    )
    assert "需要处理" not in desk.words.split("需要处理的记录")[0]
    province.set(sync_error="fork")
    assert "需要处理：发现两份互相矛盾的历史" in desk.get("/today").words


def test_fingerprint_words_stand_there_while_approval_is_waited_for(hall: Hall, province: Province) -> None:
    province.set(hub_state="pending", hub_words="山 水 云 木 火 石")
    desk = hall.desk().get("/sync")
    assert "等省平台批准" in desk.words and all(word in desk.words for word in "山水云木火石")


def test_a_round_is_asked_for(hall: Hall, province: Province) -> None:
    desk = hall.desk(sync=True).get("/sync")
    desk.post("/sync/now")
    assert hall.calls == ["now"] and "正在上报" in desk.words
    desk = hall.desk().get("/sync")
    assert "本机没有开自动上报" in desk.post("/sync/now").words


def test_a_refused_change_is_listed_with_its_reason_and_mended(hall: Hall, province: Province) -> None:
    id = hall.worker("单雄信")
    records.save(hall.home, "s1", "worker", id, {"expected_pay": 99900})
    leaf = hall.get("worker", id).heads[0]
    province.judge(leaf, "refused", "pay_unlikely", "期望日薪与常理不符，请核对")
    desk = hall.desk().get("/sync")
    assert "期望日薪与常理不符，请核对" in desk.words and "修改后重新提交" in desk.words
    assert "省平台退回" in desk.get("/today").words and "需要处理：省平台退回 1 条" in desk.words
    assert hall.get("worker", id).fields.get("expected_pay") is None
    assert "省平台退回：期望日薪与常理不符" in desk.get(f"/workers/{id}").words
    records.save(hall.home, "s1", "worker", id, {"expected_pay": 19900})
    assert "没有被退回的记录" in desk.get("/sync").words
    assert "省平台退回" not in desk.get("/today").words


def test_a_refused_first_entry_is_offered_again_as_a_new_record(hall: Hall, province: Province) -> None:
    employer = hall.employer("重名公司", verified=False)
    leaf = hall.get("employer", employer).heads[0]
    province.judge(leaf, "refused", "employer_blacklisted")
    desk = hall.desk().get("/sync")
    assert "重名公司" in desk.words and "欠薪失信名单" in desk.words
    href = desk.page.split("修改后重新提交")[0].rsplit('href="', 1)[1].split('"')[0]
    desk.get(href)
    assert 'value="重名公司"' in desk.page
    code = desk.page.split('name="code"')[0].rsplit('value="', 1)[1].split('"')[0]
    desk.send(href, {"name": "重名公司（改）", "form": "company", "code": code})
    assert desk.status == 200
    assert "没有被退回的记录" in desk.get("/sync").words


def test_a_refusal_may_be_put_aside_with_a_reason(hall: Hall, province: Province) -> None:
    id = hall.worker()
    province.judge(hall.get("worker", id).heads[0], "held", "too_many")
    desk = hall.desk().get("/sync")
    assert "省平台暂缓" in desk.words
    leaf = desk.page.split('name="leaf" value="')[1].split('"')[0]
    assert "Y-2011" in desk.post("/sync/refused", leaf=leaf, reason="").words
    desk.post("/sync/refused", leaf=leaf, reason="已电话说明")
    assert "没有被退回的记录" in desk.words


def test_a_store_older_than_what_was_signed_takes_no_entries_and_loses_none(hall: Hall) -> None:
    desk = hall.desk().get("/workers/new")
    ahead = hall.home.lock.newest()
    assert ahead
    kept = hall.home.lock.path.read_bytes()
    hall.home.lock.advance(ahead.origin, ahead.size + 5, bytes(32), b"note")
    form = {"name": "单雄信", "id_type": "none", "consent": "yes", "consent_method": "paper"}
    desk.send("/workers/new", form)
    assert desk.status == 422 and "Y-3003" in desk.words and 'value="单雄信"' in desk.page
    assert "正在核对数据，暂存草稿" in desk.get("/today").words
    hall.home.lock.path.write_bytes(kept)


def test_health_is_whether_the_store_can_be_written(hall: Hall, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    client = create_app(hall.home).test_client()
    assert (client.get("/healthz").status_code, client.get("/healthz").json) == (200, {"ok": True})
    hall.home.store.db.run("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(hall.home.path / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = client.get("/healthz")
    other.execute("ROLLBACK")
    other.close()
    assert answer.status_code == 503 and answer.json["code"] == "store_busy"


def test_a_locked_store_is_a_sentence_and_the_form_stays(hall: Hall) -> None:
    desk = hall.desk().get("/workers/new")
    hall.home.store.db.run("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(hall.home.path / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    form = {"name": "单雄信", "id_type": "none", "consent": "yes", "consent_method": "paper"}
    desk.send("/workers/new", form)
    other.execute("ROLLBACK")
    other.close()
    assert desk.status == 422 and "Y-4011" in desk.words and 'value="单雄信"' in desk.page
