"""Which tax numbers does a customer, or the account itself, have? Verified as Stripe's test values say."""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.errors import invalid, missing, no_such
from engine.sandbox.twin.core.ranges import not_blank
from engine.sandbox.twin.core.render import listing, page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.objects import customers
from engine.sandbox.twin.values.types import Obj, Objs

_TEST_VALUES = {"111111111": "unverified", "222222222": "pending"}
_VERIFIED = frozenset({"eu_vat", "gb_vat", "au_abn"})
_MOST = 5


def add(world: World, kind: str, value: str, customer: Obj | None, param: str = "value") -> Obj:
    """A tax id of a customer, or of the account itself."""
    held = _of(world, customer["id"] if customer else None)
    if len(held) >= _MOST:
        raise invalid(f"You cannot have more than {_MOST} tax IDs.", param=param, code="tax_id_invalid")
    not_blank(value, param)
    owner: Obj = {"customer_account": None, "type": "self"}
    if customer is not None:
        owner = {"customer": customer["id"], "customer_account": None, "type": "customer"}
    made = world.new(
        "tax_id",
        "txi",
        {
            "country": _country(kind, value),
            "customer": customer["id"] if customer else None,
            "owner": owner,
            "type": kind,
            "value": value,
            "verification": _verification(kind, value),
        },
        clock=customer["_clock"] if customer else None,
    )
    if customer is not None:
        world.emit("customer.tax_id.created", made)
    return made


def _country(kind: str, value: str) -> str | None:
    """The country that the kind names; a European one begins with it."""
    if kind in {"eu_vat", "eu_oss_vat"}:
        return value[:2].upper() if value[:2].isalpha() else None
    return kind.partition("_")[0].upper()


def _verification(kind: str, value: str) -> Obj:
    """Stripe's test values for what it can verify; the rest is not verified at all."""
    status = "unavailable"
    if kind in _VERIFIED:
        digits = "".join(letter for letter in value if letter.isdigit())[-9:]
        status = _TEST_VALUES.get(digits, "verified")
    return {"status": status, "verified_address": None, "verified_name": None}


def _of(world: World, customer: str | None) -> Objs:
    if customer is not None:
        return world.shelf.find("tax_id", customer=customer)
    return [held for held in world.shelf.kind("tax_id") if held["customer"] is None]


def create_for_customer(call: Call) -> Obj:
    """A tax id of a customer."""
    customer = customers.fetch(call.world, call.id, "customer")
    return add(call.world, call.params["type"], call.params["value"], customer)


def create(call: Call) -> Obj:
    """A tax id of the account itself, or of the customer who owns it."""
    world, params = call.world, call.params
    return add(world, params["type"], params["value"], _owner(call))


def _owner(call: Call) -> Obj | None:
    owner: Obj = call.params.get("owner") or {"type": "self"}
    kind = owner["type"]
    if kind in {"account", "application"} or "customer_account" in owner:
        named = owner.get("account") or owner.get("customer_account") or ""
        raise no_such("account", named, param=f"owner[{kind}]", status=400)
    if kind == "self":
        return None
    if "customer" not in owner:
        raise missing("owner[customer]")
    return call.world.refer("customer", owner["customer"], "owner[customer]")


def retrieve(call: Call) -> Obj:
    """One tax id."""
    return call.world.fetch("tax_id", call.id)


def _of_customer(call: Call) -> Obj:
    found = call.world.fetch("tax_id", call.id)
    if found["customer"] != call.path["customerId"]:
        raise no_such("tax_id", call.id)
    return found


def delete(call: Call) -> Obj:
    """Take a tax id away."""
    return _delete(call.world, call.world.fetch("tax_id", call.id))


def delete_of_customer(call: Call) -> Obj:
    """Take a customer's tax id away."""
    return _delete(call.world, _of_customer(call))


def _delete(world: World, held: Obj) -> Obj:
    world.shelf.remove(held)
    if held["customer"] is not None:
        world.emit("customer.tax_id.deleted", held)
    return {"id": held["id"], "object": "tax_id", "deleted": True}


def list_all(call: Call) -> Obj:
    """The tax ids of the account itself, or of the owner asked for."""
    customer = _owner(call)
    found = _of(call.world, customer["id"] if customer else None)
    return page("/v1/tax_ids", call.params, found)


def list_of_customer(call: Call) -> Obj:
    """The tax ids of a customer, newest first."""
    customers.fetch(call.world, call.id, "customer")
    return page(f"/v1/customers/{call.id}/tax_ids", call.params, _of(call.world, call.id))


def shown_with(world: World, customer: Obj) -> Obj:
    """The list that `expand` puts into a customer."""
    return listing(f"/v1/customers/{customer['id']}/tax_ids", reversed(_of(world, customer["id"])))


ROUTES: Routes = {
    "POST /v1/tax_ids": create,
    "GET /v1/tax_ids": list_all,
    "GET /v1/tax_ids/{id}": retrieve,
    "DELETE /v1/tax_ids/{id}": delete,
    "POST /v1/customers/{id}/tax_ids": create_for_customer,
    "GET /v1/customers/{id}/tax_ids": list_of_customer,
    "GET /v1/customers/{customerId}/tax_ids/{id}": _of_customer,
    "DELETE /v1/customers/{customerId}/tax_ids/{id}": delete_of_customer,
}
