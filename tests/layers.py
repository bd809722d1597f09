"""Who may import what: the table of rooms, and the reading of imports that holds the tree to it.

The table ROOMS is the rule. A room lists everything that it may import from this project and from outside;
the standard library is free but for what a room bans. What is not listed is a mistake, so a new dependency
or a new arrow is a decision made here, in sight, and no accident. A file that belongs to no room is a mistake
as well. tests/test_layers.py reads the tree by this table, and tests the table itself with wrong imports.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
PROGRAMS = ("common", "node", "hub")

# Disk, clock, network, processes, chance: none of them in a room that is only bytes in and values out.
WORLD = frozenset(
    "os io pathlib shutil tempfile glob fcntl mmap sqlite3 logging time datetime calendar socket ssl select "
    "selectors asyncio http urllib.request urllib.error ftplib smtplib subprocess multiprocessing threading "
    "signal random secrets uuid sys platform getpass".split()
)
NETWORK = frozenset(
    "socket ssl select selectors asyncio http urllib.request urllib.error ftplib smtplib".split()
)
IMPURE_CALLS = frozenset(
    "now utcnow today monotonic perf_counter urandom token_bytes uuid1 uuid4 uuid7".split()
)
WRITING_CALLS = frozenset(
    "insert insert_many insert_from replace replace_many create bulk_create bulk_update get_or_create "
    "update delete delete_by_id delete_instance set_by_id save truncate_table drop_table".split()
)

BASE = "common.errors"
SHARED = (BASE, "common.config", "common.keys")
STORED = (*SHARED, "common.data", "common.records", "common.log", "common.store")
PAGES = (
    "flask flask_wtf flask_login flask_limiter wtforms werkzeug markupsafe itsdangerous jinja2 segno".split()
)
TOOLS = "msgspec uuid_utils structlog".split()


@dataclass(frozen=True)
class Room:
    """A part of the house: the modules below `prefix`, and what they may reach."""

    prefix: str
    ours: tuple[str, ...]  # modules of this project, with all that is below each
    theirs: tuple[str, ...] = ()  # top-level names of other projects
    banned: frozenset[str] = frozenset()  # of the standard library
    pure: bool = False


def program(name: str, trade: str, faces: str) -> list[Room]:
    """The rooms of one program: `trade` is what it does (market, province), `faces` are its pages."""
    own = tuple(f"{name}.{part}" for part in ("config", "home", "local", "version"))
    inner = (f"{name}.{trade}", f"{name}.{faces}", f"{name}.sync")
    everything = (name, *PROGRAMS[:1])
    outside = (
        *PAGES,
        *TOOLS,
        "click",
        "waitress",
        "requests",
        "urllib3",
        "cryptography",
        "peewee",
        "playhouse",
    )
    return [
        Room(f"{name}.config", SHARED),
        Room(f"{name}.version", ()),
        # An opened home folder: store, keys, lock and clock wired once, for pages and commands alike.
        Room(f"{name}.home", (*STORED, *own), ("cryptography", *TOOLS), NETWORK - {"socket"}),
        Room(f"{name}.local", (*STORED, *own), ("peewee", "playhouse", "cryptography", *TOOLS), NETWORK),
        Room(inner[0], (*STORED, *own, inner[0]), ("peewee", "segno", "cryptography", *TOOLS), NETWORK),
        Room(inner[1], (BASE, "common.data", "common.web", *inner[:2], *own), (*PAGES, "structlog"), NETWORK),
        Room(f"{name}.app", everything, outside),
        Room(f"{name}.cli", everything, outside),
        Room(f"{name}.commands", everything, outside),
        Room(name, ()),  # its __init__ only
    ]


ROOMS = [
    Room("common.errors", ()),
    Room("common.keys", (BASE,), ("cryptography",), NETWORK),
    Room("common.cli", (BASE,), ("click", "msgspec"), NETWORK),
    Room("common.config", (BASE,), ("msgspec",), NETWORK),
    Room("common.data", (BASE, "common.data"), (), NETWORK),
    # msgspec: payloads are parsed 100,000 at a time, and it is four times as fast as the standard library.
    Room("common.log", (BASE, "common.keys", "common.log"), ("msgspec",), WORLD, pure=True),
    # From peewee only the classes a field or a table is declared with (test_records_never_query).
    Room(
        "common.records",
        (BASE, "common.data", "common.records"),
        ("peewee", "msgspec", "stdnum"),
        WORLD - {"datetime", "uuid"},
        pure=True,
    ),
    # cryptography: Argon2id for the accounts of staff and operators.
    Room("common.store", STORED, ("peewee", "playhouse", "cryptography", *TOOLS), NETWORK),
    Room(
        "common.web",
        (BASE, "common.config", "common.data", "common.records", "common.web"),
        (*PAGES, "structlog", "waitress", "cryptography"),
        NETWORK - {"socket"},  # serve.py listens
    ),
    Room("common", ()),
    *program("node", "market", "desks"),
    # The one place whence the node speaks to the network, and the rest of the room that drives it.
    Room("node.sync.hub_client", (*SHARED, "common.log", "node.sync"), ("requests", "urllib3", *TOOLS)),
    Room("node.sync.engine", (BASE, "common.log", "node.sync"), (), WORLD, pure=True),
    Room(
        "node.sync",
        (*STORED, "node.config", "node.home", "node.local", "node.version", "node.sync"),
        ("peewee", *TOOLS),
        NETWORK,
    ),
    *program("hub", "province", "roles"),
]
OUTERMOST = ("app", "cli", "commands")


def below(module: str, prefix: str) -> bool:
    """Is this module the one called `prefix`, or inside it?"""
    return module == prefix or module.startswith(prefix + ".")


def room_of(module: str) -> Room | None:
    """The narrowest room a module is in. A bare package's room holds its __init__ only."""
    found = [room for room in ROOMS if below(module, room.prefix)]
    room = max(found, key=lambda one: len(one.prefix), default=None)
    return None if room and room.prefix in PROGRAMS and module != room.prefix else room


