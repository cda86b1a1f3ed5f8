"""How does a transfer come back? Reversals, whole or in parts.

Source: reference 21; Stripe docs, api/transfer_reversals.
"""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes, merge_metadata
from engine.sandbox.twin.core.errors import invalid, no_such
from engine.sandbox.twin.core.ranges import LARGEST_AMOUNT, within
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.currencies import money
from engine.sandbox.twin.values.types import Obj, clone, public

from . import fees
from .moving import refuse_without_funds, send_back

_SHOWN = 10


def create(call: Call) -> Obj:
    """Take a transfer back, all of it or a part."""
    world, params = call.world, call.params
    transfer = world.fetch("transfer", call.id, param="transfer")
    left = transfer["amount"] - transfer["amount_reversed"]
    if not left:
        raise invalid(f"Transfer {transfer['id']} is already fully reversed.")
    amount = int(within(params.get("amount", left), "amount", least=1, most=LARGEST_AMOUNT) or 0)
    if amount > left:
        currency = transfer["currency"]
        text = (
            f"Reversal amount ({money(amount, currency)}) is greater than unreversed amount on transfer"
            f" ({money(left, currency)})"
        )
        raise invalid(text, param="amount")
    with world.acting_as(transfer["_to"]):
        refuse_without_funds(world, amount, transfer["currency"], pending_too=True)
    reversal = reverse(world, transfer, amount)
    reversal["_description"] = params.get("description")
    merge_metadata(reversal, params)
    if params.get("refund_application_fee"):
        fees.refund_share(world, transfer, amount)
    _show_reversals(world, transfer)
    return reversal


def reverse(world: World, transfer: Obj, amount: int, source_refund: str | None = None) -> Obj:
    """A reversal, moved in both balances."""
    before = clone(transfer)
    reversal = world.new(
        "transfer_reversal",
        "trr",
        {
            "amount": amount,
            "currency": transfer["currency"],
            "metadata": {},
            "source_refund": source_refund,
            "transfer": transfer["id"],
        },
        clock=transfer["_clock"],
    )
    send_back(world, transfer, reversal, transfer["_to"])
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    _show_reversals(world, transfer)
    world.emit("transfer.reversed", transfer, before=before)
    return reversal


def _show_reversals(world: World, transfer: Obj) -> None:
    found = list(reversed(world.shelf.find("transfer_reversal", transfer=transfer["id"])))
    shown = transfer["reversals"]
    shown["data"] = [public(held) for held in found[:_SHOWN]]
    shown["has_more"] = len(found) > _SHOWN


def _find(call: Call) -> tuple[Obj, Obj]:
    transfer = call.world.fetch("transfer", call.path["transferId"], param="transfer")
    reversal = call.world.fetch("transfer_reversal", call.id)
    if reversal["transfer"] != transfer["id"]:
        raise no_such("transfer_reversal", call.id)
    return transfer, reversal


def retrieve(call: Call) -> Obj:
    """One reversal of a transfer."""
    return _find(call)[1]


def update(call: Call) -> Obj:
    """Change the metadata of a reversal."""
    transfer, reversal = _find(call)
    before = clone(transfer)
    merge_metadata(reversal, call.params)
    _show_reversals(call.world, transfer)
    call.world.emit("transfer.updated", transfer, before=before)
    return reversal


def list_all(call: Call) -> Obj:
    """The reversals of a transfer, newest first."""
    transfer = call.world.fetch("transfer", call.id, param="transfer")
    found = call.world.shelf.find("transfer_reversal", transfer=transfer["id"])
    return page(f"/v1/transfers/{transfer['id']}/reversals", call.params, found)


ROUTES: Routes = {
    "POST /v1/transfers/{id}/reversals": create,
    "GET /v1/transfers/{id}/reversals": list_all,
    "GET /v1/transfers/{transferId}/reversals/{id}": retrieve,
    "POST /v1/transfers/{transferId}/reversals/{id}": update,
}
