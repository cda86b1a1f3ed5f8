"""Is it as the file says? Pure comparison of what was expected after a step with what was seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from engine.scenario.door import Answer, part
from engine.scenario.feed import matches
from engine.scenario.format import Expectations
from engine.scenario.times import instant, live_subscriptions
from engine.scenario.world import NOTHING_NEW, News

LIVE_FIRST = ("past_due", "canceling", "trialing", "paused", "active")


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that was seen after a step."""

    answer: Answer
    result: str | None = None
    refusal_is_an_answer: bool = False
    view: Mapping[str, Any] = field(default_factory=dict[str, Any])
    news: News = NOTHING_NEW
    feed: Sequence[Mapping[str, Any]] = ()
    product: str | None = None
    sessions: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Difference:
    """One expectation that does not hold, reduced to the parts that differ."""

    key: str
    expected: Any
    actual: Any


def compare(expect: Expectations, seen: Seen) -> list[Difference]:
    """Every named expectation that does not hold; empty when all do.

    A refusal that the step does not speak of is a difference too: what follows would rest on nothing.
    """
    found: list[Difference] = []
    unspoken = expect.result is None and expect.error is None
    if seen.answer.error is not None and unspoken and not seen.refusal_is_an_answer:
        found.append(Difference("result", "no error", f"{seen.answer.error}: {seen.answer.sentence}"))
    for key in type(expect).model_fields:
        expected = getattr(expect, key)
        if key not in _COMPARISONS or key not in expect.model_fields_set or expected is None:
            continue
        differing = _COMPARISONS[key](expect, seen)
        if differing is not None:
            found.append(Difference(key, *differing))
    return found


Comparison = Callable[[Expectations, Seen], tuple[Any, Any] | None]


def state_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """The one word for a product's rows: a live state first, then scheduled, expired, absent."""
    states = {str(row["state"]) for row in rows}
    for state in LIVE_FIRST:
        if state in states:
            return state
    if "scheduled" in states:
        return "scheduled"
    began = any(row["state"] == "ended" and row.get("started_at") for row in rows)
    return "expired" if began else "absent"


def _plain(expected: Any, actual: Any) -> tuple[Any, Any] | None:
    return None if expected == actual else (expected, actual)


def _number(value: object) -> Decimal | None:
    countable = isinstance(value, int | float | str) and not isinstance(value, bool)
    return Decimal(str(value)) if countable else None


def _subset(
    expected: Mapping[str, Any],
    actual: Mapping[str, Any],
    same: Callable[[Any, Any], bool] = lambda one, other: bool(one == other),
) -> tuple[Any, Any] | None:
    differing = [key for key, value in expected.items() if not same(value, actual.get(key))]
    if not differing:
        return None
    return {key: expected[key] for key in differing}, {key: actual.get(key) for key in differing}


def _same_number(expected: Any, actual: Any) -> bool:
    return _number(expected) == _number(actual)


def _same_instant(expected: datetime, actual: object) -> bool:
    return instant(actual) == expected


def _result(expect: Expectations, seen: Seen) -> tuple[Any, Any] | None:
    if seen.answer.error is not None:
        if expect.result in ("error", seen.answer.error):
            return None
        return expect.result, f"error {seen.answer.error}: {seen.answer.sentence}"
    return _plain(expect.result, seen.result)


def _error(expect: Expectations, seen: Seen) -> tuple[Any, Any] | None:
    accepted = [expect.error] if isinstance(expect.error, str) else list(expect.error or ())
    return None if seen.answer.error in accepted else (expect.error, seen.answer.error)


def _invoices(expect: Expectations, seen: Seen) -> tuple[Any, Any] | None:
    expected = [total for total in expect.invoices or () if total]
    actual = list(seen.news.totals)
    near = len(expected) == len(actual) and all(
        abs(one - other) <= expect.tolerance for one, other in zip(expected, actual, strict=True)
    )
    return None if near else (expected, actual)


def _total(expect: Expectations, seen: Seen) -> tuple[Any, Any] | None:
    actual = _number(seen.answer.body.get("total"))
    near = actual is not None and abs(actual - (expect.total or 0)) <= expect.tolerance
    return None if near else (expect.total, seen.answer.body.get("total"))


def _next_cycle(expect: Expectations, seen: Seen) -> tuple[Any, Any] | None:
    expected = expect.next_cycle
    actual = part(seen.answer.body, "next_cycle")
    assert expected is not None
    differing: list[str] = []
    total = _number(actual.get("total"))
    if expected.total is not None and (total is None or abs(total - expected.total) > expect.tolerance):
        differing.append("total")
    if expected.starts_at is not None and not _same_instant(expected.starts_at, actual.get("starts_at")):
        differing.append("starts_at")
    if not differing:
        return None
    said = expected.document()
    return {key: said[key] for key in differing}, {key: actual.get(key) for key in differing}


