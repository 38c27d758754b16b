"""How words of a document are repeated: verbatim, marked as an excerpt, with where they stand. Never a statement of ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from dialogs.messages import Say
from dialogs.wording import DECIDES
from knowledge.policy.entry import Entry
from knowledge.policy.passages import Passages, Quote
from knowledge.policy.regions import Place

LEAD = "没有把握直接替你下结论。下面这段原文可能相关,你先对照看看,拿不准就让老师来答。"
BESIDE = "也可能在这份文件里,原文是:"
LOCAL = "本地文件里有一段可能相关,具体数目和做法以文件为准:"
MARKED = "——原文摘录:"
SHORT = 120
"""Characters of an excerpt that stands below something else."""


def said(quote: Quote) -> str:
    """The excerpt and its source. What is left out is shown by 「……」."""
    held = quote.document
    words = f"{'' if quote.begun else '……'}{quote.text}{'' if quote.ended else '……'}"
    number = f"({held.number})" if held.number else ""
    place = f",只在{held.region}适用" if held.region else ""
    until = f",有效期至 {held.valid_to}" if held.valid_to else ""
    section = f"{' ' if number else ''}{quote.section}"
    return f"「{words}」\n{MARKED}《{held.title.strip('《》')}》{number}{section},{held.dated}{place}{until}"


def alone(quote: Quote) -> str:
    """Where we have nothing of our own to say."""
    return f"{LEAD}\n{said(quote)}\n{DECIDES}"


def beside(quote: Quote) -> str:
    """Below a menu."""
    return f"{BESIDE}\n{said(quote)}\n{DECIDES}"


def locally(say: Say, text: str, passages: Passages, today: date, place: Place | None) -> Say:
    """A sure answer of ours, with the words of the office's own notice where one is as clearly meant: it decides amounts."""
    quote = passages.find(text, today, place, SHORT)
    return replace(say, text=f"{say.text}\n{LOCAL}\n{said(quote)}") if quote and quote.document.number and MARKED not in say.text else say


def sourced(say: Say, entry: Entry, text: str, passages: Passages, today: date, place: Place | None = None) -> Say:
    """The sources of an entry, with the words of the article that answers most, where the law is loaded."""
    quote = passages.sourced([source.document for source in entry.source], f"{text} {entry.title} {entry.answer}", today, place)
    return replace(say, text=f"{say.text}\n{said(quote)}") if quote else say
