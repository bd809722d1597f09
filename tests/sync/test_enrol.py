"""Enrolment: a code that never leaves the node, keys that both sides pin once, words that people compare.

F3 a lost answer; F9 the wrong market; F17, F18 keys that must not come back by a code.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from common.data.words import words as word_list
from common.errors import Invalid, Refused, Tampered, YizhanError
from common.keys import BoxKey
from common.log import enrolment
from hub.local import LocalInvite
from hub.province import registry
from node.sync import engine, enrolling
from node.sync.hub_client import check_url
from tests.faulty import CUTS, GARBLED, REPEATED
from tests.province import Author, Market, Province


def code_of(error: pytest.ExceptionInfo[YizhanError]) -> str:
    return error.value.code


@pytest.fixture
def fresh(province: Province, tmp_path: Path) -> Market:
    """A market that has not enrolled."""
    return province.market(tmp_path, enrolled=False)


def register(province: Province, code: str) -> list[tuple[str, str]]:
    with province.hub() as hub:
        return [(one.fields["origin"], one.fields["state"]) for one in registry.of_market(hub, code)]


def test_the_code_never_leaves_the_node(fresh: Market) -> None:
    """Neither as typed, nor its bytes, nor in the store."""
    code = fresh.province.invite(fresh.code)
    secret = enrolment.parse_code(code)
    fresh.enrol(code)
    said = b"".join(one.request + one.answer for one in fresh.wire.exchanges)
    stored = (fresh.path / "store.db").read_bytes() + (fresh.path / "store.db-wal").read_bytes()
    for form in (secret, code.encode(), code.replace("-", "").encode(), secret.hex().encode()):
        assert form not in said and form not in stored


def test_the_words_are_the_same_on_both_sides(fresh: Market) -> None:
    words = fresh.enrol(fresh.province.invite(fresh.code))
    with fresh.province.hub() as hub:
        assert registry.fingerprint_words(hub, fresh.code) == words
    assert len(words.split()) == 6 and set(words.split()) <= set(word_list())


def test_weeks_of_work_before_enrolment_are_the_first_push(fresh: Market) -> None:
    """A node works without a province; its log is then simply sent."""
    fresh.people(40)
    assert (fresh.sync()["state"], engine.EXIT["not_enrolled"]) == ("not_enrolled", 1)
    fresh.enrol(fresh.province.invite(fresh.code))
    fresh.settled()
    assert fresh.held() == 40


@pytest.mark.parametrize("entries", [0, 2])
def test_who_is_not_approved_waits(fresh: Market, entries: int) -> None:
    """Exit 4 until an administrator has compared the words; also where there is nothing to push."""
    fresh.people(entries)
    fresh.enrol(fresh.province.invite(fresh.code, approve=False))
    assert (fresh.sync()["state"], engine.EXIT["not_approved"]) == ("not_approved", 4)
    with fresh.province.hub() as hub:
        registry.approve(hub, fresh.code, "tests")
        registry.approve(hub, fresh.code, "tests")  # again is harmless
    fresh.settled()


@pytest.mark.parametrize("fault", [*CUTS, GARBLED, REPEATED])
def test_a_lost_answer_is_asked_for_with_the_same_bytes(fresh: Market, fault: str) -> None:
    """F3: the first valid request binds the code; its repeat gets the same answer."""
    code = fresh.province.invite(fresh.code)
    fresh.wire.bend(fault)
    if fault == REPEATED:
        fresh.enrol(code)
    else:
        with pytest.raises(YizhanError) as error:
            fresh.enrol(code)
        assert code_of(error) in (
            "unreachable",
            "enrol_answer",
            "json_malformed",
            "enrol_malformed",
            "json_not_canonical",
        )
        fresh.enrol(code)
        first, second = fresh.wire.exchanges
        assert first.body == second.body
    fresh.settled()
    assert [state for _, state in register(fresh.province, fresh.code)] == ["open"]


def test_codes_that_do_not_fit(fresh: Market) -> None:
    """Mistyped, of another market, expired, used: each refused with its own word, nothing registered."""
    province = fresh.province
    with pytest.raises(Invalid) as mistyped:
        fresh.enrol("ABCDEF-ABCDEF-ABCDEF")
    assert code_of(mistyped) == "enrol_code_malformed" and fresh.wire.exchanges == []
    with pytest.raises(Refused) as other:
        fresh.enrol(province.invite(next(province.codes)))
    assert code_of(other) == "enrol_code"
    old = province.invite(fresh.code)
    with province.hub() as hub, hub.store.writing():
        LocalInvite.update(expires=1).where(LocalInvite.market == fresh.code).execute()
    with pytest.raises(Refused) as expired:
        fresh.enrol(old)
    assert code_of(expired) == "enrol_expired"
    assert register(province, fresh.code) == []
    fresh.enrol(province.invite(fresh.code))


def test_a_used_code_is_good_for_its_first_request_only(province: Province) -> None:
    """The first valid request binds the code, by whoever it came; a second machine is told."""
    author = Author(province)
    secret = enrolment.parse_code(province.invite(author.code))
    message = author.request(secret)
    first = author.ask_to_enrol(message)
    assert first.status_code == 200
    again = author.ask_to_enrol(message)
    assert (again.status_code, again.content) == (200, first.content), "the same request, the same answer"
    other = author.ask_to_enrol(author.request(secret))  # the same market, another nonce
    assert (other.status_code, other.json()["code"]) == (409, "enrol_used")
    with province.hub() as hub, hub.store.writing():
        LocalInvite.update(expires=1).where(LocalInvite.market == author.code).execute()
    assert author.ask_to_enrol(message).content == first.content, "also when its days are over"


def test_another_key_for_the_same_origin_is_told_the_next_free_number(province: Province) -> None:
    author = Author(province).enrol()
    rival = Author(province, author.code)
    secret = enrolment.parse_code(province.invite(author.code))
    answer = rival.ask_to_enrol(rival.request(secret))
    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]["next"]) == (
        409,
        "origin_taken",
        2,
    )
    Author(province, author.code, n=2).enrol()
    secret = enrolment.parse_code(province.invite(author.code))
    assert rival.ask_to_enrol(rival.request(secret)).json()["detail"]["next"] == 3
    assert author.push(author.entry("visit", {"service": "x"})).status_code == 200


@pytest.mark.parametrize("state", ["revoked", "closed", "paused"])
def test_a_code_opens_nothing_that_was_ended(province: Province, state: str) -> None:
    """F17: a stolen PC whose key was revoked does not come back by a new code."""
    author = Author(province).enrol()
    with province.hub() as hub:
        known = registry.by_origin(hub, author.origin)
        assert known is not None
        with hub.recorder.open("tests") as batch:
            batch.put("register", known.id, {"state": state})
        with pytest.raises(Refused) as refused:
            registry.approve(hub, author.code, "tests")
        assert code_of(refused) == state
    secret = enrolment.parse_code(province.invite(author.code))
    answer = author.ask_to_enrol(author.request(secret))
    assert (answer.status_code, answer.json()["code"]) == (403, state)
    assert register(province, author.code) == [(author.origin, state)]


def test_an_open_market_that_asks_again_stays_open(province: Province) -> None:
    """It lost the hub's keys and not its own: a new code brings them back without another approval."""
    author = Author(province).enrol()
    secret = enrolment.parse_code(province.invite(author.code, approve=False))
    assert author.ask_to_enrol(author.request(secret)).status_code == 200
    assert register(province, author.code) == [(author.origin, "open")]


