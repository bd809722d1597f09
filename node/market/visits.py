"""Person-times: who came to the hall today, and for what. A visit may be anonymous."""

from __future__ import annotations

from typing import Any

from common.errors import Refused
from common.records.fields import today
from common.records.visit import SERVICES as SERVICES
from node.home import Home
from node.market import records

SOON_MINUTES = 10  # pressing the button twice is one visit


def check_in(home: Home, login: str, worker: str | None, service: str, window: str = "") -> records.Saved:
    """Count one person-time now. The same worker and matter within ten minutes is the same visit."""
    if service not in dict(SERVICES):
        raise Refused("not_a_choice", "expected one of the services", field="service")
    now = home.ambience.now()
    day, time = today(now), records.clock(now)
    with home.recorder.open(login) as batch:
        for one in home.store.having("visit", "worker", worker, 200) if worker else ():
            if _same_visit(one.fields, day, time, service):
                return records.Saved(one.id, False, ())
        visit: dict[str, Any] = {"service": service, "date": day, "time": time}
        if worker:
            visit["worker"] = worker
        if window.strip():
            visit["window"] = window.strip()
        return records.saved(records.put(batch, "visit", None, visit))


def _same_visit(visit: dict[str, Any], day: str, time: str, service: str) -> bool:
    if visit.get("date") != day or visit.get("service") != service:
        return False
    return 0 <= _minutes(time) - _minutes(str(visit.get("time") or "")) < SOON_MINUTES


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:5]) if len(clock) == 5 else -1440
