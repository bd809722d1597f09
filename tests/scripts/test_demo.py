"""The demonstration as a new user runs it: played once, served again, and nothing left behind by force."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

TOP = Path(__file__).resolve().parent.parent.parent
DEMO = [sys.executable, str(TOP / "scripts" / "demo.py")]
KEYS = {"ok", "markets", "entries", "receipted", "offline_minutes_simulated", "seconds"}
pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def first(data):
    return run(data)


def run(data):
    """(exit code, last line as JSON, all of stdout)."""
    done = subprocess.run(
        [*DEMO, "--once", "--json", "--data", str(data)], capture_output=True, text=True, timeout=280
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout.splitlines()[-1]), done.stdout + done.stderr


def processes_of(data):
    """Command lines of running processes that name this folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if str(data) in line and "demo.py" not in line:
            found.append(line)
    return found


def test_a_morning_is_played_and_everything_is_confirmed(data, first):
    code, said, told = first
    assert code == 0, told
    assert said.keys() == KEYS and said["ok"] is True and said["markets"] == 3
    assert said["entries"] == said["receipted"] > 2500
    assert said["offline_minutes_simulated"] == 130 and said["seconds"] > 0
    for words in ("周胜春", "刘杰", "暂时连不上省平台，本市场照常工作", "已由省平台确认", "admin"):
        assert words in told
    assert {path.name for path in data.iterdir() if (path / "store.db").exists()} == {
        "hub", "node-37130201", "node-37078501", "node-37070501",
    }  # fmt: skip
    assert stat.S_IMODE((data / "demo.json").stat().st_mode) == 0o600, "it holds passwords"
    assert len(list((data / "proofs").glob("*.tlog-proof"))) == 3
    assert not processes_of(data)


def test_a_second_time_it_serves_what_is_there(data, first):
    code, said, told = run(data)
    assert code == 0, told
    assert (said["ok"], said["entries"], said["receipted"]) == (
        True,
        first[1]["entries"],
        first[1]["entries"],
    )
    assert said["offline_minutes_simulated"] == 0
    rows = re.compile(r"(?:http\S+)|(?:admin|chuangkou|shenhe) +\S+")
    assert rows.findall(told) == rows.findall(first[2]), "the same addresses and passwords"


def test_the_table_lets_a_person_in_and_kill_leaves_nothing_behind(data, first):
    demo = subprocess.Popen([*DEMO, "--data", str(data)], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        said = read_until(demo, b"shenhe", 3)
        hall = re.search(r"兰山零工市场 +(http://\S+) +admin +(\S+)", said)
        clerk = re.search(r"chuangkou +(\S+)", said)
        assert logged_in(hall[1], "chuangkou", clerk[1]) == "/today"
        assert logged_in(hall[1], "admin", hall[2]) == "/settings/password", (
            "a first password must be changed"
        )
        hub = re.search(r"省平台 +(http://\S+) +admin +(\S+)", said)
        assert logged_in(hub[1], "admin", hub[2]) == "/settings/password"
        assert len(processes_of(data)) == 4
    finally:
        os.kill(demo.pid, signal.SIGKILL)
        demo.wait()
        demo.stdout.close()
    until = time.monotonic() + 20
    while processes_of(data) and time.monotonic() < until:
        time.sleep(0.2)
    assert not processes_of(data)


def read_until(demo, word, times):
    """Standard output up to the line that holds `word` for the last of so many times."""
    said, seen = b"", 0
    while seen < times:
        line = demo.stdout.readline()
        assert line, said.decode()
        said += line
        seen += word in line
    return said.decode()


def logged_in(address, login, password):
    """The path where a person lands."""
    session = requests.Session()
    page = session.get(f"{address}/login", timeout=20).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    given = {"login": login, "password": password, "csrf_token": token}
    return session.post(f"{address}/login", data=given, timeout=20).url.removeprefix(address)


def test_what_is_in_the_way_is_never_touched(tmp_path):
    (tmp_path / "hub").mkdir()
    done = subprocess.run(
        [*DEMO, "--once", "--data", str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1 and "no finished demonstration" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["hub"]


def test_help_needs_no_environment():
    done = subprocess.run(
        [sys.executable, "-S", *DEMO[1:], "--help"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and "--once" in done.stdout and "--data" in done.stdout
