"""Two small stores that contain everything that a store can contain, for `verify` to look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from common.keys import COSIGNATURE, VerifierKey
from common.log import checkpoint as checkpoints
from common.log import origins, relay
from common.log.encoding import b64
from common.store import logs
from common.store.lock import Lock
from common.store.store import Store
from common.store.verify import Report, verify
from tests.common.store.exchange import Author, Receiver, made, record_id
from tests.world import DOMAIN, MARKET, Market, World, contract, employer, fixed_key, worker

COSIGNER = fixed_key(origins.cosigner(DOMAIN, 1), COSIGNATURE)


@dataclass
class Damaged:
    """A store's folder, and what `verify` says of it."""

    path: Path
    program: str
    lock: Path | None
    origin: str
    cosigner: VerifierKey | None = COSIGNER.verifier

    def report(self) -> Report:
        store = Store(self.path, self.program)
        try:
            return verify(store, self.cosigner, {self.origin: Lock(self.lock)} if self.lock else {})
        finally:
            store.close()


def receipt(store: Store, origin: str, size: int, key: Any) -> None:
    """Let the hub cosign a log's head at `size`."""
    with store.writing():
        log = logs.get_log(origin)
        head = checkpoints.Checkpoint(origin, size, logs.root_at(store.db, log, size))
        note = checkpoints.cosign(checkpoints.sign(head, key), COSIGNER, 1_796_000_000)
        logs.keep_receipt(store.db, log, size, note)


def node(folder: Path) -> Damaged:
    """A node's store with own entries, a number series, verdicts and strangers' entries out of the outbox,
    conflicts, things set aside, things that wait, and receipts."""
    market = Market(folder, World())
    boss, who = market.put("employer", employer()).id, market.put("worker", worker(phone="13800000001")).id
    terms = contract(boss, who)
    paper = market.put("contract", terms)
    receipt(market.store, market.origin, 2, market.key)
    market.put("worker", {"phone": "13900000002"}, who)
    market.put("worker", {"retired": True}, market.put("worker", worker(id_type="none", id_number=None)).id)
    receipt(market.store, market.origin, market.log.size, market.key)
    market.put("worker", {"address": "某村 12 号"}, who)
    other, hub = Author("37130202"), Author("hub")
    merged = market.store.get("worker", who)
    assert merged is not None
    beside = market.store.db.scalar("SELECT leaf FROM entry WHERE place = (1 << 32) + 1")
    other.add(
        *made("worker", who, (beside,), {"phone": "13700000003", "later": [1]}, other.name)
    )  # a conflict
    other.add(*made("contract", paper.id, (paper.leaf,), {"pay": 1}, other.name))  # not the owner
    other.add(*made("worker", record_id(5), (b"\x05" * 32,), {"name": "王芳"}, other.name))  # waits
    other.add(b"unreadable")
    word = {"leaf": b64(paper.leaf), "decision": "allowed", "code": "checked", "message": "好"}
    hub.add(*made("verdict", record_id(9), (), word, "hub"))
    receiver = Receiver.__new__(Receiver)
    receiver.store, receiver.program, receiver.relayed = market.store, "node", Receiver.outbox()
    receiver.deliver([other, hub], Random(1))
    with market.store.writing():
        market.store.set("hub.cosigner", str(COSIGNER.verifier))
    market.close()
    return Damaged(market.path, "node", folder / "lock", market.origin)


def hub(folder: Path) -> Damaged:
    """A hub's store: a market's log in pushes with receipts, an own log, and an outbox that relays it."""
    (folder / "keys").mkdir(parents=True)
    COSIGNER.save(folder / "keys" / "cosigner-1.key")
    receiver = Receiver(folder / "store.db", "hub")
    market, own = Author(MARKET), Author("hub")
    root, body = made("worker", record_id(1), (), {"name": "王芳", "phone": "13800000001"}, MARKET)
    leaf = market.add(root, body)
    for number in range(300):  # beyond one kept subtree of 256
        market.add(
            *made("visit", record_id(1000 + number), (), {"date": "2026-12-01", "service": "seek"}, MARKET)
        )
    market.add(*made("worker", record_id(1), (leaf,), {"phone": "13900000002"}, MARKET))
    own.add(*made("verdict", record_id(2), (), {"leaf": b64(leaf), "decision": "held", "code": "x"}, "hub"))
    for old, size in ((0, 100), (100, 302)):
        receiver.take(market, market.push(old, size))
        receipt(receiver.store, market.origin, size, market.key)
    receiver.take(own, own.push(0, 1))
    out = fixed_key(origins.outbox(DOMAIN, MARKET, 1))
    with receiver.store.writing():
        log = logs.open_log(out.verifier.name, "outbox", out.verifier)
        source = logs.get_log(own.origin)
        row = receiver.store.db.run(
            "SELECT place, leaf, raw, payload, gone FROM entry WHERE place = ?", (source.id << 32,)
        )
        inner = logs.unfold(source, *row.fetchone())
        logs.append_relayed(receiver.store.db, log, [(relay.encode(own.origin, 0, inner.raw), inner)])
        logs.sign_head(log, out)
    receiver.store.close()
    return Damaged(folder / "store.db", "hub", None, market.origin)
