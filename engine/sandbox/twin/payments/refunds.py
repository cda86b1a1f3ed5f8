"""How is money given back? Refunds of all or a part of a charge."""

from __future__ import annotations

from engine.sandbox.twin.books import movements
from engine.sandbox.twin.core.agenda import Due
from engine.sandbox.twin.core.call import Call, Dues, Happenings, Routes, merge_metadata
from engine.sandbox.twin.core.errors import invalid, missing, no_such
from engine.sandbox.twin.core.ranges import within
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.calendar import DAY
from engine.sandbox.twin.values.currencies import money
from engine.sandbox.twin.values.types import Obj, clone

_RANK = 80
_LATER = DAY


def create(call: Call) -> Obj:
    """Give back all or part of a charge."""
    world, params = call.world, call.params
    if "origin" in params or "customer" in params:
        text = "Refunds of a customer's cash balance need a cash balance; this customer has none."
        raise invalid(text, param="origin" if "origin" in params else "customer")
    charge = _charge_of(call)
    sharing: Obj = {name: params.get(name, False) for name in ("reverse_transfer", "refund_application_fee")}
    _refuse_unshared(charge, sharing)
    metadata: Obj = {}
    merge_metadata(metadata, params)
    about = {**metadata, **params.hand_on("instructions_email")}
    currency = params.get("currency", charge["currency"])
    if currency != charge["currency"]:
        text = f"The currency of the refund ({currency}) must be that of the charge ({charge['currency']})."
        raise invalid(text, param="currency")
    return refund_charge(
        world, charge, params.get("amount"), params.get("reason"), sharing=sharing, about=about
    )


def _charge_of(call: Call) -> Obj:
    world, params = call.world, call.params
    charge_id = params.get("charge")
    if params.get("payment_intent"):
        intent = world.refer("payment_intent", params["payment_intent"], "payment_intent")
        if charge_id is not None and charge_id != intent["latest_charge"]:
            text = f"Charge {charge_id} does not belong to PaymentIntent {intent['id']}."
            raise invalid(text, param="charge")
        charge_id = intent["latest_charge"]
        if charge_id is None:
            text = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
            raise invalid(text, param="payment_intent", code="payment_intent_unexpected_state")
    if charge_id is None:
        raise missing("charge")
    return world.refer("charge", charge_id, "charge")


def _refuse_unshared(charge: Obj, sharing: Obj) -> None:
    """Only what was shared with an account can be taken back from it."""
    if sharing["reverse_transfer"] and not charge.get("transfer_data") and not charge.get("transfer"):
        text = f"Cannot reverse the transfer of charge {charge['id']}: it has no transfer."
        raise invalid(text, param="reverse_transfer")
    if sharing["refund_application_fee"] and not charge.get("application_fee_amount"):
        text = f"Cannot refund the application fee of charge {charge['id']}: it has none."
        raise invalid(text, param="refund_application_fee")


def _refuse_more_than_left(charge: Obj, back: int | None) -> int:
    """What is given back: never more than what is left of the charge, and nothing of a lost one."""
    within(back, "amount", least=1)
    left = int(charge["amount"] - charge["amount_refunded"])
    if not charge["paid"]:
        raise invalid(f"Charge {charge['id']} has not been paid, so it cannot be refunded.", param="charge")
    if charge["disputed"] and charge.get("_lost_to_dispute"):
        text = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise invalid(text, code="charge_disputed", param="charge")
    if left == 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    wanted = left if back is None else back
    if wanted > left:
        shown, rest = money(wanted, charge["currency"]), money(left, charge["currency"])
        text = f"Refund amount ({shown}) is greater than unrefunded amount on charge ({rest})"
        raise invalid(text, param="amount")
    return wanted


