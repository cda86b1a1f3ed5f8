"""What is taken off? Coupons on the lines of a draft.

Source: Stripe docs, billing/subscriptions/coupons; an amount is split as in billing/subscriptions/prorations.
"""

from __future__ import annotations

from fractions import Fraction

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.amounts import rounded, shares
from engine.sandbox.twin.values.types import Obj, Objs, clone, inside

_PERCENT = 100


def coupon_of(world: World, discount_id: str) -> Obj | None:
    """The coupon behind a discount."""
    discount = world.shelf.peek(discount_id)
    return None if discount is None else world.shelf.peek(discount["source"]["coupon"])


def amount_off_in(coupon: Obj, currency: str) -> int | None:
    """What a coupon of an amount takes off in a currency; nothing where it does not know the currency."""
    if coupon["currency"] == currency:
        amount: int | None = coupon["amount_off"]
        return amount
    return inside(coupon, "_currency_options", currency).get("amount_off")


def parts_off(coupon: Obj, products: list[str], amounts: list[int], currency: str | None = None) -> list[int]:
    """What a coupon takes off each amount; products that it does not apply to give nothing."""
    only: list[str] | None = coupon["_products"]
    open_amounts = [
        amount if amount > 0 and (only is None or product in only) else 0
        for product, amount in zip(products, amounts, strict=True)
    ]
    if coupon["percent_off"] is not None:
        share = Fraction(str(coupon["percent_off"])) / _PERCENT
        return [rounded(amount * share) for amount in open_amounts]
    off = amount_off_in(coupon, currency or coupon["currency"]) or 0
    return _split(min(off, sum(open_amounts)), open_amounts)


def _split(total: int, weights: list[int]) -> list[int]:
    """An amount over those lines that have anything left to take it off."""
    bearing = [index for index, weight in enumerate(weights) if weight]
    parts = dict(zip(bearing, shares(total, [weights[index] for index in bearing]), strict=True))
    return [parts.get(index, 0) for index in range(len(weights))]


def apply_discounts(world: World, invoice: Obj, lines: Objs) -> Objs:
    """Write the discounts into the lines, a line's own first; answers the sum of each."""
    sums: dict[str, int] = {}
    for line in lines:
        line["discount_amounts"] = clone(line.get("_taken") or [])
        for part in line["discount_amounts"]:
            sums[part["discount"]] = sums.get(part["discount"], 0) + part["amount"]
        for discount in line["discounts"]:
            _apply(world, discount, [line], sums)
    for discount in invoice["discounts"]:
        _apply(world, discount, [line for line in lines if line["discountable"]], sums)
    return [{"amount": amount, "discount": discount} for discount, amount in sums.items()]


def _apply(world: World, discount: str, lines: Objs, sums: dict[str, int]) -> None:
    coupon = coupon_of(world, discount)
    if coupon is None or not lines:
        return
    products = [str(inside(line, "pricing", "price_details").get("product")) for line in lines]
    left = [line["amount"] - sum(part["amount"] for part in line["discount_amounts"]) for line in lines]
    parts = parts_off(coupon, products, left, lines[0]["currency"])
    for line, part in zip(lines, parts, strict=True):
        if part:
            line["discount_amounts"].append({"amount": part, "discount": discount})
    sums[discount] = sums.get(discount, 0) + sum(parts)
