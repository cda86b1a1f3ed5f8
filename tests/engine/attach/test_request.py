from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from engine.attach.body import AttachBody, CancelBody
from engine.attach.request import (
    Choice,
    Custom,
    NoTrial,
    Timing,
    Trial,
    attach_request,
    cancel_request,
)
from engine.catalog.terms import PriceTerms
from engine.errors import InvalidRequest
from persistence.models.words import BillingInterval

ACME = {"type": "organization", "id": "acme"}


def body(**more: Any) -> AttachBody:
    return AttachBody.model_validate(
        {"customer": ACME, **({} if "products" in more else {"product": "pro"}), **more}
    )


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"product": None}, "invalid_request"),
        ({"products": [{"product": "a"}], "product": "b"}, "conflicting_parameters"),
        ({"products": [{"product": "a"}], "quantities": {"m": 1}}, "conflicting_parameters"),
        ({"products": [{"product": "a"}], "version": 2}, "conflicting_parameters"),
        ({"products": [{"product": "a"}], "custom": {"price": 1}}, "conflicting_parameters"),
        ({"products": [{"product": "a"}, {"product": "a"}]}, "invalid_request"),
        ({"quantities": {"messages": -1}}, "invalid_quantity"),
        ({"quantities": {"messages": 10**13}}, "invalid_quantity"),
        ({"products": [{"product": "a", "quantities": {"m": -1}}]}, "invalid_quantity"),
        ({"force_checkout": True, "invoice": True}, "conflicting_parameters"),
        ({"finalize_invoice": False}, "conflicting_parameters"),
        ({"starts_at": "2026-01-02T00:00:00Z", "timing": "immediate"}, "conflicting_parameters"),
        (
            {"starts_at": "2026-01-02T00:00:00Z", "ends_at": "2026-01-02T00:00:00Z"},
            "end_date_invalid",
        ),
        ({"entity_data": {"name": "x"}}, "conflicting_parameters"),
        ({"remove_products": ["pro"]}, "conflicting_parameters"),
        ({"no_billing_changes": True, "invoice": True}, "conflicting_parameters"),
        ({"no_billing_changes": True, "proration": "none"}, "conflicting_parameters"),
    ],
)
def test_a_request_that_contradicts_itself_is_refused(given: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        attach_request(body(**given))

    assert refused.value.code == code


SENSELESS: list[dict[str, Any]] = [
    {"free_trial": True},
    {"free_trial": {"days": 7, "x": 1}},
    {"custom": {}},
    {"custom": {"price": 1, "prices": []}},
    {"custom": {"interval": "year"}},
    {"custom": {"price": -1}},
    {"discounts": [{}]},
    {"discounts": [{"coupon": "a", "promotion_code": "b"}]},
    {"discounts": [{"coupon": "a", "percent_off": 10, "amount_off": 5}]},
    {"discounts": [{"coupon": "a", "duration": "repeating"}]},
    {"discounts": [{"coupon": "a", "percent_off": 101}]},
    {"products": []},
    {"quantities": {"a b": 1}},
    {"quantities": {"a": 1.5}},
    {"version": 0},
    {"timing": "later"},
    {"custom_line_items": []},
    {"idempotency_key": "a b"},
    {"success_url": "ftp://x"},
]


@pytest.mark.parametrize("given", SENSELESS)
def test_a_part_that_makes_no_sense_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        body(**given)


def test_every_parameter_is_known_by_its_name() -> None:
    everything: dict[str, Any] = {
        "entity": "e1",
        "quantities": {"messages": 0},
        "version": 2,
        "custom": {"price": 1000, "interval": "year", "items": [{"feature": "words", "included": 5}]},
        "free_trial": {"days": 7},
        "proration": "none",
        "timing": "end_of_cycle",
        "force_checkout": True,
        "enable_immediately": False,
        "discounts": [{"coupon": "p50", "percent_off": 50}],
        "new_subscription": True,
        "billing_cycle_anchor": "now",
        "ends_at": "2027-01-01T01:00:00+01:00",
        "carry_over_usage": True,
        "carry_over_balance": True,
        "remove_products": ["old"],
        "custom_line_items": [{"amount": -5, "description": "x"}],
        "customer_data": {"name": "Acme"},
        "entity_data": {"name": "Seat"},
        "success_url": "https://example.com/?a={CHECKOUT_SESSION_ID}",
    }

    request = attach_request(body(**everything, idempotency_key="k"))

    assert request.parameters == set(everything)
    assert request.timing is Timing.END_OF_CYCLE
    assert request.free_trial == Trial(7, card_required=True, on_end="bill")
    assert request.ends_at == datetime(2027, 1, 1, tzinfo=UTC)
    [choice] = request.choices
    assert choice.quantities == {"messages": 0}
    assert choice.custom is not None
    assert choice.custom.prices == (PriceTerms(amount=1000, interval=BillingInterval.YEAR),)


def test_what_is_left_at_its_default_was_not_asked_for() -> None:
    request = attach_request(body(force_checkout=False, invoice=False, version=None))

    assert request.parameters == set()
    assert request.document == {"customer": ACME, "product": "pro"}


def test_the_parameters_of_one_of_several_products_count() -> None:
    request = attach_request(body(products=[{"product": "a"}, {"product": "b", "version": 2}]))

    assert request.parameters == {"version"}
    assert request.choices == (Choice("a", None, None, None), Choice("b", None, 2, None))


def test_the_same_product_may_be_bought_twice_in_different_quantities() -> None:
    request = attach_request(
        body(products=[{"product": "a", "quantities": {"m": 1}}, {"product": "a", "quantities": {"m": 2}}])
    )

    assert len(request.choices) == 2


def test_the_hash_is_that_of_what_is_asked_and_not_of_how() -> None:
    plain = attach_request(body())

    assert attach_request(body(force_checkout=False, idempotency_key="k")).params_hash == plain.params_hash
    assert attach_request(body(quantities={})).params_hash != plain.params_hash
    assert attach_request(body(product="free")).params_hash != plain.params_hash


def test_no_trial_is_something_else_than_nothing_said() -> None:
    assert attach_request(body(free_trial=False)).free_trial == NoTrial()
    assert attach_request(body()).free_trial is None
    assert "free_trial" in attach_request(body(free_trial=False)).parameters


def test_custom_items_without_a_price_leave_the_prices() -> None:
    [choice] = attach_request(body(custom={"items": []})).choices

    assert choice.custom == Custom(prices=None, items=())


def test_what_runs_to_its_end_is_not_refunded() -> None:
    given = {"customer": ACME, "product": "pro", "mode": "end_of_cycle", "refund": "full"}
    with pytest.raises(InvalidRequest, match="conflicting_parameters"):
        cancel_request(CancelBody.model_validate(given))

    now = cancel_request(CancelBody.model_validate(given | {"mode": "now"}))

    assert now.refund == "full"
