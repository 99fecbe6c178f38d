"""Words as search compares them: no case, no accents, one kind of quote. Pure.

Text and query go through the same `fold`, so that "strasse" finds "Straße" and "soren" finds "Søren".
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata

MAX_WORDS = 16
"""Of a query; whatever somebody pastes beyond that is not looked for."""
_MAX_LENGTH = 400

# Letters that Unicode does not take apart, and signs that programs put in place of what people type.
_ALSO = {
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h",
    "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "’": "'", "‘": "'",
    "‐": "-", "‑": "-", "–": "-", "—": "-", "−": "-",
}  # fmt: skip
# Vowel points and accents that people leave out when they type. Other scripts' marks are letters.
_ACCENTS = ((0x0300, 0x036F), (0x0591, 0x05C7), (0x064B, 0x065F), (0x0670, 0x0670))
# Scripts written without spaces: Thai to Myanmar, Khmer, kana, Han. A run of them is no word.
_UNSPACED = ((0x0E00, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF),
             (0x20000, 0x3FFFF))  # fmt: skip
_QUOTED = re.compile(r'"([^"]*)"?|([^"\s]+)')


@dataclasses.dataclass(frozen=True, slots=True)
class Term:
    """One word of a query, or what stood in quotes; folded."""

    text: str
    tokens: tuple[str, ...]
    """The words in it as the full-text index knows them; empty: it cannot be looked up there."""

    @property
    def is_literal(self) -> bool:
        """It must stand in the text as it is: the index knows only parts of it, or nothing."""
        return self.tokens != (self.text,)


def fold(text: str) -> str:
    """Of one line; its whitespace becomes single spaces."""
    line = plain(text)
    return line.lower() if line.isascii() else line.translate(_FOLDS)


def plain(text: str) -> str:
    """One line with single spaces: what `fold` folds, and what ranges of a hit count in."""
    return " ".join(text.split())


def terms_of(query: str) -> tuple[Term, ...]:
    """What to look for; words in double quotes stay together. Empty when there is nothing to look for."""
    # Half a character, as a broken paste may hold, is in no text.
    typed = query[:_MAX_LENGTH].encode("utf-8", "ignore").decode()
    found = []
    for quoted, word in _QUOTED.findall(fold(typed)):
        text = (quoted or word).strip()
        if text:
            found.append(Term(text, _tokens(text)))
    return tuple(dict.fromkeys(found))[:MAX_WORDS]


def find(folded: str, term: Term, start: int = 0) -> int:
    """Where the term stands in folded text, from `start` on; a word only at its start. -1: nowhere."""
    at = folded.find(term.text, start)
    if term.is_literal:
        return at
    while at > 0 and folded[at - 1].isalnum():
        at = folded.find(term.text, at + 1)
    return at


def ranges_of(text: str, terms: tuple[Term, ...]) -> tuple[tuple[int, int], ...]:
    """Where the terms stand in `plain` text: start and end of each, in order, none over another."""
    folded, origin = "", []
    for index, character in enumerate(text):
        piece = _FOLDS[ord(character)]
        folded += piece
        origin += [index] * len(piece)
    found = []
    for term in terms:
        at = find(folded, term)
        while at >= 0:
            found.append((origin[at], origin[at + len(term.text) - 1] + 1))
            at = find(folded, term, at + len(term.text))
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def fold_character(character: str) -> str:
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(_ALSO.get(each, each) for each in folded if not _within(each, _ACCENTS))


class _Folds(dict[int, str]):
    """What each character folds to, found when it is first met."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = fold_character(chr(code))
        return folded


_FOLDS = _Folds()


def _tokens(text: str) -> tuple[str, ...]:
    """Split as the index does; empty when it may see other words than we do.

    Characters newer than Unicode 3.2 are left to a plain search: SQLite's tables and Python's differ there.
    """
    words, word = [], ""
    for character in text:
        category = unicodedata.ucd_3_2_0.category(character)
        if category in ("Cn", "Co", "Cs", "Me") or _within(character, _UNSPACED):
            return ()
        if category[0] in "LNM":
            word += character
        elif word:
            words.append(word)
            word = ""
    return (*words, word) if word else tuple(words)


def _within(character: str, spans: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= ord(character) <= last for first, last in spans)