def refund_charge(
    world: World,
    charge: Obj,
    amount: int | None,
    reason: str | None,
    *,
    sharing: Obj | None = None,
    about: Obj | None = None,
) -> Obj:
    """A refund that succeeds at once, but for the test cards whose refunds fail or wait."""
    back = _refuse_more_than_left(charge, amount)
    if not charge["captured"]:
        text = f"Charge {charge['id']} was not captured; cancel its PaymentIntent instead."
        raise invalid(text, param="charge", code="charge_not_refundable")
    refund = world.new(
        "refund",
        "re",
        {
            "amount": back,
            "charge": charge["id"],
            **{name: charge[name] for name in ("currency", "customer", "payment_intent", "payment_method")},
            "destination_details": {"type": "card", "card": _where_it_goes()},
            "metadata": {},
            "reason": reason,
            "status": "succeeded",
            **(about or {}),
        },
        clock=charge["_clock"],
    )
    _follow_card(world, charge, refund)
    movements.give_back(world, refund)
    for share in world.after_refund:
        share(world, charge, refund, sharing or {})
    before = clone(charge)
    charge["amount_refunded"] += back
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    world.emit("charge.refunded", charge, before=before)
    world.emit("refund.created", refund)
    return refund


def _follow_card(world: World, charge: Obj, refund: Obj) -> None:
    """The refunds of some test cards have something to come."""
    if charge["_afterwards"] == "refund:pending":
        refund["status"] = "pending"
        refund["pending_reason"] = "processing"
    if charge["_afterwards"].startswith("refund:"):
        refund["_ends_at"] = world.now_of(refund) + _LATER


def _where_it_goes() -> Obj:
    return {"type": "refund", "reference_status": "pending", "reference_type": "acquirer_reference_number"}


def update(call: Call) -> Obj:
    """Change the metadata."""
    refund = call.world.fetch("refund", call.id)
    before = clone(refund)
    merge_metadata(refund, call.params)
    call.world.emit("refund.updated", refund, before=before)
    call.world.emit("charge.refund.updated", refund, before=before)
    return refund


def cancel(call: Call) -> Obj:
    """Refused: a refund to a card asks nobody for anything that could be called off."""
    refund = call.world.fetch("refund", call.id)
    text = (
        f"This refund ({refund['id']}) cannot be canceled because it has a status of {refund['status']}."
        " Only a refund with the status requires_action can be canceled."
    )
    raise invalid(text, param="id")


def retrieve(call: Call) -> Obj:
    """One refund."""
    return call.world.fetch("refund", call.id)


def list_all(call: Call) -> Obj:
    """Refunds, newest first."""
    charge, intent = call.params.get("charge"), call.params.get("payment_intent")
    for kind, named in (("charge", charge), ("payment_intent", intent)):
        if named is not None and call.world.shelf.peek(named) is None:
            raise no_such(kind, named, param=kind, status=400)
    found = [
        refund
        for refund in call.world.shelf.kind("refund")
        if charge in {None, refund["charge"]} and intent in {None, refund["payment_intent"]}
    ]
    return page("/v1/refunds", call.params, found)


def _dues(_world: World, refund: Obj) -> list[Due]:
    ends = refund.get("_ends_at")
    return [Due(ends, _RANK, "refund.ends")] if ends else []


def _end(world: World, refund: Obj, _at: int) -> None:
    """A waiting refund succeeds; that of a closed card fails, and the money comes back."""
    before = clone(refund)
    refund["_ends_at"] = None
    waited = refund.pop("pending_reason", None)
    refund["status"] = "succeeded" if waited else "failed"
    if not waited:
        refund["failure_reason"] = "expired_or_canceled_card"
        movements.take_back_refund(world, refund)
        charge = world.shelf.take(refund["charge"])
        assert charge is not None
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False
    world.emit("refund.updated", refund, before=before)
    world.emit("charge.refund.updated", refund, before=before)
    if not waited:
        world.emit("refund.failed", refund)


ROUTES: Routes = {
    "POST /v1/refunds": create,
    "GET /v1/refunds": list_all,
    "GET /v1/refunds/{id}": retrieve,
    "POST /v1/refunds/{id}": update,
    "POST /v1/refunds/{id}/cancel": cancel,
}
DUES: Dues = {"refund": _dues}
HAPPENINGS: Happenings = {"refund.ends": _end}
