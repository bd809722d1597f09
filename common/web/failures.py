"""From an exception to an answer: a page, a fragment for htmx, or JSON; one sentence and a code, no trace.

Rules kept here:
- The family decides the status: Invalid 400, Refused 409, Tampered 500 with an alarm, Unreachable 503.
  STATUS lists the codes that HTTP has a better number for.
- What we did not foresee is 500 `internal` with a short number that stands in the log beside the trace.
- An answer to a program (`@machine`, or one that does not ask for HTML) is {"code", "message", "detail"}.
- A fragment is put into the page's own place for messages; quiet polling never puts anything there.
- A form whose token has ended is kept (see kept) and offered again; one from another site is refused.
- If even the error page cannot be drawn, a plain one is sent.
"""

from __future__ import annotations

import secrets
from typing import Any

import structlog
from flask import Flask, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from markupsafe import escape
from werkzeug.exceptions import HTTPException

from common.errors import Invalid, Refused, Tampered, Unreachable, YizhanError
from common.web import kept
from common.web.access import access_of_request
from common.web.login import QUIET, me
from common.web.messages import number, sentence, words

log = structlog.get_logger(__name__)
FAMILIES: tuple[tuple[type[YizhanError], int], ...] = (
    (Invalid, 400),
    (Refused, 409),
    (Tampered, 500),
    (Unreachable, 503),
)
STATUS = {
    "not_found": 404,
    "unknown_kind": 404,
    "not_allowed": 403,
    "loopback_only": 403,
    "login_needed": 401,
    "too_large": 413,
    "rate_limited": 429,
    "disk_full": 507,
    "store_busy": 503,
    "busy": 503,
}
HTTP_CODES = {
    400: "bad_request",
    401: "login_needed",
    403: "not_allowed",
    404: "page_not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_type",
    429: "rate_limited",
    500: "internal",
    503: "unavailable",
}
PLAIN = '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>出错</title><p>{}</p></html>'
KEPT_HEADERS = ("Allow", "Retry-After")


def status_of(error: YizhanError) -> int:
    if error.code in STATUS:
        return STATUS[error.code]
    return next((status for family, status in FAMILIES if isinstance(error, family)), 500)


def wants() -> str:
    """'json', 'htmx' or 'page': what the caller can read."""
    if access_of_request() == "machine":
        return "json"
    if request.headers.get("HX-Request"):
        return "htmx"
    accept = request.headers.get("Accept", "text/html")  # every browser names it for a page, programs do not
    return "page" if "text/html" in accept else "json"


def answer(
    error: YizhanError | str, status: int, *, incident: str = "", headers: dict[str, str] | None = None
) -> Response:
    """The answer that says `error` to whoever asked."""
    if wants() == "json":
        response = jsonify(_json(error))
    elif wants() == "htmx":
        response = Response(render_template("fragment_error.html", words=sentence(error), incident=incident))
        response.headers["HX-Retarget"] = "#yz-alerts"
        response.headers["HX-Reswap"] = "none" if request.headers.get(QUIET) else "innerHTML"
    else:
        response = Response(_page(error, status, incident))
    response.status_code = status
    response.headers.update(headers or {})
    return response


def _json(error: YizhanError | str) -> dict[str, Any]:
    if isinstance(error, str):
        return {"code": error, "message": error.replace("_", " "), "sentence": sentence(error), "detail": {}}
    detail = {key: value if _plain(value) else str(value) for key, value in error.detail.items()}
    told = {"code": error.code, "message": error.message, "sentence": sentence(error), "detail": detail}
    return told | ({"field": error.field} if error.field else {})


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, bool, list, dict))


def _page(error: YizhanError | str, status: int, incident: str) -> str:
    alarm = isinstance(error, Tampered)
    try:
        return render_template(
            "error.html",
            status=status,
            words=words(error),
            number=number(error),
            code="" if isinstance(error, str) else error.code,
            alarm=alarm,
            incident=incident,
            stranger=me() is None,
        )
    except Exception:
        log.exception("error_page_failed")
        return PLAIN.format(escape(sentence(error)))


def register(app: Flask) -> None:
    """Answer every failure of `app` here."""

    @app.errorhandler(YizhanError)
    def ours(error: YizhanError) -> ResponseReturnValue:
        status = status_of(error)
        tell = log.error if isinstance(error, Tampered) else log.info
        tell("refused", code=error.code, why=error.message, path=request.path, status=status)
        return answer(error, status)

    @app.errorhandler(CSRFError)
    def stale(error: CSRFError) -> ResponseReturnValue:
        log.info("csrf_refused", path=request.path, why=error.description)
        held = kept.kept(kept.keep()) if me() is not None and wants() == "page" else None
        if held:
            return render_template("resume.html", path=held[0], items=held[1], reason="form_expired"), 400
        return answer("csrf", 400)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> ResponseReturnValue:
        status = error.code or 500
        if status < 400:
            return error.get_response()
        code = HTTP_CODES.get(status, "internal" if status >= 500 else "bad_request")
        headers = {name: value for name, value in error.get_headers() if name in KEPT_HEADERS}
        return answer(code, status, headers=headers)

    @app.errorhandler(Exception)
    def unforeseen(error: Exception) -> ResponseReturnValue:
        incident = secrets.token_hex(3).upper()
        log.error("unforeseen", incident=incident, path=request.path, exc_info=error)
        return answer("internal", 500, incident=incident)
