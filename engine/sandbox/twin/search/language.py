"""What does a query ask for? Clauses of Stripe's search query language, joined by AND or by OR.

Source: Stripe docs, search (query structure, field types, limits).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.sandbox.twin.core.errors import StripeError, invalid

_MOST_CLAUSES = 10
_CLAUSE = re.compile(
    r"""
    (?P<negated>-?)
    (?:metadata\[(?P<quote>["'])(?P<key>(?:\\.|(?!(?P=quote)).)*)(?P=quote)\]|(?P<field>[A-Za-z_][\w.]*))
    (?P<operator>:|~|>=|<=|>|<)\s*
    (?:"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>(?:\\.|[^'\\])*)'|(?P<bare>-?\d+(?:\.\d+)?|null|NULL))
    (?=\s|$)
    """,
    re.VERBOSE | re.DOTALL,
)
_JOINT = re.compile(r"\s+(?:(?P<word>AND|OR)\s+)?", re.IGNORECASE)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition; `key` names the metadata it is about, a `value` of none asks whether there is any."""

    field: str
    key: str | None
    operator: str
    value: str | None
    negated: bool


@dataclass(frozen=True, slots=True)
class Query:
    """All of the clauses have to hold, or with `either` one of them."""

    clauses: tuple[Clause, ...]
    either: bool


def parse(text: str) -> Query:
    """The query that a text says; raises Stripe's refusal of what cannot be read."""
    text = text.strip()
    clauses: list[Clause] = []
    words: set[str] = set()
    position = 0
    while True:
        found = _CLAUSE.match(text, position)
        if found is None:
            raise _unreadable()
        clauses.append(_clause(found))
        position = found.end()
        if position == len(text):
            break
        joint = _JOINT.match(text, position)
        assert joint is not None, "a clause ends at a blank"
        words.add((joint["word"] or "AND").upper())
        position = joint.end()
    if len(words) > 1:
        raise invalid("You cannot combine `AND` and `OR` in one search query.", param="query")
    if len(clauses) > _MOST_CLAUSES:
        text = f"A search query may have at most {_MOST_CLAUSES} clauses."
        raise invalid(text, param="query")
    return Query(tuple(clauses), either=words == {"OR"})


def _clause(found: re.Match[str]) -> Clause:
    quoted = found["double"] if found["double"] is not None else found["single"]
    bare: str | None = found["bare"]
    value = None if quoted is None and (bare or "").lower() == "null" else bare
    key = found["key"]
    return Clause(
        field=found["field"] or "metadata",
        key=None if key is None else _ESCAPED.sub(r"\1", key),
        operator=found["operator"],
        value=value if quoted is None else _ESCAPED.sub(r"\1", quoted),
        negated=bool(found["negated"]),
    )


def _unreadable() -> StripeError:
    text = (
        'We were unable to parse your search query. Try using the format `metadata["key"]:"value"` to query'
        ' for metadata or key:"value" to query for other fields.'
    )
    return invalid(text, param="query")
