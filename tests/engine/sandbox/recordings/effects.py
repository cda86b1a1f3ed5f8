"""Is what a call did there to be seen? By GET of the object, in the list of its kind, and in an event."""

from __future__ import annotations

from typing import Any

from tests.engine.sandbox.recordings.replay import Replayed

Obj = dict[str, Any]
_HOMES = {
    "checkout.session": "checkout/sessions",
    "credit_note": "credit_notes",
    "customer": "customers",
    "invoice": "invoices",
    "invoiceitem": "invoiceitems",
    "payment_intent": "payment_intents",
    "payment_method": "payment_methods",
    "refund": "refunds",
    "setup_intent": "setup_intents",
    "subscription": "subscriptions",
    "subscription_item": "subscription_items",
    "transfer": "transfers",
}
_LISTED_BY = {
    "payment_method": ("customer",),
    "refund": ("charge",),
    "subscription_item": ("subscription",),
    "transfer": ("destination",),
    "customer": ("email",),
}
_WITHOUT_EVENT = {"checkout.session"}
"""Stripe tells of a session when it is completed or has expired, not when it is made."""
_ONLY_MADE = {"billing_portal.session"}
"""Stripe lets nobody read these again."""


async def unseen(found: Replayed) -> str | None:
    """What is missing of the effect of a call, right after it; nothing when all of it is seen."""
    kind = str(found.answer.get("object"))
    if found.status >= 400 or kind in _ONLY_MADE:
        return None
    name = found.exchange.name
    if (changed := await _read_again(found, kind)) is not None:
        return f"{name}: GET tells {changed}"
    unattached = kind == "payment_method" and found.answer["customer"] is None
    if unattached:  # in no list of Stripe's, and told of in no event
        return None
    if not await _is_listed(found, kind):
        return f"{name}: not in the list"
    if kind not in _WITHOUT_EVENT and not await _is_told(found):
        return f"{name}: no event"
    return None


async def _read_again(found: Replayed, kind: str) -> Obj | None:
    path = f"/v1/{_HOMES[kind]}/{found.answer['id']}"
    read = await found.twin.must("GET", path, account=found.account)
    plain = (str, int, float, bool, type(None))
    changed = {
        name: (value, read.get(name))
        for name, value in found.answer.items()
        if isinstance(value, plain) and isinstance(read.get(name), plain) and value != read.get(name)
    }
    return changed or None


async def _is_listed(found: Replayed, kind: str) -> bool:
    names = _LISTED_BY.get(kind, ("customer",))
    given: Obj = {"limit": 100, **{name: found.answer[name] for name in names if found.answer.get(name)}}
    if kind == "subscription":
        given["status"] = "all"
    listed = await found.twin.must("GET", f"/v1/{_HOMES[kind]}", given, found.account)
    return found.answer["id"] in {item["id"] for item in listed["data"]}


async def _is_told(found: Replayed) -> bool:
    about = found.answer["subscription"] if "subscription_item" in found.exchange.path else found.answer["id"]
    events = await found.twin.must("GET", "/v1/events", {"limit": 100}, found.account)
    return any(
        event["request"]["id"] == found.request_id and event["data"]["object"].get("id") == about
        for event in events["data"]
    )
