"""Checks everything: formats, lint, types, and all tests, the browser's and the crash tests included.

    python3 scripts/check.py            everything; what CI runs (through .ci/run, which sets CI=true)
    python3 scripts/check.py --quick    without browser, crash and timing tests
    python3 scripts/check.py -k WORDS   only the tests whose names match (pytest's -k); all stages

Rules it keeps:
- Needs only Python 3.11 to begin with: `.venv` comes from the lock, Debian packages from apt where that is
  allowed; where it is not, the first stage says what to install and counts as failed.
- The test stages together run every test there is: they select by mark and are each other's complement.
  Those marked crash or alone run one at a time. A stage that finds no test has failed, unless -k was given.
- With CI=true nothing may be skipped (tests/no_skips.py turns a skip into a failure).
- The last line is always `N passed, N failed`: tests as counted in pytest's own JUnit files, and among the
  failed one more for every other stage that did not hold. Exit 0 only if nothing failed; 130 after Ctrl-C.
- Ctrl-C or SIGTERM stops the running stage with all its processes before this one ends.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import environment

TOP = environment.TOP
STAGE_LIMIT = 45 * 60  # seconds: a hung test must not hold a machine for ever
STOP_PATIENCE = 15  # seconds a stopped stage has to put its processes away
DEBIAN = {
    "chromium": "/usr/bin/chromium",
    "fonts-noto-cjk": "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "golang-go": "/usr/bin/go",
    "golang-golang-x-mod-dev": "/usr/share/gocode/src/golang.org/x/mod/sumdb/note/note.go",
}
BROWSER_ONLY = ("chromium", "fonts-noto-cjk")
NO_TESTS = 5  # pytest's exit code when it found nothing to run


@dataclass
class Outcome:
    """How one stage ended; passed and failed count tests (or, for other stages, failed the stage itself)."""

    name: str
    seconds: float = 0.0
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    note: str = ""


def tool(name: str, *arguments: str) -> Outcome:
    """A stage that is one command: silent while it holds, its whole output if it does not."""
    with tempfile.TemporaryFile() as output:
        code = run([str(environment.command(name)), *arguments], output.fileno())
        output.seek(0)
        if code:
            print(output.read().decode("utf-8", "replace"), flush=True)
    return Outcome("", failed=int(code != 0))


def packages(quick: bool) -> Outcome:
    """Debian's packages: a browser with Chinese fonts, and Go for the independent proof checker."""
    wanted = {name: path for name, path in DEBIAN.items() if not (quick and name in BROWSER_ONLY)}
    try:
        environment.ensure_packages(wanted)
    except SystemExit as refusal:
        print(refusal, flush=True)
        return Outcome("", failed=1)
    return Outcome("")


def pytest(marks: str, words: str | None, *more: str) -> Outcome:
    """One pytest run over the tests that carry these marks; counts come from its JUnit file."""
    with tempfile.TemporaryDirectory() as folder:
        junit = Path(folder, "junit.xml")
        line = [str(environment.PYTHON), "-m", "pytest", "-q", "-p", "tests.no_skips", "-m", marks]
        line += [f"--junitxml={junit}", *more, *(["-k", words] if words else [])]
        code = run(line, None)
        outcome = count(junit)
    if code == NO_TESTS:
        outcome.note = "no test fits"
        outcome.failed = 0 if words else 1
    elif code and not outcome.failed:
        outcome.note = f"pytest ended with {code}"
        outcome.failed = 1
    return outcome


def count(junit: Path) -> Outcome:
    """The counts of a JUnit file; zeros if pytest did not live to write one."""
    outcome = Outcome("")
    if junit.exists():
        for suite in ElementTree.parse(junit).getroot().iter("testsuite"):
            total, broken, errors, skipped = (
                int(suite.get(key, "0")) for key in ("tests", "failures", "errors", "skipped")
            )
            outcome.failed += broken + errors
            outcome.skipped += skipped
            outcome.passed += max(0, total - broken - errors - skipped)
    return outcome


