"""Enrolment: codes as people type them, and two messages that only the code's holders can make."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid, Refused, Tampered, YizhanError
from common.keys import COSIGNATURE, PLAIN, BoxKey, SigningKey
from common.log import canonical, enrolment, origins
from common.log.enrolment import EnrolAnswer, EnrolRequest
from tests.common.log.samples import COSIGNER, MARKET, ORIGIN, STRANGER, MemoryLog, quick, seed

SECRET = seed("code")[:10]
BOX = BoxKey.generate().public
WORDS = [f"word{i}" for i in range(300)]
ASKED = EnrolRequest(
    "37130201",
    ORIGIN,
    MARKET.verifier,
    MemoryLog([b"a", b"b"]).note(),
    BOX,
    seed("nonce"),
    "0123456789abcdef",
    "大厅",
)


def hub_key(name: str, type: int = PLAIN):
    return SigningKey(name, seed(name), type).verifier


ANSWER = EnrolAnswer(
    "37130201",
    ORIGIN,
    hub_key(origins.hub_log("lg.example", 1)),
    hub_key(origins.bulletin("lg.example", 1)),
    hub_key(origins.outbox("lg.example", "37130201", 1)),
    COSIGNER.verifier,
    hub_key(origins.recovery("lg.example", 1)),
    BOX,
)
RAW = enrolment.encode_request(ASKED, SECRET)


@quick
@given(st.binary(min_size=10, max_size=10))
def test_codes_as_people_type_them(secret):
    code = enrolment.format_code(secret)
    assert [len(part) for part in code.split("-")] == [6, 6, 6] and not set(code) & set("ILOU")
    for typed in (
        code,
        code.lower(),
        code.replace("-", ""),
        code.replace("-", " "),
        f"  {code} ",
        code.replace("0", "O").replace("1", "l"),
        code.replace("0", "o").replace("1", "I"),
        "-".join(code.replace("-", "")),
    ):
        assert enrolment.parse_code(typed) == secret


@quick
@given(st.binary(min_size=10, max_size=10))
def test_every_wrong_character_and_every_swap_is_noticed(secret):
    code = enrolment.format_code(secret).replace("-", "")
    wrong = {code[:i] + c + code[i + 1 :] for i in range(18) for c in "0123456789ABCDEFGHJKMNPQRSTVWXYZ"}
    wrong |= {code[:i] + code[i + 1] + code[i] + code[i + 2 :] for i in range(17)}
    for typed in wrong - {code}:
        with pytest.raises(Invalid):
            enrolment.parse_code(typed)


@pytest.mark.parametrize(
    "typed",
    ["", "0", "0" * 17, "0" * 19, "0" * 300, "U" + "0" * 17, "ß" * 18, "0" * 17 + "é", "٣" * 18, "\n"],
)
def test_codes_that_are_none(typed):
    with pytest.raises(Invalid) as caught:
        enrolment.parse_code(typed)
    assert caught.value.field == "code"


def test_check_values_beyond_the_prime_are_refused():
    """The same number can be reached by check values c and c + 1021; only the smaller is a code."""
    code = enrolment.format_code(bytes(10)).replace("-", "")
    assert code == "0" * 18
    with pytest.raises(Invalid):
        enrolment.parse_code("0" * 16 + "ZX")  # 1021


def test_the_request():
    assert enrolment.parse_request(RAW) == ASKED
    assert ASKED.checkpoint().size == 2
    assert enrolment.check_request(RAW, SECRET)
    assert not enrolment.check_request(RAW, seed("another")[:10])
    assert enrolment.encode_request(ASKED, SECRET) == RAW
    assert SECRET not in RAW and enrolment.format_code(SECRET).encode() not in RAW


def test_every_changed_byte_of_a_request_is_noticed():
    for place in range(len(RAW)):
        changed = bytearray(RAW)
        changed[place] ^= 1
        try:
            enrolment.parse_request(bytes(changed))
            assert not enrolment.check_request(bytes(changed), SECRET)
        except (Invalid, Tampered):
            pass


def remade(**changes) -> bytes:
    """A request with a changed body, its HMAC right."""
    body = canonical.decode(RAW.partition(b"\n")[2])
    for name, value in changes.items():
        if value is None:
            del body[name]
        else:
            body[name] = value
    raw = canonical.encode(body)
    mac = enrolment.b64(enrolment._request_mac(SECRET, raw)).encode()
    return b"yizhan/enrol/v1 " + mac + b"\n" + raw


@pytest.mark.parametrize(
    "changes",
    [
        {"market": "37130202"},
        {"market": None},
        {"market": 37130201},
        {"origin": "lg.example/market/37130201/log/2"},
        {"origin": "lg.example/hub/log/1"},
        {"vkey": str(STRANGER.verifier)},
        {"vkey": str(COSIGNER.verifier)},
        {"vkey": "x"},
        {"box": "AAAA"},
        {"nonce": "AAAA"},
        {"note": "x"},
        {"note": ""},
        {"install": "a\nb"},
        {"host": "a\nb"},
        {"host": ""},
        {"note": MemoryLog([b"a"]).note(key=STRANGER).decode()},
    ],
)
def test_requests_whose_parts_do_not_hold_together(changes):
    with pytest.raises((Invalid, Tampered)):
        enrolment.parse_request(remade(**changes))


def test_unknown_members_are_ignored():
    assert enrolment.parse_request(remade(later="x", more=[1])) == ASKED


def test_the_answer():
    raw = enrolment.encode_answer(ANSWER, RAW, SECRET)
    assert enrolment.parse_answer(raw, RAW, SECRET) == ANSWER
    assert enrolment.encode_answer(ANSWER, RAW, SECRET) == raw, "a repeat gets the same answer"
    other_request = enrolment.encode_request(ASKED._replace(nonce=seed("other nonce")), SECRET)
    for arguments in ((RAW, seed("another")[:10]), (other_request, SECRET)):
        with pytest.raises(Tampered):
            enrolment.parse_answer(raw, *arguments)
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        with pytest.raises((Invalid, Tampered)):
            enrolment.parse_answer(bytes(changed), RAW, SECRET)


@pytest.mark.parametrize(
    "changes, code",
    [
        ({"market": "37130202"}, "enrol_other_market"),
        ({"origin": "lg.example/market/37130201/log/2"}, "enrol_other_market"),
        ({"log": ANSWER.bulletin}, "enrol_malformed"),
        ({"cosigner": hub_key(COSIGNER.verifier.name)}, "enrol_malformed"),
        ({"log": hub_key(ANSWER.log.name, COSIGNATURE)}, "enrol_malformed"),
        ({"outbox": hub_key(origins.outbox("lg.example", "37130202", 1))}, "enrol_malformed"),
        ({"recovery": hub_key(origins.recovery("other.example", 1))}, "enrol_malformed"),
        ({"box": b"short"}, "base64_malformed"),
    ],
)
def test_answers_whose_parts_do_not_hold_together(changes, code):
    with pytest.raises(YizhanError) as caught:
        enrolment.encode_answer(ANSWER._replace(**changes), RAW, SECRET)
    assert caught.value.code == code
    assert isinstance(caught.value, Refused) == (code == "enrol_other_market")


def test_words_depend_on_both_messages():
    answer = enrolment.encode_answer(ANSWER, RAW, SECRET)
    seen = {
        enrolment.words(a, b, WORDS) for a, b in itertools.product((RAW, RAW + b"x"), (answer, answer + b"x"))
    }
    assert len(seen) == 4
    for words in seen:
        assert len(words) == 6 and set(words) <= set(WORDS)
    assert enrolment.words(RAW, answer, WORDS) == enrolment.words(RAW, answer, WORDS)


@quick
@given(st.binary(max_size=100), st.sampled_from([b"", RAW.partition(b"\n")[0] + b"\n"]))
def test_anything_else_is_only_ever_invalid(raw, head):
    for read in (enrolment.parse_request, lambda raw: enrolment.parse_answer(raw, RAW, SECRET)):
        with pytest.raises(Invalid):
            read(head + raw)
