"""Names of logs, and entries delivered in another log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid
from common.log import entry, origins, relay
from common.log.origins import Origin
from tests.common.log.samples import ORIGIN, VECTORS, quick

FIRST = VECTORS["entry"].encode()

NAMES = {
    "lg.example/market/37130201/log/1": Origin("lg.example", "market", "37130201", 1),
    "lg.example/hub/log/2": Origin("lg.example", "hub", None, 2),
    "lg.example/hub/bulletin/3": Origin("lg.example", "bulletin", None, 3),
    "lg.example/hub/outbox/37130201/4": Origin("lg.example", "outbox", "37130201", 4),
    "lg.example/hub/cosigner/5": Origin("lg.example", "cosigner", None, 5),
    "lg.example/hub/recovery/6": Origin("lg.example", "recovery", None, 6),
}


def test_names():
    for name, parts in NAMES.items():
        assert origins.parse(name) == parts
        assert str(parts) == name
    assert origins.market_log("lg.example", "37130201", 1) == ORIGIN
    made = [
        origins.market_log("lg.example", "37130201", 1),
        origins.hub_log("lg.example", 2),
        origins.bulletin("lg.example", 3),
        origins.outbox("lg.example", "37130201", 4),
        origins.cosigner("lg.example", 5),
        origins.recovery("lg.example", 6),
    ]
    assert made == list(NAMES)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "lg.example",
        "/market/37130201/log/1",
        "lg.example/market/3713020/log/1",
        "lg.example/market/371302011/log/1",
        "lg.example/market/37130201/log/0",
        "lg.example/market/37130201/log/01",
        "lg.example/market/37130201/log/",
        "lg.example/hub/1",
        "LG.example/hub/log/1",
        "lg..example/hub/log/1",
        "-lg.example/hub/log/1",
        "lg.example-/hub/log/1",
        "lg.example./hub/log/1",
        "lg.example/hub/log/1\n",
        "lg.example/hub/log/1/",
        " lg.example/hub/log/1",
        "lg.example/hub/other/1",
        "lg example/hub/log/1",
        "lg.example/hub/log/9007199254740992",
        "x" * 181 + "/hub/log/1",
        ".".join(["a"] * 100) + "/hub/log/1",
        "省.example/hub/log/1",
        "lg.example/market/٣٧١٣٠٢٠١/log/1",
        "lg.example/hub/log/١",
        "a/b/hub/log/1",
        "lg.example/hub/bulletin/37130201/1",
    ],
)
def test_names_that_are_none(name):
    with pytest.raises(Invalid):
        origins.parse(name)


@pytest.mark.parametrize(
    "make",
    [
        lambda: origins.market_log("lg.example", "3713", 1),
        lambda: origins.hub_log("LG", 1),
        lambda: origins.hub_log("lg", 0),
        lambda: origins.outbox("lg/x", "37130201", 1),
        lambda: origins.cosigner("", 1),
    ],
)
def test_names_that_cannot_be_made(make):
    with pytest.raises(Invalid):
        make()


@quick
@given(st.from_regex(r"[!-*,-~]{1,255}", fullmatch=True), st.integers(0, 2**53 - 1), st.binary(max_size=200))
def test_relay_round_trip(origin, index, raw):
    leaf = relay.encode(origin, index, raw)
    parsed = relay.parse(leaf)
    assert (parsed.origin, parsed.index, parsed.entry) == (origin, index, raw)


def test_the_last_line_of_a_relayed_entry_is_the_entrys():
    leaf = relay.encode(ORIGIN, 7, FIRST)
    assert leaf == b"yizhan/relay/v1\nsource " + ORIGIN.encode() + b" 7\n\n" + FIRST
    assert entry.declared_payload(leaf) == entry.declared_payload(FIRST)


@quick
@given(st.data())
def test_mutations_are_refused_or_mean_exactly_their_bytes(data):
    leaf = relay.encode(ORIGIN, 7, b"entry")
    place = data.draw(st.integers(0, len(leaf)))
    end = data.draw(st.integers(place, min(len(leaf), place + 3)))
    changed = (
        leaf[:place] + data.draw(st.binary(max_size=3) | st.sampled_from([b"\n", b" ", b"0"])) + leaf[end:]
    )
    try:
        parsed = relay.parse(changed)
    except Invalid:
        return
    assert relay.encode(parsed.origin, parsed.index, parsed.entry) == changed


def test_relay_limits():
    header = len(relay.encode(ORIGIN, 7, b""))
    assert len(relay.encode(ORIGIN, 7, bytes(65535 - header))) == 65535
    for call in (
        lambda: relay.encode(ORIGIN, 7, bytes(65536 - header)),
        lambda: relay.encode(ORIGIN, -1, b""),
        lambda: relay.encode(ORIGIN, 2**53, b""),
        lambda: relay.encode("a b", 1, b""),
        lambda: relay.encode("", 1, b""),
        lambda: relay.parse(FIRST),
        lambda: relay.parse(b""),
    ):
        with pytest.raises(Invalid):
            call()
