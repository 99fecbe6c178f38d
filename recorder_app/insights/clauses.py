"""Finds the promises and requests in one segment: which words ask or promise, and what they are about.

Works on text without punctuation and capitals (a draft transcript) as on clean text. Pure.
"""

from __future__ import annotations

import dataclasses
import enum
import re

from recorder_app.insights import dates, lexicon

LONGEST_TITLE = 16
"""Words; speech without punctuation may run on for ever."""


class Kind(enum.Enum):
    PROMISE = "promise"
    """Who speaks will do it."""
    NEED = "need"
    """It has to be done, by nobody in particular yet."""
    REQUEST = "request"
    """The other side is asked to do it."""
    PROPOSAL = "proposal"
    """Becomes a task only when somebody takes it on."""


@dataclasses.dataclass(frozen=True, slots=True)
class Clause:
    kind: Kind
    title: str
    """Verb first, deadline taken off: "Send the list to everyone". Words of the segment, but for the
    verb's form and the first capital."""
    due: str | None
    is_referring: bool
    """The object is a pronoun or says nothing ("take a look"): what it means stands somewhere before."""
    is_bare: bool
    """An empty verb and pronouns ("do it"): no task by itself."""


_BETWEEN = (
    r"(?:(?:also|just|then|please|still|definitely|certainly|gladly|now|first|really|kindly|quickly)\s+)*"
)
_VERB = r"(?P<verb>[a-z]+)"
_NO_QUESTION = r"(?<!do )(?<!did )(?<!should )(?<!would )(?<!if )(?<!when )"

_CUES: tuple[tuple[Kind, str], ...] = (
    (Kind.REQUEST, rf"\b(?:can|could|would|will)\s+you\s+(?:maybe\s+|perhaps\s+)?{_BETWEEN}{_VERB}"),
    (Kind.REQUEST, rf"\bwould\s+you\s+mind\s+{_VERB}"),
    (Kind.REQUEST, rf"\bif\s+you\s+(?:could|would|can)\s+{_BETWEEN}{_VERB}"),
    (Kind.REQUEST, rf"\b(?:i\s+(?:need|want)|i(?:'d|\s+would)\s+like)\s+you\s+to\s+{_BETWEEN}{_VERB}"),
    (
        Kind.REQUEST,
        rf"\b(?:remember|(?:do\s+not|don't)\s+forget|make\s+sure|be\s+sure)\s+to\s+{_BETWEEN}{_VERB}",
    ),
    (Kind.REQUEST, rf"\bmake\s+sure\s+(?:that\s+)?you\s+{_BETWEEN}{_VERB}"),
    (Kind.REQUEST, rf"(?<!could )(?<!can )(?<!you )\bplease\s+{_BETWEEN}{_VERB}"),
    (Kind.PROPOSAL, rf"\byou\s+{_BETWEEN}(?:have|need)\s+to\s+{_BETWEEN}{_VERB}"),
    (Kind.PROPOSAL, rf"\b(?:let's|let\s+us|lets)\s+{_BETWEEN}{_VERB}"),
    (Kind.PROPOSAL, rf"\bwho\s+(?:(?:is\s+going\s+to|will|can|could|would|wants\s+to|has\s+to)\s+)?{_VERB}"),
    (Kind.NEED, rf"{_NO_QUESTION}\bwe\s+{_BETWEEN}(?:have|need)\s+to\s+{_BETWEEN}{_VERB}"),
    (Kind.NEED, rf"\b(?:somebody|someone)\s+(?:has\s+to|needs\s+to|should|must)\s+{_BETWEEN}{_VERB}"),
    (
        Kind.PROMISE,
        rf"\bi(?:'ll|\s+will|'m\s+going\s+to|\s+am\s+going\s+to|'m\s+gonna)\s+{_BETWEEN}{_VERB}",
    ),
    (Kind.PROMISE, rf"{_NO_QUESTION}\bi\s+{_BETWEEN}(?:have|need)\s+to\s+{_BETWEEN}{_VERB}"),
    (Kind.PROMISE, rf"\bi(?:'ve\s+got\s+to|\s+must)\s+{_BETWEEN}{_VERB}"),
    (Kind.PROMISE, rf"{_NO_QUESTION}\bi\s+can\s+{_BETWEEN}{_VERB}"),
    (Kind.PROMISE, rf"\blet\s+me\s+{_BETWEEN}{_VERB}"),
)
_CUE_PATTERNS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _CUES)

