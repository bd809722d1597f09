"""Laws of the fold: order makes no difference, and a slow oracle written from the protocol says the same."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.records.fold import Folded, Policy, Write, fold
from tests.common.records.oracle import fold_by_sets
from tests.histories import Event, histories, random_history

FIELDS: dict[str, tuple[Any, ...]] = {
    "a": (0, 1, True, None),
    "b": ("x", "y", ["x"], {"k": 1}),
    "c": (1, 2, None),  # c and d are a group
    "d": (1, 2),
    "retired": (True, True, False, "odd"),
}
GROUPS = (("c", "d"),)
AUTHORS = (frozenset(("market", "hub")),) * 3 + (frozenset(("market",)), frozenset(("hub",)))
everybody = Policy(GROUPS)
owned = Policy(GROUPS, owned=True)


def leaf(number: int, salt: int = 0) -> bytes:
    """Which of two leaves is greater is left to `salt`."""
    return sha256(f"{number} {salt}".encode()).digest()


def writes_of(events: list[Event], salt: int = 0) -> list[Write]:
    return [
        Write(
            leaf(one.number, salt),
            tuple(sorted(leaf(parent, salt) for parent in one.parents)),
            one.patch,
            one.author,
            f"{one.author}.s1",
            1000 + one.number,
            one.aside,
        )
        for one in events
    ]


def plain(folded: Folded) -> dict[str, Any]:
    """A result in the oracle's words."""
    return {
        "exists": folded.exists,
        "fields": folded.fields,
        "conflicts": {
            name: [(b64decode(side["leaf"]), side["value"]) for side in sides]
            for name, sides in folded.conflicts.items()
        },
        "retired": folded.retired,
        "owner": folded.owner,
        "heads": set(folded.heads),
        "pending": folded.pending.keys(),
        "aside": folded.aside,
        "last": folded.last.leaf if folded.last else None,
        "created": folded.created,
    }


def one(number: int, *parents: int, by: str = "37130201", aside: str | None = None, **patch: Any) -> Event:
    return Event(number, by, parents, patch, aside)


def folded(*events: Event, policy: Policy = everybody) -> Folded:
    return fold(writes_of(list(events)), policy)


# -- laws: each is tried on thousands of histories by chance, and on hypothesis' own, which shrink


def says_what_the_protocol_says(case: Case) -> None:
    assert plain(fold(case.here, case.policy, case.lost)) == fold_by_sets(case.here, case.policy, case.lost)


def any_order_gives_one_result(case: Case) -> None:
    expected = fold(case.here, case.policy, case.lost)
    for _ in range(3):
        case.random.shuffle(case.here)
        again = fold(case.here + case.here[:2], case.policy, case.lost)  # a repeat adds nothing
        assert again == expected


def an_entry_that_saw_every_head_ends_every_conflict(case: Case) -> None:
    before = fold(case.here, everybody)
    if before.exists:
        values = {"a": 7, "b": 8, "c": 9, "d": None, "retired": False}
        after = fold([*case.here, Write(b"z" * 32, before.heads, values, "hub", "hub.s1", 5)], everybody)
        assert (after.conflicts, after.heads) == ({}, (b"z" * 32,))
        assert (after.fields, after.retired) == ({"a": 7, "b": 8, "c": 9}, False)


def what_waits_changes_nothing_but_the_list_of_what_waits(case: Case) -> None:
    whole = fold(case.here, case.policy)
    settled = fold([write for write in case.here if write.leaf not in whole.pending], case.policy)
    assert {**plain(whole), "pending": None} == {**plain(settled), "pending": None}
    assert all(waiting != awaited for waiting, awaited in whole.pending.items())


LAWS = (
    says_what_the_protocol_says,
    any_order_gives_one_result,
    an_entry_that_saw_every_head_ends_every_conflict,
    what_waits_changes_nothing_but_the_list_of_what_waits,
)


@dataclass
class Case:
    """A history as one store holds it: some entries have not come, some are declared lost."""

    here: list[Write]
    policy: Policy
    lost: set[bytes]
    random: Random


