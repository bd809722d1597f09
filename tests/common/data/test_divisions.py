"""The list of places: complete for 2024, and still readable for codes that are gone."""

import csv
from collections import Counter

import pytest

from common.data import divisions as d
from common.data import read

SHANDONG = {
    "3701": 12, "3702": 10, "3703": 8, "3704": 6, "3705": 5, "3706": 11, "3707": 12, "3708": 11,
    "3709": 6, "3710": 4, "3711": 4, "3713": 12, "3714": 11, "3715": 8, "3716": 7, "3717": 9,
}  # fmt: skip


def test_the_nation_is_complete():
    assert [len(d.within("", level)) for level in ("province", "city", "county")] == [34, 342, 2849]


def test_shandong_has_its_cities_and_counties():
    assert {city.code[:4]: len(d.counties(city.code)) for city in d.within("37", "city")} == SHANDONG
    assert len(d.counties("37")) == len(d.counties("370000")) == 136
    kinds = Counter(place.name[-1] for place in d.counties("37"))
    assert kinds == {"区": 58, "市": 26, "县": 52}
    assert len(d.within("37", "zone")) == 15


def test_a_place_is_read_with_all_above_it():
    assert d.name_of("371302") == "山东省临沂市兰山区"
    assert d.name_of("110101") == "北京市东城区"
    assert d.name_of("500229") == "重庆市城口县"
    assert d.name_of("429004") == "湖北省仙桃市"
    assert d.name_of("370000") == "山东省"
    assert d.name_of("370103") != d.name_of("370402"), "two districts called Shizhong"
    assert d.division("370103").name == d.division("370402").name
    assert d.name_of("372829") == "山东省临沂地区蒙阴县"
    assert d.name_of("999999") == "" and d.name_of("") == ""


@pytest.mark.parametrize(
    "code, name, successor",
    [
        ("371200", "莱芜市", "370100"),
        ("371202", "莱城区", "370116"),
        ("371203", "钢城区", "370117"),
        ("372801", "临沂市", "371302"),
        ("372829", "蒙阴县", "371328"),
        ("372922", "曹县", "371721"),
        ("370728", "诸城县", "370782"),
        ("370721", "益都县", "370781"),
        ("440524", "潮阳县", ""),
    ],
)
def test_abolished_codes_are_readable(code, name, successor):
    place = d.division(code)
    assert (place.name, place.successor) == (name, successor or place.successor)
    assert place.valid_to and not place.current
    assert place not in d.counties(code[:2])


def test_a_code_used_twice_gives_its_newest_place():
    assert d.division("372300").name == "滨州地区"
    assert d.division("430300").name == "湘潭市" and d.division("430300").current


def test_codes_that_never_were():
    for code in ("372632", "000000", "37130", "3713021", "", "code,n", "３７１３０２"):
        assert d.division(code) is None and not d.known(code)


def test_residence_permits_have_their_places():
    assert [d.name_of(code) for code in ("810000", "820000", "830000")] == [
        "香港特别行政区",
        "澳门特别行政区",
        "台湾省",
    ]


def test_the_file_is_consistent():
    rows = list(csv.DictReader(read("divisions.csv").splitlines()))
    current = {row["code"]: row for row in rows if not row["valid_to"]}
    assert len(current) == sum(not row["valid_to"] for row in rows), "one place in force for each code"
    codes = {row["code"] for row in rows}
    assert [row["code"] for row in rows] == sorted(row["code"] for row in rows)
    for row in rows:
        assert len(row["code"]) == 6 and row["code"].isdigit() and row["name"] == row["name"].strip() != ""
        assert row["parent"] == "" or row["parent"] in codes
        assert row["successor"] == "" or row["successor"] in current
        assert row["valid_from"] <= (row["valid_to"] or "9999")
        assert d.name_of(row["code"])
