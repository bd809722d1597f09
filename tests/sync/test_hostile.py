"""Everything from outside is hostile. Whatever is sent, the hub answers one JSON object with a code, stores
nothing of it, shows no trace, and serves the next market as before (F16, F31).
"""

from __future__ import annotations

import gzip
import os
import zlib
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.log import checkpoint as checkpoints
from common.log import enrolment, payload, push, request, tree
from common.log import note as notes
from common.log.checkpoint import Checkpoint
from common.store.tables import Log
from hub.local import LocalEvidence
from tests.province import PUSH_TYPE, Author, Province, person

ENROL_TYPE = "application/vnd.yizhan.enrol"
LIMITS = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


def fingerprint(province: Province) -> tuple[Any, ...]:
    """What must not change: every log's head, and how much evidence there is."""
    with province.hub() as hub, hub.store.reading():
        heads = [(log.origin, log.size, bytes(log.root)) for log in Log.select().order_by(Log.id)]
        return (*heads, LocalEvidence.select().count())


def refused(answer: requests.Response) -> str:
    """The code of a refusal that is as it should be."""
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:300])
    assert answer.headers["Content-Type"] == "application/json"
    said = answer.json()
    assert set(said) == {"code", "message", "detail"} and said["code"], said
    assert "Traceback" not in answer.text and 'File "' not in answer.text
    return str(said["code"])


