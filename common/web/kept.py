"""A form that arrives when the session has just ended is kept, not lost: log in, look, save again.

    POST while logged out → login page carries what was typed → login → one page, one button → the same POST

Rules kept here:
- Only a form of our own page is kept: its `Origin` must be this host, so that no other site can plant one.
- What was typed travels sealed with the program's key, is stored nowhere, and is void after a day.
- It is shown to nobody: the page says how many items there are, and the person presses the button.
- Files cannot be kept this way, and passwords never are.
"""

from __future__ import annotations

from typing import Any

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

MOST = 200_000  # characters, sealed; a longer form is not kept
DAY = 24 * 3600
NEVER = ("csrf_token", "kept", "password")


def same_origin() -> bool:
    """Whether the browser says that this request comes from a page of this very host."""
    return request.headers.get("Origin", "") == f"{request.scheme}://{request.host}"


def keep() -> str:
    """What was typed in this request, sealed; '' where it is not a form of ours, or too long."""
    if request.method != "POST" or not same_origin() or request.files:
        return ""
    items = [(name, value) for name, value in request.form.items(multi=True) if not _secret(name)]
    sealed = _seal().dumps([request.full_path.rstrip("?"), items]) if items else ""
    text = sealed if isinstance(sealed, str) else sealed.decode()
    return text if len(text) <= MOST else ""


def kept(sealed: str) -> tuple[str, list[tuple[str, str]]] | None:
    """(address, items) that `keep` sealed; None for nothing, too old, or not ours."""
    try:
        path, items = _seal().loads(sealed, max_age=DAY)
    except (BadData, ValueError, TypeError):
        return None
    return (str(path), [(str(name), str(value)) for name, value in items])


def _secret(name: str) -> bool:
    return name in NEVER or "password" in name


def _seal() -> Any:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="yizhan-kept-form")
