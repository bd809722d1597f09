"""What to do next, as plain rules: states, waits, windows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid, Refused, Tampered, Unreachable, YizhanError
from common.log.push import MAX_ENTRIES
from node.sync import engine


@pytest.mark.parametrize(
    ("error", "state", "code"),
    [
        (Unreachable("unreachable"), "offline", 75),
        (Unreachable("recovering"), "offline", 75),  # the hub is, not we
        (Unreachable("fork"), "offline", 75),
        (Invalid("push_malformed"), "offline", 75),
        (Refused("no_progress"), "offline", 75),
        (Tampered("recovering"), "recovering", 4),
        (Tampered("fork"), "fork", 4),
        (Tampered("clone"), "clone", 4),
        (Tampered("root_mismatch"), "fork", 4),
        (Tampered("hub_rewound"), "fork", 4),
        (Refused("revoked"), "revoked", 4),
        (Refused("closed"), "revoked", 4),
        (Refused("request_signature"), "revoked", 4),
        (Refused("not_enrolled"), "not_enrolled", 1),
        (Refused("unknown_origin"), "not_enrolled", 1),
        (Refused("not_approved"), "not_approved", 4),
        (Refused("paused"), "not_approved", 4),
    ],
)
def test_what_an_error_means_for_the_round(error: YizhanError, state: str, code: int) -> None:
    assert engine.outcome(error) == state
    assert engine.EXIT[state] == code


@given(failures=st.integers(1, 10_000), jitter=st.floats(0, 0.999), after=st.none() | st.integers(0, 99_999))
def test_waits_grow_to_ten_minutes_and_respect_the_hub(
    failures: int, jitter: float, after: int | None
) -> None:
    wait = engine.wait_ms(failures, 300_000, jitter, after)
    assert engine.FIRST_WAIT_MS // 2 <= wait <= engine.LONGEST_BIDDEN_MS
    if after is None:
        assert wait <= engine.LONGEST_WAIT_MS
    elif after <= 3600:
        assert wait >= after * 1000


def test_a_round_that_went_well_is_followed_by_the_usual_wait() -> None:
    assert engine.wait_ms(0, 300_000, 0.0) == 270_000
    assert engine.wait_ms(0, 300_000, 0.999) < 330_000


@given(st.lists(st.sampled_from(["widen", "narrow", "halve"]), max_size=60))
def test_a_window_stays_within_what_a_push_may_hold(steps: list[str]) -> None:
    window = engine.Window()
    for step in steps:
        if step == "halve":
            window.halve(window.entries)
        else:
            getattr(window, step)()
        assert 1 <= window.entries <= MAX_ENTRIES


def test_a_line_that_breaks_never_makes_the_window_tiny() -> None:
    window = engine.Window()
    for _ in range(20):
        window.narrow()
    assert window.entries == 100
    window.halve(3)
    window.narrow()
    assert window.entries == 1
