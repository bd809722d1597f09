"""The sample people hold together: every number passes, the same seed gives the same, the mix is as said."""

import json
from collections import Counter
from itertools import groupby

import pytest

from common.data.divisions import division, known
from common.data.trades import TRADES
from common.records import kind_of, numbers
from common.records.base import Facts
from scripts.sample import Sample, article_day, may_work, morning

ID = "0192f7a0-8c1e-7b3a-9c55-3f1f0a2b4c5d"


def sized(fields):
    return len(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode())


def check(kind, fields):
    """Every field is one of the kind's and passes its check unchanged; refs are replaced by an id first."""
    record = kind_of(kind)
    for name, value in fields.items():
        value = ID if name in ("employer", "worker", "job") else value
        assert record.fields[name].check(value) == value, (kind, name)


@pytest.fixture(scope="module")
def people():
    sample = Sample(7)
    return [sample.worker() for _ in range(20_000)]


def test_every_worker_is_consistent(people):
    for person in people:
        number, id_type = person.get("id_number", ""), person["id_type"]
        assert numbers.check_id(id_type, number) == number
        birth = person.get("birth") or numbers.birth_of(number, id_type)
        assert 16 <= numbers.age_on(birth, "2026-12-01") <= 71
        assert (person.get("sex") or numbers.sex_of(number, id_type)) in ("male", "female")
        assert ("birth" in person) == ("sex" in person) == (id_type in ("passport", "none"))
        assert set(person["trades"]) <= TRADES.keys() and known(person["division"])
    for person in people[:2000]:
        check("worker", person)


def test_numbers_and_names_are_as_mixed_as_real_ones(people):
    resident = [person["id_number"] for person in people if person["id_type"] == "resident"]
    assert 0.95 < len(resident) / len(people) < 0.99
    assert len(set(resident)) == len(resident)
    gone = [number for number in resident if not division(number[:6]).current]
    assert 0.2 < len(gone) / len(resident) < 0.5
    prefixes = Counter(number[:6] for number in gone)
    assert prefixes["372801"] and prefixes["372829"] and all(known(prefix) for prefix in prefixes)
    assert {person["id_type"] for person in people} == {
        "resident", "hmt_permit", "foreign_permanent", "passport", "temporary", "none",
    }  # fmt: skip
    text = "".join(person["name"] for person in people)
    assert all(character in text for character in "𬱖䶮㛃·")
    surnames = Counter(person["name"][0] for person in people)
    assert [name for name, _ in surnames.most_common(4)] == ["王", "张", "李", "刘"] and len(surnames) > 100


