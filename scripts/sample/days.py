"""Days at a market as timed actions: a dawn like any other, and the day that the newspaper wrote about.

An Action is one `put` at one moment: the first with a `ref` makes the record, later ones change it. Where a
field names another record it holds that record's ref; `resolved(ids)` puts the given ids in their place.

morning(): the proportions of a medium hall. Of 571 person-times 5 % register, 10 % change something, 60 %
find work; 5.14 seats a posting; four fifths of all come between 04:00 and 08:00. A posting is written three
times (draft, published, filled), a contract five times (draft, both signatures, done, settled that evening).
Everybody signs at most one contract and may work in its trade. Who and what was known before that day comes
first, with earlier times, so that the list can be replayed from its start into an empty market.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from common.data.divisions import counties
from common.records import numbers

if TYPE_CHECKING:
    from .things import Sample

Fields = dict[str, Any]
REFS = ("employer", "worker", "job")
MINUTE = 60_000
BEIJING = timezone(timedelta(hours=8))


class Action(NamedTuple):
    """One write: when (epoch ms), at which market, what kind, which record (by a name of ours), what."""

    time: int
    market: str
    kind: str
    ref: str
    set: Fields
    says: str = ""

    def resolved(self, ids: Mapping[str, str]) -> Fields:
        """The fields with record ids in the place of refs."""
        return {name: ids[value] if name in REFS else value for name, value in self.set.items()}

    @property
    def clock(self) -> str:
        return datetime.fromtimestamp(self.time / 1000, BEIJING).strftime("%H:%M")


class _Dawn:
    """Puts one morning together; `actions` is sorted at the end."""

    def __init__(self, sample: Sample, visits: int) -> None:
        self.sample, self.visits = sample, visits
        self.actions: list[Action] = []
        self.people: dict[str, Fields] = {}
        self.new = round(visits * 0.05)
        self.edits = round(visits * 0.10)
        self.seats = round(visits * 0.6)
        self.postings = max(1, round(self.seats / 5.14)) if self.seats else 0

    def add(self, minutes: float, kind: str, ref: str, fields: Fields) -> None:
        """`minutes` after 04:00 of the day; negative: before it."""
        time = self.sample.dawn + int(minutes * MINUTE)
        self.actions.append(Action(time, self.sample.market, kind, ref, fields))

    def arrival(self) -> float:
        """Minutes after 04:00: four fifths before 08:00, with a peak at 05:30."""
        chance = self.sample.random.random
        return self.sample.random.triangular(0, 240, 90) if chance() < 0.8 else 240 + chance() * 119

    def signature(self, minutes: float) -> Fields:
        return {"method": "wet", "time": self.sample.dawn + int(minutes * MINUTE)}

    def posting(self, n: int, seats: int) -> None:
        """One posting from draft to filled, and a contract for each of its seats."""
        opened = self.sample.random.triangular(-30, 150, 20)
        # what is published before 06:00 is for the same day, the rest for the next
        later = timedelta(0 if opened < 120 else 1)
        day = (self.sample.date + later).isoformat()
        evening = 14 * 60 + later.days * 24 * 60
        employer = f"employer-{int(self.sample.random.random() * max(1, self.postings * 2 // 3)):03}"
        ref, fields = f"job-{n:03}", self.sample.job(employer, headcount=seats, day=day, days=1)
        self.add(opened, "job", ref, fields)
        self.add(opened + 4, "job", ref, {"state": "published"})
        last = opened + 5
        for seat in range(seats):
            signed = max(opened + 6, self.arrival())
            worker, contract = f"worker-{n:03}-{seat:02}", f"contract-{n:03}-{seat:02}"
            self.people[worker] = self.sample.worker(trade=fields["trade"])
            self.contract(contract, self.sample.contract(worker, ref, fields), signed, evening)
            last = max(last, signed)
        self.add(last + 1, "job", ref, {"state": "filled"})

    def contract(self, ref: str, fields: Fields, signed: float, evening: float) -> None:
        self.add(signed, "contract", ref, fields)
        by_worker = {"signed_worker": self.signature(signed + 1), "state": "worker_signed"}
        self.add(signed + 1, "contract", ref, by_worker)
        by_employer = {"signed_employer": self.signature(signed + 2), "state": "in_force"}
        self.add(signed + 2, "contract", ref, by_employer)
        evening += self.sample.random.random() * 120
        self.add(evening, "contract", ref, {"state": "done"})
        self.add(evening + 20, "contract", ref, {"state": "settled"})

    def visitors(self) -> None:
        """Everybody's person-time; the first `new` register, the next `edits` change something."""
        unnamed = self.visits // 16
        while len(self.people) + unnamed < self.visits:
            self.people[f"worker-{len(self.people):05}"] = self.sample.worker()
        starts = {a.set["worker"]: a.time for a in self.actions if a.kind == "contract" and "worker" in a.set}
        refs = list(self.people)
        self.sample.random.shuffle(refs)
        for place, ref in enumerate(refs):
            signed = starts.get(ref)
            came = (signed - self.sample.dawn) / MINUTE - 3 if signed else self.arrival()
            registered = came if place < self.new else came - 60 * 24 * (1 + place % 300)
            self.people[ref]["consent"]["time"] = self.sample.dawn + int(registered * MINUTE)
            self.add(registered, "worker", ref, self.people[ref])
            if self.new <= place < self.new + self.edits:
                self.add(came + 1, "worker", ref, self.sample.edit(self.people[ref]))
            service = "register" if place < self.new else "contract" if signed else None
            self.visit(ref, service, came)
        for _ in range(unnamed):
            self.visit(None, "consult", self.arrival())

    def visit(self, worker: str | None, service: str | None, minutes: float) -> None:
        clock = f"{4 + int(minutes) // 60:02}:{int(minutes) % 60:02}"
        self.add(minutes, "visit", f"visit-{len(self.actions):06}", self.sample.visit(worker, service, clock))


