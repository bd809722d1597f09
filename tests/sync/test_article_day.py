"""The day that the newspaper wrote about, 2 March 2022, over the same functions that the pages call.

Zhou Shengchun sees a pipe job in Linyi when the screen renews itself at 06:00; welder Liu Jie gets one in
Gaomi that fits his certificate; a fitting firm in Kuiwen signs on the spot. At 06:10 the province goes away
and the halls go on; Weifang's seven halls count 4,000 person-times. In the end the province has all of it,
unaltered, and a paper from that morning can be proved to somebody who trusts neither side.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from common.keys import VerifierKey
from common.log import payload, proof
from common.log.entry import parse as parse_entry
from node.desks import uplink
from node.home import Home
from node.market import contracts, jobs, papers, records, status, visits
from scripts.sample import Action, article_day
from tests.province import Market, Province
from tests.world import World

ARTICLE = article_day()
LINYI, GAOMI, KUIWEN = "37130201", "37078501", "37070501"
STORIES = {LINYI: "zhou", GAOMI: "liu", KUIWEN: "fitting"}
PROVINCE_GONE = "06:10"


class Hall:
    """A hall whose clock and staff follow the article. `ids`: ref -> record."""

    def __init__(self, province: Province, folder: Path, code: str) -> None:
        self.world = World(ARTICLE.actions[0].time, seed=int(code[-4:]))
        self.market: Market = province.market(folder, code, ambience=self.world.ambience)
        self.code = code
        self.ids: dict[str, str] = {}

    def play(self, begin: str, end: str) -> None:
        """What the article tells of this hall between two times of the clock."""
        for action in ARTICLE.actions:
            if action.market == self.code and begin <= action.clock < end:
                self.world.time = action.time
                with self.market.bound() as home:
                    self._act(home, action)

    def _act(self, home: Home, action: Action) -> None:
        fields, ref = action.resolved(self.ids), action.ref
        first, id = ref not in self.ids, self.ids.get(ref, "")
        if action.kind == "worker":
            self.ids[ref] = records.save(home, "clerk", "worker", None, fields).id
        elif action.kind == "visit":
            self.ids[ref] = visits.check_in(
                home, "clerk", fields["worker"], fields["service"], fields["window"]
            ).id
        elif action.kind == "employer":
            seen = fields.pop("verified")
            self.ids[ref] = records.save(home, "clerk", "employer", None, fields).id
            jobs.verify_employer(home, "reviewer", "李建国", self.ids[ref], seen["how"])
        elif action.kind == "job" and first:
            self.ids[ref] = records.save(home, "clerk", "job", None, fields).id
            jobs.act(home, "clerk", "clerk", self.ids[ref], "submit")
        elif action.kind == "job":
            who = {"published": ("reviewer", "reviewer", "publish"), "filled": ("clerk", "clerk", "fill")}
            login, role, act = who[fields["state"]]
            jobs.act(home, login, role, id, act)
        elif first:
            terms = contracts.prefilled(home, records.get(home, "job", fields["job"]), fields["worker"])
            self.ids[ref] = contracts.draw_up(
                home, "clerk", {n: v for n, v in terms.items() if v is not None}, {}
            ).id
        else:
            who_signs = "worker" if "signed_worker" in fields else "employer"
            contracts.go_on(home, "clerk", id, {who_signs: fields[f"signed_{who_signs}"]["method"]}, {})

    def contract(self) -> str:
        return self.ids[f"{STORIES[self.code]}-contract"]

    def told(self) -> str:
        """What the badge of every page says now."""
        with self.market.bound() as home:
            badge = uplink.badge(home, self.world.time, "")
        return f"{badge.words} {badge.note}".strip()


@pytest.fixture
def hall(own_province: Province, tmp_path: Path) -> Callable[[str], Hall]:
    return lambda code: Hall(own_province, tmp_path, code)


def test_contracts_signed_while_the_province_is_away_are_confirmed_later(
    own_province: Province, hall: Callable[[str], Hall]
) -> None:
    halls = [hall(code) for code in STORIES]
    for one in halls:
        one.play("00:00", PROVINCE_GONE)
        assert one.market.sync()["state"] == "ok"
    linyi, gaomi, kuiwen = halls
    assert linyi.told().startswith("已由省平台确认")

    own_province.end()
    for one in halls:
        one.play(PROVINCE_GONE, "24:00")
        assert one.market.sync()["state"] == "offline"
        assert one.told().startswith("暂时连不上省平台，本市场照常工作")
        assert in_force(one), "a contract needs no network"
    assert "待上报" in gaomi.told() and "待上报" in kuiwen.told()
    assert not proved(gaomi).confirmed, "F40: nothing claims to be confirmed"

    own_province.serve()
    for one in halls:
        one.market.wire.target = own_province.port
        one.market.settled()
        assert one.told().startswith("已由省平台确认")
        with one.market.bound() as home:
            facts = status.facts(home)
        assert (facts["pending"], facts["refused"], facts["conflicts"]) == (0, 0, 0)
        a_stranger_can_check(one)
    both_sides_agree(own_province, halls)


def in_force(hall: Hall) -> bool:
    fields = hall.market.get("contract", hall.contract()).fields
    return bool(
        fields["state"] == "in_force"
        and fields["number"].startswith(f"{hall.code}-C-20220302-0001-")
        and len(fields["text_sha256"]) > 40
    )


def proved(hall: Hall) -> papers.Proof:
    with hall.market.bound() as home:
        return papers.proof_of(home, "contract", hall.contract())


def a_stranger_can_check(hall: Hall) -> None:
    """The paper's proof holds with two public keys and nothing else, and its payload says what was agreed."""
    made = proved(hall)
    with hall.market.bound() as home:
        log, cosigner = VerifierKey.parse(str(home.key.verifier)), home.cosigner()
    raw, index, head = proof.check(made.file, log, cosigner)
    assert made.confirmed and index < head.size and head.origin == hall.market.origin
    entry = parse_entry(raw)
    assert made.payload is not None and payload.digest(made.payload) == entry.payload_digest
    said = payload.parse(made.payload)
    names = {LINYI: "周胜春", GAOMI: "刘杰", KUIWEN: "王建军"}
    assert (said["worker_name"], said["state"]) == (names[hall.code], "in_force")


def both_sides_agree(province: Province, halls: list[Hall]) -> None:
    for kind in ("worker", "employer", "job", "contract", "visit"):
        mine = []
        for one in halls:
            with one.market.bound() as home, home.store.reading():
                mine += [merged.public() for merged in home.store.each(kind)]
        with province.hub() as hub, hub.store.reading():
            theirs = [merged.public() for merged in hub.store.each(kind)]
        assert len(theirs) == 3 and sorted(mine, key=lambda one: one["id"]) == theirs


def test_four_thousand_person_times_of_seven_halls_arrive_each_once(
    own_province: Province, hall: Callable[[str], Hall]
) -> None:
    """Counted at the hub from the events themselves; sending them twice changes nothing."""
    for code, count in ARTICLE.halls.items():
        market = hall(code).market
        times = [f"{4 + n * 6 // count:02}:{n % 60:02}" for n in range(count)]
        market.put("visit", *[{"service": "seek", "date": ARTICLE.day, "time": time} for time in times])
        assert market.sync()["receipted"] == count and market.sync()["pushed"] == 0
    with own_province.hub() as hub, hub.store.reading():
        found: dict[str, int] = dict(
            hub.store.db.run(
                'SELECT _owner, count(*) FROM "visit" WHERE date = ? GROUP BY _owner', (ARTICLE.day,)
            )
        )
    assert found == ARTICLE.halls and sum(found.values()) == 4000
