"""Fetches the front-end files that both programs serve from their own disk.

Halls have no network to rely on, so nothing a page needs may come from elsewhere: the few files of other
projects that pages use are kept in the repository. This script put them there, and renews them.

Rules it keeps:
- Every package is pinned by version *and* by the digest npm publishes for it; one that differs is refused.
- Files are stored byte for byte as published. The one exception is the icon sprite, which is cut down to
  the icons listed in ICONS (the whole one is a megabyte, and hall PCs are slow); no drawing is changed.
- VENDOR.json lists every stored file with package, version, licence and sha256; licences stand beside them.
- Packages are named here, never the host they come from: that is npm's setting.

    python3 scripts/vendor.py            fetch, check and write everything again (needs npm and a network)
    python3 scripts/vendor.py --check    compare what is stored with VENDOR.json (needs neither)
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "common" / "web" / "static" / "vendor"
SPRITE = "bootstrap-icons.svg"


@dataclass(frozen=True)
class Package:
    """One npm package: its pin, and which of its files are kept under which names."""

    name: str
    version: str
    licence: str
    integrity: str
    files: dict[str, str]


PACKAGES = (
    Package(
        "bootstrap",
        "5.3.9",
        "MIT",
        "sha512-20cU0rcfw8WdxtVbmfU+xT2EjvVTw9Ror/h1Qvd7DXCujRg8OO9mdBCsmTHdJFf3BuadmBNJtgIuUXsBqSkk/w==",
        {
            "dist/css/bootstrap.min.css": "bootstrap.min.css",
            "dist/js/bootstrap.bundle.min.js": "bootstrap.bundle.min.js",
            "LICENSE": "bootstrap.LICENSE.txt",
        },
    ),
    Package(
        "htmx.org",
        "2.0.11",
        "0BSD",
        "sha512-Thx/WtpeOQqSrqBCw/A1cwGJGg4UrVa3+sW0GmrM3p4gJgO89ecH4qtbnyzDDWFvBTqjnIMCgELTNt636dtamA==",
        {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "htmx.LICENSE.txt"},
    ),
    Package(
        "bootstrap-icons",
        "1.13.2",
        "MIT",
        "sha512-fAU1Ly3dH7hwRg+CB8EZ0Vl0fF80zgXHeUVJyfUOKzoURr+TbwISbCW5tKUoQLERaWYG2emTCybcPbD96hdD1A==",
        {"bootstrap-icons.svg": SPRITE, "LICENSE": "bootstrap-icons.LICENSE.txt"},
    ),
)

# What the pages may draw: <svg><use href="…/bootstrap-icons.svg#NAME"></use></svg>. Add a name, run again.
ICONS = """
    check-lg check-circle check-circle-fill x-lg x-circle x-circle-fill info-circle question-circle
    dash-circle exclamation-circle exclamation-triangle exclamation-triangle-fill exclamation-octagon
    slash-circle
    clock clock-history hourglass-split stopwatch sunrise
    arrow-repeat arrow-clockwise arrow-counterclockwise cloud cloud-check cloud-arrow-up cloud-arrow-down
    cloud-slash wifi wifi-off broadcast router hdd hdd-network usb-drive plug power activity
    patch-check patch-check-fill shield-check shield-exclamation shield-lock fingerprint key lock unlock
    qr-code qr-code-scan upc-scan receipt link-45deg diagram-3 intersect shuffle signpost-split
    house-door speedometer2 calendar-day calendar-check calendar-week calendar-x
    person person-plus person-check person-x person-badge person-vcard person-lock person-workspace people
    people-fill briefcase building shop hammer tools truck box-seam
    cash-coin cash-stack wallet2 credit-card bank calculator umbrella heart-pulse mortarboard award
    file-earmark-text file-earmark-check file-earmark-plus file-earmark-arrow-down journal-text clipboard
    clipboard-check pen pencil pencil-square vector-pen card-list card-checklist list-check list table
    megaphone bell telephone phone chat-dots envelope geo-alt map tv display pc-display tablet
    gear sliders printer search funnel download upload copy save archive trash flag star pin-angle
    ticket-detailed
    box-arrow-right box-arrow-in-right box-arrow-up-right plus-lg plus-circle dash-lg arrow-left
    arrow-right arrow-up arrow-down chevron-left chevron-right chevron-up chevron-down caret-up-fill
    caret-down-fill three-dots eye eye-slash backspace keyboard universal-access translate
    bar-chart graph-up pie-chart bug database database-check circle circle-fill square
