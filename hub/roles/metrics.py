"""GET /metrics for monitoring: on this machine to everybody, elsewhere to whoever brings the token.

A request that came through a proxy on this machine is not from this machine: a forwarding header, or a host
name that is not this machine's own, makes the token necessary, whatever address the connection has.
"""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from common.errors import Refused
from common.web.access import mark_all
from hub.province import metrics as numbers
from hub.roles.here import home

blueprint = mark_all(Blueprint("metrics", __name__), "machine")
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")


@blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    """All numbers; Refused('loopback_only') to strangers."""
    if not (_here() or _has_token(home().config.metrics_token)):
        raise Refused("loopback_only", "loopback, or Authorization: Bearer with the token")
    return Response(numbers.text(home()), content_type=numbers.TYPE)


def _here() -> bool:
    if any(name in request.headers for name in FORWARDED):
        return False
    named = urlsplit(f"//{request.host}").hostname or ""
    return _loopback(request.remote_addr or "") and (named == "localhost" or _loopback(named))


def _loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _has_token(token: str) -> bool:
    given = request.headers.get("Authorization", "").partition("Bearer ")[2].strip()
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())
