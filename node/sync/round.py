"""One round: push all, then pull all. Run by the loop inside `serve`, by `sync`, by whoever clicks.

Rules kept here:
- One round at a time, by an OS lock beside the store: a killed round never holds up the next.
- A chunk is resumed at the last receipt; repeating one is harmless. The receipt is checked against our own
  tree before it counts, and what the hub says of our size never outweighs what we hold.
- A note leaves this process only after the lock knows it, also one that another process has just signed.
- While one chunk is on its way, the receipt before it is stored and the next chunk made ready, so that the
  wire and the disk work at once.
- More at the hub than here means that another machine signed: stop, and let a person settle it.
- Nothing is lost by failing at any point: the round begins again where the receipts end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.errors import Invalid, Refused, Tampered, Unreachable, YizhanError
from common.keys import VerifierKey
from common.log import checkpoint as checkpoints
from common.log import push as pushes
from common.log import request as signing
from common.log.checkpoint import Checkpoint
from common.log.follower import advance
from common.log.push import Push
from common.store import logs
from common.store.lock import exclusive
from common.store.tables import Log
from node.home import Home
from node.sync import engine
from node.sync.hub_client import HubClient, packed
from node.version import VERSION

PUSH_BYTES = 8 * 1024 * 1024
HUB_STATES = {"not_approved": "pending", "revoked": "revoked"}  # what a round may learn of our standing
Step = Callable[[str, int, int], object]  # (what, done, of)
Receipt = tuple[int, bytes]  # size and note, checked against our tree


@dataclass(slots=True)
class Chunk:
    """Entries ready to send: gzipped frame, and the head that its note signs."""

    checkpoint: Checkpoint
    note: bytes
    body: bytes
    entries: int


def run(home: Home, step: Step = lambda what, done, of: None) -> dict[str, Any]:
    """One round. Returns what `sync --json` prints, with "error" and "retry_after" where it failed."""
    started = time.monotonic()
    try:
        with alone(home.path):
            state, counts, error = _round(home, step)
    except BlockingIOError:
        state, counts, error = "in_progress", {}, None
    with home.store.reading():
        log = home.log
        result = {
            "state": state,
            "pushed": counts.get("pushed", 0),
            "pulled": counts.get("pulled", 0),
            "size": log.size,
            "receipted": log.receipt_size,
            "set_aside": home.store.set_aside(log),
            "conflicts": home.store.in_conflict(),
            "seconds": round(time.monotonic() - started, 3),
        }
    if error:
        result |= {
            "error": error.code,
            "message": error.message,
            "retry_after": error.detail.get("retry_after"),
        }
    return result


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Hold the round's lock; BlockingIOError if another process or thread has it."""
    with open(home / "sync.lock", "a+b") as file, exclusive(file.fileno(), wait=False):
        yield


def _round(home: Home, step: Step) -> tuple[str, dict[str, int], YizhanError | None]:
    counts = {"pushed": 0, "pulled": 0}
    now = home.ambience.now()
    client: HubClient | None = None
    try:
        if home.state() == "recovering":
            raise Tampered("recovering", "the store is older than what was signed")
        if home.cosigner() is None:
            raise Refused("not_enrolled", "this market has not enrolled with a hub")
        url = home.store.setting("hub.url")
        if not url:
            raise Unreachable("no_address", "this market enrolled by stick and knows no address of the hub")
        client = HubClient(url, home.key, VERSION, home.store.setting("hub.nonce") or "")
        _push_all(home, client, counts, step)
        _pull_all(home, client, counts, step)
    except YizhanError as error:
        state = engine.outcome(error)
        facts = {"sync.last_try": now, "sync.error": error.code, "sync.error_at": now}
        if state in HUB_STATES:
            facts["hub.state"] = HUB_STATES[state]
        _remember(home, client, facts)
        return state, counts, error
    finally:
        if client:
            client.close()
    done = home.ambience.now()
    _remember(
        home, client, {"sync.last_try": now, "sync.last_ok": done, "sync.error": "", "hub.state": "open"}
    )
    return "ok", counts, None


def _remember(home: Home, client: HubClient | None, facts: dict[str, Any]) -> None:
    if client is not None:
        facts["hub.nonce"] = client.nonce
        if client.skew_s is not None:
            facts["sync.skew_s"] = client.skew_s
    changed = {key: str(value) for key, value in facts.items() if home.store.setting(key) != str(value)}
    if changed:
        with home.store.writing():
            for key, value in changed.items():
                home.store.set(key, value)


# -- pushing ----------------------------------------------------------------------------------------------


def _push_all(home: Home, client: HubClient, counts: dict[str, int], step: Step) -> None:
    window = engine.Window(int(home.store.setting("sync.window") or engine.Window().entries))
    try:
        _push_chunks(home, client, counts, step, window)
    except Unreachable:
        window.narrow()
        raise
    finally:
        _remember(home, None, {"sync.window": window.entries})


