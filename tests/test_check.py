"""check.py counts truly, and its plugin lets no test slip away: tried on small test folders of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
EVADING = {
    "skip": "import pytest\n@pytest.mark.skip(reason='later')\ndef test_a(): pass\n",
    "skip inside": "import pytest\ndef test_a(): pytest.skip('later')\n",
    "xfail": "import pytest\n@pytest.mark.xfail(reason='known')\ndef test_a(): assert False\n",
    "xfail inside": "import pytest\ndef test_a(): pytest.xfail('known')\n",
    "module": "import pytest\npytest.skip('later', allow_module_level=True)\n",
    "no module": "import pytest\npytest.importorskip('no_such_module_here')\n",
    "fixture": "import pytest\n@pytest.fixture\ndef f(): pytest.skip('later')\ndef test_a(f): pass\n",
}


def run(folder: Path, text: str, ci: str, *more: str) -> tuple[int, str]:
    """pytest with the plugin over one file; (exit code, output). The JUnit file is folder/junit.xml."""
    (folder / "test_one.py").write_text(text, "utf-8")
    line = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.no_skips",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
    ]
    line += [f"--rootdir={folder}", f"--junitxml={folder / 'junit.xml'}", *more, str(folder)]
    done = subprocess.run(
        line, cwd=TOP, capture_output=True, text=True, env={"CI": ci, "PATH": "/usr/bin:/bin"}
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", EVADING)
@pytest.mark.parametrize("more", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_with_ci_a_test_that_evades_is_a_failure(name: str, more: tuple[str, ...], tmp_path: Path) -> None:
    code, output = run(tmp_path, EVADING[name], "true", *more)
    assert code != 0 and "nothing may be skipped" in output, output


@pytest.mark.parametrize("name", EVADING)
def test_without_ci_it_may_be_skipped(name: str, tmp_path: Path) -> None:
    code, output = run(tmp_path, EVADING[name] + "\ndef test_b(): pass\n", "")
    assert code == 0 or "module" in name, output


def test_counts_come_from_the_junit_file(tmp_path: Path) -> None:
    import check

    text = EVADING["skip"] + "def test_b(): pass\ndef test_c(): assert False\ndef test_d(): pass\n"
    run(tmp_path, text, "")
    counted = check.count(tmp_path / "junit.xml")
    assert (counted.passed, counted.failed, counted.skipped) == (2, 1, 1)
    run(tmp_path, text, "true")
    counted = check.count(tmp_path / "junit.xml")
    assert (counted.passed, counted.failed, counted.skipped) == (2, 2, 0)
    assert check.count(tmp_path / "none.xml").passed == 0


def test_tests_in_the_named_folders_are_marked(tmp_path: Path) -> None:
    """The stages of check.py select by these marks; an unmarked browser test would run beside others."""
    from tests import no_skips

    class Item:
        def __init__(self, path: Path) -> None:
            self.path, self.marks = path, list[str]()

        def add_marker(self, mark: pytest.MarkDecorator) -> None:
            self.marks.append(mark.name)

    paths = ("browser/test_pages.py", "crash/deep/test_kill.py", "node/test_x.py", "test_y.py")
    items = [Item(no_skips.TESTS / path) for path in paths] + [Item(tmp_path / "browser" / "test_z.py")]
    no_skips.pytest_collection_modifyitems(items)  # type: ignore[arg-type]
    assert [item.marks for item in items] == [["browser"], ["crash"], [], [], []]
