"""Handing out logs: what a market may read, cut at signed sizes.

A market reads the bulletin and every log and outbox of its own code. A request is signed over a nonce of
ours that is used once; no time is compared, so a PC from 1970 still syncs.
"""

from __future__ import annotations

import secrets
import threading

from common.errors import Refused, Tampered
from common.keys import VerifierKey
from common.log import origins, request
from common.log import push as pushes
from common.log.push import Push
from common.store import logs
from common.store.tables import Log
from hub.home import Home
from hub.province import registry

NONCES = 8  # open ones per market: a round, a clerk's click and a script may overlap


class Nonces:
    """Single-use nonces, a few per market; a restart forgets them and costs each node one more request."""

    def __init__(self) -> None:
        self._open: dict[str, list[str]] = {}
        self._lock = threading.Lock()

    def new(self, market: str) -> str:
        nonce = secrets.token_urlsafe(18)
        with self._lock:
            self._open[market] = [*self._open.get(market, []), nonce][-NONCES:]
        return nonce

    def use(self, market: str, nonce: str) -> bool:
        with self._lock:
            fresh = nonce in self._open.get(market, ())
            if fresh:
                self._open[market].remove(nonce)
            return fresh


def market_of(home: Home, header: str) -> tuple[str, request.Request]:
    """Market code and parsed header of a signed request, its log known to the register; not yet checked."""
    asked = request.parse_request(header)
    code = origins.parse(asked.origin).code
    registry.register_of(home, asked.origin)
    if code is None:
        raise Refused("unknown_origin", "only markets ask", origin=asked.origin)
    return code, asked


def check(home: Home, asked: request.Request, method: str, target: str, body_sha256: bytes) -> None:
    """Tampered unless this log's key signed the request."""
    key = VerifierKey.parse(str(registry.register_of(home, asked.origin).fields["vkey"]))
    request.check_request(asked, key, method, target, body_sha256)


def pull(home: Home, market: str, origin: str, old: int, root: bytes) -> bytes | None:
    """The next chunk of `origin` after `old` as a push frame; None where there is nothing new.

    Raises Refused('not_yours'|'ahead'), Tampered('history') if what the node holds is not what we hold.
    """
    if origin != home.bulletin_origin and origins.parse(origin).code != market:
        raise Refused("not_yours", f"{market} may not read {origin[:200]}")
    with home.store.reading():
        log = logs.get_log(origin)
        home.compare(log)
        if old > log.size:
            raise Refused("ahead", f"{origin}: we hold {log.size}, you hold {old}", size=log.size)
        if logs.root_at(home.store.db, log, old) != root:
            raise Tampered("history", f"{origin}: another root at {old}", size=log.size)
        return None if old == log.size else _chunk(home, log, old)


def _chunk(home: Home, log: Log, old: int) -> bytes:
    """Entries from `old` up to the largest kept note within the limits of a push."""
    items = logs.read(home.store.db, log, old, min(log.size, old + pushes.MAX_ENTRIES), pushes.MAX_BYTES - 70_000)
    row = logs.last_note(home.store.db, log, old, old + len(items))
    assert row is not None, f"{log.origin}: no signed size within a chunk after {old}"
    size, note = row
    return pushes.encode(Push(log.origin, old, note, items[: size - old]))
