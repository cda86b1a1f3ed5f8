"""What can go wrong, and what may a fault say? Every kind with its fields, and the check of a new fault."""

from __future__ import annotations

import difflib
from typing import Any, TypeAlias, cast

from engine.sandbox.twin.objects.cards import DECLINES
from engine.sandbox.twin.values.types import Obj, as_obj

Type: TypeAlias = type | tuple[type, ...]
CALL, DELIVERY, PAYMENT = "call", "delivery", "payment"
KINDS: dict[str, str] = {
    "refuse_connection": CALL,
    "lose_answer": CALL,
    "conflict": CALL,
    "rate_limited": CALL,
    "lock_timeout": CALL,
    "server_error": CALL,
    "unavailable": CALL,
    "slow": CALL,
    "rate_limits": CALL,
    "webhook_duplicated": DELIVERY,
    "webhook_shuffled": DELIVERY,
    "webhook_late": DELIVERY,
    "webhook_never": DELIVERY,
    "webhook_badly_signed": DELIVERY,
    "webhook_before_answer": DELIVERY,
    "decline": PAYMENT,
    "require_3ds": PAYMENT,
}
"""Every kind of fault, and what it happens to."""

RATES = {
    "all": 25,
    "endpoint": 25,
    "search": 20,
    "payouts": 15,
    "accounts": 5,
    "invoices_a_minute": 10,
    "invoices_a_day": 20,
    "quantity_updates_an_hour": 200,
    "intent_updates_an_hour": 1000,
}
"""How many calls a second, and changes of one object, a sandbox takes (Stripe docs: rate-limits)."""

REASONS = ("global-rate", "global-concurrency", "endpoint-rate", "endpoint-concurrency", "resource-specific")

_WHEN: dict[str, Type] = {"nth": int, "times": int, "probability": (int, float)}
_MATCH: dict[str, dict[str, Type]] = {
    CALL: {"method": str, "path": str, "params": dict, "customer": str, "account": str},
    DELIVERY: {"type": str, "customer": str, "webhook_endpoint": str, "account": str},
    PAYMENT: {"customer": str, "account": str},
}
_OWN: dict[str, dict[str, Type]] = {
    "conflict": {"code": str},
    "rate_limited": {"reason": str},
    "server_error": {"work": str},
    "slow": {"milliseconds": int, "when": str},
    "rate_limits": {"limits": dict},
    "webhook_duplicated": {"copies": int},
    "webhook_late": {"seconds": int, "milliseconds": int},
    "webhook_badly_signed": {"how": str},
    "decline": {"code": str},
}
_NEEDED = {"slow": ("milliseconds",), "decline": ("code",)}
_CHOICES: dict[tuple[str, str], tuple[str, ...]] = {
    ("conflict", "code"): ("idempotency_key_in_use", "lock_timeout"),
    ("rate_limited", "reason"): REASONS,
    ("server_error", "work"): ("done", "not_done"),
    ("slow", "when"): ("before", "after"),
    ("webhook_badly_signed", "how"): ("wrong_secret", "stale", "missing"),
    ("decline", "code"): tuple(DECLINES),
}
_METHODS = ("GET", "POST", "DELETE")


class FaultUnclear(Exception):
    """A fault that says something that no fault can say; its text tells what would be right."""


def checked(given: Any) -> Obj:
    """The fault, if it can be understood; raises `FaultUnclear` with what is wrong and what is right."""
    fault = as_obj(given)
    if fault is None:
        raise FaultUnclear(
            'A fault is a JSON object, such as {"kind": "lose_answer", "path": "/v1/refunds"}.'
        )
    kind = fault.get("kind")
    if kind not in KINDS:
        raise FaultUnclear(_unknown("kind of fault", str(kind), tuple(KINDS)))
    fields = {"kind": str, **_WHEN, **_MATCH[KINDS[kind]], **_OWN.get(kind, {})}
    for name, value in fault.items():
        if name not in fields:
            raise FaultUnclear(_unknown(f"field of {kind}", name, tuple(fields)))
        _check_value(kind, name, value, fields[name])
    for name in _NEEDED.get(kind, ()):
        if name not in fault:
            raise FaultUnclear(f"A fault of kind {kind} needs `{name}`.")
    return {"times": None if kind == "rate_limits" else 1, **fault}


def _check_value(kind: str, name: str, value: Any, wanted: Type) -> None:
    if name == "times" and value is None:
        return
    if _is_wrong(value, wanted):
        told = wanted.__name__ if isinstance(wanted, type) else "number"
        raise FaultUnclear(f"`{name}` of {kind} must be {_TOLD.get(told, told)}, not {value!r}.")
    choices = _METHODS if name == "method" else _CHOICES.get((kind, name))
    if choices is not None and value not in choices:
        raise FaultUnclear(_unknown(f"`{name}` of {kind}", str(value), choices))
    if isinstance(value, int | float):
        _check_number(name, value)
    if name == "limits":
        _check_limits(cast("Obj", value))


def _is_wrong(value: Any, wanted: Type) -> bool:
    return isinstance(value, bool) or not isinstance(value, wanted)


def _check_number(name: str, value: float) -> None:
    if name == "probability" and not 0 <= value <= 1:
        raise FaultUnclear(f"`probability` must lie between 0 and 1, not {value!r}.")
    if value < _LEAST.get(name, 0):
        raise FaultUnclear(f"`{name}` must be at least {_LEAST.get(name, 0)}, not {value}.")


_LEAST = {"nth": 1, "times": 1, "copies": 1}
_TOLD = {"str": "text", "int": "a whole number", "dict": "an object", "number": "a number"}


def _check_limits(limits: Obj) -> None:
    for name, value in limits.items():
        if name not in RATES:
            raise FaultUnclear(_unknown("limit", name, tuple(RATES)))
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise FaultUnclear(f"The limit `{name}` must be a whole number, not {value!r}.")


def _unknown(what: str, given: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(given, known, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    return f"Unknown {what}: {given}.{hint} Known: {', '.join(known)}."
