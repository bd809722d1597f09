"""Security headers of every answer: a dozen lines, by hand, because nothing well kept does just this.

Rules kept here:
- Nothing is loaded from elsewhere, no inline script or style, no frames, forms post only to us.
- What staff see is never stored by a browser or a proxy: `no-store` unless a view said otherwise.
- No device of the PC is opened to a page.
- Answers to programs go without: no browser reads them, and a round with nothing to do stays small.
- A header that a view has set itself stays (a file for download, a page meant to be kept).
"""

from __future__ import annotations

from flask import Flask, Response

from common.web.access import access_of_request

CSP = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
DEVICES = ("camera", "microphone", "geolocation", "payment", "usb", "serial", "midi", "display-capture")
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{device}=()" for device in DEVICES),
}


def register(app: Flask) -> None:
    """Set the headers on every answer of `app`."""

    @app.after_request
    def secure(response: Response) -> Response:
        if access_of_request() == "machine":
            return response
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response
