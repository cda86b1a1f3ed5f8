"""On which day does a subscription bill? The anchor that a call asks for.

Source: Stripe docs, billing/subscriptions/billing-cycle.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime

from engine.sandbox.twin.core.errors import exclusive, invalid
from engine.sandbox.twin.values.calendar import instant
from engine.sandbox.twin.values.types import Obj, Objs

_RANGES = {"day_of_month": (1, 31), "month": (1, 12), "hour": (0, 23), "minute": (0, 59), "second": (0, 59)}
_WHERE = "billing_cycle_anchor_config"
_MONTHS = 12


def asked_anchor(subscription: Obj, items: Objs, given: Obj, begin: int) -> int | None:
    """The anchor that was asked for, and its config on the subscription; nothing where none was."""
    config: Obj | None = given.get("billing_cycle_anchor_config")
    anchor: int | None = given.get("billing_cycle_anchor")
    if config is None:
        if anchor is not None:
            _check_anchor(items, anchor, begin)
        return anchor
    if anchor is not None:
        raise exclusive("billing_cycle_anchor", _WHERE)
    _check_config(items, config)
    subscription[_WHERE] = {name: config.get(name) for name in _RANGES}
    return _next_occurrence(config, begin)


def _check_anchor(items: Objs, anchor: int, begin: int) -> None:
    """An anchor lies ahead, and never beyond the next natural billing date."""
    if anchor <= begin:
        text = "The `billing_cycle_anchor` must be in the future."
        raise invalid(text, param="billing_cycle_anchor")
    for item in items:
        recurring = item["price"]["recurring"]
        natural = instant(begin, recurring["interval"], recurring["interval_count"], 1)
        if anchor > natural:
            text = f"billing_cycle_anchor cannot be later than next natural billing date ({natural}) for plan"
            raise invalid(text, param="billing_cycle_anchor")


def _check_config(items: Objs, config: Obj) -> None:
    for item in items:
        if item["price"]["recurring"]["interval"] not in {"month", "year"}:
            text = f"`{_WHERE}` can only be used with prices that have monthly or yearly intervals."
            raise invalid(text, param=_WHERE)
    for name, (least, most) in _RANGES.items():
        value = config.get(name)
        if value is not None and not least <= value <= most:
            text = f"Invalid {name}: must be between {least} and {most}"
            raise invalid(text, param=f"{_WHERE}[{name}]")


def _next_occurrence(config: Obj, begin: int) -> int:
    """The first such day after an instant; what the config leaves open is as at that instant."""
    start = datetime.fromtimestamp(begin, UTC)
    wanted = {name: config.get(name) for name in ("hour", "minute", "second")}
    time = {name: getattr(start, name) if value is None else value for name, value in wanted.items()}
    for step in range(2 * _MONTHS + 1):
        years, month = divmod(start.month - 1 + step, _MONTHS)
        if config.get("month") not in {None, month + 1}:
            continue
        year = start.year + years
        day = min(config["day_of_month"], monthrange(year, month + 1)[1])
        at = int(datetime(year, month + 1, day, tzinfo=UTC, **time).timestamp())
        if at > begin:
            return at
    raise AssertionError(config)
