"""What can be done in the dashboard? Each action as the endpoint that does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, Objs, inside

Given: TypeAlias = dict[str, Any]
Parameters: TypeAlias = Callable[[World, Given], Obj]


class ActionUnclear(Exception):
    """An action that cannot be understood or done; its text is a sentence."""


def _nothing(_world: World, _given: Given) -> Obj:
    return {}


@dataclass(frozen=True, slots=True)
class Action:
    """An endpoint, what the action must name, what it may name, and the parameters that follow."""

    endpoint: str
    target: str
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    parameters: Parameters = field(default=_nothing)


def _fixed(**values: Any) -> Parameters:
    return lambda _world, _given: dict(values)


def _sent(*names: str) -> Parameters:
    return lambda _world, given: {name: given[name] for name in names if name in given}


def _changed_item(field_name: str) -> Parameters:
    """The subscription's item (named, or its first) with another price or quantity."""

    def parameters(world: World, given: Given) -> Obj:
        held = world.shelf.peek(given["subscription"]) or {}
        items: Objs = inside(held, "items").get("data", [])
        item = given.get("item") or (items[0]["id"] if items else "")
        more = {"proration_behavior": given["proration_behavior"]} if "proration_behavior" in given else {}
        return {"items": [{"id": item, field_name: given[field_name]}], **more}

    return parameters


def _refund(world: World, given: Given) -> Obj:
    """What is refunded: the charge or intent named, or that of the invoice named."""
    named: Obj = {
        name: given[name] for name in ("charge", "payment_intent", "amount", "reason") if name in given
    }
    if "invoice" in given:
        named["payment_intent"] = _intent_of(world, given["invoice"])
    if not {"charge", "payment_intent"} & set(named):
        raise ActionUnclear("`refund` needs `charge`, `payment_intent` or `invoice`.")
    return named


def _intent_of(world: World, invoice: str) -> str:
    payments = [held for held in world.shelf.everywhere("invoice_payment") if held["invoice"] == invoice]
    intents = [inside(held, "payment").get("payment_intent") for held in payments if held["status"] == "paid"]
    if not intents or not isinstance(intents[-1], str):
        raise ActionUnclear(f"The invoice {invoice} was not paid by a card.")
    return intents[-1]


def charge_of(world: World, given: Given) -> str:
    """The charge that is named, or the one that paid the invoice named."""
    if isinstance(given.get("charge"), str):
        return str(given["charge"])
    if "invoice" not in given:
        raise ActionUnclear("`dispute` needs `charge` or `invoice`.")
    intent = world.shelf.peek(_intent_of(world, given["invoice"])) or {}
    return str(intent.get("latest_charge"))


_SUBSCRIPTION = "POST /v1/subscriptions/{id}"
_INVOICE = "POST /v1/invoices/{id}"

ACTIONS: dict[str, Action] = {
    "cancel_now": Action(
        "DELETE /v1/subscriptions/{id}",
        "subscription",
        may=("invoice_now", "prorate"),
        parameters=_sent("invoice_now", "prorate"),
    ),
    "cancel_at_period_end": Action(
        _SUBSCRIPTION, "subscription", parameters=_fixed(cancel_at_period_end=True)
    ),
    "uncancel": Action(_SUBSCRIPTION, "subscription", parameters=_fixed(cancel_at_period_end=False)),
    "change_price": Action(
        _SUBSCRIPTION,
        "subscription",
        needs=("price",),
        may=("item", "proration_behavior"),
        parameters=_changed_item("price"),
    ),
    "change_quantity": Action(
        _SUBSCRIPTION,
        "subscription",
        needs=("quantity",),
        may=("item", "proration_behavior"),
        parameters=_changed_item("quantity"),
    ),
    "pause_collection": Action(
        _SUBSCRIPTION,
        "subscription",
        may=("behavior",),
        parameters=lambda _world, given: {"pause_collection": {"behavior": given.get("behavior", "void")}},
    ),
    "resume_collection": Action(_SUBSCRIPTION, "subscription", parameters=_fixed(pause_collection="")),
    "delete_customer": Action("DELETE /v1/customers/{id}", "customer"),
    "pay_invoice": Action(
        f"{_INVOICE}/pay",
        "invoice",
        may=("paid_out_of_band", "payment_method"),
        parameters=_sent("paid_out_of_band", "payment_method"),
    ),
    "void_invoice": Action(f"{_INVOICE}/void", "invoice"),
    "finalize_invoice": Action(f"{_INVOICE}/finalize", "invoice"),
    "mark_uncollectible": Action(f"{_INVOICE}/mark_uncollectible", "invoice"),
    "detach_card": Action("POST /v1/payment_methods/{id}/detach", "payment_method"),
    "refund": Action(
        "POST /v1/refunds",
        "",
        may=("charge", "payment_intent", "invoice", "amount", "reason"),
        parameters=_refund,
    ),
}
