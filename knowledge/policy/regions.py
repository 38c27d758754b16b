"""Places in a text and in entries: province and city by name. No rules of any place, those are in the entries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from knowledge.policy.entry import Entry, Region
from knowledge.words import Phrases, pairs, words

SUFFIX = re.compile(r"(?<=..)(特别行政区|自治区|自治州|地区|省|市|州|盟)$")


@dataclass(frozen=True, slots=True)
class Place:
    """A named place: `name` as said, `province` it lies in (the same for a province)."""

    name: str
    province: str


@cache
def places() -> dict[str, str]:
    """City or province name → province, without 省/市 suffixes."""
    found: dict[str, str] = {}
    for province, cities in pairs("places.tsv"):
        for city in cities.split():
            found.setdefault(city, province)
        found[province] = province
    return found


DISTRICTS = {"北京朝阳": "北京", "长春朝阳": "长春"}
"""Districts that have the name of a city elsewhere, and where they are."""
WORDS = frozenset(("朝阳区", "阿里巴巴", "大同小异", "朝阳产业", "朝阳行业", "三明治", "大理石", "哈密瓜", "日照时间"))
"""Words that begin with the name of a city and mean something else; a 朝阳区 is in 北京 and in 长春."""


@cache
def phrases() -> Phrases:
    return Phrases((*places(), *DISTRICTS, *WORDS))


def find(text: str) -> Place | None:
    """The most exact place a text names: a city wins over a province; of several cities the last one said."""
    found = [(at, DISTRICTS.get(name, name)) for at, name in phrases().find(text) if name not in WORDS]
    if not found:
        return None
    starts = set(accumulate(map(len, words().cutter.lcut(text, HMM=False)), initial=0))
    hits = [(name, places()[name]) for at, name in found if at in starts]  # 周六|安排 is not 六安
    if not hits:
        return None
    cities = [hit for hit in hits if hit[0] != hit[1] or hit[1] in ("北京", "天津", "上海", "重庆")]
    name, province = (cities or hits)[-1]
    return Place(name, province)


def variants(entry: Entry, place: Place | None) -> list[Region]:
    """What the entry says of that place: its own variants, else those of its province."""
    if place is None:
        return []
    own = [region for region in entry.region if SUFFIX.sub("", region.place) == place.name or place.name in region.place]
    return own or [region for region in entry.region if SUFFIX.sub("", region.place) == place.province]


def named(entry: Entry, text: str) -> list[Region]:
    """Variants whose place stands in the text word for word (districts and counties that the city list lacks)."""
    return [region for region in entry.region if SUFFIX.sub("", region.place) in text]
