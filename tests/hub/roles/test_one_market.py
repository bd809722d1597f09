"""One market's page: its log and receipts as they verify, evidence of forks, verdicts, and what it wrote."""

from __future__ import annotations

import re

import pytest

from common.errors import Tampered
from common.log import checkpoint as checkpoints
from hub.home import Home
from hub.province import dossier, intake
from tests.hub.roles.conftest import Person
from tests.hub.roles.halls import MINUTE, Clock, Hall, morning, worker


def test_the_log_its_key_and_its_receipts(home: Home, wei: Person, halls: dict[str, Hall]) -> None:
    hall = halls["good"]
    page = wei.get(f"/markets/{hall.code}")
    receipt = checkpoints.open_receipt(hall.push().note or b"", hall.key.verifier, home.cosigner.verifier)[0]
    assert hall.origin in page and str(hall.key.verifier).replace("+", "&#43;") in page.replace("+", "&#43;")
    assert receipt.root.hex() in page and f"{receipt.size} 条" in page
    assert "窗口-0201" in page


def test_receipts_are_the_newest_and_stop_at_a_few(home: Home, clock: Clock) -> None:
    hall = Hall(home, "37130201", "兰山零工市场")
    hall.enrol()
    for number in range(9):
        hall.write("worker", worker(number))
        clock.now += MINUTE
        hall.push()
    told = dossier.open_dossier(home, "37130201")
    assert told is not None
    sizes = [one.size for one in told.logs[0].receipts]
    assert sizes == list(range(9, 9 - dossier.RECEIPTS, -1))
    assert told.logs[0].receipts[0].at == clock.now


def test_a_fork_shows_both_notes_and_both_machines(home: Home, wei: Person, halls: dict[str, Hall]) -> None:
    page = wei.get("/markets/37070501")
    assert "证据" in page and "窗口-0501" in page and "备用机" in page and "Y-4002" in page
    told = dossier.open_dossier(home, "37070501")
    assert told is not None
    evidence = told.evidence[0]
    assert evidence.ours.root != evidence.theirs.root and evidence.ours.size == evidence.theirs.size
    for side, party in (("ours", evidence.ours), ("theirs", evidence.theirs)):
        file = wei.client.get(f"/markets/37070501/evidence/{evidence.id}/{side}")
        assert file.data == party.note.encode()
        assert checkpoints.peek(file.data).root.hex() == party.root
        assert file.headers["Content-Disposition"].startswith("attachment")
    wei.get(f"/markets/37070501/evidence/{evidence.id}/detail", 404)
    wei.get(f"/markets/37130201/evidence/{evidence.id}/ours", 404)  # another market's


def test_one_machine_that_tells_two_histories_is_a_fork(home: Home, wei: Person) -> None:
    hall = Hall(home, "37130201", "兰山零工市场")
    hall.enrol()
    other = hall.clone(hall.host)
    other.install = hall.install
    hall.write("worker", worker(1))
    hall.push()
    other.write("worker", worker(2))
    with pytest.raises(Tampered, match="fork"):
        intake.accept(home, other.frame(), other.machine())
    assert "互相矛盾的历史" in wei.get("/markets/37130201")


def test_the_provinces_word_on_an_entry_is_listed(home: Home, wei: Person) -> None:
    hall = Hall(home, "37130201", "兰山零工市场")
    hall.enrol()
    record, leaf = hall.write("worker", worker(1))
    hall.write("worker", {"standing": "blocked"}, record, (leaf,))
    hall.push()
    page = wei.get("/markets/37130201")
    assert "省平台意见" in page and "退回" in page and f"/records/worker/{record}" in page
    assert "省平台退回，不计入" in wei.get(f"/records/worker/{record}")


def test_counts_are_of_records_it_owns(home: Home, wei: Person, halls: dict[str, Hall]) -> None:
    told = dossier.open_dossier(home, "37130201")
    assert told is not None
    counts = {kind: count for kind, _, count in told.counts}
    assert counts == {"worker": 13, "employer": 1, "job": 1, "contract": 1, "visit": 0, "staff": 1}
    assert len(told.newest) == dossier.NEWEST
    page = wei.get("/markets/37130201")
    assert re.search(r'kind=worker&amp;market=37130201">13 条', page)


def test_a_market_that_only_has_a_code(wei: Person, halls: dict[str, Hall]) -> None:
    page = wei.get("/markets/37170201")
    assert "已邀请" in page and "有效，至" in page and "日志" not in page


def test_a_hostile_machine_name_stays_text(home: Home, wei: Person) -> None:
    hall = Hall(home, "37130201", "兰山零工市场", "<img src=x onerror=alert(1)>")
    hall.enrol(approve=False)
    assert "<img src=x" not in wei.get("/markets/37130201")
    other = Hall(home, "37130202", "罗庄零工市场", '"><script>alert(1)</script>')
    other.enrol()
    morning(other, 1)
    other.push()
    assert "<script>alert" not in wei.get("/markets/37130202")
