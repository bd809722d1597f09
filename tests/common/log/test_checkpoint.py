"""Checkpoints and receipts: the known one byte for byte, and who has to have signed what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid, Tampered
from common.keys import COSIGNATURE, SigningKey
from common.log import checkpoint, note
from common.log.checkpoint import Checkpoint
from common.log.encoding import MAX_SAFE, unb64
from common.log.tree import EMPTY
from tests.common.log.samples import COSIGNER, MARKET, ORIGIN, RECEIPT, STRANGER, VECTORS, quick, seed

KNOWN = Checkpoint(ORIGIN, 300, unb64(VECTORS["roots"]["300"]))
TIME = 1790000000


def test_known_checkpoint_byte_for_byte():
    assert KNOWN.text() == VECTORS["checkpoint_text"].encode()
    signed = checkpoint.sign(KNOWN, MARKET)
    assert checkpoint.open(signed, MARKET.verifier) == KNOWN
    assert checkpoint.cosign(signed, COSIGNER, TIME) == RECEIPT
    assert checkpoint.open_receipt(RECEIPT, MARKET.verifier, COSIGNER.verifier) == (KNOWN, TIME)
    assert checkpoint.open(RECEIPT, MARKET.verifier) == checkpoint.peek(RECEIPT) == KNOWN


def test_a_receipt_needs_both_lines():
    head, own, cosigned = RECEIPT.rpartition(b"\n\n")[0] + b"\n\n", *RECEIPT.splitlines(keepends=True)[4:]
    for lines, missing in ((own, COSIGNER), (cosigned, MARKET)):
        with pytest.raises(Tampered) as caught:
            checkpoint.open_receipt(head + lines, MARKET.verifier, COSIGNER.verifier)
        assert caught.value.detail["origin"] == missing.verifier.name
    with pytest.raises(Tampered):
        checkpoint.open(head + cosigned, MARKET.verifier)
    swapped = head + cosigned + own
    assert checkpoint.open_receipt(swapped, MARKET.verifier, COSIGNER.verifier) == (KNOWN, TIME)


def test_the_newest_of_several_cosignatures_counts():
    raw = checkpoint.cosign(checkpoint.cosign(RECEIPT, COSIGNER, TIME + 9), COSIGNER, TIME + 5)
    assert checkpoint.open_receipt(raw, MARKET.verifier, COSIGNER.verifier) == (KNOWN, TIME + 9)


def test_another_key_of_the_same_name_is_nobody():
    with pytest.raises(Tampered):
        checkpoint.open(checkpoint.sign(KNOWN, STRANGER), MARKET.verifier)
    impostor = SigningKey(COSIGNER.verifier.name, seed("impostor"), COSIGNATURE)
    forged = checkpoint.cosign(checkpoint.sign(KNOWN, MARKET), impostor, TIME)
    with pytest.raises(Tampered):
        checkpoint.open_receipt(forged, MARKET.verifier, COSIGNER.verifier)


def test_a_key_signs_for_its_own_origin_only():
    other = SigningKey("lg.example/market/37130202/log/1", seed("other market"))
    raw = note.sign(KNOWN.text(), other)
    with pytest.raises(Tampered) as caught:
        checkpoint.open(raw, other.verifier)
    assert caught.value.code == "origin_mismatch"
    with pytest.raises(AssertionError):
        checkpoint.sign(KNOWN, other)


@quick
@given(
    st.from_regex(r"[!-*,-~]{1,255}", fullmatch=True),
    st.integers(1, MAX_SAFE),
    st.binary(min_size=32, max_size=32),
)
def test_text_round_trip(origin, size, root):
    value = Checkpoint(origin, size, root)
    assert checkpoint.parse_text(value.text()) == value


@quick
@given(st.data())
def test_mutated_texts_are_refused_or_mean_exactly_their_bytes(data):
    text = KNOWN.text()
    place = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(place, min(len(text), place + 4)))
    changed = (
        text[:place] + data.draw(st.binary(max_size=4) | st.sampled_from([b"\n", b"0", b" "])) + text[end:]
    )
    try:
        value = checkpoint.parse_text(changed)
    except Invalid:
        return
    assert value.text() == changed


TEXT = KNOWN.text()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        TEXT[:-1],
        TEXT + b"\n",
        TEXT + b"extension\n",
        b"\n" + TEXT,
        TEXT.replace(b"\n300", b"\n0300"),
        TEXT.replace(b"\n300", b"\n+300"),
        TEXT.replace(b"\n300", b"\n" + str(MAX_SAFE + 1).encode()),
        TEXT.replace(b"=", b""),
        TEXT.replace(b"=\n", b"=\r\n"),
        TEXT.replace(b"lg.", b"lg ."),
        TEXT.replace(b"lg.", b"lg+"),
        TEXT.replace(b"lg.", "lǵ.".encode()),
        TEXT.replace(b"lg", b"l" * 250),
        TEXT.replace(b"HM=", b"HN="),
        TEXT.replace(b"\n300", b"\n0"),
    ],
)
def test_texts_that_are_no_checkpoint(text):
    with pytest.raises(Invalid):
        checkpoint.parse_text(text)


def test_the_empty_log():
    empty = Checkpoint(ORIGIN, 0, EMPTY)
    assert checkpoint.open(checkpoint.sign(empty, MARKET), MARKET.verifier) == empty
    with pytest.raises(Invalid):
        checkpoint.sign(Checkpoint(ORIGIN, 0, KNOWN.root), MARKET)


def test_key_types_are_not_mixed():
    raw = checkpoint.sign(KNOWN, MARKET)
    for call in (
        lambda: checkpoint.cosign(raw, MARKET, TIME),
        lambda: checkpoint.cosign(raw, COSIGNER, -1),
        lambda: checkpoint.open_receipt(RECEIPT, MARKET.verifier, MARKET.verifier),
        lambda: checkpoint.sign(Checkpoint(COSIGNER.verifier.name, 0, EMPTY), COSIGNER),
    ):
        with pytest.raises(AssertionError):
            call()
