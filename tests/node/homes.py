"""A hall for tests: a real home on disk with a clock that a test sets, its people, and a province beside it.

`Hall` makes what a hall has by its own acts; `Province` writes what reaches the hall from outside: other
markets' entries through the outbox, verdicts, receipts. Real keys, real SQLite, real bytes.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from common.keys import COSIGNATURE, SigningKey
from common.log import checkpoint, follower, origins, relay, tree
from common.log.checkpoint import Checkpoint
from common.log.encoding import b64
from common.log.entry import Entry
from common.log.entry import encode as encode_entry
from common.log.payload import encode as encode_payload
from common.log.push import Item, Push
from common.records import numbers
from common.store import logs
from common.store.ambience import Ambience
from common.store.tables import Log
from node.app import create_app
from node.home import Home
from node.market import contracts, jobs, records, staff

NOW = 1_796_077_800_000  # 2026-12-01 06:30 in Beijing
TODAY = "2026-12-01"
PASSWORD = "Yizhan-2026"
PEOPLE = {
    "admin": ("王主任", "manager"),
    "rev": ("李审核", "reviewer"),
    "s1": ("张窗口", "clerk"),
    "s2": ("赵窗口", "clerk"),
}
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Clock:
    """Epoch ms, a millisecond later at each look; ids and salts that never repeat."""

    ms: int = NOW
    made: int = 0

    def now(self) -> int:
        self.ms += 1
        return self.ms

    def new_id(self) -> str:
        self.made += 1
        text = f"{self.ms:012x}7{self.made % 4096:03x}8{self.made:015x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def random(self, size: int) -> bytes:
        self.made += 1
        return self.made.to_bytes(size, "big")


def id_number(seq: int, birth: str = "19800105", place: str = "371302") -> str:
    """A resident's number that checks."""
    body = f"{place}{birth}{seq:03}"
    return body + numbers.id_check_digit(body)


def uscc(seq: int) -> str:
    body = f"91371302MA3C{seq:05}"
    return body + numbers.uscc_check_digit(body)


@dataclass
class Hall:
    """A home, and whatever a test wants to be in it."""

    home: Home
    clock: Clock
    made: int = 0
    calls: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    apps: dict[bool, Flask] = field(default_factory=dict)

    @classmethod
    def open(
        cls, path: Path, market: str = "37130201", name: str = "兰山零工市场", clock: Clock | None = None
    ) -> Hall:
        clock = clock or Clock()
        home = Home.create(path, market, name, "lg.example", Ambience(clock.now, clock.new_id, clock.random))
        return cls(home, clock)

    def account(self, login: str) -> None:
        """An account with a password of its own; made when it is first needed, because hashing is slow."""
        if login not in self.people:
            person, role = PEOPLE[login]
            first = staff.add(self.home, "admin", login, person, role)
            self.home.accounts.change_password(login, first, PASSWORD)
            self.people.append(login)

    def worker(self, name: str = "周胜春", by: str = "s1", **more: Any) -> str:
        self.made += 1
        fields = {
            "name": name, "id_type": "resident", "id_number": id_number(self.made), "trades": ["0109"],
            "phone": f"138000{self.made:05}",
            "consent": {"version": "2026-1", "time": self.clock.now(), "method": "paper"},
        } | more  # fmt: skip
        fields = {field: value for field, value in fields.items() if value is not None}
        return records.save(self.home, by, "worker", None, fields).id

    def employer(self, name: str = "宏达建筑公司", verified: bool = True, **more: Any) -> str:
        self.made += 1
        fields = {"name": name, "form": "company", "code": uscc(self.made), "phone": "05398888888"} | more
        id = records.save(self.home, "s1", "employer", None, fields).id
        if verified:
            jobs.verify_employer(self.home, "rev", "李审核", id, "licence")
        return id

    def job(self, employer: str | None = None, published: bool = True, **more: Any) -> str:
        fields = {
            "employer": employer or self.employer(), "title": "工地小工", "trade": "0109", "headcount": 3,
            "start_date": TODAY, "hours_from": "07:00", "hours_to": "17:00", "pay": 26000, "pay_unit": "day",
            "pay_timing": "same_day", "place": "金雀山路工地", "content": "搬砖清理", "state": "draft",
        } | more  # fmt: skip
        id = records.save(self.home, "s1", "job", None, fields).id
        if published:
            jobs.act(self.home, "s1", "clerk", id, "submit")
            jobs.act(self.home, "rev", "reviewer", id, "publish")
        return id

    def contract(
        self, worker: str | None = None, job: str | None = None, signed: bool = True, **more: Any
    ) -> str:
        posting = records.get(self.home, "job", job or self.job())
        terms = contracts.prefilled(self.home, posting, worker or self.worker()) | more
        given = {name: value for name, value in terms.items() if value is not None}
        id = contracts.draw_up(self.home, "s1", given, {}).id
        if signed:
            contracts.go_on(self.home, "s1", id, {"worker": "wet", "employer": "wet"}, {})
        return id

    def get(self, kind: str, id: str) -> Any:
        return records.get(self.home, kind, id)

    def desk(self, login: str = "s1", sync: bool = False) -> Desk:
        self.account(login)
        if sync not in self.apps:
            self.apps[sync] = create_app(self.home, (lambda: self.calls.append("now")) if sync else None)
            self.apps[sync].jinja_env.bytecode_cache = COMPILED
        return Desk(self.apps[sync].test_client()).log_in(login)


