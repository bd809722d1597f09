"""What this hub is: its logs and keys, to be read out to whoever asks, and the settings in force."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from common.keys import VerifierKey
from common.store.tables import Log
from hub.home import Home

SECRET = ("metrics_token",)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """role: log, bulletin, cosigner or recovery; text: the whole verifier key, as programs take it."""

    role: str
    text: str
    name: str
    keyid: str
    body: str


def keys(home: Home) -> list[PublicKey]:
    """The hub's own verifier keys."""
    known = {
        "log": home.key_of(home.hub_origin).verifier,
        "bulletin": home.key_of(home.bulletin_origin).verifier,
        "cosigner": home.cosigner.verifier,
        "recovery": VerifierKey.parse(home.setting("recovery")),
    }
    return [
        PublicKey(
            role, str(key), key.name, key.keyid.hex(), str(key).rpartition("+" + key.keyid.hex() + "+")[2]
        )
        for role, key in known.items()
    ]


def own_logs(home: Home) -> list[Log]:
    """The hub's own log and the bulletin, as they stand."""
    with home.store.reading():
        return list(
            Log.select().where(Log.origin << [home.hub_origin, home.bulletin_origin]).order_by(Log.id)
        )


def settings(home: Home) -> list[tuple[str, Any]]:
    """(name, value) of every option; of a secret only whether there is one."""
    found: list[tuple[str, Any]] = []
    for one in fields(home.config):
        value = getattr(home.config, one.name)
        found.append((one.name, bool(value) if one.name in SECRET else value))
    return found
