"""What is signed around an exchange: who is asking, and from which machine.

    Yizhan-Request: <origin> <nonce> <base64 signature>
    Yizhan-Machine: <install id> <base64 host name> <base64 signature>

A request is signed together with its body and a nonce of the hub's, used once; no time is compared, so a
machine whose clock stands in 1970 still gets through. The machine line goes with every push and binds
machine and size, so that a clone can be told from its original by the hub, with both sides' facts in hand.

A value with a newline in it could move the border between two lines of a signed text, so none is let in.
"""

import re
from typing import NamedTuple

from common.errors import Invalid, Tampered
from common.keys import SigningKey, VerifierKey
from common.log.encoding import ORIGIN, b64, unb64

MAX_HEADER = 2048

_method = re.compile(r"[A-Z]{1,16}").fullmatch
_target = re.compile(r"/[!-~]{0,2047}").fullmatch
_NONCE = "[A-Za-z0-9_-]{8,128}"
_nonce = re.compile(_NONCE).fullmatch
_INSTALL = "[A-Za-z0-9_-]{8,128}"
_install = re.compile(_INSTALL).fullmatch
_host = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,255}").fullmatch
_SIGNATURE = "[A-Za-z0-9+/]{86}=="
_request = re.compile(f"({ORIGIN.decode()}) ({_NONCE}) ({_SIGNATURE})").fullmatch
_machine = re.compile(f"({_INSTALL}) ([A-Za-z0-9+/]{{1,1364}}={{0,2}}) ({_SIGNATURE})").fullmatch


class Request(NamedTuple):
    """The header of a signed request, unverified."""

    origin: str
    nonce: str
    signature: bytes


class Machine(NamedTuple):
    """The header that names a machine, unverified."""

    install: str
    host: str
    signature: bytes


def request_text(method: str, target: str, nonce: str, body_sha256: bytes) -> bytes:
    """What is signed for a request; `target` is the path with its query."""
    if not (_method(method) and _target(target) and _nonce(nonce) and len(body_sha256) == 32):
        raise Invalid("request_malformed", "method, path, nonce or digest do not fit the form")
    return f"yizhan/request/v1\n{method}\n{target}\n{nonce}\n{b64(body_sha256)}\n".encode()


def machine_text(origin: str, size: int, install: str, host: str) -> bytes:
    """What is signed for a machine that pushes `origin` up to `size`."""
    if not (_install(install) and _host(host)):
        raise Invalid("machine_malformed", "install id or host name do not fit the form")
    return f"yizhan/machine/v1\n{origin}\n{size}\n{install}\n{host}\n".encode()


def sign_request(key: SigningKey, method: str, target: str, nonce: str, body_sha256: bytes) -> str:
    """The header's value, in the name of the key's log."""
    signature = key.sign(request_text(method, target, nonce, body_sha256))
    return f"{key.verifier.name} {nonce} {b64(signature)}"


def sign_machine(key: SigningKey, size: int, install: str, host: str) -> str:
    """The header's value for a push of the key's log up to `size`."""
    signature = key.sign(machine_text(key.verifier.name, size, install, host))
    return f"{install} {b64(host.encode())} {b64(signature)}"


def parse_request(header: str) -> Request:
    """Who asks; Invalid if the header is not of the form."""
    match = _request(header) if len(header) <= MAX_HEADER else None
    if match is None:
        raise Invalid("request_malformed", "not origin, nonce and signature")
    return Request(match[1], match[2], unb64(match[3], 64))


def parse_machine(header: str) -> Machine:
    """Which machine; Invalid if the header is not of the form."""
    match = _machine(header) if len(header) <= MAX_HEADER else None
    if match is None:
        raise Invalid("machine_malformed", "not install id, host name and signature")
    try:
        host = unb64(match[2]).decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid("machine_malformed", "the host name is not UTF-8") from None
    if not _host(host):
        raise Invalid("machine_malformed", "the host name does not fit the form")
    return Machine(match[1], host, unb64(match[3], 64))


def check_request(request: Request, key: VerifierKey, method: str, target: str, body_sha256: bytes) -> None:
    """Tampered unless `key` signed exactly this request. That the nonce is fresh is the caller's to know."""
    text = request_text(method, target, request.nonce, body_sha256)
    if request.origin != key.name or not key.verify(request.signature, text):
        raise Tampered("request_signature", f"a request not signed by {key.name}", origin=key.name)


def check_machine(machine: Machine, key: VerifierKey, size: int) -> None:
    """Tampered unless `key` signed that this machine pushes its log up to `size`."""
    if not key.verify(machine.signature, machine_text(key.name, size, machine.install, machine.host)):
        raise Tampered("machine_signature", f"a machine line not signed by {key.name}", origin=key.name)
