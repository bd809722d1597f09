"""Base64 and numbers: one spelling each."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid
from common.log.encoding import MAX_SAFE, b64, number, unb64
from tests.common.log.samples import quick


@quick
@given(st.binary(max_size=80))
def test_base64_round_trip(raw):
    text = b64(raw)
    assert text == base64.b64encode(raw).decode()
    assert unb64(text) == unb64(text.encode()) == raw
    assert unb64(text, len(raw)) == raw
    with pytest.raises(Invalid):
        unb64(text, len(raw) + 1)


@quick
@given(st.text(alphabet="AQgw/+=- \n_é", max_size=12))
def test_base64_accepts_only_what_encoding_gives(text):
    try:
        raw = unb64(text)
    except Invalid as error:
        assert error.code == "base64_malformed"
    else:
        assert b64(raw) == text


@pytest.mark.parametrize(
    "text",
    [
        "A",
        "AA",
        "AA=",
        "AB==",
        "AAB=",
        "AA==\n",
        " AA==",
        "A A==",
        "AA-_",
        "AA===",
        "=AA=",
        "ＡＡ==",
        "AA==AA==",
    ],
)
def test_base64_refuses(text):
    with pytest.raises(Invalid):
        unb64(text)


@pytest.mark.parametrize("value", [0, 1, 9, 10, 4096, MAX_SAFE])
def test_numbers(value):
    assert number(b"%d" % value) == value


@pytest.mark.parametrize(
    "digits",
    [
        "",
        "00",
        "01",
        "+1",
        "-0",
        "-1",
        " 7",
        "7 ",
        "7\n",
        "1_0",
        "٣",
        "１",
        "1e3",
        "1.0",
        "0x1",
        str(MAX_SAFE + 1),
        "9" * 99,
    ],
)
def test_numbers_refused(digits):
    with pytest.raises(Invalid):
        number(digits.encode())