class Compiled(BytecodeCache):
    """Compiled templates for all apps of a test run: compiling them takes longer than the tests."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


class Desk:
    """A member of staff at a browser without scripts: pages are read, forms are filled in and sent."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.page = ""
        self.status = 0
        self.at = ""

    def log_in(self, login: str) -> Desk:
        self.get("/login")
        return self.post("/login", login=login, password=PASSWORD)

    def get(self, path: str) -> Desk:
        return self._read(self.client.get(path, follow_redirects=True))

    def post(self, path: str, **form: Any) -> Desk:
        """Send a form with the token and the seal of the page that is open."""
        given: dict[str, Any] = {"csrf_token": self.token, **self.seal, **form}
        return self._read(self.client.post(path, data=given, follow_redirects=True))

    def send(self, path: str, form: dict[str, Any]) -> Desk:
        return self._read(
            self.client.post(
                path, data={"csrf_token": self.token, **self.seal, **form}, follow_redirects=True
            )
        )

    def _read(self, answer: Any) -> Desk:
        self.status, self.at = answer.status_code, answer.request.path
        self.page = answer.text if answer.mimetype.startswith("text") else ""
        self.answer = answer
        return self

    @property
    def token(self) -> str:
        found = TOKEN.search(self.page)
        assert found, f"no form on {self.at}: {self.page[:200]}"
        return found[1]

    @property
    def seal(self) -> dict[str, str]:
        found = re.search(r'name="_drawn" value="([^"]*)"', self.page)
        return {"_drawn": found[1]} if found else {}

    @property
    def words(self) -> str:
        """The page's text without its tags."""
        text = re.sub(r"<(script|style|svg)\b.*?</\1>", "", self.page, flags=re.S)
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


class Province:
    """The other side: keys of a hub, an outbox, a hub log, as the hall pinned them."""

    def __init__(self, hall: Hall) -> None:
        self.hall, self.home = hall, hall.home
        seeds = iter(bytes([value]) * 32 for value in (1, 2, 3))
        domain, code = self.home.domain, self.home.market
        self.cosigner = SigningKey.from_seed(origins.cosigner(domain, 1), next(seeds), COSIGNATURE)
        self.outbox = SigningKey.from_seed(origins.outbox(domain, code, 1), next(seeds))
        self.log = SigningKey.from_seed(origins.hub_log(domain, 1), next(seeds))
        with self.home.store.writing():
            self.home.store.set("hub.cosigner", str(self.cosigner.verifier))
            self.home.store.set("hub.url", "https://hub.lg.example")
            self.home.store.set("hub.state", "open")
            logs.open_log(self.outbox.verifier.name, "outbox", self.outbox.verifier)
            logs.open_log(self.log.verifier.name, "hub", self.log.verifier)
        self.foreign = 0

    def set(self, **facts: str) -> None:
        with self.home.store.writing():
            for name, value in facts.items():
                self.home.store.set(name.replace("_", ".", 1), value)

    def confirm(self, seconds: int = NOW // 1000 + 120) -> None:
        """A receipt for all that the hall has signed."""
        with self.home.store.writing():
            log = self.home.log
            receipt = checkpoint.cosign(bytes(log.note), self.cosigner, seconds)
            logs.keep_receipt(self.home.store.db, log, log.size, receipt)

    def relay(
        self, kind: str, id: str, fields: dict[str, Any], after: tuple[bytes, ...], market: str = "37130202"
    ) -> bytes:
        """Another market's entry arrives; returns its leaf."""
        raw, payload = self._entry(f"{market}.s9", kind, id, fields, after)
        source = origins.market_log(self.home.domain, market, 1)
        self._extend(self.outbox, [(relay.encode(source, self.foreign, raw), payload)], relayed=True)
        self.foreign += 1
        return tree.leaf_hash(raw)

    def judge(self, leaf: bytes, decision: str, code: str, message: str = "") -> None:
        """The province's word on an entry of the hall."""
        fields = {"leaf": b64(leaf), "origin": self.home.origin, "decision": decision, "code": code}
        if message:
            fields["message"] = message
        raw, payload = self._entry("hub.op", "verdict", self.hall.clock.new_id(), fields, ())
        self._extend(self.log, [(raw, payload)], relayed=False)

    def _entry(
        self, actor: str, kind: str, id: str, fields: dict[str, Any], after: tuple[bytes, ...]
    ) -> tuple[bytes, bytes]:
        payload = encode_payload(fields, self.hall.clock.random(32))
        digest = hashlib.sha256(payload).digest()
        entry = Entry(kind, id, tuple(sorted(after)), self.hall.clock.now(), actor, len(payload), digest)
        return encode_entry(entry), payload

    def _extend(self, key: SigningKey, items: list[Item], relayed: bool) -> None:
        name, store = key.verifier.name, self.home.store
        with store.writing():
            log = Log.get(Log.origin == name)
            head = logs.head_of(log)
            grown = head.frontier.extend([tree.leaf_hash(raw) for raw, _ in items])
            note = checkpoint.sign(Checkpoint(name, grown.size, grown.root()), key)
            push = Push(name, log.size, note, items)
            moved = follower.advance(head, push, key.verifier, relayed=relayed)
            store.projector.apply(log, logs.extend(store.db, log, push, moved))
