"""A form that arrives when the session has just ended is kept, not lost: log in, look, save again.

    POST while logged out → login page carries what was typed → login → one page, one button → the same POST

Rules kept here:
- Only a form of our own page is kept: its `Origin` must be this host, so that no other site can plant one.
- What was typed travels encrypted under a key drawn from the program's, so that the source of the login page
  tells nobody a number; it is stored nowhere, and is void after a day.
- It is shown to nobody: the page says how many items there are, and the person presses the button.
- Files cannot be kept this way, and passwords never are.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app, request

MOST = 200_000  # characters, encrypted; a longer form is not kept
DAY = 24 * 3600
NEVER = ("csrf_token", "kept", "password")


def same_origin() -> bool:
    """Whether the browser says that this request comes from a page of this very host."""
    return request.headers.get("Origin", "") == f"{request.scheme}://{request.host}"


def keep() -> str:
    """What was typed in this request, encrypted; '' where it is not a form of ours, or too long."""
    if request.method != "POST" or not same_origin() or request.files:
        return ""
    items = [(name, value) for name, value in request.form.items(multi=True) if not _secret(name)]
    if not items:
        return ""
    plain = json.dumps([request.full_path.rstrip("?"), items], ensure_ascii=False)
    text = _seal().encrypt(plain.encode("utf-8", "replace")).decode("ascii")
    return text if len(text) <= MOST else ""


def kept(sealed: str) -> tuple[str, list[tuple[str, str]]] | None:
    """(address, items) that `keep` encrypted; None for nothing, too old, or not ours."""
    try:
        path, items = json.loads(_seal().decrypt(sealed, ttl=DAY))
    except (InvalidToken, ValueError, TypeError):
        return None
    return (str(path), [(str(name), str(value)) for name, value in items])


def _secret(name: str) -> bool:
    return name in NEVER or "password" in name


def _seal() -> Fernet:
    secret = current_app.secret_key or b""
    secret = secret.encode() if isinstance(secret, str) else secret
    drawn = HKDF(SHA256(), length=32, salt=None, info=b"yizhan-kept-form").derive(secret)
    return Fernet(urlsafe_b64encode(drawn))
