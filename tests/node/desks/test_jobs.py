"""Employers, postings and the generic pages: who may do what, and what review protects."""

from __future__ import annotations

from node.market import records
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
