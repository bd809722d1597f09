"""How the hub stands, for `status` and the operators' first page."""

from __future__ import annotations

from typing import Any

from common.store.tables import Log
from hub.home import Home
from hub.local import LocalEvidence
from hub.province import registry


def facts(home: Home) -> dict[str, Any]:
    """As `status --json` prints it; times in epoch ms."""
    with home.store.reading():
        markets = registry.markets(home)
        states: dict[str, int] = {}
        for market in markets:
            states[market["state"]] = states.get(market["state"], 0) + 1
        return {
            "domain": home.domain,
            "origin": home.hub_origin,
            "state": home.state(),
            "markets": states,
            "entries": sum(log.size for log in Log.select().where(Log.role == "market")),
            "logs": Log.select().count(),
            "alarms": LocalEvidence.select().where(~LocalEvidence.settled).count(),
            "problems": {market["code"]: market["problems"] for market in markets if market["problems"]},
        }
