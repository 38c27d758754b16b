"""Hard limits are never broken, reasons are true, one card an employer, nothing twice, few vacancies go to who has priority first."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from knowledge.postings.catalogue import Catalogue
from knowledge.postings.match import CHOICE, SLACK, Feedback, Person, Vacancies, fan_out
from knowledge.postings.reasons import lacking, pay, where, why
from knowledge.postings.wanted import Wanted

TODAY = date(2026, 11, 22)
PLACES = ("520100", "520102", "520300", "520000", "510100", "510107", "110000", "110105", "nationwide", "remote")
TITLES = ("会计", "行政文员", "Java开发工程师", "新媒体运营", "护士", "机械设计", "小学老师", "销售代表", "店员", "数据分析师")


def posting(number: int, **said: Any) -> dict[str, Any]:
    row = {
        "id": number,
        "card": None,
        "kind": "",
        "title": "会计",
        "company": f"公司{number}",
        "text": "",
        "places": ["520100"],
        "pay_unit": "month",
        "pay_low": 5000,
        "pay_high": 7000,
        "pay_months": None,
        "degree": None,
        "full_time_degree": False,
        "years_low": None,
        "years_high": None,
        "cohorts": [],
        "fresh": False,
        "headcount": None,
        "posted": TODAY - timedelta(days=5),
        "deadline": None,
    }
    return row | said


def anything(chance: random.Random, number: int) -> dict[str, Any]:
    def maybe(value: Any) -> Any:
        return value if chance.random() < 0.6 else None

    return posting(
        number,
        kind=chance.choice(["", "", "internship", "traineeship", "fair"]),
        title=chance.choice(TITLES),
        company=f"公司{chance.randrange(400)}",
        places=chance.sample(PLACES, chance.randint(0, 2)),
        pay_low=maybe(chance.randrange(2000, 20000)),
        pay_high=maybe(chance.randrange(3000, 30000)),
        degree=maybe(chance.randint(0, 6)),
        full_time_degree=chance.random() < 0.2,
        years_low=maybe(chance.choice([0, 1, 3, 5])),
        cohorts=chance.choice([[], [], [2026], [2026, 2027]]),
        fresh=chance.random() < 0.2,
        deadline=maybe(TODAY + timedelta(days=chance.randint(-10, 30))),
        text=chance.choice(["", "", "", "3年经验,应届勿扰"]),
    )


def wishes(chance: random.Random) -> Wanted:
    return Wanted(
        titles=tuple(chance.sample(TITLES, chance.randint(0, 2))),
        places=tuple(chance.sample(PLACES[:8], chance.randint(0, 2))),
        anywhere=chance.random() < 0.2,
        kinds=chance.choice([(), ("full_time",), ("internship", "traineeship")]),
        least=chance.choice([None, 4000, 9000]),
        degree=chance.choice([None, 3, 4, 5]),
        cohort=chance.choice([None, 2005, 2021, 2025, 2026]),
        years=chance.choice([None, 0, 2]),
        without=chance.choice([(), ("销售",)]),
    )


def reaches(place: str, wish: str) -> bool:
    """Whether a posting in one place may be for who wants the other, written the plain way."""
    if place in ("nationwide", "remote"):
        return True
    bare, asked = place.rstrip("0"), wish.rstrip("0")
    province = len(bare) <= 2 and bare == asked[:2]
    return place[:2] == wish[:2] and (len(asked) <= 2 or province or place[:4] == wish[:4])


def broken(row: dict[str, Any], wanted: Wanted) -> list[str]:
    places = row["places"]
    checks = {
        "deadline": row["deadline"] and row["deadline"] < TODAY,
        "place": wanted.places and not wanted.anywhere and places and not any(reaches(p, w) for p in places for w in wanted.places),
        "kind": wanted.kinds and (row["kind"] or "full_time") not in wanted.kinds,
        "degree": wanted.degree is not None and row["degree"] is not None and row["degree"] > wanted.degree,
        "cohort": wanted.cohort and row["cohorts"] and wanted.cohort not in row["cohorts"],
        "fresh": wanted.cohort and row["fresh"] and not row["cohorts"] and wanted.cohort < TODAY.year - CHOICE,
        "barred": (wanted.years == 0 or (wanted.cohort and wanted.cohort >= TODAY.year)) and "勿扰" in row["text"],
        "years": wanted.years is not None and row["years_low"] and row["years_low"] > wanted.years + SLACK,
        "without": any(word in row["title"] + row["company"] for word in wanted.without),
    }
    return [name for name, bad in checks.items() if bad]


def test_no_hard_limit_is_ever_broken_and_none_is_invented() -> None:
    chance = random.Random(5)
    rows = [anything(chance, number) for number in range(1, 501)]
    vacancies = Vacancies(Catalogue.of(rows), TODAY)
    pairs = 0
    for _ in range(60):
        wanted = wishes(chance)
        places, _, _ = vacancies.scored(wanted)
        found = {match.id for match in vacancies.rank(wanted, 500)}
        for number in found:
            assert broken(rows[number - 1], wanted) == []
        if not wanted.titles:
            limits = replace(wanted, without=())
            assert {rows[place]["id"] for place in places} == {row["id"] for row in rows if not broken(row, limits)}
        pairs += len(rows)
    assert pairs >= 10_000


def test_scores_are_in_order_and_one_card_an_employer() -> None:
    chance = random.Random(6)
    vacancies = Vacancies(Catalogue.of([anything(chance, number) for number in range(1, 2001)]), TODAY)
    found = vacancies.rank(Wanted(titles=("会计",)), 30)
    assert len(found) == 30
    assert [match.score for match in found] == sorted((match.score for match in found), reverse=True)
    employers = [vacancies.catalogue.rows[match.place]["company"] for match in found]
    assert len(set(employers)) == len(employers)
    shown = {match.id for match in found[:10]}
    assert not shown & {match.id for match in vacancies.rank(Wanted(titles=("会计",)), 30, shown)}


def test_repeats_are_one_card_that_stands_in_all_their_places() -> None:
    vacancies = Vacancies(Catalogue.of([posting(1, card=1), posting(2, card=1, company="公司1", places=["510100"])]), TODAY)
    for code in ("520100", "510100"):
        assert [match.id for match in vacancies.rank(Wanted(places=(code,)))] == [1]


@pytest.mark.parametrize(
    ("title", "wish", "met"),
    [
        ("出纳", "会计", True),
        ("软件维护工程师", "护士", False),
        ("fruit店员", "ui", False),
        ("Java 开发(急招)", "java开发", True),
        ("幼儿园老师", "幼师", True),
    ],
)
def test_a_wish_meets_its_kin_and_nothing_else(title: str, wish: str, met: bool) -> None:
    vacancies = Vacancies(Catalogue.of([posting(1, title=title), *(posting(n, title=t) for n, t in enumerate(TITLES, 2))]), TODAY)
    assert (1 in {match.id for match in vacancies.rank(Wanted(titles=(wish,)))}) == met


def test_of_equal_titles_the_text_that_speaks_like_the_others_comes_first() -> None:
    usual, other = "负责记账报税,编制财务报表,核对往来账", "每天地推拉新,扫楼发传单,完成办卡指标"
    rows = [posting(n, text=other if n == 1 else f"{usual},第{n}组") for n in range(1, 9)]
    noise = [posting(n, title="护士", text=f"病房护理{n}") for n in range(9, 40)]
    found = Vacancies(Catalogue.of([*rows, *noise]), TODAY).rank(Wanted(("会计",)))
    assert [match.id for match in found] == [2, 3, 4, 5, 6, 7, 8, 1]


def test_many_people_get_what_each_alone_would_get() -> None:
    chance = random.Random(8)
    vacancies = Vacancies(Catalogue.of([anything(chance, number) for number in range(1, 301)]), TODAY)
    people = [Person(str(number), wishes(chance), shown={number}, priority=number % 7 == 0) for number in range(60)]
    found = dict(fan_out(vacancies, people, 3))
    alone = {person.key: Vacancies(vacancies.catalogue, TODAY).rank(person.wanted, 3, person.shown) for person in people}
    assert found == alone
    assert any(found.values())


def test_reasons_are_what_the_posting_says() -> None:
    row = posting(1, text="双休,五险一金", degree=3, cohorts=[2026], posted=TODAY - timedelta(days=1), deadline=TODAY + timedelta(days=2))
    wanted = Wanted(("会计",), ("520100",), least=4500, degree=4, major="会计学", cohort=2026, asks=("双休",))
    [match] = Vacancies(Catalogue.of([row]), TODAY).rank(wanted)
    assert why(row, wanted, match, TODAY) == ["和你要找的「会计」对上了", "你学会计学,常去「会计与财务」这类岗位", "写明的工资不低于你要的 4500 元"]
    assert lacking(row, wanted, TODAY) == ["还有 2 天截止"]
    bare = posting(2, degree=4, full_time_degree=True, years_low=2, cohorts=[2027], pay_low=None, pay_high=None)
    assert lacking(bare, Wanted(), TODAY) == ["要本科(全日制)", "要 2 年经验,可以投但要说明", "只招 2027 届"]
    assert (pay(row), pay(bare), where(["520102", "remote"])) == ("5000–7000 元/月", "工资面议", "贵阳南明区、可远程")


def test_a_posting_that_turns_graduates_away_says_so_and_is_not_put_before_them() -> None:
    row = posting(1, title="会计(不要应届生)", fresh=True, years_low=2)
    vacancies = Vacancies(Catalogue.of([row]), TODAY)
    assert not vacancies.rank(Wanted(("会计",), cohort=TODAY.year))
    wanted = Wanted(("会计",), cohort=TODAY.year - 1)
    [match] = vacancies.rank(wanted)
    assert "写明不要应届生" in lacking(row, wanted, TODAY)
    assert not any("招应届" in said for said in why(row, wanted, match, TODAY))


def test_feedback_moves_a_family_and_an_employer() -> None:
    vacancies = Vacancies(Catalogue.of([posting(1, title="会计"), posting(2, title="护士")]), TODAY)
    bit = int(vacancies.catalogue.family[0])
    assert [match.id for match in vacancies.rank(Wanted())] == [1, 2]
    assert [match.id for match in vacancies.rank(Wanted(), feedback=Feedback(kin={bit: 0.5}))] == [2, 1]
    assert [match.id for match in vacancies.rank(Wanted(), feedback=Feedback(employers={"公司1": 0.5}))] == [2, 1]


def test_few_vacancies_go_to_who_has_priority_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.postings.match.PUSHES", 1)
    vacancies = Vacancies(Catalogue.of([posting(1, headcount=1)]), TODAY)
    people = [Person("a", Wanted()), Person("b", Wanted(), priority=True)]
    assert {key: len(found) for key, found in fan_out(vacancies, people, 3)} == {"b": 1, "a": 0}


def test_an_empty_catalogue_finds_nothing() -> None:
    vacancies = Vacancies(Catalogue.of([]), TODAY)
    assert vacancies.rank(Wanted(("会计",), ("520100",))) == []
    assert np.size(vacancies.catalogue.ids) == 0


def test_wishes_are_kept_as_json() -> None:
    wanted = Wanted(("会计",), ("520100",), True, least=5000, without=("销售",))
    assert Wanted.from_json(wanted.to_json() | {"field of 2030": 1}) == wanted
    assert Wanted().of({"degree": "专科", "graduation_date": "2025-06-30", "major": "护理"}) == Wanted(degree=3, cohort=2025, major="护理")
