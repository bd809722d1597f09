"""Enrolment from the node's side: ask with the code, check the answer by it, pin the hub's keys.

Over the wire (`enrol`) or by stick (`request_file`, then `take_answer`); the messages are the same bytes.
Rules kept here:
- The request is kept until it is answered, so that a lost answer is asked for with the same bytes.
- The code leaves this machine in no form. By stick it is kept beside the request until the answer is checked.
- The hub's keys are pinned once, in the transaction that finds none pinned yet.
"""

from __future__ import annotations

import hashlib

from common.data.words import words as word_list
from common.errors import Refused, Tampered
from common.keys import BoxKey
from common.log import enrolment
from common.log.encoding import b64, unb64
from common.log.enrolment import EnrolAnswer, EnrolRequest
from common.store import logs
from node.home import Home
from node.sync.hub_client import HubClient, check_url
from node.version import VERSION


def enrol(home: Home, url: str, code: str) -> str:
    """Enrol with the hub at `url`; returns the fingerprint words. Refused('already_enrolled'), and what the
    hub refuses."""
    address = check_url(url, home.config.allow_http)
    secret = enrolment.parse_code(code)
    message = _request(home, secret)
    client = HubClient(address, None, VERSION)
    try:
        raw = client.enrol(message)
    finally:
        client.close()
    return accept(home, address, message, raw, secret)


def request_file(home: Home, code: str) -> bytes:
    """The request to carry to the hub. Its code waits here for the answer."""
    secret = enrolment.parse_code(code)
    message = _request(home, secret)
    with home.store.writing():
        home.store.set("enrol.carried", b64(secret))
    return message


def take_answer(home: Home, raw: bytes, url: str | None = None) -> str:
    """Enrol with the answer that was carried back; `url` where the hub can be reached as well."""
    address = check_url(url, home.config.allow_http) if url else ""
    carried = home.store.setting("enrol.carried")
    if not carried:
        raise Refused("enrol_unasked", "no request was made for a stick; begin with --code CODE -o FILE")
    secret = unb64(carried)
    return accept(home, address, _request(home, secret), raw, secret)


def _request(home: Home, secret: bytes) -> bytes:
    """The same bytes for the same code until an answer came."""
    if home.store.setting("hub.cosigner"):
        raise Refused("already_enrolled", "this market has a hub already")
    if home.state() == "recovering":
        raise Tampered("recovering", "the store is older than what was signed")
    name = "enrol." + hashlib.sha256(b"yizhan/kept\n" + secret).hexdigest()[:16]
    kept = home.store.setting(name)
    if kept:
        return unb64(kept)
    with home.store.reading():
        note = bytes(home.log.note or b"")
    asked = EnrolRequest(
        home.market,
        home.origin,
        home.key.verifier,
        note,
        BoxKey.load(home.path / "keys" / "box.key").public,
        home.ambience.random(32),
        home.install_id(),
        home.host_name(),
    )
    message = enrolment.encode_request(asked, secret)
    with home.store.writing():
        home.store.set(name, b64(message))
    return message


def accept(home: Home, address: str, message: bytes, raw: bytes, secret: bytes) -> str:
    """Check the hub's answer and pin its keys in one transaction; returns the fingerprint words."""
    answer: EnrolAnswer = enrolment.parse_answer(raw, message, secret)
    words = " ".join(enrolment.words(message, raw, word_list()))
    with home.store.writing():
        if home.store.setting("hub.cosigner"):
            raise Refused("already_enrolled", "this market has a hub already")
        home.store.set("enrol.carried", "")
        for name in ("log", "bulletin", "outbox", "cosigner", "recovery"):
            home.store.set(f"hub.{name}", str(getattr(answer, name)))
        for key, role in ((answer.bulletin, "bulletin"), (answer.outbox, "outbox")):
            logs.open_log(key.name, role, key)
        for name, value in (
            ("url", address),
            ("box", b64(answer.box)),
            ("words", words),
            ("state", "pending"),
        ):
            home.store.set(f"hub.{name}", value)
    return words
