"""Accounts: what a password must be, when a login is locked, and when a session ends."""

from __future__ import annotations

import pytest

from common.errors import Invalid, Refused
from common.store import accounts
from common.store.accounts import FAILURES, LOCKED_MS, MOST_BYTES, SESSION_MS, LocalAccount, LocalSession
from node.home import Home
from node.market import staff
from tests.world import World

GOOD = "Yi-zhan-2026"


@pytest.fixture
def first(home: Home) -> str:
    """The first password of a clerk."""
    return staff.add(home, "tests", "wang", "王秀兰", "clerk")


def opened(home: Home, world: World, password: str) -> str:
    return home.accounts.open_session(home.accounts.check("wang", password), world.now(), "127.0.0.1")


def test_a_first_password_works_and_must_be_changed(home: Home, first: str) -> None:
    assert home.accounts.check("wang", first).must_change
    home.accounts.change_password("wang", first, GOOD)
    account = home.accounts.check("wang", GOOD)
    assert (account.must_change, account.actor) == (False, f"{home.market}.wang")
    with pytest.raises(Refused, match="login_wrong"):
        home.accounts.check("wang", first)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short-1", "password_weak"),
        ("onlylowercase", "password_weak"),
        ("Wang-2026-xx", "password_weak"),
        ("Aa1-" + "x" * MOST_BYTES, "too_long"),
    ],
)
def test_weak_and_endless_passwords_are_refused(home: Home, first: str, password: str, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        home.accounts.change_password("wang", first, password)


def test_five_failures_lock_for_half_an_hour_and_a_restart_forgives_nothing(
    home: Home, world: World, first: str
) -> None:
    for _ in range(FAILURES):
        with pytest.raises(Refused, match="login_wrong"):
            home.accounts.check("wang", "wrong")
    again = accounts.Accounts(home.store, home.market, home.accounts.roles, world.now)
    with pytest.raises(Refused, match="login_locked"):
        again.check("wang", first)
    world.time += LOCKED_MS + 1
    assert again.check("wang", first).login == "wang"
    with pytest.raises(Refused, match="login_wrong"):
        again.check("nobody", first)


def test_only_hashes_of_passwords_and_tokens_are_kept(home: Home, world: World, first: str) -> None:
    token = opened(home, world, first)
    kept = [LocalAccount.get_by_id("wang").password, LocalSession.get(LocalSession.login == "wang").token]
    assert kept[0].startswith("$argon2id$") and first not in kept[0] and token not in kept[1]


def test_a_session_ends_by_time_by_closing_and_with_its_account(home: Home, world: World, first: str) -> None:
    token, other = opened(home, world, first), opened(home, world, first)
    assert home.accounts.by_token(token)
    home.accounts.close_session(other)
    assert home.accounts.by_token(other) is None
    world.time += SESSION_MS
    assert home.accounts.by_token(token) is None
    late = opened(home, world, first)
    staff.disable(home, "tests", "wang")
    assert home.accounts.by_token(late) is None
    with pytest.raises(Refused, match="account_disabled"):
        home.accounts.check("wang", first)


def test_a_changed_password_ends_every_other_session(home: Home, world: World, first: str) -> None:
    mine, elsewhere = opened(home, world, first), opened(home, world, first)
    home.accounts.change_password("wang", first, GOOD, keep=mine)
    assert home.accounts.by_token(mine) and home.accounts.by_token(elsewhere) is None
    staff.reset(home, "wang")
    assert home.accounts.by_token(mine) is None