def _products(expect: Expectations, seen: Seen) -> tuple[Any, Any] | None:
    rows = [row for row in seen.view.get("products", ()) if not row.get("entity")]
    actual = {
        product: state_of([row for row in rows if row["product"] == product])
        for product in expect.products or {}
    }
    return _subset(expect.products or {}, actual)


def _balances(expect: Expectations, seen: Seen) -> tuple[Any, Any] | None:
    expected: dict[str, Any] = {}
    actual: dict[str, Any] = {}
    balances = seen.view.get("balances", {})
    for feature, wanted in (expect.balances or {}).items():
        differing = _subset(wanted, balances.get(feature) or {}, _same_number)
        if differing:
            expected[feature], actual[feature] = differing
    return (expected, actual) if expected else None


def _subscriptions(expect: Expectations, seen: Seen) -> tuple[Any, Any] | None:
    return _plain(expect.subscriptions, len(live_subscriptions(seen.view)))


def _next_reset_at(expect: Expectations, seen: Seen) -> tuple[Any, Any] | None:
    balances = seen.view.get("balances", {})
    actual = {feature: balance.get("next_reset_at") for feature, balance in balances.items()}
    return _subset(expect.next_reset_at or {}, actual, _same_instant)


def _trial_ends_at(expect: Expectations, seen: Seen) -> tuple[Any, Any] | None:
    rows = [row for row in seen.view.get("products", ()) if seen.product in (None, row["product"])]
    ends = [row.get("trial_ends_at") for row in rows if row.get("trial_ends_at")]
    assert expect.trial_ends_at is not None
    return None if expect.trial_ends_at in map(instant, ends) else (expect.trial_ends_at, ends)


def _product_version(expect: Expectations, seen: Seen) -> tuple[Any, Any] | None:
    rows = [row for row in seen.view.get("products", ()) if row["state"] in LIVE_FIRST]
    return _subset(expect.product_version or {}, {row["product"]: row.get("version") for row in rows})


def _session(expect: Expectations, seen: Seen) -> tuple[Any, Any] | None:
    """The same label is the same session; another label is another one."""
    actual = part(seen.answer.body, "checkout").get("session")
    label = str(expect.session)
    others = {session for name, session in seen.sessions.items() if name != label}
    same = actual is not None and seen.sessions.get(label, actual) == actual and actual not in others
    names = {session: name for name, session in seen.sessions.items()}
    return None if same else (label, names.get(str(actual), actual))


def _required_action(expect: Expectations, seen: Seen) -> tuple[Any, Any] | None:
    return _plain(expect.required_action, part(seen.answer.body, "required_action").get("code"))


def _feed(expect: Expectations, seen: Seen) -> tuple[Any, Any] | None:
    """Each expected message in order; other messages may lie between."""
    coming = iter(seen.feed)
    for wanted in expect.feed or ():
        if not any(matches(wanted, message) for message in coming):
            return wanted, [message["subject"] for message in seen.feed]
    return None


def _of_answer(key: str) -> Comparison:
    return lambda expect, seen: _plain(getattr(expect, key), seen.answer.body.get(key))


def _status(expect: Expectations, seen: Seen) -> tuple[Any, Any] | None:
    return _plain(list(expect.invoice_status or ()), list(seen.news.statuses))


def _config(expect: Expectations, seen: Seen) -> tuple[Any, Any] | None:
    return _subset(expect.config or {}, part(seen.answer.body, "config"))


def _remaining(expect: Expectations, seen: Seen) -> tuple[Any, Any] | None:
    actual = seen.answer.body.get("remaining")
    return None if _same_number(expect.remaining, actual) else (expect.remaining, actual)


_COMPARISONS: Mapping[str, Comparison] = {
    "result": _result,
    "error": _error,
    "branch": _of_answer("branch"),
    "config": _config,
    "function": _of_answer("function"),
    "invoices": _invoices,
    "invoice_status": _status,
    "products": _products,
    "balances": _balances,
    "subscriptions": _subscriptions,
    "total": _total,
    "next_cycle": _next_cycle,
    "allowed": _of_answer("allowed"),
    "reason": _of_answer("reason"),
    "remaining": _remaining,
    "trial_ends_at": _trial_ends_at,
    "next_reset_at": _next_reset_at,
    "product_version": _product_version,
    "session": _session,
    "required_action": _required_action,
    "feed": _feed,
}
