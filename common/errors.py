"""The four families of errors, told apart by whose move is next.

    Invalid       somebody sent something malformed: the sender corrects it and sends again
    Refused       well-formed, but a rule of the market, the province or the exchange says no
    Tampered      bytes, a hash, a signature or a proof does not hold: raise the alarm, never retry
    Unreachable   the wire failed: nothing is lost, try again later

Every error carries a stable `code` in snake_case. Programs decide by family and code, never by the message.
The message is one English line for developers and logs and never holds personal data; the Chinese sentence
that a person reads is looked up by code where the page is drawn. `field` names the form field that is meant,
`detail` holds identifiers and sizes (JSON values) that the receiver of the error may need.

A wrong sum of our own is none of these: it is an AssertionError.
"""

from typing import Any


class YizhanError(Exception):
    """Base of the four families; raise one of them, not this."""

    def __init__(self, code: str, message: str = "", *, field: str | None = None, **detail: Any) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.field = field
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.message else self.code


class Invalid(YizhanError):
    """A person or a peer sent something malformed."""


class Refused(YizhanError):
    """A rule says no; sending the same again will not help until something else changes."""


class Tampered(YizhanError):
    """Bytes fail their hash, signature or proof: alarm, keep the evidence, never retry."""


class Unreachable(YizhanError):
    """The other side could not be reached or did not answer properly: retry later."""
