"""Why a card is put before a person and what it asks that they lack, in sentences. Matches nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from knowledge.postings import families
from knowledge.postings.catalogue import PERKS, SCOPES, bare, barred, month
from knowledge.postings.catalogue import perks as perks_of
from knowledge.postings.kinds import known
from knowledge.postings.match import Match
from knowledge.postings.places import place
from knowledge.postings.terms import SAID, Level
from knowledge.postings.wanted import Wanted

WHY, LACK = 3, 3
UNITS = {"month": "月", "week": "周", "day": "天", "hour": "小时", "task": "件"}
SOON = 7
"""Days before a deadline in which it is said."""


def why(row: Mapping[str, Any], wanted: Wanted, match: Match, today: date) -> list[str]:
    """Up to three reasons, the weightiest first; only what the posting says or the person said."""
    parts, said = match.parts, []
    kin = families.of_title(bare(row["title"]))
    if parts.get("title", 0) > 0.6:
        said.append(f"和你要找的「{'、'.join(wanted.titles)}」对上了")
    elif "title" in parts:
        alike = "是一类" if any(kin & families.of_title(bare(title)) for title in wanted.titles) else "名字相近"
        said.append(f"和你要找的「{'、'.join(wanted.titles)}」{alike}")
    if parts["major"] and kin:
        shared = families.named(kin & families.of_major(wanted.major))
        said.append(f"你学{wanted.major},常去「{shared[0]}」这类岗位")
    if wanted.least and month(row)[0] >= wanted.least:
        said.append(f"写明的工资不低于你要的 {wanted.least} 元")
    if wanted.places and parts["near"] >= 0.8:
        said.append(f"就在{where([code for code in row['places'] if any(code[:4] == want[:4] for want in wanted.places)] or row['places'])}")
    if found := [name for number, name in enumerate(PERKS) if name in wanted.asks and perks_of(row["text"]) >> number & 1]:
        said.append(f"写了{'、'.join(found)}")
    if row["cohorts"] and wanted.cohort in row["cohorts"]:
        said.append(f"招 {wanted.cohort} 届")
    elif row["fresh"] and not barred(row):
        said.append("写明招应届毕业生")
    elif row["years_low"] == 0 and len(said) < WHY:
        said.append("不要求工作经验")
    if row["posted"] and 0 <= (today - row["posted"]).days <= 3:
        said.append("这几天刚发布")
    if wanted.degree is not None and row["degree"] is not None and len(said) < WHY:
        said.append("学历不限" if row["degree"] == Level.ANY else f"要{SAID[Level(row['degree'])]},你够")
    return said[:WHY]


def lacking(row: Mapping[str, Any], wanted: Wanted, today: date) -> list[str]:
    """Up to three things to know before applying: what is asked and not met or not told, and what the posting does not say."""
    said = []
    if barred(row):
        said.append("写明不要应届生")
    if row["degree"] and wanted.degree is None:
        said.append(f"要{SAID[Level(row['degree'])]}{'(全日制)' if row['full_time_degree'] else ''}")
    elif row["full_time_degree"]:
        said.append("要全日制学历")
    if row["years_low"] and (wanted.years is None or row["years_low"] > wanted.years):
        said.append(f"要 {row['years_low']:g} 年经验,可以投但要说明")
    if row["cohorts"] and wanted.cohort is None:
        said.append(f"只招 {'、'.join(map(str, row['cohorts']))} 届")
    if row["deadline"] and 0 <= (left := (row["deadline"] - today).days) <= SOON:
        said.append("今天截止" if not left else f"还有 {left} 天截止")
    if absent := [name for number, name in enumerate(PERKS) if name in wanted.asks and not perks_of(row["text"]) >> number & 1]:
        said.append(f"没写{'、'.join(absent)}")
    if wanted.least and month(row)[1] < wanted.least:
        said.append(f"工资没到你要的 {wanted.least} 元")
    if row["pay_low"] is None and row["pay_high"] is None:
        said.append("没写工资,投之前问清楚")
    return said[:LACK]


def pay(row: Mapping[str, Any]) -> str:
    """Pay as people read it."""
    low, high = row["pay_low"], row["pay_high"]
    unit = UNITS.get(row["pay_unit"] or "", "")
    if not unit or (low is None and high is None):
        return "工资面议"
    amount = f"{low:g}–{high:g}" if low is not None and high is not None and low != high else f"{low or high:g}"
    open_end = "起" if high is None else "以内" if low is None else ""
    months = f",{row['pay_months']} 薪" if row["pay_months"] and row["pay_months"] > 12 else ""
    return f"{amount} 元/{unit}{open_end}{months}"


def where(codes: list[str]) -> str:
    """Places as people read them, at most three."""
    names = []
    for code in codes:
        if code in SCOPES:
            names.append({"nationwide": "全国", "remote": "可远程"}[code])
        elif code == "abroad":
            names.append("境外")
        else:
            found = place(code)
            names.append(f"{found.city or found.province}{found.district}")
    told = list(dict.fromkeys(name for name in names if name))
    return "、".join(told[:3]) + (f" 等 {len(told)} 地" if len(told) > 3 else "") if told else "地点没写"


def kind(name: str) -> str:
    return next((each.say for each in known() if each.name == name), "全职")


def spoken(wanted: Wanted) -> list[str]:
    """What is looked for, one filter a line."""
    lines = []
    if wanted.titles:
        lines.append(f"岗位:{'、'.join(wanted.titles)}")
    if wanted.places:
        lines.append(f"地点:{where(list(wanted.places))}{',外地也行' if wanted.anywhere else ''}")
    if wanted.kinds:
        lines.append(f"类型:{'、'.join(map(kind, wanted.kinds))}")
    if wanted.least:
        lines.append(f"工资:每月 {wanted.least} 元以上")
    if wanted.degree is not None:
        lines.append(f"学历:{SAID[Level(wanted.degree)]}")
    if wanted.years is not None:
        lines.append("经验:应届或没有经验" if not wanted.years else f"经验:{wanted.years:g} 年")
    if wanted.asks:
        lines.append(f"要有:{'、'.join(wanted.asks)}")
    if wanted.without:
        lines.append(f"不要:{'、'.join(wanted.without)}")
    return lines
