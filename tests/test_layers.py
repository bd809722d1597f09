"""Arrows only point down: the imports of common, node and hub, held to the table in tests/layers.py.

Beyond imports: pure rooms call no clock and no source of randomness (both come in as arguments), nobody
imports by name at run time (that would pass unseen), and nobody outside common/store writes a replicated
table. The last tests are about the reader itself: it must see what is wrong and let pass what is right.
"""

from __future__ import annotations

import ast

import pytest

from tests.layers import (
    IMPURE_CALLS,
    MODULES,
    PROGRAMS,
    below,
    called,
    import_faults,
    imports,
    room_of,
    writing_faults,
)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_point_down(module: str) -> None:
    path, tree = MODULES[module]
    assert import_faults(module, tree, path.name == "__init__.py") == []


def test_node_and_hub_never_meet() -> None:
    for module, (path, tree) in MODULES.items():
        tops = {name.split(".")[0] for _, name in imports(module, tree, path.name == "__init__.py")}
        mine = module.split(".")[0]
        assert tops & set(PROGRAMS) <= {mine, "common"}, module


def test_nobody_imports_by_name_at_run_time() -> None:
    for module, (_, tree) in MODULES.items():
        for node in ast.walk(tree):
            assert called(node) not in ("import_module", "__import__"), (
                f"{module}:{getattr(node, 'lineno', 0)}"
            )


def test_pure_rooms_ask_neither_clock_nor_chance() -> None:
    for module, (_, tree) in MODULES.items():
        room = room_of(module)
        if room is None or not room.pure:
            continue
        defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        for node in ast.walk(tree):
            name = called(node)
            own = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and name in defined
            assert name not in IMPURE_CALLS or own, f"{module}:{node.lineno} calls {name}()"  # type: ignore[attr-defined]
            if room.prefix == "common.log" and isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert name not in ("open", "print", "input") or own, f"{module}:{node.lineno} calls {name}()"


def test_records_never_query() -> None:
    """Of peewee, common/records touches field classes, and Model to name a type; the store makes tables."""
    for module, (_, tree) in MODULES.items():
        if not below(module, "common.records"):
            continue
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "peewee"
            ):
                assert node.attr.endswith("Field") or node.attr == "Model", (
                    f"{module}:{node.lineno} {node.attr}"
                )
            if isinstance(node, ast.ImportFrom) and node.module == "peewee":
                names = {alias.name for alias in node.names}
                assert all(name.endswith("Field") or name == "Model" for name in names), f"{module} {names}"


def test_only_the_store_writes_replicated_tables() -> None:
    for module, (_, tree) in MODULES.items():
        if not below(module, "common.store"):
            assert writing_faults(module, tree) == []


WRONG = [
    ("common.log.entry", "import os"),
    ("common.log.entry", "from time import time"),
    ("common.log.entry", "import peewee"),
    ("common.log.entry", "from common.records import KINDS"),
    ("common.records.worker", "from common.log.entry import Entry"),
    ("common.records.worker", "import flask"),
    ("common.store.logs", "import requests"),
    ("common.store.logs", "from common.web import messages"),
    ("common.web.forms", "from common.store import Store"),
    ("common.web.forms", "from common import log"),
    ("common.keys", "from . import log"),
    ("node.market.workers", "from flask import request"),
    ("node.desks.workers", "from common.store import Store"),
    ("node.desks.workers", "def f():\n    import requests"),
    ("node.sync.loop", "import requests"),
    ("node.sync.loop", "from ..desks import workers"),
    ("node.market.workers", "import hub.province"),
    ("hub.roles.sync", "from common.log import push"),
    ("hub.roles.sync", "from hub.app import create_app"),
    ("node.helpers", "import re"),
]
RIGHT = [
    ("common.log.entry", "from common.errors import Invalid\nimport hashlib, msgspec"),
    ("node.cli", "from node.app import create_app\nimport click\nfrom common.store import Store"),
    ("node.desks.workers", "from node.market import workers\nfrom common.web import forms\nimport flask"),
    ("node.sync.hub_client", "import requests"),
    ("node.sync.loop", "from . import engine, hub_client\nfrom common.store import Store"),
    ("hub.province.intake", "from common.log.follower import advance\nfrom .registry import find"),
]


@pytest.mark.parametrize(("module", "text"), WRONG)
def test_the_reader_sees_a_wrong_import(module: str, text: str) -> None:
    assert import_faults(module, ast.parse(text), package=False)


@pytest.mark.parametrize(("module", "text"), RIGHT)
def test_the_reader_lets_a_right_import_pass(module: str, text: str) -> None:
    assert import_faults(module, ast.parse(text), package=False) == []


def test_the_reader_sees_a_write() -> None:
    wrong = "from common.records.worker import Worker\nWorker.insert({}).execute()"
    right = (
        "from common.store import Recorder\nwith recorder.open('a') as batch:\n    batch.put('worker', 1, {})"
    )
    assert writing_faults("node.market.workers", ast.parse(wrong))
    assert writing_faults("node.market.workers", ast.parse(right)) == []
