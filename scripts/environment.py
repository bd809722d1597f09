"""The virtual environment `.venv` at the top of the clone: made once, checked in a moment ever after.

demo.py, bench.py and check.py begin with `environment.enter()`: when it returns, the running Python is the
one of `.venv` and holds what requirements.lock names. Run by itself (`python3 scripts/environment.py`) it
only prepares `.venv`, which leaves `.venv/bin/yizhan-node` and `.venv/bin/yizhan-hub` ready to use.

Rules it keeps:
- Standard library only, and nothing newer than Python 3.7: an old Python must get as far as the sentence
  that says what is wanted. (Whoever calls enter() does so before importing anything of the project.)
- Nothing unhashed is installed: packages come with --require-hashes, the project itself with --no-deps and
  --no-build-isolation. Where packages come from is pip's own setting, never named here.
- `.venv` is ready only if its stamp says so: a digest of the lock, setup.cfg, the place and the Python. The
  stamp goes first and comes back last, so the next run simply continues an interrupted one.
- Two runs at once: the second waits for the first (a file lock; a killed process cannot leave it behind).
- Progress and errors go to stderr, stdout belongs to the caller. An error says what to do; exit 1.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from subprocess import PIPE, STDOUT

TOP = Path(__file__).resolve().parent.parent
VENV = TOP / ".venv"
LOCK = TOP / "requirements.lock"
STAMP = VENV / "yizhan-stamp"
WINDOWS = os.name == "nt"
BIN = VENV / ("Scripts" if WINDOWS else "bin")
PYTHON = BIN / ("python.exe" if WINDOWS else "python")
OLDEST = (3, 11)
NEWEST_TRIED = 20

UNREACHABLE = re.compile(
    "failed to establish a new connection|name resolution|getaddrinfo failed|timed out|proxyerror"
    "|connection refused|network is unreachable|sslerror|certificate verify failed|from versions: none"
)


def say(line: str) -> None:
    """One line of progress."""
    print(line, file=sys.stderr, flush=True)


def command(name: str) -> Path:
    """Where `.venv` keeps one of its commands, for example yizhan-node."""
    return BIN / (name + ".exe" if WINDOWS else name)


def enter() -> None:
    """Prepare `.venv` if need be and go on in its Python: the same command there replaces this process."""
    fresh = prepare()
    if inside() and not fresh:
        return
    arguments = [str(PYTHON), *sys.argv]
    sys.stdout.flush()
    if WINDOWS:  # execv returns to the shell at once there and leaves two processes reading one console
        raise SystemExit(subprocess.call(arguments))
    os.execv(str(PYTHON), arguments)


def inside() -> bool:
    """Is this process the Python of `.venv`?"""
    return VENV.exists() and Path(sys.prefix).resolve() == VENV.resolve()


def prepare() -> bool:
    """Bring `.venv` up to the lock; returns whether anything had to be done (a moment, if nothing)."""
    if ready():
        return False
    with alone():
        if ready():  # another run was quicker
            return False
        begun = time.monotonic()
        if STAMP.exists():
            STAMP.unlink()
        make()
        fill()
        STAMP.write_text(digest() + "\n", encoding="ascii")
        say(f"environment: ready after {time.monotonic() - begun:.0f} s")
    return True


def ready() -> bool:
    """Does the stamp fit the lock, setup.cfg, this folder and the Python `.venv` was made with?"""
    try:
        return STAMP.read_text(encoding="ascii").strip() == digest()
    except OSError:
        return False


def digest() -> str:
    """What `.venv` depends on, as one hex digest; OSError if its Python is gone."""
    whole = hashlib.sha256()
    for path in (LOCK, TOP / "setup.cfg", TOP / "pyproject.toml"):
        whole.update(path.read_bytes() + b"\0")
    # An editable install maps the packages that were there; a copied folder or a new system Python breaks it.
    present = [name for name in ("common", "hub", "node") if (TOP / name).is_dir()]
    for part in (str(TOP), str(PYTHON.resolve(strict=True)), *present):
        whole.update(part.encode() + b"\0")
    return whole.hexdigest()


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hold the lock file beside `.venv`; a second run waits and says so."""
    with open(TOP / ".venv.lock", "a+b") as file:
        if not try_lock(file.fileno()):
            say("environment: another run is preparing .venv; waiting for it …")
            while not try_lock(file.fileno()):
                time.sleep(0.2)
        yield  # closing the file lets go of the lock


