"""What both command lines share: where the home is, how results and errors leave the process.

Exit codes: 0 done · 1 something was refused (said why) · 2 usage · 4 a person is needed · 75 the other side
could not be reached (nothing lost). With `--json`, stdout holds one JSON object and nothing else (what was
refused: {"code", "message", "field"}); everything for people goes to stderr then. Every command takes
`--home` and `--json`, before its name or after it.
"""

from __future__ import annotations

import functools
import gc
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeVar

import click
import msgspec

import common
from common.errors import Tampered, Unreachable, YizhanError

DONE, REFUSED, USAGE, PERSON, AWAY = 0, 1, 2, 4, 75
HOME_HELP = "Folder of the home; also $YIZHAN_HOME."
Command = TypeVar("Command", bound=Callable[..., Any])


def home_option(command: Command) -> Command:
    """`--home`, given before the command or after it; the command gets a Path `home`."""

    @click.option("--home", "home_here", metavar="DIR", help=HOME_HELP)
    @click.pass_context
    @functools.wraps(command)
    def wrapped(context: click.Context, home_here: str | None, *args: Any, **options: Any) -> Any:
        found = home_here or (context.obj or {}).get("home")
        if not found:
            raise click.UsageError("no home: give --home DIR or set YIZHAN_HOME")
        return command(*args, home=Path(found), **options)

    return wrapped  # type: ignore[return-value]


def json_option(command: Command) -> Command:
    """`--json`, given before the command or after it; the command gets a bool `as_json`. What it raises is
    told on stdout too."""

    @click.option("--json", "json_here", is_flag=True, help="Print one JSON object on stdout.")
    @click.pass_context
    @functools.wraps(command)
    def wrapped(context: click.Context, json_here: bool, *args: Any, **options: Any) -> Any:
        as_json = json_here or bool((context.obj or {}).get("json"))
        try:
            return command(*args, as_json=as_json, **options)
        except YizhanError as error:
            if as_json:
                out({"code": error.code, "message": error.message, "field": error.field})
            raise

    return wrapped  # type: ignore[return-value]


class Program(click.Group):
    """A program's commands; called (by its console script) it runs and ends the process."""

    tree: Path

    def __call__(self, *args: Any, **options: Any) -> NoReturn:
        run(self)


def program(name: str, file: str, help: str) -> Program:
    """The commands of the program in `file`, with the options that may stand before the command."""

    @click.group(name=name, cls=Program, help=help, context_settings={"help_option_names": ["-h", "--help"]})
    @click.option("--home", envvar="YIZHAN_HOME", metavar="DIR", help=HOME_HELP)
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
    @click.pass_context
    def group(context: click.Context, home: str | None, as_json: bool) -> None:
        context.obj = {"home": home, "json": as_json}

    assert isinstance(group, Program)
    group.tree = Path(file).resolve().parent.parent
    return group


def run(group: Program) -> NoReturn:
    """Run a program; ends the process with its exit code."""
    gc.set_threshold(50_000, 20, 50)  # bulk work makes millions of tuples and hardly a cycle: a tenth saved
    ours = Path(common.__file__).resolve().parent.parent
    if ours != group.tree:
        sys.exit(f"`common` comes from {ours}, this program from {group.tree}: install both from one tree")
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # consoles may be GBK
    try:
        code = group.main(standalone_mode=False)
    except click.UsageError as error:
        error.show()
        code = USAGE
    except click.ClickException as error:
        error.show()
        code = REFUSED
    except click.Abort:
        code = REFUSED
    except YizhanError as error:
        say(f"{error.code}: {error.message}")
        code = exit_of(error)
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # nobody reads; do not say so at the end
        code = REFUSED
    except OSError as error:
        say(f"os: {error}")
        code = REFUSED
    sys.exit(code if isinstance(code, int) else DONE)


def exit_of(error: YizhanError) -> int:
    if isinstance(error, Tampered):
        return PERSON
    return AWAY if isinstance(error, Unreachable) else REFUSED


def say(line: str) -> None:
    """One line for people."""
    click.echo(line, err=True)


def out(value: Any) -> None:
    """One JSON value on a line of stdout, flushed."""
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
    sys.stdout.buffer.flush()


def show(as_json: bool, value: dict[str, Any], line: str = "") -> None:
    """The result of a command: JSON, or a line (the values by name where there is none)."""
    if as_json:
        out(value)
    else:
        click.echo(line or "\n".join(f"{name}: {_told(item)}" for name, item in value.items()))


