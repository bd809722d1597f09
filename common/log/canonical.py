"""JSON with exactly one spelling, so that equal values are equal bytes and can be hashed and compared.

- Objects have keys of the form `[a-z][a-z0-9_]{0,31}`, sorted bytewise, none twice; nothing between tokens.
- Strings escape the quote, the backslash and U+0001 to U+001F, each in its shortest form (`\\n`, else
  `\\u001f` with lower-case digits), and nothing else. U+0000 and lone surrogates do not occur.
- Numbers are integers within 2^53-1 of zero, never `-0`; there are no floats, because two programs rarely
  agree on how to write one.
- Containers are nested at most eight deep, the outermost counted.

A reader does not check spellings one by one: it decodes, checks the values, encodes again and compares.
What a decoder forgives (blanks, order, repeated keys, other escapes, `-0`) then shows as a difference. The
encoder is msgspec's, whose output for such values is this form; the tests hold it against a second, slow
encoder.
"""

import re
from typing import Any

import msgspec

from common.errors import Invalid
from common.log.encoding import MAX_SAFE

MAX_DEPTH = 8

_key = re.compile(r"[a-z][a-z0-9_]{0,31}").fullmatch
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder(order="sorted").encode

# Keys come from a few dozen declared fields; those seen are remembered, up to a bound no peer can push.
_known_keys: set[str] = set()
_MAX_KNOWN = 4096


def decode(raw: bytes) -> Any:
    """The value written in `raw`; Invalid unless `raw` is its canonical form."""
    try:
        value = _decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Invalid("json_malformed", "not JSON in UTF-8") from None
    _walk(value, MAX_DEPTH, b"\\u0000" in raw)
    if _encode(value) != raw:
        raise Invalid("json_not_canonical", "JSON is not in canonical form")
    return value


def encode(value: Any) -> bytes:
    """The canonical form of `value`; Invalid if it has none."""
    _walk(value, MAX_DEPTH, True)
    try:
        return _encode(value)
    except UnicodeEncodeError:
        raise Invalid("json_malformed", "a string holds a lone surrogate") from None


def _walk(value: Any, depth: int, zeros: bool) -> None:
    """Check types, ranges, keys and nesting; look for U+0000 in strings only if `zeros`."""
    kind = type(value)
    if kind is dict:
        if not depth:
            raise Invalid("json_too_deep", f"nested more than {MAX_DEPTH} deep")
        if not value.keys() <= _known_keys:
            _learn(value)
        items = value.values()
    elif kind is list:
        if not depth:
            raise Invalid("json_too_deep", f"nested more than {MAX_DEPTH} deep")
        items = value
    else:
        items = (value,)
    for item in items:
        kind = type(item)
        if kind is str:
            if zeros and "\0" in item:
                raise Invalid("json_malformed", "a string holds U+0000")
        elif kind is int:
            if not -MAX_SAFE <= item <= MAX_SAFE:
                raise Invalid("json_number", "an integer is beyond 2^53-1")
        elif kind is dict or kind is list:
            _walk(item, depth - 1, zeros)
        elif item is not None and kind is not bool:
            code = "json_number" if kind is float else "json_malformed"
            raise Invalid(code, f"no place for a {kind.__name__}")


def _learn(keys: dict[Any, Any]) -> None:
    """Check keys that were not met before."""
    for key in keys:
        if type(key) is not str or _key(key) is None:
            raise Invalid("json_key", "a key is not of the form [a-z][a-z0-9_]{0,31}")
        if len(_known_keys) < _MAX_KNOWN:
            _known_keys.add(key)
