"""What the province's pages say of codes and states, where the common message speaks to a hall.

A code that is not here is said as everywhere (common.web.messages); its number is the same in both.
"""

from __future__ import annotations

from common.web import filters, messages
from common.web.badges import ICONS, STATES
from common.web.shapes import Badge
from hub.province.boards import Trouble

MARKET_STATES = {
    "invited": "已邀请",
    "pending": "待批准",
    "open": "运行",
    "paused": "已暂停",
    "recovering": "核对中",
    "revoked": "已吊销",
    "closed": "已关闭",
}
ROLES = {"operator": "操作员", "auditor": "审计员", "admin": "管理员"}
# codes as the province reads them: what the market's computer did, what to do here
CODES = {
    "fork": "交来了两份互相矛盾的历史，已停止接收并留存证据，请与市场核对两台电脑",
    "clone": "两台电脑用同一把密钥交来了不同的历史，已停止接收并留存证据，请与市场决定保留哪一台",
    "recovering": "本平台的数据比已签名的旧，已停止接收，请用最新备份恢复",
    "root_mismatch": "交来的数据与签名的指纹对不上，没有接收，请与市场核对电脑和磁盘",
    "size_mismatch": "交来的条数与签名的条数不符，没有接收，请与市场核对电脑和磁盘",
    "digest_mismatch": "交来的内容与条目的指纹不一致，没有接收，请与市场核对",
    "payload_missing": "交来的条目缺少内容，没有接收，请与市场核对",
    "payload_withheld": "交来的条目缺少内容，没有接收，请与市场核对",
    "payload_erased": "交来的条目内容已被擦除，却没有擦除的命令，没有接收，请与市场核对",
    "history": "手里的省平台日志与本平台的不同，请与市场核对是否用了旧备份",
    "machine_signature": "报来的电脑信息没有通过签名核验，没有接收，请与市场核对",
    "machine_malformed": "没有报明是哪台电脑，没有接收，请让市场升级程序",
    "signature_invalid": "交来的签名没有通过核验，没有接收，请与市场核对密钥",
    "signature_missing": "交来的数据没有本市场的签名，没有接收，请与市场核对密钥",
    "origin_mismatch": "签名属于另一本日志，没有接收，请与市场核对",
    "leaf_too_large": "有一条超过大小限制，没有接收，请让市场升级程序",
    "push_too_large": "一次交来的数据过大，没有接收，请让市场升级程序",
    "revoked": "密钥已吊销，仍有电脑在上报，请与市场核对",
    "closed": "日志已关闭，仍有电脑在上报，请与市场核对",
}
# what the province's own forms say
FORMS = {
    "market_code": "市场编码是 8 位数字：6 位区划代码加 2 位序号，请核对",
    "other_province": "这个编码不属于本省，请核对前两位",
    "login_form": "账号只能用字母、数字和短横线，最多 32 位，请重新填写",
    "no_account": "没有这个账号，请刷新后重试",
    "unknown_market": "没有这个市场，请从市场一览进入",
    "password_same": "新密码与原密码相同，请换一个",
    "last_manager": "这是最后一位管理员，不能停用，请先添加另一位",
    "already_known": "这个市场已有登记码或已接入，再发一个请先勾选确认",
    "words_unread": "还没有勾选确认，没有批准，请与市场逐个核对六个词后勾选",
}


def said(code: str) -> str:
    """A sentence on a market's problem, with its number."""
    words = CODES.get(code) or (
        messages.words(code) if code in messages.MESSAGES else "上报没有通过检查，没有接收，请联系系统管理员"
    )
    number = messages.number(code) if code in messages.MESSAGES else "Y-4000"
    return f"{words}（代码 {number}）"


def trouble(it: Trouble, now: int) -> str:
    """A sentence on what is amiss with a market."""
    if it.kind in ("alarm", "failing"):
        return (f"连续失败 {it.count} 次：" if it.count else "") + said(it.code)
    if it.kind == "two_machines":
        return f"有 {it.count} 台电脑在交同一本日志，请与市场核对保留哪一台（代码 Y-4002）"
    if it.kind in ("long_silent", "silent"):
        asked = "，请打电话问一问" if it.kind == "long_silent" else ""
        return f"已有 {filters.age((now - (it.at or now)) // 1000)}没有联系{asked}"
    if it.kind == "invited":
        return f"已发登记码，还没有接入，{filters.moment(it.at, now)} 前有效"
    return {
        "pending": "申请已送达，请与市场核对六个词后批准",
        "recovering": "市场正在核对数据，暂存草稿",
        "never": "还没有成功上报过，请联系市场查看",
        "code_over": "登记码已过期，还没有接入，请重新邀请",
        "waiting": f"市场还有 {it.count:,} 条待上报",
        "paused": "已暂停接收",
    }.get(it.kind, it.kind)


def state_badge(state: str) -> Badge:
    """The badge of a market's state."""
    word = MARKET_STATES.get(state, state)
    icon = {"invited": "envelope", "pending": "person-check"}.get(state, ICONS.get(state, ""))
    return Badge(STATES.get(state, "unknown"), word, icon)


def decision_badge(decision: str, word: str) -> Badge:
    """The badge of the province's word on one entry."""
    return Badge({"refused": "wrong", "held": "waiting", "allowed": "good"}.get(decision, "unknown"), word)
