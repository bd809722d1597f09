"""What a QR code on a paper holds: `YZ1:` and base45 (RFC 9285), because scanners that type lose raw bytes.

Two codes stand on a paper (PROTOCOL.md §13): the proof file, deflated (zlib, RFC 1950), and the payload of
the entry, as it is. Letters and digits of base45 fit the alphanumeric mode of a QR code exactly.

Rules kept here:
- base45 is decoded strictly: its own 45 characters, groups of two or three, no group above what two bytes
  or one byte can hold.
- Inflating is bounded: a code that claims to be a proof never unfolds to more than a proof file may have.
"""

import zlib

from common.errors import Invalid
from common.log.proof import MAX_FILE

MARK = "YZ1:"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}


def base45(raw: bytes) -> str:
    """Two bytes become three characters, a last single byte two; the lowest digit stands first."""
    letters = []
    for at in range(0, len(raw) - 1, 2):
        high, rest = divmod(raw[at] * 256 + raw[at + 1], 2025)
        letters += [ALPHABET[rest % 45], ALPHABET[rest // 45], ALPHABET[high]]
    if len(raw) % 2:
        letters += [ALPHABET[raw[-1] % 45], ALPHABET[raw[-1] // 45]]
    return "".join(letters)


def unbase45(text: str) -> bytes:
    """The bytes behind canonical base45; Invalid otherwise."""
    try:
        values = [_VALUES[letter] for letter in text]
    except KeyError:
        raise Invalid("paper_malformed", "a character that is none of base45's") from None
    raw = bytearray()
    for at in range(0, len(values), 3):
        group = values[at : at + 3]
        number = sum(value * 45**place for place, value in enumerate(group))
        if len(group) == 1 or number >= (65536 if len(group) == 3 else 256):
            raise Invalid("paper_malformed", f"no bytes are written as the group at {at}")
        raw += number.to_bytes(len(group) - 1, "big")
    return bytes(raw)


def pack_payload(payload: bytes) -> str:
    """The text of the code that holds a payload."""
    return MARK + base45(payload)


def unpack_payload(text: str) -> bytes:
    if not text.startswith(MARK):
        raise Invalid("paper_malformed", f"expected {MARK} at the front")
    return unbase45(text[len(MARK) :])


def pack_proof(proof: bytes) -> str:
    """The text of the code that holds a proof file."""
    return MARK + base45(zlib.compress(proof, 9))


def unpack_proof(text: str) -> bytes:
    inflate = zlib.decompressobj()
    try:
        raw = inflate.decompress(unpack_payload(text), MAX_FILE + 1)
    except zlib.error:
        raise Invalid("paper_malformed", "not deflated") from None
    if len(raw) > MAX_FILE or not inflate.eof or inflate.unused_data:
        raise Invalid("paper_malformed", "not one deflated proof file")
    return raw
