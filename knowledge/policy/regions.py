"""Places in a text and in entries: province and city by name. No rules of any place, those are in the entries."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from knowledge.policy.entry import Entry, Region
from knowledge.words import Phrases, lines, pairs, words

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


NAMESAKES = ("滨海", "永定", "通州")
"""Counties that share their name with a district of a municipality."""
MUNICIPALITIES = ("北京", "天津", "上海", "重庆")
NO_COUNTY = re.compile(
    r"^[咱我俺这某]|^本(?!溪)|^(?:[考刚迁移转落调去到进]|回(?!民))|[西东中]部|边远|贫困|(?:小|社|校|园|市|城|郊|地|景|山|片|大|战|辖|县|新|老)区$|(?:超|城|都|门|上|全|本|夜|菜|海鲜|水产|农贸|花鸟|建材|批发|二手|小商品|人才|劳务|旧货|古玩|茶叶|服装|家具|电脑|汽配|花卉)市$|[全本各外]县$|[乡城集小]镇$"
)
"""Words that end like the name of a county and are none."""


def trie(names: Iterable[str]) -> str:
    """Alternatives grouped by their first character, longest first: a thousand names cost no more than their beginnings."""
    tails: dict[str, list[str]] = {}
    for name in sorted(names, key=len, reverse=True):
        tails.setdefault(name[0], []).append(name[1:])
    return f"(?=[{''.join(tails)}])(?:{'|'.join(f'{first}(?:{chr(124).join(rest)})' for first, rest in tails.items())})"


@cache
def expression() -> str:
    """A regular expression for a place as it is said, province to county: 云南文山州广南县, 六安裕安区, 昆山.

    Groups: `province`, `city`, `county` (with its suffix), `known` (one often said without it).
    """
    provinces = sorted(set(places().values()), key=len, reverse=True)
    cities = sorted(places().keys() - set(provinces) | {*MUNICIPALITIES, "吉林"}, key=len, reverse=True)
    known = trie(name for line in lines("counties.txt") for name in line.split())
    county = r"[^\W\d_在上的了我你他她是和跟人户也都就还租住做打跑送开有没工那这家里几个去到,]{1,4}?(?:县|区|旗|市|镇)|[于丰宜新武江花]都[县市区]"
    not_names = "|".join(sorted(WORDS - {"朝阳区"}))
    return (
        rf"(?!{not_names})(?=[\u4e00-\u9fff])(?:(?P<province>{'|'.join(provinces)})(?:省|市|(?:\w{{1,3}})?自治区)?的?)?"
        rf"(?:(?P<city>{'|'.join(cities)})(?:市|地区|自治州|(?:\w{{1,3}}族)?自治州|州|盟)?的?)?(?:(?P<known>{known})(?!区)[县市旗]?)?(?:(?P<county>{county}))?"
    )


def name(found: re.Match[str]) -> str | None:
    """The most exact place that a match of `expression` says, without 省, 市, 县; a district keeps its city."""
    county, city = found["county"], found["known"] or found["city"]
    if found["province"] in MUNICIPALITIES and found["known"] in NAMESAKES:
        city = found["province"]
    if county and NO_COUNTY.search(county):
        county = None
    if county and county.endswith("区"):
        return f"{city or (found['province'] if found['province'] in MUNICIPALITIES else None) or ''}{county}"
    if county and not (county.endswith("镇") and (city or found["province"])):
        return county[:-1] if len(county) > 2 and county[-1] in "县市" else county
    return city or found["province"]


def find(text: str) -> Place | None:
    """The most exact place a text names: a city wins over a province; of several cities the last one said."""
    found = [(at, DISTRICTS.get(name, name)) for at, name in phrases().find(text) if name not in WORDS]
    if not found:
        return None
    starts = set(accumulate(map(len, words().cutter.lcut(text, HMM=False)), initial=0))
    hits = [(name, places()[name]) for at, name in found if at in starts]  # 周六|安排 is not 六安
    if not hits:
        return None
    cities = [hit for hit in hits if hit[0] != hit[1] or hit[1] in MUNICIPALITIES]
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