def try_lock(handle: int) -> bool:
    """Take the operating system's lock on an open file, if nobody has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(handle, 0, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def find_python() -> str:
    """A Python that is new enough: this one, or the newest on the path; exits with a sentence if none is."""
    if sys.version_info >= OLDEST and not inside():
        return sys.executable
    for minor in range(NEWEST_TRIED, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        # Version managers put names on the path that only print an error: ask each one who it is.
        if found and version_of(found) == (3, minor):
            return found
    if sys.version_info >= OLDEST:
        return str(Path(sys.base_prefix) / ("python.exe" if WINDOWS else "bin/python3"))
    mine = f"{sys.version_info[0]}.{sys.version_info[1]} ({sys.executable})"
    raise SystemExit(
        f"Yizhan needs Python 3.11 or newer; this is Python {mine} and no newer one is on the path.\n"
        "Debian 12, Ubuntu 24.04 and later have it (apt-get install python3 python3-venv); "
        "elsewhere install Python 3.11 or newer, then run this command with it."
    )


def version_of(python: str) -> tuple[int, ...] | None:
    """(major, minor) of a Python, or None if it does not run."""
    try:
        code = "import sys; print(*sys.version_info[:2])"
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=20)
        return tuple(int(part) for part in done.stdout.split()) if done.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def make() -> None:
    """Create `.venv`, unless there is one that works and belongs to this folder."""
    if usable():
        return
    python = find_python()
    version = version_of(python) or OLDEST
    say(f"environment: making .venv with Python {version[0]}.{version[1]} ({python})")
    if subprocess.run([python, "-c", "import ensurepip, venv"], capture_output=True).returncode:
        # Debian keeps this part of the standard library in a package of its own.
        home = Path(f"/usr/lib/python{version[0]}.{version[1]}/ensurepip/__init__.py")
        ensure_packages({f"python{version[0]}.{version[1]}-venv": str(home)})
    done = subprocess.run([python, "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"environment: {python} could not make {VENV}:\n{done.stdout}{done.stderr}")


def usable() -> bool:
    """Does `.venv` hold a working pip of a new enough Python, made for this very folder?"""
    if not PYTHON.exists() or (version_of(str(PYTHON)) or (0,)) < OLDEST:
        return False
    code = "import pip, sys; print(sys.prefix)"
    done = subprocess.run([str(PYTHON), "-c", code], capture_output=True, text=True)
    if done.returncode or Path(done.stdout.strip()).resolve() != VENV.resolve():
        return False
    script = BIN / (
        "pip.exe" if WINDOWS else "pip"
    )  # a copied folder's commands still point at the old place
    return WINDOWS or (script.exists() and os.fsencode(VENV) in script.read_bytes()[:400])


def fill() -> None:
    """Install the locked packages with their hashes, then the project itself, as an editable install."""
    total = len(re.findall(r"^[A-Za-z0-9][^\n]*==", LOCK.read_text(encoding="utf-8"), re.MULTILINE))
    say(f"environment: installing up to {total} packages from requirements.lock")
    pip(["--require-hashes", "--no-deps", "-r", str(LOCK)], total)
    say("environment: installing yizhan itself")
    pip(["--no-deps", "--no-build-isolation", "-e", str(TOP)], 0)


def pip(arguments: list[str], total: int) -> None:
    """Run `pip install` with a line of progress now and then; exits with the end of its output on failure."""
    settings = dict(os.environ, PIP_USER="0", PIP_DISABLE_PIP_VERSION_CHECK="1", PYTHONUTF8="1")
    whole = [str(PYTHON), "-m", "pip", "install", "--no-input", "--progress-bar", "off", *arguments]
    lines: list[str] = []
    seen = 0
    with subprocess.Popen(whole, stdout=PIPE, stderr=STDOUT, env=settings, cwd=str(TOP)) as child:
        assert child.stdout is not None
        for raw in child.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            lines.append(line)
            if line.startswith(("Collecting", "Processing", "Requirement already")):
                seen += 1
                if total and seen % 10 == 0:
                    say(f"environment:   {seen} of {total} …")
            elif line.startswith("Installing collected"):
                say("environment:   all fetched, unpacking …")
    if child.returncode:
        raise SystemExit(explain("\n".join(lines)))


def explain(output: str) -> str:
    """What a failed pip run means for the person in front of it, with the end of what pip said."""
    told = [line for line in output.splitlines() if not line.startswith(("WARNING: Location", "Ignoring"))]
    end = "\n".join("    " + line for line in told[-10:])
    low = output.lower()
    if "do not match the hashes" in low:
        advice = "a package differs from the locked one and was refused; try again, then suspect the mirror"
    elif UNREACHABLE.search(low):
        advice = (
            "the package index could not be reached; connect this machine, or set PIP_INDEX_URL or PIP_PROXY"
        )
    elif "no space left" in low:
        advice = "the disk is full (about 500 MB are needed)"
    elif "no matching distribution" in low:
        advice = "the package index does not offer a locked package for this system; is it complete"
    else:
        advice = "pip failed. If this repeats, remove .venv and run the command again"
    return f"environment: {advice}.\n{end}"


def ensure_packages(wanted: Mapping[str, str]) -> None:
    """Have Debian packages there: {package: a path that shows it}. Installs what is missing where this user
    may (root, or sudo that asks for no password); otherwise exits with the line to type."""
    missing = sorted(name for name, path in wanted.items() if not os.path.exists(path))
    if not missing:
        return
    line = "apt-get install -y --no-install-recommends " + " ".join(missing)
    by_hand = f"Please install {', '.join(missing)}, on Debian and Ubuntu as root: {line}"
    right = root_right()
    if shutil.which("apt-get") is None or right is None:
        raise SystemExit(by_hand)
    say(f"environment: installing with apt: {' '.join(missing)}")
    quiet = [
        *right,
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "-qq",
        "-o",
        "DPkg::Lock::Timeout=120",
    ]
    said = ""
    for step in (["update"], ["install", "-y", "--no-install-recommends", *missing]):
        done = subprocess.run(quiet + step, capture_output=True, text=True)
        said += done.stdout[-2000:] + done.stderr[-2000:]
    absent = [name for name in missing if not os.path.exists(wanted[name])]
    if absent:
        raise SystemExit(f"{said}\nenvironment: apt could not install {', '.join(absent)}. {by_hand}")


def root_right() -> list[str] | None:
    """How to run something as root here without being asked for a password; None if there is no way."""
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        return [] if hasattr(os, "geteuid") else None
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    return None


def main() -> int:
    """Prepare `.venv` and say where the commands are."""
    prepare()
    say(f"environment: {command('yizhan-node')} and {command('yizhan-hub')} are ready")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("environment: stopped; the next run goes on from here")
        sys.exit(130)