def modules() -> dict[str, tuple[Path, ast.Module]]:
    """Every module of ours: dotted name -> file and tree."""
    found = {}
    for top in PROGRAMS:
        for path in sorted((TOP / top).rglob("*.py")):
            parts = path.relative_to(TOP).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = path, ast.parse(path.read_text("utf-8"), str(path))
    return found


MODULES = modules()


def imports(module: str, tree: ast.Module, package: bool) -> Iterator[tuple[int, str]]:
    """(line, full dotted name) of all that is imported anywhere in a module, names out of one included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")
            if node.level:
                base = base[: len(base) - node.level + package]
            start = ".".join([*(base if node.level else ()), *([node.module] if node.module else ())])
            for alias in node.names:
                yield node.lineno, f"{start}.{alias.name}"


def allowed(room: Room, name: str) -> bool:
    """May this room import this dotted name?"""
    top = name.split(".")[0]
    if name == room.prefix.split(".")[0]:
        return True  # the bare package, to ask where it lies
    if top in PROGRAMS:
        inside = room.prefix not in PROGRAMS and below(name, room.prefix)
        return inside or any(below(name, one) for one in room.ours)
    if top in sys.stdlib_module_names:
        return not any(below(name, one) for one in room.banned)
    return top in room.theirs


def import_faults(module: str, tree: ast.Module, package: bool) -> list[str]:
    """What a module imports and must not, a line each."""
    room = room_of(module)
    if room is None:
        return [f"{module} belongs to no room of ROOMS"]
    faults = []
    for line, name in imports(module, tree, package):
        if not allowed(room, name):
            faults.append(f"{module}:{line} must not import {name}")
        elif outermost(name) and not outermost(module):
            faults.append(f"{module}:{line} imports {name}, which nobody may")
    return faults


def outermost(module: str) -> bool:
    """Does a module belong to a program's outermost part (app, cli, commands)?"""
    parts = module.split(".")
    return parts[0] in PROGRAMS[1:] and parts[1:2] != [] and parts[1] in OUTERMOST


def called(node: ast.AST) -> str:
    """The last name of what is called: `now` of datetime.now(); empty if this is no call."""
    if not isinstance(node, ast.Call):
        return ""
    target = node.func
    return (
        target.attr
        if isinstance(target, ast.Attribute)
        else target.id
        if isinstance(target, ast.Name)
        else ""
    )


def writing_faults(module: str, tree: ast.Module) -> list[str]:
    """Calls such as Worker.insert(…) on a class out of common.records or common.store.tables, a line each."""
    shared = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("common.")
        if below(node.module, "common.records") or below(node.module, "common.store.tables")
        for alias in node.names
        if alias.name[:1].isupper() and not alias.name.startswith("Local")  # classes of replicated tables
    }
    return [
        f"{module}:{node.lineno} {node.func.value.id}.{node.func.attr}()"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in WRITING_CALLS
        if isinstance(node.func.value, ast.Name) and node.func.value.id in shared
    ]
