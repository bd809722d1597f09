"""Made-up people who hold together: name, papers, birth, sex, trades, hours and consent of one worker agree.

The rules stand in the package's docstring.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from functools import cache
from typing import Any

from common.data.divisions import counties, division, name_of
from common.data.trades import TRADES, Trade
from common.records import numbers

from . import words

Fields = dict[str, Any]
BEIJING = timezone(timedelta(hours=8))
MOBILE = ("130", "131", "132", "133", "135", "136", "137", "138", "139", "150", "151", "152", "156", "157",
          "158", "159", "166", "176", "177", "178", "182", "185", "187", "188", "189", "199")  # fmt: skip
EDUCATION = ("70",) * 9 + ("80",) * 4 + ("60",) * 4 + ("40",) * 2 + ("30", "20", "90")
SKILLS = ("none",) * 12 + ("junior",) * 3 + ("middle",) * 3 + ("senior", "technician", "apprentice")
WEEK = ([1, 2, 3, 4, 5, 6, 7],) * 5 + ([1, 2, 3, 4, 5, 6],) * 2 + ([1, 2, 3, 4, 5], [6, 7])
HARDSHIPS = ("older", "older", "low_income", "landless", "out_of_poverty", "long_unemployed", "disabled")
VILLAGES = tuple(words.VILLAGES.split())
TOWNS = tuple(words.TOWNS.split())
LATIN = "ABCDEGHKLMNPRSTUVWXYZ"
AREA_CODES = {"3701": "0531", "3702": "0532", "3707": "0536", "3708": "0537", "3713": "0539"}


@cache
def _spread(weighted: str) -> tuple[str, ...]:
    """'王 3 李 1' as ('王', '王', '王', '李'): one draw is then one index."""
    parts = weighted.split()
    return tuple(name for name, n in zip(parts[::2], parts[1::2], strict=True) for _ in range(int(n)))


@cache
def _birthplaces(city: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(codes of today, codes abolished before 2001) around a city of four digits, its own many times."""
    province = city[:2]
    now = [place.code for place in counties(province)] + [place.code for place in counties(city)] * 20
    old = [code for n in range(100, 3000) if _gone(code := f"{province}{n:04}")]
    near = [code for code in old if _successor(code)[:4] == city]
    return tuple(now), tuple(old + near * 8)


def _successor(code: str) -> str:
    place = division(code)
    return place.successor if place else ""


def _gone(code: str) -> bool:
    place = division(code)
    return place is not None and place.level == "county" and "1984" <= place.valid_to <= "2000"


def may_work(worker: Fields, trade: str, day: str) -> bool:
    """Whether age, papers and certificates let a worker of this module work in a trade on a day."""
    born = worker.get("birth") or numbers.birth_of(worker.get("id_number") or "", worker["id_type"])
    age = numbers.age_on(born, day) if born else 0
    known = {paper["trade"] for paper in worker.get("certificates", ()) if paper["expires"] >= day}
    paper_fits = not TRADES[trade].certificate or trade in known
    return worker["id_type"] != "none" and age >= (18 if TRADES[trade].minor_forbidden else 16) and paper_fits


