"""Records: lists by keyset, numbers masked until a reason is given, and proof for every entry."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

import pytest

from common.errors import Tampered
from common.log import entry as entries
from common.log import proof
from common.log.payload import digest
from common.store import logs
from common.store.tables import Log
from hub.home import Home
from hub.local import LocalAudit
from hub.province import lookup, provenance
from tests.hub.roles.conftest import Person
from tests.hub.roles.halls import Clock, Hall, worker

NUMBER = "370705198503020018"


@pytest.fixture
def hall(home: Home) -> Hall:
    hall = Hall(home, "37130201", "兰山零工市场")
    hall.enrol()
    return hall


def rows(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/records/\w+/([0-9a-f-]{36})">', page)


def turn(page: str, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page)
    return found[1].replace("&amp;", "&") if found else None


def test_a_list_goes_to_its_end_and_back_by_its_ids(wei: Person, hall: Hall, clock: Clock) -> None:
    made = []
    for number in range(125):
        clock.now += 1
        made.append(hall.write("worker", worker(number))[0])
    hall.push()
    pages = [wei.get("/records?kind=worker&market=37130201")]
    while address := turn(pages[-1], "next"):
        assert "market=37130201" in address
        pages.append(wei.get(address))
    assert [row for page in pages for row in rows(page)] == sorted(made, reverse=True)
    assert [len(rows(page)) for page in pages] == [50, 50, 25]
    back = wei.get(turn(pages[2], "prev") or "")
    assert rows(back) == rows(pages[1])
    first = wei.get(turn(back, "prev") or "")
    assert rows(first) == rows(pages[0]) and turn(first, "prev") is None


def test_lists_by_market_and_what_is_disputed(wei: Person, halls: dict[str, Hall]) -> None:
    assert len(rows(wei.get("/records?kind=contract&market=37130201"))) == 1
    assert len(rows(wei.get("/records?kind=contract"))) == 4
    page = wei.get("/records?kind=worker&disputed=1")
    assert len(rows(page)) == 1 and "有不一致" in page
    assert "没有符合条件的" in wei.get("/records?kind=worker&market=37999999")
    assert "还没有到访" in wei.get("/records?kind=visit")


def test_lists_walk_an_index(home: Home) -> None:
    table = home.store.projector.rows["worker"].table
    plan = home.store.db.run(
        f'EXPLAIN QUERY PLAN SELECT id FROM "{table}" WHERE _owner = ? AND id < ? ORDER BY id DESC LIMIT 51',
        ("37130201", b"x"),
    ).fetchall()
    assert f"{table}_owner" in plan[0][3] and len(plan) == 1


def test_a_whole_number_leads_to_its_record(wei: Person, hall: Hall) -> None:
    person, _ = hall.write("worker", worker(1))
    contract, _ = hall.write(
        "contract", {"number": "37130201-C-20261201-0001-K", "worker": person, "state": "draft"}
    )
    hall.push()
    for kind, text, id in (
        ("worker", person, person),
        ("worker", NUMBER, person),
        ("contract", "37130201-C-20261201-0001-K", contract),
    ):
        answer = wei.client.get("/records", query_string={"kind": kind, "q": text})
        assert answer.headers.get("Location") == f"/records/{kind}/{id}", text
    assert "没有符合条件的" in wei.get("/records?kind=worker&q=nobody")
    assert "<script>" not in wei.get("/records?kind=worker&q=<script>").replace("<script src", "")


def test_unknown_kinds_ids_and_cursors_are_plain_answers(wei: Person) -> None:
    for address in (
        "/records?kind=nope",
        "/records/nope/x",
        "/records/worker/x",
        "/records/worker/x/full/phone",
    ):
        assert "Traceback" not in wei.get(address, 404)
    for cursor in ("zz", "'; DROP TABLE log", "01890000-0000-7000-8000-00000000000"):
        wei.get(f"/records?kind=worker&after={cursor}")


def test_numbers_are_masked_until_a_reason_is_written_down(home: Home, wei: Person, hall: Hall) -> None:
    person, _ = hall.write("worker", worker(1))
    hall.push()
    page = wei.get(f"/records/worker/{person}")
    assert NUMBER not in page and "370705" in page
    address = f"/records/worker/{person}/full/id_number"
    assert NUMBER not in wei.get(address)
    answer = wei.post(address, why=" ")
    assert answer.status_code == 422 and NUMBER not in answer.text and "reason_needed" not in answer.text
    with home.store.reading():
        assert LocalAudit.select().count() == 0
    answer = wei.post(address, why="协助办案 <b>")
    assert NUMBER in re.sub(r"<[^>]+>", "", answer.text)
    assert "&lt;b&gt;" in answer.text and answer.headers["Cache-Control"] == "no-store"
    with home.store.reading():
        line = LocalAudit.get()
    assert (line.actor, line.act, line.record, line.why) == (
        "hub.wei",
        "full:id_number",
        person,
        "协助办案 <b>",
    )
    wei.get(f"/records/worker/{person}/full/nothing", 404)


def test_what_two_markets_changed_apart_stands_in_three_columns(wei: Person, halls: dict[str, Hall]) -> None:
    record = rows(wei.get("/records?kind=worker&disputed=1"))[0]
    page = wei.get(f"/records/worker/{record}")
    card = page[page.index('id="yz-conflict"') : page.index('class="yz-facts"')]
    assert "138****0000" in card and "138****0018" in card and "159****0027" in card
    assert "兰山零工市场" in card and "奎文零工市场" in card and "暂按此显示" in card
    assert "<form" not in card and 'type="radio"' not in card


def test_every_entry_says_where_it_stands_and_what_covers_it(
    home: Home, wei: Person, halls: dict[str, Hall]
) -> None:
    record = rows(wei.get("/records?kind=worker&disputed=1"))[0]
    steps = provenance.steps(home, "worker", record)
    page = wei.get(f"/records/worker/{record}")
    assert len(steps) == 3 and {step.origin for step in steps} == {halls["good"].origin, halls["fork"].origin}
    for step in steps:
        assert step.cover is not None and step.cover.size > step.index and step.receipted
        assert step.leaf.replace("+", "&#43;") in page.replace("+", "&#43;") and step.cover.root in page
        assert step.actor in page


def test_the_proof_file_convinces_whoever_holds_the_keys(
    home: Home, wei: Person, halls: dict[str, Hall]
) -> None:
    record = rows(wei.get("/records?kind=worker&disputed=1"))[0]
    page = wei.get(f"/records/worker/{record}")
    files = sorted(set(re.findall(r'href="(/entries/[^"]+\.tlog-proof)"', page)))
    assert len(files) == 3
    for address in files:
        raw = wei.client.get(address).data
        hall = halls["good"] if halls["good"].code in address else halls["fork"]
        body, index, checkpoint = proof.check(raw, hall.key.verifier, home.cosigner.verifier)
        assert body == hall.items[index][0] and checkpoint.size == len(hall.items)
        with pytest.raises(Tampered):
            other = next(one for one in halls.values() if one is not hall)
            proof.check(raw, other.key.verifier, home.cosigner.verifier)


def test_entries_of_the_hubs_own_log_are_proven_by_its_own_key(
    home: Home, wei: Person, halls: dict[str, Hall]
) -> None:
    address = f"/entries/{home.hub_origin}/0.tlog-proof"
    body, index, _ = proof.check(wei.client.get(address).data, home.key_of(home.hub_origin).verifier, None)
    assert index == 0 and entries.parse(body).kind == "register"


def test_the_content_needs_a_reason_and_comes_as_it_was_written(home: Home, wei: Person, hall: Hall) -> None:
    hall.write("worker", worker(1))
    hall.push()
    address = f"/entries/{hall.origin}/0.payload"
    assert NUMBER not in wei.get(address)
    assert wei.post(address, why="").status_code == 422
    answer = wei.post(address, why="申请人要求")
    assert answer.data == hall.items[0][1]
    assert digest(answer.data) == entries.parse(hall.items[0][0]).payload_digest
    with home.store.reading():
        assert [row.act for row in LocalAudit.select()] == ["full:payload"]


def test_content_without_personal_data_needs_no_reason(
    home: Home, wei: Person, halls: dict[str, Hall]
) -> None:
    answer = wei.client.get(f"/entries/{home.hub_origin}/0.payload")
    with home.store.reading():
        log = Log.get(Log.origin == home.hub_origin)
        assert answer.data == logs.read(home.store.db, log, 0, 1)[0][1]


def test_files_that_are_not_there(wei: Person, hall: Hall) -> None:
    for address in (
        f"/entries/{hall.origin}/0.tlog-proof",  # nothing was pushed yet
        f"/entries/{hall.origin}/99999999999999999999.tlog-proof",
        "/entries/nowhere/0.tlog-proof",
        f"/entries/{hall.origin}/0.payload",
    ):
        answer = wei.client.get(address)
        assert answer.status_code in (404, 409) and "Traceback" not in answer.text, address


def test_what_a_newer_or_hostile_program_wrote_is_shown_as_text(wei: Person, hall: Hall) -> None:
    person, _ = hall.write(
        "worker",
        {**worker(1), "name": "<script>alert(1)</script>", "blood_type": "<i>A</i>", "standing": ["x"]},
    )
    hall.push()
    page = wei.get(f"/records/worker/{person}")
    assert "<script>alert" not in page and "<i>A" not in page and "blood_type" in page
    assert "<script>alert" not in wei.get("/records?kind=worker")
    assert "<script>alert" not in wei.get("/markets/37130201")


def test_records_of_kinds_that_only_the_hub_writes(wei: Person, halls: dict[str, Hall]) -> None:
    page = wei.get("/records?kind=register")
    assert len(rows(page)) == 6 and "省平台" in page


@pytest.mark.parametrize("login", ["shen", "admin"])
def test_auditors_and_administrators_may_look_too(
    log_in: Callable[..., Person], halls: dict[str, Hall], login: str
) -> None:
    person = log_in(login)
    assert rows(person.get("/records?kind=contract"))


def test_nobody_without_login_sees_anything(app, halls: dict[str, Hall]) -> None:  # type: ignore[no-untyped-def]
    client = app.test_client()
    origin = halls["good"].origin
    for address in (
        "/", "/markets", "/markets.csv", "/markets/37130201", "/records", "/settings", "/settings/audit",
        f"/entries/{origin}/0.tlog-proof", f"/entries/{origin}/0.payload", "/markets/invite", "/pulse",
    ):  # fmt: skip
        answer = client.get(address)
        assert answer.status_code == 302 and "/login" in unquote(answer.headers["Location"]), address


def test_titles_of_records_that_others_name(home: Home, wei: Person, halls: dict[str, Hall]) -> None:
    contract = rows(wei.get("/records?kind=contract&market=37130201"))[0]
    page = wei.get(f"/records/contract/{contract}")
    assert "临沂鲁建劳务有限公司</a>" in page and "周胜春</a>" in page
    assert lookup.get(home, "contract", contract).fields["state"] == "in_force"


def test_the_search_box_looks_through_all_kinds(wei: Person, halls: dict[str, Hall]) -> None:
    answer = wei.client.get("/records", query_string={"q": "37130201-C-20261201-0001-K"})
    assert answer.headers["Location"].startswith("/records/contract/")
    assert wei.client.get("/records?q=37060201").headers["Location"].startswith("/records/register/")
    assert "没有符合条件的" in wei.get("/records?q=12345678")
    assert "data-search" in wei.get("/markets")