def _push_chunks(
    home: Home, client: HubClient, counts: dict[str, int], step: Step, window: engine.Window
) -> None:
    receipt: Receipt | None = None
    chunk = prepare(home, home.log.receipt_size, window.entries)
    with ThreadPoolExecutor(1, "push") as wire:
        while chunk:
            step("push", chunk.checkpoint.size, home.log.size)
            home.lock.advance(*chunk.checkpoint, chunk.note)
            client.waiting = home.log.size - chunk.checkpoint.size
            answer = wire.submit(client.push, chunk.body, _machine(home, chunk.checkpoint))
            if receipt:
                _keep(home, receipt)
            following = prepare(home, chunk.checkpoint.size, window.entries)
            try:
                receipt = _checked(home, answer.result(), chunk.checkpoint)
            except (Invalid, Refused) as error:
                receipt, chunk = None, _again(home, error, chunk, window)
                continue
            counts["pushed"] += chunk.entries
            window.widen()
            chunk = following
    if receipt:
        _keep(home, receipt)


def _again(home: Home, error: YizhanError, chunk: Chunk, window: engine.Window) -> Chunk | None:
    """What to send after a refusal: half as much, or what follows the size that the hub holds."""
    start = chunk.checkpoint.size - chunk.entries
    if error.code == "push_too_large" and chunk.entries > 1:
        window.halve(chunk.entries)
        return prepare(home, start, window.entries)
    if error.code not in ("behind", "ahead") or not isinstance(error, Refused):
        raise error
    _resume(home, error)
    if home.log.receipt_size <= start:
        raise Refused("no_progress", "the hub takes nothing and says nothing") from error
    return prepare(home, home.log.receipt_size, window.entries)


def prepare(home: Home, start: int, most: int) -> Chunk | None:
    """The next entries from `start`, framed, signed and packed; None where all is sent."""
    with home.store.reading():
        log = home.log
        if start >= log.size:
            return None
        items = logs.read(home.store.db, log, start, min(log.size, start + most), PUSH_BYTES)
        size = start + len(items)
        checkpoint = Checkpoint(log.origin, size, logs.root_at(home.store.db, log, size))
    note = bytes(log.note) if size == log.size and log.note else checkpoints.sign(checkpoint, home.key)
    frame = pushes.encode(Push(log.origin, start, note, items))
    return Chunk(checkpoint, note, packed(frame), len(items))


def _machine(home: Home, checkpoint: Checkpoint) -> str:
    return signing.sign_machine(home.key, checkpoint.size, home.install_id(), home.host_name())


def _checked(home: Home, receipt: bytes, pushed: Checkpoint | None) -> Receipt:
    """A receipt held against our own tree. Tampered if it says what we do not hold."""
    cosigner = home.cosigner()
    assert cosigner is not None
    with home.store.reading():
        log = home.log
        size, root, _ = logs.open_receipt_of(log, receipt, cosigner)
        if size > log.size:
            raise Tampered("clone", f"the hub receipted {size}, this store ends at {log.size}", size=size)
        if pushed and size < pushed.size:
            raise Tampered("receipt_short", f"pushed {pushed.size}, receipted {size}")
        if logs.root_at(home.store.db, log, size) != root:
            raise Tampered("fork", f"the hub receipted another root at {size}", size=size)
    return size, receipt


def _keep(home: Home, receipt: Receipt) -> None:
    with home.store.writing():
        logs.keep_receipt(home.store.db, home.log, *receipt)


def _resume(home: Home, error: Refused) -> None:
    """The hub stands elsewhere than our last receipt: believe it only with a receipt that fits our tree."""
    held, receipt = error.detail.get("size"), error.detail.get("receipt")
    if type(held) is not int:
        raise error
    _compare(home, held)
    if isinstance(receipt, str):
        _keep(home, _checked(home, receipt.encode(), None))


# -- pulling ----------------------------------------------------------------------------------------------


def _pull_all(home: Home, client: HubClient, counts: dict[str, int], step: Step) -> None:
    own = home.log
    client.waiting = own.size - own.receipt_size
    for setting in ("hub.bulletin", "hub.outbox"):
        vkey = VerifierKey.parse(home.store.setting(setting) or "")
        while True:
            log = logs.get_log(vkey.name)
            frame = _pull(client, log)
            if frame is None:
                break
            count = take(home, vkey, frame)
            counts["pulled"] += count
            step("pull", log.size + count, log.size + count)
    if client.held is not None:
        _compare(home, client.held)


def _pull(client: HubClient, log: Log) -> bytes | None:
    try:
        return client.pull(log.origin, log.size, bytes(log.root))
    except Refused as error:
        if error.code != "ahead":
            raise
        raise Tampered(
            "hub_rewound", f"the hub signed {log.size} of {log.origin} and now holds less"
        ) from error


def _compare(home: Home, held: int) -> None:
    """What the hub says it holds of our log: never less than it receipted, never more than we have."""
    log = home.log
    if held < log.receipt_size:
        raise Tampered("hub_rewound", f"the hub receipted {log.receipt_size} and now holds {held}", size=held)
    if held > log.size:
        raise Tampered("clone", f"the hub holds {held}, this store ends at {log.size}", size=held)


def take(home: Home, vkey: VerifierKey, frame: bytes) -> int:
    """Follow one chunk of a hub log: check, store, fold, in one transaction. Returns its entries."""
    push = pushes.parse(frame)
    with home.store.writing():
        log = Log.get(Log.origin == vkey.name)
        moved = advance(logs.head_of(log), push, vkey, relayed=True)
        if not push.items:
            raise Tampered("empty_chunk", f"{log.origin}: an answer without entries")
        home.store.projector.apply(log, logs.extend(home.store.db, log, push, moved))
    return len(push.items)
