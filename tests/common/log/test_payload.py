"""Payloads: held against a second canonical encoder, slow and written only from the rules."""

import json
from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid
from common.log import canonical, entry, payload
from common.log.encoding import MAX_SAFE
from common.log.entry import MAX_PAYLOAD
from tests.common.log.samples import VECTORS, quick, seed

SALT = seed("salt")
HEADER = b"yizhan/payload/v1\n" + b64encode(SALT) + b"\n"
KNOWN = b64decode(VECTORS["payload_b64"])

ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def slow(value) -> str:
    """Canonical JSON, one character at a time."""
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(ESCAPES.get(c, c if c >= " " else f"\\u{ord(c):04x}") for c in value) + '"'
    if isinstance(value, list):
        return "[" + ",".join(map(slow, value)) + "]"
    return (
        "{" + ",".join(f"{slow(k)}:{slow(value[k])}" for k in sorted(value, key=lambda k: k.encode())) + "}"
    )


texts = st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"])) | st.text(
    st.sampled_from('\x01\x1f\x7f\b\t\n\f\r"\\/ \u0080\u2028\u2029\ufeff\uffff\U0010ffff周<&')
)
keys = st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True)
scalars = st.none() | st.booleans() | st.integers(-MAX_SAFE, MAX_SAFE) | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


def depth(value) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


fields = st.dictionaries(keys, values, max_size=6).filter(lambda f: depth(f) <= 7)


def test_vector():
    assert payload.parse(KNOWN) == {"expected_pay": 26000, "name": "周胜春", "trades": ["0303"]}
    assert payload.encode(payload.parse(KNOWN), b64decode(KNOWN.split(b"\n")[1])) == KNOWN
    first = entry.parse(VECTORS["entry"].encode())
    assert (len(KNOWN), payload.digest(KNOWN)) == (first.payload_size, first.payload_digest)


@quick
@given(fields)
def test_encoding_is_the_slow_encoders(patch):
    raw = payload.encode(patch, SALT)
    assert raw == HEADER + slow({"set": patch}).encode()
    assert payload.parse(raw) == patch


@quick
@given(fields, st.data())
def test_mutations_are_refused_or_mean_exactly_their_bytes(patch, data):
    raw = payload.encode(patch, SALT)
    place = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(place, min(len(raw), place + 3)))
    middle = data.draw(
        st.binary(max_size=3)
        | st.sampled_from([b" ", b"-0", b".0", b"e1", b"\\/", b"\\u0041", b",", b"}", b"]"])
    )
    changed = raw[:place] + middle + raw[end:]
    try:
        value = payload.parse(changed)
    except Invalid:
        return
    salt = b64decode(changed.split(b"\n")[1])
    assert payload.encode(value, salt) == changed
    assert changed == b"yizhan/payload/v1\n" + b64encode(salt) + b"\n" + slow({"set": value}).encode()


@quick
@given(st.binary(max_size=200), st.booleans())
def test_anything_else_is_only_ever_invalid(raw, header):
    try:
        payload.parse(HEADER + raw if header else raw)
    except Invalid:
        pass


