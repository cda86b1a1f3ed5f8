"""What does a Stripe account set in its dashboard, and the twin need to know?"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from engine.sandbox.twin.values.types import Obj, as_list


@dataclass(slots=True)
class Settings:
    """What a Stripe account sets in its dashboard and the twin needs to know."""

    retry_days: list[int] = field(default_factory=lambda: [3, 5, 7])
    after_last_retry: str = "past_due"
    invoice_after_last_retry: str = "open"
    upcoming_days: int = 0
    will_be_due_days: int = 0
    draft_seconds: int = 3600
    incomplete_seconds: int = 23 * 3600
    settlement_days: int = 2
    fee_basis_points: int = 290
    fee_fixed: int = 30
    dispute_fee: int = 1500
    payment_method_types: list[str] = field(default_factory=lambda: ["card"])
    invoice_payment_method_types: list[str] = field(default_factory=lambda: ["card"])
    usage_lag_seconds: int = 0
    search_lag_seconds: int = 0
    webhook_retries: str = "hurried"
    webhook_retry_seconds: list[int] = field(default_factory=lambda: [900, 3600, 14400])


class SettingUnclear(Exception):
    """A setting that is unknown or has a value that it cannot have; its text is a sentence."""


_CHOICES: dict[str, tuple[str, ...]] = {
    "after_last_retry": ("past_due", "unpaid", "cancel"),
    "invoice_after_last_retry": ("open", "uncollectible"),
    "webhook_retries": ("hurried", "scheduled"),
}


def change(settings: Settings, given: Obj) -> None:
    """Set all that is given, or raise `SettingUnclear` and set nothing."""
    known = asdict(settings)
    for name, value in given.items():
        if name not in known:
            raise SettingUnclear(f"Unknown setting: {name}. Known: {', '.join(known)}.")
        _check(name, value, known[name])
    for name, value in given.items():
        setattr(settings, name, value)


def _check(name: str, value: Any, present: Any) -> None:
    listed = as_list(value)
    if name in _CHOICES and value not in _CHOICES[name]:
        raise SettingUnclear(f"`{name}` must be one of {', '.join(_CHOICES[name])}, not {value!r}.")
    if isinstance(present, list):
        fits = _text if name.endswith("_types") else _natural
        if listed is None or not all(fits(each) for each in listed):
            told = "texts" if fits is _text else "whole numbers"
            raise SettingUnclear(f"`{name}` must be a list of {told}, not {value!r}.")
    elif type(value) is not type(present) or (isinstance(present, int) and value < 0):
        raise SettingUnclear(f"`{name}` cannot be {value!r}; now it is {present!r}.")


def _natural(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _text(value: Any) -> bool:
    return isinstance(value, str)
