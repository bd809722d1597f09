"""Origins: the names of logs, which are also the names of their keys.

    <domain>/market/<code>/log/<n>     what one market wrote
    <domain>/hub/log/<n>               what the hub wrote: register, verdicts, orders, links, rules
    <domain>/hub/bulletin/<n>          what the hub delivers to every market
    <domain>/hub/outbox/<code>/<n>     what the hub delivers to one market
    <domain>/hub/cosigner/<n>          no log: the key that makes receipts
    <domain>/hub/recovery/<n>          no log: the key kept offline that alone may replace a lost one

`n` is the incarnation, from 1: a new one is opened, with a new key, when the old cannot safely be
continued. A market's code is its county's six digits and a serial of two.
"""

import re
from typing import NamedTuple

from common.errors import Invalid
from common.log.encoding import MAX_SAFE

_DOMAIN = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
_CODE = "[0-9]{8}"
_N = "([1-9][0-9]{0,15})"

is_domain = re.compile(f"(?=.{{1,180}}\\Z){_DOMAIN}").fullmatch
is_code = re.compile(_CODE).fullmatch
_market = re.compile(f"([^/]+)/market/({_CODE})/log/{_N}").fullmatch
_outbox = re.compile(f"([^/]+)/hub/outbox/({_CODE})/{_N}").fullmatch
_hub = re.compile(f"([^/]+)/hub/(log|bulletin|cosigner|recovery)/{_N}").fullmatch


class Origin(NamedTuple):
    """The parts of a name; `role` is market, hub, bulletin, outbox, cosigner or recovery."""

    domain: str
    role: str
    code: str | None
    n: int

    def __str__(self) -> str:
        if self.role == "market":
            return f"{self.domain}/market/{self.code}/log/{self.n}"
        if self.role == "outbox":
            return f"{self.domain}/hub/outbox/{self.code}/{self.n}"
        return f"{self.domain}/hub/{'log' if self.role == 'hub' else self.role}/{self.n}"


def parse(origin: str) -> Origin:
    """The parts of `origin`; Invalid if it is not one of the six forms."""
    if match := _market(origin):
        parts = Origin(match[1], "market", match[2], int(match[3]))
    elif match := _outbox(origin):
        parts = Origin(match[1], "outbox", match[2], int(match[3]))
    elif match := _hub(origin):
        parts = Origin(match[1], "hub" if match[2] == "log" else match[2], None, int(match[3]))
    else:
        raise Invalid("origin_malformed", f"not the name of a log: {origin[:80]!r}")
    if not is_domain(parts.domain) or parts.n > MAX_SAFE:
        raise Invalid("origin_malformed", f"not the name of a log: {origin[:80]!r}")
    return parts


def market_log(domain: str, code: str, n: int) -> str:
    return _checked(Origin(domain, "market", code, n))


def hub_log(domain: str, n: int) -> str:
    return _checked(Origin(domain, "hub", None, n))


def bulletin(domain: str, n: int) -> str:
    return _checked(Origin(domain, "bulletin", None, n))


def outbox(domain: str, code: str, n: int) -> str:
    return _checked(Origin(domain, "outbox", code, n))


def cosigner(domain: str, n: int) -> str:
    return _checked(Origin(domain, "cosigner", None, n))


def recovery(domain: str, n: int) -> str:
    return _checked(Origin(domain, "recovery", None, n))


def _checked(origin: Origin) -> str:
    """The name; Invalid if domain, code or number would make one that cannot be read back."""
    name = str(origin)
    parse(name)
    return name
