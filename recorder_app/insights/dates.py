"""Deadlines as they are said. Finds the words; never turns them into a date nobody said."""

from __future__ import annotations

import re

_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_MONTH = r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
_NUMBER = r"(?:a|an|one|two|three|four|five|six|seven|eight|nine|ten|\d{1,2})"
_ORDINAL = (
    r"(?:\d{1,2}(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|"
    r"twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|"
    r"(?:twenty|thirty)[ -](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|thirtieth)"
)
_PART = r"(?:\ (?:morning|afternoon|evening|night|noon))"
_PERIOD = r"(?:week|month|quarter|year|weekend)"
_LIMIT = r"(?:by|before|until|till|on|no\ later\ than)"

DEADLINE = re.compile(
    rf"""\b(?:
      (?:{_LIMIT}\ |later\ )?(?:today|tonight|tomorrow{_PART}?)
    | (?<!for\ )(?:{_LIMIT}\ )?(?:early\ |late\ )?
      (?:this|next)\ (?:morning|afternoon|evening|{_PERIOD}|{_DAY}{_PART}?)
    | (?:{_LIMIT}\ )(?:the\ )?(?:{_DAY}{_PART}?|noon|midnight|{_MONTH}(?:\ {_ORDINAL}|\ \d+)?|{_PERIOD})
    | (?<!from\ )(?<!last\ )(?<!since\ )(?<!of\ ){_DAY}{_PART}?(?=$|[.,;!?])
    | (?:{_LIMIT}|at)\ the\ (?:end|beginning|start)\ of\ (?:the|this|next)\ (?:day|{_PERIOD})
    | {_LIMIT}\ the\ {_ORDINAL}(?:\ of\ {_MONTH})?
    | (?:with)?in\ (?:the\ next\ )?{_NUMBER}\ (?:minute|hour|day|week|month)s?
    | in\ half\ an\ hour
    | (?:right\ |straight\ )?(?:after|before|during)\ (?:the\ |this\ |our\ |your\ |my\ )?
      (?:lunch|dinner|breakfast|call|meeting|holidays?|weekend|break|launch|release|trip)
    | (?:right|straight)\ away | immediately | as\ soon\ as\ possible | asap | first\ thing
    | (?:{_LIMIT}\ )?(?:at\ )?(?:the\ )?latest
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)


def find(text: str) -> str | None:
    """Return the last deadline in a clause as it was said."""
    found = [match.group(0) for match in DEADLINE.finditer(text)]
    return found[-1] if found else None


def without_trailing(text: str) -> str:
    """Take deadlines off the end of a clause; what is said in its middle belongs to it."""
    while True:
        tails = [match for match in DEADLINE.finditer(text) if not text[match.end() :].strip(" ,.!?")]
        if not tails:
            return text
        text = text[: tails[0].start()].rstrip(" ,.!?")