def test_a_node_enrols_once(market: Market) -> None:
    with pytest.raises(Refused) as refused:
        market.enrol(market.province.invite(market.code))
    assert code_of(refused) == "already_enrolled"


def test_by_stick_the_messages_are_the_same(fresh: Market) -> None:
    """Request and answer as files; the round then knows no address and says that it is away."""
    fresh.people(1)
    code = fresh.province.invite(fresh.code)
    with fresh.bound() as home:
        with pytest.raises(Refused) as unasked:
            enrolling.take_answer(home, b"")
        assert code_of(unasked) == "enrol_unasked"
        message = enrolling.request_file(home, code)
        assert enrolling.request_file(home, code) == message
    with fresh.province.hub() as hub:
        answer = registry.enrol(hub, message)
    swapped = b"B" if answer[19:20] != b"B" else b"C"
    with fresh.bound() as home:
        with pytest.raises(Tampered):
            enrolling.take_answer(home, answer.replace(b"v1 " + answer[19:20], b"v1 " + swapped))
        words = enrolling.take_answer(home, answer)
        assert home.store.setting("enrol.carried") == ""
    with fresh.province.hub() as hub:
        assert registry.fingerprint_words(hub, fresh.code) == words
    result = fresh.sync()
    assert (result["state"], result["error"]) == ("offline", "no_address")
    fresh.set("hub.url", fresh.wire.address)
    fresh.settled()


