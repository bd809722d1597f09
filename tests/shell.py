"""Commands as real processes, seen as a script sees them: stdout, exit code, and no question asked."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.province import ENVIRONMENT, TOP, command


class Shell:
    """Runs commands of one home, and looks at them the way a script would."""

    def __init__(self, home: Path, program: str = "node") -> None:
        self.home, self.program = home, program

    def run(self, *words: object, given: bytes = b"", code: int = 0, home: bool = True) -> str:
        """stdout as text; the exit code is checked, and that nobody was asked anything."""
        line = [*words, "--home", self.home] if home else list(words)
        done = subprocess.run(
            command(self.program, *line),
            input=given,
            capture_output=True,
            cwd=TOP,
            env=ENVIRONMENT,
            timeout=60,
        )
        self.err = done.stderr.decode()
        assert done.returncode == code, (line, done.returncode, done.stdout[-500:], self.err[-1500:])
        assert "Traceback" not in self.err, self.err
        return done.stdout.decode()

    def json(self, *words: object, **options: Any) -> dict[str, Any]:
        """The one JSON object on stdout; nothing else may stand there."""
        said = self.run(*words, "--json", **options)
        assert said.count("\n") == 1 and said.endswith("\n"), said
        found: dict[str, Any] = json.loads(said)
        return found

    def lines(self, *words: object, **options: Any) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run(*words, **options).splitlines()]

    def put(
        self, kind: str, *sets: dict[str, Any], code: int = 0, options: tuple[str, ...] = ()
    ) -> list[Any]:
        given = b"".join(json.dumps({"set": one}).encode() + b"\n" for one in sets)
        return self.lines("put", kind, *options, given=given, code=code)
