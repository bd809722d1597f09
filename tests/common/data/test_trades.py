"""The list of trades and the words that find them."""

from collections import Counter

import pytest

from common.data import read
from common.data.trades import CERTIFICATES, GROUPS, TRADES, find_trades
from common.data.words import words


def test_there_are_96_trades_in_nine_groups():
    assert len(TRADES) == 96 == len(read("trades.csv").splitlines()) - 1
    assert Counter(code[:2] for code in TRADES) == {
        "01": 12, "02": 10, "03": 12, "04": 13, "05": 12, "06": 7, "07": 10, "08": 11, "09": 9,
    }  # fmt: skip
    assert {trade.group for trade in TRADES.values()} == set(GROUPS.values())


def test_each_line_is_whole():
    for code, trade in TRADES.items():
        assert code == trade.code and len(code) == 4 and code.isdigit() and trade.name
        assert 1 <= trade.accident_class <= 6 and trade.certificate in {"", *CERTIFICATES}
        assert trade.pinyin.isalpha() and trade.pinyin.isascii()
        assert all(i.isascii() and i.isalpha() and i.islower() for i in trade.initials)
        assert trade.active and trade.name not in trade.aliases
        assert len(set(trade.aliases)) == len(trade.aliases)
        if trade.occupation_verified:
            assert trade.occupation
    names = Counter(trade.name for trade in TRADES.values())
    assert max(names.values()) == 1


def test_what_16_and_17_may_not_do():
    for code, trade in TRADES.items():
        assert trade.minor_forbidden == (code[:2] in ("01", "02", "03", "04") or code in ("0503", "0804"))


@pytest.mark.parametrize(
    "text, code",
    [
        ("0302", "0302"), ("焊工", "0302"), ("电焊", "0302"), ("hg", "0302"), ("hangong", "0302"),
        ("管道", "0303"), ("管道工", "0303"), ("管工", "0303"), ("瓦工", "0101"), ("泥瓦工", "0101"),
        ("大工", "0101"), ("wg", "0101"), ("小工", "0109"), ("壮工", "0109"), ("普工", "0109"),
        ("力工", "0401"), ("装卸", "0401"), ("外卖", "0407"), ("保姆", "0504"), ("抓鸡", "0806"),
        (" 保 洁 ", "0501"), ("HG", "0302"), ("叉车", "0409"), ("刮腻子", "0203"), ("小时工", "0505"),
    ],
)  # fmt: skip
def test_words_of_the_yard_find_the_trade(text, code):
    assert code in [trade.code for trade in find_trades(text)[:2]]


def test_order_and_limits_of_a_search():
    assert [trade.code for trade in find_trades("")] == sorted(TRADES)
    assert find_trades("普工")[0].code == "0109" and find_trades("普工")[1].code == "0701"
    assert [trade.code[:2] for trade in find_trades("03")][:12] == ["03"] * 12
    assert find_trades("航天员") == [] and find_trades("qqqq") == []
    assert find_trades("焊工")[0].name == "焊工"


def test_fingerprint_words_cannot_be_mistaken():
    assert len(words()) == 256 == len(set(words()))
    assert all(len(word) == 2 and all("一" <= c <= "龥" for c in word) for word in words())
    assert len({word[0] for word in words()}) == 256, "no two begin alike"
    assert words()[0] == "苹果" and words()[255] == "叔叔", "the order is frozen"
