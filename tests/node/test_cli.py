"""Every command of the node as a real process: names, JSON, exit codes, and what stands on stdout.

F15 a row edited behind the program's back; F40 what is confirmed and what is not. What the commands give out
is also checked by the Go program that knows nothing of our code.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.keys import VerifierKey
from common.log import checkpoint as checkpoints
from common.log import payload, proof
from tests.faulty import Wire
from tests.goproof import checker
from tests.province import (
    ENVIRONMENT,
    TOP,
    Province,
    command,
    contract,
    employer,
    end,
    person,
    serving,
    start,
)
from tests.shell import Shell

CODE = "37130201"


@pytest.fixture
def node(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path / "home")
    shell.json("init", "--market", CODE, "--name", "兰山零工市场", "--domain", "lg.example")
    return shell


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    made = Province(tmp_path_factory.mktemp("cli"))
    assert next(made.codes) == CODE  # for the node that enrols below
    yield made
    made.close()


@pytest.fixture(scope="session")
def goproof(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checker.build(tmp_path_factory.mktemp("goproof"))


# -- init ------------------------------------------------------------


def test_init_makes_a_home_once(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "a" / "home")
    init = ("init", "--market", CODE, "--name", "兰山", "--domain", "lg.example", "--admin", "boss")
    assert shell.json(
        "init", "--market", CODE, "--name", "x", "--domain", "lg.example", "--admin", "a b", code=1
    )
    assert not shell.home.exists(), "what is refused leaves nothing in the way"
    for wrong in (("--market", "3713"), ("--name", " "), ("--domain", "no domain")):
        assert shell.json(*init, *wrong, code=1)["code"] and not shell.home.exists()
    made = shell.json(*init)
    assert set(made) == {"origin", "vkey", "admin", "first_password"}
    assert made["origin"] == f"lg.example/market/{CODE}/log/1" and made["admin"] == "boss"
    assert VerifierKey.parse(made["vkey"]).name == made["origin"]
    assert {"store.db", "keys", "lock"} <= {path.name for path in shell.home.iterdir()}
    if os.name == "posix":
        assert all(path.stat().st_mode & 0o77 == 0 for path in (shell.home / "keys").iterdir())
    before = (shell.home / "store.db").read_bytes()
    again = shell.json(*init, code=1)
    assert again["code"] == "home_exists" and (shell.home / "store.db").read_bytes() == before


def test_usage_errors_exit_2_and_homes_that_are_none_exit_1(node: Shell, tmp_path: Path) -> None:
    for words in (
        ("nothing",),
        ("put",),
        ("put", "worker", "/no/such/file"),
        ("put", "worker", "--actor", "a b"),
        ("receipt", "worker"),
        ("sync", "--no-such-option"),
        ("enrol", "--hub", "https://hub", "--code", "x", "-o", "y"),
        ("staff", "add", "x", "--role", "king"),
    ):
        assert node.run(*words, code=2) == ""
    node.run("status", home=False, code=2)
    away = Shell(tmp_path / "nowhere")
    assert away.json("status", code=1)["code"] == "no_home"
    (tmp_path / "nowhere").mkdir()
    (tmp_path / "nowhere" / "store.db").write_bytes(b"this is no database, whatever it is called" * 200)
    assert away.json("status", code=1)["code"] == "not_a_store"


def test_options_stand_before_the_command_or_after_it(node: Shell) -> None:
    """Also $YIZHAN_HOME; every command has --help."""
    one = node.run("--home", node.home, "--json", "status", home=False)
    two = node.run("status", "--json", "--home", node.home, home=False)
    done = subprocess.run(
        command("node", "--json", "status"),
        capture_output=True,
        cwd=TOP,
        env=ENVIRONMENT | {"YIZHAN_HOME": str(node.home)},
    )
    assert json.loads(one) == json.loads(two) == json.loads(done.stdout)
    assert "Usage" in node.run("--help", home=False) and "--actor" in node.run("put", "--help")
    assert "Usage" in node.run("staff", "add", "-h")


# -- put and get ------------------------------------------------------------


def test_put_answers_each_line_and_keeps_the_good_ones(node: Shell, tmp_path: Path) -> None:
    """Good lines land even if others are refused; every refusal names line, code and field."""
    first = person(1)
    wrong = person(2) | {"id_number": "371302198001010011"}
    file = tmp_path / "workers.jsonl"
    lines = [
        json.dumps({"set": first}).encode(),
        b"",
        b"{broken",
        b'{"set": 5}',
        b'{"set": {}, "what": 1}',
        json.dumps({"set": wrong}).encode(),
        json.dumps({"set": person(3) | {"shoe_size": 44}}).encode(),
        json.dumps({"set": first}).encode(),
        b"[" * 5000,
        b"\xff\xfe",
        b'{"set": {"name": "' + b"x" * (1 << 20) + b'"}}',
        json.dumps({"id": "not-an-id", "set": person(4)}).encode(),
        json.dumps({"set": person(5)}).encode(),  # without a newline at the end
    ]
    file.write_bytes(b"\n".join(lines))
    answers = node.lines("put", "worker", file, code=1)
    assert [answer.get("line", answer.get("warnings")) for answer in answers] == [
        [], 3, 4, 5, 6, 7, ["possible_same_person"], 9, 10, 11, 12, []
    ]  # fmt: skip
    assert all(set(answer) == {"id", "index", "leaf", "warnings"} for answer in answers if "id" in answer)
    refused = [answer for answer in answers if "line" in answer]
    assert all(set(answer) == {"line", "code", "field", "message"} for answer in refused)
    assert [(answer["code"], answer["field"]) for answer in refused[:5]] == [
        ("line_malformed", None),
        ("line_malformed", None),
        ("line_malformed", None),
        ("id_checksum", "id_number"),
        ("unknown_field", "shoe_size"),
    ]
    assert refused[7]["code"] == "too_long"
    found = node.lines("get", "worker")
    assert [one["id"] for one in found] == sorted(answer["id"] for answer in answers if "id" in answer)
    assert found[0] == node.lines("get", "worker", found[0]["id"])[0]
    assert set(found[0]) == {"id", "fields", "conflicts", "retired"}
    mine = next(one for one in found if one["fields"]["name"] == "王5")
    assert mine["fields"] == person(5), "what was written: no defaults, nothing derived"
    assert node.json("verify")["ok"]


def test_put_strict_writes_all_or_none(node: Shell) -> None:
    size = node.json("status")["size"]
    refused = node.put("worker", person(1), {"name": "x"}, person(2), code=1, options=("--strict",))
    assert [answer["line"] for answer in refused] == [2]
    assert node.json("status")["size"] == size and node.lines("get", "worker") == []
    answers = node.put("worker", person(1), person(2), options=("--strict", "--actor", "s7"))
    assert [answer["index"] for answer in answers] == [size, size + 1]


def test_put_of_changes_reasons_and_references(node: Shell) -> None:
    """A draft contract may name a draft job of an unverified employer; a block rule refuses; reasons stay."""
    [worker] = node.put("worker", person(1))
    [firm] = node.put("employer", employer())
    [young] = node.put("worker", person(2, born="20120101"))
    change = json.dumps({"id": worker["id"], "set": {"phone": "13800000001"}}).encode()
    [changed] = node.lines("put", "worker", "-", given=change)
    assert changed["id"] == worker["id"] and changed["index"] == worker["index"] + 3
    [again] = node.lines("put", "worker", given=change)
    assert again["index"] == changed["index"], "nothing changed, nothing was written"
    [paper] = node.put("contract", contract(firm["id"], worker["id"]))
    assert paper["warnings"] == []
    [refused] = node.put("contract", contract(firm["id"], young["id"]), code=1)
    assert refused["code"] == "under_16"
    [refused] = node.put("contract", contract(firm["id"], firm["id"]), code=1)
    assert (refused["code"], refused["field"]) == ("unknown_reference", "worker")
    given = json.dumps({"set": person(1), "reasons": {"possible_same_person": "双胞胎"}}).encode()
    [twin] = node.lines("put", "worker", given=given)
    assert node.lines("get", "worker", twin["id"])[0]["fields"]["reasons"] == {
        "possible_same_person": "双胞胎"
    }


def test_put_kinds_that_scripts_do_not_write(node: Shell) -> None:
    for kind, code in (
        ("verdict", "not_for_scripts"),
        ("register", "not_for_scripts"),
        ("cat", "unknown_kind"),
    ):
        assert node.json("put", kind, given=b'{"set":{}}\n', code=1)["code"] == code
    assert node.json("get", "cat", code=1)["code"] == "unknown_kind"
    assert node.json("get", "worker", "0192f7a0-8c1e-7b3a-9c55-3f1f0a2b4c5d", code=1)["code"] == "not_found"
    assert node.json("get", "worker", "x", code=1)["code"] == "not_found"


def test_put_with_a_partner_that_waits_for_each_answer(node: Shell) -> None:
    """A coprocess: one line, one answer, then the next; each answer only once the entry is durable."""
    process = start(
        "node", "put", "worker", "--home", node.home, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin and process.stdout
    other = sqlite3.connect(node.home / "store.db")
    for n in range(3):
        process.stdin.write(json.dumps({"set": person(n)}).encode() + b"\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        durable = other.execute("SELECT count(*) FROM entry WHERE record IS NOT NULL").fetchone()[0]
        assert durable == answer["index"] + 1
    process.stdin.close()
    assert process.wait(30) == 0
    process.stdout.close()
    other.close()


def test_a_reader_that_leaves_does_no_harm(node: Shell) -> None:
    node.put("worker", *[person(n) for n in range(50)])
    process = start(
        "node", "get", "worker", "--home", node.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout and process.stderr
    process.stdout.close()
    assert process.wait(30) in (0, 1) and process.stderr.read() == b""
    process.stderr.close()


# -- the log and the province ------------------------------------------------------------


def test_before_enrolment(node: Shell) -> None:
    """A node works alone for weeks: everything but a receipt is there."""
    assert node.json("sync", code=1)["state"] == "not_enrolled"
    facts = node.json("status")
    assert set(facts) >= {
        "market", "origin", "state", "size", "receipted", "pending", "oldest_pending", "last_sync",
        "last_error", "refused", "conflicts", "clock_skew_s",
    }  # fmt: skip
    assert (facts["market"], facts["state"], facts["receipted"], facts["pending"]) == (CODE, "ready", 0, 1)
    keys = node.run("vkeys").splitlines()
    assert len(keys) == 1
    note = node.run("checkpoint").encode()
    assert checkpoints.open(note, VerifierKey.parse(keys[0])).size == facts["size"]
    assert node.json("export-log", node.home / "tiles", code=1)["code"] == "no_receipt"
    assert node.json("enrol", "--hub", "http://hub.lg.example", "--code", "x", code=1)["code"] == "plain_http"
    bad = node.json("enrol", "--hub", "https://127.0.0.1:1", "--code", "ABCDEF-ABCDEF-ABCDEF", code=1)
    assert bad["code"] == "enrol_code_malformed"
    good = "000000-000000-000000"
    assert node.json("enrol", "--hub", "http://127.0.0.1:1", "--code", good, code=75)["code"] == "unreachable"


def test_the_whole_way_with_proofs_that_strangers_check(
    node: Shell, province: Province, goproof: Path, tmp_path: Path
) -> None:
    """enrol, sync, checkpoint, vkeys, receipt, export-log; the Go checker agrees with every file (F40)."""
    [worker] = node.put("worker", person(1))
    [firm] = node.put("employer", employer())
    [paper] = node.put("contract", contract(firm["id"], worker["id"]))
    node.put("worker", *[person(10 + n) for n in range(300)])
    early = tmp_path / "early.tlog-proof"
    assert node.json("receipt", "worker", worker["id"], "-o", early)["confirmed"] is False
    code = province.invite(CODE, approve=False)
    enrolled = node.json("enrol", "--hub", province.url, "--code", code)
    assert len(enrolled["words"].split()) == 6
    assert node.json("sync", code=4)["state"] == "not_approved"
    hub = Shell(province.path, "hub")
    assert hub.json("approve", CODE)["words"] == enrolled["words"]
    result = node.json("sync")
    assert set(result) == {
        "state", "pushed", "pulled", "size", "receipted", "set_aside", "conflicts", "seconds"
    }  # fmt: skip
    assert (result["state"], result["receipted"]) == ("ok", result["size"])
    log, cosigner = map(VerifierKey.parse, node.run("vkeys").splitlines())
    note = tmp_path / "checkpoint"
    note.write_text(node.run("checkpoint"))
    assert checkpoints.open_receipt(note.read_bytes(), log, cosigner)[0].size == result["size"]
    assert checker.run(goproof, "receipt", log, cosigner, note)[0] == 0
    file = tmp_path / "c.tlog-proof"
    assert node.json("receipt", "contract", paper["id"], "-o", file)["confirmed"] is True
    raw, index, head = proof.check(file.read_bytes(), log, cosigner)
    assert (index, head.size) == (paper["index"], result["size"]) and paper["id"].encode() in raw
    terms = payload.parse(Path(f"{file}.payload").read_bytes())
    assert terms["worker"] == worker["id"]
    assert checker.run(goproof, "proof", log, cosigner, file, f"{file}.payload")[0] == 0
    assert checker.run(goproof, "proof", log, cosigner, early)[0] == 1, "the early one is no receipt"
    assert checker.run(goproof, "proof", log, "-", early)[0] == 0
    tiles = tmp_path / "tiles"
    assert node.json("export-log", tiles)["size"] == result["size"]
    assert checker.run(goproof, "tiles", log, cosigner, tiles)[0] == 0
    assert node.json("export-log", tiles, code=1)["code"] == "folder_not_empty"
    node.put("worker", person(999))
    assert checkpoints.open(node.run("checkpoint").encode(), log).size == result["size"] + 1
    facts = node.json("status")
    assert (facts["pending"], facts["receipted"]) == (1, result["size"]) and facts["oldest_pending"]


def test_sync_states_and_their_exit_codes(province: Province, tmp_path: Path) -> None:
    node = Shell(tmp_path / "home")
    code = next(province.codes)
    node.json("init", "--market", code, "--name", "x", "--domain", "lg.example")
    wire = Wire(province.port)
    node.json("enrol", "--hub", wire.address, "--code", province.invite(code))
    assert node.json("sync")["state"] == "ok"
    wire.target = 1
    assert node.json("sync", code=75)["state"] == "offline"
    assert "state: offline" in node.run("sync", code=75)
    wire.target = province.port
    lock = (node.home / "lock").read_bytes()
    (node.home / "lock").unlink()
    assert node.json("sync", code=4)["state"] == "recovering"
    assert node.json("put", "worker", given=b'{"set":{}}\n', code=4)["code"] == "recovering"
    assert node.json("status")["state"] == "recovering" and not node.json("verify", code=4)["ok"]
    (node.home / "lock").write_bytes(lock)
    assert node.json("sync")["state"] == "ok"
    wire.close()


@pytest.mark.parametrize(
    ("sql", "table"),
    [  # the sqlite3 shell is nobody's friend
        (
            "UPDATE entry SET raw = CAST(replace(CAST(raw AS TEXT), 'worker', 'Worker') AS BLOB)",
            "entry",
        ),
        ("UPDATE entry SET payload = payload || 'x' WHERE place & 4294967295 = 1", "entry"),
        ("UPDATE worker SET name = '李四'", "worker"),
        ("DELETE FROM worker", "worker"),
        ("UPDATE log SET size = size - 1", "log"),
        ("UPDATE log SET note = CAST(replace(CAST(note AS TEXT), 'log/1', 'log/2') AS BLOB)", "log"),
    ],
)
def test_verify_finds_what_was_edited_behind_its_back(node: Shell, sql: str, table: str) -> None:
    """F14, F15: exit 4, and where; rebuild mends what only was a table of records."""
    node.put("worker", person(1))
    good = node.json("verify")
    assert good == {"ok": True, "entries": 2, "problems": []}
    with sqlite3.connect(node.home / "store.db") as connection:
        assert connection.execute(sql).rowcount
    connection.close()
    report = node.json("verify", code=4)
    assert not report["ok"] and table in {problem["table"] for problem in report["problems"]}
    assert all(
        set(problem) == {"table", "origin", "index", "record", "what"} for problem in report["problems"]
    )
    if table == "worker":
        assert node.json("rebuild") == {"rebuilt": True}
        assert node.json("verify")["ok"]


def test_a_file_that_is_damaged_as_a_file_is_named_as_such(node: Shell) -> None:
    node.put("worker", *[person(n) for n in range(50)])
    path = node.home / "store.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    raw = bytearray(path.read_bytes())
    raw[4096:] = os.urandom(len(raw) - 4096)
    path.write_bytes(raw)
    [problem] = node.json("verify", code=4)["problems"]
    assert problem["table"] == "store.db" and "malformed" in problem["what"]
    assert node.json("status", code=4)["code"] == "store_damaged"


# -- staff, and commands beside a running serve ------------------------------------------------------------


def test_staff(node: Shell) -> None:
    made = node.json("staff", "add", "wang", "--role", "reviewer", "--name", "王芳")
    assert set(made) == {"login", "role", "first_password"}
    assert node.json("staff", "add", "wang", code=1)["code"] == "login_taken"
    assert node.json("staff", "add", "a b", code=1)["code"] == "login_form"
    assert node.json("staff", "disable", "nobody", code=1)["code"]
    assert node.json("staff", "reset", "wang")["first_password"] != made["first_password"]
    assert node.json("staff", "disable", "wang") == {"login": "wang", "active": False}
    listed = {row["login"]: row for row in node.json("staff", "list")["staff"]}
    assert listed["wang"] == {"login": "wang", "name": "王芳", "role": "reviewer", "active": False}
    people = {one["fields"]["actor"]: one["fields"] for one in node.lines("get", "staff")}
    assert people[f"{CODE}.wang"]["active"] is False and people[f"{CODE}.admin"]["role"] == "manager"


def test_every_command_works_beside_a_running_serve(province: Province, tmp_path: Path) -> None:
    """No process keeps a head in memory: put here and there, a round beside the loop, verify in between."""
    node, code = Shell(tmp_path / "home"), next(province.codes)
    node.json("init", "--market", code, "--name", "x", "--domain", "lg.example")
    process, _ = serving("node", node.home)
    try:
        assert node.json("enrol", "--hub", province.url, "--code", province.invite(code))["words"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        writers = [start("node", "put", "worker", "--home", node.home, **pipes) for _ in range(2)]
        given = b"".join(json.dumps({"set": person(n)}).encode() + b"\n" for n in range(40))
        said = [writer.communicate(given, timeout=60)[0] for writer in writers]
        indexes = sorted(json.loads(line)["index"] for one in said for line in one.splitlines())
        assert indexes == list(range(1, 81)), "each entry has one place"
        while (result := node.json("sync"))["state"] == "in_progress":
            pass  # the loop's own round
        assert (result["state"], result["receipted"]) == ("ok", 81)
        assert node.json("verify")["entries"] > 81
        for words in (("rebuild",), ("staff", "add", "li"), ("checkpoint",)):
            node.json(*words)
    finally:
        assert end(process) == 0
    assert node.json("verify")["ok"]


def test_serve_says_where_and_refuses_a_taken_port(node: Shell) -> None:
    process, port = serving("node", node.home, "--no-sync")
    try:
        taken = Shell(node.home)
        taken.run("serve", "--no-sync", "--port", port, code=1)
        assert "in use" in taken.err
    finally:
        assert end(process) == 0
