"""What the documents say is so: commands, options, error numbers and links.

docs/commands.md is held to the two programs in both directions: each command, argument and option of
yizhan-node and yizhan-hub has its place there, and nothing is described that does not exist. Every error code
the programs can raise has its Chinese sentence, and docs/errors.md lists them all. Links between documents
lead somewhere.
"""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import click
import pytest

TOP = Path(__file__).resolve().parent.parent
COMMANDS = TOP / "docs" / "commands.md"
PROGRAMS = {"yizhan-node": "node.cli", "yizhan-hub": "hub.cli"}
DOCUMENTS = [*TOP.glob("*.md"), *(TOP / "docs").glob("*.md")]
RAISED = ("Invalid", "Refused", "Tampered", "Unreachable", "Finding")
HEADING = re.compile(r"^(#{2,3}) (.+)$", re.MULTILINE)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")


def sections() -> dict[str, str]:
    """docs/commands.md by heading."""
    text = COMMANDS.read_text("utf-8")
    heads = list(HEADING.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return {head.group(2).strip(): text[head.end() : end] for head, end in zip(heads, ends, strict=True)}


def commands(program: str) -> dict[str, click.Command]:
    """Every command of a program that is not hidden, by its full name: `yizhan-node staff add`."""
    main = import_module(PROGRAMS[program]).main
    assert isinstance(main, click.Group), f"{PROGRAMS[program]}.main should be a click group"
    found: dict[str, click.Command] = {}

    def walk(name: str, command: click.Command) -> None:
        if isinstance(command, click.Group):
            context = click.Context(command, info_name=name)
            for part in command.list_commands(context):
                child = command.get_command(context, part)
                if child is not None and not child.hidden:
                    walk(f"{name} {part}", child)
        else:
            found[name] = command

    walk(program, main)
    return found


def long_options(command: click.Command) -> set[str]:
    """The --names of a command's options, those that switch off included."""
    options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    return {name for one in options for name in (*one.opts, *one.secondary_opts) if name.startswith("--")}


def described(program: str) -> set[str]:
    """The headings of docs/commands.md that name a command of this program."""
    return {head for head in sections() if head.startswith(program + " ")}


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_command_is_described_and_nothing_else(program: str) -> None:
    assert described(program) == set(commands(program))


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_option_and_argument_is_described_and_nothing_else(program: str) -> None:
    common = set(OPTION.findall(sections()["Every command"]))
    for name, command in commands(program).items():
        text = sections().get(name, "")
        said, real = set(OPTION.findall(text)), long_options(command)
        assert real - common <= said, f"{name}: not described: {sorted(real - common - said)}"
        assert said - common <= real, f"{name}: described, but not there: {sorted(said - common - real)}"
        if "--json" in said:
            assert "--json" in real, f"{name} has no --json"
        for argument in (one for one in command.params if isinstance(one, click.Argument)):
            shown = argument.human_readable_name.upper()
            assert shown in text, f"{name}: its argument {shown} is not described"


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_command_has_help(program: str) -> None:
    for name, command in commands(program).items():
        assert command.get_short_help_str(), f"{name} --help says nothing about what it does"
        for option in (one for one in command.params if isinstance(one, click.Option)):
            chosen = isinstance(option.type, click.Choice)  # shows its choices
            assert option.hidden or option.help or chosen, f"{name} {option.opts[0]} has no help"


def test_options_of_the_scripts_are_described() -> None:
    """What the README says of demo.py and check.py is what they take."""
    for document in (TOP / "README.md", TOP / "README.zh-CN.md"):
        text = document.read_text("utf-8")
        for script in ("demo.py", "check.py"):
            assert f"python3 scripts/{script}" in text, f"{document.name} does not name {script}"
            source = (TOP / "scripts" / script).read_text("utf-8")
            for option in re.findall(r'add_argument\(\s*"(--[a-z-]+)"', source):
                assert option in text, f"{document.name} does not describe {script} {option}"


def raised_codes() -> dict[str, str]:
    """Every code written out where an error or a finding is made: code -> file:line."""
    found: dict[str, str] = {}
    for package in ("common", "node", "hub"):
        for path in (TOP / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                    made = node.func
                    name = made.attr if isinstance(made, ast.Attribute) else getattr(made, "id", "")
                    if name in RAISED and isinstance(node.args[0].value, str):
                        found[node.args[0].value] = f"{path.relative_to(TOP)}:{node.lineno}"
    return found


def test_every_error_code_has_its_sentence() -> None:
    from common.web.messages import MESSAGES

    raised = raised_codes()
    assert len(raised) > 50, "hardly any code found: is this test looking right?"
    assert {code: place for code, place in raised.items() if code not in MESSAGES} == {}


def test_error_numbers_are_well_formed_and_never_shared() -> None:
    from common.web.messages import MESSAGES

    numbers = [number for number, _ in MESSAGES.values()]
    assert len(numbers) == len(set(numbers))
    for code, (number, words) in MESSAGES.items():
        assert re.fullmatch(r"Y-[1-5]\d{3}", number), code
        assert re.search(r"[\u4e00-\u9fff]", words) and "|" not in words, code


def test_the_list_of_errors_is_up_to_date() -> None:
    import error_list

    fresh = error_list.text()
    stored = (TOP / "docs" / "errors.md").read_text("utf-8")
    assert stored == fresh, "run scripts/error_list.py"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text("utf-8")):
        if not re.match(r"[a-z]+:", target):
            path, _, _ = target.partition("#")
            assert not path or (document.parent / path).exists(), f"{document.name} links to {target}"


def test_the_documents_are_there() -> None:
    expected = {
        "README.md",
        "README.zh-CN.md",
        "ARCHITECTURE.md",
        "PROTOCOL.md",
        "CHANGELOG.md",
        "commands.md",
    }
    assert expected <= {path.name for path in DOCUMENTS}
