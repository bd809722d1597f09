"""Enrolment: how a market's node and the hub, sharing only a one-time code, come to trust each other's keys.

    yizhan/enrol/v1 <base64 HMAC>        the node's request, then a line of canonical JSON without a newline
    yizhan/enrolled/v1 <base64 HMAC>     the hub's answer, likewise

Rules kept here:
- The code is 80 random bits; it is read out, typed or printed, and never leaves the node: both messages
  carry an HMAC-SHA256 under it. The answer's also covers SHA256(request), so it answers this request and no
  other.
- The request proves possession of the log's key: its newest checkpoint, signed. A log may be weeks old by
  then.
- People compare six words made from both messages, so that a listener who guessed the code would be
  noticed.
- Unknown members of a body are ignored, unknown grammar is refused.

A code is written in 18 characters without I, L, O and U, in groups of six. Read as a number it is divisible
by 1021, which shows every single wrong character and every swap of two neighbours.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from common.errors import Invalid, Refused, Tampered
from common.keys import COSIGNATURE, PLAIN, VerifierKey
from common.log import canonical, origins, request
from common.log import checkpoint as checkpoints
from common.log.checkpoint import Checkpoint
from common.log.encoding import HASH, b64, unb64

MAX_MESSAGE = 131072
CODE_BYTES = 10
WORDS = 6

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_PRIME = 1021
_request_line = re.compile(rb"yizhan/enrol/v1 (" + HASH + rb")\n").match
_answer_line = re.compile(rb"yizhan/enrolled/v1 (" + HASH + rb")\n").match


class EnrolRequest(NamedTuple):
    """What a node tells: its market, log, key and newest checkpoint, its box key and its machine."""

    market: str
    origin: str
    key: VerifierKey
    note: bytes
    box: bytes
    nonce: bytes
    install: str
    host: str

    def checkpoint(self) -> Checkpoint:
        return checkpoints.open(self.note, self.key)


class EnrolAnswer(NamedTuple):
    """What the hub tells: whom it took this market for, and all of its own keys."""

    market: str
    origin: str
    log: VerifierKey
    bulletin: VerifierKey
    outbox: VerifierKey
    cosigner: VerifierKey
    recovery: VerifierKey
    box: bytes


def format_code(secret: bytes) -> str:
    """The code of 10 random bytes as people read it: XXXXXX-XXXXXX-XXXXXX."""
    assert len(secret) == CODE_BYTES, "a code has 80 bits"
    value = int.from_bytes(secret, "big") << 10
    value += -value % _PRIME
    text = "".join(_ALPHABET[value >> shift & 31] for shift in range(85, -1, -5))
    return "-".join((text[:6], text[6:12], text[12:]))


def parse_code(text: str) -> bytes:
    """The 10 bytes of a code as somebody typed it; Invalid if characters are missing or wrong."""
    value, count = 0, 0
    for character in text[:200].upper().translate(_LOOKALIKES):
        digit = _ALPHABET.find(character)
        if digit < 0:
            raise Invalid("enrol_code_malformed", "a character that no code holds", field="code")
        value, count = value << 5 | digit, count + 1
    if count != 18 or value % _PRIME or value & 1023 >= _PRIME:
        raise Invalid("enrol_code_malformed", "the code is incomplete or mistyped", field="code")
    return (value >> 10).to_bytes(CODE_BYTES, "big")


def encode_request(asked: EnrolRequest, secret: bytes) -> bytes:
    """The message a node sends or carries; the same bytes on both ways."""
    body = canonical.encode(
        {
            "box": b64(asked.box),
            "host": asked.host,
            "install": asked.install,
            "market": asked.market,
            "nonce": b64(asked.nonce),
            "note": asked.note.decode(),
            "origin": asked.origin,
            "vkey": str(asked.key),
        }
    )
    raw = b"yizhan/enrol/v1 " + b64(_request_mac(secret, body)).encode() + b"\n" + body
    parse_request(raw)
    return raw


def parse_request(raw: bytes) -> EnrolRequest:
    """What a request says; Invalid or Tampered if its parts do not hold together. The code is not checked."""
    _, body = _open(raw, _request_line)
    origin, market = _text(body, "origin"), _text(body, "market")
    key = VerifierKey.parse(_text(body, "vkey"))
    name = origins.parse(origin)
    if (name.role, name.code, key.name, key.type) != ("market", market, origin, PLAIN):
        raise Invalid("enrol_malformed", "market, origin and key are not of one log")
    asked = EnrolRequest(
        market,
        origin,
        key,
        _text(body, "note").encode(),
        unb64(_text(body, "box"), 32),
        unb64(_text(body, "nonce"), 32),
        _text(body, "install"),
        _text(body, "host"),
    )
    request.machine_text(origin, 0, asked.install, asked.host)  # these two will stand in such a text
    asked.checkpoint()
    return asked


def check_request(raw: bytes, secret: bytes) -> bool:
    """True if whoever made this request holds the code; the hub tries those open for the market."""
    mac, _ = _open(raw, _request_line)
    return hmac.compare_digest(mac, _request_mac(secret, _body(raw)))


def encode_answer(answer: EnrolAnswer, asked: bytes, secret: bytes) -> bytes:
    """The hub's message to the request whose bytes are `asked`."""
    keys = {role: str(getattr(answer, role)) for role in _ROLES}
    keys |= {"box": b64(answer.box), "market": answer.market, "origin": answer.origin}
    body = canonical.encode(keys)
    raw = b"yizhan/enrolled/v1 " + b64(_answer_mac(secret, asked, body)).encode() + b"\n" + body
    parse_answer(raw, asked, secret)
    return raw


