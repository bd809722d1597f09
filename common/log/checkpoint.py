"""Checkpoints: the signed head of a log, and receipts: a market's head that the hub has cosigned.

    <origin>
    <size>
    <base64 root>

No extension lines. The name of the signing key is the origin. A checkpoint *is* (origin, size, root): two
notes of it may differ in their signatures and still say the same, so it is never identified by a hash of
the note.

A cosignature says: consistent with everything I saw of this origin, and every entry up to this size is
safely with me. A receipt therefore needs the line of the log's key and that of the cosigner; either alone
is none.
"""

import re
from struct import pack
from typing import NamedTuple

from common.errors import Invalid, Tampered
from common.keys import COSIGNATURE, SigningKey, VerifierKey
from common.log import note
from common.log.encoding import HASH, MAX_SAFE, NUMBER, ORIGIN, b64, number, unb64
from common.log.tree import EMPTY

_text = re.compile(rb"(" + ORIGIN + rb")\n(" + NUMBER + rb")\n(" + HASH + rb")\n").fullmatch


class Checkpoint(NamedTuple):
    origin: str
    size: int
    root: bytes

    def text(self) -> bytes:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n".encode()


def parse_text(text: bytes) -> Checkpoint:
    """The checkpoint in a note's text; Invalid if there is anything else in it."""
    match = _text(text)
    if match is None:
        raise Invalid("checkpoint_malformed", "not origin, size and root")
    checkpoint = Checkpoint(match[1].decode(), number(match[2]), unb64(match[3], 32))
    if checkpoint.size == 0 and checkpoint.root != EMPTY:
        raise Invalid("checkpoint_malformed", "the root of no entries is SHA256 of nothing")
    return checkpoint


def peek(raw: bytes) -> Checkpoint:
    """What a note claims, unverified: to find the key by, and for evidence."""
    return parse_text(note.parse(raw).text)


def sign(checkpoint: Checkpoint, key: SigningKey) -> bytes:
    """The note of `checkpoint` under the key of its log."""
    assert key.verifier.name == checkpoint.origin, "a log's key signs that log's heads only"
    text = checkpoint.text()
    parse_text(text)
    return note.sign(text, key)


def open(raw: bytes, key: VerifierKey) -> Checkpoint:
    """The checkpoint in `raw`, signed by its log's `key`; Tampered if it is not."""
    return _open(raw, key, [key])[0]


def cosign(raw: bytes, cosigner: SigningKey, seconds: int) -> bytes:
    """The same note with one more line: `cosigner` saw it, at `seconds` since 1970."""
    assert cosigner.verifier.type == COSIGNATURE, "only a cosignature key cosigns"
    assert 0 <= seconds <= MAX_SAFE, "not a time"
    text = note.parse(raw).text
    parse_text(text)
    signature = pack(">Q", seconds) + cosigner.sign(note.cosigned(text, seconds))
    return note.append(raw, note.line(cosigner.verifier, signature))


def open_receipt(raw: bytes, key: VerifierKey, cosigner: VerifierKey) -> tuple[Checkpoint, int]:
    """Checkpoint and the newest cosignature's time; Tampered unless the log's key and `cosigner` signed."""
    assert cosigner.type == COSIGNATURE, "a receipt is cosigned by a cosignature key"
    checkpoint, signed = _open(raw, key, [key, cosigner])
    times = [
        note.seconds_of(line.signature)
        for line in signed.signatures
        if (line.name, line.keyid) == (cosigner.name, cosigner.keyid)
    ]
    return checkpoint, max(times)


def _open(raw: bytes, key: VerifierKey, required: list[VerifierKey]) -> tuple[Checkpoint, note.Note]:
    signed = note.parse(raw)
    checkpoint = parse_text(signed.text)
    note.verify(signed, required)
    if checkpoint.origin != key.name:
        raise Tampered(
            "origin_mismatch",
            f"a checkpoint of {checkpoint.origin} signed by {key.name}",
            origin=checkpoint.origin,
        )
    return checkpoint, signed