def run(line: list[str], output: int | None) -> int:
    """Run one command to its end, in a process group of its own so that it can be stopped as a whole."""
    child = subprocess.Popen(line, cwd=TOP, stdout=output, stderr=output, start_new_session=True)
    try:
        return child.wait(timeout=STAGE_LIMIT)
    except subprocess.TimeoutExpired:
        print(f"still running after {STAGE_LIMIT // 60} minutes: stopped", flush=True)
        stop(child)
        return 1
    except KeyboardInterrupt:
        stop(child)
        raise


def stop(child: subprocess.Popen[bytes]) -> None:
    """Interrupt a command as Ctrl-C would, so that tests end their servers; then kill what is left of it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(timeout=STOP_PATIENCE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def stages(options: argparse.Namespace) -> list[tuple[str, Callable[[], Outcome]]]:
    """The stages of this run, in order, each with its name."""
    words, jobs = options.k, str(options.jobs)
    plan: list[tuple[str, Callable[[], Outcome]]] = [
        ("packages", lambda: packages(options.quick)),
        ("formats", lambda: tool("ruff", "format", "--check", "--output-format=concise", ".")),
        ("lint", lambda: tool("ruff", "check", "--output-format=concise", ".")),
        ("types", lambda: tool("mypy")),
        ("tests", lambda: pytest("not browser and not crash and not alone", words, "-n", jobs)),
    ]
    if not options.quick:
        plan.append(("crash tests", lambda: pytest("(crash or alone) and not browser", words)))
        plan.append(("browser tests", lambda: pytest("browser", words)))
    return plan


def work_through(plan: list[tuple[str, Callable[[], Outcome]]], done: list[Outcome]) -> None:
    """Run the stages one after the other, each to its end whatever became of those before it."""
    for number, (name, stage) in enumerate(plan, 1):
        print(f"[{number}/{len(plan)}] {name} …", flush=True)
        begun = time.monotonic()
        outcome = stage()
        outcome.name, outcome.seconds = name, time.monotonic() - begun
        done.append(outcome)
        print(f"[{number}/{len(plan)}] {describe(outcome)}", flush=True)


def describe(outcome: Outcome) -> str:
    """One stage as one line."""
    counts = f"{outcome.passed} passed, {outcome.failed} failed" if "tests" in outcome.name else ""
    if outcome.skipped:
        counts += f", {outcome.skipped} skipped"
    state = "FAILED" if outcome.failed else "ok"
    words = f"{outcome.name:<14} {state:<7}{outcome.seconds:7.1f} s  {counts}"
    return f"{words} ({outcome.note})" if outcome.note else words.rstrip()


def main() -> int:
    """Parse the options, run the stages, print the table and the last line."""
    parser = argparse.ArgumentParser(description="Check everything: formats, lint, types, all tests.")
    parser.add_argument("--quick", action="store_true", help="leave out browser, crash and timing tests")
    parser.add_argument("-k", metavar="WORDS", help="only tests whose names match, as in pytest -k")
    parser.add_argument("--jobs", type=int, default=2, help="test processes side by side (default 2)")
    options = parser.parse_args()
    environment.enter()
    for number in (signal.SIGINT, signal.SIGTERM):  # SIGINT too: a shell's background job inherits it ignored
        signal.signal(number, signal.default_int_handler)
    done: list[Outcome] = []
    begun, stopped = time.monotonic(), False
    try:
        work_through(stages(options), done)
    except KeyboardInterrupt:
        stopped = True
    took = f"{time.monotonic() - begun:.0f} s"
    print(f"\nstopped before the end, after {took}" if stopped else f"\nall stages took {took}")
    for outcome in done:
        print("  " + describe(outcome))
    failed = sum(outcome.failed for outcome in done)
    print(f"{sum(outcome.passed for outcome in done)} passed, {failed} failed", flush=True)
    return 130 if stopped else int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
