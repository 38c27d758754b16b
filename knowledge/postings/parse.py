"""The one door to reading postings: every parser takes any text, never raises, and tells what it read, how surely and where."""

from __future__ import annotations

from knowledge.postings.dates import deadline, posted
from knowledge.postings.places import Place, cities, city
from knowledge.postings.reading import Range, Read
from knowledge.postings.salary import Salary, salary
from knowledge.postings.terms import Degree, Experience, Level, bars_graduates, degree, experience, headcount, size

__all__ = [
    "Degree",
    "Experience",
    "Level",
    "Place",
    "Range",
    "Read",
    "Salary",
    "bars_graduates",
    "cities",
    "city",
    "deadline",
    "degree",
    "experience",
    "headcount",
    "posted",
    "salary",
    "size",
]
