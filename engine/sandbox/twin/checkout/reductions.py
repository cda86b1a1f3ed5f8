"""What takes something off a session? The coupon that was given, or the code that the buyer typed."""

from __future__ import annotations

from engine.sandbox.twin.core.errors import exclusive, invalid, missing, no_such
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.discounting import parts_off
from engine.sandbox.twin.values.types import Obj, Objs, clone


def given_discounts(world: World, wanted: Objs) -> Objs:
    """The discounts of a new session: at most one, of something that can be redeemed."""
    if len(wanted) > 1:
        raise invalid("You may only specify one discount.", param="discounts")
    for index, given in enumerate(wanted):
        where = f"discounts[{index}]"
        if given.get("coupon") and given.get("promotion_code"):
            raise exclusive(f"{where}[coupon]", f"{where}[promotion_code]")
        if not given.get("coupon") and not given.get("promotion_code"):
            raise missing(f"{where}[coupon]")
        coupon_behind(world, given, where)
    return [{name: value for name, value in given.items() if value} for given in clone(wanted)]


def coupon_behind(world: World, given: Obj, where: str) -> Obj:
    """The coupon of a discount; raises when it cannot be redeemed now."""
    code = given.get("promotion_code")
    promotion = world.refer("promotion_code", code, f"{where}[promotion_code]") if code else None
    if promotion is not None and not _is_open(world, promotion):
        raise invalid("This promotion code is inactive.", param=f"{where}[promotion_code]")
    id_ = promotion["promotion"]["coupon"] if promotion else given["coupon"]
    coupon = world.refer("coupon", id_, f"{where}[coupon]")
    if coupon.get("_deleted"):
        raise no_such("coupon", id_, param=f"{where}[coupon]", status=400)
    spent = coupon["max_redemptions"] is not None and coupon["times_redeemed"] >= coupon["max_redemptions"]
    late = coupon["redeem_by"] is not None and coupon["redeem_by"] < world.now()
    if spent or late:
        raise invalid(f"Coupon expired: {id_}", param=f"{where}[coupon]", code="coupon_expired")
    return coupon


def _is_open(world: World, promotion: Obj) -> bool:
    most, until = promotion["max_redemptions"], promotion["expires_at"]
    spent = most is not None and promotion["times_redeemed"] >= most
    return promotion["active"] and not spent and (until is None or until > world.now())


def typed_code(world: World, session: Obj, text: str) -> Obj:
    """The discount of a code that the buyer typed; raises with the words of Stripe's page."""
    wanted = text.strip().casefold()
    for promotion in world.shelf.kind("promotion_code"):
        if promotion["code"].casefold() == wanted and _fits(world, session, promotion):
            return {"promotion_code": promotion["id"]}
    raise invalid("This code is invalid.", param="promotion_code")


def _fits(world: World, session: Obj, promotion: Obj) -> bool:
    limits = promotion["restrictions"]
    customer = session["customer"]
    enough = (
        limits["minimum_amount"] is None
        or limits["minimum_amount_currency"] != session["currency"]
        or session["amount_subtotal"] >= limits["minimum_amount"]
    )
    bought = customer is not None and bool(world.shelf.find("charge", customer=customer, paid=True))
    return (
        _is_open(world, promotion)
        and enough
        and promotion["customer"] in {None, customer}
        and not (limits["first_time_transaction"] and (customer is None or bought))
    )


def take_off(world: World, session: Obj, amounts: list[int]) -> list[int]:
    """What the session's coupons take off each amount; the session shows them."""
    off = [0 for _ in amounts]
    products = [line["price"]["product"] for line in session["_lines"]]
    shown: Objs = []
    for index, given in enumerate(session["_discounts"]):
        coupon = coupon_behind(world, given, f"discounts[{index}]")
        if coupon["amount_off"] is not None and coupon["currency"] != session["currency"]:
            text = (
                f"This coupon is in `{coupon['currency']}` and cannot be used with `{session['currency']}`."
            )
            raise invalid(text, param=f"discounts[{index}]")
        left = [amount - less for amount, less in zip(amounts, off, strict=True)]
        parts = parts_off(coupon, products, left)
        off = [less + part for less, part in zip(off, parts, strict=True)]
        code = given.get("promotion_code")
        shown.append({"coupon": None if code else coupon["id"], "promotion_code": code})
    session["discounts"] = shown
    return off
