"""What both command lines share: where the home is, how results and errors leave the process.

Exit codes: 0 done · 1 something was refused (said why) · 2 usage · 4 a person is needed · 75 the other side
could not be reached (nothing lost). With `--json`, stdout holds one JSON object and nothing else; everything
for people goes to stderr then. Options of the program may stand before the command or after it.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
import msgspec

import common
from common.errors import Tampered, Unreachable, YizhanError

DONE, REFUSED, USAGE, PERSON, AWAY = 0, 1, 2, 4, 75
Command = TypeVar("Command", bound=Callable[..., Any])


def home_option(command: Command) -> Command:
    """`--home`, given before the command or after it; the command gets a Path `home`."""

    @click.option("--home", "home_here", metavar="DIR", help="Folder of the home; also $YIZHAN_HOME.")
    @click.pass_context
    @functools.wraps(command)
    def wrapped(context: click.Context, home_here: str | None, *args: Any, **options: Any) -> Any:
        found = home_here or (context.obj or {}).get("home")
        if not found:
            raise click.UsageError("no home: give --home DIR or set YIZHAN_HOME")
        return command(*args, home=Path(found), **options)

    return wrapped  # type: ignore[return-value]


def json_option(command: Command) -> Command:
    """`--json`, given before the command or after it; the command gets a bool `as_json`."""

    @click.option("--json", "json_here", is_flag=True, help="Print one JSON object on stdout.")
    @click.pass_context
    @functools.wraps(command)
    def wrapped(context: click.Context, json_here: bool, *args: Any, **options: Any) -> Any:
        return command(*args, as_json=json_here or bool((context.obj or {}).get("json")), **options)

    return wrapped  # type: ignore[return-value]


class Program(click.Group):
    """A program's commands; called (by its console script) it runs and ends the process."""

    tree: Path

    def __call__(self, *args: Any, **options: Any) -> NoReturn:
        run(self)


def program(name: str, file: str, help: str) -> Program:
    """The commands of the program in `file`, with the options that may stand before the command."""

    @click.group(name=name, cls=Program, help=help, context_settings={"help_option_names": ["-h", "--help"]})
    @click.option("--home", envvar="YIZHAN_HOME", metavar="DIR", help="Folder of the home; also $YIZHAN_HOME.")
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
    @click.pass_context
    def group(context: click.Context, home: str | None, as_json: bool) -> None:
        context.obj = {"home": home, "json": as_json}

    assert isinstance(group, Program)
    group.tree = Path(file).resolve().parent.parent
    return group


def run(group: Program) -> NoReturn:
    """Run a program; ends the process with its exit code."""
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
        sys.stderr.close()
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
        click.echo(line or "\n".join(f"{name}: {item}" for name, item in value.items()))


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
