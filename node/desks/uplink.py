"""The three honest facts in words, for the badge of every page, the day's page and the sync desk."""

from __future__ import annotations

from common.web.badges import sync_badge
from common.web.messages import MESSAGES, words
from common.web.shapes import Badge
from node.market import uplink as market
from node.market.records import Home
from node.market.refusals import Refusal
from node.market.uplink import Uplink

# what wire troubles have in common, where the code has no sentence of its own
AWAY = "offline"
ALARM = "root_mismatch"
look = market.look


def needs(link: Uplink) -> str:
    """What a person has to do, in a few words; '' for nothing."""
    if link.state == "revoked" or link.error in ("revoked", "closed"):
        return "本市场的密钥已被省平台吊销，请联系省平台"
    if link.error in market.PERSON and link.error != "recovering":
        return trouble(link)
    return f"省平台退回 {link.refused} 条" if link.refused else ""


def trouble(link: Uplink) -> str:
    """The sentence of the last failure; '' where the last round went well."""
    if not link.error:
        return ""
    if link.error in MESSAGES:
        return words(link.error)
    return words(ALARM if link.error in market.PERSON else AWAY)


def badge(home: Home, now: int, href: str) -> Badge:
    link = look(home)
    return sync_badge(
        now,
        pending=link.pending,
        oldest=link.oldest,
        confirmed=link.confirmed,
        reachable=link.reachable,
        needs=needs(link),
        recovering=link.recovering,
        enrolled=bool(link.url),
        href=href,
    )


def verdict(one: Refusal) -> str:
    """What became of an entry of ours that does not count."""
    return {"refused": "省平台退回", "held": "省平台暂缓"}.get(one.reason, "未计入")


def why(one: Refusal) -> str:
    """Why an entry of ours does not count: the province's own words, else the sentence of the reason."""
    if one.message:
        return one.message
    for code in (one.code, one.reason):
        if code in MESSAGES:
            return words(code)
    return words("hub_refused" if one.reason == "refused" else "set_aside")
