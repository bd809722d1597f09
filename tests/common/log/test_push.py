"""The push frame: round trips, every cut of a small one, limits, and bounded inflating."""

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid
from common.log import push
from common.log.encoding import MAX_SAFE
from common.log.push import ERASED, WITHHELD, Push
from tests.common.log.samples import ORIGIN, RECEIPT, VECTORS, quick, written

FIRST = VECTORS["entry"].encode()
SMALL = Push(
    ORIGIN, 7, RECEIPT, [(FIRST, b"payload"), (b"", None), (b"raw \x00\xff", ERASED), (b"x", WITHHELD)]
)
SMALL_RAW = push.encode(SMALL)

items = st.tuples(
    st.binary(max_size=60), st.binary(min_size=1, max_size=60) | st.sampled_from([None, ERASED, WITHHELD])
)
pushes = st.builds(
    Push,
    st.from_regex(r"[!-*,-~]{1,80}", fullmatch=True),
    st.integers(0, MAX_SAFE),
    st.binary(max_size=80),
    st.lists(items, max_size=8),
)


def test_the_frame_byte_for_byte():
    raw = push.encode(
        Push("a/b", 3, b"note", [(b"EE", b"PPP"), (b"F", None), (b"G", ERASED), (b"H", WITHHELD)])
    )
    assert raw == (
        b"yizhan/push/v1\norigin a/b\nold 3\ncount 4\nnote 4\n\nnote"
        b"\x00\x02EE\x00\x00\x00\x03PPP"
        b"\x00\x01F\x00\x00\x00\x00"
        b"\x00\x01G\xff\xff\xff\xff"
        b"\x00\x01H\xff\xff\xff\xfe"
    )


@quick
@given(pushes)
def test_round_trip(value):
    raw = push.encode(value)
    assert push.parse(raw) == value
    head = len(push.encode(value._replace(items=[]))) + len(str(len(value.items))) - 1
    assert len(raw) == head + sum(push.item_size(*item) for item in value.items)
    assert push.inflate(push.deflate(raw)) == raw


@quick
@given(pushes.map(push.encode), st.data())
def test_mutations_are_refused_or_mean_exactly_their_bytes(raw, data):
    place = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(place, min(len(raw), place + 3)))
    changed = raw[:place] + data.draw(st.binary(max_size=3)) + raw[end:]
    try:
        value = push.parse(changed)
    except Invalid:
        return
    assert push.encode(value) == changed


@quick
@given(st.binary(max_size=80), st.booleans())
def test_anything_else_is_only_ever_invalid(raw, header):
    try:
        push.parse((b"yizhan/push/v1\norigin a\nold 0\ncount 3\nnote 0\n\n" if header else b"") + raw)
    except Invalid:
        pass


def test_every_cut_and_every_addition_is_refused():
    assert push.parse(SMALL_RAW) == SMALL
    for place in range(len(SMALL_RAW)):
        with pytest.raises(Invalid):
            push.parse(SMALL_RAW[:place])
    for byte in (b"\0", b"\n", SMALL_RAW):
        with pytest.raises(Invalid):
            push.parse(SMALL_RAW + byte)


@pytest.mark.parametrize(
    "old, new",
    [
        (b"/v1\n", b"/v2\n"),
        (b"old 7", b"old 07"),
        (b"old 7", b"old -7"),
        (b"old 7", b"old 9007199254740992"),
        (b"old 7\n", b""),
        (b"count 4", b"count 3"),
        (b"count 4", b"count 5"),
        (b"count 4", b"count 4 "),
        (b"origin ", b"origin  "),
        (b"origin ", b"Origin "),
        (b"origin lg", b"origin l\xc3\xa9g"),
        (b"origin lg", b"origin lg+"),
        (b"origin lg", b"origin " + b"l" * 250),
        (b"note ", b"note 1"),
        (b"\n\nlg", b"\nlg"),
        (b"old 7\n", b"old 7\r\n"),
    ],
)
def test_headers_that_are_refused(old, new):
    assert SMALL_RAW.count(old) >= 1
    with pytest.raises(Invalid):
        push.parse(SMALL_RAW.replace(old, new, 1))


