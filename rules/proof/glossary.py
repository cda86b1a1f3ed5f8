"""Which words are there? The page of every fact and outcome, written from the vocabulary.

`python -m rules.proof.glossary` prints it; `docs/rules-words.md` holds it and a test keeps it fresh.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from rules.vocabulary import SUMMED_FACTS
from rules.words.call import CUSTOMER, MONEY, REQUEST
from rules.words.line import COMPARISON, HOLDINGS, PRODUCT, QUANTITY
from rules.words.outcomes import ACCESS, BRANCH, COMPARED, CONFIG, FUNCTION, REFUSAL
from rules.words.word import Value, Word

_INTRODUCTION = """# The words of the rules

Every word that a rule file may use, with each of its values. This page is written from the vocabulary
(`python -m rules.proof.glossary > docs/rules-words.md`); [the guide](rules.md) says how to use it.
"""

_CHAPTERS = (
    ("The product that is asked for", "Said by the engine for each line.", PRODUCT),
    ("What the customer has of it", "Said by the engine for each line.", HOLDINGS),
    ("Quantities", "Said by the engine for each line.", QUANTITY),
    ("Beside the plan in force", "Said by the engine for each line.", COMPARISON),
    ("What the request asks for", "Said by the engine, the same on each line.", REQUEST),
    ("The customer", "Said by the engine, the same on each line.", CUSTOMER),
    ("The money", "Said by the engine, the same on each line.", MONEY),
    ("Compared", "Decided in `compare.yaml`, read by every later table.", COMPARED),
    ("Refused", "Decided in `reject.yaml`.", (REFUSAL,)),
    ("The branch", "Decided in `branch.yaml`, and for the call in `combine.yaml`.", (BRANCH,)),
    ("The config", "Decided in `config.yaml`, and for the call in `combine.yaml`.", CONFIG),
    ("The function", "Decided in `function.yaml`.", (FUNCTION,)),
    ("Access", "Read and decided in `lifecycle/access.yaml`.", ACCESS),
    (
        "Several lines together",
        "Summed up from the lines, for `combine.yaml`, `function.yaml` and the part `money`.",
        tuple(SUMMED_FACTS.values()),
    ),
)


def glossary() -> str:
    """The whole page as Markdown."""
    return "\n".join([_INTRODUCTION, *_lines()]) + "\n"


def _lines() -> Iterator[str]:
    for title, who, words in _CHAPTERS:
        yield f"## {title}\n\n{who}\n"
        yield from _words(words)


def _words(words: Iterable[Word]) -> Iterator[str]:
    for word in words:
        yield f"- **`{word.name}`** {word.sentence}"
        yield from (f"  - `{_text(value)}`: {phrase}" for value, phrase in word.values.items())
    yield ""


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else value


if __name__ == "__main__":
    sys.stdout.write(glossary())
