"""Which coupons are there? A percentage or an amount off, once, for some months or for ever.

Source: Stripe docs, billing/subscriptions/coupons.
"""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.core.agenda import Due
from engine.sandbox.twin.core.call import Call, Dues, Happenings, Including, Routes, merge_metadata
from engine.sandbox.twin.core.errors import exclusive, invalid, missing, no_such
from engine.sandbox.twin.core.ranges import LARGEST_AMOUNT, currency_named, not_blank, within
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, clone

_CODE_LENGTH = 8
_LONGEST_NAME = 40
_LONGEST_ID = 200
_LONGEST_MONTHS = 1200
_WHOLE = 100


def create(call: Call) -> Obj:
    """A new coupon."""
    world, params = call.world, call.params
    id_ = params.get("id") or world.ids.token(_CODE_LENGTH)
    not_blank(id_, "id", longest=_LONGEST_ID)
    if world.shelf.peek(id_):
        raise invalid("Coupon already exists.", param="id", code="resource_already_exists")
    coupon = world.new(
        "coupon",
        "coupon",
        {
            **_value(params),
            **_duration(params),
            **_limits(world, params),
            "metadata": {},
            "name": _name(params),
            "times_redeemed": 0,
            "valid": True,
            "_products": _products(world, params),
        },
        id_=id_,
    )
    merge_metadata(coupon, params)
    world.emit("coupon.created", coupon)
    return coupon


def _value(params: Params) -> Obj:
    """What it takes off."""
    percent, amount = params.get("percent_off"), params.get("amount_off")
    if percent is None and amount is None:
        raise missing("percent_off")
    if percent is not None and amount is not None:
        raise exclusive("percent_off", "amount_off")
    if percent is not None and not 0 < percent <= _WHOLE:
        text = "Invalid percent_off: must be greater than 0 and less than or equal to 100."
        raise invalid(text, param="percent_off")
    within(amount, "amount_off", least=1, most=LARGEST_AMOUNT)
    if amount is not None and "currency" not in params:
        raise missing("currency")
    currency = currency_named(params["currency"]) if "currency" in params else None
    return {
        "amount_off": amount,
        "currency": currency if amount is not None else None,
        "percent_off": percent,
        "_currency_options": _options(params, amount, currency),
    }


def _options(params: Params, amount: int | None, currency: str | None) -> Obj:
    """What it takes off in other currencies."""
    given: Obj = params.whole("currency_options") or {}
    if given and amount is None:
        text = "`currency_options` can only be specified with `amount_off`."
        raise invalid(text, param="currency_options")
    for name, option in given.items():
        currency_named(name, f"currency_options[{name}]")
        within(option["amount_off"], f"currency_options[{name}][amount_off]", least=1, most=LARGEST_AMOUNT)
    return {name: option for name, option in given.items() if name != currency}


def _duration(params: Params) -> Obj:
    duration, months = params.get("duration", "once"), params.get("duration_in_months")
    if duration == "repeating" and months is None:
        raise missing("duration_in_months")
    if duration != "repeating" and months is not None:
        text = "`duration_in_months` can only be specified with `duration=repeating`."
        raise invalid(text, param="duration_in_months")
    within(months, "duration_in_months", least=1, most=_LONGEST_MONTHS)
    return {"duration": duration, "duration_in_months": months}


def _limits(world: World, params: Params) -> Obj:
    """How often and how long it can be redeemed."""
    most, until = params.get("max_redemptions"), params.get("redeem_by")
    within(most, "max_redemptions", least=1)
    if until is not None and until <= world.now():
        raise invalid("The `redeem_by` date must be in the future.", param="redeem_by")
    return {"max_redemptions": most, "redeem_by": until}


def _name(params: Params) -> Any:
    name = params.get("name") or None
    return name if name is None else not_blank(name, "name", longest=_LONGEST_NAME)


def _products(world: World, params: Params) -> list[str] | None:
    applies: Obj = params.whole("applies_to") or {}
    named: list[str] = applies.get("products") or []
    for index, id_ in enumerate(named):
        world.refer("product", id_, f"applies_to[products][{index}]")
    return named or None


def _kept(world: World, id_: str) -> Obj:
    coupon = world.fetch("coupon", id_, param="coupon")
    if coupon.get("_deleted"):
        raise no_such("coupon", id_, param="coupon")
    return coupon


def update(call: Call) -> Obj:
    """Change name, metadata, or what it takes off in further currencies."""
    world, params = call.world, call.params
    coupon = _kept(world, call.id)
    before = clone(coupon)
    if "name" in params:
        coupon["name"] = _name(params)
    if "currency_options" in params:
        coupon["_currency_options"] |= _options(params, coupon["amount_off"], coupon["currency"])
    merge_metadata(coupon, params)
    world.emit("coupon.updated", coupon, before=before)
    return coupon


def retrieve(call: Call) -> Obj:
    """One coupon."""
    return _kept(call.world, call.id)


def delete(call: Call) -> Obj:
    """A deleted coupon cannot be given any more; discounts that have it stay."""
    coupon = _kept(call.world, call.id)
    coupon["valid"] = False
    coupon["_deleted"] = True
    for code in call.world.shelf.find("promotion_code"):
        if code["promotion"]["coupon"] == coupon["id"]:
            switch_off(call.world, code)
    call.world.emit("coupon.deleted", coupon)
    return {"id": coupon["id"], "object": "coupon", "deleted": True}


def list_all(call: Call) -> Obj:
    """Coupons, newest first."""
    found = [coupon for coupon in call.world.shelf.kind("coupon") if not coupon.get("_deleted")]
    return page("/v1/coupons", call.params, found)


def switch_off(world: World, code: Obj) -> None:
    """A code that cannot be redeemed any more is not active."""
    if code["active"]:
        before = clone(code)
        code["active"] = False
        world.emit("promotion_code.updated", code, before=before)


def _dues(_world: World, coupon: Obj) -> list[Due]:
    ends: int | None = coupon["redeem_by"]
    return [Due(ends, 6, "coupon_ends")] if ends is not None and coupon["valid"] else []


def _end(world: World, coupon: Obj, _at: int) -> None:
    """The last date to redeem it is over, for its codes as well."""
    coupon["valid"] = False
    for code in world.shelf.find("promotion_code"):
        if code["promotion"]["coupon"] == coupon["id"]:
            switch_off(world, code)


def _shown_options(_world: World, coupon: Obj) -> Obj:
    own = {coupon["currency"]: {"amount_off": coupon["amount_off"]}} if coupon["currency"] else {}
    return {**own, **coupon.get("_currency_options", {})}


ROUTES: Routes = {
    "POST /v1/coupons": create,
    "GET /v1/coupons": list_all,
    "GET /v1/coupons/{id}": retrieve,
    "POST /v1/coupons/{id}": update,
    "DELETE /v1/coupons/{id}": delete,
}
DUES: Dues = {"coupon": _dues}
HAPPENINGS: Happenings = {"coupon_ends": _end}
INCLUDING: Including = {("coupon", "currency_options"): _shown_options}
