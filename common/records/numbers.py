"""Numbers people bring to a window (identity, company, telephone, dates), and the numbers we print ourselves.

Pure functions, text in and text out. Each returns the cleaned text or raises errors.Invalid with a stable
code: id_length, id_characters, id_birth_date, id_checksum, id_prefix, id_type, uscc_length, uscc_characters,
phone, day, clock, number_format, number_check. What was typed never enters a message. Rules kept here:

1. Cleaning is harmless only: blanks, Excel's leading apostrophe, full-width forms, small letters. Digits are
   ASCII [0-9]; Python's own idea of a digit (int() takes Arabic and Thai ones) is never asked.
2. The first six digits of an identity number are a hint, never a ground: they name the place of first
   registration, and people born before 1990 carry codes of counties and prefectures that are long gone.
3. A wrong check digit refuses an identity number but only flags a company code: companies exist whose
   published code fails its own check. The caller asks for a reason instead.
4. Ages are counted on the day of the work, from birthday to birthday. Who was born on 29 February is a year
   older on 1 March of a common year (only then has the birthday passed).
5. Our own numbers, 37130201-C-20261201-0017-K, end in an ISO 7064 MOD 37,36 character taken over every letter
   and digit before it. The dashes do not enter the check, but a number is not read without them.
"""

import re
from datetime import date
from operator import mul
from typing import NamedTuple

from common.data.divisions import known
from common.errors import Invalid

ID_TYPES = ("resident", "hmt_permit", "foreign_permanent", "passport", "temporary", "none")
LETTERS = "WJCPQ"  # worker, job, contract, policy, case: the series a market numbers

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x2019: 0x27, 0x2018: 0x27}
_BLANK = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")
_ID_18 = re.compile(r"[0-9]{17}[0-9X]")
_HMT_PREFIXES = ("810000", "820000", "830000")
_ID_WEIGHTS = tuple(2 ** (17 - i) % 11 for i in range(17))
_ID_CHECKS = "10X98765432"
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_VALUES = {c: n for n, c in enumerate(_USCC_ALPHABET)}
_USCC_WEIGHTS = tuple(3**i % 31 for i in range(17))
_USCC_LOOKALIKES = str.maketrans("OISZ", "0152")
_PHONE = re.compile(r"1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8}")
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_LOOSE_DAY = re.compile(r"([0-9]{4})(?:([-./])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日?)")
_COMPACT_DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ALPHANUMERIC_VALUES = {c: n for n, c in enumerate(_ALPHANUMERIC)}
_NUMBER = re.compile(r"([0-9]{8})-([A-Z])([0-9]*)-([0-9]{8})-([0-9]{4,9})-([0-9A-Z])")


def _clean(text: str) -> str:
    """Blanks out (also the invisible ones pasted from chats), full-width to ASCII, Excel's apostrophe off."""
    return _BLANK.sub("", text).translate(_WIDE).lstrip("'")


def _real_date(year: int, month: int, day: int) -> bool:
    if year < 1800:  # a typing error, not a person or a day's work
        return False
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def clean_id(text: str) -> str:
    """The number as it will be stored: no blanks, ASCII, capitals (x becomes X)."""
    return _clean(text).upper()


def id_check_digit(first17: str) -> str:
    """ISO 7064 MOD 11-2 over 17 digits: one of 0-9 or X."""
    return _ID_CHECKS[sum(map(mul, _ID_WEIGHTS, map(int, first17))) % 11]


def check_resident_id(text: str) -> str:
    """An 18-character number of GB 11643: length, characters, birth date, check digit; never the place."""
    number = clean_id(text)
    if not _ID_18.fullmatch(number):
        if not re.fullmatch("[0-9X]*", number):
            raise Invalid("id_characters", "identity number: expected digits and a last X")
        if len(number) != 18:
            raise Invalid("id_length", f"identity number: expected 18 characters, got {len(number)}")
        raise Invalid("id_characters", "identity number: X may stand only at the end")
    if not _real_date(int(number[6:10]), int(number[10:12]), int(number[12:14])):
        raise Invalid("id_birth_date", "identity number: digits 7 to 14 are no calendar date")
    if id_check_digit(number[:17]) != number[17]:
        raise Invalid("id_checksum", "identity number: check digit does not fit")
    return number