def test_an_answer_without_the_code_is_worth_nothing(fresh: Market) -> None:
    """F16: somebody in between who answers with keys of his own does not know the code."""
    code = fresh.province.invite(fresh.code)
    secret = enrolment.parse_code(code)

    def false(request: bytes) -> bytes:
        asked = request.partition(b"\r\n\r\n")[2]
        real = fresh.wire.ask(request).partition(b"\r\n\r\n")[2]
        answer = enrolment.parse_answer(real, asked, secret)
        body = enrolment.encode_answer(answer._replace(box=BoxKey.generate().public), asked, b"another-10")
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    fresh.wire.bend(false)
    with pytest.raises(Tampered) as error:
        fresh.enrol(code)
    assert code_of(error) == "enrol_answer"
    with fresh.bound() as home:
        assert home.store.setting("hub.cosigner") is None


@pytest.mark.parametrize(
    "url",
    [
        "http://hub.lg.example",
        "http://10.0.0.1:8460",
        "http://127.0.0.1.evil.example/",
        "http://LOCALHOST.evil",
    ],
)
def test_plain_http_only_to_this_machine(url: str) -> None:
    with pytest.raises(Refused) as refused:
        check_url(url, allow_http=False)
    assert code_of(refused) == "plain_http"
    assert check_url(url, allow_http=True) == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://127.0.0.1:8460/", "http://127.0.0.1:8460"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://[::1]:8460", "http://[::1]:8460"),
        (" https://hub.lg.example/yizhan/ ", "https://hub.lg.example/yizhan"),
    ],
)
def test_addresses_that_are_good(url: str, kept: str) -> None:
    assert check_url(url, allow_http=False) == kept


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hub.lg.example",
        "ftp://hub",
        "https://",
        "https://a:b@hub",
        "https://@hub",
        "https://hub?x=1",
        "https://hub#x",
        "http://[::1",
        "https://hub:99999",
        "https://hub:x",
        "https://hub/" + "x" * 600,
        "file:///etc/passwd",
    ],
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(Invalid) as invalid:
        check_url(url, allow_http=True)
    assert code_of(invalid) == "hub_url"


def test_a_market_of_another_domain_or_province_is_refused(province: Province) -> None:
    """F9: what belongs elsewhere is refused before anything is stored."""
    with province.hub() as hub:
        with pytest.raises(Refused) as refused:
            registry.invite(hub, "11010101", "北京", "tests")
        assert code_of(refused) == "other_province"
        with pytest.raises(Invalid):
            registry.invite(hub, "3713020", "短", "tests")
    author = Author(province)
    author.origin = author.origin.replace("lg.example", "other.example")
    author.key = type(author.key).generate(author.origin)
    secret = enrolment.parse_code(province.invite(author.code))
    answer = author.ask_to_enrol(author.request(secret))
    assert (answer.status_code, answer.json()["code"]) == (409, "other_domain")
    assert register(province, author.code) == []
