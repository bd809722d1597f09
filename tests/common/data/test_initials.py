"""Initials by which a clerk finds a name: surnames keep every reading, rare characters have one."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.data import initials as module
from common.data import read
from common.data.initials import initials, letters


def test_names_of_the_article():
    assert initials("周胜春") == ("zsc",)
    assert initials("刘杰") == ("lj",)
    assert initials("王芳") == ("wf",)


@pytest.mark.parametrize(
    "surname, wanted",
    [
        ("单", "sdc"), ("解", "xj"), ("曾", "zc"), ("查", "zc"), ("仇", "qc"), ("朴", "p"), ("区", "oq"),
        ("盖", "g"), ("任", "r"), ("翟", "zd"), ("覃", "qt"), ("乐", "yl"), ("种", "cz"), ("秘", "bm"),
    ],
)  # fmt: skip
def test_a_surname_keeps_all_readings_its_own_first(surname, wanted):
    found = initials(surname + "玉梅")
    assert found[0] == wanted[0] + "ym"
    assert {spelling[0] for spelling in found} >= set(wanted)


def test_two_characters_may_be_one_surname():
    assert initials("尉迟恭")[0] == "ycg" and "wcg" in initials("尉迟恭")
    assert initials("万俟伟")[0] == "mqw"
    assert initials("长孙明")[0] == "zsm" and "csm" in initials("长孙明")
    assert initials("欧阳兰") == ("oyl",)


def test_given_names_keep_living_readings_only():
    assert set(initials("王朝乐")) == {"wcl", "wcy", "wzl", "wzy"}
    assert "wqc" not in initials("王胜春")


def test_rare_characters_dots_blanks_and_latin_letters():
    assert initials("𬱖玉䶮") == ("dyy",)
    assert initials("王㛃") == ("wj",)
    assert "abdrhm" in initials("阿卜杜·热合曼")
    assert initials(" 周　胜 春 ") == ("zsc",)
    assert initials("John Smith") == ("js",)
    assert initials("Tom李") == ("tl",)
    assert initials("ＡＢ李") == ("al",)
    assert initials("Éva E\u0301va") == ("ee",)
    assert initials("5号楼A座保洁") == ("5hlazbj",)
    assert initials("山东/临沂") == ("sdly",)
    assert initials("") == initials("·") == initials("☎️") == ()


@given(st.text())
def test_any_text_gives_at_most_eight_short_spellings(text):
    found = initials(text)
    assert len(found) <= 8 and len(set(found)) == len(found)
    for spelling in found:
        assert spelling.isascii() and spelling.isalnum() and spelling == spelling.lower()


@given(st.text("解单长乐朝重曾查行会", min_size=1, max_size=40))
def test_many_readings_stay_eight_and_the_likeliest_comes_first(text):
    found = initials(text)
    assert len(found) <= 8
    assert all(len(spelling) == len(text) for spelling in found)
    assert found[0][1:] == "".join(letters(character)[0][0] for character in text[1:])


def test_the_table_is_well_formed_and_covers_what_names_need():
    seen: set[str] = set()
    for line in read("initials.txt").splitlines():
        key, _, characters = line.partition(" ")
        assert key.replace("+", "").isalpha() and key.isascii() and characters
        assert len(set(key)) == len(key) and not seen & set(characters)
        seen |= set(characters)
    assert len(seen) > 41_000
    assert sum(chr(point) not in seen for point in range(0x4E00, 0x9FA6)) <= 10, "units coined in Japan"


@pytest.mark.alone
def test_the_table_is_small_in_memory():
    module._table.cache_clear()
    module.letters.cache_clear()
    tracemalloc.start()
    initials("周胜春")
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert used < 400_000
