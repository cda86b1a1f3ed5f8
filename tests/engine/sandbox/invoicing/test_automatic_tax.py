"""Stripe Tax is not played: what asks for it is refused, what says that it stays off is taken and shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import Twin, error_of

Make = Callable[[Twin, dict[str, Any]], Any]
_MONTH = {"interval": "month", "interval_count": 1}


def _session(twin: Twin, tax: dict[str, Any]) -> Any:
    lines = [{"price": twin.price(1000), "quantity": 1}]
    given = {"mode": "subscription", "line_items": lines, "success_url": "https://shop.example", **tax}
    return twin.v1.checkout.sessions.create(given)


def _schedule(twin: Twin, phase: dict[str, Any], **more: Any) -> Any:
    customer = twin.v1.customers.create({}).id
    phases = [{"items": [{"price": twin.price(1000)}], "duration": _MONTH, **phase}]
    given = {"customer": customer, "start_date": "now", "phases": phases, **more}
    return twin.v1.subscription_schedules.create(given)


def _defaults(twin: Twin, tax: dict[str, Any]) -> Any:
    return _schedule(twin, {}, default_settings=tax).default_settings


def _phase(twin: Twin, tax: dict[str, Any]) -> Any:
    return _schedule(twin, tax).phases[0]


def _invoice(twin: Twin, tax: dict[str, Any]) -> Any:
    return twin.v1.invoices.create({"customer": twin.v1.customers.create({}).id, **tax})


@pytest.mark.parametrize("make", [_session, _defaults, _phase, _invoice])
def test_automatic_tax_can_be_off_only(twin: Twin, make: Make) -> None:
    off = {"automatic_tax": {"enabled": False, "liability": {"type": "self"}}}
    assert make(twin, off).automatic_tax.enabled is False
    with pytest.raises(stripe.InvalidRequestError) as refused:
        make(twin, {"automatic_tax": {"enabled": True}})
    param = error_of(refused.value)["param"]
    assert param == "automatic_tax[enabled]" or param.endswith("[automatic_tax][enabled]")
