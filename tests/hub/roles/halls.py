"""Halls as the hub meets them: a log, a key and a machine, enrolling and pushing through the real functions.

    python -m tests.hub.roles.halls [PORT]      a small province to look at; log in as admin / a-Good-1

No node is needed for that: a hall is what it sends. `province` has one in every state a market can be in.
"""

from __future__ import annotations

import sys
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.data.words import words as word_list
from common.errors import YizhanError
from common.keys import BoxKey, SigningKey
from common.log import checkpoint as checkpoints
from common.log import enrolment, entry, origins, payload, push, request, tree
from common.log.checkpoint import Checkpoint
from common.log.entry import Entry
from common.log.tree import Frontier
from common.store.accounts import LocalAccount
from common.store.ambience import REAL
from common.store.recorder import Ambience
from hub.home import Home
from hub.province import intake, operators, registry
from hub.province.intake import Receipt

NOON = 1_796_097_600_000  # 2026-12-01 12:00 in Beijing
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
PASSWORD = "a-Good-1"
PEOPLE = (("admin", "林静", "admin"), ("wei", "魏国强", "operator"), ("shen", "沈计", "auditor"))
_stored: dict[str, str] = {}
NAMES = "周胜春 刘杰 𬱖建国 单田芳 解文静 欧阳海 阿卜杜·热合曼 王秀英 张伟 李娜 赵铁柱 孙德胜".split()


class Clock:
    """The hub's clock, moved by hand."""

    def __init__(self, now: int = NOON) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def make_home(path: Path, clock: Clock) -> Home:
    """A hub of province 37 and its three people, all past their first password."""
    home = Home.create(
        path, "lg.example", "37", "山东省零工市场省平台", Ambience(clock, REAL.new_id, REAL.random)
    )
    for login, name, role in PEOPLE:
        if login in _stored:  # one slow hash for all tests of a process
            with home.store.writing():
                LocalAccount.create(
                    login=login, name=name, role=role, password=_stored[login], must_change=False
                )
            continue
        first = operators.add(home, login, name, role)
        home.accounts.change_password(login, first, PASSWORD)
        _stored.update((one.login, one.password) for one in operators.listed(home))
    return home


class Hall:
    """A market's log and the machine it is on. `write` adds entries, `push` sends what was not sent."""

    def __init__(self, home: Home, code: str, name: str, host: str = "") -> None:
        self.home, self.code, self.name = home, code, name
        self.origin = origins.market_log(home.domain, code, 1)
        self.key = SigningKey.generate(self.origin)
        self.host, self.install = host or f"窗口-{code[-4:]}", f"install-{code}"
        self.items: list[tuple[bytes, bytes | None]] = []
        self.leaves: list[bytes] = []
        self.sent = 0
        self.words = ""

    def enrol(self, approve: bool = True) -> str:
        """Invite, ask with the code, check the answer, as a node does; returns the code."""
        code = registry.invite(self.home, self.code, self.name, "wei")
        secret = enrolment.parse_code(code)
        asked = enrolment.encode_request(
            enrolment.EnrolRequest(
                self.code,
                self.origin,
                self.key.verifier,
                self.note(0),
                BoxKey.generate().public,
                b"n" * 32,
                self.install,
                self.host,
            ),
            secret,
        )
        answer = registry.enrol(self.home, asked)
        enrolment.parse_answer(answer, asked, secret)
        self.words = " ".join(enrolment.words(asked, answer, word_list()))
        if approve:
            registry.approve(self.home, self.code, "wei")
        return code

    def write(
        self,
        kind: str,
        fields: Mapping[str, Any] | None,
        record: str = "",
        after: tuple[bytes, ...] = (),
        time: int = 0,
        actor: str = "s1",
    ) -> tuple[str, bytes]:
        """One more entry; returns (record id, leaf)."""
        now = time or self.home.ambience.now()
        record = record or new_id(now)
        body = payload.encode(dict(fields), b"s" * 32) if fields is not None else None
        digest = payload.digest(body) if body else None
        made = Entry(
            kind,
            record,
            tuple(sorted(after)),
            now,
            f"{self.code}.{actor}",
            len(body) if body else None,
            digest,
        )
        raw = entry.encode(made)
        self.items.append((raw, body))
        self.leaves.append(tree.leaf_hash(raw))
        return record, self.leaves[-1]

    def note(self, size: int) -> bytes:
        root = Frontier().extend(self.leaves[:size]).root()
        return checkpoints.sign(Checkpoint(self.origin, size, root), self.key)

    def frame(self, old: int | None = None) -> bytes:
        start = self.sent if old is None else old
        return push.encode(
            push.Push(self.origin, start, self.note(len(self.items)), list(self.items[start:]))
        )

    def machine(self) -> str:
        return request.sign_machine(self.key, len(self.items), self.install, self.host)

    def push(self) -> Receipt:
        receipt = intake.accept(self.home, self.frame(), self.machine())
        self.sent = receipt.size
        return receipt

    def clone(self, host: str) -> Hall:
        """The same log and key on another machine: what a copied folder is."""
        other = Hall(self.home, self.code, self.name, host)
        other.key, other.sent = self.key, self.sent
        other.items, other.leaves = list(self.items), list(self.leaves)
        other.install = f"install-{host.encode().hex()[:16]}"
        return other


