"""What a program brings to make_app, made of nothing: accounts in a dictionary, a clock that stands still."""

from __future__ import annotations

from dataclasses import dataclass

from common.errors import Refused
from tests.common.web.gallery_data import NOW


@dataclass(frozen=True)
class Member:
    """One account of the gallery."""

    login: str
    name: str
    role: str
    actor: str
    must_change: bool = False


class FakeAccounts:
    """What login asks for, in a dictionary; five wrong passwords lock a name."""

    def __init__(self) -> None:
        self.members = {
            "chen": Member("chen", "陈晓燕", "clerk", "37130201.s7"),
            "wang": Member("wang", "王建军", "manager", "37130201.s1"),
            "new": Member("new", "新来的", "clerk", "37130201.s9", must_change=True),
        }
        self.sessions: dict[str, Member] = {}
        self.failures: dict[str, int] = {}

    def check(self, login: str, password: str) -> Member:
        if self.failures.get(login, 0) >= 5:
            raise Refused("login_locked", minutes=30)
        member = self.members.get(login)
        if member is None or password != "a-Good-1":
            self.failures[login] = self.failures.get(login, 0) + 1
            raise Refused("login_wrong")
        self.failures.pop(login, None)
        return member

    def open_session(self, account: Member, now: int, address: str) -> str:
        token = f"token-{len(self.sessions)}-{now}"
        self.sessions[token] = account
        return token

    def by_token(self, token: str) -> Member | None:
        return self.sessions.get(token)

    def close_session(self, token: str) -> None:
        self.sessions.pop(token, None)


class Clock:
    """A clock that stands until somebody moves it."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now