def _check_foreign_permanent(text: str) -> str:
    """A permanent residence card: 18 digits from 9 (form of 2023), or 3 letters and 12 digits (form of 2017).

    The last digit of the 2017 form is not checked: no public text states its rule.
    """
    number = clean_id(text)
    if number[:1] == "9":
        return check_resident_id(number)
    if not re.fullmatch(r"[0-9A-Z]*", number):
        raise Invalid("id_characters", "permanent residence card: expected letters and digits")
    if number[:1].isdigit():
        raise Invalid("id_prefix", "permanent residence card: expected 9 or three letters at the front")
    if len(number) != 15:
        raise Invalid("id_length", f"permanent residence card: expected 15 characters, got {len(number)}")
    if not re.fullmatch("[A-Z]{3}[0-9]{12}", number):
        raise Invalid("id_characters", "permanent residence card: expected three letters and 12 digits")
    year, month, day = int(number[7:9]), int(number[9:11]), int(number[11:13])
    if not (_real_date(1900 + year, month, day) or _real_date(2000 + year, month, day)):
        raise Invalid("id_birth_date", "permanent residence card: digits 8 to 13 are no calendar date")
    return number


def _check_passport(text: str) -> str:
    number = clean_id(text)
    if not 5 <= len(number) <= 20:
        raise Invalid("id_length", f"passport: expected 5 to 20 characters, got {len(number)}")
    if not re.fullmatch("[A-Z0-9]*", number):
        raise Invalid("id_characters", "passport: expected letters and digits")
    return number


def check_id(id_type: str, text: str) -> str:
    """The cleaned number if it can be of that type; type `none` (nothing shown) takes only an empty text."""
    if id_type in ("resident", "temporary"):  # the temporary card bears the person's ordinary number
        return check_resident_id(text)
    if id_type == "hmt_permit":  # residents of Hong Kong, Macao and Taiwan: a place of its own, else the same
        number = check_resident_id(text)
        if not number.startswith(_HMT_PREFIXES):
            raise Invalid("id_prefix", "residence permit: expected 810000, 820000 or 830000 at the front")
        return number
    if id_type == "foreign_permanent":
        return _check_foreign_permanent(text)
    if id_type == "passport":
        return _check_passport(text)
    if id_type != "none":
        raise Invalid("id_type", "unknown type of identity document")
    if clean_id(text):
        raise Invalid("id_type", "a number was given with the type `none`")
    return ""


def birth_of(number: str, id_type: str = "resident") -> str | None:
    """'YYYY-MM-DD' out of a checked number; None where the number does not say (passports, the 2017 form)."""
    if id_type in ("passport", "none") or not _ID_18.fullmatch(number):
        return None
    return f"{number[6:10]}-{number[10:12]}-{number[12:14]}"


def sex_of(number: str, id_type: str = "resident") -> str | None:
    """'male' or 'female' (17th digit odd or even) out of a checked number; None where it does not say."""
    if birth_of(number, id_type) is None:
        return None
    return "male" if number[16] in "13579" else "female"


def known_prefix(number: str) -> bool:
    """Whether the first six digits name a place that exists or ever did. A hint: never refuse on it."""
    return known(number[:6])


def age_on(birth: str, day: str) -> int:
    """Completed years on `day`, both 'YYYY-MM-DD'; negative before birth. For 29 February see rule 4."""
    check_day(birth)
    check_day(day)
    return int(day[:4]) - int(birth[:4]) - (day[5:] < birth[5:])


def clean_uscc(text: str) -> str:
    """A unified social credit code as it will be stored. Nothing is guessed: see suggest_uscc."""
    return _clean(text).upper().replace("-", "")


def uscc_check_digit(first17: str) -> str:
    """The check character of GB 32100 over 17 characters of its alphabet."""
    return _USCC_ALPHABET[-sum(map(mul, _USCC_WEIGHTS, map(_USCC_VALUES.__getitem__, first17))) % 31]


def suggest_uscc(text: str) -> str | None:
    """What was meant if O, I, S or Z stand for 0, 1, 5 or 2; None if that gives no code that checks."""
    number = clean_uscc(text)
    guess = number.translate(_USCC_LOOKALIKES)
    try:
        return guess if guess != number and check_uscc(guess)[1] else None
    except Invalid:
        return None


def check_uscc(text: str) -> tuple[str, bool]:
    """(cleaned code, whether its check character fits). Refused: a wrong length, alphabet or place."""
    number = clean_uscc(text)
    if len(number) != 18:
        raise Invalid("uscc_length", f"company code: expected 18 characters, got {len(number)}")
    if not all(c in _USCC_VALUES for c in number) or not re.fullmatch("[0-9]{6}", number[2:8]):
        raise Invalid("uscc_characters", "company code: expected digits and capitals other than I O S V Z")
    return number, uscc_check_digit(number[:17]) == number[17]


