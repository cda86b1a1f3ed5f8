"""What does a price say? Its amounts, tiers and currencies, checked as Stripe checks them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from engine.sandbox.twin.core.errors import exclusive, invalid, missing
from engine.sandbox.twin.core.ranges import LARGEST_AMOUNT, amount_within, currency_named, within
from engine.sandbox.twin.values.types import Obj, Objs, clone, inside

_MOST_DECIMALS = 12
_NO_AMOUNT = "Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set."
_NOT_ASCENDING = "The `up_to` of each tier must be greater than that of the tier before it."
_OPEN_END = "The last tier, and only that one, must have `up_to` set to `inf`."


def amounts(given: Obj, scheme: str, where: str = "", *, signed: bool = False) -> Obj:
    """The fields of one currency of a price: a unit amount, one that the buyer chooses, or tiers.

    A signed amount may be a credit.
    """
    shown: Obj = {"custom_unit_amount": None, "unit_amount": None, "unit_amount_decimal": None}
    named = [name for name in ("unit_amount", "unit_amount_decimal") if given.get(name) is not None]
    custom = _custom(given.get("custom_unit_amount"), _inside(where, "custom_unit_amount"))
    if scheme == "tiered":
        if named or custom:
            named_wrong = _inside(where, (named or ["custom_unit_amount"])[0])
            raise invalid(f"`{named_wrong}` cannot be set with `billing_scheme=tiered`.", param=named_wrong)
        return {**shown, "_tiers": _tiers(given.get("tiers"), _inside(where, "tiers"))}
    if given.get("tiers") is not None:
        text = "`tiers` can only be set with `billing_scheme=tiered`."
        raise invalid(text, param=_inside(where, "tiers"))
    if custom and named:
        raise exclusive(_inside(where, named[0]), _inside(where, "custom_unit_amount"))
    if not custom and not named:
        raise invalid(_NO_AMOUNT)
    unit = _credit(given) if signed else None
    unit = _spelled_both_ways(given, "unit_amount", where) if unit is None else unit
    return {**shown, "custom_unit_amount": custom, **unit}


def _credit(given: Obj) -> Obj | None:
    """A negative whole amount, where one was given."""
    amount: int | None = given.get("unit_amount")
    if amount is None or not -LARGEST_AMOUNT <= amount < 0:
        return None
    return {"unit_amount": amount, "unit_amount_decimal": str(amount)}


def options(given: Obj | None, currency: str, scheme: str) -> Obj:
    """The price in other currencies, by currency."""
    found: Obj = {}
    for name, option in (given or {}).items():
        where = f"currency_options[{name}]"
        other = currency_named(name, where)
        if other == currency:
            text = "`currency_options` must not name the price's own `currency`."
            raise invalid(text, param=where)
        found[other] = {
            **amounts(option, scheme, where),
            "tax_behavior": option.get("tax_behavior", "unspecified"),
        }
    return found


def all_options(price: Obj) -> Obj:
    """The price in each of its currencies, its own one first: what `currency_options` expands to."""
    names = ("custom_unit_amount", "tax_behavior", "unit_amount", "unit_amount_decimal", "_tiers")
    own = {name: price[name] for name in names if name in price}
    return {price["currency"]: clone(own), **clone(price.get("_options") or {})}


def in_currency(price: Obj, currency: str) -> Obj:
    """The price with the amounts that it has in a currency; itself where it has none of its own."""
    option: Obj | None = inside(price, "_options").get(currency)
    return price if option is None else {**price, **clone(option), "currency": currency}


def transform(given: Obj | None, scheme: str) -> Obj | None:
    """How a quantity is packed before it is billed."""
    if given is None:
        return None
    if scheme == "tiered":
        text = "`transform_quantity` cannot be combined with `billing_scheme=tiered`."
        raise invalid(text, param="transform_quantity")
    within(given["divide_by"], "transform_quantity[divide_by]", least=1, most=LARGEST_AMOUNT)
    return {"divide_by": given["divide_by"], "round": given["round"]}


def _inside(where: str, name: str) -> str:
    return f"{where}[{name}]" if where else name


def _custom(given: Obj | None, where: str) -> Obj | None:
    """Bounds of an amount that the buyer chooses; nothing where it is not enabled."""
    if given is None or not given["enabled"]:
        return None
    bounds: Obj = {
        name: amount_within(given.get(name), f"{where}[{name}]") for name in ("minimum", "preset", "maximum")
    }
    ordered = [bound for bound in bounds.values() if bound is not None]
    if ordered != sorted(ordered):
        text = "`minimum` must not be above `preset`, and `preset` not above `maximum`."
        raise invalid(text, param=where)
    return bounds


def _spelled_both_ways(given: Obj, name: str, where: str) -> Obj:
    """An amount and its decimal spelling; the former is null when the latter has a fraction."""
    amount, spelled = given.get(name), given.get(f"{name}_decimal")
    if amount is not None and spelled is not None:
        raise exclusive(_inside(where, name), _inside(where, f"{name}_decimal"))
    if spelled is None:
        amount_within(amount, _inside(where, name))
        return {name: amount, f"{name}_decimal": None if amount is None else str(amount)}
    whole = _decimal(spelled, _inside(where, f"{name}_decimal"))
    return {name: None if "." in whole else int(whole), f"{name}_decimal": whole}


def _decimal(spelled: str, param: str) -> str:
    """A decimal without idle zeros; raises when it is negative, too large or too fine."""
    value = Fraction(spelled)
    if value < 0 or value > LARGEST_AMOUNT:
        raise invalid(f"Invalid decimal: {spelled}; must be a non-negative amount", param=param)
    before, _, after = spelled.partition(".")
    if len(after) > _MOST_DECIMALS:
        text = f"Invalid decimal: {spelled}; must contain at maximum {_MOST_DECIMALS} decimal places."
        raise invalid(text, param=param)
    before, after = before.lstrip("-0") or "0", after.rstrip("0")
    return f"{before}.{after}" if after else before


def _tiers(given: list[Obj] | None, where: str) -> Objs:
    if not given:
        raise missing(where)
    tiers = [_tier(tier, f"{where}[{index}]") for index, tier in enumerate(given)]
    tops: list[Any] = [tier["up_to"] for tier in tiers]
    if tops[-1] is not None or None in tops[:-1]:
        raise invalid(_OPEN_END, param=f"{where}[{len(tiers) - 1}][up_to]")
    for index, (below, top) in enumerate(zip([0, *tops], tops[:-1], strict=False)):
        if top <= below:
            raise invalid(_NOT_ASCENDING, param=f"{where}[{index}][up_to]")
    return tiers


def _tier(tier: Obj, where: str) -> Obj:
    up_to = None if tier["up_to"] == "inf" else within(int(tier["up_to"]), f"{where}[up_to]", least=1)
    shown: Obj = {"up_to": up_to}
    for name in ("flat_amount", "unit_amount"):
        shown |= _spelled_both_ways(tier, name, where)
    if shown["flat_amount_decimal"] is None and shown["unit_amount_decimal"] is None:
        raise missing(f"{where}[unit_amount]")
    return shown
