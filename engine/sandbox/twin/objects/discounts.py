"""What is taken off for a customer? Discounts made of coupons and promotion codes, if those allow it."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.core.errors import exclusive, invalid, missing, no_such
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values import calendar
from engine.sandbox.twin.values.types import Obj, Objs, as_list, as_obj, clone, inside

_MOST = 20
_KINDS = ("coupon", "promotion_code", "discount")


def new_discounts(
    world: World,
    customer: Obj,
    given: Any,
    *,
    at: str = "discounts",
    purchase: tuple[int, str] | None = None,
    **on: str,
) -> list[str]:
    """Discounts of what is named: coupons, promotion codes, or discounts that exist already.

    `purchase` is the amount that a promotion code with a minimum is redeemed for, and its currency.
    """
    named: Objs = [each for each in as_list(given) or [] if as_obj(each) is not None]
    if len(named) > _MOST:
        raise invalid(f"You can only apply up to {_MOST} discounts.", param=at)
    made = [
        _discount(world, customer, entry, f"{at}[{index}]", purchase, on) for index, entry in enumerate(named)
    ]
    coupons = [each["source"]["coupon"] for each in made]
    if len(set(coupons)) < len(coupons):
        raise invalid("You cannot apply the same coupon more than once.", param=at)
    return [each["id"] for each in made]


def _discount(
    world: World, customer: Obj, entry: Obj, where: str, purchase: tuple[int, str] | None, on: dict[str, str]
) -> Obj:
    kinds = [kind for kind in _KINDS if entry.get(kind)]
    if not kinds:
        raise missing(f"{where}[coupon]")
    if len(kinds) > 1:
        raise exclusive(*[f"{where}[{kind}]" for kind in kinds])
    if kinds[0] == "discount":
        held = world.refer("discount", entry["discount"], f"{where}[discount]")
        if held["customer"] != customer["id"]:
            raise no_such("discount", held["id"], param=f"{where}[discount]", status=400)
        return held
    code = None
    if kinds[0] == "promotion_code":
        code = world.refer("promotion_code", entry["promotion_code"], f"{where}[promotion_code]")
        _check_code(world, customer, code, f"{where}[promotion_code]", purchase)
    coupon = _coupon(world, customer, code["promotion"]["coupon"] if code else entry["coupon"], where)
    currency = purchase[1] if purchase else customer["currency"]
    _check_currency(coupon, currency, f"{where}[coupon]")
    return _redeem(world, customer, coupon, code, on)


def _coupon(world: World, customer: Obj, id_: str, where: str) -> Obj:
    coupon = world.refer("coupon", id_, f"{where}[coupon]")
    if coupon.get("_deleted"):
        raise no_such("coupon", id_, param=f"{where}[coupon]", status=400)
    late = coupon["redeem_by"] is not None and coupon["redeem_by"] < world.now_of(customer)
    if late or not coupon["valid"]:
        raise invalid(f"Coupon expired: {id_}", param=f"{where}[coupon]", code="coupon_expired")
    return coupon


def _check_currency(coupon: Obj, currency: str | None, where: str) -> None:
    """An amount off is in currencies; a percentage fits every one."""
    known = {coupon["currency"], *coupon.get("_currency_options", {})}
    if coupon["amount_off"] is not None and currency is not None and currency not in known:
        text = (
            f"The coupon `{coupon['id']}` takes off an amount in {coupon['currency']}; it cannot be used for"
            f" {currency}."
        )
        raise invalid(text, param=where)


def _check_code(world: World, customer: Obj, code: Obj, where: str, purchase: tuple[int, str] | None) -> None:
    """Whether this customer may redeem the code for this purchase."""
    late = code["expires_at"] is not None and code["expires_at"] <= world.now_of(customer)
    if not code["active"] or late:
        raise invalid("This promotion code is inactive.", param=where)
    if code["customer"] not in {None, customer["id"]}:
        text = "This promotion code cannot be redeemed because it is limited to another customer."
        raise invalid(text, param=where)
    if code["restrictions"]["first_time_transaction"] and _has_bought(world, customer):
        text = (
            "This promotion code cannot be redeemed because the associated customer has prior transactions."
        )
        raise invalid(text, param=where)
    if purchase is not None:
        _check_minimum(code["restrictions"], purchase, where)


def _has_bought(world: World, customer: Obj) -> bool:
    charges = world.shelf.owned("charge", customer["id"])
    invoices = world.shelf.owned("invoice", customer["id"])
    return any(charge["paid"] for charge in charges) or any(
        invoice["status"] == "paid" and invoice["amount_paid"] for invoice in invoices
    )


def _check_minimum(restrictions: Obj, purchase: tuple[int, str], where: str) -> None:
    amount, currency = purchase
    least = inside(restrictions, "currency_options", currency).get("minimum_amount")
    if restrictions["minimum_amount_currency"] == currency:
        least = restrictions["minimum_amount"]
    limited = restrictions["minimum_amount"] is not None
    if limited and (least is None or amount < least):
        text = "This promotion code cannot be redeemed because the purchase is below its minimum amount."
        raise invalid(text, param=where)


def _redeem(world: World, customer: Obj, coupon: Obj, code: Obj | None, on: dict[str, str]) -> Obj:
    now = world.now_of(customer)
    months = coupon["duration_in_months"]
    end = calendar.instant(now, "month", months, 1) if coupon["duration"] == "repeating" else None
    _count(world, coupon, code)
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


def _count(world: World, coupon: Obj, code: Obj | None) -> None:
    """One redemption more; the last one makes the coupon invalid and the code inactive."""
    coupon["times_redeemed"] += 1
    coupon["valid"] = coupon["valid"] and not _is_spent(coupon)
    if code is None:
        return
    before = clone(code)
    code["times_redeemed"] += 1
    if code["active"] and (_is_spent(code) or not coupon["valid"]):
        code["active"] = False
        world.emit("promotion_code.updated", code, before=before)


def _is_spent(held: Obj) -> bool:
    return held["max_redemptions"] is not None and held["times_redeemed"] >= held["max_redemptions"]


def deleted_discount(discount: Obj) -> Obj:
    """The answer of a call that takes a discount away."""
    return {**{name: value for name, value in discount.items() if name != "end"}, "deleted": True}