class People:
    """A stream of people around one market on one day."""

    def __init__(self, seed: int = 1, market: str = "37130201", day: str = "2026-12-01") -> None:
        self.random = random.Random(f"{seed} {market} {day}")
        self.market, self.day = market, day
        self.date = date.fromisoformat(day)
        self.dawn = int(datetime.fromisoformat(f"{day}T04:00:00").replace(tzinfo=BEIJING).timestamp() * 1000)
        self._here = [place.code for place in counties(market[:4])] or [market[:6]]
        self._here += [market[:6]] * len(self._here) * 2
        self._now, self._old = _birthplaces(market[:4])
        self._families = ["13800000000"] * 40  # phones given before, some of which relatives give again
        self._first = self.date.replace(year=self.date.year - 71, day=1).toordinal()
        self._surnames, self._wanted = _spread(words.SURNAMES), _spread(words.TRADES_WANTED)
        self._given = (tuple(words.FEMALE.split()), tuple(words.MALE.split()))
        self._addresses: dict[str, str] = {}
        self._numbers: set[str] = set()

    def _one(self, choices: Sequence[Any]) -> Any:
        return choices[int(self.random.random() * len(choices))]

    def _digits(self, count: int) -> str:
        return f"{int(self.random.random() * 10**count):0{count}}"

    def _money(self, low: int, high: int) -> int:
        """Between two amounts of yuan in tens of yuan, as fen."""
        return (low // 10 + int(self.random.random() * (high // 10 - low // 10 + 1))) * 1000

    def name(self, male: bool) -> str:
        given: str = self._one(self._given[male])
        if self.random.random() < 0.01:
            given = self._one(words.RARE_CHARACTERS) + given[-1:]
        surname: str = self._one(self._surnames)
        return surname + given

    def phone(self, shared: float = 0.08) -> str:
        """A mobile number; one in twelve was given before by somebody of the family, a few are landlines."""
        chance = self.random.random()
        if chance < shared:
            old: str = self._one(self._families)
            return old
        if chance > 0.985:
            area = AREA_CODES.get(self.market[:4], "0531")
            return f"{area}-{2 + int(self.random.random() * 7)}{self._digits(6)}"
        new = self._one(MOBILE) + self._digits(8)
        self._families[int(self.random.random() * 40)] = new
        return new

    def birth(self) -> date:
        """16 to 71 years before the day, most about 47."""
        days = self.date.toordinal() - 16 * 366 - self._first
        return date.fromordinal(self._first + int(self.random.triangular(0, days, days * 0.42)))

    def id_number(self, birth: date, male: bool, place: str | None = None) -> str:
        """A number of that birth and sex, of a place that gave numbers to children of that time."""
        if place is None:
            old = birth.year < 1994 and self.random.random() < 0.45
            place = self._one(self._old if old and self._old else self._now)
        while True:  # no two people of one sample share a number
            sequence = 2 * int(self.random.random() * 499) + (1 if male else 2)
            first = f"{place}{birth.year}{birth.month:02}{birth.day:02}{sequence:03}"
            if first not in self._numbers:
                self._numbers.add(first)
                return first + numbers.id_check_digit(first)

    def _identity(self, male: bool, birth: date) -> Fields:
        """Name, papers, and birth and sex where the papers do not tell them."""
        chance = self.random.random()
        if chance < 0.97:
            return {"name": self.name(male), "id_type": "resident", "id_number": self.id_number(birth, male)}
        told = {"birth": birth.isoformat(), "sex": "male" if male else "female"}
        if chance < 0.98:
            name, place = self._one(words.OTHER_NAMES)
            return {"name": name, "id_type": "resident", "id_number": self.id_number(birth, male, place)}
        if chance < 0.985:
            number = self.id_number(birth, male, self._one(("810000", "820000", "830000")))
            return {"name": self.name(male), "id_type": "hmt_permit", "id_number": number}
        foreign = {"name": "Kim Min" if male else "Anna Lee"}
        if chance < 0.988:
            number = self.id_number(birth, male, self._one(("937410", "937392", "911840")))
            return {**foreign, "id_type": "foreign_permanent", "id_number": number}
        if chance < 0.991:
            number = self._one(LATIN) + self._digits(8)
            return {**foreign, "id_type": "passport", "id_number": number, **told}
        if chance < 0.996:
            number = self.id_number(birth, male)
            return {"name": self.name(male), "id_type": "temporary", "id_number": number}
        return {"name": self.name(male), "id_type": "none", **told}

    def address(self, place: str) -> str:
        if place not in self._addresses:
            self._addresses[place] = name_of(place)
        village = f"{self._one(TOWNS)}{self._one(VILLAGES)}村"
        number = int(self.random.random() * 40_000)
        floor, door = 1 + number // 3200 % 6, 1 + number % 2
        room = f"{1 + number // 20 % 40}号楼{1 + number // 800 % 4}单元{floor}0{door}室"
        return f"{self._addresses[place]}{village}" + (room if number % 3 else f"{1 + number // 200}号")

    def certificate(self, trade: Trade) -> Fields:
        expires = self.date + timedelta(60 + int(self.random.random() * 1400))
        return {"trade": trade.code, "number": f"YZ{self._digits(10)}", "expires": expires.isoformat()}

    def worker(self, trade: str | None = None, time: int | None = None) -> Fields:
        """A worker; with `trade`, one who may work in it on the sample's day (see may_work)."""
        chance, male = self.random.random(), self.random.random() < 0.62
        birth = self.birth()
        person = self._identity(male, birth)
        if trade and (person["id_type"] == "none" or birth.year > self.date.year - 19):
            birth = date(1970 + int(chance * 30), birth.month, min(birth.day, 28))
            number = self.id_number(birth, male)
            person = {"name": self.name(male), "id_type": "resident", "id_number": number}
        trades = [trade or self._one(self._wanted)]
        for _ in range(1 + (chance < 0.3) if chance < 0.75 else 0):
            trades = list(dict.fromkeys((*trades, self._one(self._wanted))))
        papers = [TRADES[code] for code in trades if TRADES[code].certificate]
        low, high = words.DAY_PAY[trades[0][:2]]
        place = self._one(self._here)
        if time is None:  # some morning of the last two years
            time = self.dawn - (1 + int(self.random.random() * 730)) * 86_400_000 + int(chance * 20_000_000)
        person |= {
            "phone": self.phone(),
            "trades": trades,
            "skill_level": self._one(SKILLS),
            "days": list(self._one(WEEK)),
            "hours_from": self._one(("05:00", "05:30", "06:00", "06:30", "07:00")),
            "hours_to": self._one(("17:00", "18:00", "19:00", "20:00")),
            "expected_pay": self._money(low, high),
            "radius_km": self._one((5, 10, 10, 20, 20, 30, 50)),
            "division": place,
            "address": self.address(place),
            "education": self._one(EDUCATION),
            "consent": {"version": "2026-03", "time": time, "method": self._one(("paper", "pad", "kiosk"))},
            "standing": "dormant" if 0.99 < chance and not trade else "active",
        }
        if chance > 0.95 and not trade:
            del person["phone"]
        if papers and (trade or chance < 0.85):
            person["certificates"] = [self.certificate(paper) for paper in papers]
        if chance < 0.12:
            person["hardship"] = [self._one(HARDSHIPS)]
        return person

    def edit(self, worker: Fields) -> Fields:
        """What somebody who comes again has changed, as a patch."""
        low, high = words.DAY_PAY[worker["trades"][0][:2]]
        place = self._one(self._here)
        patches: tuple[Fields, ...] = (
            {"phone": self.phone()},
            {"expected_pay": self._money(low, high)},
            {"days": list(self._one(WEEK))},
            {"hours_from": "05:30", "hours_to": "18:30"},
            {"division": place, "address": self.address(place)},
        )
        patch: Fields = self._one(patches)
        return patch
