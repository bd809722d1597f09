"""From an error's code to the one sentence that a person reads: what happened, what you can do, and a number.

Rules kept here:
- Every code has one number and one sentence; numbers are grouped by whose matter it is and never re-used:
  Y-1xxx what was typed · Y-2xxx rules of the market · Y-3xxx exchange with the province ·
  Y-4xxx integrity and the machine itself · Y-5xxx login, access and requests.
- A sentence says what happened and what to do, without a full stop; the number is put behind it.
- Where the error's detail holds what FULLER asks for, that more exact sentence is used instead.
- A code that is not listed (a newer peer's, say) gets its family's general sentence and shows the code.
- Sentences hold no personal data: details are sizes, limits, names of fields, moments already in words.
"""

from __future__ import annotations

from typing import Any

from common.errors import Invalid, Refused, Tampered, Unreachable, YizhanError
from common.web.sentences import ACCESS, EXCHANGE, INTEGRITY, RULES, TYPING

MESSAGES: dict[str, tuple[str, str]] = {**TYPING, **RULES, **EXCHANGE, **INTEGRITY, **ACCESS}

# The same message with what the error knows besides; the names in braces must all be in its detail.
FULLER: dict[str, str] = {
    "too_long": "填得太长，最多 {most} 个字，请删短一些",
    "out_of_range": "数字超出范围，应在 {least} 到 {most} 之间，请核对",
    "not_a_choice": "“{typed}”不在可选范围内，请从列表里选择",
    "id_length": "证件号码位数不对，现在是 {got} 位，请核对有没有漏填或多填",
    "uscc_length": "统一社会信用代码应为 18 位，现在是 {got} 位，请核对",
    "uscc_checksum": "统一社会信用代码校验位不对，您要填的是不是 {suggestion}；确认无误请写明原因后继续",
    "record_changed": "{who} 在 {when} 改过这条记录，请看一眼改了什么，再决定保存",
    "employer_blacklisted": "该用工方已列入欠薪失信名单（{since} 起），不能发布用工岗位",
    "seats_full": "这个用工岗位的 {headcount} 个名额已经招满，请另选岗位",
    "certificate_missing": "{trade}须持有效证书上岗，证书在上工日必须有效，请先登记证书",
    "below_minimum_wage": "工钱折合每小时低于当地最低标准 {floor}，请与用工方核对；确需如此请写明原因",
    "state_change": "这条记录现在是“{state}”，不能做这一步，请刷新后查看",
    "login_locked": "密码连续输错，账号已锁定，请 {minutes} 分钟后再试，或请市场负责人解锁",
    "rate_limited": "操作太频繁，请 {seconds} 秒后再试",
    "too_large": "提交的内容太大，最多 {most}，请缩小后再传",
    "confirm_word": "输入的文字与“{word}”不一致，没有执行，请核对后重新输入",
    "password_short": "密码至少 {least} 位，请重新设置",
    "bundle_gap": "还缺前面的数据包（从第 {need} 条起），请先导入它，这一包可以稍后再导",
    "offline": "暂时连不上省平台，本市场照常工作，{next} 会自动再试",
}

# What an unlisted code of each family says.
GENERAL: tuple[tuple[type[YizhanError], str, str], ...] = (
    (Invalid, "Y-1000", "填写的内容有一处不合要求，请核对后重新提交"),
    (Refused, "Y-2000", "按现行规定这一步不能办理，请核对情况或请市场负责人处理"),
    (Unreachable, "Y-3000", "对方暂时连不上，数据没有丢失，请稍后再试"),
    (Tampered, "Y-4000", "数据校验没有通过，已停止这一步，请不要重试，立即联系系统管理员"),
)
UNKNOWN = ("Y-4012", MESSAGES["internal"][1])


def number(error: YizhanError | str) -> str:
    """`Y-1203` of an error or a code; the family's general number where the code is not listed."""
    return _look(error)[0]


def words(error: YizhanError | str, **detail: Any) -> str:
    """The sentence alone, without number: for places that show the number apart."""
    code, known = (error, detail) if isinstance(error, str) else (error.code, {**error.detail, **detail})
    fuller = FULLER.get(code)
    if fuller is not None:
        try:
            return fuller.format_map(known)
        except KeyError:
            pass
    return _look(error)[1]


def sentence(error: YizhanError | str, **detail: Any) -> str:
    """`身份证号校验位不对，请核对最后一位（代码 Y-1203）`."""
    code = error if isinstance(error, str) else error.code
    shown = number(error) if code in MESSAGES else f"{number(error)} {code}"
    return f"{words(error, **detail)}（代码 {shown}）"


def _look(error: YizhanError | str) -> tuple[str, str]:
    code = error if isinstance(error, str) else error.code
    if code in MESSAGES:
        return MESSAGES[code]
    for family, general, text in GENERAL:
        if isinstance(error, family):
            return general, text
    return UNKNOWN
