"""The only code that talks to the network: three calls to the hub, bytes in, bytes out.

Rules kept here:
- No redirects; an answer is bounded in bytes before and while it is inflated, and in time: nothing for
  READ_SECONDS, or after that less than LEAST_BYTES a second, is no answer.
- What the wire did is Unreachable (with `retry_after` where the hub named one), what the hub said is the
  error family that the hub meant. A 401 is not for ever: it brings a nonce, and the call is repeated once.
- `https` only, but for loopback, or where the settings allow otherwise.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import time
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
import requests
import urllib3
from requests.adapters import HTTPAdapter

from common.errors import Invalid, Refused, Tampered, Unreachable, YizhanError
from common.keys import SigningKey
from common.log import push as pushes
from common.log import request as signing
from common.log.encoding import b64

PUSH_TYPE = "application/vnd.yizhan.push"
ENROL_TYPE = "application/vnd.yizhan.enrol"
CONNECT_SECONDS, READ_SECONDS = 6.0, 40.0  # a name may have two addresses; together still within a minute
LEAST_BYTES = 200
MAX_ANSWER = 17 * 1024 * 1024
TOLD = ("size", "receipt", "next", "origin", "index", "domain")  # what of a refusal's detail is of use here
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_code = re.compile("[a-z][a-z0-9_]{0,39}").fullmatch
_FAMILIES: dict[int, type[YizhanError]] = {
    400: Invalid,
    401: Refused,
    403: Refused,
    404: Refused,
    409: Refused,
    413: Invalid,
    415: Invalid,
    422: Tampered,
}


def check_url(url: str, allow_http: bool) -> str:
    """The hub's address without a trailing slash; Refused('plain_http'), Invalid('hub_url')."""
    try:
        parts = urlsplit(url.strip())
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port)
    except ValueError:
        good = False
    if not good or "@" in parts.netloc or parts.query or parts.fragment or len(url) > 500:
        raise Invalid("hub_url", "expected an address such as https://hub.example", field="hub")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK and not allow_http:
        raise Refused("plain_http", "plain http only to this machine; the settings may allow it", field="hub")
    return url.strip().rstrip("/")


class HubClient:
    """Calls of one round. `nonce`: from the hub's last answer, kept by the caller between rounds."""

    def __init__(
        self,
        url: str,
        key: SigningKey | None,
        version: str,
        nonce: str = "",
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self.url = url
        self.key = key
        self.nonce = nonce
        self.held: int | None = None  # size that the hub holds of our log, as its last answer said
        self.skew_s: int | None = None
        self.waiting: int | None = None  # entries that will still be here after the call, for the hub's board
        self.requests = 0
        self.bytes_up = 0
        self.bytes_down = 0
        self._patience = read_seconds
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy, no netrc: the hall's hub is where the settings say
        self._session.headers.update(
            {"User-Agent": f"yizhan-node/{version}", "Accept": "*/*", "Accept-Encoding": "gzip"}
        )
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=2)  # retries are the loop's business
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

    def close(self) -> None:
        self._session.close()

    # -- the three calls -----------------------------------------------------------------------------------

    def push(self, body: bytes, machine: str) -> bytes:
        """Send a gzipped push; the newest receipt (empty where there is none yet)."""
        headers = {"Content-Type": PUSH_TYPE, "Content-Encoding": "gzip", "Yizhan-Machine": machine}
        return self._call("POST", "/v1/push", body, headers)[1]

    def pull(self, origin: str, old: int, root: bytes) -> bytes | None:
        """The next chunk of a log as a push frame; None where there is nothing new."""
        target = f"/v1/logs/{quote(origin)}?old={old}&root={quote(b64(root), safe='')}"
        for attempt in (1, 2):
            try:
                status, body = self._call("GET", target, b"", self._signed("GET", target))
                return None if status == 204 else body
            except Refused as error:
                if error.code != "nonce" or attempt == 2:
                    raise
        raise AssertionError("unreachable")

    def enrol(self, message: bytes) -> bytes:
        return self._call("POST", "/v1/enrol", message, {"Content-Type": ENROL_TYPE})[1]

    # -- the wire ------------------------------------------------------------------------------------------

    def _signed(self, method: str, target: str) -> dict[str, str]:
        assert self.key is not None
        nonce = self.nonce or "none-yet-"  # the hub answers 401 and brings the first one
        digest = hashlib.sha256(b"").digest()
        return {"Yizhan-Request": signing.sign_request(self.key, method, target, nonce, digest)}

    def _call(self, method: str, target: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        if self.waiting is not None:
            headers = headers | {"Yizhan-Waiting": str(self.waiting)}
        self.requests += 1
        self.bytes_up += len(body)
        sent_at = time.time()
        try:
            with self._session.request(
                method,
                self.url + target,
                data=body or None,
                headers=headers,
                timeout=(min(CONNECT_SECONDS, self._patience), self._patience),
                allow_redirects=False,
                stream=True,
            ) as answer:
                content = _bounded(answer, self._patience)
                self._take_headers(answer, sent_at)
                self.bytes_down += len(content)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            what = f"{method} {target.partition('?')[0]}: {type(error).__name__}"
            raise Unreachable("unreachable", what) from error
        if answer.status_code in (200, 204):
            if answer.headers.get("Content-Encoding") == "gzip":
                content = pushes.inflate(content)
            return answer.status_code, content
        raise _error(answer, content)

    def _take_headers(self, answer: requests.Response, sent_at: float) -> None:
        self.nonce = answer.headers.get("Yizhan-Nonce", "")
        size = answer.headers.get("Yizhan-Size", "")
        if size.isascii() and size.isdigit() and len(size) < 17:
            self.held = int(size)
        try:
            moment = parsedate_to_datetime(answer.headers["Date"])
        except (KeyError, ValueError, TypeError, OverflowError):
            return
        self.skew_s = round((sent_at + time.time()) / 2 - moment.timestamp())


def _bounded(answer: requests.Response, patience: float) -> bytes:
    """The body as it came over the wire (still packed), at most MAX_ANSWER bytes and not by drops."""
    parts, size, started = [], 0, time.monotonic()
    while part := answer.raw.read1(65536, decode_content=False):
        parts.append(part)
        size += len(part)
        if size > MAX_ANSWER:
            raise Unreachable("answer_too_large", f"an answer of more than {MAX_ANSWER} bytes")
        late = time.monotonic() - started - patience
        if late > 0 and size < late * LEAST_BYTES:
            raise Unreachable("unreachable", f"an answer of {size} bytes so far, too slow to wait for")
    return b"".join(parts)


class _Said(msgspec.Struct):
    code: str
    message: str = ""
    detail: dict[str, Any] = {}


def _error(answer: requests.Response, content: bytes) -> YizhanError:
    """The hub's error in its family; what no hub says is Unreachable."""
    retry = answer.headers.get("Retry-After", "")
    wait = int(retry) if retry.isascii() and retry.isdigit() and len(retry) < 6 else None
    try:
        said = msgspec.json.decode(content[:100_000], type=_Said)
    except (msgspec.MsgspecError, RecursionError):
        said = _Said("")
    if not _code(said.code):
        return Unreachable(
            "not_a_hub", f"status {answer.status_code} and no answer of a hub", retry_after=wait
        )
    family = _FAMILIES.get(answer.status_code)
    if family is None:
        return Unreachable(said.code, said.message[:300], retry_after=wait)
    detail = {name: value for name, value in said.detail.items() if name in TOLD}
    return family(said.code, said.message[:300], **detail)


def packed(frame: bytes, level: int = 4) -> bytes:
    return gzip.compress(frame, level, mtime=0)
