"""What reduces a price? Coupons, promotion codes and the discounts made of them."""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes, assign, merge_metadata
from engine.sandbox.twin.core.errors import exclusive, invalid, missing, no_such
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values import calendar
from engine.sandbox.twin.values.types import Obj, clone

_CODE_LENGTH = 8


def create_coupon(call: Call) -> Obj:
    """A coupon: a percentage or an amount, for one invoice, some months or for ever."""
    world, params = call.world, call.params
    percent, amount = params.get("percent_off"), params.get("amount_off")
    if (percent is None) == (amount is None):
        raise missing("percent_off") if percent is None else exclusive("percent_off", "amount_off")
    if amount is not None and "currency" not in params:
        raise missing("currency")
    id_ = params.get("id") or world.ids.token(_CODE_LENGTH)
    if world.shelf.peek(id_):
        raise invalid("Coupon already exists.", param="id", code="resource_already_exists")
    applies: Obj = params.get("applies_to") or {}
    coupon = world.new(
        "coupon",
        "coupon",
        {
            "amount_off": amount,
            "currency": params.get("currency") if amount is not None else None,
            "duration": params.get("duration", "once"),
            "duration_in_months": params.get("duration_in_months"),
            "max_redemptions": params.get("max_redemptions"),
            "metadata": {},
            "name": params.get("name"),
            "percent_off": percent,
            "redeem_by": params.get("redeem_by"),
            "times_redeemed": 0,
            "valid": True,
            "_products": applies.get("products"),
        },
        id_=id_,
    )
    merge_metadata(coupon, params)
    world.emit("coupon.created", coupon)
    return coupon


def update_coupon(call: Call) -> Obj:
    """Change name or metadata."""
    coupon = call.world.fetch("coupon", call.id, param="coupon")
    before = clone(coupon)
    assign(coupon, call.params, "name")
    merge_metadata(coupon, call.params)
    call.world.emit("coupon.updated", coupon, before=before)
    return coupon


def retrieve_coupon(call: Call) -> Obj:
    """One coupon."""
    return call.world.fetch("coupon", call.id, param="coupon")


def delete_coupon(call: Call) -> Obj:
    """A deleted coupon cannot be given any more; discounts that have it stay."""
    coupon = call.world.fetch("coupon", call.id, param="coupon")
    coupon["valid"] = False
    coupon["_deleted"] = True
    call.world.emit("coupon.deleted", coupon)
    return {"id": coupon["id"], "object": "coupon", "deleted": True}


def list_coupons(call: Call) -> Obj:
    """Coupons, newest first."""
    found = [coupon for coupon in call.world.shelf.kind("coupon") if not coupon.get("_deleted")]
    return page("/v1/coupons", call.params, found)


def create_promotion_code(call: Call) -> Obj:
    """A code that a customer may type for a coupon."""
    world, params = call.world, call.params
    promotion: Obj = params.whole("promotion")
    coupon = world.refer("coupon", promotion.get("coupon", ""), "promotion[coupon]")
    restrictions: Obj = params.get("restrictions") or {}
    code = world.new(
        "promotion_code",
        "promo",
        {
            "active": params.get("active", True),
            "code": params.get("code") or world.ids.token(_CODE_LENGTH).upper(),
            "customer": params.get("customer"),
            "expires_at": params.get("expires_at"),
            "max_redemptions": params.get("max_redemptions"),
            "metadata": {},
            "promotion": {"type": "coupon", "coupon": coupon["id"]},
            "restrictions": {
                "first_time_transaction": restrictions.get("first_time_transaction", False),
                "minimum_amount": restrictions.get("minimum_amount"),
                "minimum_amount_currency": restrictions.get("minimum_amount_currency"),
            },
            "times_redeemed": 0,
        },
    )
    merge_metadata(code, params)
    world.emit("promotion_code.created", code)
    return code


