"""Accounts of people who log in, the same on both programs. Local: passwords never leave the machine.

Rules kept here:
- Argon2id with PHC strings; an unknown name costs the same time as a wrong password.
- Five failures lock an account for 30 minutes; the counters are in the database: a restart forgives nothing.
- A session is a random token of 256 bits, stored only as its hash; disabling an account or resetting its
  password ends its sessions. A first password must be changed.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import peewee
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from common.errors import Invalid, Refused
from common.store.store import Store

MEMORY_KIB, ROUNDS, LANES = 19_456, 2, 1  # the lower of the recommended settings: hall PCs are old
FAILURES, LOCKED_MS = 5, 30 * 60 * 1000
MOST_BYTES = 1024  # of a password
SESSION_MS = 16 * 3600 * 1000
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
is_login = re.compile(r"[A-Za-z0-9-]{1,32}").fullmatch


class LocalAccount(peewee.Model):
    login = peewee.TextField(primary_key=True)
    name = peewee.TextField()
    role = peewee.TextField()
    password = peewee.TextField()
    must_change = peewee.BooleanField(default=True)
    active = peewee.BooleanField(default=True)
    record = peewee.TextField(null=True)  # the staff record that other places know the account by
    failures = peewee.IntegerField(default=0)
    locked_until = peewee.IntegerField(default=0)

    class Meta:
        table_name = "local_account"


class LocalSession(peewee.Model):
    token = peewee.TextField(primary_key=True)  # SHA-256 of what the browser holds
    login = peewee.TextField(index=True)
    opened = peewee.IntegerField()
    address = peewee.TextField()

    class Meta:
        table_name = "local_session"


class LocalAudit(peewee.Model):
    """Who saw or did what that leaves no entry in the log: full numbers viewed, codes given out, accounts."""

    id = peewee.AutoField()
    at = peewee.IntegerField(index=True)
    actor = peewee.TextField()
    act = peewee.TextField()
    kind = peewee.TextField(null=True)
    record = peewee.TextField(null=True)
    why = peewee.TextField(null=True)

    class Meta:
        table_name = "local_audit"


ACCOUNT_TABLES = (LocalAccount, LocalSession, LocalAudit)


@dataclass(frozen=True, slots=True)
class Account:
    login: str
    name: str
    role: str
    actor: str
    must_change: bool


class Accounts:
    """The accounts of one store. `author`: the market code or 'hub' that actors begin with."""

    def __init__(self, store: Store, author: str, roles: tuple[str, ...], now: Callable[[], int]) -> None:
        self.store, self.author, self.roles, self.now = store, author, roles, now

    # -- people --------------------------------------------------------------------------------------------

    def add(self, login: str, name: str, role: str, record: str | None = None) -> str:
        """A new account, inside a writing transaction; returns its first password."""
        if not is_login(login):
            raise Invalid("login_form", "a login has 1 to 32 letters, digits or dashes", field="login")
        if role not in self.roles:
            raise Invalid("not_a_choice", f"role: expected one of {', '.join(self.roles)}", field="role")
        if LocalAccount.get_or_none(LocalAccount.login == login):
            raise Refused("login_taken", f"there is an account {login}", field="login")
        password = first_password()
        LocalAccount.create(login=login, name=name, role=role, password=_hash(password), record=record)
        return password

    def reset(self, login: str) -> str:
        """A new first password; ends all sessions. Inside a writing transaction."""
        password = first_password()
        changed = (
            LocalAccount.update(password=_hash(password), must_change=True, failures=0, locked_until=0)
            .where(LocalAccount.login == login)
            .execute()
        )
        self._known(changed, login)
        LocalSession.delete().where(LocalSession.login == login).execute()
        return password

    def disable(self, login: str) -> str | None:
        """Inside a writing transaction; returns the account's staff record."""
        self._known(LocalAccount.update(active=False).where(LocalAccount.login == login).execute(), login)
        LocalSession.delete().where(LocalSession.login == login).execute()
        record: str | None = LocalAccount.get_by_id(login).record
        return record

    def change_password(self, login: str, old: str, new: str, keep: str = "") -> None:
        """Ends all sessions but the one whose token is `keep`.

        Raises Refused("login_wrong"), Invalid("password_weak"|"password_same"|"too_long").
        """
        self.check(login, old)
        kinds = sum(bool(re.search(kind, new)) for kind in ("[a-z]", "[A-Z]", "[0-9]", "[^A-Za-z0-9]"))
        if len(new) < 8 or kinds < 3 or login.lower() in new.lower():
            raise Invalid(
                "password_weak", "at least 8 characters of three classes, without the login", field="new"
            )
        if len(new.encode()) > MOST_BYTES:
            raise Invalid("too_long", "a password has at most 1024 bytes", field="new", most=MOST_BYTES)
        if new == old:
            raise Invalid("password_same", "the new password is the old one", field="new")
        password = _hash(new)
        with self.store.writing():
            LocalAccount.update(password=password, must_change=False).where(
                LocalAccount.login == login
            ).execute()
            others = (LocalSession.login == login) & (LocalSession.token != _digest(keep))
            LocalSession.delete().where(others).execute()

    def listed(self) -> list[LocalAccount]:
        return list(LocalAccount.select().order_by(LocalAccount.login))

    def _known(self, changed: int, login: str) -> None:
        if not changed:
            raise Refused("no_account", f"no account {login[:32]!r}", field="login")

    # -- logging in ----------------------------------------------------------------------------------------

    def check(self, login: str, password: str) -> Account:
        """The account, or Refused('login_wrong'|'login_locked'|'account_disabled')."""
        with self.store.reading():
            row = LocalAccount.get_or_none(LocalAccount.login == login)
        right = _fits(row.password if row else _nobody(), password)
        if row is None:
            raise Refused("login_wrong", "unknown name or wrong password")
        now = self.now()
        # a clock that was set back must not lock anyone out for years
        if row.failures >= FAILURES and now < row.locked_until <= now + LOCKED_MS:
            raise Refused("login_locked", "too many failures", minutes=(row.locked_until - now) // 60_000 + 1)
        if not right:
            with self.store.writing():
                LocalAccount.update(failures=LocalAccount.failures + 1, locked_until=now + LOCKED_MS).where(
                    LocalAccount.login == login
                ).execute()
            raise Refused("login_wrong", "unknown name or wrong password")
        if not row.active:
            raise Refused("account_disabled", "this account is disabled")
        if row.failures:
            with self.store.writing():
                LocalAccount.update(failures=0, locked_until=0).where(LocalAccount.login == login).execute()
        return self._account(row)

    def open_session(self, account: Account, now: int, address: str) -> str:
        token = secrets.token_urlsafe(32)
        with self.store.writing():
            LocalSession.delete().where(LocalSession.opened < now - SESSION_MS).execute()
            LocalSession.create(token=_digest(token), login=account.login, opened=now, address=address)
        return token

    def by_token(self, token: str) -> Account | None:
        oldest = self.now() - SESSION_MS
        with self.store.reading():
            row = (
                LocalAccount.select()
                .join(LocalSession, on=(LocalSession.login == LocalAccount.login))
                .where(LocalSession.token == _digest(token), LocalSession.opened > oldest)
                .where(LocalAccount.active)
                .first()
            )
        return self._account(row) if row else None

    def close_session(self, token: str) -> None:
        with self.store.writing():
            LocalSession.delete().where(LocalSession.token == _digest(token)).execute()

    def _account(self, row: LocalAccount) -> Account:
        return Account(row.login, row.name, row.role, f"{self.author}.{row.login}", row.must_change)


def first_password() -> str:
    """Four groups of four letters and digits that nobody confuses."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def _hash(password: str) -> str:
    kdf = Argon2id(
        salt=secrets.token_bytes(16), length=32, iterations=ROUNDS, lanes=LANES, memory_cost=MEMORY_KIB
    )
    return kdf.derive_phc_encoded(password.encode())


def _fits(stored: str, password: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(password.encode()[: MOST_BYTES + 1], stored)
    except InvalidKey:
        return False
    return True


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@cache
def _nobody() -> str:
    """What an unknown name's password is held against, so that it takes the same time."""
    return _hash(secrets.token_hex())
