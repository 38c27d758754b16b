"""Where a posting is: city strings to division codes, and said so where a name stands in several places. Knows no distances."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate
from pathlib import Path

from knowledge.postings.reading import Read, nothing, plain
from knowledge.words import Phrases, words

DATA = Path(__file__).parent / "data"
PEOPLES = (
    "汉|蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|拉祜|水|东乡|纳西|景颇|柯尔克孜|土|达斡尔|仫佬|羌|布朗|撒拉|毛南"
    "|仡佬|锡伯|阿昌|普米|塔吉克|怒|乌孜别克|俄罗斯|鄂温克|德昂|保安|裕固|独龙|鄂伦春|各"
)
FULL = re.compile(rf"(?P<short>.{{2,}}?)(?:(?:(?:{PEOPLES})族?)*自治[区州县旗]|特别行政区|地区|林区|特区|新区|省|市|盟|州|区|县|旗)")
NOT_PLACE_AFTER = re.compile(
    r"[东西南北中]?[一二三四五]?(?:路|街|道|弄|巷|里\d|大[道厦街学桥]|中心|云|巴巴|广场|公园|大学|学院|酒店|饭店|宾馆|银行|村|桥|楼|山|湖|河|江|湾|花园|商会|人寿|小区|菜|话)"
)
AFTER_LIST = re.compile(r"[,、;/|\s和及或&+]$")
LANDS = (
    "日本|韩国|老挝|泰国|越南|缅甸|柬埔寨|印度|印度尼西亚|印尼|新加坡|马来西亚|菲律宾|阿联酋|沙特|迪拜"
    "|美国|加拿大|英国|德国|法国|澳大利亚|俄罗斯|尼日利亚"
)
ANYWHERE = {
    "nationwide": re.compile(r"全国|各地|异地招聘|地点不限|^(?:城市)?不限$"),
    "remote": re.compile(r"远程|线上|居家|在家办公"),
    "abroad": re.compile(rf"国外|海外|境外|^(?:{LANDS})$"),
}
MUNICIPALITIES = ("11", "12", "31", "50")
UNCLEAR = {"朝阳": ("211300", "110105", "220104"), "吉林": ("220000", "220200")}
"""Short names that mean two places of about the same weight."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place as exact as it was said: `code` of GB/T 2260 (six digits), short names of province and city, full name of the county.

    `candidates`: the codes it may be, if the name alone does not tell; `code` is then what they share ("" for nothing).
    `scope` nationwide, remote or abroad: no place of the country at all.
    """

    code: str
    province: str = ""
    city: str = ""
    district: str = ""
    candidates: tuple[str, ...] = ()
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Atlas:
    """Every name → the codes that bear it, names by code, and what finds them in a text."""

    codes: dict[str, tuple[str, ...]]
    names: dict[str, str]
    phrases: Phrases


def rows(name: str) -> Iterator[list[str]]:
    for line in (DATA / name).read_text(encoding="utf8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


@cache
def short(name: str) -> str:
    """The name without what kind of division it is, if two characters are left."""
    match = FULL.fullmatch(name)
    return match["short"] if match else name


def divisions() -> Iterator[tuple[str, str]]:
    for code, *rest in rows("divisions.tsv"):
        name, counties = (*rest, "", "")[:2]
        if name:
            yield code.ljust(6, "0"), name
        for county in counties.split():
            if county[:2] != "00" and county[2:] != name:
                yield code + county[:2], county[2:]


@cache
def atlas() -> Atlas:
    names = dict(divisions())
    found: dict[str, list[str]] = {}
    for code, name in names.items():
        own = {name, short(name)} | ({f"{short(name)}州"} if "自治州" in name else set())
        for each in own:
            found.setdefault(each, []).append(code)
    for alias, *codes in rows("place_aliases.tsv"):
        found[alias] = codes
    return Atlas({name: tuple(codes) for name, codes in found.items()}, names, Phrases(found))


def level(code: str) -> int:
    return 0 if code.endswith("0000") else 1 if code.endswith("00") else 2


def weighty(name: str) -> tuple[str, ...]:
    """Of places with the same name only those of the highest level: 南昌 is the city, not the county in it."""
    return UNCLEAR.get(name) or highest(atlas().codes[name])


def highest(codes: Iterable[str]) -> tuple[str, ...]:
    known = tuple(codes)
    return tuple(code for code in known if level(code) == min(map(level, known)))


def place(code: str, candidates: tuple[str, ...] = ()) -> Place:
    names = atlas().names
    province = short(names.get(code[:2] + "0000", ""))
    city = province if code[:2] in MUNICIPALITIES else short(names.get(code[:4] + "00", "")) if level(code) else ""
    return Place(code, province, city, names.get(code, "") if level(code) == 2 else "", candidates)


def shared(codes: tuple[str, ...]) -> Place:
    """The place of one code, or what several have in common."""
    if len(codes) == 1:
        return place(codes[0])
    for width in (4, 2):
        if len({code[:width] for code in codes}) == 1:
            return place(codes[0][:width].ljust(6, "0"), codes)
    return Place("", candidates=codes)


def within(code: str, outer: Place) -> bool:
    """Whether a code lies in that place."""
    known = outer.code[: (2, 4, 6)[level(outer.code)]] if outer.code else ""
    if outer.candidates:
        return any(code != other and code.startswith(other[: (2, 4, 6)[level(other)]]) for other in outer.candidates)
    return bool(known) and code.startswith(known) and code != outer.code


@dataclass(frozen=True, slots=True)
class Hit:
    start: int
    end: int
    name: str
    alone: bool
    """It is all of its part of the text, as 青秀区 in 南宁-青秀区."""
    first: bool
    """Its part of the text begins with it."""
    full: bool
    """The name says what kind of division it is."""


PART = re.compile(r"[^\s,、;/|·\-\[\]():。&+]+")


def hits(seen: str) -> Iterator[Hit]:
    """Names of places in their order, without those that are the name of a road, a house or a part of a word."""
    known = atlas()
    bounds: set[int] | None = None
    for part in PART.finditer(seen):
        text = part.group()
        last = 0
        for at, name in known.phrases.find(text):
            end = at + len(name)
            rest = text[end:]
            full = short(name) != name
            if not full and NOT_PLACE_AFTER.match(rest) and next(known.phrases.find(rest), (1, ""))[0]:
                continue  # 中山南路; but 深圳|南山区
            if at > last and not full:
                bounds = bounds if bounds is not None else cuts(seen)
                if part.start() + at not in bounds:
                    continue
            last = end
            yield Hit(part.start() + at, part.start() + end, name, text in (name, f"{name}地区"), not at, full)


def cuts(seen: str) -> set[int]:
    return set(accumulate(map(len, words().cutter.lcut(seen, HMM=False)), initial=0))


def stands(hit: Hit) -> bool:
    """Whether a name is a place without another before it: a short name of a county only where nothing else is written."""
    codes = weighty(hit.name)
    if level(codes[0]) < 2 or hit.full or hit.alone:
        return True
    return hit.first and len(codes) == 1 and atlas().names.get(codes[0], "").endswith("市")


def merged(found: list[Read[Place]], hit: Hit, gap: str) -> Read[Place] | None:
    """The hit as a nearer description of the last place, or a place of its own; None: it is neither."""
    last = found[-1] if found else None
    if last and last.value:
        codes = atlas().codes[hit.name]
        inner = highest(code for code in codes if within(code, last.value))
        if inner:
            return replace(last, value=shared(inner), confidence=0.98 if len(inner) == 1 else 0.7, span=(last.span[0], hit.end))
        if last.value.code in codes or not (AFTER_LIST.search(gap) and stands(hit)):
            return last
    if not stands(hit):
        return None
    value = shared(weighty(hit.name))
    sure = 0.98 if hit.first and not value.candidates else 0.9 if hit.full and not value.candidates else 0.75 if not value.candidates else 0.4
    return Read(value, sure, (hit.start, hit.end))


def cities(text: str) -> tuple[Read[Place], ...]:
    """All places a field or a sentence names, in its order. Never raises; empty where there is none."""
    seen = plain(text)
    found: list[Read[Place]] = []
    for hit in hits(seen):
        gap = seen[found[-1].span[1] : hit.start] if found else ""
        read = merged(found, hit, gap)
        if read is None or (found and read is found[-1]):
            continue
        if found and read.span[0] == found[-1].span[0]:
            found[-1] = read
        else:
            found.append(read)
    if found:
        return tuple(found)
    for scope, pattern in ANYWHERE.items():
        if match := pattern.search(seen):
            return (Read(Place("", scope=scope), 0.9, match.span()),)
    return ()


def city(text: str) -> Read[Place]:
    """The first place a text names; `value` None: none."""
    return next(iter(cities(text)), nothing())
