"""What people are entitled to: a careful reader's cases, the laws every verdict keeps, conditions that cannot be read."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.policy.conditions import ConditionError, compiled
from knowledge.policy.eligibility import Eligibility
from knowledge.policy.entry import Entry
from knowledge.policy.facts import Facts
from knowledge.policy.store import Knowledge, files, knowledge_of
from knowledge.profile import FIELDS, Span, read, schema

TODAY = date(2026, 11, 22)
PEOPLE = [json.loads(line) for line in Path(__file__).with_name("people.jsonl").read_text(encoding="utf8").splitlines()]
ELIGIBILITY = Eligibility(knowledge_of(files()))
SAMPLES: dict[str, list[Any]] = {
    "date": ["2023-06-30", "2024-11-22", "2025-06", "2026-09-01", "2027"],
    "number": [0, 1, 3, 11, 12, 24, 30],
    "bool": [True, False],
    "text": ["苏州", "北京", "甘肃通渭县乡镇", "制造业", "临床医学"],
    "list": [[], ["低保"], ["退役"], ["电工职业技能等级证书"], ["SUB-01"]],
    "answers": [{"SUB-01": True}, {"SUB-05": False}],
}


def values(name: str) -> st.SearchStrategy[Any]:
    field = FIELDS[name]
    if name in ("cohort", "birth_date"):
        return st.integers(2020, 2028) if name == "cohort" else st.sampled_from(["1996-05-01", "1998-11-22", "1998-11"])
    return st.sampled_from(list(field.values or SAMPLES[field.kind]))


PROFILES = st.fixed_dictionaries({}, optional={name: values(name) for name in FIELDS})


@pytest.mark.parametrize("person", PEOPLE, ids=[person["note"] for person in PEOPLE])
def test_verdicts_are_a_careful_readers(person: dict[str, Any]) -> None:
    clean, problems = read(person["profile"])
    assert not problems
    plan = {verdict.id: verdict for verdict in ELIGIBILITY.plan(clean, TODAY)}
    for expected in person["expect"]:
        verdict = plan.get(expected["id"])
        if not expected.get("sure", True) or (verdict is None and expected.get("absent_ok")):
            continue
        assert verdict is not None, expected
        assert verdict.verdict in (expected["verdict"], *expected.get("accept", ())), (expected, verdict)


@given(PROFILES)
def test_every_verdict_has_its_reason(profile: dict[str, Any]) -> None:
    for verdict in ELIGIBILITY.plan(profile, TODAY):
        mets = [condition.met for condition in verdict.conditions]
        assert (verdict.verdict == "not_eligible") == (False in mets)
        assert (verdict.verdict == "eligible") == all(mets)
        assert all(condition.source and condition.text for condition in verdict.conditions)
        assert all(name in FIELDS for name in verdict.missing)
        assert bool(verdict.missing) == (verdict.verdict == "need_more_info")


@given(PROFILES, st.randoms(use_true_random=False))
def test_order_of_facts_does_not_matter(profile: dict[str, Any], shuffle: Any) -> None:
    names = list(profile)
    shuffle.shuffle(names)
    assert ELIGIBILITY.plan(profile, TODAY) == ELIGIBILITY.plan({name: profile[name] for name in names}, TODAY)


STEPS = ("graduation_date", "employment", "flexible_registered", "ui_paid_months", "quit_involuntary", "birth_date", "gender", "degree", "hired_on")


@given(st.fixed_dictionaries({name: values(name) for name in STEPS}), st.permutations(STEPS))
def test_a_further_fact_never_turns_met_into_broken(person: dict[str, Any], order: list[str]) -> None:
    """Facts that agree with one another, told one after the other; a place may bring its own rules, so none is told."""
    held: dict[str, Any] = {}
    before: dict[tuple[str, str], Any] = {}
    for name in order:
        held[name] = person[name]
        now = {(verdict.id, each.text): each.met for verdict in ELIGIBILITY.plan(held, TODAY) for each in verdict.conditions}
        assert not [key for key, met in before.items() if met is True and now[key] is False], (held, name)
        before = now


@given(PROFILES)
def test_the_verdict_alone_is_the_same(profile: dict[str, Any]) -> None:
    for entry in ELIGIBILITY.entries.values():
        assert entry.check(Facts(profile, TODAY)) == entry.judge(Facts(profile, TODAY)).verdict


def test_nothing_known_is_never_a_no_nor_a_yes() -> None:
    verdicts = ELIGIBILITY.plan({}, TODAY)
    assert len(verdicts) >= 45
    assert {verdict.id for verdict in verdicts if verdict.verdict == "eligible"} == set()
    assert {verdict.id for verdict in verdicts if verdict.verdict == "not_eligible"} <= {"EMP-02"}


def test_two_readings_of_two_years_are_told() -> None:
    """IDS-10: by the day the two years are over, by the cohort they are not."""
    plan = {verdict.id: verdict for verdict in ELIGIBILITY.plan(read({"graduation_date": "2024-06-30", "degree": "本科"})[0], TODAY)}
    open_one = next(each for each in plan["SUB-02"].conditions if "2 年内" in each.text)
    assert open_one.met is None
    assert "2024-06-30" in open_one.said
    assert "counts_by" in plan["SUB-02"].missing


def test_after_its_end_a_policy_grants_nothing() -> None:
    person = next(person for person in PEOPLE if any(e["id"] == "EMP-01" and e["verdict"] == "eligible" for e in person["expect"]))
    plan = {verdict.id: verdict for verdict in ELIGIBILITY.plan(read(person["profile"])[0], date(2027, 1, 1))}
    assert plan["EMP-01"].verdict == "not_eligible"
    assert any("截止" in each.text for each in plan["EMP-01"].broken)


def conditions(key: str, person: dict[str, Any]) -> dict[str, Any]:
    verdict = ELIGIBILITY.judge(key, read(person)[0], TODAY)
    assert verdict
    return {each.text: each.met for each in verdict.conditions}


def test_a_condition_is_only_met_by_what_its_words_say() -> None:
    """EMP-04: having begun in 2025 is not having paid in 2025, and two cohorts must have been without work."""
    person = {"employment": "就业", "degree": "本科", "cohort": 2024, "hired_on": "2025-07-01", "insured_months": 16, "pays_own_insurance": False}
    stand = conditions("EMP-04", person)
    assert stand["2025 年年底前进的这家单位"] is True
    assert stand["2025 年单位给你交过养老、医疗、失业三险"] is None
    assert next(met for text, met in stand.items() if "离校未就业" in text) is None
    assert next(met for text, met in conditions("EMP-04", {**person, "cohort": 2025}).items() if "离校未就业" in text) is True


def test_a_way_that_insurance_cannot_be_paid_is_no_step_to_take() -> None:
    person = {"employment": "就业", "employer": {"type": "企业", "size": "小微"}, "hired_on": "2026-03-02", "contract_years": 2}
    verdict = ELIGIBILITY.judge(
        "EMP-03", read({**person, "cohort": 2026, "degree": "本科", "insured_months": 6, "pays_own_insurance": True})[0], TODAY
    )
    assert verdict
    assert verdict.verdict == "not_eligible"
    assert not verdict.nearly


def test_what_only_tells_how_things_are_is_nobodys_due() -> None:
    assert "GRP-06" not in ELIGIBILITY.entries


def test_an_age_that_was_told_counts_as_that_of_somebody_born_then() -> None:
    """Who is 24 today may be 23 or 24 on an earlier day of this year."""
    for birth in ("2001-11-23", "2002-11-22"):
        born, told = (Facts(read(held)[0], TODAY) for held in ({"birth_date": birth}, {"age": 24}))
        for day in (date(2025, 6, 1), date(2026, 3, 2), TODAY, date(2026, 12, 31), date(2027, 12, 31)):
            exact, wide = born.age(Span(day, day)), told.age(Span(day, day))
            assert exact
            assert wide
            assert wide.low <= exact.low <= wide.high, (birth, day)


def test_what_only_an_office_can_say_is_named_for_asking() -> None:
    plan = {verdict.id: verdict for verdict in ELIGIBILITY.plan({"graduation_date": "2026-06-30", "degree": "本科"}, TODAY)}
    for entry in ("SUB-13", "ENT-03", "EMP-06"):
        assert plan[entry].confirm[0].text in plan[entry].next
        assert FIELDS["local_answers"].label not in plan[entry].next


def test_what_can_be_mended_is_one_step_away() -> None:
    held = {"graduation_date": "2026-06-30", "degree": "本科", "employment": "灵活就业", "pays_own_insurance": True, "flexible_registered": False}
    verdict = next(verdict for verdict in ELIGIBILITY.plan(held, TODAY) if verdict.id == "SUB-02")
    assert verdict.nearly
    assert "灵活就业登记" in verdict.next


@pytest.mark.parametrize(
    "text",
    [
        "ui_months >= 12",
        "degree >= '大学'",
        "open('x')",
        "left_within()",
        "__import__('os')",
        "ui_paid_months >=",
        "age.real",
        "employment == gender",
    ],
)
def test_a_condition_that_cannot_be_read_is_told(text: str) -> None:
    with pytest.raises(ConditionError, match="条件「"):
        compiled(text, "SUB-01")


@given(person=st.sampled_from(PEOPLE), key=st.sampled_from(sorted(ELIGIBILITY.entries)))
def test_until_is_the_last_day_of_being_eligible(person: dict[str, Any], key: str) -> None:
    profile, _ = read(person["profile"])
    judged = ELIGIBILITY.judge(key, profile, TODAY)
    last = ELIGIBILITY.until(key, profile, TODAY)
    if judged is None or judged.verdict != "eligible":
        assert last is None
        return
    if last is None:
        return
    verdicts = [ELIGIBILITY.judge(key, profile, last + timedelta(days=days)) for days in (0, 1)]
    assert [found.verdict == "eligible" for found in verdicts if found] == [True, False]


def test_an_entry_whose_condition_cannot_be_read_is_left_out(knowledge: Knowledge) -> None:
    whole = knowledge.entries["SUB-02"]
    broken = whole.model_copy(update={"rule": [whole.rule[0].model_copy(update={"test": "nonsense()"})]})
    assert Eligibility(Knowledge(1, {"SUB-02": broken}, {})).plan({}, TODAY) == []


def test_a_condition_names_a_source_of_its_entry(knowledge: Knowledge) -> None:
    body = knowledge.entries["SUB-02"].model_dump()
    for source in ("某处听说", "地方口径(火星)"):
        with pytest.raises(ValueError, match="不在这条的来源或地方口径里"):
            Entry.model_validate({**body, "rule": [{"text": "条件", "test": "job_seeking", "source": source}]})


def test_registered_as_unemployed_says_two_things() -> None:
    assert read({"employment": "失业登记"}) == ({"employment": "未就业", "unemployment_registered": True}, [])


def test_a_profile_from_outside_is_read_or_refused_by_field() -> None:
    clean, problems = read(
        {"degree": "高职", "ui_paid_months": "一年", "shoe": 43, "business": {"first": "是"}, "hired_on": "2026-13-01", "cohort": None}
    )
    assert clean == {"degree": "专科", "business.first_business": True}
    assert [problem.split("的值")[0] for problem in problems] == [
        "字段 ui_paid_months ",
        "不认识字段 shoe,没有用上;字段名见 bulixian plan --schema",
        "字段 hired_on ",
    ]


def test_the_schema_names_every_field() -> None:
    table = schema()["properties"]
    assert all(name in table or name.split(".")[1] in table[name.split(".")[0]]["properties"] for name in FIELDS)