_SUBJECT = (
    r"(?:i|i'll|i'm|we|we'll|you|he|she|they|it|it's|that|that's|then|this|there|could|can|please|would|will|"
    r"what|who|how|when|where|also|maybe|what's|let|let's|make\s+sure|remember|do\s+not|don't)\b"
)
_END = re.compile(
    rf"""[.?!;:]
    | ,\s+(?:and|but|so|because|then|or|which|{_SUBJECT})
    | \s+(?:and|so|or)\s+{_SUBJECT}
    | \s+(?:but|because|although|unless|otherwise|whereas|if|when|once|while|thanks|thank\s+you|okay|ok)\b
    | \s+(?:i|we)(?:'ll|\s+will|\s+can|\s+could|\s+have\s+to)\b
    | \s+(?:could|can|would)\s+you\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_TAIL = re.compile(
    r"(?:[\s,]+(?:please|then|though|too|as well|okay|right|now|for sure|actually|again|and"
    r"|for|from|of|about|to|with|at|by|until))+$",
    re.IGNORECASE,
)
_NOT_TASK = re.compile(rf"(?:{'|'.join(lexicon.NOT_TASKS)})", re.IGNORECASE)
_WORD = re.compile(r"[\w'’-]+")


def find(text: str) -> list[Clause]:
    """Return what is promised or asked for in a segment, in the order it is said, each stretch once."""
    text = text.replace("’", "'")
    found: list[tuple[int, int, Clause]] = []
    for kind, pattern in _CUE_PATTERNS:
        for match in pattern.finditer(text):
            clause, end = _clause(kind, text, match)
            if clause and not any(start < end and match.start() < stop for start, stop, _ in found):
                found.append((match.start(), end, clause))
    return [clause for _, _, clause in sorted(found, key=lambda item: item[0])]


def content(title: str) -> frozenset[str]:
    """The words of a title that say what it is about."""
    words = [word.lower() for word in _WORD.findall(title)]
    return frozenset(word for word in words if word not in lexicon.EMPTY)


def _clause(kind: Kind, text: str, match: re.Match[str]) -> tuple[Clause | None, int]:
    said = match.group("verb").lower()
    verb = lexicon.base_form(said)
    stop = _END.search(text, match.end())
    end = stop.start() if stop else len(text)
    if verb is None or (verb != said and not _may_be_inflected(match.group(0))):
        return None, end
    rest = text[match.end() : end].strip(" ,")
    whole = f"{verb} {rest}".strip()
    due = dates.find(rest) or _due_after(text, end)
    title = _TAIL.sub("", dates.without_trailing(_TAIL.sub("", whole)))
    if _NOT_TASK.match(title) or (
        verb in lexicon.HEAVY_AFTER and not re.match(lexicon.HEAVY_AFTER[verb], rest, re.IGNORECASE)
    ):
        is_bare = verb == "do" and bool(re.match(r"(?:it|that|this|so|both|them)\b", rest, re.IGNORECASE))
        if not is_bare:
            return None, end
    about = content(title) - {verb}
    objects = {word.lower() for word in _WORD.findall(title)[1:]}
    is_referring = not about or (bool(objects & lexicon.PRONOUNS) and len(about) <= 1)
    if not objects:
        return None, end
    return Clause(
        kind, _as_title(title), due, is_referring, is_bare=not about and verb in lexicon.EMPTY_ALONE
    ), end


def _may_be_inflected(cue: str) -> bool:
    """Allow "would you mind sending" and "who picks up"; everywhere else the base form must be said."""
    return bool(re.match(r"would\s+you\s+mind|who\b", cue, re.IGNORECASE))


def _due_after(text: str, end: int) -> str | None:
    """A deadline right behind the clause's end ("…, by Friday.")."""
    match = dates.DEADLINE.match(text[end:].lstrip(" ,"))
    return match.group(0) if match else None


def _as_title(clause: str) -> str:
    words = clause.split()
    cut = " ".join(words[:LONGEST_TITLE]) + (" …" if len(words) > LONGEST_TITLE else "")
    cut = re.sub(r"\bi\b", "I", cut)
    return cut[:1].upper() + cut[1:]