def update_promotion_code(call: Call) -> Obj:
    """Switch a code on or off, change metadata."""
    code = call.world.fetch("promotion_code", call.id)
    before = clone(code)
    assign(code, call.params, "active")
    merge_metadata(code, call.params)
    call.world.emit("promotion_code.updated", code, before=before)
    return code


def retrieve_promotion_code(call: Call) -> Obj:
    """One promotion code."""
    return call.world.fetch("promotion_code", call.id)


def list_promotion_codes(call: Call) -> Obj:
    """Promotion codes, newest first."""
    params = call.params
    active, code, coupon = params.get("active"), params.get("code"), params.get("coupon")
    found = [
        held
        for held in call.world.shelf.kind("promotion_code")
        if active in {None, held["active"]}
        and code in {None, held["code"]}
        and coupon in {None, held["promotion"]["coupon"]}
    ]
    return page("/v1/promotion_codes", params, found)


def new_discounts(world: World, customer: Obj, given: list[Obj] | str, **on: str) -> list[str]:
    """Discounts of what is named: coupons, promotion codes, or discounts that exist already."""
    made: list[str] = []
    for index, entry in enumerate(given or []):
        if not isinstance(entry, dict):
            continue
        where = f"discounts[{index}]"
        if "discount" in entry:
            made.append(world.refer("discount", entry["discount"], f"{where}[discount]")["id"])
            continue
        coupon, code = _coupon_named(world, entry, where)
        made.append(_redeem(world, customer, coupon, code, on)["id"])
    return made


def _coupon_named(world: World, entry: Obj, where: str) -> tuple[Obj, Obj | None]:
    code = None
    if "promotion_code" in entry:
        code = world.refer("promotion_code", entry["promotion_code"], f"{where}[promotion_code]")
        if not code["active"]:
            raise invalid("This promotion code is inactive.", param=f"{where}[promotion_code]")
    id_ = code["promotion"]["coupon"] if code else entry["coupon"]
    coupon = world.refer("coupon", id_, f"{where}[coupon]")
    if coupon.get("_deleted"):
        raise no_such("coupon", id_, param=f"{where}[coupon]", status=400)
    spent = coupon["max_redemptions"] is not None and coupon["times_redeemed"] >= coupon["max_redemptions"]
    late = coupon["redeem_by"] is not None and coupon["redeem_by"] < world.now()
    if spent or late:
        raise invalid(f"Coupon expired: {id_}", param=f"{where}[coupon]", code="coupon_expired")
    return coupon, code


def _redeem(world: World, customer: Obj, coupon: Obj, code: Obj | None, on: dict[str, str]) -> Obj:
    now = world.now_of(customer)
    months = coupon["duration_in_months"]
    end = calendar.instant(now, "month", months, 1) if coupon["duration"] == "repeating" else None
    for held in (coupon, code):
        if held is not None:
            held["times_redeemed"] += 1
    discount = world.new(
        "discount",
        "di",
        {
            "customer": customer["id"],
            "end": end,
            "promotion_code": code["id"] if code else None,
            "source": {"type": "coupon", "coupon": coupon["id"]},
            "start": now,
            **on,
        },
        clock=customer["_clock"],
    )
    del discount["created"]
    world.emit("customer.discount.created", discount)
    return discount


def deleted_discount(discount: Obj) -> Obj:
    """The answer of a call that takes a discount away."""
    return {**{name: value for name, value in discount.items() if name != "end"}, "deleted": True}


ROUTES: Routes = {
    "POST /v1/coupons": create_coupon,
    "GET /v1/coupons": list_coupons,
    "GET /v1/coupons/{id}": retrieve_coupon,
    "POST /v1/coupons/{id}": update_coupon,
    "DELETE /v1/coupons/{id}": delete_coupon,
    "POST /v1/promotion_codes": create_promotion_code,
    "GET /v1/promotion_codes": list_promotion_codes,
    "GET /v1/promotion_codes/{id}": retrieve_promotion_code,
    "POST /v1/promotion_codes/{id}": update_promotion_code,
}