def morning(visits: int = 571, sample: Sample | None = None) -> list[Action]:
    """The actions of one day in order of time; those before the day's midnight are what was known already."""
    if sample is None:
        from .things import Sample

        sample = Sample(571)
    dawn = _Dawn(sample, visits)
    for n in range(max(1, dawn.postings * 2 // 3)):
        dawn.add(-60 * 24 * (2 + n % 90), "employer", f"employer-{n:03}", sample.employer())
    # the seats of the morning cut at chance places: postings of one seat and of twenty
    cuts = sorted(sample.random.sample(range(1, dawn.seats), dawn.postings - 1)) if dawn.seats else []
    for n, (start, end) in enumerate(zip([0, *cuts], [*cuts, dawn.seats], strict=True)):
        if end > start:
            dawn.posting(n, end - start)
    dawn.visitors()
    return sorted(dawn.actions, key=lambda action: action.time)


class Article(NamedTuple):
    """The reported day: what happened, in order, and the person-times of each of Weifang's seven halls."""

    day: str
    actions: list[Action]
    halls: dict[str, int]


LINYI, GAOMI, KUIWEN = "37130201", "37078501", "37070501"
WEIFANG = ("370702", "370703", "370704", "370705", "370782", "370783", "370785")
ARTICLE_DAY = "2022-03-02"


def _at(clock: str, market: str, kind: str, ref: str, fields: Fields, says: str = "") -> Action:
    moment = datetime.fromisoformat(f"{ARTICLE_DAY}T{clock}:00").replace(tzinfo=BEIJING)
    return Action(int(moment.timestamp() * 1000), market, kind, ref, fields, says)


def _person(name: str, place: str, birth: str, trade: str, clock: str, **more: Any) -> Fields:
    """A man with a made-up number: sequence 001 is nobody's."""
    first = f"{place}{birth.replace('-', '')}001"
    consent = {"version": "2022-01", "time": _at(clock, "", "", "", {}).time, "method": "paper"}
    number = first + numbers.id_check_digit(first)
    who = {"name": name, "id_type": "resident", "id_number": number, "trades": [trade], "consent": consent}
    return {**who, "days": [1, 2, 3, 4, 5, 6, 7], "hours_from": "06:00", "hours_to": "18:00", **more}


def _story(
    market: str, name: str, clock: str, found: str, employer: Fields, job: Fields, worker: Fields
) -> Iterator[Action]:
    """One of the article's stories from `clock` on: who asked for work, who offered it, how they met."""
    hour, minute = int(clock[:2]), int(clock[3:])

    def then(after: int) -> str:
        return f"{hour + (minute + after) // 60:02}:{(minute + after) % 60:02}"

    who, what, firm, paper = (f"{name}-{kind}" for kind in ("worker", "job", "employer", "contract"))
    said = f"{worker['name']} is in the register"
    yield _at(clock, market, "worker", who, worker, said)
    yield _at(
        then(1),
        market,
        "visit",
        f"{name}-visit",
        {"worker": who, "service": "seek", "date": ARTICLE_DAY, "time": then(1), "window": "1号"},
    )
    yield _at(then(2), market, "employer", firm, employer, f"{employer['name']} is verified")
    offer = {
        **job,
        "employer": firm,
        "headcount": 1,
        "start_date": ARTICLE_DAY,
        "end_date": ARTICLE_DAY,
        "hours_from": "08:00",
        "hours_to": "17:00",
        "pay_unit": "day",
        "pay_timing": "same_day",
    }
    yield _at(then(3), market, "job", what, {**offer, "state": "draft"})
    yield _at(then(5), market, "job", what, {"state": "published"}, f"{job['title']} is on the next screen")
    terms = {
        key: offer[key]
        for key in (
            "employer",
            "trade",
            "content",
            "place",
            "start_date",
            "end_date",
            "hours_from",
            "hours_to",
            "pay",
            "pay_unit",
            "pay_timing",
        )
    }
    draft = {**terms, "form": "service", "worker": who, "job": what, "state": "draft"}
    yield _at(then(20), market, "contract", paper, draft, found)
    for after, side, state in ((21, "worker", "worker_signed"), (22, "employer", "in_force")):
        signature = {"method": "wet", "time": _at(then(after), market, "", "", {}).time}
        says = "the contract is in force and printed" if state == "in_force" else ""
        yield _at(then(after), market, "contract", paper, {f"signed_{side}": signature, "state": state}, says)
    yield _at(then(23), market, "job", what, {"state": "filled"})


def article_day() -> Article:
    """Zhou Shengchun's pipe job in Linyi, welder Liu Jie in Gaomi, a fitting firm in Kuiwen; 4,000 visits.

    The report leaves open whether 4,000 a day is one hall or seven; here it is the seven together.
    """
    verified = {"by": f"{LINYI}.s1", "time": _at("04:30", "", "", "", {}).time, "how": "licence"}
    linyi = _story(
        LINYI, "zhou", "05:40", "at 06:00 the screen renews itself and he sees the job",
        {"name": "临沂沂蒙管道安装有限公司", "form": "company", "code": "91371302MA30000016",
         "contact": "高立军", "phone": "13805390001", "division": "371302", "verified": verified},
        {"title": "招管道工", "trade": "0303", "content": "小区供水管道改造", "place": "兰山区金雀山",
         "pay": 30000, "min_age": 18},
        _person("周胜春", "372801", "1972-06-18", "0303", "05:40", phone="13853900001", division="371302"),
    )  # fmt: skip
    gaomi = _story(
        GAOMI, "liu", "06:20", "a personal notice brings him the job that fits his certificate",
        {"name": "高密恒通机械有限公司", "form": "company", "code": "91370785MA3000001M",
         "contact": "宋振华", "phone": "13805360001", "division": "370785",
         "verified": {**verified, "by": f"{GAOMI}.s1"}},
        {"title": "招焊工", "trade": "0302", "content": "钢结构焊接，持证上岗", "place": "高密市密水街道",
         "certificates_needed": ["0302"], "min_age": 18, "pay": 38000},
        _person("刘杰", "370785", "1985-01-01", "0302", "06:20", phone="13853600001", division="370785",
                certificates=[{"trade": "0302", "number": "YZ0000000001", "expires": "2025-03-01"}]),
    )  # fmt: skip
    kuiwen = _story(
        KUIWEN, "fitting", "06:40", "contract and a day's accident cover are made on the spot",
        {"name": "潍坊新世界装修有限公司", "form": "company", "code": "91370705MA3000001R",
         "contact": "孙丽", "phone": "13805360002", "division": "370705",
         "verified": {**verified, "by": f"{KUIWEN}.s1"}},
        {"title": "招贴砖工", "trade": "0202", "content": "厨卫墙地砖铺贴，当天签协议、投保",
         "place": "奎文区新华路", "insurance_by": "employer", "pay": 32000},
        _person("王建军", "370705", "1990-03-07", "0202", "06:40", phone="13853600002", division="370705"),
    )  # fmt: skip
    actions = sorted((*linyi, *gaomi, *kuiwen), key=lambda action: action.time)
    assert {place.code for place in counties("3707")} >= set(WEIFANG)
    halls = {f"{place}01": 4000 // 7 + (n < 4000 % 7) for n, place in enumerate(WEIFANG)}
    return Article(ARTICLE_DAY, actions, halls)