def parse_answer(raw: bytes, asked: bytes, secret: bytes) -> EnrolAnswer:
    """The hub's keys; Tampered unless the answer was made with the code, for exactly the request `asked`."""
    mac, body = _open(raw, _answer_line)
    if not hmac.compare_digest(mac, _answer_mac(secret, asked, _body(raw))):
        raise Tampered("enrol_answer", "an answer to another request, or made without the code")
    requested = parse_request(asked)
    if (_text(body, "market"), _text(body, "origin")) != (requested.market, requested.origin):
        raise Refused("enrol_other_market", "the hub answered for another market or log")
    keys = {role: VerifierKey.parse(_text(body, role)) for role in _ROLES}
    domain = origins.parse(requested.origin).domain
    for role, key in keys.items():
        name = origins.parse(key.name)
        code = requested.market if role == "outbox" else None
        expected = (domain, "hub" if role == "log" else role, code)
        if (name.domain, name.role, name.code) != expected or key.type != _ROLES[role]:
            raise Invalid("enrol_malformed", f"the key for {role} is not the hub's {role} key")
    return EnrolAnswer(requested.market, requested.origin, **keys, box=unb64(_text(body, "box"), 32))


_ROLES = {"log": PLAIN, "bulletin": PLAIN, "outbox": PLAIN, "cosigner": COSIGNATURE, "recovery": PLAIN}


def words(asked: bytes, answered: bytes, choices: Sequence[str]) -> tuple[str, ...]:
    """Six of `choices`, the same on both sides if both saw the same two messages."""
    both = hashlib.sha256(asked).digest() + hashlib.sha256(answered).digest()
    value = int.from_bytes(hashlib.sha256(b"yizhan/words/v1\n" + both).digest(), "big")
    picked = []
    for _ in range(WORDS):
        value, place = divmod(value, len(choices))
        picked.append(choices[place])
    return tuple(picked)


def _request_mac(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, b"yizhan/enrol/v1\n" + body, "sha256")


def _answer_mac(secret: bytes, asked: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, b"yizhan/enrolled/v1\n" + hashlib.sha256(asked).digest() + body, "sha256")


def _open(raw: bytes, first_line: Any) -> tuple[bytes, dict[str, Any]]:
    """HMAC and body of a message, unverified."""
    match = first_line(raw) if len(raw) <= MAX_MESSAGE else None
    if match is None:
        raise Invalid("enrol_malformed", "not an enrolment message")
    body = canonical.decode(_body(raw))
    if not isinstance(body, dict):
        raise Invalid("enrol_malformed", "the body is not an object")
    return unb64(match[1], 32), body


def _body(raw: bytes) -> bytes:
    return raw.partition(b"\n")[2]


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise Invalid("enrol_malformed", f"no text {name}")
    return value
