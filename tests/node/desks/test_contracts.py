"""From job and worker to a paper, through the pages."""

from __future__ import annotations

import re

from common.data.trades import TRADES
from common.log import paper, proof
from common.log import payload as payloads
from node.local import LocalAudit
from node.market import contracts, papers, terms
from tests.node.homes import TODAY, Desk, Hall, Province, id_number

SIGN = {"worker": "yes", "worker_method": "wet", "employer": "yes", "employer_method": "pad"}


def only(hall: Hall) -> str:
    (one,) = hall.home.store.each("contract")
    return one.id


def form_of(desk: Desk) -> dict[str, str]:
    """The values that stand in the plain controls of the open page."""
    form = dict(re.findall(r'<input class="yz-input"[^>]*?value="([^"]*)"[^>]*?name="([a-z_]+)"', desk.page))
    form = {name: value for value, name in form.items()}
    for name, body in re.findall(
        r'<select class="yz-input"[^>]*name="([a-z_]+)".*?>(.*?)</select>', desk.page, re.S
    ):
        chosen = re.search(r'value="([^"]*)" selected', body)
        form[name] = chosen[1] if chosen else ""
    for name, text in re.findall(r'<textarea[^>]*name="([a-z_]+)"[^>]*>(.*?)</textarea>', desk.page, re.S):
        form[name] = text
    return form


def test_from_a_worker_to_a_signed_paper(hall: Hall) -> None:
    worker, job = hall.worker("单雄信", id_number=id_number(7)), hall.job(insurance_by="employer")
    desk = hall.desk().get(f"/contracts/new?worker={worker}")
    assert "工地小工" in desk.words and "单雄信" in desk.words
    desk.get(f"/contracts/new?worker={worker}&job={job}")
    form = form_of(desk)
    assert (form["pay"], form["start_date"], form["form"], form["worker"]) == (
        "260",
        TODAY,
        "service",
        worker,
    )
    desk.send("/contracts/new", form)
    assert "已拟好合同" in desk.words and "草稿" in desk.words
    id = only(hall)
    desk.send(f"/contracts/{id}/sign", SIGN)
    assert desk.at == f"/contracts/{id}/print"
    record = hall.get("contract", id)
    assert record.fields["state"] == "in_force" and record.fields["worker_name"] == "单雄信"
    assert (
        record.fields["signed_worker"]["method"] == "wet"
        and record.fields["signed_employer"]["method"] == "pad"
    )
    assert record.fields["number"] in desk.words and id_number(7) in desk.words
    assert "待省平台确认" in desk.words and "12333" in desk.words
    assert papers.proof_of(hall.home, "contract", id).leaf.hex()[:40] in desk.words
    assert LocalAudit.get().act == "print"


def test_the_two_codes_hold_the_proof_and_the_terms(hall: Hall, province: Province) -> None:
    id = hall.contract()
    for confirmed in (False, True):
        made = papers.proof_of(hall.home, "contract", id)
        assert made.confirmed is confirmed
        cosigner = province.cosigner.verifier if confirmed else None
        first, second = papers.code_texts(made)
        entry, index, head = proof.check(paper.unpack_proof(first), hall.home.key.verifier, cosigner)
        assert (index, head.origin) == (made.index, hall.home.origin)
        payload = paper.unpack_payload(second)
        said = payloads.parse(payload)
        assert len(payload) <= 1024 and said["state"] == "in_force"
        fields = hall.get("contract", id).fields
        for name in (
            "number",
            "worker_name",
            "employer_name",
            "start_date",
            "pay",
            "pay_unit",
            "text_sha256",
        ):
            assert said[name] == fields[name]
        province.confirm()
    assert "已由省平台确认" in hall.desk().get(f"/contracts/{id}/print").words


def test_a_payload_stays_below_a_kibibyte_with_the_longest_names(hall: Hall) -> None:
    worker = hall.worker("阿卜杜勒" * 12)
    id = hall.contract(worker, hall.job(hall.employer("长" * 100)))
    made = papers.proof_of(hall.home, "contract", id)
    assert made.payload is not None and len(made.payload) <= 1024
    assert hall.desk().get(f"/records/contract/{id}/qr-payload.svg").status == 200