def case_of(history: list[Event], policy: Policy, missing: set[int], lost: set[int], seed: int) -> Case:
    writes = writes_of(history, seed % 4)
    here = [write for write, event in zip(writes, history, strict=True) if event.number not in missing]
    return Case(here, policy, {leaf(number, seed % 4) for number in lost}, Random(seed))


def some(random: Random) -> set[int]:
    return {random.randrange(9) for _ in range(random.choice((0, 0, 1, 2)))}


@pytest.mark.parametrize("start", range(0, 4000, 500))
@pytest.mark.parametrize("law", LAWS)
def test_laws_by_chance(law: Callable[[Case], None], start: int) -> None:
    for seed in range(start, start + 500):
        random = Random(seed)
        policy = Policy(GROUPS, random.choice(AUTHORS), random.random() < 0.5)
        history = random_history(random, FIELDS, reasons=("refused",))
        try:
            law(case_of(history, policy, some(random), some(random), seed))
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {history}") from error


gaps = st.sets(st.integers(0, 8), max_size=3)
policies = st.builds(Policy, groups=st.just(GROUPS), authors=st.sampled_from(AUTHORS), owned=st.booleans())


@settings(max_examples=150, deadline=None)
@given(histories(FIELDS, reasons=("refused",)), policies, gaps, gaps, st.integers(0, 1000))
def test_laws_with_shrinking(
    history: list[Event], policy: Policy, missing: set[int], lost: set[int], seed: int
) -> None:
    for law in LAWS:
        law(case_of(history, policy, missing, lost, seed))


# -- single rules, each in the smallest history that shows it --------------------------------------


def test_different_fields_merge_silently() -> None:
    got = folded(one(0, a=1), one(1, 0, b="x"), one(2, 0, c=1, d=2))
    assert (got.fields, got.conflicts) == ({"a": 1, "b": "x", "c": 1, "d": 2}, {})


def test_equal_writes_side_by_side_are_no_conflict() -> None:
    assert folded(one(0, a=1), one(1, 0, a=0), one(2, 0, a=0)).conflicts == {}


def test_one_and_true_are_not_equal() -> None:
    assert "a" in folded(one(0), one(1, 0, a=1), one(2, 0, a=True)).conflicts


def test_a_deeper_write_is_provisional() -> None:
    got = folded(one(0, a=1), one(1, 0, a=2), one(2, 0, b="x"), one(3, 2, a=3))
    assert got.fields["a"] == 3
    assert [side["value"] for side in got.conflicts["a"]] == [3, 2]


def test_a_conflict_lasts_until_an_entry_that_saw_all_sides_writes_the_field() -> None:
    branches = (one(0, a=0), one(1, 0, a=1), one(2, 0, a=2), one(3, 0, a=3))
    assert len(folded(*branches).conflicts["a"]) == 3
    assert len(folded(*branches, one(4, 1, 2, a=4)).conflicts["a"]) == 2
    assert folded(*branches, one(4, 1, 2, 3, b="x")).conflicts.keys() == {"a"}
    assert folded(*branches, one(4, 1, 2, 3, a=2)).conflicts == {}


def test_a_group_is_one_field() -> None:
    got = folded(one(0, c=1, d=1), one(1, 0, c=2, d=1), one(2, 0, c=1, d=2))
    assert got.conflicts.keys() == {"c", "d"}
    assert folded(one(0, c=1, d=1), one(1, 0, c=2)).fields == {"c": 2}  # a patch sets a group whole


def test_null_clears() -> None:
    assert folded(one(0, a=1, b="x"), one(1, 0, a=None)).fields == {"b": "x"}


def test_retiring_is_in_conflict_with_everything_beside_it() -> None:
    got = folded(one(0, a=1), one(1, 0, retired=True), one(2, 0, b="x"))
    assert not got.retired
    assert [side["value"] for side in got.conflicts["retired"]] in ([True, None], [None, True])
    assert folded(one(0, a=1), one(1, 0, retired=True), one(2, 0, retired=True)).retired
    assert folded(one(0, a=1), one(1, 0, b="x"), one(2, 1, retired=True)).retired
    assert folded(one(0, a=1), one(1, 0, retired=True), one(2, 1, b="x")).retired


def test_what_is_set_aside_beside_a_retirement_is_no_conflict() -> None:
    assert folded(one(0, a=1), one(1, 0, retired=True), one(2, 0, b="x", aside="refused")).retired


