"""What is drawn? Prices, quantities and instants as customers have them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from tests.engine.sandbox.laws.inside import Inside
from tests.engine.sandbox.laws.oracle import Price

STARTS = st.integers(1_704_067_200, 1_798_761_600)
"""From 2024 (a leap year) to 2027, at any second."""
QUANTITIES = st.integers(1, 40)
SHARES = st.floats(0, 1, exclude_max=True, allow_nan=False)
INTERVALS = st.sampled_from([("day", 1), ("week", 1), ("week", 2), ("month", 1), ("month", 3), ("year", 1)])


@st.composite
def prices(draw: st.DrawFn, interval: tuple[str, int] | None = None) -> Price:
    """A price per unit (also with a fraction of a cent), in packages, or in tiers."""
    name, count = interval or draw(INTERVALS)
    match draw(st.sampled_from(["unit", "unit", "decimal", "package", "graduated", "volume"])):
        case "decimal":
            return Price(Fraction(draw(st.integers(1, 999_999)), 100), name, count)
        case "package":
            return Price(Fraction(draw(st.integers(60, 9000))), name, count, draw(st.integers(2, 10)))
        case "graduated" | "volume" as mode:
            tops = sorted(draw(st.sets(st.integers(1, 30), min_size=1, max_size=2)))
            tiers = [(top, draw(st.integers(60, 5000)), draw(st.integers(0, 900))) for top in [*tops, None]]
            return Price(Fraction(0), name, count, tiers=tuple(tiers), graduated=mode == "graduated")
        case _:
            return Price(Fraction(draw(st.integers(60, 50_000))), name, count)


def parameters(price: Price) -> dict[str, Any]:
    """The price as Stripe's API is asked for it."""
    given: dict[str, Any] = {
        "currency": "usd",
        "product_data": {"name": "Plan"},
        "recurring": {"interval": price.interval, "interval_count": price.count},
    }
    if price.tiers:
        mode = "graduated" if price.graduated else "volume"
        tiers = [
            {"up_to": "inf" if top is None else top, "unit_amount": unit, "flat_amount": flat}
            for top, unit, flat in price.tiers
        ]
        return {**given, "billing_scheme": "tiered", "tiers_mode": mode, "tiers": tiers}
    if price.package > 1:
        given["transform_quantity"] = {"divide_by": price.package, "round": "up"}
    return {**given, "unit_amount_decimal": f"{price.unit.numerator / price.unit.denominator:.2f}"}


def buyer(twin: Inside) -> str:
    """A customer whose card pays."""
    id_: str = twin.made("POST", "/v1/customers")["id"]
    card = twin.made("POST", "/v1/payment_methods/pm_card_visa/attach", {"customer": id_})["id"]
    twin.made("POST", f"/v1/customers/{id_}", {"invoice_settings": {"default_payment_method": card}})
    return id_


def sold(twin: Inside, price: Price) -> str:
    """The id of the price at the twin."""
    return str(twin.made("POST", "/v1/prices", parameters(price))["id"])
