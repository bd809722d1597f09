"""Settings of a node (`settings.toml` in its home)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Config:
    # address that `serve` listens on; 0.0.0.0 opens the pages to the hall's LAN
    host: str = "127.0.0.1"
    port: int = 8480
    # seconds between rounds of the sync loop when nothing new was written; a commit wakes it at once
    sync_seconds: int = 300
    # allow `enrol` over plain http to other machines: everything but log entries is then readable on the way
    allow_http: bool = False
    # minutes without an act after which staff are logged out; 0 would never log out and is refused
    idle_minutes: int = 10
    # printed on papers for complaints
    hotline: str = "12333"
    # serve threads: each holds a database connection
    threads: int = 6
