"""base45 as RFC 9285 gives it, and the two codes of a paper."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid
from common.log import paper

EXAMPLES = [
    (b"AB", "BB8"),
    (b"Hello!!", "%69 VD92EX0"),
    (b"base-45", "UJCLQE7W581"),
    (b"ietf!", "QED8WEX0"),
    (b"", ""),
]


@pytest.mark.parametrize(("raw", "text"), EXAMPLES)
def test_the_examples_of_the_rfc(raw: bytes, text: str) -> None:
    assert paper.base45(raw) == text
    assert paper.unbase45(text) == raw


@given(st.binary(max_size=300))
def test_what_was_written_is_read_again(raw: bytes) -> None:
    assert paper.unbase45(paper.base45(raw)) == raw
    assert paper.unpack_payload(paper.pack_payload(raw)) == raw
    assert paper.unpack_proof(paper.pack_proof(raw)) == raw


@pytest.mark.parametrize("text", ["GGW", ":::", "0", "ab0", "A中0", "0000", "::"])
def test_what_no_bytes_are_written_as_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as error:
        paper.unbase45(text)
    assert error.value.code == "paper_malformed"


@given(st.text(max_size=60))
def test_reading_raises_nothing_but_its_own_error(text: str) -> None:
    for read in (paper.unbase45, paper.unpack_payload, paper.unpack_proof):
        try:
            read(text)
        except Invalid:
            pass


def test_a_code_never_unfolds_beyond_a_proof_file() -> None:
    bomb = paper.MARK + paper.base45(zlib.compress(b"a" * 5_000_000))
    for text in (
        bomb,
        paper.MARK + paper.base45(zlib.compress(b"a")[:-1]),
        paper.MARK + paper.base45(zlib.compress(b"a") + b"b"),
    ):
        with pytest.raises(Invalid):
            paper.unpack_proof(text)
