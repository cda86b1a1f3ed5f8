"""Which tax rates are there? Made by hand, named by subscriptions, items, invoices and lines.

Source: Stripe docs, billing/taxes/tax-rates.
"""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.core.call import Call, Routes, assign, merge_metadata
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, Objs, as_list, clone, public

_WHOLE = 100
_MOST = 5
_TEXTS = ("country", "description", "display_name", "jurisdiction", "state", "tax_type")


def create(call: Call) -> Obj:
    """A tax rate; its percentage and whether prices include it never change."""
    world, params = call.world, call.params
    rate = new_rate(world, params)
    assign(rate, params, "active")
    merge_metadata(rate, params)
    world.emit("tax_rate.created", rate)
    return rate


def new_rate(world: World, given: Obj) -> Obj:
    """A tax rate as described, active."""
    percentage = given["percentage"]
    if not 0 <= percentage <= _WHOLE:
        raise invalid("Percentage must be between 0 and 100.", param="percentage")
    rate = world.new(
        "tax_rate",
        "txr",
        {
            "active": True,
            "display_name": given["display_name"],
            "effective_percentage": percentage,
            "inclusive": given["inclusive"],
            "metadata": {},
            "percentage": percentage,
            "rate_type": "percentage",
        },
    )
    assign(rate, Params(given), *_TEXTS, "jurisdiction_level")
    return rate


def update(call: Call) -> Obj:
    """Change what is only told, or put a rate away."""
    rate = call.world.fetch("tax_rate", call.id)
    before = clone(rate)
    assign(rate, call.params, "active", *_TEXTS)
    merge_metadata(rate, call.params)
    call.world.emit("tax_rate.updated", rate, before=before)
    return rate


def retrieve(call: Call) -> Obj:
    """One tax rate."""
    return call.world.fetch("tax_rate", call.id)


def list_all(call: Call) -> Obj:
    """Tax rates, newest first."""
    active, inclusive = call.params.get("active"), call.params.get("inclusive")
    found = [
        rate
        for rate in call.world.shelf.kind("tax_rate")
        if active in {None, rate["active"]} and inclusive in {None, rate["inclusive"]}
    ]
    return page("/v1/tax_rates", call.params, found)


def named_rates(world: World, given: Any, where: str) -> Objs:
    """The tax rates with these ids, as objects show them; an empty text names none."""
    ids = as_list(given) or []
    if len(ids) > _MOST:
        raise invalid(f"You can only specify up to {_MOST} tax rates.", param=where)
    found: Objs = []
    for index, id_ in enumerate(ids):
        rate = world.refer("tax_rate", id_, f"{where}[{index}]")
        if not rate["active"]:
            text = f"The tax rate {id_} is archived, so it cannot be used any more."
            raise invalid(text, param=f"{where}[{index}]")
        found.append(public(rate))
    return found


ROUTES: Routes = {
    "POST /v1/tax_rates": create,
    "GET /v1/tax_rates": list_all,
    "GET /v1/tax_rates/{id}": retrieve,
    "POST /v1/tax_rates/{id}": update,
}