def test_sexes_phones_and_ages_are_spread(people):
    men = sum(numbers.sex_of(p["id_number"], p["id_type"]) == "male" for p in people if "sex" not in p)
    assert 0.58 < men / len(people) < 0.65
    phones = Counter(person["phone"] for person in people if "phone" in person)
    assert sum(count - 1 for count in phones.values()) > 500, "families share telephones"
    assert sum("phone" not in person for person in people) > 200
    births = [numbers.birth_of(p["id_number"], p["id_type"]) for p in people if "birth" not in p]
    ages = sorted(numbers.age_on(birth, "2026-12-01") for birth in births)
    assert 42 <= ages[len(ages) // 2] <= 50 and ages[0] < 18


def test_a_worker_is_as_large_as_planned(people):
    assert 450 <= sum(map(sized, people)) / len(people) <= 550


def test_the_same_seed_gives_the_same():
    def stream(*arguments):
        sample = Sample(*arguments)
        job = sample.job("e")
        return [sample.worker(), sample.employer(), job, sample.contract("w", "j", job), sample.visit("w")]

    assert stream(3) == stream(3)
    assert stream(3) != stream(4)
    assert stream(3) != stream(3, "37078501") and stream(3) != stream(3, "37130201", "2026-12-02")
    assert morning(60) == morning(60)


def test_a_worker_wanted_for_a_trade_may_do_it():
    sample = Sample(5)
    for code in TRADES:
        for _ in range(20):
            person = sample.worker(trade=code)
            assert person["trades"][0] == code and may_work(person, code, sample.day)
            assert may_work(person, code, "2026-12-02")


def test_employers_have_papers():
    sample = Sample(11)
    forms = Counter()
    for _ in range(2000):
        employer = sample.employer()
        forms[employer["form"]] += 1
        check("employer", employer)
        if employer["form"] == "household":
            assert numbers.check_resident_id(employer["id_number"]) and "code" not in employer
        else:
            assert numbers.check_uscc(employer["code"]) == (employer["code"], True)
            assert known(employer["code"][2:8]) and "id_number" not in employer
    assert set(forms) == {"company", "sole_trader", "household", "other"}
    assert 600 < forms["household"] < 800


def test_jobs_contracts_and_visits_pass_their_checks():
    sample = Sample(12)
    for _ in range(1000):
        job = sample.job("employer")
        check("job", job)
        assert job["start_date"] <= job["end_date"]
        hours = (int(job["hours_to"][:2]) - int(job["hours_from"][:2])) % 24
        if job["pay_unit"] in ("hour", "day"):
            assert job["pay"] >= 2000 * (hours if job["pay_unit"] == "day" else 1)
        contract = sample.contract("worker", "job", job)
        check("contract", contract)
        assert all(contract[name] == job[name] for name in ("employer", "trade", "pay", "start_date"))
        check("visit", sample.visit("worker"))
    assert "worker" not in sample.visit()


def test_other_places_have_their_own_people():
    sample = Sample(1, "65310101", "2024-02-29")
    for _ in range(300):
        check("worker", sample.worker())
    check("employer", sample.employer())
    assert Sample(1, "44190001").worker()["division"] == "441900", "a city without counties"


def test_a_morning_has_the_proportions_of_a_medium_hall():
    sample = Sample(571)
    actions = morning(571, sample)
    assert [a.time for a in actions] == sorted(a.time for a in actions)
    midnight = sample.dawn - 4 * 3_600_000
    today = [a for a in actions if a.time >= midnight]
    first = {}
    for action in actions:
        first.setdefault(action.ref, action)
    created = Counter(a.kind for a in today if first[a.ref] is a)
    edited = sum(a.kind == "worker" and first[a.ref] is not a for a in today)
    counts = Counter(a.kind for a in actions)
    assert created["worker"] == 29 and edited == 57 and created["visit"] == 571
    assert counts["job"] == 67 * 3 and counts["contract"] == 343 * 5
    clocks = [a.clock for a in today if a.kind == "visit"]
    assert 0.72 < sum(clock < "08:00" for clock in clocks) / 571 < 0.88 and "03:50" < min(clocks)
    assert max(clocks) < "10:00"
    seats = sum(a.set["headcount"] for a in actions if a.kind == "job" and "headcount" in a.set)
    assert seats == 343


def test_a_morning_can_be_replayed_from_its_start():
    sample = Sample(2)
    actions = morning(200, sample)
    ids, now, workers = {}, {}, Counter()
    for action in actions:
        fields = action.resolved(ids)
        if action.ref not in ids:
            ids[action.ref], now[action.ref] = f"id of {action.ref}", {}
        now[action.ref] |= fields
        check(action.kind, action.set)
        if action.kind == "contract" and "worker" in action.set:
            workers[action.set["worker"]] += 1
            assert now[action.set["job"]]["state"] == "published"
            assert may_work(now[action.set["worker"]], fields["trade"], fields["start_date"])
    assert set(workers.values()) == {1}
    for ref, fields in now.items():
        if ref.startswith("contract"):
            assert fields["state"] == "settled" and fields["signed_worker"] and fields["signed_employer"]
        if ref.startswith("job"):
            assert fields["state"] == "filled"


def test_small_mornings_work():
    for visits in range(12):
        assert sum(a.kind == "visit" for a in morning(visits)) == visits


def test_the_day_of_the_article():
    article = article_day()
    assert sum(article.halls.values()) == 4000 and len(article.halls) == 7
    assert article.day == "2022-03-02"
    assert {a.market for a in article.actions} == {"37130201", "37078501", "37070501"}
    said = " ".join(a.says for a in article.actions)
    assert "周胜春" in said and "刘杰" in said and "潍坊新世界装修有限公司" in said
    ids, now = {}, {}
    for ref, group in groupby(sorted(article.actions, key=lambda a: (a.ref, a.time)), key=lambda a: a.ref):
        ids[ref] = ID
        now[ref] = {}
        for action in group:
            check(action.kind, action.set)
            now[ref] |= action.set
    for action in article.actions:
        assert action.resolved(ids).keys() == action.set.keys()
    for name in ("zhou", "liu", "fitting"):
        worker, contract = now[f"{name}-worker"], now[f"{name}-contract"]
        assert numbers.check_id(worker["id_type"], worker["id_number"])
        assert worker["id_number"][14:17] == "001", "nobody's number"
        assert numbers.check_uscc(now[f"{name}-employer"]["code"])[1]
        assert may_work(worker, contract["trade"], article.day) and contract["state"] == "in_force"
    screen = [a for a in article.actions if a.ref == "zhou-job" and a.set.get("state") == "published"]
    assert screen[0].clock == "05:45", "shown when the screen renews itself at 06:00"


@pytest.mark.alone
def test_workers_come_fast_enough_for_the_bench():
    import time

    sample = Sample(1)
    sample.worker()
    start = time.perf_counter()
    for _ in range(20_000):
        sample.worker()
    assert 20_000 / (time.perf_counter() - start) > 20_000


def test_no_rule_of_the_records_objects_to_a_morning():
    sample = Sample(4)
    now, found = {}, Counter()

    def look(kind, ref):
        return now.get(ref)

    def same(kind, name, value):
        mine = ((ref, fields) for ref, fields in now.items() if ref.startswith(kind))
        return [(ref, fields) for ref, fields in mine if fields.get(name) == value]

    for action in morning(120, sample) + article_day().actions:
        record, before = kind_of(action.kind), now.get(action.ref, {})
        whole = {**before, **action.set}
        whole |= record.settle(dict(action.set), whole)
        day = sample.day if action.market == sample.market else "2022-03-02"
        facts = Facts(action.ref, whole, before, day, action.market, look, same)
        found.update((finding.severity, finding.code) for finding in record.rules(facts))
        now[action.ref] = whole
    # company codes and numbers are made once each; nothing else may be said about a sample
    assert not found, found
