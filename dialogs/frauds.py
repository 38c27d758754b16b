"""How a verdict on a suspicious text is said: the verdict first, the words it stands on, what to do now. The judging is `knowledge.rights.scam`."""

from __future__ import annotations

from knowledge.rights.scam import MENTION, Judgement, judge

MOST = 3
"""Reasons that are said; a message holds about eight lines."""
STEPS = 4
QUOTED = 14
"""Characters of the person's text that are quoted with a reason."""
SAID = {
    "high": "很像骗局,先别转钱,也别给验证码和证件。",
    "warning": "有几处可疑,先别交钱,弄清楚再说。",
    "hint": "有一点要留心,还说不上是骗局。",
    "none": "没看出骗局的常见迹象,不过我只看得到这段文字,不能保证没事。要你先交钱、给验证码或卡号,就停下来再问我。",
}
ALARM = ("warning", "high")


def quoted(text: str, span: tuple[int, int]) -> str:
    start, end = span
    room = max(0, QUOTED - (end - start)) // 2
    piece = text[max(0, start - room) : min(len(text), start + QUOTED, end + room) if end > start else 0]
    return " ".join(piece.split())


def told(text: str, found: Judgement) -> str:
    """The verdict first, then up to three reasons with the words they stand on, then what to do now."""
    rows = [SAID[found.level]]
    if found.level != "none":
        named = [each for each in found.reasons if each.rule != "M01"]
        named = [each for each in named if each.weight > MENTION] or named
        for reason in (named or found.reasons)[:MOST]:
            words = quoted(text, reason.span) if named else ""
            rows.append(f"· {reason.say}" + (f"(「{words}」)" if words else ""))
        rows.append("现在这样做:" + ";".join(found.advice[:STEPS]) + "。")
    return "\n".join(rows)


def noticed(text: str) -> str:
    """What is said of a fraud that somebody tells of without asking for the check; empty where none shows."""
    found = judge(text)
    named = any(reason.family == "fraud" and reason.rule != "M01" for reason in found.reasons)
    return told(text, found) if named and found.level in ALARM else ""
