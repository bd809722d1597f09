"""Employers, jobs, contracts and visits made up around a market; rules: see the package's docstring."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from common.data.divisions import division
from common.data.trades import TRADES
from common.records import numbers

from . import words
from .people import VILLAGES, Fields, People

COMPANY_WORDS = tuple(words.COMPANY_WORDS.split())
COMPANY_LINES = tuple(words.COMPANY_LINES.values())
SHOP_LINES = tuple(words.SHOP_LINES.split())
SHIFTS = (("07:00", "17:00"), ("07:30", "17:30"), ("08:00", "17:00"), ("06:30", "16:30"), ("13:00", "18:00"))
LOCAL_UNITS = {"08": ("mu", 60, 200), "04": ("ton", 20, 60), "02": ("m2", 20, 60), "07": ("piece", 1, 5)}
TIMINGS = ("same_day",) * 7 + ("next_day", "weekly", "on_completion")
SERVICES = ("seek",) * 8 + ("consult", "contract", "rights", "training")


class Sample(People):
    """A stream of people and things around one market on one day."""

    def uscc(self, start: str = "91") -> str:
        """A company code whose inner organisation code (GB 11714) and check character both fit."""
        body = "MA3" + self._digits(5)
        total = sum(w * int(c, 36) for w, c in zip((3, 7, 9, 10, 5, 8, 4, 2), body, strict=True))
        first = f"{start}{self._one(self._here)}{body}{'0123456789X'[-total % 11]}"
        return first + numbers.uscc_check_digit(first)

    def employer(self, time: int | None = None) -> Fields:
        """A company, a sole trader, a household or a cooperative, already verified."""
        chance, male = self.random.random(), self.random.random() < 0.7
        place: str = self._one(self._here)
        name, found = self.name(male), division(place)
        town = found.name[:2] if found else ""
        if chance < 0.35:
            papers = {"id_number": self.id_number(self.birth(), male)}
            named, form = f"{name}（家庭）", "household"
        elif chance < 0.55:
            papers = {"code": self.uscc("92")}
            named, form = f"{town}{name[0]}记{self._one(SHOP_LINES)}", "sole_trader"
        elif chance < 0.97:
            papers = {"code": self.uscc()}
            named, form = f"{town}{self._one(COMPANY_WORDS)}{self._one(COMPANY_LINES)}", "company"
        else:
            papers = {"code": self.uscc("93")}
            named, form = f"{town}{self._one(COMPANY_WORDS)}农民专业合作社", "other"
        verified = {
            "by": f"{self.market}.s{1 + int(chance * 4)}",
            "time": time or self.dawn - int(chance * 300 + 1) * 86_400_000,
            "how": "id_card" if form == "household" else "licence",
        }
        about = {"contact": name, "phone": self.phone(0), "division": place}
        about["address"] = self.address(place)
        return {"name": named, "form": form, **papers, **about, "verified": verified}

    def _pay(self, trade: str, hours: int) -> Fields:
        """Mostly by the day and never below 20 yuan an hour; some work is paid by what is done."""
        low, high = words.DAY_PAY[trade[:2]]
        chance = self.random.random()
        timing = self._one(TIMINGS)
        if chance < 0.08:
            return {"pay": self._money(20, 40), "pay_unit": "hour", "pay_timing": timing}
        if chance < 0.16 and trade[:2] in LOCAL_UNITS:
            unit, least, most = LOCAL_UNITS[trade[:2]]
            return {"pay": 100 * (least + int(self.random.random() * (most - least))), "pay_unit": unit,
                    "pay_timing": "on_completion"}  # fmt: skip
        return {"pay": max(self._money(low, high), hours * 2000), "pay_unit": "day", "pay_timing": timing}

    def job(
        self, employer: str, headcount: int | None = None, day: str | None = None, days: int | None = None
    ) -> Fields:
        """A posting of an employer's record id, as a draft; `days` long, or by chance one or a few."""
        code: str = self._one(self._wanted)
        trade, place = TRADES[code], self._one(self._here)
        hours_from, hours_to = self._one(SHIFTS) if self.random.random() < 0.97 else ("20:00", "06:00")
        hours = (int(hours_to[:2]) - int(hours_from[:2])) % 24
        start = day or (self.date + timedelta(int(self.random.random() * 2))).isoformat()
        length = max(0, int(self.random.triangular(-2, 5, 0))) if days is None else days - 1
        found = division(place)
        job = {
            "employer": employer,
            "title": f"招{trade.name}",
            "trade": code,
            "content": words.CONTENTS[code[:2]].format(trade=trade.name),
            "conditions": self._one(words.CONDITIONS),
            "headcount": headcount or 1 + int(self.random.expovariate(1 / 4.6)),
            "division": place,
            "place": f"{found.name if found else ''}{self._one(VILLAGES)}",
            "lon": 118_356_000 + int(self.random.gauss(0, 120_000)),
            "lat": 35_104_000 + int(self.random.gauss(0, 90_000)),
            "crs": "gcj02",
            "start_date": start,
            "end_date": (self.date.fromisoformat(start) + timedelta(length)).isoformat(),
            "hours_from": hours_from,
            "hours_to": hours_to,
            **self._pay(code, hours),
            "meals": self.random.random() < 0.6,
            "lodging": self.random.random() < 0.08,
            "insurance_by": self._one(("employer", "employer", "employer", "market", "worker")),
            "reach": self._one(("county", "county", "county", "city", "province")),
            "state": "draft",
        }
        if trade.certificate:
            job["certificates_needed"] = [code]
        if trade.minor_forbidden:
            job["min_age"] = 18
        return job

    def contract(self, worker: str, job_id: str, job: Fields) -> Fields:
        """The draft between a worker's and a job's record, on the terms of the job."""
        same = ("employer", "trade", "content", "place", "start_date", "end_date", "hours_from", "hours_to",
                "pay", "pay_unit", "pay_timing")  # fmt: skip
        terms: dict[str, Any] = {name: job[name] for name in same}
        hourly = job["pay_unit"] == "hour" and job["hours_from"] == "13:00"
        form = "part_time" if hourly else "contracting" if job["pay_unit"] in ("m2", "mu") else "service"
        template = {"form": form, "template": f"{form}-2026-03"}
        return {**template, "worker": worker, "job": job_id, **terms, "state": "draft"}

    def visit(
        self, worker: str | None = None, service: str | None = None, clock: str | None = None
    ) -> Fields:
        """One person-time at a window; without `worker` somebody who stays unnamed."""
        who = {"worker": worker} if worker else {}
        clock = clock or f"{4 + int(self.random.triangular(0, 6, 1)):02}:{int(self.random.random() * 60):02}"
        window = f"{1 + int(self.random.random() * 4)}号"
        service = service or self._one(SERVICES)
        return {**who, "service": service, "date": self.day, "time": clock, "window": window}
