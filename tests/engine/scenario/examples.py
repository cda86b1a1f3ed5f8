"""Scenarios and answers for the tests of the runner."""

from __future__ import annotations

from typing import Any

from engine.scenario.format import Scenario

PRO: dict[str, Any] = {
    "id": "pro",
    "prices": [{"amount": 2000, "interval": "month"}],
    "items": [{"feature": "messages", "included": 100, "reset": "month"}],
}


def scenario(*steps: dict[str, Any], **more: Any) -> Scenario:
    """A scenario with a plan of 20 a month and these steps."""
    document = {
        "id": "an-example",
        "features": [{"id": "messages", "type": "metered", "consumable": True}],
        "products": [PRO],
        "customer": {"type": "organization", "payment_method": "visa"},
        "now": "2026-01-01T00:00:00Z",
        "steps": list(steps),
    }
    return Scenario.model_validate(document | more)


def attach(**more: Any) -> dict[str, Any]:
    """An attach of the plan."""
    return {"do": "attach", "product": "pro"} | more
