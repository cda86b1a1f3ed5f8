"""Requests as facts: a plain one, what differs from it, and any consistent one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st

from rules.loader import FILES, parse_file, read_files
from rules.model import Table
from rules.proof.examples import load_examples
from rules.ruleset import Decision, Refusal, RuleSet
from rules.vocabulary import LINE_FACTS, Scope
from rules.words.word import Value

PLAIN: Mapping[str, Value] = load_examples().plain
LIVE = ("trialing", "active", "past_due", "paused", "canceling")

FREE_PLAN: Mapping[str, Value] = {"current_plan": "free", "current_state": "active", "price_change": "higher"}
PAID_PLAN: Mapping[str, Value] = {
    "current_plan": "paid",
    "current_state": "active",
    "interval_change": "equal",
    "live_subscription": "active",
}
UP: Mapping[str, Value] = {**PAID_PLAN, "price_change": "higher"}
DOWN: Mapping[str, Value] = {**PAID_PLAN, "price_change": "lower"}
TRIAL_PLAN: Mapping[str, Value] = {**UP, "current_state": "trialing", "live_subscription": "trialing"}
HELD: Mapping[str, Value] = {"held": "active", "live_subscription": "active"}


def line(*parts: Mapping[str, Value], **changes: Value) -> dict[str, Value]:
    """A plain line with what differs."""
    facts = dict(PLAIN)
    for part in (*parts, changes):
        facts.update(part)
    return facts


def quantity(change: str, *parts: Mapping[str, Value], **changes: Value) -> dict[str, Value]:
    """A quantity line of a held product."""
    ways: dict[str, Value] = {"on_increase": "prorate_immediately", "on_decrease": "prorate_immediately"}
    return line(
        ways, HELD, *parts, line_kind="quantity", quantities="changed", quantity_change=change, **changes
    )


def decided(ruleset: RuleSet, *lines: Mapping[str, Value]) -> Decision:
    """The decision about some lines, which must not be refused."""
    answer = ruleset.decide(lines)
    assert isinstance(answer, Decision), answer
    return answer


def refused(ruleset: RuleSet, *lines: Mapping[str, Value]) -> Refusal:
    """The refusal of some lines, which must be refused."""
    answer = ruleset.decide(lines)
    assert isinstance(answer, Refusal), answer
    return answer


def edited(*changes: tuple[str, str, str]) -> dict[str, str]:
    """The shipped files with texts replaced; a text that is not there is a mistake of the test."""
    files = read_files()
    for file, old, new in changes:
        assert files[file].count(old) == 1, (file, old, files[file].count(old))
        files[file] = files[file].replace(old, new)
    return files


def tables_of(files: Mapping[str, str]) -> tuple[Table, ...]:
    """The tables of some files; a file that was read before is not read again."""
    return tuple(table for file in FILES for table in _parsed(file, files[file]))


@cache
def _parsed(file: str, text: str) -> tuple[Table, ...]:
    return parse_file(file, text)


@st.composite
def requests(draw: st.DrawFn) -> list[dict[str, Any]]:
    """One to three lines that a context builder could produce, however strange the request."""
    first = _consistent(draw, draw(st.fixed_dictionaries(_ANY)), kind="product")
    lines = [first]
    for kind in draw(st.lists(st.sampled_from(("product", "quantity")), max_size=2)):
        other = _consistent(draw, draw(st.fixed_dictionaries(_ANY)), kind=kind)
        other.update({name: first[name] for name, word in LINE_FACTS.items() if word.scope is Scope.CALL})
        lines.append(other)
    return lines


def _mostly(name: str) -> st.SearchStrategy[Value]:
    """Usually the plain value, so that a request is not refused for its first parameter."""
    any_value = st.sampled_from(tuple(LINE_FACTS[name].values))
    return st.one_of(st.just(PLAIN[name]), st.just(PLAIN[name]), st.just(PLAIN[name]), any_value)


_ANY: Mapping[str, st.SearchStrategy[Value]] = {name: _mostly(name) for name in LINE_FACTS}


def _consistent(draw: st.DrawFn, facts: dict[str, Value], *, kind: str) -> dict[str, Value]:
    facts["line_kind"] = kind
    if kind == "quantity":
        facts["held"] = draw(st.sampled_from(LIVE))
        facts["quantity_change"] = draw(st.sampled_from(("increase", "decrease")))
        facts["on_increase"] = draw(st.sampled_from(tuple(LINE_FACTS["on_increase"].values)[1:]))
        facts["on_decrease"] = draw(st.sampled_from(tuple(LINE_FACTS["on_decrease"].values)[1:]))
    else:
        facts.update(quantity_change="none", on_increase="unset", on_decrease="unset")
    if facts["held"] not in LIVE:
        facts.update(ending=False, becomes_paid=False)
    if facts["held"] == "canceling":
        facts["ending"] = True
    if facts["product_price"] == "free":
        facts["becomes_paid"] = False
    if facts["current_plan"] == "none":
        facts.update(current_state="none", price_change="none", interval_change="none")
    elif facts["current_state"] == "none":
        facts["current_state"] = draw(st.sampled_from(LIVE))
    if facts["current_plan"] != "none" and facts["price_change"] == "none":
        facts["price_change"] = draw(st.sampled_from(("higher", "equal", "lower")))
    return facts
