"""Messages: every code has its own number and one Chinese sentence that ends with it."""

from __future__ import annotations

import re
import string

import pytest

from common.errors import Invalid, Refused, Tampered, Unreachable
from common.web import sentences
from common.web.messages import FULLER, MESSAGES, number, sentence, words

FAMILIES = {
    "1": sentences.TYPING,
    "2": sentences.RULES,
    "3": sentences.EXCHANGE,
    "4": sentences.INTEGRITY,
    "5": sentences.ACCESS,
}


def test_numbers_are_unique_and_grouped() -> None:
    numbers = [number for number, _ in MESSAGES.values()]
    assert len(numbers) == len(set(numbers)) == sum(map(len, FAMILIES.values()))
    for digit, family in FAMILIES.items():
        for code, (given, _) in family.items():
            assert re.fullmatch(rf"Y-{digit}\d{{3}}", given), code
            assert not given.endswith("000"), f"{code}: the round numbers belong to whole families"


@pytest.mark.parametrize("code", sorted(MESSAGES))
def test_a_sentence_says_something_in_chinese_and_ends_with_its_code(code: str) -> None:
    given, said = MESSAGES[code]
    assert sentence(code) == f"{said}（代码 {given}）"
    assert re.search(r"[\u4e00-\u9fff]{3}", said)
    assert not said.endswith(("。", "！", "，", "."))
    assert "{" not in said
    english = re.sub(r"Y-\d+|https?://\S*|[0-9A-Z-]{6,}", "", said)
    assert not re.search(r"[A-Za-z]{3,}", english), f"{code}: English in {said}"


def test_the_example_of_the_look() -> None:
    error = Invalid("id_checksum", "identity number: check digit does not fit", field="id_number")
    assert sentence(error) == "身份证号校验位不对，请核对最后一位（代码 Y-1203）"
    assert number(error) == "Y-1203"


def test_details_make_a_sentence_more_exact() -> None:
    assert words(Invalid("too_long", most=50)) == "填得太长，最多 50 个字，请删短一些"
    assert words(Invalid("too_long")) == MESSAGES["too_long"][1]
    assert words("login_locked", minutes=30).startswith("密码连续输错，账号已锁定，请 30 分钟后再试")
    assert sentence("record_changed", who="孙立", when="09:31").startswith("孙立 在 09:31 改过这条记录")


@pytest.mark.parametrize("code", sorted(FULLER))
def test_exact_sentences_belong_to_known_codes_and_fill_in(code: str) -> None:
    names = [name for _, name, _, _ in string.Formatter().parse(FULLER[code]) if name]
    assert code in MESSAGES and names
    assert "甲" in words(code, **dict.fromkeys(names, "甲"))


@pytest.mark.parametrize(
    ("error", "start"),
    [
        (Invalid("from_the_future"), "填写的内容有一处不合要求"),
        (Refused("from_the_future"), "按现行规定这一步不能办理"),
        (Unreachable("from_the_future"), "对方暂时连不上"),
        (Tampered("from_the_future"), "数据校验没有通过"),
    ],
)
def test_an_unlisted_code_says_its_family_and_itself(error: Invalid, start: str) -> None:
    assert words(error).startswith(start)
    assert re.search(r"（代码 Y-\d000 from_the_future）$", sentence(error))


def test_an_unlisted_code_without_family() -> None:
    assert sentence("from_the_future").endswith("（代码 Y-4012 from_the_future）")


def test_developers_words_never_reach_a_page() -> None:
    error = Refused("under_16", "nobody under 16 on the day of work may be introduced")
    assert "nobody" not in sentence(error)
