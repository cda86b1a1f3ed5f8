"""Which words may a rule file use? Every fact and outcome: type, closed domain, one plain sentence.

The engine says the facts of a line (`LINE_FACTS`); tables decide outcomes, which later tables read as facts;
for the last stages the lines of a request are summed up (`SUMMED_FACTS`). Nothing else reaches an evaluator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from rules.errors import FactsRefused
from rules.words.call import CALL
from rules.words.line import LINE
from rules.words.outcomes import BRANCH, COMPARED, CONFIG, FUNCTION, OUTCOMES, REFUSAL
from rules.words.word import Scope, Value, Word, choice, flag

__all__ = [
    "ACCESS_FACTS",
    "CONFIG_FIELDS",
    "LET_THROUGH",
    "LINE_FACTS",
    "STAGES",
    "SUMMED_FACTS",
    "WORDS",
    "Scope",
    "Value",
    "Word",
    "check_facts",
    "check_lines",
    "sum_lines",
]

LET_THROUGH: Final = "pass"
"""The answer of a reject table that lets the request through."""

STAGES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "compare": tuple(word.name for word in COMPARED),
        "reject": (REFUSAL.name,),
        "branch": (BRANCH.name,),
        "config": tuple(word.name for word in CONFIG),
        "combine": (BRANCH.name, *(word.name for word in CONFIG)),
        "function": (FUNCTION.name,),
        "access": ("grants",),
    }
)
"""The stages in the order in which they run (access stands alone), with the outcomes each may decide."""

CONFIG_FIELDS: Final = tuple(word.name for word in CONFIG)
"""The fields of an AttachConfig, in the order in which they are shown."""

LINE_FACTS: Final[Mapping[str, Word]] = MappingProxyType({word.name: word for word in (*LINE, *CALL)})
"""What the engine says about each line, all of it each time."""

ACCESS_FACTS: Final = ("product_state", "feature_type")
"""What the access table reads."""

_SUMMED_WORDS: Final = (next(word for word in COMPARED if word.name == "against"), *CONFIG)
_CALL_FACTS: Final = tuple(name for name, word in LINE_FACTS.items() if word.scope is Scope.CALL)


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else value


def _any_fact(word: Word, value: Value) -> Word:
    return flag(
        f"any_{word.name}_{_text(value)}",
        Scope.DERIVED,
        f"At least one line has {word.name} {_text(value)}: {word.phrase(value)}.",
        no=f"for no line {word.phrase(value)}",
        yes=f"for at least one line {word.phrase(value)}",
    )


_LINE_COUNT: Final = choice(
    "line_count",
    Scope.DERIVED,
    "How many products the request names; the quantity lines of one product do not count.",
    {"one": "the request names one product", "several": "the request names several products"},
)
_LEAD_BRANCH: Final = choice(
    "lead_branch",
    Scope.DERIVED,
    "The branch of the first product of the request.",
    {str(value): phrase for value, phrase in BRANCH.values.items() if value != "multi_product"},
)

SUMMED_FACTS: Final[Mapping[str, Word]] = MappingProxyType(
    {
        word.name: word
        for word in (
            _LINE_COUNT,
            _LEAD_BRANCH,
            *(_any_fact(word, value) for word in _SUMMED_WORDS for value in word.values),
        )
    }
)
"""What several lines come to, for the tables that look at the whole request."""

WORDS: Final[Mapping[str, Word]] = MappingProxyType(
    {**LINE_FACTS, **{word.name: word for word in OUTCOMES}, **SUMMED_FACTS}
)
"""Every word that a rule file may use."""


def check_facts(facts: Mapping[str, object], *, label: str = "line") -> dict[str, Value]:
    """The facts of one line, every one known, present and of its domain; anything else is refused by name."""
    problems = [f"{label}: the fact {name!r} is not known" for name in facts if name not in LINE_FACTS]
    checked: dict[str, Value] = {}
    for name, word in LINE_FACTS.items():
        if name not in facts:
            problems.append(f"{label}: the fact {name!r} is missing")
            continue
        value = facts[name]
        if isinstance(value, bool | str) and word.holds(value):
            checked[name] = value if isinstance(value, bool) else str(value)
        else:
            allowed = ", ".join(_text(each) for each in word.values)
            problems.append(f"{label}: the fact {name!r} is {value!r}, which is none of: {allowed}")
    if problems:
        raise FactsRefused(problems)
    return checked


def check_lines(lines: Sequence[Mapping[str, object]]) -> list[dict[str, Value]]:
    """The facts of every line of a request; facts of the call must be the same on each."""
    if not lines:
        raise FactsRefused(["a request has at least one line"])
    checked = [check_facts(facts, label=f"line {number}") for number, facts in enumerate(lines, start=1)]
    first = checked[0]
    problems = [
        f"line {number}: the fact {name!r} belongs to the call, but differs from line 1"
        for number, facts in enumerate(checked[1:], start=2)
        for name in _CALL_FACTS
        if facts[name] != first[name]
    ]
    if problems:
        raise FactsRefused(problems)
    return checked


def sum_lines(
    lines: Iterable[Mapping[str, Value]], *, line_count: str, lead_branch: Value
) -> dict[str, Value]:
    """What decided lines come to: for each value of a summed word, whether any line has it."""
    decided = list(lines)
    summed: dict[str, Value] = {_LINE_COUNT.name: line_count, _LEAD_BRANCH.name: lead_branch}
    for word in _SUMMED_WORDS:
        present = {line[word.name] for line in decided}
        for value in word.values:
            summed[f"any_{word.name}_{_text(value)}"] = value in present
    return summed