@quick
@given(
    st.recursive(
        scalars | st.floats() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s), max_leaves=9
    )
)
def test_what_the_standard_library_writes_is_read_only_if_canonical(value):
    text = json.dumps({"set": {"x": value}}, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    try:
        raw = HEADER + text.encode()
    except UnicodeEncodeError:
        return
    try:
        patch = payload.parse(raw)
    except Invalid:
        return
    assert raw == HEADER + slow({"set": patch}).encode()


@pytest.mark.parametrize(
    "body",
    [
        '{"set":{}}',
        '{"set":{"a":null}}',
        '{"set":{"a":[],"a0":{},"a_":true,"b":false}}',
        '{"set":{"a":"\\u0001\\u001f\x7f/\u2028"}}',
        f'{{"set":{{"a":{MAX_SAFE},"b":{-MAX_SAFE},"c":0}}}}',
        '{"set":{"a":[[[[[[]]]]]]}}',
        '{"set":{"a":"\\\\u0000"}}',
    ],
)
def test_bodies_that_are_canonical(body):
    assert payload.encode(payload.parse(HEADER + body.encode()), SALT) == HEADER + body.encode()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        '"set"',
        "{}",
        '{"set":[]}',
        '{"set":null}',
        '{"set":{},"x":1}',
        '{"get":{}}',
        '{"a":1,"set":{}}',
        '{"set":{}} ',
        ' {"set":{}}',
        '{"set": {}}',
        '{"set":{}}\n',
        '\ufeff{"set":{}}',
        '{"set":{}}{}',
        '{"set":{}',
        '{"set":{"b":1,"a":1}}',
        '{"set":{"a":1,"a":1}}',
        '{"set":{"a":1,"a":2}}',
        '{"set":{},"set":{}}',
        '{"set":{"A":1}}',
        '{"set":{"":1}}',
        '{"set":{"1a":1}}',
        '{"set":{"_a":1}}',
        '{"set":{"a-b":1}}',
        '{"set":{"周":1}}',
        f'{{"set":{{"{"a" * 33}":1}}}}',
        '{"set":{"a":{"B":1}}}',
        '{"set":{"a":[{"B":1}]}}',
        '{"set":{"\\u0061":1}}',
        '{"set":{"a":1.0}}',
        '{"set":{"a":1e2}}',
        '{"set":{"a":-0}}',
        '{"set":{"a":0.5}}',
        '{"set":{"a":01}}',
        '{"set":{"a":+1}}',
        f'{{"set":{{"a":{MAX_SAFE + 1}}}}}',
        f'{{"set":{{"a":{-MAX_SAFE - 1}}}}}',
        f'{{"set":{{"a":{"9" * 30}}}}}',
        f'{{"set":{{"a":{"9" * 6000}}}}}',
        '{"set":{"a":1E400}}',
        '{"set":{"a":NaN}}',
        '{"set":{"a":Infinity}}',
        '{"set":{"a":TRUE}}',
        '{"set":{"a":"\\u0000"}}',
        '{"set":{"a":["\\u0000"]}}',
        '{"set":{"a":{"b":"x\\u0000"}}}',
        '{"set":{"a":"\\ud800"}}',
        '{"set":{"a":"\\udc00\\ud800"}}',
        '{"set":{"a":"\\ud83d\\ude00"}}',
        '{"set":{"a":"\\/"}}',
        '{"set":{"a":"\\u0041"}}',
        '{"set":{"a":"\\u000a"}}',
        '{"set":{"a":"\\u0008"}}',
        '{"set":{"a":"\\u001F"}}',
        '{"set":{"a":"\\u0022"}}',
        '{"set":{"a":"\\u007f"}}',
        '{"set":{"a":"\n"}}',
        '{"set":{"a":"\x01"}}',
        '{"set":{"a":"\\x41"}}',
        "{'set':{}}",
        '{"set":{"a":[1,]}}',
        '{"set":{"a":1,}}',
        '{"set":{"a":[[[[[[[]]]]]]]}}',
        '{"set":{"a":' + "[" * 100000 + "]" * 100000 + "}}",
        '{"set":{"a":' + "[" * 200000,
        '{"set":{"a":' + '{"a":' * 7 + "1" + "}" * 7 + "}}",
    ],
)
def test_bodies_that_are_refused(body):
    with pytest.raises(Invalid):
        payload.parse(HEADER + body.encode())


@pytest.mark.parametrize(
    "middle", [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe5\x91", b"\x00"]
)
def test_bytes_that_are_no_text_are_refused(middle):
    with pytest.raises(Invalid):
        payload.parse(HEADER + b'{"set":{"a":"' + middle + b'"}}')


@pytest.mark.parametrize(
    "header",
    [
        b"",
        HEADER[:-1],
        HEADER.replace(b"v1", b"v2"),
        HEADER.replace(b"\n", b"\r\n"),
        HEADER + b"\n",
        HEADER.replace(b"=", b""),
        b"yizhan/payload/v1\n" + b64encode(SALT[:31]) + b"\n",
        b"yizhan/payload/v1\n" + b64encode(SALT)[:-2] + b"B=\n",
        b" " + HEADER,
    ],
)
def test_headers_that_are_refused(header):
    with pytest.raises(Invalid):
        payload.parse(header + b'{"set":{}}')


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        MAX_SAFE + 1,
        -MAX_SAFE - 1,
        2**70,
        "\0",
        "x\0y",
        "\ud800",
        b"bytes",
        (1, 2),
        {1, 2},
        object(),
        {"A": 1},
        {1: 1},
        [[1.5]],
        {"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}},
        10**30,
        type("Sub", (str,), {})("x"),
    ],
)
def test_values_without_a_canonical_form(value):
    with pytest.raises(Invalid):
        payload.encode({"a": value}, SALT)


def test_size_limits():
    space = MAX_PAYLOAD - len(HEADER) - len('{"set":{"a":""}}')
    assert len(payload.encode({"a": "x" * space}, SALT)) == MAX_PAYLOAD
    with pytest.raises(Invalid) as caught:
        payload.encode({"a": "x" * (space + 1)}, SALT)
    assert caught.value.code == "payload_too_large"
    with pytest.raises(Invalid) as caught:
        payload.parse(HEADER + b'{"set":{"a":"' + b"x" * (space + 1) + b'"}}')
    assert caught.value.code == "payload_too_large"
    with pytest.raises(Invalid):
        payload.encode({}, SALT[:31])


def test_the_memory_of_keys_is_bounded():
    for i in range(canonical._MAX_KNOWN + 50):
        canonical.decode(b'{"k%d":1}' % i)
    assert len(canonical._known_keys) <= canonical._MAX_KNOWN
    assert canonical.decode(b'{"never_seen_before":1}') == {"never_seen_before": 1}
    with pytest.raises(Invalid):
        canonical.decode(b'{"Never":1}')
