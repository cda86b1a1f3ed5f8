"""Which codes may a customer type? Promotion codes, each for a coupon, with restrictions of their own.

Source: Stripe docs, billing/subscriptions/coupons (promotion codes).
"""

from __future__ import annotations

import re

from engine.sandbox.twin.core.agenda import Due
from engine.sandbox.twin.core.call import Call, Dues, Happenings, Routes, merge_metadata
from engine.sandbox.twin.core.errors import invalid, missing, no_such
from engine.sandbox.twin.core.ranges import LARGEST_AMOUNT, currency_named, within
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, clone

from .coupons import switch_off

_CODE_LENGTH = 8
_CODE = re.compile(r"[A-Za-z0-9-]{1,500}$")


def create(call: Call) -> Obj:
    """A code for a coupon."""
    world, params = call.world, call.params
    coupon = _coupon(world, params)
    if params.get("customer_account"):
        raise no_such("customer_account", params["customer_account"], param="customer_account", status=400)
    if params.get("customer"):
        world.refer("customer", params["customer"], "customer")
    code = world.new(
        "promotion_code",
        "promo",
        {
            "active": params.get("active", True),
            "code": _code(world, params),
            "customer": params.get("customer") or None,
            **_limits(world, params, coupon),
            "metadata": {},
            "promotion": {"type": "coupon", "coupon": coupon["id"]},
            "restrictions": _restrictions(params),
            "times_redeemed": 0,
        },
    )
    merge_metadata(code, params)
    world.emit("promotion_code.created", code)
    return code


def _coupon(world: World, params: Params) -> Obj:
    promotion: Obj = params.whole("promotion")
    if not promotion.get("coupon"):
        raise missing("promotion[coupon]")
    coupon = world.refer("coupon", promotion["coupon"], "promotion[coupon]")
    if coupon.get("_deleted"):
        raise no_such("coupon", coupon["id"], param="promotion[coupon]", status=400)
    if not coupon["valid"]:
        raise invalid(f"Coupon expired: {coupon['id']}", param="promotion[coupon]", code="coupon_expired")
    return coupon


def _code(world: World, params: Params) -> str:
    """The code typed, without regard to upper and lower case, or one that is made up."""
    code: str = params.get("code") or world.ids.token(_CODE_LENGTH).upper()
    if not _CODE.match(code):
        text = "Promotion codes may only contain the characters a-z, A-Z, 0-9 and -."
        raise invalid(text, param="code")
    for held in world.shelf.kind("promotion_code"):
        same = held["code"].lower() == code.lower() and held["customer"] == params.get("customer")
        if same and held["active"] and params.get("active", True):
            text = f"An active promotion code with `code: {code}` already exists."
            raise invalid(text, param="code", code="resource_already_exists")
    return code


def _limits(world: World, params: Params, coupon: Obj) -> Obj:
    """How often and until when; never more or longer than the coupon itself."""
    most, until = params.get("max_redemptions"), params.get("expires_at")
    within(most, "max_redemptions", least=1)
    if most is not None and coupon["max_redemptions"] is not None and most > coupon["max_redemptions"]:
        text = "`max_redemptions` cannot be greater than that of the coupon."
        raise invalid(text, param="max_redemptions")
    if until is not None and until <= world.now():
        raise invalid("`expires_at` must be in the future.", param="expires_at")
    if until is not None and coupon["redeem_by"] is not None and until > coupon["redeem_by"]:
        raise invalid("`expires_at` cannot be later than the coupon's `redeem_by`.", param="expires_at")
    return {"expires_at": until, "max_redemptions": most}


def _restrictions(params: Params) -> Obj:
    given: Obj = params.whole("restrictions") or {}
    least, currency = given.get("minimum_amount"), given.get("minimum_amount_currency")
    if (least is None) != (currency is None):
        missed = "minimum_amount" if least is None else "minimum_amount_currency"
        raise missing(f"restrictions[{missed}]")
    within(least, "restrictions[minimum_amount]", least=1, most=LARGEST_AMOUNT)
    shown: Obj = {
        "first_time_transaction": given.get("first_time_transaction", False),
        "minimum_amount": least,
        "minimum_amount_currency": currency and currency_named(currency),
    }
    options = _options(given)
    return {**shown, "currency_options": options} if options else shown


def _options(given: Obj) -> Obj:
    """The minimum in further currencies."""
    options: Obj = given.get("currency_options") or {}
    for name, option in options.items():
        where = f"restrictions[currency_options][{name}]"
        currency_named(name, where)
        within(option.get("minimum_amount"), f"{where}[minimum_amount]", least=1, most=LARGEST_AMOUNT)
    return options


def update(call: Call) -> Obj:
    """Switch a code on or off, change metadata or its minimum in further currencies."""
    world, params = call.world, call.params
    code = world.fetch("promotion_code", call.id)
    before = clone(code)
    if params.get("active") and not code["active"]:
        _refuse_spent(world, code)
    code["active"] = params.get("active", code["active"])
    options = _options(params.whole("restrictions") or {})
    if options:
        held: Obj = code["restrictions"].get("currency_options") or {}
        code["restrictions"]["currency_options"] = {**held, **options}
    merge_metadata(code, params)
    world.emit("promotion_code.updated", code, before=before)
    return code


def _refuse_spent(world: World, code: Obj) -> None:
    """A code that is over cannot be switched on again."""
    coupon = world.shelf.peek(code["promotion"]["coupon"]) or {}
    late = code["expires_at"] is not None and code["expires_at"] <= world.now()
    spent = code["max_redemptions"] is not None and code["times_redeemed"] >= code["max_redemptions"]
    if late or spent or not coupon.get("valid"):
        text = "This promotion code cannot be activated: it expired, was redeemed, or its coupon is invalid."
        raise invalid(text, param="active")


def retrieve(call: Call) -> Obj:
    """One promotion code."""
    return call.world.fetch("promotion_code", call.id)


def list_all(call: Call) -> Obj:
    """Promotion codes, newest first."""
    params = call.params
    active, code, coupon = params.get("active"), params.get("code"), params.get("coupon")
    customer = params.get("customer")
    params.ignore("customer_account")
    found = [
        held
        for held in call.world.shelf.kind("promotion_code")
        if active in {None, held["active"]}
        and (code is None or code.lower() == held["code"].lower())
        and coupon in {None, held["promotion"]["coupon"]}
        and customer in {None, held["customer"]}
    ]
    return page("/v1/promotion_codes", params, found)


def _dues(_world: World, code: Obj) -> list[Due]:
    ends: int | None = code["expires_at"]
    return [Due(ends, 6, "promotion_code_ends")] if ends is not None and code["active"] else []


def _end(world: World, code: Obj, _at: int) -> None:
    switch_off(world, code)


ROUTES: Routes = {
    "POST /v1/promotion_codes": create,
    "GET /v1/promotion_codes": list_all,
    "GET /v1/promotion_codes/{id}": retrieve,
    "POST /v1/promotion_codes/{id}": update,
}
DUES: Dues = {"promotion_code": _dues}
HAPPENINGS: Happenings = {"promotion_code_ends": _end}
