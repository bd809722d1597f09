"""The follower: it moves over what fits, and over nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid, Refused, Tampered, YizhanError
from common.keys import SigningKey
from common.log import checkpoint, entry, follower, payload, push, relay, tree
from common.log.checkpoint import Checkpoint
from common.log.encoding import b64
from common.log.follower import Head
from common.log.push import ERASED, WITHHELD, Push
from tests.common.log.samples import (
    COSIGNER,
    MARKET,
    ORIGIN,
    STRANGER,
    VECTORS,
    MemoryLog,
    push_of,
    quick,
    seed,
    written,
)

KEY = MARKET.verifier
START = Head(ORIGIN)
ITEMS = [written(i) for i in range(12)]
BARE = VECTORS["second_entry"].encode()
OUTBOX = SigningKey("lg.example/hub/outbox/37130202/1", seed("outbox"))


def refused(head, value, key=KEY, **options) -> YizhanError:
    with pytest.raises(YizhanError) as caught:
        follower.advance(head, value, key, **options)
    return caught.value


def test_every_way_to_cut_a_log_into_two_pushes():
    whole = follower.advance(START, push_of(ITEMS), KEY)
    for cut in range(len(ITEMS) + 1):
        first = follower.advance(START, push_of(ITEMS[:cut]), KEY)
        second = follower.advance(first.head, push_of(ITEMS[cut:], ITEMS[:cut]), KEY)
        assert second.head == whole.head
        assert first.leaves + second.leaves == whole.leaves
        assert first.entries + second.entries == whole.entries


def test_what_a_push_brings():
    value = push_of([*ITEMS[:2], (BARE, None)])
    moved = follower.advance(START, value, KEY)
    assert moved.head.size == moved.checkpoint.size == 3
    assert (
        moved.head.root
        == moved.head.frontier.root()
        == moved.checkpoint.root
        == tree.frontier_at(3, MemoryLog([raw for raw, _ in value.items]).read).root()
    )
    assert moved.leaves == moved.identities == [tree.leaf_hash(raw) for raw, _ in value.items]
    assert moved.entries == [entry.parse(raw) for raw, _ in value.items]
    assert moved.reasons == [None] * 3 and moved.sources == moved.erased == moved.withheld == []
    assert START == Head(ORIGIN), "the old head is as it was"


def test_a_push_that_begins_elsewhere():
    head = follower.advance(START, push_of(ITEMS[:5]), KEY).head
    for cut, code in ((4, "behind"), (0, "behind"), (6, "ahead")):
        error = refused(head, push_of(ITEMS[cut:], ITEMS[:cut]))
        assert isinstance(error, Refused) and (error.code, error.detail["size"]) == (code, 5)


def test_other_keys_and_other_logs():
    good = push_of(ITEMS)
    assert refused(START, good, STRANGER.verifier).code == "signature_missing"
    assert refused(START, push_of(ITEMS, key=STRANGER)).code == "signature_missing"
    assert refused(START, good._replace(origin=OUTBOX.verifier.name)).code == "origin_mismatch"
    assert refused(Head(OUTBOX.verifier.name), good).code == "origin_mismatch"
    assert refused(START, good._replace(note=b"")).code == "note_malformed"
    other = push_of(ITEMS, key=OUTBOX)
    assert isinstance(refused(START, other, OUTBOX.verifier), Tampered)


def test_a_cosigned_note_is_as_good():
    good = push_of(ITEMS)
    cosigned = good._replace(note=checkpoint.cosign(good.note, COSIGNER, 1))
    assert follower.advance(START, cosigned, KEY).head == follower.advance(START, good, KEY).head


def test_more_or_fewer_entries_than_the_note_signs():
    good = push_of(ITEMS)
    for items in (good.items[:-1], good.items[1:], [*good.items, ITEMS[0]], []):
        assert refused(START, good._replace(items=items)).code == "size_mismatch"


def test_another_history_of_the_same_size():
    head = follower.advance(START, push_of(ITEMS[:5]), KEY).head
    other_past = push_of(ITEMS[5:], [*ITEMS[1:5], ITEMS[0]])
    assert refused(head, other_past).code == "root_mismatch"
    good = push_of(ITEMS)
    for place in range(len(ITEMS) - 1):
        items = list(ITEMS)
        items[place], items[place + 1] = items[place + 1], items[place]
        error = refused(START, good._replace(items=items))
        assert isinstance(error, Tampered) and error.code == "root_mismatch"


@quick
@given(st.data())
def test_every_changed_byte_of_a_push_is_noticed(data):
    raw = push.encode(push_of(ITEMS[:3]))
    changed = bytearray(raw)
    changed[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises((Invalid, Tampered, Refused)):
        follower.advance(START, push.parse(bytes(changed)), KEY)


@pytest.mark.parametrize(
    "change, code",
    [
        (lambda body: body[:-1], "payload_mismatch"),
        (lambda body: body + b" ", "payload_mismatch"),
        (lambda body: body[:-1] + b"!", "payload_mismatch"),
        (lambda body: None, "payload_missing"),
    ],
)
def test_payloads_that_are_not_the_entrys(change, code):
    good = push_of(ITEMS)
    raw, body = good.items[4]
    error = refused(START, good._replace(items=[*good.items[:4], (raw, change(body)), *good.items[5:]]))
    assert isinstance(error, Tampered) and (error.code, error.detail["index"]) == (code, 4)


@pytest.mark.parametrize("extra", [b"payload", ERASED, WITHHELD])
@pytest.mark.parametrize("raw", [BARE, b"no entry at all", b"", b"yizhan/entry/v2\npayload -\n"])
def test_payloads_where_none_is_declared(raw, extra):
    assert refused(START, push_of([(raw, extra)])).code == "payload_unexpected"
    assert follower.advance(START, push_of([(raw, None)]), KEY).head.size == 1


def test_erased_and_withheld_payloads_are_reported():
    items = list(ITEMS)
    items[2], items[5], items[7] = (items[2][0], ERASED), (items[5][0], WITHHELD), (items[7][0], ERASED)
    moved = follower.advance(START, push_of(items), KEY)
    assert (moved.erased, moved.withheld) == ([2, 7], [5])


def test_a_payload_that_is_not_canonical_is_the_folds_business():
    body = b"yizhan/payload/v1\nnot at all"
    raw = entry.encode(
        entry.parse(ITEMS[0][0])._replace(payload_size=len(body), payload_digest=payload.digest(body))
    )
    assert follower.advance(START, push_of([(raw, body)]), KEY).reasons == [None]


def later_version(body: bytes) -> bytes:
    return (
        f"yizhan/entry/v2\nsomething new \u00e9\npayload {len(body)} {b64(payload.digest(body))}\n".encode()
    )


def test_one_unreadable_leaf_stops_nobody():
    large = b"x" * 300000
    too_large = BARE.replace(b"payload -", f"payload 300000 {b64(payload.digest(large))}".encode())
    items = [
        ITEMS[0],
        (b"", None),
        (b"\xff\x00", None),
        (later_version(b"body"), b"body"),
        (bytes(65535), None),
        (BARE + b"\n", None),
        (too_large, large),
        (b"x" * 4097 + BARE, None),
        ITEMS[1],
    ]
    moved = follower.advance(START, push_of(items), KEY)
    assert [value is None for value in moved.entries] == [False] + [True] * 7 + [False]
    assert moved.reasons == [
        None,
        "entry_malformed",
        "entry_malformed",
        "entry_malformed",
        "entry_too_large",
        "entry_malformed",
        "payload_too_large",
        "entry_too_large",
        None,
    ]


def test_the_payload_of_an_unreadable_leaf_is_checked_by_its_last_line():
    raw = later_version(b"body")
    assert refused(START, push_of([(raw, b"bodz")])).code == "payload_mismatch"
    assert refused(START, push_of([(raw, None)])).code == "payload_missing"
    assert follower.advance(START, push_of([(raw, ERASED)]), KEY).erased == [0]


def test_a_leaf_beyond_the_limit():
    assert refused(START, push_of([(bytes(65536), None)])).code == "leaf_too_large"


def test_a_relaying_log():
    source = "lg.example/market/37130201/log/1"
    items = [(relay.encode(source, i, raw), body) for i, (raw, body) in enumerate(ITEMS)]
    items += [(relay.encode(source, 12, b"later version"), None), (BARE, None), (b"nothing", None)]
    moved = follower.advance(
        Head(OUTBOX.verifier.name), push_of(items, key=OUTBOX), OUTBOX.verifier, relayed=True
    )
    assert moved.leaves == [tree.leaf_hash(raw) for raw, _ in items]
    assert moved.identities[:12] == [tree.leaf_hash(raw) for raw, _ in ITEMS]
    assert moved.identities[12] == tree.leaf_hash(b"later version")
    assert moved.identities[13:] == moved.leaves[13:]
    assert moved.entries == [entry.parse(raw) for raw, _ in ITEMS] + [None] * 3
    assert moved.reasons == [None] * 12 + ["entry_malformed", "relay_malformed", "relay_malformed"]
    assert [inner and (inner.origin, inner.index) for inner in moved.sources] == [
        (source, i) for i in range(13)
    ] + [None] * 2
    wrong = [(raw, b"x" + body[1:]) for raw, body in items[:3]]
    error = refused(Head(OUTBOX.verifier.name), push_of(wrong, key=OUTBOX), OUTBOX.verifier, relayed=True)
    assert error.code == "payload_mismatch"


def test_an_empty_push_confirms_the_head():
    head = follower.advance(START, push_of(ITEMS), KEY).head
    again = follower.advance(head, push_of([], ITEMS), KEY)
    assert again.head == head and again.leaves == []


def test_repeats_and_forks():
    log = MemoryLog([raw for raw, _ in ITEMS])
    head = follower.advance(START, push_of(ITEMS[:9]), KEY).head
    for size in range(13):
        note = Checkpoint(ORIGIN, size, tree.root_at(size, log.read))
        assert follower.repeats(head, note, log.read) is (size <= 9)
        if 0 < size <= 9:
            with pytest.raises(Tampered) as caught:
                follower.repeats(head, note._replace(root=seed("other")), log.read)
            assert caught.value.code == "fork"
            assert caught.value.detail == {"origin": ORIGIN, "size": size}


@quick
@given(
    st.lists(
        st.tuples(
            st.binary(max_size=40) | st.sampled_from([raw for raw, _ in ITEMS]),
            st.none()
            | st.binary(min_size=1, max_size=9)
            | st.sampled_from([ERASED, WITHHELD, *(body for _, body in ITEMS)]),
        ),
        max_size=4,
    ),
    st.booleans(),
)
def test_signed_nonsense_is_taken_or_tampered_but_never_a_surprise(items, relayed):
    try:
        moved = follower.advance(START, push_of(items), KEY, relayed=relayed)
    except Tampered as error:
        assert error.code.startswith("payload_")
        return
    assert moved.head.size == len(items) == len(moved.entries) == len(moved.reasons)
    assert all(
        (value is None) == (reason is not None)
        for value, reason in zip(moved.entries, moved.reasons, strict=True)
    )
    for raw, body in items:
        if isinstance(body, bytes):
            assert entry.declared_payload(raw) == (len(body), payload.digest(body))


def test_the_frame_of_nothing():
    assert follower.advance(START, Push(ORIGIN, 0, MemoryLog([]).note(), []), KEY).head == START
