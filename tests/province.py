"""A province for tests: a hub as a real process that serves real HTTP, and markets that talk to it.

    province = Province(folder)           a hub's home, and `yizhan-hub serve` on a free port
    market = province.market("37130201")  a node's home in this process, enrolled through `market.wire`
    market.put("worker", person(1)); market.sync()

Nothing of the product is replaced: real SQLite, real signatures, real sockets. The wire (tests/faulty.py) may
be bent; clock and ids may be given. Several stores are open in this process, and peewee binds models per
class, so everything a market or the hub does here runs inside `bound`.

`Author` is a market without a store, for those who lie: it signs whatever it is told to.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
import uuid_utils.compat as uuid_utils

from common.keys import BoxKey, SigningKey
from common.log import canonical, enrolment, follower, origins, tree
from common.log import checkpoint as checkpoints
from common.log import payload as payloads
from common.log import push as pushes
from common.log import request as signing
from common.log.checkpoint import Checkpoint
from common.log.encoding import b64
from common.log.entry import Entry, sorted_after
from common.log.entry import encode as encode_entry
from common.records.numbers import id_check_digit
from common.store import logs
from common.store.ambience import REAL
from common.store.recorder import Ambience, Put
from hub.home import Home as Hub
from hub.province import registry
from node.home import Home as Node
from node.sync import enrolling, round
from tests.faulty import Wire

TOP = Path(__file__).resolve().parent.parent
DOMAIN = "lg.example"
PUSH_TYPE = "application/vnd.yizhan.push"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "YIZHAN_HOME"}


def command(program: str, *arguments: object) -> list[str]:
    """The command line of `node` or `hub`, as the console script runs it."""
    return [sys.executable, "-m", f"{program}.cli", *map(str, arguments)]


def start(program: str, *arguments: object, **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command(program, *arguments), cwd=TOP, env=ENVIRONMENT, **options)


def serving(program: str, home: Path, *arguments: object) -> tuple[subprocess.Popen[bytes], int]:
    """A running `serve`, and its port, once it says that it is ready."""
    with open(home / "serve.log", "ab") as log:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": log}
        process = start(program, "serve", "--home", home, "--port", 0, *arguments, **pipes)
    assert process.stdout is not None
    line = process.stdout.readline().decode()
    assert "ready at http://127.0.0.1:" in line, (line, (home / "serve.log").read_text()[-2000:])
    return process, int(line.rpartition(":")[2])


def end(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> int:
    process.send_signal(number)
    code = process.wait(30)
    if process.stdout:
        process.stdout.close()
    return code


class Province:
    """A hub's home and its serving process."""

    def __init__(self, folder: Path, number: str = "37") -> None:
        self.path = folder / "hub"
        Hub.create(self.path, DOMAIN, number, "测试省平台", REAL).close()
        self.codes = (f"{number}{serial:06d}" for serial in itertools.count(130201))
        self.markets: list[Market] = []
        self.wires: list[Wire] = []
        self.process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.serve()

    def serve(self) -> None:
        self.process, self.port = serving("hub", self.path)
        for wire in self.wires:
            wire.target = self.port

    def end(self, number: int = signal.SIGTERM) -> None:
        if self.process:
            end(self.process, number)
            self.process = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def hub(self) -> Iterator[Hub]:
        """The hub's home, opened here beside the process that serves it."""
        with closing(Hub(self.path, REAL)) as home, home.store.db.bound():
            yield home

    def invite(self, code: str, approve: bool = True) -> str:
        with self.hub() as home:
            return registry.invite(home, code, f"市场{code[-4:]}", "tests", approve)

    def market(
        self, folder: Path, code: str | None = None, enrolled: bool = True, ambience: Ambience = REAL
    ) -> Market:
        """A new market with a wire of its own to this hub."""
        wire = Wire(self.port)
        self.wires.append(wire)
        made = Market(self, wire, folder, code or next(self.codes), ambience)
        self.markets.append(made)
        if enrolled:
            made.enrol(self.invite(made.code))
        return made

    def close(self) -> None:
        self.forget()
        self.end()

    def forget(self) -> None:
        for market in self.markets:
            market.home.close()
        for wire in self.wires:
            wire.close()
        self.markets, self.wires = [], []