def test_limits_of_the_frame():
    many = Push(ORIGIN, 0, b"", [(b"", None)] * push.MAX_ENTRIES)
    assert push.parse(push.encode(many)) == many
    for call in (
        lambda: push.encode(many._replace(items=[(b"", None)] * (push.MAX_ENTRIES + 1))),
        lambda: push.parse(push.encode(many).replace(b"count 8192", b"count 8193")),
        lambda: push.parse(bytes(push.MAX_BYTES + 1)),
        lambda: push.encode(Push(ORIGIN, 0, b"", [(b"", bytes(push.MAX_BYTES))])),
    ):
        with pytest.raises(Invalid) as caught:
            call()
        assert caught.value.code == "push_too_large"
    for call in (
        lambda: push.encode(Push(ORIGIN, 0, b"", [(bytes(65536), None)])),
        lambda: push.encode(Push(ORIGIN, 0, b"", [(b"x", b"")])),
        lambda: push.encode(Push(ORIGIN, -1, b"", [])),
        lambda: push.encode(Push(ORIGIN, 0, bytes(65537), [])),
        lambda: push.encode(Push("a b", 0, b"", [])),
        lambda: push.parse(b"yizhan/push/v1\norigin a\nold 0\ncount 0\nnote 65537\n\n" + bytes(65537)),
    ):
        with pytest.raises(Invalid) as caught:
            call()
        assert caught.value.code in ("push_malformed", "leaf_too_large")


def test_the_largest_legal_entry_always_fits():
    one = Push("x" * 255, MAX_SAFE, bytes(65536), [(bytes(65535), bytes(262144))])
    assert push.parse(push.encode(one)) == one


def test_a_full_frame_of_exactly_the_limit():
    space = push.MAX_BYTES - len(push.encode(Push(ORIGIN, 0, b"", []))) - push.item_size(b"", None)
    full = push.encode(Push(ORIGIN, 0, b"", [(b"", bytes(space))]))
    assert len(full) == push.MAX_BYTES and push.inflate(push.deflate(full)) == full
    assert len(push.parse(full).items[0][1]) == space


def test_a_bomb_costs_no_more_than_the_limit():
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1 << 20)
    bomb = b"".join(packer.compress(zeros) for _ in range(512)) + packer.flush()
    assert len(bomb) < 1 << 20
    tracemalloc.start()
    try:
        with pytest.raises(Invalid) as caught:
            push.inflate(bomb, 1 << 20)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert caught.value.code == "push_too_large"


def test_inflating_to_exactly_the_limit_and_one_byte_beyond():
    for size in (0, 1, 99, 100):
        assert push.inflate(gzip.compress(bytes(size)), 100) == bytes(size)
    for size in (101, 102, 100000):
        with pytest.raises(Invalid) as caught:
            push.inflate(gzip.compress(bytes(size)), 100)
        assert caught.value.code == "push_too_large"


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_inflating_in_pieces(size):
    raw = b"".join(b"%d " % i for i in range(3000))
    packed = push.deflate(raw)
    assert packed == push.deflate(raw), "no time in it"
    pieces = [packed[i : i + size] for i in range(0, len(packed), size)]
    assert push.inflate(iter(pieces), len(raw)) == raw
    assert push.inflate([b"", *pieces, b""], len(raw)) == raw
    with pytest.raises(Invalid):
        push.inflate(pieces[:-1])
    with pytest.raises(Invalid):
        push.inflate([*pieces, b"x"])


def test_damaged_gzip_is_refused():
    packed = push.deflate(SMALL_RAW)
    for place in range(len(packed)):
        with pytest.raises(Invalid):
            push.inflate(packed[:place])
    for bad in (
        b"",
        b"x",
        SMALL_RAW,
        packed + b"\0",
        packed + packed,
        zlib.compress(SMALL_RAW),
        b"",
        packed[:-8] + bytes(8),
    ):
        with pytest.raises(Invalid) as caught:
            push.inflate(bad)
        assert caught.value.code == "gzip_malformed"


def test_real_items():
    value = Push(ORIGIN, 0, RECEIPT, [written(i) for i in range(50)])
    assert push.parse(push.encode(value)) == value
