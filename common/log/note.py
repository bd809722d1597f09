"""Signed notes, as the C2SP signed-note specification has them.

A text ending in a newline, an empty line, then one line for each signature, `— <name> <base64>`, where the
base64 holds the key's id (4 bytes) and the signature. The dash is U+2014.

Rules kept here:
- At most 64 KiB and 16 signatures; UTF-8 without control characters; split at the *last* empty line, so
  that a text may itself contain empty lines.
- Lines of unknown (name, key id) are skipped. A known key whose line fails rejects the note, whoever else
  signed: it is either damage or somebody pretending.
- There is no "valid note": the caller names the keys it requires, and nothing else counts.
- A plain key signs the text. A cosignature key signs a time and the text (C2SP tlog-cosignature), and its
  line carries that time: 8 bytes of seconds since 1970, big-endian, before the signature.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from common.errors import Invalid, Tampered
from common.keys import COSIGNATURE, SigningKey, VerifierKey
from common.log.encoding import MAX_SAFE, b64, unb64

MAX_NOTE = 65536
MAX_SIGNATURES = 16

_control = re.compile(r"[\x00-\x09\x0b-\x1f]").search
_line = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})").fullmatch


class Signature(NamedTuple):
    """One line: who, and what it says. `signature` is what follows the key id, of any length from 1 byte."""

    name: str
    keyid: bytes
    signature: bytes


class Note(NamedTuple):
    text: bytes
    signatures: tuple[Signature, ...]


def parse(raw: bytes) -> Note:
    """The note's text and lines, nothing verified; Invalid if it is not of the form."""
    if len(raw) > MAX_NOTE:
        raise Invalid("note_too_large", f"a note has at most {MAX_NOTE} bytes, got {len(raw)}")
    text, gap, block = raw.rpartition(b"\n\n")
    if not gap or not block.endswith(b"\n"):
        raise Invalid("note_malformed", "no text, empty line and signatures")
    lines = _check_text(block)[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise Invalid("note_malformed", f"at most {MAX_SIGNATURES} signatures, got {len(lines)}")
    _check_text(text + b"\n")
    return Note(text + b"\n", tuple(map(parse_line, lines)))


def parse_line(line: str) -> Signature:
    """One signature line, without its newline."""
    match = _line(line)
    if match is None:
        raise Invalid("note_malformed", "not a signature line")
    raw = unb64(match[2])
    if len(raw) < 5:
        raise Invalid("note_malformed", "a signature line without a signature")
    return Signature(match[1], raw[:4], raw[4:])


def sign(text: bytes, *keys: SigningKey) -> bytes:
    """The note of `text` with a line of each plain key."""
    if not text.endswith(b"\n"):
        raise Invalid("note_malformed", "a note's text ends in a newline")
    raw = _check_text(text).encode() + b"\n"
    for key in keys:
        assert key.verifier.type != COSIGNATURE, "a cosignature key signs nothing but cosignatures"
        raw += line(key.verifier, key.sign(text))
    parse(raw)
    return raw


def line(key: VerifierKey, signature: bytes) -> bytes:
    """The line that carries `signature`, with its newline."""
    return f"— {key.name} {b64(key.keyid + signature)}\n".encode()


def append(raw: bytes, new_line: bytes) -> bytes:
    """The note with one more line; its other bytes stay as they are."""
    before = parse(raw)
    longer = raw + new_line
    after = parse(longer)
    # An empty line in it would move the end of the text, and with it what all the others signed.
    if after.text != before.text or len(after.signatures) != len(before.signatures) + 1:
        raise Invalid("note_malformed", "not one signature line")
    return longer


def verify(note: Note, required: Sequence[VerifierKey], known: Sequence[VerifierKey] = ()) -> None:
    """Tampered unless every required key has a line, and no line of a required or known key fails."""
    keys = {(key.name, key.keyid): key for key in (*known, *required)}
    held = set()
    for signature in note.signatures:
        place = (signature.name, signature.keyid)
        key = keys.get(place)
        if key is None:
            continue
        if not holds(key, note.text, signature.signature):
            raise Tampered("signature_invalid", f"the line of {key.name} does not hold", origin=key.name)
        held.add(place)
    for key in required:
        if (key.name, key.keyid) not in held:
            raise Tampered("signature_missing", f"no line of {key.name}", origin=key.name)


def holds(key: VerifierKey, text: bytes, signature: bytes) -> bool:
    """True if `signature` is the key's over `text`, in the way of its type."""
    if key.type != COSIGNATURE:
        return len(signature) == 64 and key.verify(signature, text)
    if len(signature) != 72 or (seconds := seconds_of(signature)) > MAX_SAFE:
        return False
    return key.verify(signature[8:], cosigned(text, seconds))


def cosigned(text: bytes, seconds: int) -> bytes:
    """What a cosignature key signs."""
    return b"cosignature/v1\ntime %d\n" % seconds + text


def seconds_of(signature: bytes) -> int:
    """The time in a cosignature."""
    return int.from_bytes(signature[:8], "big")


def _check_text(raw: bytes) -> str:
    """UTF-8 without control characters other than the newline."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid("note_malformed", "not UTF-8") from None
    if _control(text):
        raise Invalid("note_malformed", "a control character")
    return text
