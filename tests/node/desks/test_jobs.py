"""Employers, postings and the generic pages: who may do what, and what review protects."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from common.errors import Refused
from node.market import actors, jobs, records
from tests.node.homes import TODAY, Hall, Province, uscc

JOB = {
    "title": "卸货小工", "trade": "0401", "headcount": "4", "start_date": TODAY, "pay": "200",
    "pay_unit": "day", "pay_timing": "same_day",
}  # fmt: skip


def only(hall: Hall, kind: str) -> str:
    (one,) = hall.home.store.each(kind)
    return one.id


def test_an_employer_a_posting_a_review_and_seats(hall: Hall) -> None:
    desk = hall.desk("s1").get("/records/employer/new")
    desk.send("/records/employer/new", {"name": "李家早餐铺", "form": "sole_trader", "code": uscc(5).lower()})
    employer = only(hall, "employer")
    assert "还没有核验" in desk.words and "核验通过" not in desk.words
    desk.get(f"/records/job/new?employer={employer}")
    assert "李家早餐铺" in desk.page
    desk.send("/records/job/new", JOB | {"employer": employer})
    job = only(hall, "job")
    assert "草稿" in desk.words
    desk.post(f"/jobs/{job}/submit")
    assert "待审核" in desk.words and "审核通过" not in desk.words
    assert desk.post(f"/jobs/{job}/publish").status == 403
    reviewer = hall.desk("rev").get("/today")
    assert "岗位待审核" in reviewer.words
    reviewer.get(f"/records/job/{job}").post(f"/jobs/{job}/publish")
    assert reviewer.status == 409 and "Y-2019" in reviewer.words
    reviewer.get(f"/records/employer/{employer}").post(f"/jobs/employers/{employer}/verify", how="licence")
    assert "已记下核验" in reviewer.words and "李审核" in reviewer.words
    reviewer.get(f"/records/job/{job}").post(f"/jobs/{job}/publish")
    assert "已发布" in reviewer.words and "还有 4 个名额" in reviewer.words
    assert "4 / 4" in desk.get("/jobs").words
    assert (
        "卸货小工" in desk.get("/jobs?q=xhxg").words and "卸货小工" not in desk.get("/jobs?state=draft").words
    )


def test_nobody_reviews_his_own_entry(hall: Hall) -> None:
    desk = hall.desk("rev").get("/records/employer/new")
    desk.send("/records/employer/new", {"name": "自己录的", "form": "company", "code": uscc(5)})
    employer = only(hall, "employer")
    desk.post(f"/jobs/employers/{employer}/verify", how="site")
    assert desk.status == 409 and "Y-2021" in desk.words


def test_a_published_posting_that_is_changed_goes_back_to_review(hall: Hall) -> None:
    job = hall.job()
    desk = hall.desk().get(f"/records/job/{job}/edit")
    fields = hall.get("job", job).fields
    form = JOB | {"employer": fields["employer"], "title": fields["title"], "trade": "0109", "headcount": "9"}
    desk.send(f"/records/job/{job}/edit", form | {"hours_from": "07:00", "hours_to": "17:00", "pay": "260"})
    assert desk.status == 200 and hall.get("job", job).fields["state"] == "review"


def test_a_renamed_employer_is_verified_again(hall: Hall) -> None:
    employer = hall.employer("老名字")
    fields = hall.get("employer", employer).fields
    desk = hall.desk().get(f"/records/employer/{employer}/edit")
    desk.send(
        f"/records/employer/{employer}/edit", {"name": "新名字", "form": "company", "code": fields["code"]}
    )
    assert "还没有核验" in desk.words and not hall.get("employer", employer).fields.get("verified")


def test_a_code_with_a_wrong_check_digit_needs_a_reason(hall: Hall) -> None:
    wrong = uscc(5)[:-1] + ("0" if uscc(5)[-1] != "0" else "1")
    desk = hall.desk().get("/records/employer/new")
    form = {"name": "老企业", "form": "company", "code": wrong}
    desk.send("/records/employer/new", form)
    assert desk.status == 422 and "Y-1213" in desk.words and wrong in desk.page
    desk.send("/records/employer/new", form | {"_reason.uscc_checksum": "执照如此"})
    assert desk.status == 200 and "执照如此" in desk.words


def test_words_about_fees_keep_a_posting_from_being_published(hall: Hall) -> None:
    desk = hall.desk().get("/records/job/new")
    form = JOB | {"employer": hall.employer(), "content": "交押金 200"}
    desk.send("/records/job/new", form)
    assert desk.status == 422 and "Y-2013" in desk.words
    desk.send("/records/job/new", form | {"_reason.fee_words": "待改"})
    job = only(hall, "job")
    desk.post(f"/jobs/{job}/submit")
    reviewer = hall.desk("rev").get(f"/records/job/{job}")
    reviewer.post(f"/jobs/{job}/publish")
    assert reviewer.status == 409 and "Y-2013" in reviewer.words
    assert hall.get("job", job).fields["state"] == "review"


def test_visits_are_browsed_and_found_by_who_came(hall: Hall) -> None:
    worker = hall.worker("单雄信")
    records.save(
        hall.home, "s1", "visit", None, {"worker": worker, "service": "seek", "date": TODAY, "time": "06:40"}
    )
    records.save(hall.home, "s1", "visit", None, {"service": "rights", "date": TODAY})
    desk = hall.desk().get("/records/visit")
    assert "单雄信" in desk.words and "维权" in desk.words.split("状态")[0] and "共 2 条" in desk.words
    assert desk.get("/records/visit?service=seek").page.count('scope="row"') == 1
    assert desk.get("/records/visit?q=sxx").page.count('scope="row"') == 1


def test_a_field_of_a_newer_program_is_shown_as_it_is(hall: Hall) -> None:
    """Another version wrote a field nobody here knows: it is kept, shown raw, and an edit leaves it alone."""
    province, id = Province(hall), hall.clock.new_id()
    fields = {"name": "新程序", "form": "company", "code": uscc(9), "credit_grade": "AAA"}
    province.relay("employer", id, fields, ())
    desk = hall.desk().get(f"/records/employer/{id}")
    assert "AAA" in desk.words and "由较新版本写入" in desk.words and "来自省平台" in desk.words
    desk.get(f"/records/employer/{id}/edit")
    desk.send(f"/records/employer/{id}/edit", {"name": "改名", "form": "company", "code": uscc(9)})
    assert hall.get("employer", id).fields["credit_grade"] == "AAA"


def test_kinds_that_are_not_the_halls_are_not_shown(hall: Hall) -> None:
    for kind in ("staff", "verdict", "register", "nonsense"):
        assert hall.desk().get(f"/records/{kind}").status == 404


def test_what_has_a_desk_of_its_own_leads_there(hall: Hall) -> None:
    worker = hall.worker()
    desk = hall.desk()
    assert desk.get("/records/worker").at == "/workers"
    assert desk.get(f"/records/worker/{worker}").at == f"/workers/{worker}"
    assert desk.get(f"/records/worker/{worker}/edit").at == f"/workers/{worker}/edit"
    assert desk.get("/records/contract/new").at == "/contracts/new"


def test_nobody_publishes_or_verifies_what_he_did_not_see(hall: Hall) -> None:
    """A clerk writes on after the reviewer opened the page: he is shown it as it is, and looks again."""
    job, employer = hall.job(published=False), hall.employer(verified=False, name="旧名")
    hall.desk().get(f"/records/job/{job}").post(f"/jobs/{job}/submit")
    reviewer = hall.desk("rev").get(f"/records/job/{job}")
    records.save(hall.home, "s1", "job", job, {"pay": 1000}, reasons={"below_minimum_wage": "试"})
    reviewer.post(f"/jobs/{job}/publish")
    assert reviewer.status == 409 and "￥10.00" in reviewer.words
    assert hall.get("job", job).fields["state"] == "review"
    reviewer.post(f"/jobs/{job}/publish")
    assert hall.get("job", job).fields["state"] == "published"
    reviewer.get(f"/records/employer/{employer}")
    records.save(hall.home, "s1", "employer", employer, {"name": "新名"})
    reviewer.post(f"/jobs/employers/{employer}/verify", how="licence")
    assert reviewer.status == 409 and "新名" in reviewer.words
    reviewer.send(f"/jobs/employers/{employer}/verify", {"how": "licence", "_drawn": "broken"})
    assert reviewer.status == 409 and not hall.get("employer", employer).fields.get("verified")
    reviewer.post(f"/jobs/employers/{employer}/verify", how="licence")
    assert hall.get("employer", employer).fields["verified"]["by"] == "李审核"


def test_a_decision_needs_whom_the_act_would_need(hall: Hall, province: Province) -> None:
    employer = hall.employer(verified=False)
    root = hall.get("employer", employer).heads
    seen = {"by": "外", "time": 1_796_077_800_000, "how": "site"}
    jobs.verify_employer(hall.home, "rev", "李审核", employer, "licence")
    province.relay("employer", employer, {"verified": seen, "retired": False}, root)
    record = hall.get("employer", employer)
    leaf = record.conflicts["verified"][0]["leaf"]

    def decide(login: str, role: str) -> str:
        try:
            now = hall.get("employer", employer)
            picked = {"verified": leaf}
            records.decide(hall.home, login, role, "employer", employer, picked, "看过", now.heads, {})
        except Refused as error:
            return error.code
        return "done"

    assert decide("s2", "clerk") == "not_allowed"  # no reviewer
    assert decide("s1", "manager") == "not_allowed"  # he wrote it
    assert decide("rev", "reviewer") == "done"


def test_only_a_manager_decides_whether_a_record_is_retired(hall: Hall, province: Province) -> None:
    id = hall.worker()
    first = hall.get("worker", id).heads
    records.retire(hall.home, "admin", "worker", id, "重复")
    province.relay("worker", id, {"retired": False}, first)
    now = hall.get("worker", id)
    assert not now.retired and now.conflicts["retired"]
    pick = {"retired": now.conflicts["retired"][0]["leaf"]}
    for role in ("clerk", "reviewer"):
        with pytest.raises(Refused, match="manager") as refused:
            records.decide(hall.home, "s2", role, "worker", id, pick, "看过", now.heads, {})
        assert refused.value.code == "not_allowed"
    records.decide(hall.home, "admin", "manager", "worker", id, pick, "看过", now.heads, {})
    assert not hall.get("worker", id).conflicts


def test_a_market_names_only_its_own_staff(hall: Hall) -> None:
    def rows(kind: str) -> list[Any]:
        odd = [{"actor": [1], "name": "甲", "market": {}}, {"actor": 5, "name": None, "market": 7}]
        fields = [*odd, {"actor": "37130201.s1", "name": "假冒", "market": "37130202"}]
        return [SimpleNamespace(fields=one, owner="37130202") for one in fields]

    home = hall.home
    store = SimpleNamespace(reading=home.store.reading, each=rows)
    tell = actors.who(SimpleNamespace(store=store, market=home.market, name=home.name))  # type: ignore[arg-type]
    assert tell("37130201.s1") == ("s1", "兰山零工市场") and tell("37130202.s1") == ("s1", "假冒")
