"""When does money reach the bank? Payouts by hand: asked for, sent off, arrived, failed, taken back.

Source: reference 21; Stripe docs, api/payouts and connect/testing.
"""

from __future__ import annotations

from engine.sandbox.twin.connect import banks, standing
from engine.sandbox.twin.connect.access import platform_id
from engine.sandbox.twin.core.call import Call, Routes, merge_metadata
from engine.sandbox.twin.core.errors import invalid, no_such
from engine.sandbox.twin.core.ranges import LARGEST_AMOUNT, currency_named, within
from engine.sandbox.twin.core.render import fits_range, page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, Objs, clone

from . import arriving
from .moving import refuse_without_funds

_BACK_FROM = {"US", "CA"}


def create(call: Call) -> Obj:
    """Send money of the balance to the bank account or card of the account in force."""
    world, params = call.world, call.params
    currency = currency_named(params["currency"])
    amount = int(within(params["amount"], "amount", least=1, most=LARGEST_AMOUNT) or 0)
    _refuse_disabled(world)
    to = _destination(world, params.get("destination"), currency)
    method = params.get("method", "standard")
    if method not in to["available_payout_methods"]:
        text = f"The destination {to['id']} does not support {method} payouts."
        raise invalid(text, param="method", code="instant_payouts_unsupported")
    if "payout_method" in params:
        raise no_such("payout_method", params["payout_method"], param="payout_method", status=400)
    if params.get("source_type", "card") != "card":
        refuse_without_funds(world, LARGEST_AMOUNT + 1, currency)
    refuse_without_funds(world, amount, currency)
    payout = arriving.send_off(
        world,
        amount,
        to,
        {
            "description": params.get("description"),
            "method": method,
            "statement_descriptor": params.get("statement_descriptor"),
        },
    )
    merge_metadata(payout, params)
    world.emit("payout.created", payout)
    return payout


def _refuse_disabled(world: World) -> None:
    account = world.shelf.peek(world.account or "")
    if account is not None and not account["payouts_enabled"]:
        text = "Cannot create payouts: this account has payouts disabled."
        raise invalid(text, code="payouts_not_allowed")


def destinations(world: World) -> Objs:
    """The bank accounts and cards of the account in force, oldest first."""
    account = world.shelf.peek(world.account or "")
    if account is None:
        return [banks.platform_bank(world, platform_id(world).replace("acct_", "ba_"))]
    return standing.externals_of(world, account)


def _destination(world: World, id_: str | None, currency: str) -> Obj:
    for held in destinations(world):
        named = held["id"] == id_ if id_ else held["default_for_currency"]
        if named and held["currency"] == currency:
            return held
    if id_ is not None:
        raise no_such("external account", id_, param="destination", status=400)
    raise invalid(
        f"Sorry, you don't have any external accounts in that currency ({currency})", param="currency"
    )


def retrieve(call: Call) -> Obj:
    """One payout."""
    return call.world.fetch("payout", call.id, param="payout")


def update(call: Call) -> Obj:
    """Change the metadata of a payout."""
    payout = call.world.fetch("payout", call.id, param="payout")
    before = clone(payout)
    merge_metadata(payout, call.params)
    call.world.emit("payout.updated", payout, before=before)
    return payout


def list_all(call: Call) -> Obj:
    """Payouts, newest first."""
    params = call.params
    wanted = {name: params.get(name) for name in ("destination", "status")}
    when = params.whole("arrival_date")
    found = [
        held
        for held in call.world.shelf.kind("payout")
        if all(value in {None, held[name]} for name, value in wanted.items())
        and fits_range(held["arrival_date"], when)
    ]
    return page("/v1/payouts", params, found)


def cancel(call: Call) -> Obj:
    """Take a payout back that was not sent off yet."""
    payout = call.world.fetch("payout", call.id, param="payout")
    if payout["status"] != "pending" or payout["automatic"]:
        kind = "automatic" if payout["automatic"] else payout["status"]
        text = f"Payouts can only be canceled while they are pending and manual; {payout['id']} is {kind}."
        raise invalid(text, param="payout")
    arriving.cancel(call.world, payout)
    return payout


def reverse(call: Call) -> Obj:
    """Debit the bank account of a payout that went out: a payout of its own, below zero."""
    world = call.world
    payout = world.fetch("payout", call.id, param="payout")
    to = world.shelf.take(payout["destination"] or "")
    problem = _not_reversible(world, payout, to)
    if problem or to is None:
        raise invalid(problem or "The bank account of this payout is gone.", param="payout")
    about: Obj = {"method": "standard", "original_payout": payout["id"]}
    back = arriving.send_off(world, -payout["amount"], to, about)
    merge_metadata(back, call.params)
    before = clone(payout)
    payout["reversed_by"] = back["id"]
    world.emit("payout.created", back)
    world.emit("payout.updated", payout, before=before)
    return back


def _not_reversible(world: World, payout: Obj, to: Obj | None) -> str | None:
    if world.account is None:
        return "You can only reverse payouts of connected accounts."
    if to is None or to["object"] != "bank_account" or to["country"] not in _BACK_FROM:
        return "You can only reverse payouts to US and Canadian bank accounts."
    if payout["reversed_by"] or payout["original_payout"]:
        return f"Payout {payout['id']} has already been reversed."
    if payout["status"] not in {"paid", "in_transit"}:
        return f"You can only reverse payouts that were sent; {payout['id']} is {payout['status']}."
    return None


ROUTES: Routes = {
    "POST /v1/payouts": create,
    "GET /v1/payouts": list_all,
    "GET /v1/payouts/{id}": retrieve,
    "POST /v1/payouts/{id}": update,
    "POST /v1/payouts/{id}/cancel": cancel,
    "POST /v1/payouts/{id}/reverse": reverse,
}
