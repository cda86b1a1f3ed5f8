"""Who controls an account? The three old types, or the properties of `controller` and which go together.

Source: Stripe docs, connect/migrate-to-controller-properties.
"""

from __future__ import annotations

from engine.sandbox.twin.core.errors import exclusive, invalid
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, inside

_TYPES = {
    "standard": ("account", "stripe", "stripe", "full"),
    "express": ("application_express", "application", "stripe", "express"),
    "custom": ("application_custom", "application", "application", "none"),
}
_FEES, _LOSSES, _COLLECTS, _DASHBOARD = (
    "controller[fees][payer]",
    "controller[losses][payments]",
    "controller[requirement_collection]",
    "controller[stripe_dashboard][type]",
)
_NEEDS = (
    (_LOSSES, "application", _FEES, "application"),
    (_COLLECTS, "application", _DASHBOARD, "none"),
    (_COLLECTS, "application", _LOSSES, "application"),
)


def controller(params: Params) -> tuple[str, Obj]:
    """The type of a new account and its `controller` hash."""
    if "controller" not in params:
        kind: str = params.get("type", "standard")
        return kind, _hash(*_TYPES[kind])
    if "type" in params:
        raise exclusive("type", "controller")
    given: Obj = params.whole("controller")
    chosen: dict[str, str] = {
        _FEES: inside(given, "fees").get("payer", "account"),
        _LOSSES: inside(given, "losses").get("payments", "stripe"),
        _COLLECTS: given.get("requirement_collection", "stripe"),
        _DASHBOARD: inside(given, "stripe_dashboard").get("type", "full"),
    }
    for name, value, needed, to_be in _NEEDS:
        if chosen[name] == value and chosen[needed] != to_be:
            raise invalid(f"When `{name}` is `{value}`, `{needed}` must be `{to_be}`.", param=needed)
    return "none", _hash(*chosen.values())


def _hash(fees: str, losses: str, collects: str, dashboard: str) -> Obj:
    return {
        "fees": {"payer": fees},
        "is_controller": True,
        "losses": {"payments": losses},
        "requirement_collection": collects,
        "stripe_dashboard": {"type": dashboard},
        "type": "application",
    }
