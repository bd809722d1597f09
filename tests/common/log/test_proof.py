"""Proof files: the known one byte for byte, every byte of it guarded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid, Tampered
from common.log import proof, tree
from common.log.encoding import b64
from tests.common.log.samples import (
    COSIGNER,
    MARKET,
    RECEIPT,
    STRANGER,
    VECTORS,
    MemoryLog,
    quick,
    vector_entries,
)

KNOWN = VECTORS["receipt_of_entry_0"].encode()
LOG = MemoryLog(vector_entries())
KEYS = (MARKET.verifier, COSIGNER.verifier)


def test_known_file_byte_for_byte():
    hashes = tree.prove_inclusion(0, 300, LOG.read)
    assert proof.encode(LOG.entries[0], 0, hashes, RECEIPT) == KNOWN
    entry, index, checkpoint = proof.check(KNOWN, *KEYS)
    assert (entry, index, checkpoint.size) == (LOG.entries[0], 0, 300)


@pytest.mark.parametrize("index", [0, 1, 7, 255, 256, 299])
def test_every_place_can_be_proved(index):
    raw = proof.encode(LOG.entries[index], index, tree.prove_inclusion(index, 300, LOG.read), RECEIPT)
    assert proof.check(raw, *KEYS)[:2] == (LOG.entries[index], index)


def test_without_a_cosigner_it_is_no_receipt():
    raw = proof.encode(LOG.entries[2], 2, tree.prove_inclusion(2, 299, LOG.read), LOG.note(299))
    assert proof.check(raw, MARKET.verifier, None)[2].size == 299
    with pytest.raises(Tampered):
        proof.check(raw, *KEYS)
    with pytest.raises(Tampered):
        proof.check(raw, STRANGER.verifier, None)


def test_every_changed_byte_is_noticed():
    for place in range(len(KNOWN)):
        changed = bytearray(KNOWN)
        changed[place] ^= 1
        with pytest.raises((Invalid, Tampered)):
            proof.check(bytes(changed), *KEYS)
    for place in range(len(KNOWN)):
        with pytest.raises((Invalid, Tampered)):
            proof.check(KNOWN[:place], *KEYS)


@pytest.mark.parametrize("entry, index", [(1, 0), (0, 1), (0, 300), (299, 0)])
def test_another_entry_or_index_is_not_proved(entry, index):
    raw = proof.encode(LOG.entries[entry], index, tree.prove_inclusion(0, 300, LOG.read), RECEIPT)
    with pytest.raises(Tampered):
        proof.check(raw, *KEYS)


@quick
@given(
    st.binary(max_size=300),
    st.integers(0, 2**53 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    st.binary(max_size=200),
)
def test_round_trip(entry, index, hashes, note):
    parsed = proof.parse(proof.encode(entry, index, hashes, note))
    assert (parsed.extra, parsed.index, parsed.hashes, parsed.note) == (entry, index, tuple(hashes), note)


@quick
@given(st.data())
def test_mutations_are_refused_or_mean_exactly_their_bytes(data):
    place = data.draw(st.integers(0, len(KNOWN)))
    end = data.draw(st.integers(place, min(len(KNOWN), place + 4)))
    changed = (
        KNOWN[:place]
        + data.draw(st.binary(max_size=4) | st.sampled_from([b"\n", b"\n\n", b"="]))
        + KNOWN[end:]
    )
    try:
        parsed = proof.parse(changed)
    except Invalid:
        return
    assert proof.encode(parsed.extra, parsed.index, parsed.hashes, parsed.note) == changed


def test_forms_that_are_refused():
    hash = b64(bytes(32)) + "\n"
    for raw in (
        b"",
        KNOWN.replace(b"@v1", b"@v2"),
        KNOWN.replace(b"extra ", b"extra  "),
        KNOWN.replace(b"index 0", b"index 00"),
        KNOWN.replace(b"index 0\n", b""),
        KNOWN.replace(b"index 0", b"index -1"),
        KNOWN.replace(b"\n", b"\r\n"),
        KNOWN.replace(b"index 0\n", b"index 0\n" + (hash * 64).encode()),
        KNOWN.replace(b"index 0", b"index 9007199254740992"),
        b"x" * (proof.MAX_FILE + 1),
        b"c2sp.org/tlog-proof@v1\nextra " + b64(bytes(65536)).encode() + b"\nindex 0\n\n",
    ):
        with pytest.raises(Invalid):
            proof.parse(raw)
    with pytest.raises(Invalid):
        proof.encode(b"x", 0, [bytes(32)] * 64, RECEIPT)
