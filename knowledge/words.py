"""Words of the language: normalising, tokens, aliases. The only user of jieba. No policy content, no database."""

from __future__ import annotations

import hashlib
import logging
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, lru_cache, wraps
from pathlib import Path
from typing import TypeVar

VOCAB = Path(__file__).parent / "vocab"
QUERY_CHARS = 200
"""Characters of a query that are searched; a longer story is cut in the middle (head and tail carry the question)."""
LATIN = re.compile(r"[a-z0-9]+(?:[.+/%-][a-z0-9]+)*%?")
HAN = re.compile(r"[\u3400-\u9fff]+")
NOT_WORD = re.compile(r"[^\u3400-\u9fffa-z0-9+./%-]+")
INVISIBLE = frozenset("\ufe0f\u20e3\u200b\u200d")
REMEMBERED, REMEMBERED_CHARS = 4096, 500
"""So many short texts are kept: what anybody may send must not fill the memory."""
T = TypeVar("T")
CLASS = re.compile(r"\{([^\d{},][^{}]*)\}")
REPEATED = re.compile(r"([^\d])\1{2,}")


def remembered(work: Callable[[str], T]) -> Callable[[str], T]:
    """`work` with a memory of the short texts it met last: one turn looks at the same text many times."""
    memory = lru_cache(REMEMBERED)(work)
    return wraps(work)(lambda text: memory(text) if len(text) <= REMEMBERED_CHARS else work(text))


def filled(pattern: str, classes: Mapping[str, str]) -> str:
    """A regular expression with the {classes} of words that it names filled in, classes within classes too.

    Raises:
        KeyError: it names one that is not there.
    """
    while (whole := CLASS.sub(lambda name: f"(?:{classes[name[1]]})", pattern)) != pattern:
        pattern = whole
    return pattern


class Phrases:
    """Longest-match lookup of many literal phrases, by their first two characters."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self.heads: dict[str, list[str]] = {}
        known = sorted(set(phrases), key=len, reverse=True)
        for phrase in known:
            self.heads.setdefault(phrase[:2], []).append(phrase)
        self.signs = frozenset(phrase for phrase in known if len(phrase) == 1)

    def find(self, text: str) -> Iterator[tuple[int, str]]:
        """Positions and phrases found, left to right, never overlapping."""
        place = 0
        while place < len(text):
            phrase = next((phrase for phrase in self.heads.get(text[place : place + 2], ()) if text.startswith(phrase, place)), "")
            phrase = phrase or (text[place] if text[place] in self.signs else "")
            if phrase:
                yield place, phrase
            place += len(phrase) or 1

    def remove(self, text: str) -> str:
        kept, last = [], 0
        for place, phrase in self.find(text):
            kept.append(text[last:place])
            last = place + len(phrase)
        return "".join((*kept, text[last:]))


def lines(name: str) -> list[str]:
    """The entries of a vocabulary file; blank lines and lines starting with # are left out."""
    path = VOCAB / name
    rows = path.read_text(encoding="utf8").splitlines()
    return [row.strip() for row in rows if row.strip() and not row.startswith("#")]


def pairs(name: str) -> Iterator[tuple[str, str]]:
    for row in lines(name):
        left, _, right = row.partition("\t")
        if right.strip():
            yield left.strip(), right.strip()


class Words:
    """One loaded vocabulary: everything that turns text into what is indexed and searched.

    `normalise`, `plain` and `query` are `normal`, `bare` and `asked` with a memory.
    """

    def __init__(self) -> None:
        self.normalise = remembered(self.normal)
        self.plain = remembered(self.bare)
        self.query = remembered(self.asked)
        self.simple = str.maketrans({a: b for a, b in pairs("simplified.tsv") if len(a) == len(b) == 1})
        self.stop = frozenset(lines("stopwords.txt"))
        self.fillers = Phrases(self.normalise(line) for line in lines("fillers.txt"))
        self.official: dict[str, str] = {}
        for colloquial, official in pairs("aliases.tsv"):
            key = self.normalise(colloquial)
            self.official[key] = f"{self.official.get(key, '')} {self.normalise(official)}".strip()
        self.aliases = Phrases(self.official)
        self.added = lru_cache(None)(lambda alias: self.features(self.official[alias]))
        self.domain = [self.normalise(word) for word in lines("words.txt")]
        self.cutter = cutter(self.domain)
        files = [Path(__file__), *(name for name in sorted(VOCAB.iterdir()) if name.suffix in (".txt", ".tsv"))]
        self.version = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]

    def normal(self, text: str) -> str:
        """NFKC, lower case, simplified characters, no emoji or control characters, no runs of one sign."""
        plain = unicodedata.normalize("NFKC", text).lower().translate(self.simple)
        plain = "".join(c if unicodedata.category(c)[0] in "LNP" or c in "+<>=~|$" else " " for c in plain if c not in INVISIBLE)
        return REPEATED.sub(r"\1", " ".join(plain.split()))

    def bare(self, text: str) -> str:
        """Normalised text without spaces, punctuation and fillers: for equality of questions."""
        return self.fillers.remove(NOT_WORD.sub("", self.normalise(text)))

    def features(self, text: str) -> list[str]:
        """Index terms of a normalised text: jieba words (w), characters and bigrams of Han runs, Latin and numbers whole.

        Without jieba's guessing of new words and without characters that only carry grammar: measured equal in hits
        by cross-validation, and cheaper.
        """
        cut = self.cutter.lcut_for_search(text, HMM=False)
        found = [f"w{word}" for word in cut if len(word) > 1 and word not in self.stop and HAN.match(word)]
        found += LATIN.findall(text)
        for run in HAN.findall(text):
            found += [character for character in run if character not in self.stop]
            found += [run[i : i + 2] for i in range(len(run) - 1)]
        return found

    def asked(self, text: str) -> tuple[list[str], list[str]]:
        """Index terms of what a person typed, and those that its aliases add."""
        text = self.normalise(text)
        if len(text) > QUERY_CHARS:
            text = f"{text[: QUERY_CHARS // 2]} {text[-QUERY_CHARS // 2 :]}"
        core = self.fillers.remove(text) or text
        return self.features(core), [term for _, alias in self.aliases.find(core) for term in self.added(alias)]


def cutter(domain: list[str]):  # type: ignore[no-untyped-def]  # jieba has no types
    """An own tokenizer, so that `add_word` never leaks into jieba's global one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # jieba 0.42.1 has invalid escapes, which newer Pythons warn of
        import jieba

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    for word in domain:
        tokenizer.add_word(word)
    return tokenizer


@cache
def words() -> Words:
    """The vocabulary, loaded once a process (about a second, most of it jieba's dictionary)."""
    return Words()