""".split()


def fetch(package: Package, folder: Path) -> Path:
    """Download one package into `folder` with npm and check it against its pin; returns the archive."""
    wanted = f"{package.name}@{package.version}"
    print(f"  fetching {wanted} …", file=sys.stderr)
    done = subprocess.run(
        ["npm", "pack", wanted, "--json", "--silent"], cwd=folder, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"npm could not fetch {wanted}:\n{done.stderr or done.stdout}")
    archive = folder / json.loads(done.stdout)[0]["filename"]
    got = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if got != package.integrity:
        raise SystemExit(f"{wanted}: expected {package.integrity}, got {got}; nothing was written")
    return archive


def reduced_sprite(whole: bytes) -> bytes:
    """Only the symbols of ICONS, in the order of their names, out of the published sprite."""
    symbols = {
        match.group(1): match.group(0)
        for match in re.finditer(r'<symbol\b[^>]*\bid="([^"]+)".*?</symbol>', whole.decode(), re.DOTALL)
    }
    missing = sorted(set(ICONS) - set(symbols))
    if missing:
        raise SystemExit(f"bootstrap-icons has no icon called: {', '.join(missing)}")
    body = "\n".join(symbols[name] for name in sorted(set(ICONS)))
    return f'<svg xmlns="http://www.w3.org/2000/svg" fill="currentColor">\n{body}\n</svg>\n'.encode()


def collect(package: Package, archive: Path, folder: Path) -> list[dict[str, object]]:
    """Write the kept files of one package into `folder`; returns their rows for VENDOR.json."""
    rows: list[dict[str, object]] = []
    with tarfile.open(archive) as tar:
        for inside, name in package.files.items():
            member = tar.extractfile(f"package/{inside}")
            assert member is not None, inside
            data = member.read()
            note = "as published"
            if name == SPRITE:
                data, note = reduced_sprite(data), f"reduced to {len(set(ICONS))} icons"
            (folder / name).write_bytes(data)
            rows.append(
                {
                    "file": name,
                    "package": package.name,
                    "version": package.version,
                    "licence": package.licence,
                    "source": inside,
                    "note": note,
                    "sha256": hashlib.sha256(data).hexdigest(),
                }
            )
    return rows


def renew() -> None:
    """Fetch everything into a temporary folder, then put it in place of what is stored."""
    if shutil.which("npm") is None:
        raise SystemExit("npm is needed to fetch packages (Debian: apt-get install npm)")
    with tempfile.TemporaryDirectory() as temporary:
        downloads, built = Path(temporary, "downloads"), Path(temporary, "built")
        downloads.mkdir()
        built.mkdir()
        rows = [row for package in PACKAGES for row in collect(package, fetch(package, downloads), built)]
        listing = {"comment": "Written by scripts/vendor.py; do not edit.", "files": rows}
        (built / "VENDOR.json").write_text(json.dumps(listing, indent=1, ensure_ascii=False) + "\n", "utf-8")
        VENDOR.mkdir(parents=True, exist_ok=True)
        for old in VENDOR.iterdir():
            old.unlink()
        for new in built.iterdir():
            shutil.copyfile(new, VENDOR / new.name)


def problems() -> list[str]:
    """What differs between the folder and its listing, one line each; an empty list means all is well."""
    listing = VENDOR / "VENDOR.json"
    if not listing.exists():
        return ["VENDOR.json is missing"]
    listed = {row["file"]: row["sha256"] for row in json.loads(listing.read_text("utf-8"))["files"]}
    stored = {path.name for path in VENDOR.iterdir()} - {"VENDOR.json"}
    found = [f"{name}: listed, but not there" for name in sorted(set(listed) - stored)]
    found += [f"{name}: there, but not listed" for name in sorted(stored - set(listed))]
    for name in sorted(stored & set(listed)):
        if hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() != listed[name]:
            found.append(f"{name}: differs from its listed sha256")
    return found


def main() -> int:
    """Renew, or only check; exit 1 if the folder does not hold what its listing says."""
    parser = argparse.ArgumentParser(description="Fetch or check the vendored front-end files.")
    parser.add_argument("--check", action="store_true", help="only compare with VENDOR.json; no network")
    if not parser.parse_args().check:
        renew()
    found = problems()
    for line in found:
        print(line, file=sys.stderr)
    if not found:
        print(f"{len(list(VENDOR.iterdir()))} files in {VENDOR.relative_to(VENDOR.parents[3])} are as listed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
