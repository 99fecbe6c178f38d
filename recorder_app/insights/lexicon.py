"""Words the rules know: what people promise and ask for in meetings, and what only sounds like it. Data."""

from __future__ import annotations

ACTIONS = frozenset(
    # A word list reads as a paragraph, not as 200 quoted strings.
    """
    accept add adjust announce answer approve arrange ask assign attach bill book borrow bring build buy
    calculate call cancel change charge check choose clarify clean clear close collect combine compare
    complete confirm connect contact convert copy correct count cover create cut decide define delete
    deliver deploy describe design develop discuss distribute document double download draft draw drop
    edit email enable estimate evaluate examine exchange explain export extend file fill finalise
    finalize find finish fix follow format forward gather get give handle hand hire implement import
    improve include inform install interview introduce investigate invite invoice launch lead link list
    load look mail make measure meet merge migrate monitor move negotiate note notify offer open order
    organise organize pack paint pay phone pick plan post practise practice prepare present print
    process produce propose provide publish pull purchase push put raise read record redo refund
    register release remind remove rename renew rent reorder repair replace reply report request
    research reserve reset resend resolve respond restart restore return review revise rewrite run save
    schedule search sell send separate set setup share ship show sign simplify solve sort speak split
    start stop store submit summarise summarize support swap switch take talk tell test tidy track train
    transfer translate transport try turn type update upgrade upload use validate verify visit wash
    water work wrap write
    """.split()  # noqa: SIM905
)
"""Base forms. A verb that is not here makes no task: "see you", "be honest", "say that" are no promises."""

LIGHT = frozenset({"do", "have", "keep", "let"})
"""Verbs that are a task only with certain words after them (`HEAVY_AFTER`)."""

HEAVY_AFTER = {
    "do": r"(?!(?:it|that|this|so|too|both|them|those|my best)\b)(?:the|a|an|some|another|our|my|your)\b",
    "have": r".*\b(?:ready|done|finished|prepared)\b|a (?:look|word|chat|talk|think)\b",
    "keep": r".*\b(?:updated|informed|in the loop|posted)\b",
    "let": r"(?!(?:me|you|us)\b)\w+(?: \w+)? know\b",
}

EMPTY_ALONE = frozenset({"do", "get", "have", "make"})
"""With nothing but a pronoun behind them these say that something will be done, not what."""

NOT_TASKS = (
    r"tell you (?:what|that|something|the truth)\b",
    r"(?:talk|speak) (?:to|with) you (?:soon|later|again|next|tomorrow|then)\b",
    r"(?:speak|talk) (?:up|a (?:little|bit)|louder|slower|more|slowly)\b",
    r"(?:end|leave|start|stop|join|record|share|open|close) (?:the|this|my|your) (?:call|meeting|screen)\b",
    r"(?:turn|switch|start|stop|check) (?:on |off )?(?:the|my|your) (?:recording|microphone|camera|video)\b",
    r"(?:try|start|stop|read|look|turn|talk|work|move|run|use|get|make|put|take|show|find)$",
    r"get (?:back to (?:work|that|this|it)|it|that|there|used|started|going|into (?:it|that|this))\b",
    r"(?:make|take) (?:sense|it|time|place|long)\b",
    r"move on\b",
    r"start (?:with|by|off)\b",
    r"give (?:you|me) (?:an example|a second|a minute|a moment)\b",
    r"ask you (?:something|a question|about)\b",
    r"turn (?:it|that) (?:on|off|up|down)\b",
    r"(?:stop|wrap (?:it|this|that)? ?up|leave it) ?(?:here|there|now)?$",
    r"add (?:that|to that)\b",
    r"try (?:that|it|this|again)\b",
    r"work (?:on )?(?:it|that) out$",
)
"""Clauses (verb first) that steer the conversation itself."""

PRONOUNS = frozenset({"it", "that", "this", "them", "those", "these", "one", "her", "him", "so", "same"})

EMPTY = frozenset(
    # A word list reads as a paragraph, not as 200 quoted strings.
    """
    a an the it that this them those these one her him so same me you us i we they he she my your our
    their its his to for of in on at with by from up down out off away back over into about and or too
    as well then now again just also please maybe right okay yes no will would can could do does did be
    is are was were have has had there here some any all both each very really quick quickly soon later
    first next look care
    """.split()  # noqa: SIM905
)
"""Words that say nothing about what is to be done."""

DOUBTS = frozenset({"probably", "maybe", "perhaps", "never", "hopefully", "possibly", "rather", "not"})


def base_form(word: str) -> str | None:
    """Return the action a word names ("replying" → "reply", "picks" → "pick"), None when it names none."""
    word = word.lower()
    if word in ACTIONS or word in LIGHT:
        return word
    for candidate in _stems(word):
        if candidate in ACTIONS:
            return candidate
    return None


def _stems(word: str) -> list[str]:
    if word.endswith("ing") and len(word) > 5:
        stem = word[:-3]
        return [stem, stem + "e", stem[:-1] if stem[-1:] == stem[-2:-1] else stem]
    if word.endswith("ies"):
        return [word[:-3] + "y"]
    if word.endswith("s"):
        return [word[:-1], word[:-2] if word.endswith("es") else word[:-1]]
    return []