def test_only_the_payload_that_is_printed_is_drawn_as_a_code(hall: Hall) -> None:
    """A worker's payload holds the whole number: no code shows it past the log of who looked."""
    desk = hall.desk()
    worker, draft = hall.worker(), hall.contract(signed=False)
    for path in (f"worker/{worker}", f"contract/{draft}", f"job/{hall.job()}"):
        assert desk.get(f"/records/{path}/qr-payload.svg").status == 403, path
        assert desk.get(f"/records/{path}/qr-proof.svg").status == 200, path
    assert "qr-payload" not in desk.get(f"/contracts/{draft}/print").page


def test_the_digest_on_the_paper_is_that_of_its_text(hall: Hall) -> None:
    id = hall.contract()
    fields = hall.get("contract", id).fields
    assert terms.digest(fields, fields["worker_name"], fields["employer_name"]) == fields["text_sha256"]
    assert (
        terms.digest(fields | {"pay": 1}, fields["worker_name"], fields["employer_name"])
        != fields["text_sha256"]
    )


def test_every_form_has_a_text_without_holes(hall: Hall) -> None:
    for form, label in contracts.Contract.fields["form"].choices:
        fields = {
            "form": form,
            "number": "N",
            "trade": "0109",
            "pay": 26000,
            "pay_unit": "day",
            "start_date": TODAY,
        }
        assert terms.title(fields) == label
        lines = terms.clauses(fields, "甲", "乙")
        assert 8 <= len(lines) <= 12 and not any("{" in line or "None" in line for line in lines)


def test_signing_goes_worker_first_then_employer(hall: Hall) -> None:
    id = hall.contract(signed=False)
    desk = hall.desk().get(f"/contracts/{id}")
    desk.send(f"/contracts/{id}/sign", {"employer": "yes", "employer_method": "wet"})
    assert desk.status == 422 and "Y-2026" in desk.words
    desk.get(f"/contracts/{id}").send(f"/contracts/{id}/sign", {})
    assert desk.status == 422 and "Y-2024" in desk.words
    desk.get(f"/contracts/{id}").send(
        f"/contracts/{id}/sign", {"worker": "yes", "worker_method": "fingerprint"}
    )
    assert "零工已签" in desk.words and hall.get("contract", id).fields["state"] == "worker_signed"
    desk.send(f"/contracts/{id}/edit", form_of(desk.get(f"/contracts/{id}/edit")) | {"pay": "300"})
    assert desk.status == 422 and "Y-2025" in desk.words
    desk.get(f"/contracts/{id}").send(f"/contracts/{id}/sign", {"employer": "yes", "employer_method": "wet"})
    assert hall.get("contract", id).fields["state"] == "in_force"


def test_a_draft_may_change_and_may_be_cancelled(hall: Hall) -> None:
    id = hall.contract(signed=False)
    desk = hall.desk().get(f"/contracts/{id}/edit")
    desk.send(f"/contracts/{id}/edit", form_of(desk) | {"pay": "300.50"})
    assert hall.get("contract", id).fields["pay"] == 30050
    assert "合同未签" in desk.get("/today").words
    desk.get(f"/contracts/{id}").post(f"/contracts/{id}/cancel", reason=" ")
    assert "Y-2011" in desk.words
    desk.post(f"/contracts/{id}/cancel", reason="用工方不招了")
    assert "已撤销" in desk.words and "用工方不招了" in desk.words
    assert "合同未签" not in desk.get("/today").words.split("待办")[1]
    desk.get(f"/contracts/{id}/print")
    assert "已撤销，未生效" in desk.words and "qr-proof" not in desk.page
    desk.get("/contracts?tab=cancelled")
    assert hall.get("contract", id).fields["number"][9:] in desk.words