def new_id(now: int) -> str:
    """A UUIDv7 of this moment."""
    random = uuid.uuid4().int & ((1 << 74) - 1)
    value = (
        (now & ((1 << 48) - 1)) << 80 | 7 << 76 | (random >> 62) << 64 | 2 << 62 | random & ((1 << 62) - 1)
    )
    return str(uuid.UUID(int=value))


def worker(number: int = 0) -> dict[str, Any]:
    return {
        "name": NAMES[number % len(NAMES)],
        "id_type": "resident",
        "id_number": "370705198503020018",
        "phone": f"1380536{number % 10000:04d}",
        "trades": ["0303"],
        "standing": "active",
        "consent": {"version": "2026-1", "time": NOON - DAY, "method": "paper"},
    }


def morning(hall: Hall, people: int = 12) -> tuple[str, str]:
    """A few people, one employer, one job, one contract in force; returns (worker, contract)."""
    first = [hall.write("worker", worker(number))[0] for number in range(people)][0]
    employer, _ = hall.write(
        "employer", {"name": "临沂鲁建劳务有限公司", "form": "company", "code": "91371302MA3C8K5X0B"}
    )
    job, _ = hall.write(
        "job",
        {
            "employer": employer, "title": "砌墙", "trade": "0303", "headcount": 4,
            "start_date": "2026-12-01", "pay": 26000, "pay_unit": "day", "state": "published",
        },
    )  # fmt: skip
    contract, leaf = hall.write(
        "contract",
        {
            "number": f"{hall.code}-C-20261201-0001-K", "form": "service", "employer": employer,
            "worker": first, "job": job, "trade": "0303", "start_date": "2026-12-01",
            "pay": 26000, "pay_unit": "day", "state": "draft",
        },
    )  # fmt: skip
    hall.write("contract", {"state": "in_force"}, contract, (leaf,))
    return first, contract


def fork(hall: Hall) -> None:
    """A copied machine pushes other entries than the original already did. Evidence is kept."""
    other = hall.clone("备用机")
    other.write("worker", worker(3))
    hall.write("worker", worker(4))
    hall.push()
    try:
        intake.accept(hall.home, other.frame(), other.machine())
    except YizhanError as error:
        assert error.code == "clone", error.code
    else:
        raise AssertionError("another history was taken")


def province(home: Home, clock: Clock) -> dict[str, Hall]:
    """Markets in every state, by a word for each."""
    now = clock.now
    halls = {
        word: Hall(home, code, name)
        for word, code, name in (
            ("good", "37130201", "兰山零工市场"), ("fork", "37070501", "奎文零工市场"),
            ("silent", "37020201", "市南零工市场"), ("never", "37011201", "历城零工市场"),
            ("pending", "37060201", "芝罘零工市场"), ("failing", "37081101", "任城零工市场"),
        )
    }  # fmt: skip
    clock.now = now - 4 * DAY
    halls["silent"].enrol()
    morning(halls["silent"], 5)
    halls["silent"].push()
    registry.invite(home, "37150201", "东昌府零工市场", "wei")
    clock.now = now - 3 * HOUR
    for word in ("good", "fork", "never", "failing"):
        halls[word].enrol()
    halls["pending"].enrol(approve=False)
    registry.invite(home, "37170201", "牡丹零工市场", "wei")
    _busy(halls, clock, now)
    clock.now = now
    return halls


def _busy(halls: dict[str, Hall], clock: Clock, now: int) -> None:
    good = halls["good"]
    clock.now = now - DAY - HOUR
    good.write("staff", {"actor": "37130201.s1", "name": "陈晓燕", "role": "clerk", "active": True})
    person, leaf = good.write("worker", worker(0))
    good.push()
    clock.now = now - 20 * MINUTE
    morning(good)
    good.write("worker", {"phone": "13805360018"}, person, (leaf,))
    good.push()
    clock.now = now - 10 * MINUTE
    other = halls["fork"]
    other.write("worker", {"phone": "15953990027", "retired": False}, person, (leaf,))
    morning(other, 6)
    other.push()
    fork(other)
    failing = halls["failing"]
    morning(failing, 3)
    failing.push()
    bad = failing.clone(failing.host)
    bad.install = failing.install
    bad.write("worker", worker(5))
    note = bad.note(len(bad.items))
    bad.items[-1] = (bad.items[-1][0], None)
    for _ in range(3):
        frame = push.encode(push.Push(bad.origin, bad.sent, note, list(bad.items[bad.sent :])))
        try:
            intake.accept(bad.home, frame, bad.machine())
        except YizhanError:
            continue


def main() -> None:
    from common.web.serve import run
    from hub.app import create_app

    clock = Clock(REAL.now())
    with tempfile.TemporaryDirectory() as folder:
        home = make_home(Path(folder) / "hub", clock)
        province(home, clock)
        for number in range(int(sys.argv[2]) if len(sys.argv) > 2 else 0):
            hall = Hall(home, f"37{number:06d}", f"第 {number} 零工市场")
            hall.enrol()
            morning(hall, 2)
            hall.push()
        run(create_app(home), "127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8461)


if __name__ == "__main__":
    main()
