"""Reading of posting text against what a person read (the tables beside this file), and that no text breaks a parser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.postings import parse
from knowledge.postings.parse import Degree, Experience, Place, Range, Read, Salary
from knowledge.postings.reading import LENGTH
from tests.growth import LINEAR, growth
from tests.knowledge.test_words import ANY

HERE = Path(__file__).parent
ON = date(2026, 11, 26)


def table(name: str) -> Iterator[list[str]]:
    for line in (HERE / name).read_text(encoding="utf8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def ends(low: float | None, high: float | None) -> str:
    return "..".join("" if value is None else f"{value:.10g}" for value in (low, high))


def pay(value: Salary | None) -> str:
    if value is None or value.unit is None:
        return "none" if value is None else "?"
    months = f" x{value.months}" if value.months else ""
    return f"{value.unit[0]} {ends(value.low, value.high)}{months}{' year' if value.basis else ''}"


def where(value: Place | None) -> str:
    if value is None:
        return "none"
    if value.scope:
        return f"* {value.scope}"
    if value.candidates:
        return f"? {' '.join(sorted(value.candidates))}"
    return f"{value.province} {value.city or '-'} {value.district or '-'}"


def asked(value: Degree | Experience | Range | date | None) -> str:
    match value:
        case Degree():
            extra: list[object] = [
                value.full_time and "full",
                value.school and f"school={value.school}",
                value.preferred and f"wish={value.preferred.value}",
            ]
            return " ".join([str(value.level.value), *(str(each) for each in extra if each)])
        case Experience():
            cohorts = value.cohorts and f"c={','.join(map(str, value.cohorts))}"
            extra = [
                value.fresh and "fresh",
                cohorts,
                value.days and f"days={value.days}",
                value.stay and f"stay={value.stay}",
                value.barred and "barred",
            ]
            return " ".join([ends(value.low, value.high), *(str(each) for each in extra if each)])
        case Range():
            return "some" if value.low is value.high is None else ends(value.low, value.high)
        case date():
            return value.isoformat()
    return "none"


def term(parser: str, text: str) -> str:
    if parser in ("posted", "deadline"):
        read: Read[date] = getattr(parse, parser)(text, ON)
        return "endless" if parser == "deadline" and read.value is None and read.confidence else asked(read.value)
    return asked(getattr(parse, parser)(text).value)


def test_pay_is_what_a_person_reads() -> None:
    rows = list(table("salary.tsv"))
    assert len({text for text, _ in rows}) >= 400
    assert not [(text, said, got) for text, said in rows if (got := pay(parse.salary(text).value)) != said]


def test_a_place_is_what_a_person_reads() -> None:
    rows = [(text, f"? {' '.join(sorted(said[2:].split()))}" if said[0] == "?" else said) for text, said in table("places.tsv")]
    assert len(rows) >= 150
    assert not [(text, said, got) for text, said in rows if (got := where(parse.city(text).value)) != said]


def test_terms_and_days_are_what_a_person_reads() -> None:
    rows = list(table("terms.tsv"))
    assert len(rows) >= 150
    assert not [(parser, text, said, got) for parser, text, said in rows if (got := term(parser, text)) != said]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("北京/上海/广州", ["北京", "上海", "广州"]),
        ("成都、重庆", ["成都", "重庆"]),
        ("成都和重庆", ["成都", "重庆"]),
        ("深圳 南山区,东莞", ["深圳", "东莞"]),
        ("杭州·滨江·长河", ["杭州"]),
        ("上海市/上海市/浦东新区", ["上海"]),
        ("南宁市,柳州市,桂林市", ["南宁", "柳州", "桂林"]),
        ("没有地方", []),
    ],
)
def test_several_places(text: str, names: list[str]) -> None:
    assert [read.value.city for read in parse.cities(text) if read.value] == names


def test_a_place_has_the_code_of_its_division() -> None:
    assert [read.value and read.value.code for read in map(parse.city, ("深圳-南山区", "黔南", "凉山", "延边", "雄安", "广东省"))] == [
        "440305",
        "522700",
        "513400",
        "222400",
        "133100",
        "440000",
    ]


def test_what_may_be_several_places_is_a_guess() -> None:
    read = parse.city("朝阳区")
    assert read.value == Place("", candidates=("110105", "220104"))
    assert read.confidence < 0.6
    sure = parse.city("北京 朝阳区")
    assert sure.value
    assert (sure.value.code, sure.value.candidates) == ("110105", ())


def test_the_span_is_where_it_stands_in_the_text_as_given() -> None:
    text = "【急】某公司招２人,月薪６－８Ｋ·13薪,成都·武侯区,本科及以上,1-3年,12月31日截止"
    parts: list[Read[Any]] = [
        parse.salary(text),
        parse.city(text),
        parse.degree(text),
        parse.experience(text),
        parse.deadline(text, ON),
        parse.headcount(text),
    ]
    assert [text[slice(*part.span)].strip(",") for part in parts] == ["月薪６－８Ｋ·13薪", "成都·武侯区", "本科", "1-3年", "12月31日", "招２人"]


def test_guesses_say_that_they_are_guesses() -> None:
    sure, guess = parse.salary("6-8千/月"), parse.salary("24万-25万")
    assert sure.confidence > 0.9
    assert guess.confidence <= 0.6
    assert parse.salary("10000元/天").confidence <= 0.5


NOISE = st.text("0123456789.,-~·/万千kK元月天年薪招人届第以上下起至到省市区县州一二三十百 ()", max_size=60)


@given(st.one_of(ANY, NOISE))
def test_any_text(text: str) -> None:
    reads: list[Read[Any]] = [parse.salary(text), *parse.cities(text), parse.posted(text, ON), parse.deadline(text, ON)]
    reads += [parse.degree(text), parse.experience(text), parse.headcount(text), parse.size(text)]
    for read in reads:
        start, end = read.span
        assert 0 <= start <= end <= len(text)
        assert 0 <= read.confidence <= 1
        if isinstance(read.value, Salary) and read.value.low is not None and read.value.high is not None:
            assert read.value.low <= read.value.high


UNITS = ["1", "1-", "1,000", "一", "万", "12/", "3年", "5天/周", "北京", "市", "月薪", "10薪", "·", "人", "-", "招", "不限", "全日制"]


@pytest.mark.parametrize("unit", [*UNITS, " ", "\n"])
def test_no_text_is_slow(unit: str) -> None:
    def parsed(text: str) -> None:
        for parser in (parse.salary, parse.cities, parse.degree, parse.experience, parse.headcount, parse.size):
            parser(text)
        parse.posted(text, ON)
        parse.deadline(text, ON)

    assert growth(parsed, unit, LENGTH) < LINEAR
    assert growth(parsed, unit, 100_000) < LINEAR
