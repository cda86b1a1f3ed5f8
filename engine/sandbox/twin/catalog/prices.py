"""What does it cost? Prices of products; what is money in a price never changes."""

from __future__ import annotations

from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.ranges import currency_named, not_blank, within
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, clone, inside, texts

from .pricing import amounts, options, transform

_LONGEST = {"day": 1095, "week": 156, "month": 36, "year": 3}
_LONGEST_KEY = 200
_METERLESS = "Starting with Stripe version `2025-03-31.basil`, metered prices must be backed by meters."
_TIERED_ONCE = "Prices with `type=one_time` are not supported with tiered billing."


def new_price(
    world: World,
    given: Obj,
    *,
    inline: bool = False,
    product: str | None = None,
    where: str = "",
    signed: bool = False,
) -> Obj:
    """A price with the given fields; an inline one is not active, a signed one may be negative."""
    currency = currency_named(given["currency"], f"{where}[currency]" if where else "currency")
    scheme = given.get("billing_scheme", "per_unit")
    recurring = given.get("recurring")
    if scheme == "tiered":
        _check_tiered(given)
    if recurring is not None and inside(given, "custom_unit_amount").get("enabled"):
        text = "`custom_unit_amount` can only be used with prices of `type=one_time`."
        raise invalid(text, param="custom_unit_amount")
    fields: Obj = {
        "active": given.get("active", not inline),
        "billing_scheme": scheme,
        "currency": currency,
        "metadata": texts(given.get("metadata")),
        "nickname": given.get("nickname"),
        "lookup_key": given.get("lookup_key") or None,
        "product": product or given["product"],
        "recurring": None if recurring is None else _recurring(world, recurring),
        "tax_behavior": given.get("tax_behavior", "unspecified"),
        "tiers_mode": given.get("tiers_mode"),
        "transform_quantity": transform(given.get("transform_quantity"), scheme),
        "type": "one_time" if recurring is None else "recurring",
        **amounts(given, scheme, where, signed=signed),
        "_options": options(given.get("currency_options"), currency, scheme),
    }
    price = world.new("price", "price", fields)
    world.emit("price.created", price)
    return price


def _check_tiered(given: Obj) -> None:
    if given.get("recurring") is None:
        raise invalid(_TIERED_ONCE, param="interval")
    if given.get("tiers_mode") is None:
        raise invalid("`tiers_mode` is needed with `billing_scheme=tiered`.", param="tiers_mode")


def _recurring(world: World, given: Obj) -> Obj:
    interval, usage = given["interval"], given.get("usage_type", "licensed")
    count = given.get("interval_count", 1)
    within(count, "recurring[interval_count]", least=1, most=_LONGEST[interval])
    days = within(
        given.get("trial_period_days"), "recurring[trial_period_days]", least=1, most=_LONGEST["day"]
    )
    meter = given.get("meter")
    if usage == "metered" and not meter:
        raise invalid(_METERLESS)
    if usage != "metered" and meter:
        text = "`recurring[meter]` can only be set with `recurring[usage_type]=metered`."
        raise invalid(text, param="recurring[meter]")
    if meter and world.refer("billing.meter", meter, "recurring[meter]")["status"] != "active":
        text = f"The meter `{meter}` is inactive. Only active meters can be attached to a price."
        raise invalid(text, param="recurring[meter]")
    return {
        "interval": interval,
        "interval_count": count,
        "meter": meter or None,
        "trial_period_days": days,
        "usage_type": usage,
    }


def claim_key(world: World, params: Obj, *, own: str) -> None:
    """A lookup key has one holder, active or not; it gives it up only when told."""
    key, transfers = params.get("lookup_key"), params.get("transfer_lookup_key")
    if not key:
        return
    not_blank(key, "lookup_key", longest=_LONGEST_KEY)
    for holder in world.shelf.find("price", lookup_key=key):
        if holder["id"] == own:
            continue
        if not transfers:
            text = f"A price (`{holder['id']}`) already uses that lookup key."
            raise invalid(text, param="lookup_key")
        before = clone(holder)
        holder["lookup_key"] = None
        world.emit("price.updated", holder, before=before)
