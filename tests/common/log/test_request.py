"""What is signed around an exchange."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid, Tampered
from common.log import request
from common.log.encoding import b64
from tests.common.log.samples import MARKET, ORIGIN, STRANGER, quick

KEY = MARKET.verifier
BODY = sha256(b"body").digest()
NONCE = "n0nce-n0nce_"
INSTALL = "0123456789abcdef"


def test_texts_byte_for_byte():
    assert request.request_text("POST", "/v1/push?x=1", NONCE, BODY) == (
        f"yizhan/request/v1\nPOST\n/v1/push?x=1\n{NONCE}\n{b64(BODY)}\n".encode()
    )
    assert request.machine_text(ORIGIN, 300, INSTALL, "大厅-1") == (
        f"yizhan/machine/v1\n{ORIGIN}\n300\n{INSTALL}\n大厅-1\n".encode()
    )


def test_a_signed_request():
    header = request.sign_request(MARKET, "GET", "/v1/logs/a?old=3", NONCE, BODY)
    assert header.split(" ")[:2] == [ORIGIN, NONCE] and header.isascii()
    asked = request.parse_request(header)
    request.check_request(asked, KEY, "GET", "/v1/logs/a?old=3", BODY)
    for arguments in (
        (STRANGER.verifier, "GET", "/v1/logs/a?old=3", BODY),
        (KEY, "POST", "/v1/logs/a?old=3", BODY),
        (KEY, "GET", "/v1/logs/a?old=4", BODY),
        (KEY, "GET", "/v1/logs/a?old=3", sha256(b"").digest()),
    ):
        with pytest.raises(Tampered):
            request.check_request(asked, *arguments)
    for other in (asked._replace(nonce="another-nonce"), asked._replace(origin="lg.example/hub/log/1")):
        with pytest.raises(Tampered):
            request.check_request(other, KEY, "GET", "/v1/logs/a?old=3", BODY)


@quick
@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=255),
    st.integers(0, 2**53 - 1),
)
def test_a_signed_machine(host, size):
    header = request.sign_machine(MARKET, size, INSTALL, host)
    assert header.isascii() and "\n" not in header
    machine = request.parse_machine(header)
    assert (machine.install, machine.host) == (INSTALL, host)
    request.check_machine(machine, KEY, size)
    for other, at in (
        (machine, size + 1),
        (machine._replace(host=host + "x"), size),
        (machine._replace(install=INSTALL[1:]), size),
    ):
        with pytest.raises((Tampered, Invalid)):
            request.check_machine(other, KEY, at)
    with pytest.raises(Tampered):
        request.check_machine(machine, STRANGER.verifier, size)


@pytest.mark.parametrize(
    "call",
    [
        lambda: request.request_text("get", "/", NONCE, BODY),
        lambda: request.request_text("GET", "v1", NONCE, BODY),
        lambda: request.request_text("GET", "/a\n/b", NONCE, BODY),
        lambda: request.request_text("GET", "/a b", NONCE, BODY),
        lambda: request.request_text("GET", "/", "a\nb-long-nonce", BODY),
        lambda: request.request_text("GET", "/", "short", BODY),
        lambda: request.request_text("GET", "/", NONCE, b""),
        lambda: request.machine_text(ORIGIN, 1, INSTALL, "a\nb"),
        lambda: request.machine_text(ORIGIN, 1, INSTALL, ""),
        lambda: request.machine_text(ORIGIN, 1, "a\nb", "host"),
        lambda: request.machine_text(ORIGIN, 1, INSTALL, "x" * 256),
        lambda: request.machine_text(ORIGIN, 1, INSTALL, "\ud800"),
    ],
)
def test_values_that_cannot_be_signed(call):
    with pytest.raises(Invalid):
        call()


def test_headers_that_are_refused():
    good = request.sign_request(MARKET, "GET", "/", NONCE, BODY)
    machine = request.sign_machine(MARKET, 1, INSTALL, "host")
    install, host, signature = machine.split(" ")
    for bad in (
        "",
        good + " ",
        " " + good,
        good[:-1],
        good.replace(" ", "  ", 1),
        good.replace("lg.", "l+g."),
        good + "x" * 3000,
        "é" + good,
    ):
        with pytest.raises(Invalid):
            request.parse_request(bad)
    for bad in (
        "",
        machine + " ",
        machine[:-1],
        f"{install} {signature}",
        f"{install}  {signature}",
        f"x {host} {signature}",
        f"{install} {b64(b'a' + bytes(1))} {signature}",
        f"{install} {b64(b'x' * 256)} {signature}",
        f"{install} {b64(bytes([255]))} {signature}",
        f"{install} aG9zdB== {signature}",
        f"{install} {host[:-1]} {signature}",
        f"{install} {host} {b64(bytes(63))}",
        "x" * 3000,
    ):
        with pytest.raises(Invalid):
            request.parse_machine(bad)


@quick
@given(st.text(max_size=200))
def test_anything_else_is_only_ever_invalid(header):
    for read in (request.parse_request, request.parse_machine):
        with pytest.raises(Invalid):
            read(header)