def post(province: Province, body: bytes, path: str = "/v1/push", **headers: str) -> requests.Response:
    sent = {"Content-Type": PUSH_TYPE} | {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.post(province.url + path, body, headers=sent, timeout=30)


def test_bodies_that_are_no_push(author: Author) -> None:
    """Malformed, truncated, over-long, inflating, of the wrong type: each its own code, nothing stored."""
    province = author.province
    frame, head = author.frame(author.entry("worker", person(1)))
    before = fingerprint(province)
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
    inflating = bomb.compress(bytes(80 << 20)) + bomb.flush()
    packed = gzip.compress(frame)
    assert refused(post(province, b"")) == "push_malformed"
    assert refused(post(province, b"yizhan/push/v1\n")) == "push_malformed"
    assert refused(post(province, frame + b"\0")) == "push_malformed"
    for cut in (1, len(frame) // 3, len(frame) - 1):
        assert refused(author.post(frame[:cut], head.size)) in ("push_malformed", "note_malformed")
    assert refused(post(province, bytes(20 << 20))) == "push_too_large"
    assert refused(post(province, inflating, Content_Encoding="gzip")) == "push_too_large"
    assert refused(post(province, packed[:-3], Content_Encoding="gzip")) == "gzip_malformed"
    assert refused(post(province, packed + b"x", Content_Encoding="gzip")) == "gzip_malformed"
    assert refused(post(province, frame, Content_Encoding="br")) == "unsupported_type"
    assert refused(post(province, frame, Content_Type="application/json")) == "unsupported_type"
    assert refused(post(province, frame, Content_Type="")) == "unsupported_type"
    assert fingerprint(province) == before
    assert author.push(author.entry("worker", person(2))).status_code == 200, "others, and itself, go on"


def test_counts_and_lengths_that_lie(author: Author) -> None:
    frame, head = author.frame(author.entry("worker", person(1)))
    before = fingerprint(author.province)
    for old, new in (
        (b"count 1\n", b"count 2\n"),
        (b"count 1\n", b"count 8193\n"),
        (b"count 1\n", b"count 99999999999999999999\n"),
        (b"count 1\n", b"count 0001\n"),
        (b"count 1\n", "count ١\n".encode()),
        (b"note ", b"note 9"),
        (b"old 0\n", b"old -1\n"),
        (b"/push/v1", b"/push/v2"),
    ):
        assert old in frame
        assert refused(author.post(frame.replace(old, new, 1), head.size)) in (
            "push_malformed",
            "push_too_large",
        )
    assert fingerprint(author.province) == before


def test_a_push_whose_bytes_do_not_fit_its_note_is_evidence_and_nothing_more(author: Author) -> None:
    """Another entry, another payload, none, one too many, a withheld or erased one: 422, the note kept."""
    raw, body = author.entry("worker", person(1))
    other, _ = author.entry("worker", person(2))
    assert isinstance(body, bytes)
    empty, _ = author.entry("visit", None)
    before = fingerprint(author.province)
    frame, head = author.frame((raw, body))
    note = push.parse(frame).note
    for items, code in (
        ([(other, body)], "root_mismatch"),
        ([(raw, body + b" ")], "payload_mismatch"),
        ([(raw, None)], "payload_missing"),
        ([(raw, push.WITHHELD)], "payload_withheld"),
        ([(raw, push.ERASED)], "payload_erased"),
        ([(raw, body), (other, body)], "size_mismatch"),
        ([], "size_mismatch"),
    ):
        sent = push.encode(push.Push(author.origin, 0, note, items))
        assert refused(author.post(sent, head.size)) == code
    after = fingerprint(author.province)
    assert after[:-1] == before[:-1] and after[-1] == before[-1] + 1, "one note, kept once"
    nothing, head = author.frame((empty, None))
    extra = push.encode(push.Push(author.origin, 0, push.parse(nothing).note, [(empty, b"x")]))
    assert refused(author.post(extra, head.size)) == "payload_unexpected"


def test_wrong_keys_and_strange_names(province: Province) -> None:
    """Signed by another's key, of a log nobody knows, of the hub's own logs, of a cosigner."""
    one, two = Author(province).enrol(), Author(province).enrol()
    item = one.entry("worker", person(1))
    frame, head = one.frame(item)
    before = fingerprint(province)
    stolen = push.parse(frame)._replace(origin=two.origin)
    assert refused(two.post(push.encode(stolen), head.size)) == "signature_missing"
    one_key, one.key = one.key, two.key
    assert refused(one.post(frame, head.size)) == "machine_signature"
    one.key = one_key
    assert refused(one.post(frame, head.size + 1)) == "machine_signature"
    assert refused(post(province, frame)) == "machine_malformed"
    for origin in (
        "lg.example/hub/log/1",
        "lg.example/market/37999999/log/1",
        "x",
        "lg.example/hub/cosigner/1",
    ):
        note = push.parse(frame).note
        sent = push.encode(push.Push(origin, 0, note, [item]))
        assert refused(one.post(sent, head.size)) == "unknown_origin"
    assert fingerprint(province) == before


def test_notes_that_are_none(author: Author) -> None:
    raw, body = author.entry("worker", person(1))
    good = push.parse(author.frame((raw, body))[0]).note
    head = Checkpoint(author.origin, 1, tree.leaf_hash(raw))
    assert checkpoints.sign(head, author.key) == good
    before = fingerprint(author.province)
    for note in (
        b"",
        b"\n\n",
        good[:-1],
        good.replace(b"\n1\n", b"\n01\n"),
        good.replace(b"\n1\n", b"\n1\n1\n"),
        good + good,
        good.replace(author.code.encode(), b"37130299"),
        b"\xff" * 300,
        good + b"\xe2\x80\x94 x AAAAAA==\n" * 20,
        b"a" * 65536,
    ):
        sent = push.encode(push.Push(author.origin, 0, note, [(raw, body)]))
        refused(author.post(sent, 1))
    assert fingerprint(author.province) == before


def test_lines_of_strangers_on_a_note_are_not_cosigned(author: Author) -> None:
    """A note may carry lines of keys nobody knows, or false ones in the cosigner's name: the receipt has the
    author's line and the true cosigner's, and no other."""
    with author.province.hub() as hub:
        cosigner = hub.cosigner.verifier
    frame, head = author.frame(author.entry("worker", person(1)))
    sent = push.parse(frame)
    false = notes.line(cosigner, b"\0" * 72) + notes.line(Author(author.province).key.verifier, b"\1" * 64)
    answer = author.post(push.encode(sent._replace(note=sent.note + false * 7)), head.size)
    assert answer.status_code == 200, answer.text
    assert checkpoints.open_receipt(answer.content, author.key.verifier, cosigner)[0] == head
    assert len(notes.parse(answer.content).signatures) == 2


@pytest.mark.parametrize("path", ["/v1/", "/v1/nothing", "/v1/push", "/v1/enrol", "/v1/logs", "/v1/logs/"])
def test_calls_that_do_not_exist(province: Province, path: str) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        assert refused(requests.request(method, province.url + path, timeout=30)) == "page_not_found"


@pytest.mark.parametrize(
    "header",
    ["", "x", "a b c", "lg.example/hub/log/1 12345678 " + "A" * 86 + "==", "x" * 5000, "\xff\xfe", "a\tb\tc"],
)
def test_requests_that_nobody_signed(province: Province, header: str) -> None:
    origin = "lg.example/hub/bulletin/1"
    for query in ("", "?old=0", "?old=-1&root=x", "?old=9" + "9" * 40 + "&root=", "?%ff%fe=%00", "?old=٣"):
        answer = requests.get(
            f"{province.url}/v1/logs/{origin}{query}",
            headers={"Yizhan-Request": header.encode("latin-1")},
            timeout=30,
        )
        refused(answer)


def test_a_signed_request_with_a_senseless_query(author: Author) -> None:
    """The signature holds and the question makes no sense: 400, never a trace."""
    author.push(author.entry("worker", person(1)))
    for query in ("old=0", "old=x&root=", "old=0&root=AAAA", "root=%FF", "old=0&root=" + "A" * 1900):
        target = f"/v1/logs/lg.example/hub/bulletin/1?{query}"
        header = request.sign_request(author.key, "GET", target, author.nonce, payload.digest(b""))
        answer = requests.get(author.province.url + target, headers={"Yizhan-Request": header}, timeout=30)
        assert refused(answer) in ("request_malformed", "base64_malformed")
        author.pull("lg.example/hub/bulletin/1", 10**9)
        author.pull("lg.example/hub/bulletin/1")


def test_enrolments_that_are_none(province: Province) -> None:
    author = Author(province)
    secret = enrolment.parse_code(province.invite(author.code))
    good = author.request(secret)
    before = fingerprint(province)
    for body in (
        b"",
        good[:50],
        good[:-1],
        good.replace(b"enrol/v1", b"enrol/v2"),
        good.replace(b'"market":"', b'"market":["'),
        good.partition(b"\n")[0] + b"\n" + b"[" * 100_000,
        good.replace(author.code.encode(), b"37130298"),
        os.urandom(500),
        b"x" * 200_000,
    ):
        refused(post(province, body, "/v1/enrol", Content_Type=ENROL_TYPE))
    assert refused(post(province, good, "/v1/enrol")) == "unsupported_type"
    assert fingerprint(province) == before
    assert author.ask_to_enrol(good).status_code == 200


@LIMITS
@given(body=st.binary(max_size=400), type=st.sampled_from([PUSH_TYPE, ENROL_TYPE]), packed=st.booleans())
def test_random_bytes(shared: Province, body: bytes, type: str, packed: bool) -> None:
    path = "/v1/push" if type == PUSH_TYPE else "/v1/enrol"
    encoding = {"Content_Encoding": "gzip"} if packed else {}
    refused(post(shared, body, path, Content_Type=type, Yizhan_Machine="x y z", **encoding))


@LIMITS
@given(data=st.data())
def test_a_good_push_with_any_byte_changed(shared: Province, data: st.DataObject) -> None:
    """Whatever byte is another, it is refused or means the same; never a fault, never half stored."""
    author = _one_author(shared)
    items = [author.entry("worker", person(n)) for n in range(2)]
    frame, head = author.frame(*items)
    at = data.draw(st.integers(0, len(frame) - 1))
    change = data.draw(st.integers(1, 255))
    bent = frame[:at] + bytes([frame[at] ^ change]) + frame[at + 1 :]
    refused(author.post(bent, head.size))


_authors: dict[str, Author] = {}


def _one_author(province: Province) -> Author:
    """One enrolled author for all examples; none of them is stored, so it stays at size 0."""
    if province.url not in _authors:
        _authors[province.url] = Author(province).enrol()
    return _authors[province.url]
