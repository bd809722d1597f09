"""Every command of the hub as a real process: names, JSON, exit codes; files checked by the Go program."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.keys import VerifierKey
from common.log import checkpoint as checkpoints
from common.log import enrolment
from tests.goproof import checker
from tests.province import Author, Province, employer, end, person, serving, start
from tests.shell import Shell


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    """A hub that serves all the while: every command runs beside it."""
    made = Province(tmp_path_factory.mktemp("hub-cli"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def hub(province: Province) -> Shell:
    return Shell(province.path, "hub")


@pytest.fixture(scope="module")
def author(province: Province) -> Author:
    """A market with three records."""
    made = Author(province).enrol()
    items = [made.entry("worker", person(n)) for n in range(2)]
    assert made.push(*items, made.entry("employer", employer())).status_code == 200
    return made


@pytest.fixture(scope="session")
def goproof(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checker.build(tmp_path_factory.mktemp("goproof"))


def test_init_makes_a_home_once(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "home", "hub")
    init = ("init", "--domain", "lg.example", "--province", "37", "--admin", "boss")
    for wrong, code in (
        (("--province", "370"), "province"),
        (("--domain", "a b"), "origin_malformed"),
        (("--admin", "a b"), "login_form"),
        (("--db", "postgres://x"), "database_unsupported"),
    ):
        assert shell.json(*init, *wrong, code=1)["code"] == code and not shell.home.exists()
    made = shell.json(*init)
    assert set(made) == {"origin", "vkey", "cosigner", "admin", "first_password"}
    assert made["origin"] == "lg.example/hub/log/1" and VerifierKey.parse(made["vkey"]).name == made["origin"]
    if os.name == "posix":
        assert all(path.stat().st_mode & 0o77 == 0 for path in (shell.home / "keys").iterdir())
    assert shell.json(*init, code=1)["code"] == "home_exists"
    assert shell.json("verify") == {"ok": True, "entries": 0, "problems": []}
    assert shell.json("status")["state"] == "ready"


def test_usage_errors_exit_2(hub: Shell) -> None:
    for words in (("nothing",), ("enrol",), ("enrol", "37130201"), ("vkeys",), ("get",), ("enrol-file", "x")):
        assert hub.run(*words, code=2) == ""
    assert "Usage" in hub.run("--help", home=False) and "--approve" in hub.run("enrol", "--help")


def test_a_market_from_invitation_to_receipt(hub: Shell, province: Province) -> None:
    """enrol -> markets says invited; a request -> pending; approve -> open; its words are shown."""
    market = next(province.codes)
    invited = hub.json("enrol", market, "--name", "河东零工市场")
    assert set(invited) >= {"code"} and enrolment.parse_code(invited["code"])
    assert hub.run("enrol", market, "--name", "河东零工市场").strip() != invited["code"], "one line, one code"
    assert state_of(hub, market) == ("invited", None, 0)
    assert hub.json("approve", market, code=1)["code"] == "unknown_market"
    author = Author(province, market)
    assert author.ask_to_enrol(author.request(enrolment.parse_code(invited["code"]))).status_code == 200
    assert state_of(hub, market) == ("pending", author.origin, 0)
    assert author.push(author.entry("worker", person(1))).json()["code"] == "not_approved"
    approved = hub.json("approve", market)
    assert (approved["market"], approved["state"], len(approved["words"].split())) == (market, "open", 6)
    assert author.push(author.entry("worker", person(1))).status_code == 200
    assert state_of(hub, market) == ("open", author.origin, 1)
    row = next(row for row in hub.json("markets")["markets"] if row["code"] == market)
    assert set(row) >= {"code", "name", "origin", "state", "size", "last_contact", "problems"}
    assert row["last_contact"] and row["name"] == "河东零工市场"
    for wrong, code in (("11010101", "other_province"), ("3713020", "origin_malformed")):
        assert hub.json("enrol", wrong, "--name", "x", code=1)["code"] == code


def state_of(hub: Shell, market: str) -> tuple[str, str | None, int]:
    row = next(row for row in hub.json("markets")["markets"] if row["code"] == market)
    return row["state"], row["origin"], row["size"]


def test_enrolment_by_stick(hub: Shell, province: Province, tmp_path: Path) -> None:
    """The files are the messages; the same request brings the same answer."""
    node = Shell(tmp_path / "node")
    market = next(province.codes)
    node.json("init", "--market", market, "--name", "x", "--domain", "lg.example")
    code = hub.json("enrol", market, "--name", "x", "--approve")["code"]
    request, answer = tmp_path / "request", tmp_path / "answer"
    node.json("enrol", "--code", code, "-o", request)
    hub.json("enrol-file", request, "-o", answer)
    first = answer.read_bytes()
    hub.json("enrol-file", request, "-o", answer)
    assert answer.read_bytes() == first
    words = node.json("enrol", "--answer", answer, "--hub", province.url)["words"]
    assert hub.json("approve", market)["words"] == words
    assert node.json("sync")["state"] == "ok"
    request.write_bytes(b"nonsense")
    assert hub.json("enrol-file", request, "-o", answer, code=1)["code"] == "enrol_malformed"


def test_get(hub: Shell, author: Author, province: Province) -> None:
    found = hub.lines("get", "worker", "--market", author.code)
    assert [set(one) for one in found] == [{"id", "fields", "conflicts", "retired"}] * 2
    assert [one["id"] for one in found] == sorted(one["id"] for one in found)
    assert hub.lines("get", "worker", found[0]["id"]) == found[:1]
    assert hub.lines("get", "worker", "--market", "37999999") == []
    assert hub.json("get", "worker", found[0]["id"], "--market", "37999999", code=1)["code"] == "not_found"
    assert hub.json("get", "cat", code=1)["code"] == "unknown_kind"
    assert author.origin in {one["fields"]["origin"] for one in hub.lines("get", "register")}


def test_notes_keys_and_tiles_that_strangers_check(
    hub: Shell, author: Author, goproof: Path, tmp_path: Path
) -> None:
    """Of a market's log the receipt; of the hub's own logs its newest signed note."""
    log, cosigner = map(VerifierKey.parse, hub.run("vkeys", author.origin).splitlines())
    assert log == author.key.verifier and cosigner.name == "lg.example/hub/cosigner/1"
    note = tmp_path / "note"
    note.write_text(hub.run("checkpoint", author.origin))
    assert checkpoints.open_receipt(note.read_bytes(), log, cosigner)[0].size == 3
    assert checker.run(goproof, "receipt", log, cosigner, note)[0] == 0
    tiles = tmp_path / "tiles"
    assert hub.json("export-log", author.origin, tiles)["size"] == 3
    assert checker.run(goproof, "tiles", log, cosigner, tiles)[0] == 0
    for origin in ("lg.example/hub/log/1", "lg.example/hub/bulletin/1"):
        key = hub.json("vkeys", origin)["vkeys"][0]
        folder = tmp_path / origin.split("/")[2]
        hub.json("export-log", origin, folder)
        assert checker.run(goproof, "tiles", key, "-", folder)[0] == 0
        assert hub.json("checkpoint", origin)["note"].encode() == (folder / "checkpoint").read_bytes()
    for words in (("vkeys",), ("checkpoint",), ("export-log",)):
        more = (tmp_path / "none",) if words == ("export-log",) else ()
        assert hub.json(*words, "lg.example/market/37999999/log/1", *more, code=1)["code"] == "unknown_log"


def test_operators(hub: Shell) -> None:
    made = hub.json("operator", "add", "zhao", "--role", "auditor", "--name", "赵")
    assert set(made) == {"login", "role", "first_password"}
    assert hub.json("operator", "add", "zhao", code=1)["code"] == "login_taken"
    assert hub.json("operator", "reset", "zhao")["first_password"] != made["first_password"]
    assert hub.json("operator", "disable", "zhao") == {"login": "zhao", "active": False}
    assert hub.json("operator", "disable", "nobody", code=1)["code"]
    listed = {row["login"]: row for row in hub.json("operator", "list")["operators"]}
    assert listed["zhao"] == {"login": "zhao", "name": "赵", "role": "auditor", "active": False}


def test_status_rebuild_and_verify(hub: Shell, author: Author, province: Province) -> None:
    facts = hub.json("status")
    assert facts["state"] == "ready" and facts["markets"]["open"] >= 1 and facts["entries"] >= 3
    before = hub.run("get", "worker")
    assert hub.json("rebuild") == {"rebuilt": True}
    assert hub.run("get", "worker") == before
    report = hub.json("verify")
    assert report["ok"] and report["entries"] > 3 and "ok, " in hub.run("verify")
    with sqlite3.connect(province.path / "store.db") as connection:
        connection.execute("UPDATE worker SET name = name || 'x' WHERE _owner = ?", (author.code,))
    connection.close()
    report = hub.json("verify", code=4)
    assert {problem["table"] for problem in report["problems"]} == {"worker"}
    hub.json("rebuild")
    assert hub.json("verify")["ok"]


def test_serve_with_json_says_where(tmp_path: Path) -> None:
    """SIGTERM ends it with 0; the line is one JSON object where that was asked for."""
    shell = Shell(tmp_path / "home", "hub")
    shell.json("init", "--domain", "lg.example", "--province", "37")
    process, port = serving("hub", shell.home)
    assert end(process) == 0 and port
    process = start("hub", "serve", "--json", "--port", 0, "--home", shell.home, stdout=-1)
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["address"].startswith("http://127.0.0.1:")
    assert end(process) == 0
