"""How remarks on a résumé are said, in chat and in the terminal. Finds none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from knowledge.resume.against_posting import Comparison, Need
from knowledge.resume.rules import SEVERITIES, Remark, Review

FINE = "通读了一遍,没看出要紧的问题。投之前再对着岗位调一下顺序,请一个人帮你读一遍错字。"
STATES = {"found": "写到了", "implied": "做过但没用这个词", "missing": "没写到"}
FITS = {True: "合", False: "不够", None: "看不出"}


QUOTED = 30
"""Characters of a quote in the chat; the report page has all of them."""


def where(remark: Remark, most: int = 1000) -> str:
    """The words it is about, and what exactly; nothing that the title or the detail says anyway."""
    quote = f"「{remark.quote if len(remark.quote) <= most else remark.quote[: most - 1] + '…'}」" if remark.quote else ""
    if quote and (quote in remark.rule.title or remark.detail.startswith(quote)):
        quote = ""
    more = f"等 {len(remark.places)} 处" if len(remark.places) > 1 else ""
    return f"{quote}{more}{',' if quote and remark.detail else ''}{remark.detail}"


def first(review: Review) -> str:
    """The most important, with why."""
    chosen = review.most_important()
    if not chosen:
        return FINE
    rest = len(review.remarks) - len(chosen)
    head = f"看完了,先改这 {len(chosen)} 处" + (f"(还有 {rest} 处小的):" if rest else ":")
    return "\n".join((head, *(numbered(number, remark, remark.rule.why) for number, remark in enumerate(chosen, 1))))


def ways(review: Review) -> str:
    """How to mend the most important."""
    lines = (numbered(number, remark, way(remark)) for number, remark in enumerate(review.most_important(), 1))
    return "\n".join(("一处一处改,「__」的地方填你自己的数:", *lines))


def way(remark: Remark) -> str:
    return f"{remark.rule.fix}{f'比如{remark.example}' if remark.example else ''}"


def numbered(number: int, remark: Remark, say: str) -> str:
    return f"{number}. {titled(remark)}\n   {say}"


def titled(remark: Remark) -> str:
    about = where(remark, QUOTED)
    return f"{remark.rule.title}{':' if about else ''}{about}"


def whole(review: Review) -> str:
    """Every side of the résumé, and all remarks in a line each."""
    sides = (f"· {name}:{state}{'(' + '、'.join(moved) + ')' if moved else ''}" for name, state, moved in review.dimensions())
    remarks = (f"{number}. [{SEVERITIES[remark.rule.severity]}] {titled(remark)}" for number, remark in enumerate(review.remarks, 1))
    return "\n".join(("几个方面:", *sides, *(("全部意见:", *remarks) if review.remarks else ())))


def report(review: Review) -> Iterator[str]:
    """Everything, with reasons, ways and sources: for the terminal."""
    yield whole(review).split("\n全部意见:")[0]
    for number, remark in enumerate(review.remarks, 1):
        yield f"\n{number}. [{SEVERITIES[remark.rule.severity]}] {remark.rule.title}"
        yield from (f"   {line}" for line in (where(remark), remark.rule.why, f"改法:{way(remark)}", f"依据:{remark.rule.source}") if line)


def beside(comparison: Comparison) -> Iterator[str]:
    """The résumé beside the posting."""
    yield "\n对着这个岗位:"
    for point in comparison.points:
        yield f"· {point.name}:要{' ' if point.asked[:1].isdigit() else ''}{point.asked},你{point.held} —— {FITS[point.fits]}"
    for required, say in ((True, "要求"), (False, "优先")):
        for state, words in STATES.items():
            needs = [need for need in comparison.needs if need.required == required and need.state == state]
            if needs:
                yield f"· {say}里{words}的:{listed(needs)}"
    for sentence in comparison.move_up:
        yield f"· {sentence}"
    if not comparison.needs:
        yield "· 没从岗位里读出要什么,把「任职要求」那一段也放进来"
    if any(need.state != "found" and need.required for need in comparison.needs):
        yield "真做过的,用岗位的原词写进对应的经历;没做过的别写。"


def listed(needs: Sequence[Need]) -> str:
    return "、".join(need.term for need in needs)
