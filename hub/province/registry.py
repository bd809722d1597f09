"""The register of markets: inviting, enrolling, approving. It is the fold of entries in the hub's own log;
codes and contacts are this machine's bookkeeping.

Rules kept here:
- A code works once, for one market, until its days are over by this machine's clock. The first valid request
  binds it; the same request again gets the same answer, any other is refused.
- A node is trusted with nothing until an administrator approved it, or said so in advance.
- One origin has one key for ever. A request that brings another key is told the next free incarnation.
"""

from __future__ import annotations

import os
from typing import Any

from common.data.words import words as word_list
from common.errors import Refused
from common.keys import VerifierKey
from common.log import enrolment, origins
from common.log.encoding import b64
from common.log.enrolment import EnrolAnswer, EnrolRequest
from common.store import logs
from common.store.recorder import sign_head
from common.store.rows import Merged
from common.store.tables import Log
from hub.home import Home, Signed
from hub.local import LocalContact, LocalEvidence, LocalInvite
from hub.province.delivery import close_and_deliver

DAY_MS = 24 * 3600 * 1000


def invite(home: Home, market: str, name: str, actor: str, approve: bool = False) -> str:
    """A new one-time code for `market`, as people read it."""
    origins.market_log(home.domain, market, 1)
    if not market.startswith(home.province):
        raise Refused("other_province", f"{market} is no market of province {home.province}", field="market")
    if not name.strip() or len(name) > 50:
        raise Refused("required", "a market has a name of 1 to 50 characters", field="name")
    secret = os.urandom(enrolment.CODE_BYTES)
    with home.store.writing():
        LocalInvite.create(
            market=market,
            name=name.strip(),
            secret=secret,
            expires=home.ambience.now() + home.config.code_days * DAY_MS,
            approve=approve,
            actor=actor,
        )
    return enrolment.format_code(secret)


def enrol(home: Home, raw: bytes) -> bytes:
    """The answer to an enrolment request. Raises Invalid, Tampered, Refused('enrol_code'|'enrol_expired'|
    'enrol_used'|'origin_taken')."""
    asked = enrolment.parse_request(raw)
    if origins.parse(asked.origin).domain != home.domain:
        raise Refused("other_domain", f"this hub is {home.domain}", domain=home.domain)
    signed: list[Signed] = []
    with home.store.writing():
        found = _invite_for(home, asked, raw)
        if found.answer is not None:
            if bytes(found.request or b"") != raw:
                raise Refused("enrol_used", "this code was used by another request")
            return bytes(found.answer)
        if found.expires < home.ambience.now():
            raise Refused("enrol_expired", "this code is no longer valid")
        signed = _admit(home, asked, found)
        answer = _answer(home, asked, raw, bytes(found.secret))
        LocalInvite.update(request=raw, answer=answer).where(LocalInvite.id == found.id).execute()
    home.publish(signed)
    return answer


def _invite_for(home: Home, asked: EnrolRequest, raw: bytes) -> LocalInvite:
    for one in LocalInvite.select().where(LocalInvite.market == asked.market):
        if enrolment.check_request(raw, bytes(one.secret)):
            return one
    raise Refused("enrol_code", "no open code of this market fits")


def _admit(home: Home, asked: EnrolRequest, found: LocalInvite) -> list[Signed]:
    """Write the register entry and begin to hold the market's log and its outbox."""
    known = by_origin(home, asked.origin)
    if known is not None and known.fields.get("vkey") != str(asked.key):
        taken = [origins.parse(one.fields["origin"]).n for one in of_market(home, asked.market)]
        raise Refused("origin_taken", "this log has another key here", next=max(taken) + 1)
    was_open = known is not None and known.fields.get("state") == "open"
    if known is not None and not was_open and known.fields.get("state") != "pending":
        check_open(known)  # a code opens nothing that was revoked, closed or paused
    # a second open log of one market is a person's decision: the first may be on a PC that was stolen
    others = [one for one in of_market(home, asked.market) if one.fields.get("origin") != asked.origin]
    approved = found.approve and not any(one.fields.get("state") == "open" for one in others)
    signed: list[Signed] = []
    outbox = origins.outbox(home.domain, asked.market, 1)
    if Log.get_or_none(Log.origin == outbox) is None:
        key = home.new_outbox_key(asked.market)
        signed.append(sign_head(logs.open_log(outbox, "outbox", key.verifier), key))
        home.publish(signed)  # nothing was signed in it yet; the lock must be there before anything is
    if Log.get_or_none(Log.origin == asked.origin) is None:
        home.begin_lock(asked.origin)
        logs.open_log(asked.origin, "market", asked.key)
    LocalContact.get_or_create(market=asked.market)
    fields: dict[str, Any] = {
        "market": asked.market,
        "name": found.name,
        "origin": asked.origin,
        "vkey": str(asked.key),
        "box": b64(asked.box),
        "state": "open" if approved or was_open else "pending",
    }
    if approved and not was_open:
        fields["approved"] = {"by": found.actor, "time": home.ambience.now()}
    batch = home.recorder.begin(found.actor)
    batch.put("register", known.id if known else None, fields)
    return close_and_deliver(home, batch)