def check_phone(text: str) -> str:
    """An 11-digit mobile number, or a landline with its area code (a dash after it stays as typed)."""
    number = _clean(text)
    if not number.startswith("0") or number.startswith("0086"):
        number = re.sub(r"^(\+|00)86-?(?=1)", "", number)
        if re.fullmatch(r"1[0-9]{2}-[0-9]{4}-[0-9]{4}", number):
            number = number.replace("-", "")
    if not _PHONE.fullmatch(number):
        raise Invalid("phone", "telephone: expected an 11-digit mobile number or a landline with area code")
    return number


def check_day(text: str) -> str:
    """Exactly 'YYYY-MM-DD' and a real day."""
    match = _DAY.fullmatch(text)
    if not match or not _real_date(*map(int, match.groups())):
        raise Invalid("day", "date: expected a real YYYY-MM-DD")
    return text


def parse_day(text: str) -> str:
    """The day that 2022.3.2, 2022/3/2, 2022-3-2, 2022年3月2日 or 20220302 means, as 'YYYY-MM-DD'."""
    typed = _clean(text).replace("。", ".")
    match = _COMPACT_DAY.fullmatch(typed) or _LOOSE_DAY.fullmatch(typed)
    if match:
        year, month, day = (int(part) for part in match.groups() if part and part.isdigit())
        if _real_date(year, month, day):
            return f"{year}-{month:02}-{day:02}"
    raise Invalid("day", "date: expected year, month and day")


def check_clock(text: str) -> str:
    """Exactly 'HH:MM', 00:00 to 23:59."""
    if not _CLOCK.fullmatch(text):
        raise Invalid("clock", "time of day: expected HH:MM")
    return text


class Number(NamedTuple):
    """The parts of a printed number; `day` is YYYYMMDD."""

    market: str
    letter: str
    incarnation: int
    day: str
    serial: int


def mod37_36(text: str) -> str:
    """ISO 7064 MOD 37,36 check character over 0-9 and A-Z.

    Finds every single wrong character, and every swap of neighbours but one pair in 630 (two characters that
    follow each other in the alphabet; which pair depends on what stands before them).
    """
    state = 36
    for character in text:
        state = (state + _ALPHANUMERIC_VALUES[character]) % 36 or 36
        state = state * 2 % 37
    return _ALPHANUMERIC[(37 - state) % 36]


def market_number(market: str, letter: str, incarnation: int, day: str, serial: int) -> str:
    """'37130201-C-20261201-0017-K'; from the second incarnation of the log on the letter reads C2, C3, …"""
    series = letter if incarnation == 1 else f"{letter}{incarnation}"
    body = f"{market}-{series}-{day}-{serial:04}"
    number = f"{body}-{mod37_36(body.replace('-', ''))}"
    assert check_number(number) == (market, letter, incarnation, day, serial)
    return number


def check_number(text: str) -> Number:
    """The parts of a printed number; small letters and full-width forms are forgiven, dashes are needed."""
    match = _NUMBER.fullmatch(_clean(text).upper())
    if not match:
        raise Invalid("number_format", "number: expected market, series, day, serial and check character")
    market, letter, incarnation, day, serial, check = match.groups()
    canonical = incarnation == "" or (incarnation[0] != "0" and incarnation != "1")
    if letter not in LETTERS or not canonical or int(serial) == 0 or (len(serial) > 4 and serial[0] == "0"):
        raise Invalid("number_format", "number: series or serial is not one a market gives")
    if not _real_date(int(day[:4]), int(day[4:6]), int(day[6:])):
        raise Invalid("number_format", "number: its day is no calendar date")
    if mod37_36(market + letter + incarnation + day + serial) != check:
        raise Invalid("number_check", "number: check character does not fit")
    return Number(market, letter, int(incarnation or 1), day, int(serial))


def mask_id(number: str) -> str:
    """370705********0018; short numbers (passports) keep two characters at each end, very short ones none."""
    head, tail = (6, 4) if len(number) >= 15 else (2, 2) if len(number) >= 6 else (0, 0)
    return number[:head] + "*" * (len(number) - head - tail) + number[len(number) - tail :]


def mask_phone(number: str) -> str:
    """138****1234, 053****1234: the first three and the last four."""
    head, tail = (3, 4) if len(number) >= 9 else (0, min(2, len(number) // 2))
    return number[:head] + "*" * (len(number) - head - tail) + number[len(number) - tail :]


def mask_name(name: str) -> str:
    """周*春, 刘*, 阿*曼: the first and the last character; one star for what is between, however long."""
    if len(name) <= 2:
        return name[:1] + "*" if len(name) == 2 else "*" * len(name)
    return f"{name[0]}*{name[-1]}"
