"""The same entries, delivered in any order and any batches to several stores, give equal projected tables.

A scenario is made by chance from its seed: records of several kinds with branching histories by two markets
and the hub, entries copied into a stranger's log, entries that name another record's leaf or one nobody has,
leaves and payloads that cannot be read, unknown kinds, fields and values, and the hub's verdicts, arriving
whenever they like. `verify` runs over each of the stores after each test (see conftest).
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from common.log.encoding import b64
from common.log.push import ERASED
from common.log.tree import leaf_hash
from common.records.values import id_bytes
from common.records.worker import Worker
from common.store.store import Store
from tests.common.store.exchange import Author, Receiver, dump, made, record_id
from tests.histories import AUTHORS, random_history

WORKER: dict[str, tuple[Any, ...]] = {
    "name": ("王芳", "王 芳", "阿依古丽·买买提", 7),
    "phone": ("13800000001", "13900000002", None),
    "education": ("70", "99"),  # 99: a choice of a later version
    "hours_from": ("06:00", "07:00", None),
    "hours_to": ("18:00", "19:00"),
    "shoe_size": (41, 42, {"eu": 41}),  # a field of a later version
    "days": ([1, 2], [3], "often"),
    "retired": (True, False),
}
JOB: dict[str, tuple[Any, ...]] = {
    "title": ("搬运", "瓦工"),
    "pay": (26000, 30000, "much"),
    "pay_unit": ("day", "hour", "moon"),
    "state": ("draft", "published"),
    "retired": (True,),
}
LATER: dict[str, tuple[Any, ...]] = {"x": (1, 2)}
KINDS = (("worker", WORKER), ("job", JOB), ("worker", WORKER), ("gadget", LATER))


def scenario(seed: int) -> list[Author]:
    """Logs of two markets and the hub."""
    random = Random(seed)
    authors = {name: Author(name) for name in AUTHORS}
    leaves: list[bytes] = [b"\x07" * 32]  # nobody has this one
    entries: list[tuple[str, bytes, Any]] = []
    for number, (kind, fields) in enumerate(KINDS):
        known: dict[int, bytes] = {}
        for event in random_history(random, fields, most=7):
            after = {known[parent] for parent in event.parents}
            if random.random() < 0.12:
                after.add(random.choice((leaves[0], *leaves)))  # pending for ever, or misplaced
            time = 1_796_000_000_000 + event.number
            body = b"not a payload" if random.random() < 0.05 else None
            raw, body = made(kind, record_id(number), tuple(after), event.patch, event.author, time, body)
            known[event.number] = authors[event.author].add(raw, body)
            leaves.append(known[event.number])
            entries.append((event.author, raw, body))
    for _, raw, body in random.sample(entries, min(2, len(entries))):
        authors[random.choice(AUTHORS)].add(raw, body)  # copied, or once more in its author's own log
    leaves.append(authors[AUTHORS[1]].add(b"a leaf of a later version"))
    raw, body = made("worker", record_id(0), (leaves[-1],), {"address": "某村"}, AUTHORS[0])
    authors[AUTHORS[0]].add(raw, body)
    for number in range(random.randint(0, 4)):
        decision = random.choice(("refused", "held", "allowed", "refused", "lost"))
        word = {"leaf": b64(random.choice(leaves)), "decision": decision, "code": "second_root"}
        raw, body = made("verdict", record_id(100 + number), (), word, "hub", 1_796_000_100_000 + number)
        authors["hub"].add(raw, body)
    for author in authors.values():
        random.shuffle(author.items)  # nothing obliges an author to write parents first
    return list(authors.values())


@pytest.mark.parametrize("seed", range(40))
def test_every_order_gives_the_same_tables(seed: int, tmp_path: Path) -> None:
    authors = scenario(seed)
    expected: dict[str, Any] | None = None
    for number, program in enumerate(("hub", "node", "hub", "node")):
        receiver = Receiver(tmp_path / f"{number}.db", program)
        receiver.deliver(authors, Random(seed * 10 + number))
        got = receiver.dump()
        expected = expected or got
        assert got == expected, f"seed {seed}, store {number} ({program})"
        receiver.store.rebuild()
        assert receiver.dump() == got, "what was rebuilt is not what stood there"
        receiver.store.close()


def test_scenarios_contain_what_they_promise(tmp_path: Path) -> None:
    """Else the law above would be about nothing."""
    met: set[str] = set()
    for seed in range(12):
        receiver = Receiver(tmp_path / f"{seed}.db", "hub")
        receiver.deliver(scenario(seed), Random(seed))
        tables = receiver.dump()
        met |= {row[3] for row in tables["aside"]}
        met |= {"waiting"} if tables["waiting"] else set()
        rows = [row for kind in ("worker", "job") for row in tables[kind]]
        met |= {"conflict"} if any(row[2] for row in rows) else set()
        met |= {"kept raw"} if any(row[3] for row in rows) else set()
        met |= {"retired"} if any(row[5] for row in rows) else set()
        receiver.store.close()
    expected = "refused held not_owner copied misplaced entry_malformed payload_malformed"
    assert met >= {*expected.split(), "waiting", "conflict", "kept raw", "retired"}


@pytest.mark.parametrize("seed", range(3))
def test_the_quick_way_of_new_records_equals_folding_them_whole(seed: int, tmp_path: Path) -> None:
    authors = scenario(seed)
    receiver = Receiver(tmp_path / "store.db", "node")
    receiver.deliver(authors, Random(seed))
    before = terms_and_rows(receiver)
    with receiver.store.writing():
        projector = receiver.store.projector
        rows = {kind: form.select for kind, form in projector.rows.items()}
        projector.refold({(kind, row[0]) for kind, sql in rows.items() for row in receiver.store.db.run(sql)})
    assert terms_and_rows(receiver) == before
    receiver.store.close()


def terms_and_rows(receiver: Receiver) -> Any:
    return receiver.dump(), receiver.store.db.run("SELECT * FROM term ORDER BY 1, 2, 3").fetchall()


# -- single cases, both ways round -----------------------------------------------------------------

A, B = AUTHORS[:2]


def pair(tmp_path: Path, *orders: list[tuple[Author, bytes, Any]]) -> list[dict[str, Any]]:
    """The tables after each of these orders of appending and taking, one store for each."""
    found = []
    for number, order in enumerate(orders):
        receiver = Receiver(tmp_path / f"order{number}.db", "hub")
        logs_now = {author.name: Author(author.name) for author, _, _ in order}
        for author, raw, body in order:
            log = logs_now[author.name]
            log.add(raw, body)
            receiver.take(log, log.push(len(log.items) - 1, len(log.items)))
        found.append(dump(receiver.store))
        receiver.store.close()
    return found


def both_ways(tmp_path: Path, *entries: tuple[Author, bytes, Any]) -> dict[str, Any]:
    one, other = pair(tmp_path, list(entries), list(reversed(entries)))
    assert one == other
    return one


def test_a_pending_entry_applies_when_its_ancestor_comes(tmp_path: Path) -> None:
    root, body = made("worker", record_id(1), (), {"name": "王芳"}, A)
    later, more = made("worker", record_id(1), (leaf_hash(root),), {"phone": "13800000001"}, B)
    entries = [(Author(A), root, body), (Author(B), later, more)]
    early, late, ordered = pair(tmp_path, entries[1:], entries[::-1], entries)
    assert early["worker"] == []
    assert early["waiting"] == [(leaf_hash(root), leaf_hash(later), id_bytes(record_id(1)))]
    assert late == ordered
    assert len(late["worker"]) == 1 and late["waiting"] == []


def test_naming_another_records_leaf_is_misplaced_in_both_orders(tmp_path: Path) -> None:
    other, body = made("worker", record_id(2), (), {"name": "李伟"}, A)
    wrong, more = made("worker", record_id(1), (leaf_hash(other),), {"phone": "13800000001"}, B)
    got = both_ways(tmp_path, (Author(A), other, body), (Author(B), wrong, more))
    assert [(row[0], row[3]) for row in got["aside"]] == [(leaf_hash(wrong), "misplaced")]


def test_naming_the_same_id_of_another_kind_is_misplaced(tmp_path: Path) -> None:
    other, body = made("employer", record_id(1), (), {"name": "某公司"}, A)
    wrong, more = made("worker", record_id(1), (leaf_hash(other),), {"phone": "13800000001"}, B)
    got = both_ways(tmp_path, (Author(A), other, body), (Author(B), wrong, more))
    assert [row[3] for row in got["aside"]] == ["misplaced"]
    assert len(got["employer"]) == 1


def test_a_copied_entry_counts_only_in_its_authors_log(tmp_path: Path) -> None:
    raw, body = made("worker", record_id(1), (), {"name": "王芳"}, A)
    places = [(Author(B), raw, body), (Author(A), raw, body)]
    only_copy, after, before = pair(tmp_path, places[:1], places, places[::-1])
    assert only_copy["worker"] == [] and [row[3] for row in only_copy["aside"]] == ["copied"]
    assert after == before
    assert len(after["worker"]) == 1 and [row[3] for row in after["aside"]] == ["copied"]


def test_an_unreadable_leaf_keeps_its_place_in_the_graph(tmp_path: Path) -> None:
    root, body = made("worker", record_id(1), (), {"name": "王芳"}, A)
    strange = b"yizhan/entry/v9\npayload -\n"
    after = tuple(sorted((leaf_hash(root), leaf_hash(strange))))
    later, more = made("worker", record_id(1), after, {"phone": "13800000001"}, A)
    order = [(Author(A), root, body), (Author(A), later, more), (Author(A), strange, None)]
    one, other = pair(tmp_path, order, order[::-1])
    assert one == other
    assert one["waiting"] == [] and [row[3] for row in one["aside"]] == ["entry_malformed"]


def test_one_bad_payload_never_stops_the_rest(tmp_path: Path) -> None:
    bad, body = made("worker", record_id(1), (), None, A, body=b'yizhan/payload/v1\n{"set": {}}')
    good, more = made("worker", record_id(2), (), {"name": "王芳"}, A)
    got = both_ways(tmp_path, (Author(A), bad, body), (Author(A), good, more))
    assert len(got["worker"]) == 1 and [row[3] for row in got["aside"]] == ["payload_malformed"]


def test_a_fold_that_raises_sets_aside_its_own_record_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def terms(fields: Any) -> list[str]:
        if fields["name"] == "王芳":
            raise RuntimeError("a bug of ours")
        return []

    monkeypatch.setattr(Worker, "terms", staticmethod(terms))
    receiver = Receiver(tmp_path / "store.db", "node")
    author = Author(A)
    for number, name in enumerate(("李伟", "王芳", "张敏")):
        author.add(*made("worker", record_id(number), (), {"name": name}, A))
    receiver.take(author, author.push(0, 3))
    assert [row[3] for row in receiver.dump()["aside"]] == ["fold_error RuntimeError"]
    assert len(receiver.dump()["worker"]) == 2
    # the next version has mended it: opening finds another fingerprint and folds anew
    monkeypatch.undo()
    receiver.store.rebuild()
    assert len(receiver.dump()["worker"]) == 3 and receiver.dump()["aside"] == []
    receiver.store.close()


def test_the_latest_verdict_by_index_counts_whatever_comes_first(tmp_path: Path) -> None:
    raw, body = made("worker", record_id(1), (), {"name": "王芳"}, A)
    words = Author("hub")
    for number, decision in enumerate(("refused", "allowed", "held")):
        word = {"leaf": b64(leaf_hash(raw)), "decision": decision, "code": "second_root"}
        words.add(*made("verdict", record_id(10 + number), (), word, "hub", 1_796_000_000_000 + number))
    for size, rows in ((1, 0), (2, 1), (3, 0)):
        for late in (False, True):
            receiver = Receiver(tmp_path / f"{size}{late}.db", "hub")
            market = Author(A)
            market.add(raw, body)
            steps = [(market, market.push(0, 1)), (words, words.push(0, size))]
            for author, push in reversed(steps) if late else steps:
                receiver.take(author, push)
            assert len(receiver.dump()["worker"]) == rows
            receiver.store.close()


def test_only_the_hub_judges(tmp_path: Path) -> None:
    raw, body = made("worker", record_id(1), (), {"name": "王芳"}, A)
    word = {"leaf": b64(leaf_hash(raw)), "decision": "refused", "code": "second_root"}
    said, more = made("verdict", record_id(2), (), word, B)
    got = both_ways(tmp_path, (Author(A), raw, body), (Author(B), said, more))
    assert len(got["worker"]) == 1 and got["judgement"] == []
    assert [row[3] for row in got["aside"]] == ["not_author"]


def test_an_erased_payload_leaves_an_entry_without_writes(tmp_path: Path) -> None:
    root, body = made("worker", record_id(1), (), {"name": "王芳"}, A)
    later, more = made("worker", record_id(1), (leaf_hash(root),), {"phone": "13800000001"}, A)
    author = Author(A)
    author.add(root, ERASED)
    author.add(later, more)
    receiver = Receiver(tmp_path / "store.db", "hub")
    receiver.take(author, author.push(0, 2))
    fields = receiver.store.get("worker", record_id(1))
    assert fields is not None and fields.fields == {"phone": "13800000001"}
    receiver.store.close()


def test_later_kinds_fields_and_values_are_kept_and_folded_once_they_are_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, body = made("worker", record_id(1), (), {"name": "王芳", "education": "99", "shoe_size": 41}, A)
    author = Author(A)
    author.add(raw, body)
    receiver = Receiver(tmp_path / "store.db", "node")
    receiver.take(author, author.push(0, 1))
    before = receiver.store.get("worker", record_id(1))
    assert before is not None and before.fields == {"name": "王芳", "education": "99", "shoe_size": 41}
    assert receiver.store.db.scalar("SELECT education FROM worker") is None
    path = receiver.store.db.path
    receiver.store.close()
    # a program that has learned the choice: another fingerprint, so opening folds anew
    education = Worker.fields["education"]
    learned = type(education)(education.label, (*education.choices, ("99", "不详")))
    for name in ("choices", "_place", "_value", "_label"):
        monkeypatch.setattr(education, name, getattr(learned, name))
    seen: list[tuple[int, int]] = []
    store = Store.open(path, "node", progress=lambda done, of: seen.append((done, of)))
    after = store.get("worker", record_id(1))
    assert after == before and store.db.scalar("SELECT education FROM worker") == len(education.choices)
    store.close()
    monkeypatch.undo()
    Store.open(path, "node").close()  # and back, for the check at the end