def _answer(home: Home, asked: EnrolRequest, raw: bytes, secret: bytes) -> bytes:
    answer = EnrolAnswer(
        asked.market,
        asked.origin,
        home.key_of(home.hub_origin).verifier,
        home.key_of(home.bulletin_origin).verifier,
        home.key_of(origins.outbox(home.domain, asked.market, 1)).verifier,
        home.cosigner.verifier,
        VerifierKey.parse(home.setting("recovery")),
        home.box().public,
    )
    return enrolment.encode_answer(answer, raw, secret)


def approve(home: Home, market: str, actor: str) -> None:
    """Open a market that waits for it; again is harmless. Refused('unknown_market'|'revoked'|…)."""
    with home.store.writing():
        known = of_market(home, market)
        if not known:
            raise Refused("unknown_market", f"no market {market} has enrolled", field="market")
        waiting = [one for one in known if one.fields.get("state") == "pending"]
        if not waiting:
            check_open(known[-1])
        batch = home.recorder.begin(actor)
        for one in waiting:
            stamp = {"by": actor, "time": home.ambience.now()}
            batch.put("register", one.id, {"state": "open", "approved": stamp})
        signed = close_and_deliver(home, batch)
    home.publish(signed)


# -- looking things up ------------------------------------------------------------------------------------


def by_origin(home: Home, origin: str) -> Merged | None:
    return next(iter(home.store.having("register", "origin", origin)), None)


def of_market(home: Home, market: str) -> list[Merged]:
    return home.store.having("register", "market", market, 1000)


def fingerprint_words(home: Home, market: str) -> str:
    """The six words both sides compare, of the market's newest used code; '' if none was used."""
    rows = LocalInvite.select().where(LocalInvite.market == market, LocalInvite.answer.is_null(False))
    row = rows.order_by(LocalInvite.id.desc()).first()
    return " ".join(enrolment.words(bytes(row.request), bytes(row.answer), word_list())) if row else ""


def markets(home: Home) -> list[dict[str, Any]]:
    """All markets, invited ones too, as `markets --json` prints them."""
    contacts = {row.market: row for row in LocalContact.select()}
    forks: dict[str, list[str]] = {}
    for row in LocalEvidence.select(LocalEvidence.market, LocalEvidence.code).where(~LocalEvidence.settled):
        if row.code not in forks.setdefault(row.market, []):
            forks[row.market].append(row.code)
    sizes = {log.origin: log for log in Log.select().where(Log.role == "market")}
    found: dict[str, dict[str, Any]] = {}
    for invite in LocalInvite.select().order_by(LocalInvite.id):
        found[invite.market] = {
            "code": invite.market,
            "name": invite.name,
            "origin": None,
            "state": "invited",
            "size": 0,
        }
    for one in sorted(home.store.each("register"), key=lambda one: origins.parse(one.fields["origin"]).n):
        fields = one.fields
        log = sizes.get(fields["origin"])
        found[fields["market"]] = {
            "code": fields["market"],
            "name": fields["name"],
            "origin": fields["origin"],
            "state": fields["state"],
            "size": log.size if log else 0,
        }
    for code, market in found.items():
        contact = contacts.get(code)
        market["last_contact"] = contact.last_contact if contact else None
        market["last_receipt"] = contact.last_receipt if contact else None
        market["waiting"] = contact.waiting if contact else None
        market["failures"] = contact.failures if contact else 0
        failing = [contact.last_error] if contact and contact.last_error else []
        market["problems"] = forks.get(code, []) + failing
    return [found[code] for code in sorted(found)]


def register_of(home: Home, origin: str) -> Merged:
    """The register's word on a log; Refused('unknown_origin')."""
    found = by_origin(home, origin)
    if found is None or found.retired:
        raise Refused("unknown_origin", f"no such log in the register: {origin[:200]}", origin=origin[:200])
    return found


_CLOSED = {"pending": "not_approved", "paused": "paused", "revoked": "revoked", "closed": "closed"}


def check_open(known: Merged) -> None:
    """Refused('not_approved'|'paused'|'revoked'|'closed') unless this log may be pushed and may ask."""
    state = str(known.fields.get("state"))
    if state in _CLOSED:
        raise Refused(_CLOSED[state], f"{known.fields.get('origin')} is {state}")
