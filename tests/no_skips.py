"""A pytest plugin for scripts/check.py (`-p tests.no_skips`): sorts tests into stages, lets none slip away.

Rules it keeps:
- Every test below tests/browser carries the mark `browser`, every test below tests/crash the mark `crash`,
  whether its author thought of it or not: the stages of check.py select by mark, and together select all.
- With CI=true a skipped or expected-to-fail test, or a file that skips itself while it is imported, *is* a
  failure, in the exit code, on the screen and in the JUnit file. A check that did not run has shown nothing.
- Without it, skips stay what they are: somebody's laptop may lack Go or Chromium.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
MARKED_FOLDERS = {"browser": pytest.mark.browser, "crash": pytest.mark.crash}


def strict() -> bool:
    """Is this a run in which nothing may be skipped?"""
    return os.environ.get("CI", "").lower() in ("true", "1")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark by folder, before `-m` selects."""
    for item in items:
        if item.path.is_relative_to(TESTS):
            mark = MARKED_FOLDERS.get(item.path.relative_to(TESTS).parts[0])
            if mark is not None:
                item.add_marker(mark)


# tryfirst makes a wrapper the outermost one: it sees the report after pytest applied skip and xfail to it.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skipped or xfailed test becomes a failed one."""
    report = yield
    if strict() and report.skipped:
        why = getattr(report, "wasxfail", None)
        report.longrepr = f"{report.nodeid}: nothing may be skipped here: {why or reason(report.longrepr)}"
        report.outcome = "failed"
        if why is not None:
            del report.wasxfail  # or pytest would still count it as an expected failure
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A module that skips itself becomes one that could not be collected."""
    report = yield
    if strict() and report.outcome == "skipped":
        report.longrepr = f"{report.nodeid}: nothing may be skipped here: {reason(report.longrepr)}"
        report.outcome = "failed"
    return report


def reason(longrepr: object) -> str:
    """The reason in a skip's (file, line, reason), or whatever else there is, as text."""
    return str(longrepr[2]) if isinstance(longrepr, tuple) and len(longrepr) == 3 else str(longrepr)