class Market:
    """A node's home in this process. `wire` leads to the hub."""

    def __init__(self, province: Province, wire: Wire, folder: Path, code: str, ambience: Ambience) -> None:
        self.province, self.wire, self.code, self.path = province, wire, code, folder / f"node-{code}"
        if (self.path / "store.db").exists():
            self.home = Node(self.path, ambience)
        else:
            self.home = Node.create(self.path, code, f"市场{code[-4:]}", DOMAIN, ambience)
        self.origin = self.home.origin

    @contextmanager
    def bound(self) -> Iterator[Node]:
        with self.home.store.db.bound():
            yield self.home

    def enrol(self, code: str) -> str:
        with self.bound() as home:
            return enrolling.enrol(home, self.wire.address, code)

    def put(self, kind: str, *patches: dict[str, Any], id: str | None = None) -> list[Put]:
        """Patches on new records (or on the one with `id`), each a put of one batch."""
        with self.bound() as home, home.recorder.open("t1") as batch:
            return [batch.put(kind, id, patch) for patch in patches]

    def people(self, count: int) -> list[Put]:
        return self.put("worker", *[person(n) for n in range(count)])

    def sync(self) -> dict[str, Any]:
        with self.bound() as home:
            return round.run(home)

    def window(self, entries: int) -> None:
        """So many entries go into the first push of the next round."""
        self.set("sync.window", str(entries))

    def set(self, name: str, value: str) -> None:
        with self.bound() as home, home.store.writing():
            home.store.set(name, value)

    def log(self, origin: str | None = None) -> Any:
        with self.bound() as home, home.store.reading():
            return logs.get_log(origin or home.origin)

    def get(self, kind: str, id: str) -> Any:
        with self.bound() as home, home.store.reading():
            return home.store.get(kind, id)

    def aside(self) -> dict[bytes, str]:
        """leaf -> reason, of our entries that do not count."""
        with self.bound() as home, home.store.reading():
            return {bytes(leaf): why for leaf, why in home.store.db.run("SELECT leaf, reason FROM aside")}

    def held(self) -> int:
        """How many entries the hub holds of our log."""
        with self.province.hub() as home, home.store.reading():
            return int(logs.get_log(self.origin).size)

    def settled(self) -> None:
        """All is receipted, both sides hold the same head, and the status says so."""
        result = self.sync()
        assert (result["state"], result["receipted"]) == ("ok", result["size"]), result
        mine = self.log()
        with self.province.hub() as home, home.store.reading():
            theirs = logs.get_log(self.origin)
            assert (theirs.size, theirs.root, theirs.receipt) == (mine.size, mine.root, mine.receipt)


