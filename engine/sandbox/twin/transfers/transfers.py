"""What does the platform send to its accounts? Transfers, from the balance or from one charge.

Source: reference 21; Stripe docs, connect/separate-charges-and-transfers.
"""

from __future__ import annotations

from engine.sandbox.twin.connect.access import platform_id
from engine.sandbox.twin.core.call import Call, Routes, assign, merge_metadata
from engine.sandbox.twin.core.errors import invalid, missing, no_such
from engine.sandbox.twin.core.ranges import LARGEST_AMOUNT, currency_named, within
from engine.sandbox.twin.core.render import listing, page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.currencies import money
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, clone

from .moving import days_until_available, refuse_without_funds, send
from .rules import receiver_named


def create(call: Call) -> Obj:
    """Move money of the balance, or of one charge before it is available, to a connected account."""
    world, params = call.world, call.params
    currency = currency_named(params["currency"])
    source = _source(world, params, currency)
    amount = _amount(params, source)
    to = receiver(world, params["destination"], "destination")
    if params.get("source_type", "card") != "card":
        refuse_without_funds(world, LARGEST_AMOUNT + 1, currency)
    days = 0
    if source is None:
        refuse_without_funds(world, amount, currency)
    else:
        _refuse_more_than(world, source, amount)
        days = days_until_available(world, source)
    group = params.get("transfer_group") or (group_of(source) if source else None)
    about: Obj = {"source": source, "group": group, "days": days}
    transfer = make(world, amount, currency, to, about)
    assign(transfer, params, "description")
    merge_metadata(transfer, params)
    world.emit("transfer.created", transfer)
    return transfer


def _amount(params: Params, source: Obj | None) -> int:
    given: int | None = params.get("amount")
    if given is None and source is None:
        raise missing("amount")
    whole = given if source is None or given is not None else source["amount_captured"]
    return int(within(whole, "amount", least=1, most=LARGEST_AMOUNT) or 0)


def _source(world: World, params: Params, currency: str) -> Obj | None:
    """The charge whose money is sent; raises where it has none, or in another currency."""
    id_ = params.get("source_transaction")
    if id_ is None:
        return None
    charge = world.refer("charge", id_, "source_transaction")
    if charge["status"] != "succeeded" or not charge["captured"]:
        text = f"You cannot use an uncaptured or failed charge as a source_transaction: {id_}."
        raise invalid(text, param="source_transaction")
    if charge["currency"] != currency:
        text = (
            f"The currency of source_transaction's balance transaction ({charge['currency']}) must be the"
            f" same as the transfer currency ({currency})"
        )
        raise invalid(text, code="transfer_source_balance_parameters_mismatch")
    return charge


def _refuse_more_than(world: World, source: Obj, amount: int) -> None:
    made = world.shelf.find("transfer", source_transaction=source["id"])
    sent = sum(held["amount"] - held["amount_reversed"] for held in made)
    most: int = source["amount_captured"]
    if sent + amount > most:
        text = (
            "Transfers using this transaction as a source must not exceed the source amount of"
            f" {money(most, source['currency'])}."
        )
        if sent:
            text += f" (There are existing transfers totaling {money(sent, source['currency'])}.)"
        raise invalid(text, param="amount", code="balance_insufficient")


def group_of(source: Obj) -> str:
    """The group of a charge; one that has none gets it now."""
    if not source["transfer_group"]:
        source["transfer_group"] = f"group_{source['payment_intent'] or source['id']}"
    return str(source["transfer_group"])


def receiver(world: World, id_: str, param: str) -> str | None:
    """The account that takes the money, none being the platform; raises for one that may not."""
    if world.account is None:
        return str(receiver_named(world, id_, param)["id"])
    if id_ != platform_id(world):
        raise no_such("destination", id_, param=param, status=400)
    return None


def make(world: World, amount: int, currency: str, to: str | None, about: Obj) -> Obj:
    """A transfer of the account in force, moved in both balances; `about` says where the money comes from."""
    source: Obj | None = about["source"]
    transfer = world.new(
        "transfer",
        "tr",
        {
            "amount": amount,
            "currency": currency,
            "destination": to or platform_id(world),
            "source_transaction": source["id"] if source else None,
            "source_type": "card",
            "transfer_group": about["group"],
            "_to": to,
        },
        clock=source["_clock"] if source else None,
    )
    transfer["reversals"] = listing(f"/v1/transfers/{transfer['id']}/reversals", [])
    send(world, transfer, to, about["days"])
    return transfer


def retrieve(call: Call) -> Obj:
    """One transfer."""
    return call.world.fetch("transfer", call.id, param="transfer")


def update(call: Call) -> Obj:
    """Change the words about a transfer."""
    transfer = call.world.fetch("transfer", call.id, param="transfer")
    before = clone(transfer)
    assign(transfer, call.params, "description")
    merge_metadata(transfer, call.params)
    call.world.emit("transfer.updated", transfer, before=before)
    return transfer


def list_all(call: Call) -> Obj:
    """Transfers, newest first."""
    wanted = {name: call.params.get(name) for name in ("destination", "transfer_group")}
    found = [
        held
        for held in call.world.shelf.kind("transfer")
        if all(value in {None, held[name]} for name, value in wanted.items())
    ]
    return page("/v1/transfers", call.params, found)


ROUTES: Routes = {
    "POST /v1/transfers": create,
    "GET /v1/transfers": list_all,
    "GET /v1/transfers/{id}": retrieve,
    "POST /v1/transfers/{id}": update,
}
