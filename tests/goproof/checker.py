"""Builds and runs goproof, the checker that knows nothing of our code.

It needs Debian's golang-go and golang-golang-x-mod-dev, and no network. Without them the tests that use it
fail: a check that silently does not run is worse than none.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

GOPATH = Path("/usr/share/gocode")
SOURCE = Path(__file__).parent / "main.go"


def build(folder: Path) -> Path:
    """Compile into `folder`; AssertionError naming the packages if they are not installed."""
    go = shutil.which("go")
    assert go, "no Go compiler: install the package golang-go"
    library = GOPATH / "src/golang.org/x/mod/sumdb/note"
    assert library.is_dir(), "no x/mod for Go: install the package golang-golang-x-mod-dev"
    program = folder / "goproof"
    environment = os.environ | {
        "GO111MODULE": "off",
        "GOPATH": str(GOPATH),
        "GOFLAGS": "",
        "GOCACHE": str(folder / "cache"),
        "GOTOOLCHAIN": "local",
        "GOPROXY": "off",
        "CGO_ENABLED": "0",
    }
    done = subprocess.run(
        [go, "build", "-o", str(program), str(SOURCE)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return program


def run(program: Path, *arguments: object) -> tuple[int, dict]:
    """Exit status and the JSON object it printed."""
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=60)
    return done.returncode, json.loads(done.stdout) if done.stdout else {}