def test_rules_say_their_sentence_and_keep_what_was_typed(hall: Hall) -> None:
    job = hall.job()
    young = hall.worker("小明", id_number=id_number(3, "20120101"))
    desk = hall.desk().get(f"/contracts/new?worker={young}&job={job}")
    desk.send("/contracts/new", form_of(desk) | {"place": "南山工地"})
    assert desk.status == 422 and "Y-2001" in desk.words and 'value="南山工地"' in desk.page
    grown = hall.worker("大明")
    hall.contract(grown, job)
    desk.get(f"/contracts/new?worker={grown}&job={job}")
    form = form_of(desk)
    desk.send("/contracts/new", form)
    assert desk.status == 422 and "Y-2004" in desk.words
    desk.send("/contracts/new", form | {"hours_from": "19:00", "hours_to": "23:00"})
    assert desk.status == 422 and "Y-2005" in desk.words  # the same day: a reason is asked for
    late = {"hours_from": "19:00", "hours_to": "23:00", "_reason.overlapping_days": "夜班，本人同意"}
    desk.send("/contracts/new", form | late)
    assert desk.status == 200 and "已拟好合同" in desk.words


def test_pay_below_the_minimum_asks_for_a_reason_once(hall: Hall) -> None:
    worker, job = hall.worker(), hall.job()
    desk = hall.desk().get(f"/contracts/new?worker={worker}&job={job}")
    form = form_of(desk) | {"pay": "20"}
    desk.send("/contracts/new", form)
    assert desk.status == 422 and "Y-2010" in desk.words
    desk.send("/contracts/new", form | {"_reason.below_minimum_wage": "半天活"})
    id = only(hall)
    desk.send(f"/contracts/{id}/sign", SIGN)
    assert desk.status == 200 and hall.get("contract", id).fields["state"] == "in_force"


def test_whoever_was_hired_elsewhere_meanwhile_stops_the_signature(hall: Hall) -> None:
    worker, job = hall.worker(), hall.job()
    first, second = (hall.contract(worker, job, signed=False) for _ in range(2))
    desk = hall.desk().get(f"/contracts/{first}")
    desk.send(f"/contracts/{first}/sign", SIGN)
    desk.get(f"/contracts/{second}").send(f"/contracts/{second}/sign", SIGN)
    assert desk.status == 422 and "Y-2004" in desk.words
    assert hall.get("contract", second).fields["state"] == "draft"


def test_seats_run_out(hall: Hall) -> None:
    job = hall.job(headcount=1)
    hall.contract(job=job)
    worker = hall.worker()
    desk = hall.desk().get(f"/contracts/new?worker={worker}&job={job}")
    desk.send("/contracts/new", form_of(desk))
    assert desk.status == 422 and "Y-2022" in desk.words
    assert "已满" in desk.get("/contracts/new").words


def test_a_certificate_is_asked_for_where_the_trade_needs_one(hall: Hall) -> None:
    trade = next(code for code, one in TRADES.items() if one.certificate)
    job = hall.job(trade=trade)
    desk = hall.desk().get(f"/contracts/new?worker={hall.worker()}&job={job}")
    desk.send("/contracts/new", form_of(desk))
    assert desk.status == 422 and "Y-2003" in desk.words


def test_a_contract_without_a_posting(hall: Hall) -> None:
    desk = hall.desk().get("/contracts/new?direct=1")
    employer, worker = hall.employer(), hall.worker("单雄信")
    desk.get("/lookup/worker?q=sxx")
    found = desk.answer.json["items"]
    assert found[0]["id"] == worker and "********" in found[0]["note"]
    desk.get("/contracts/new?direct=1")
    form = form_of(desk) | {
        "worker": worker,
        "employer": employer,
        "trade": "0109",
        "pay": "200",
        "pay_unit": "day",
    }
    desk.send("/contracts/new", form)
    assert "已拟好合同" in desk.words


def test_the_receipt_of_other_records_is_that_of_the_newest_entry(hall: Hall) -> None:
    worker, desk = hall.worker(), hall.desk()
    made = papers.proof_of(hall.home, "worker", worker)
    assert made.leaf == hall.get("worker", worker).heads[0] and not made.confirmed
    answer = desk.get(f"/records/worker/{worker}/proof").answer
    assert answer.data == made.file and ".tlog-proof" in answer.headers["Content-Disposition"]
