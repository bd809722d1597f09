"""The exchange with nodes: bytes in, bytes out (PROTOCOL.md §8 to §10).

    POST /v1/push                       a push frame, gzip or plain -> 200 with the newest receipt
    GET  /v1/logs/<origin>?old=&root=   a signed request -> 200 with a push frame, 204 where nothing is new
    POST /v1/enrol                      an enrolment request -> 200 with the answer

Every answer to a market names the size held of its log (`Yizhan-Size`) and brings a fresh nonce
(`Yizhan-Nonce`). Errors are JSON {"code", "message", "detail"}, whatever was sent and whatever broke; the
status says whose move is next.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import structlog
from flask import Blueprint, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from common.errors import Invalid, Refused, Tampered, Unreachable, YizhanError
from common.web.access import mark_all
from hub.home import Home
from hub.province import exchange, intake, outlet, registry

log = structlog.get_logger(__name__)
PUSH_TYPE = "application/vnd.yizhan.push"
ENROL_TYPE = "application/vnd.yizhan.enrol"
MAX_BODY = 17 * 1024 * 1024
MAX_ENROL = 128 * 1024
STATUS = {
    "unknown_origin": 404,
    "unknown_log": 404,
    "page_not_found": 404,
    "not_approved": 403,
    "paused": 403,
    "revoked": 403,
    "closed": 403,
    "not_yours": 403,
    "enrol_code": 403,
    "enrol_expired": 403,
    "enrol_used": 409,
    "push_too_large": 413,
    "unsupported_type": 415,
    "nonce": 401,
    "request_signature": 401,
    "recovering": 503,
    "store_busy": 503,
    "busy": 503,
    "store_readonly": 503,
    "disk_full": 507,
    "internal": 500,
}
RETRY_SECONDS = 30
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_size = re.compile(r"0|[1-9][0-9]{0,15}").fullmatch
blueprint = mark_all(Blueprint("sync", __name__, url_prefix="/v1"), "machine")


def home() -> Home:
    found: Home = current_app.extensions["home"]
    return found


@blueprint.post("/push")
def push() -> ResponseReturnValue:
    """Take a push and answer with the newest receipt."""
    _expect(PUSH_TYPE)
    raw = exchange.unpack(request.get_data(cache=False), request.headers.get("Content-Encoding", ""))
    receipt = intake.accept(home(), raw, request.headers.get("Yizhan-Machine", ""), _waiting())
    nonce = nonces().new(receipt.market)
    return _answer(receipt.note or b"", 200, "text/plain; charset=utf-8", receipt.size, nonce)


@blueprint.get("/logs/<path:origin>")
def pull(origin: str) -> ResponseReturnValue:
    """The next chunk of a log that the caller may read."""
    market, held = _asked()
    old, root = request.args.get("old", ""), request.args.get("root", "")
    if not _size(old):
        raise Invalid("request_malformed", "old: expected a size")
    frame = outlet.pull(home(), market, origin, int(old), exchange.root_of(root))
    nonce = nonces().new(market)
    if frame is None:
        return _answer(b"", 204, None, held, nonce)
    body, encoding = exchange.pack(frame, request.headers.get("Accept-Encoding", ""))
    answer = _answer(body, 200, PUSH_TYPE, held, nonce)
    if encoding:
        answer.headers["Content-Encoding"] = encoding
    return answer


@blueprint.post("/enrol")
def enrol() -> ResponseReturnValue:
    _expect(ENROL_TYPE)
    request.max_content_length = MAX_ENROL
    answer = registry.enrol(home(), request.get_data(cache=False))
    return _answer(answer, 200, ENROL_TYPE)


@blueprint.route("/", defaults={"rest": ""}, methods=METHODS)
@blueprint.route("/<path:rest>", methods=METHODS)
def nothing(rest: str) -> ResponseReturnValue:
    """What is not one of the three answers as they do."""
    raise Refused("page_not_found", "no such call")


def nonces() -> outlet.Nonces:
    found: outlet.Nonces = current_app.extensions["nonces"]
    return found


def _expect(type: str) -> None:
    """The type is refused before a byte of the body is parsed."""
    request.max_content_length = MAX_BODY
    if request.mimetype != type:
        raise Invalid("unsupported_type", f"expected {type}")


def _asked() -> tuple[str, int]:
    """Market that signed this request, and the size held of its log; 401 with a fresh nonce otherwise."""
    header = request.headers.get("Yizhan-Request", "")
    query = request.query_string.decode("latin-1")
    target = f"{request.path}?{query}" if query else request.path
    asked = outlet.caller(home(), header, request.method, target, hashlib.sha256(b"").digest())
    held = intake.newest_receipt(home(), asked.origin)
    if not nonces().use(held.market, asked.nonce):
        raise Refused("nonce", "this nonce is not open", nonce=nonces().new(held.market))
    intake.seen(home(), held.market, request.headers.get("User-Agent", "")[:60], _waiting())
    return held.market, held.size


def _waiting() -> int | None:
    """How many entries the node says it still holds; a fact for the board, worth no refusal."""
    said = request.headers.get("Yizhan-Waiting", "")
    return int(said) if _size(said) else None


def _answer(
    body: bytes, status: int, type: str | None, size: int | None = None, nonce: str | None = None
) -> Response:
    answer = Response(body, status, content_type=type)
    if type is None:
        del answer.headers["Content-Type"]  # Flask would say text/html of nothing
    if size is not None:
        answer.headers["Yizhan-Size"] = str(size)
    if nonce:
        answer.headers["Yizhan-Nonce"] = nonce
    return answer


@blueprint.errorhandler(YizhanError)
def refuse(error: YizhanError) -> ResponseReturnValue:
    """One line of JSON; what an author needs to go on (our size, the newest receipt) is in its detail."""
    status = STATUS.get(error.code) or {Invalid: 400, Refused: 409, Tampered: 422}.get(type(error), 503)
    detail: dict[str, Any] = dict(error.detail)
    if error.code in ("behind", "ahead") and request.endpoint == "sync.push" and "size" in detail:
        detail |= exchange.held(home(), error.detail.get("origin"))
    log.warning("exchange_refused", code=error.code, path=request.path, message=error.message)
    answer = jsonify({"code": error.code, "message": error.message, "detail": detail})
    answer.status_code = status
    if status == 503:
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
    if "nonce" in detail:
        answer.headers["Yizhan-Nonce"] = detail["nonce"]
    return answer


@blueprint.errorhandler(HTTPException)
def refuse_http(error: HTTPException) -> ResponseReturnValue:
    """What Flask itself refuses while it reads a body: too long, cut off."""
    if error.code == 413:
        return refuse(Invalid("push_too_large", "the body is too long"))
    return refuse(Invalid("request_malformed", error.name))


@blueprint.errorhandler(Exception)
def broke(error: Exception) -> ResponseReturnValue:
    """A fault of ours: the trace goes to our log, the caller hears that it may try again."""
    log.error("exchange_broke", path=request.path, exc_info=error)
    return refuse(Unreachable("internal", "a fault of the hub"))
