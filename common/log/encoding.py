"""Base64 and numbers with one spelling each.

Python is generous where a log must not be: `b64decode` drops foreign characters, `int` takes Arabic digits,
blanks and underscores. So values are matched as bytes against a full pattern before they are converted, and
base64 is encoded again and compared, which also refuses missing padding and set spare bits.
"""

import binascii
import re

from common.errors import Invalid

MAX_SAFE = 2**53 - 1  # the largest integer that every JSON reader keeps exact

NUMBER = rb"(?:0|[1-9][0-9]{0,15})"
ORIGIN = rb"[!-*,-~]{1,255}"  # a log's name: visible ASCII without the plus sign
HASH = rb"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="  # 32 bytes: two spare bits at the end, both zero

_number = re.compile(NUMBER).fullmatch


def b64(raw: bytes) -> str:
    """Padded base64 on one line."""
    return binascii.b2a_base64(raw, newline=False).decode("ascii")


def unb64(text: bytes | str, length: int | None = None) -> bytes:
    """The bytes behind canonical base64, `length` of them if given; Invalid otherwise."""
    try:
        given = text.encode("ascii") if isinstance(text, str) else bytes(text)
        raw = binascii.a2b_base64(given)
    except (ValueError, UnicodeEncodeError):
        raise Invalid("base64_malformed", "not base64") from None
    if binascii.b2a_base64(raw, newline=False) != given:
        raise Invalid("base64_malformed", "base64 is not in canonical form")
    if length is not None and len(raw) != length:
        raise Invalid("base64_malformed", f"expected {length} bytes, got {len(raw)}")
    return raw


def number(digits: bytes) -> int:
    """A number from 0 to 2^53-1 in ASCII digits without leading zeros; Invalid otherwise."""
    if _number(digits) is None or (value := int(digits)) > MAX_SAFE:
        raise Invalid("number_malformed", f"not a number from 0 to {MAX_SAFE}: {digits[:24]!r}")
    return value
