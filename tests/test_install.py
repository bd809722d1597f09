"""What a fresh machine installs is what setup.cfg asks for, locked and hashed, wherever pip may look for it.

The lock is only as good as its weakest line: every package has its version and hashes, none names a host, and
the versions are ones that setup.cfg allows. `.venv` itself is made from it by scripts/environment.py.
"""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import environment

TOP = Path(__file__).resolve().parent.parent
LOCK = (TOP / "requirements.lock").read_text("utf-8")


def locked() -> dict[str, set[str]]:
    """Package -> versions in the lock (two where platforms or Pythons differ)."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", LOCK, re.MULTILINE):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def wanted() -> list[Requirement]:
    """Everything setup.cfg asks for, extras included."""
    config = configparser.ConfigParser()
    config.read(TOP / "setup.cfg", "utf-8")
    texts = [config["options"]["install_requires"], *config["options.extras_require"].values()]
    return [Requirement(line) for text in texts for line in text.splitlines() if line.strip()]


def test_the_lock_holds_what_setup_cfg_asks_for() -> None:
    assert len(wanted()) > 20
    for requirement in wanted():
        versions = locked().get(canonicalize_name(requirement.name), set())
        assert versions, f"{requirement.name} is not locked"
        assert all(requirement.specifier.contains(one) for one in versions), (requirement, versions)


def test_every_locked_package_has_hashes() -> None:
    starts = [match.start() for match in re.finditer(r"^[A-Za-z0-9][^\n]*==", LOCK, re.MULTILINE)]
    for start, end in zip(starts, [*starts[1:], len(LOCK)], strict=True):
        assert "--hash=sha256:" in LOCK[start:end], LOCK[start : start + 60]


def test_neither_lock_nor_settings_name_a_host() -> None:
    for name in ("requirements.lock", "setup.cfg", "pyproject.toml"):
        text = (TOP / name).read_text("utf-8")
        assert not re.search(r"https?://|--(extra-)?index-url|--find-links|--trusted-host", text), name


def test_the_build_needs_only_locked_packages() -> None:
    with (TOP / "pyproject.toml").open("rb") as file:
        build = tomllib.load(file)["build-system"]["requires"]
    for line in build:
        requirement = Requirement(line)
        assert all(
            requirement.specifier.contains(one) for one in locked()[canonicalize_name(requirement.name)]
        )


def test_the_commands_start() -> None:
    for name in ("yizhan-node", "yizhan-hub"):
        done = subprocess.run(
            [Path(sys.prefix, "bin", name), "--help"], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0 and "Usage" in done.stdout, done.stderr


def test_a_python_that_is_too_old_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer; this is Python 3\.9"):
        environment.find_python()


def test_a_missing_package_that_may_not_be_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "root_right", lambda: None)
    environment.ensure_packages({"python3": sys.executable})
    with pytest.raises(SystemExit, match="apt-get install -y --no-install-recommends chromium"):
        environment.ensure_packages({"chromium": "/nowhere/chromium"})


def test_what_pip_says_is_told_in_plain_words() -> None:
    assert "could not be reached" in environment.explain("ERROR: x: Temporary failure in name resolution")
    assert "differs from the locked one" in environment.explain(
        "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES"
    )
    assert "disk is full" in environment.explain("OSError: [Errno 28] No space left on device")
