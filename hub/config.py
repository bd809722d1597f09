"""Settings of the hub (`settings.toml` in its home)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Config:
    # address that `serve` listens on; put a TLS proxy before anything but loopback
    host: str = "127.0.0.1"
    port: int = 8460
    # address of a proxy whose forwarding headers are believed; empty: none
    trusted_proxy: str = ""
    # days that an enrolment code may be used, by this machine's clock only
    code_days: int = 7
    # token that /metrics asks for from other machines; empty: only loopback may read it
    metrics_token: str = ""
    # minutes without an act after which operators are logged out
    idle_minutes: int = 10
    # serve threads: each holds a database connection
    threads: int = 8