class Author:
    """A log in memory, and its key: signs and sends whatever a test wants, true or not."""

    def __init__(self, province: Province, code: str | None = None, n: int = 1) -> None:
        self.province = province
        self.code = code or next(province.codes)
        self.origin = origins.market_log(DOMAIN, self.code, n)
        self.key = SigningKey.generate(self.origin)
        self.frontier = tree.Frontier()
        self.machine = ("test-machine-1", "测试机")
        self.nonce = "none-yet-"

    def request(self, secret: bytes) -> bytes:
        head = Checkpoint(self.origin, self.frontier.size, self.frontier.root())
        asked = enrolment.EnrolRequest(
            self.code,
            self.origin,
            self.key.verifier,
            checkpoints.sign(head, self.key),
            BoxKey.generate().public,
            os.urandom(32),
            *self.machine,
        )
        return enrolment.encode_request(asked, secret)

    def enrol(self, approve: bool = True) -> Author:
        secret = enrolment.parse_code(self.province.invite(self.code, approve))
        answer = self.ask_to_enrol(self.request(secret))
        assert answer.status_code == 200, answer.text
        return self

    def ask_to_enrol(self, message: bytes) -> requests.Response:
        headers = {"Content-Type": "application/vnd.yizhan.enrol"}
        return requests.post(f"{self.province.url}/v1/enrol", message, headers=headers, timeout=30)

    def entry(
        self,
        kind: str,
        fields: dict[str, Any] | bytes | None,
        record: str | None = None,
        after: Sequence[bytes] = (),
        actor: str | None = None,
        time: int = 1_790_000_000_000,
    ) -> pushes.Item:
        """An entry with its payload. Bytes as `fields` are the payload as it is."""
        if isinstance(fields, dict):
            body: bytes | None = b"yizhan/payload/v1\n" + SALT + b"\n" + canonical.encode({"set": fields})
        else:
            body = fields
        size, digest = (len(body), payloads.digest(body)) if body is not None else (None, None)
        id = record or str(uuid_utils.uuid7())
        actor = actor or f"{self.code}.t1"
        entry = Entry(kind, id, sorted_after(after), time, actor, size, digest)
        return encode_entry(entry), body

    def frame(self, *items: pushes.Item, old: int | None = None) -> tuple[bytes, Checkpoint]:
        """A push of these after what we sent so far; it does not count as sent."""
        frontier = self.frontier.extend(tree.leaf_hash(raw) for raw, _ in items)
        head = Checkpoint(self.origin, frontier.size, frontier.root())
        old = self.frontier.size if old is None else old
        return pushes.encode(
            pushes.Push(self.origin, old, checkpoints.sign(head, self.key), list(items))
        ), head

    def post(self, frame: bytes, size: int, **headers: str) -> requests.Response:
        line = signing.sign_machine(self.key, size, *self.machine)
        sent = {"Content-Type": PUSH_TYPE, "Yizhan-Machine": line} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return requests.post(f"{self.province.url}/v1/push", frame, headers=sent, timeout=60)

    def push(self, *items: pushes.Item) -> requests.Response:
        """Send these, and count them as sent if the hub took them."""
        frame, head = self.frame(*items)
        answer = self.post(frame, head.size)
        if answer.status_code == 200:
            self.frontier = self.frontier.extend(tree.leaf_hash(raw) for raw, _ in items)
            self.nonce = answer.headers["Yizhan-Nonce"]
        return answer

    def pull(self, origin: str, old: int = 0, root: bytes = follower.EMPTY) -> requests.Response:
        """A signed request; the nonce of the last answer is used, and the new one kept."""
        target = f"/v1/logs/{origin}?old={old}&root={quote(b64(root), safe='')}"
        header = signing.sign_request(self.key, "GET", target, self.nonce, payloads.digest(b""))
        answer = requests.get(self.province.url + target, headers={"Yizhan-Request": header}, timeout=30)
        self.nonce = answer.headers.get("Yizhan-Nonce", self.nonce)
        return answer

    def pulled(self, origin: str) -> pushes.Push | None:
        """The first chunk of a log that we may read; None where there is nothing."""
        for _ in range(2):
            answer = self.pull(origin)
            if answer.status_code == 200:
                return pushes.parse(answer.content)
            if answer.status_code == 204:
                return None
        raise AssertionError(answer.text)

    def verdicts(self) -> list[dict[str, Any]]:
        """What the hub said of our entries, out of our outbox."""
        push = self.pulled(origins.outbox(DOMAIN, self.code, 1))
        return [payloads.parse(body) for _, body in (push.items if push else []) if isinstance(body, bytes)]


SALT = b"A" * 43 + b"="


def person(n: int, born: str = "19800101", **more: Any) -> dict[str, Any]:
    """A worker whose identity number is his own."""
    first = f"371302{born}{n % 1000:03d}"
    consent = {"version": "2026-1", "time": 1_790_000_000_000, "method": "paper"}
    fields = {"name": f"王{n}", "id_type": "resident", "id_number": first + id_check_digit(first)}
    return fields | {"trades": ["0303"], "consent": consent} | more


def employer(n: int = 0, **more: Any) -> dict[str, Any]:
    return {"name": f"装修公司{n}", "form": "company", "code": "91370705MA3000001R"} | more


def contract(employer: str, worker: str, **more: Any) -> dict[str, Any]:
    terms = {"form": "service", "trade": "0303", "start_date": "2026-12-01", "pay": 26000, "pay_unit": "day"}
    return terms | {"employer": employer, "worker": worker} | more
