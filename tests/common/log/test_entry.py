"""Entries: one spelling, strict limits, and the last line that every version shares."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid
from common.log import entry
from common.log.encoding import MAX_SAFE, b64
from common.log.entry import MAX_ENTRY, MAX_PAYLOAD, Entry
from common.log.tree import leaf_hash
from tests.common.log.samples import RECORD, VECTORS, quick, seed

FIRST = VECTORS["entry"].encode()
SECOND = VECTORS["second_entry"].encode()
LEAVES = sorted(seed(f"leaf {i}") for i in range(17))

digests = st.binary(min_size=32, max_size=32)
entries = st.builds(
    Entry,
    kind=st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True),
    record=st.uuids(version=4).map(lambda u: f"{str(u)[:14]}7{str(u)[15:]}"),
    after=st.sets(digests, max_size=16).map(entry.sorted_after),
    time=st.integers(0, MAX_SAFE),
    actor=st.from_regex(r"([0-9]{8}|hub)\.[A-Za-z0-9-]{1,32}", fullmatch=True),
    payload_size=st.integers(1, MAX_PAYLOAD),
    payload_digest=digests,
).flatmap(lambda e: st.sampled_from([e, e._replace(payload_size=None, payload_digest=None)]))


def test_vectors():
    first, second = entry.parse(FIRST), entry.parse(SECOND)
    assert first.kind == "worker" and first.record == RECORD and first.after == ()
    assert first.time == 1790000000000 and first.actor == "37130201.s7" and first.author == "37130201"
    assert (first.payload_size, b64(first.payload_digest)) == (130, FIRST.split()[-1].decode())
    assert b64(leaf_hash(FIRST)) == VECTORS["entry_leaf_b64"]
    assert second.after == (leaf_hash(FIRST),) and second.payload_size is second.payload_digest is None
    assert b64(leaf_hash(SECOND)) == VECTORS["second_leaf_b64"]
    assert entry.encode(first) == FIRST and entry.encode(second) == SECOND


@quick
@given(entries)
def test_round_trip(value):
    raw = entry.encode(value)
    assert entry.parse(raw) == value
    assert len(raw) <= MAX_ENTRY
    declared = None if value.payload_size is None else (value.payload_size, value.payload_digest)
    assert entry.declared_payload(raw) == declared


@quick
@given(entries.map(entry.encode), st.data())
def test_mutations_are_refused_or_mean_exactly_their_bytes(raw, data):
    place = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(place, min(len(raw), place + 3)))
    changed = (
        raw[:place]
        + data.draw(st.binary(max_size=3) | st.sampled_from([b"\n", b" ", b"-", b"\r", b"0"]))
        + raw[end:]
    )
    try:
        value = entry.parse(changed)
    except Invalid:
        return
    assert entry.encode(value) == changed


@quick
@given(st.binary(max_size=300) | st.binary(max_size=60).map(lambda tail: FIRST + tail))
def test_anything_else_is_only_ever_invalid(raw):
    for read in (entry.parse, entry.declared_payload):
        try:
            read(raw)
        except Invalid:
            pass


def with_line(name: str, value: str) -> bytes:
    return re.sub(rf"(?m)^{name} .*$", lambda _: f"{name} {value}", VECTORS["second_entry"]).encode()


@pytest.mark.parametrize(
    "name, value",
    [
        ("kind", ""),
        ("kind", "Worker"),
        ("kind", "1worker"),
        ("kind", "w" * 33),
        ("kind", "wörker"),
        ("kind", "a b"),
        ("record", RECORD.upper()),
        ("record", RECORD.replace("-7b3a", "-4b3a")),
        ("record", RECORD.replace("-9c", "-cc")),
        ("record", RECORD.replace("-", "")),
        ("record", "-"),
        ("after", ""),
        ("after", "- -"),
        ("after", "AAAA"),
        ("after", b64(LEAVES[0])[:-2] + "B="),
        ("after", b64(LEAVES[0]) + " "),
        ("after", f"{b64(LEAVES[1])} {b64(LEAVES[0])}"),
        ("after", f"{b64(LEAVES[0])} {b64(LEAVES[0])}"),
        ("after", f"{b64(LEAVES[0])}  {b64(LEAVES[1])}"),
        ("after", " ".join(map(b64, LEAVES))),
        ("time", ""),
        ("time", "-1"),
        ("time", "01"),
        ("time", "1_0"),
        ("time", "٣"),
        ("time", " 1"),
        ("time", "1.0"),
        ("time", str(MAX_SAFE + 1)),
        ("time", "9" * 17),
        ("actor", "37130201"),
        ("actor", "3713020.s7"),
        ("actor", "371302011.s7"),
        ("actor", "Hub.s7"),
        ("actor", "hub."),
        ("actor", "hub." + "x" * 33),
        ("actor", "hub.a_b"),
        ("actor", "hub.a.b"),
        ("actor", "٣٧١٣٠٢٠١.s7"),
        ("payload", ""),
        ("payload", "- "),
        ("payload", "0 " + b64(LEAVES[0])),
        ("payload", f"{MAX_PAYLOAD + 1} {b64(LEAVES[0])}"),
        ("payload", "007 " + b64(LEAVES[0])),
        ("payload", "7"),
        ("payload", "7 AAAA"),
        ("payload", "7 " + b64(LEAVES[0])[:-2] + "1="),
    ],
)
def test_lines_that_are_refused(name, value):
    with pytest.raises(Invalid):
        entry.parse(with_line(name, value))


@pytest.mark.parametrize(
    "name, value",
    [
        ("kind", "w"),
        ("kind", "w" * 32),
        ("after", "-"),
        ("after", " ".join(map(b64, LEAVES[:16]))),
        ("time", "0"),
        ("time", str(MAX_SAFE)),
        ("actor", "hub.A-9"),
        ("actor", "00000000." + "x" * 32),
        ("payload", f"{MAX_PAYLOAD} {b64(LEAVES[0])}"),
    ],
)
def test_lines_at_their_limits(name, value):
    raw = with_line(name, value)
    assert entry.encode(entry.parse(raw)) == raw


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        FIRST[:-1],
        FIRST + b"\n",
        FIRST + FIRST,
        b"\n" + FIRST,
        FIRST.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + FIRST,
        FIRST.replace(b"/v1", b"/v2"),
        FIRST.replace(b"time", b"extra 1\ntime"),
        b"\x00" + FIRST,
        FIRST.decode().encode("utf-16"),
    ],
)
def test_frames_that_are_refused(raw):
    with pytest.raises(Invalid):
        entry.parse(raw)


def test_every_cut_is_refused():
    for raw in (FIRST, SECOND):
        for place in range(len(raw)):
            with pytest.raises(Invalid):
                entry.parse(raw[:place])


def test_a_long_entry_is_refused_before_it_is_read():
    with pytest.raises(Invalid) as caught:
        entry.parse(FIRST + b"x" * MAX_ENTRY)
    assert caught.value.code == "entry_too_large"


def test_values_that_make_no_entry():
    good = entry.parse(SECOND)
    for bad in (
        good._replace(kind="Worker"),
        good._replace(time=-1),
        good._replace(after=(LEAVES[1], LEAVES[0])),
        good._replace(after=(b"short",)),
        good._replace(payload_size=5),
        good._replace(payload_digest=LEAVES[0]),
        good._replace(actor="37130201.s7\npayload -"),
    ):
        with pytest.raises(Invalid):
            entry.encode(bad)


def test_the_last_line_of_versions_we_cannot_read():
    digest = b64(LEAVES[0])
    later = b"yizhan/entry/v2\nwhatever \xff\x00\npayload "
    assert entry.declared_payload(later + b"-\n") is None
    assert entry.declared_payload(later + f"412 {digest}\n".encode()) == (412, LEAVES[0])
    assert entry.declared_payload(later + f"{MAX_SAFE} {digest}\n".encode()) == (MAX_SAFE, LEAVES[0])
    assert entry.declared_payload(b"payload -\n") is None
    for bad in (
        b"",
        b"\n",
        b"entry 5",
        later,
        later + b"-",
        later + b"-\n\n",
        b"xpayload -\n",
        later + b" -\n",
        later + f"{MAX_SAFE + 1} {digest}\n".encode(),
        later + f"012 {digest}\n".encode(),
        later + b"-\r\n",
    ):
        with pytest.raises(Invalid):
            entry.declared_payload(bad)