def test_a_set_aside_entry_keeps_its_place_in_the_graph() -> None:
    got = folded(one(0, a=1), one(1, 0, a=2, aside="refused"), one(2, 1, b="x"))
    assert (got.fields, got.pending, got.heads) == ({"a": 1, "b": "x"}, {}, (leaf(2),))


def test_a_record_whose_roots_are_all_set_aside_is_set_aside() -> None:
    got = folded(one(0, a=1, aside="refused"), one(1, 0, a=2))
    assert (got.exists, got.fields) == (False, {})
    assert folded(one(0, a=1, aside="refused"), one(1, a=2)).exists


def test_an_entry_after_an_unknown_one_waits_and_so_does_what_builds_on_it() -> None:
    got = folded(one(0, a=1), one(2, 1, a=2), one(3, 2, b="x"))
    assert got.pending == {leaf(2): leaf(1), leaf(3): leaf(2)}
    assert (got.fields, got.heads) == ({"a": 1}, (leaf(0),))


def test_a_lost_leaf_counts_as_known_and_empty() -> None:
    entries = writes_of([one(0, a=1), one(2, 1, a=2)])
    assert (
        fold(entries, everybody, {leaf(1)}).fields == {"a": 2}
        or fold(entries, everybody, {leaf(1)}).conflicts
    )
    headless = fold(writes_of([one(2, 1, a=2)]), owned, {leaf(1)})
    assert (headless.exists, headless.fields, headless.owner) == (True, {"a": 2}, "37130201")


def test_a_leaf_that_was_declared_lost_and_came_after_all_is_an_entry_like_others() -> None:
    entries = writes_of([one(0, a=1), one(1, 0, a=2), one(2, 1, b="x")])
    assert fold(entries, everybody, {leaf(1)}) == fold(entries, everybody)


def test_nobody_can_become_owner_by_building_on_a_lost_leaf() -> None:
    entries = writes_of([one(0, a=1), one(2, 1, by="37130202", a=2)])
    got = fold(entries, owned, {leaf(1)})
    assert (got.owner, got.fields, got.aside) == ("37130201", {"a": 1}, {leaf(2): "not_owner"})


def test_only_the_owner_writes_an_owned_record() -> None:
    got = folded(one(0, a=1), one(1, 0, by="37130202", a=2), one(2, 0, by="hub", a=3), policy=owned)
    assert (got.fields, got.aside) == ({"a": 1}, {leaf(1): "not_owner", leaf(2): "not_owner"})


def test_the_hub_may_write_exactly_the_field_in_conflict() -> None:
    torn = (one(0, b="x"), one(1, 0, a=1), one(2, 0, a=2))
    assert folded(*torn, one(3, 1, 2, by="hub", a=2), policy=owned).conflicts == {}
    assert folded(*torn, one(3, 1, 2, by="hub", a=2, b="y"), policy=owned).aside == {leaf(3): "not_owner"}
    assert folded(*torn, one(3, 1, by="hub", a=2), policy=owned).aside == {
        leaf(3): "not_owner"
    }  # saw one side
    assert folded(*torn, one(3, 1, 2, by="37130202", a=2), policy=owned).aside == {leaf(3): "not_owner"}
    retired = (one(0, b="x"), one(1, 0, retired=True), one(2, 0, a=2))
    assert folded(*retired, one(3, 1, 2, by="hub", retired=True), policy=owned).retired


def test_kinds_of_one_sort_of_author() -> None:
    hubs = Policy(authors=frozenset(("hub",)))
    assert folded(one(0, a=1), policy=hubs).aside == {leaf(0): "not_author"}
    assert folded(one(0, by="hub", a=1), policy=hubs).exists


def test_a_thousand_entries_fold_quickly() -> None:
    """Bits, not sets: a flooded record must not stop its county (quadratic in machine words, not in sets)."""
    chain = [one(0, a=0)] + [
        one(number, *range(max(0, number - 3), number), a=number) for number in range(1, 1000)
    ]
    got = fold(writes_of(chain), owned)
    assert (got.fields, len(got.heads)) == ({"a": 999}, 1)
