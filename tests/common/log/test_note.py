"""Signed notes: the public example, our own, and everything that must not pass for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid, Tampered
from common.keys import SigningKey, VerifierKey
from common.log import note
from common.log.encoding import b64
from common.log.note import Note
from tests.common.log.samples import COSIGNER, MARKET, RECEIPT, STRANGER, VECTORS, quick, seed

PUBLIC = VECTORS["public_note"]
EXAMPLE = f"{PUBLIC['text']}\n— example.com/foo {PUBLIC['signature']}\n".encode()
FOO = VerifierKey.parse(PUBLIC["key"])
OTHERS = [SigningKey(f"k{i}", seed(f"other {i}")) for i in range(17)]


def failing(raw, required, known=()):
    with pytest.raises(Tampered) as caught:
        note.verify(note.parse(raw), required, known)
    return caught.value.code


def test_the_public_example():
    parsed = note.parse(EXAMPLE)
    assert parsed.text == PUBLIC["text"].encode()
    assert [(line.name, line.keyid, len(line.signature)) for line in parsed.signatures] == [
        ("example.com/foo", FOO.keyid, 64)
    ]
    note.verify(parsed, [FOO])
    assert failing(EXAMPLE.replace(b"example message", b"example massage"), [FOO]) == "signature_invalid"


def test_signing_round_trip():
    raw = note.sign(b"words\n", MARKET, OTHERS[0])
    parsed = note.parse(raw)
    assert [line.name for line in parsed.signatures] == [MARKET.verifier.name, "k0"]
    note.verify(parsed, [MARKET.verifier, OTHERS[0].verifier])
    assert note.sign(b"words\n", MARKET) + note.line(OTHERS[0].verifier, OTHERS[0].sign(b"words\n")) == raw


def test_unknown_lines_are_skipped_and_required_ones_are_not():
    raw = note.sign(b"words\n", OTHERS[0], MARKET)
    note.verify(note.parse(raw), [MARKET.verifier])
    note.verify(note.parse(raw), [])
    assert failing(raw, [OTHERS[1].verifier]) == "signature_missing"
    assert failing(raw, [MARKET.verifier, OTHERS[1].verifier]) == "signature_missing"
    assert failing(raw, [STRANGER.verifier]) == "signature_missing", "the name alone is nobody"


def test_a_known_line_that_fails_rejects_the_note():
    bad = note.line(OTHERS[0].verifier, OTHERS[1].sign(b"words\n"))
    raw = note.append(note.sign(b"words\n", MARKET), bad)
    note.verify(note.parse(raw), [MARKET.verifier])
    assert failing(raw, [MARKET.verifier], [OTHERS[0].verifier]) == "signature_invalid"
    assert failing(raw, [], [OTHERS[0].verifier]) == "signature_invalid"


def test_a_second_line_of_one_key_is_checked_too():
    good = note.sign(b"words\n", MARKET)
    note.verify(
        note.parse(note.append(good, note.line(MARKET.verifier, MARKET.sign(b"words\n")))), [MARKET.verifier]
    )
    raw = note.append(good, note.line(MARKET.verifier, MARKET.sign(b"other\n")))
    assert failing(raw, [MARKET.verifier]) == "signature_invalid"


def test_every_flipped_bit_of_a_receipt_is_noticed():
    keys = [MARKET.verifier, COSIGNER.verifier]
    note.verify(note.parse(RECEIPT), keys)
    for place in range(len(RECEIPT)):
        for bit in range(8):
            changed = bytearray(RECEIPT)
            changed[place] ^= 1 << bit
            with pytest.raises((Invalid, Tampered)):
                note.verify(note.parse(bytes(changed)), keys)


@pytest.mark.parametrize("length", [1, 63, 64, 65, 71, 73])
def test_signatures_of_other_lengths_do_not_hold(length):
    for key in (MARKET, COSIGNER):
        raw = note.append(note.sign(b"words\n", OTHERS[0]), note.line(key.verifier, bytes(length)))
        assert failing(raw, [key.verifier]) == "signature_invalid"


def test_a_cosignature_is_no_plain_signature_and_the_other_way_round():
    text = b"words\n"
    raw = note.append(note.sign(text, MARKET), note.line(COSIGNER.verifier, bytes(8) + COSIGNER.sign(text)))
    assert failing(raw, [COSIGNER.verifier]) == "signature_invalid"
    far = (2**53).to_bytes(8, "big")
    late = far + COSIGNER.sign(note.cosigned(text, 2**53))
    raw = note.append(note.sign(text, MARKET), note.line(COSIGNER.verifier, late))
    assert failing(raw, [COSIGNER.verifier]) == "signature_invalid", "a time beyond 2^53-1"


def test_split_at_the_last_empty_line():
    for text in (b"a\n\nb\n", b"a\n\n\n", b"\n", "— a AAAAAAA=\n\n— b\n".encode(), b"a\rb\n"[2:]):
        parsed = note.parse(note.sign(text, MARKET))
        assert parsed.text == text
        note.verify(parsed, [MARKET.verifier])


LINE = note.sign(b"x\n", MARKET)[3:]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"\n\n",
        b"x\n",
        b"x\n\n",
        b"x\n\n\n",
        b"x\n" + LINE,
        b"x\n\n" + LINE[:-1],
        b"x\n\n" + LINE + b"\n",
        LINE,
        b"x" + LINE,
        b"x\r\n\r\n" + LINE,
        b"x\n\n" + LINE.replace(b"\n", b"\r\n"),
        b"x\x00\n\n" + LINE,
        b"x\t\n\n" + LINE,
        b"\xff\n\n" + LINE,
        b"\xed\xa0\x80\n\n" + LINE,
        b"x\n\n" + LINE.replace("—".encode(), b"-"),
        b"x\n\n" + LINE.replace("—".encode(), "–".encode()),
        b"x\n\n " + LINE,
        b"x\n\n" + LINE.replace(b" l", b"  l"),
        b"x\n\n" + LINE.replace(b"=\n", b"\n"),
        b"x\n\n" + LINE[:-1] + b" \n",
        b"x\n\n" + "— a+b AAAAAAA=\n".encode(),
        b"x\n\n" + "— a\u2003b AAAAAAA=\n".encode(),
        b"x\n\n" + "— a AAAAAA==\n".encode(),
        b"x\n\n" + "— a AAAAAAB=\n".encode(),
        b"x\n\n" + "— a \n".encode(),
        b"x\n\n" + "— AAAAAAA=\n".encode(),
        b"x\n\n" + "—\n".encode(),
        b"x\n\n" + LINE + b"y\n",
    ],
)
def test_notes_that_are_none(raw):
    with pytest.raises(Invalid):
        note.parse(raw)


def test_limits():
    sixteen = note.sign(b"x\n", *OTHERS[:16])
    assert len(note.parse(sixteen).signatures) == 16
    with pytest.raises(Invalid):
        note.append(sixteen, note.line(OTHERS[16].verifier, bytes(64)))
    with pytest.raises(Invalid):
        note.sign(b"x\n", *OTHERS)
    space = note.MAX_NOTE - len(note.sign(b"\n", MARKET))
    assert len(note.sign(b"x" * space + b"\n", MARKET)) == note.MAX_NOTE
    with pytest.raises(Invalid) as caught:
        note.sign(b"x" * (space + 1) + b"\n", MARKET)
    assert caught.value.code == "note_too_large"


@pytest.mark.parametrize("text", [b"", b"x", b"x\x01\n", b"\xff\n", b"x\r\n"])
def test_texts_that_are_not_signed(text):
    with pytest.raises(Invalid):
        note.sign(text, MARKET)


def test_a_note_without_signatures_and_lines_that_are_none():
    with pytest.raises(Invalid):
        note.sign(b"x\n")
    for line in (b"", b"x\n", LINE[:-1], b"\n" + LINE, LINE + LINE, b"\n" + LINE + LINE):
        with pytest.raises(Invalid):
            note.append(b"x\n\n" + LINE, line)
    with pytest.raises(AssertionError):
        note.sign(b"x\n", COSIGNER)


def rebuilt(parsed: Note) -> bytes:
    return (
        parsed.text
        + b"\n"
        + b"".join(
            f"— {line.name} {b64(line.keyid + line.signature)}\n".encode() for line in parsed.signatures
        )
    )


@quick
@given(st.data())
def test_mutations_are_refused_or_mean_exactly_their_bytes(data):
    place = data.draw(st.integers(0, len(RECEIPT)))
    end = data.draw(st.integers(place, min(len(RECEIPT), place + 4)))
    changed = (
        RECEIPT[:place]
        + data.draw(st.binary(max_size=4) | st.sampled_from([b"\n", b"\n\n", b" ", b"="]))
        + RECEIPT[end:]
    )
    try:
        parsed = note.parse(changed)
    except Invalid:
        return
    assert rebuilt(parsed) == changed


@quick
@given(
    st.binary(max_size=100)
    | st.text(max_size=60).map(lambda t: t.encode("utf-8", "replace") + b"\n\n" + LINE)
)
def test_anything_else_is_only_ever_invalid(raw):
    try:
        parsed = note.parse(raw)
    except Invalid:
        return
    assert rebuilt(parsed) == raw
