"""Handing out logs: what a market may read, cut at signed sizes.

A market reads the bulletin and every log and outbox of its own code. A request is signed over a nonce of
ours that is used once; no time is compared, so a PC from 1970 still syncs.
"""

from __future__ import annotations

import secrets
import threading

from common.errors import Refused, Tampered
from common.keys import VerifierKey
from common.log import checkpoint as checkpoints
from common.log import origins, request
from common.log import push as pushes
from common.log.push import Push
from common.store import logs
from common.store.tables import Log
from hub.home import Home
from hub.province import registry

HEADER_BYTES = 4096  # what the frame and a note take beside the entries
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


def caller(home: Home, header: str, method: str, target: str, body_sha256: bytes) -> request.Request:
    """Who asks, its signature checked by the key that the register holds. Raises Invalid,
    Refused('unknown_origin'|'not_approved'|…), Tampered('request_signature')."""
    asked = request.parse_request(header)
    known = registry.register_of(home, asked.origin)
    key = VerifierKey.parse(str(known.fields.get("vkey")))
    request.check_request(asked, key, method, target, body_sha256)
    registry.check_open(known)  # after the signature: a stranger is not told how a market stands
    return asked


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
        if old == log.size:
            return None
        push = _chunk(home, log, old)
    # whoever committed this head may not have come to its lock yet; no note leaves before its lock has moved
    home.publish([(checkpoints.peek(push.note), push.note)])
    return pushes.encode(push)


def _chunk(home: Home, log: Log, old: int) -> Push:
    """Entries from `old` up to the largest kept note within the limits of a push."""
    last = min(log.size, old + pushes.MAX_ENTRIES)
    items = logs.read(home.store.db, log, old, last, pushes.MAX_BYTES - HEADER_BYTES)
    row = logs.last_note(home.store.db, log, old, old + len(items))
    if row is None:
        raise Refused("answer_too_large", f"{log.origin}: no signed size within a push after {old}")
    size, note = row
    return Push(log.origin, old, note, items[: size - old])
