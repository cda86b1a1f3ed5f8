from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import to_unix
from engine.errors import Contradiction, NotImplementedYet
from engine.pricing.model import ONCE, YEARLY, PriceKind, Tier
from engine.pricing.stripe_items import (
    PresentItem,
    WantedItem,
    current_phase,
    invoice_items,
    item_changes,
    next_phase,
    schedule_params,
    wanted_items,
)
from tests.engine.pricing.build import FEB, JAN, base, packs_of


def test_products_that_share_a_flat_price_share_an_item() -> None:
    shared = "price_shared"
    items = [replace(base(2000, product=name), stripe_price_id=shared) for name in ("one", "two")]
    assert wanted_items([*items, base(500, product="other")]) == (
        WantedItem(shared, 2),
        WantedItem("price_other", 1),
    )


def test_a_tiered_price_cannot_be_shared() -> None:
    tiered = packs_of(0, units=100, tiers=(Tier(None, 5),))
    with pytest.raises(NotImplementedYet):
        wanted_items([tiered, tiered])


def test_packs_not_bought_are_left_out_unless_nothing_would_remain() -> None:
    assert wanted_items([packs_of(1000), base(2000)]) == (WantedItem("price_pro", 1),)
    empty = wanted_items([packs_of(1000), packs_of(500, feature="words")])
    assert empty == (WantedItem("price_pro_messages", 0),)


def test_what_is_charged_once_or_after_use_is_no_item() -> None:
    once, usage = base(1000, ONCE), packs_of(10, kind=PriceKind.ARREARS)
    assert wanted_items([once, usage]) == ()
    assert invoice_items([once, usage, base(2000), packs_of(1000, cadence=ONCE)]) == [
        {"price": "price_pro", "quantity": 1}
    ]
    assert invoice_items([packs_of(1000, units=250, cadence=ONCE)]) == [
        {"price": "price_pro_messages", "quantity": 3}
    ]


def test_a_price_that_stripe_does_not_know_stops_the_plan() -> None:
    with pytest.raises(Contradiction, match="no Stripe price"):
        wanted_items([replace(base(2000), stripe_price_id=None)])


def test_only_differences_are_sent_and_always_with_a_quantity() -> None:
    present = [
        PresentItem("si_1", "price_pro", 1),
        PresentItem("si_2", "price_packs", 3),
        PresentItem("si_3", "price_seats", 2),
    ]
    wanted = [WantedItem("price_premium", 1), WantedItem("price_packs", 5), WantedItem("price_seats", 2)]
    assert item_changes(wanted, present) == [
        {"price": "price_premium", "quantity": 1},
        {"id": "si_2", "quantity": 5},
        {"id": "si_1", "deleted": True},
    ]


def test_the_last_item_is_never_deleted() -> None:
    with pytest.raises(Contradiction, match="last item"):
        item_changes([], [PresentItem("si_1", "price_pro", 1)])


prices = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 9), min_size=1)


@given(wanted=prices, present=prices)
def test_applying_the_changes_gives_what_is_wanted(wanted: dict[str, int], present: dict[str, int]) -> None:
    there = {f"si_{price}": (price, quantity) for price, quantity in present.items()}
    changes = item_changes(
        [WantedItem(price, quantity) for price, quantity in wanted.items()],
        [PresentItem(item, price, quantity) for item, (price, quantity) in there.items()],
    )
    for change in changes:
        match change:
            case {"id": item, "deleted": True}:
                del there[item]
            case {"id": item, "quantity": quantity}:
                there[item] = (there[item][0], quantity)
            case {"price": price, "quantity": quantity}:
                assert price not in [held for held, _ in there.values()], "one price twice is refused"
                there[f"new_{price}"] = (price, quantity)
            case _:
                pytest.fail(f"a change that Stripe does not know: {change}")
    assert dict(there.values()) == wanted


def test_a_running_phase_is_copied_whole_with_another_end() -> None:
    shown: dict[str, Any] = {
        "start_date": to_unix(JAN),
        "end_date": to_unix(FEB),
        "items": [
            {"price": "price_pro", "quantity": 2, "discounts": [], "metadata": {"k": "v"}, "tax_rates": []}
        ],
        "discounts": [{"coupon": "c_1", "discount": None, "promotion_code": None}],
        "metadata": {"customer": "acme"},
        "collection_method": "send_invoice",
        "trial_end": None,
        "description": None,
    }
    assert current_phase(shown, until=FEB) == {
        "start_date": to_unix(JAN),
        "end_date": to_unix(FEB),
        "items": [{"price": "price_pro", "quantity": 2, "metadata": {"k": "v"}}],
        "discounts": [{"coupon": "c_1"}],
        "metadata": {"customer": "acme"},
        "collection_method": "send_invoice",
        "proration_behavior": "none",
    }


def test_the_next_phase_lasts_its_longest_interval_and_prorates_nothing() -> None:
    items = [base(2000), base(20000, YEARLY, "annual")]
    assert next_phase(wanted_items(items), items, restart_anchor=True) == {
        "items": [{"price": "price_pro", "quantity": 1}, {"price": "price_annual", "quantity": 1}],
        "duration": {"interval": "year", "interval_count": 1},
        "proration_behavior": "none",
        "billing_cycle_anchor": "phase_start",
    }


def test_a_schedule_is_written_with_both_prorations_off_and_lets_go() -> None:
    phase = {"items": [{"price": "price_pro", "quantity": 1}]}
    assert schedule_params([phase]) == {
        "phases": [phase],
        "proration_behavior": "none",
        "end_behavior": "release",
    }