def _told(item: Any) -> str:
    return (
        "-" if item is None else msgspec.json.encode(item).decode() if isinstance(item, dict) else str(item)
    )


def report(as_json: bool, ok: bool, entries: int, problems: list[dict[str, Any]]) -> int:
    """What `verify` found, and its exit code."""
    told = [(p["table"], p["origin"], p["index"], p["record"], p["what"]) for p in problems]
    lines = [" ".join(str(part) for part in one if part is not None) for one in told]
    show(
        as_json,
        {"ok": ok, "entries": entries, "problems": problems},
        "\n".join(lines) or f"ok, {entries} entries",
    )
    return DONE if ok else PERSON


@contextmanager
def damage_reported(as_json: bool) -> Iterator[None]:
    """A store too damaged to be opened is what `verify` found; ends the command."""
    try:
        yield
    except Tampered as error:
        found = {"table": "store.db", "origin": None, "index": None, "record": None, "what": error.message}
        raise click.exceptions.Exit(report(as_json, False, 0, [found])) from error


def note(as_json: bool, origin: str, raw: bytes) -> None:
    """A signed note, exactly as it was signed."""
    if as_json:
        out({"origin": origin, "note": raw.decode()})
    else:
        sys.stdout.buffer.write(raw)
        sys.stdout.buffer.flush()


def people(as_json: bool, title: str, accounts: Iterable[Any]) -> None:
    """Accounts with login, name, role and whether they are active."""
    rows = [{name: getattr(one, name) for name in ("login", "name", "role", "active")} for one in accounts]
    lines = [
        f"{row['login']}\t{row['role']}\t{'' if row['active'] else 'off'}\t{row['name']}" for row in rows
    ]
    show(as_json, {title: rows}, "\n".join(lines))


def progress(label: str) -> Callable[[int, int], None]:
    """A progress bar on a terminal's stderr, for calls that say (done, of); silent elsewhere."""
    if not sys.stderr.isatty():
        return lambda done, of: None
    bars: list[Any] = []

    def step(done: int, of: int) -> None:
        if not bars:
            bars.append(click.progressbar(length=max(of, 1), label=label, file=sys.stderr))
        bar = bars[0]
        bar.length = max(of, 1)
        bar.update(min(done, of) - bar.pos)
        if done >= of:
            bar.render_finish()

    return step


class AccountActs(NamedTuple):
    """What a program does with accounts; each takes the opened home first."""

    add: Callable[[Any, str, str, str], str]  # (home, login, name, role) -> first password
    listed: Callable[[Any], Iterable[Any]]
    disable: Callable[[Any, str], object]
    reset: Callable[[Any, str], str]


def accounts(
    main: click.Group,
    word: str,
    help: str,
    roles: Sequence[str],
    opened: Callable[[Path], AbstractContextManager[Any]],
    acts: AccountActs,
) -> None:
    """Add the commands `word` add, list, disable and reset. The first of `roles` is given by default."""
    group = click.Group(word, help=help)
    main.add_command(group)

    @group.command("add")
    @home_option
    @json_option
    @click.argument("login")
    @click.option("--name", help="Name as pages show it.")
    @click.option("--role", type=click.Choice(list(roles)), default=roles[0], show_default=True)
    def add(home: Path, as_json: bool, login: str, name: str | None, role: str) -> int:
        """A new account with a first password."""
        with opened(home) as at:
            password = acts.add(at, login, name or login, role)
        show(as_json, {"login": login, "role": role, "first_password": password})
        return DONE

    @group.command("list")
    @home_option
    @json_option
    def listed(home: Path, as_json: bool) -> int:
        """All accounts."""
        with opened(home) as at:
            people(as_json, word if word == "staff" else f"{word}s", acts.listed(at))
        return DONE

    @group.command("disable")
    @home_option
    @json_option
    @click.argument("login")
    def disable(home: Path, as_json: bool, login: str) -> int:
        """End an account and its sessions."""
        with opened(home) as at:
            acts.disable(at, login)
        show(as_json, {"login": login, "active": False}, f"{login} disabled")
        return DONE

    @group.command("reset")
    @home_option
    @json_option
    @click.argument("login")
    def reset(home: Path, as_json: bool, login: str) -> int:
        """A new first password."""
        with opened(home) as at:
            password = acts.reset(at, login)
        show(as_json, {"login": login, "first_password": password})
        return DONE
