"""Features, the products that have them, and the customers who are entitled to them."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import DAY, FEB_1, HOUR, JAN_1, Clock, Twin

_UPDATED = "entitlements.active_entitlement_summary.updated"


@pytest.fixture
def feature(twin: Twin, clock: Clock) -> Any:
    return twin.v1.entitlements.features.create({"name": "Reports", "lookup_key": f"reports-{clock.id}"})


def _product_with(twin: Twin, feature: Any) -> tuple[str, str]:
    product = twin.v1.products.create(
        {
            "name": "Pro",
            "default_price_data": {"currency": "usd", "unit_amount": 0, "recurring": {"interval": "month"}},
        }
    )
    twin.v1.products.features.create(product.id, {"entitlement_feature": feature.id})
    return product.id, product.default_price


def _held(twin: Twin, customer: str) -> list[str]:
    found = twin.v1.entitlements.active_entitlements.list({"customer": customer}).data
    return [entry.feature for entry in found]


def test_a_feature_is_made_renamed_and_archived(twin: Twin, feature: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        twin.v1.entitlements.features.create({"name": "Again", "lookup_key": feature.lookup_key})
    changed = twin.v1.entitlements.features.update(
        feature.id, {"name": "All reports", "metadata": {"a": "b"}}
    )
    assert (changed.name, changed.metadata.to_dict(), changed.active) == ("All reports", {"a": "b"}, True)
    listed = {"lookup_key": feature.lookup_key}
    assert [held.id for held in twin.v1.entitlements.features.list(listed).data] == [feature.id]
    twin.v1.entitlements.features.update(feature.id, {"active": False})
    assert twin.v1.entitlements.features.list(listed).data == []
    assert [held.id for held in twin.v1.entitlements.features.list({**listed, "archived": True}).data] == [
        feature.id
    ]
    product = twin.v1.products.create({"name": "Pro"})
    with pytest.raises(stripe.InvalidRequestError, match="archived"):
        twin.v1.products.features.create(product.id, {"entitlement_feature": feature.id})
    with pytest.raises(stripe.InvalidRequestError, match="activated again"):
        twin.v1.entitlements.features.update(feature.id, {"active": True})


def test_features_of_a_product(twin: Twin, feature: Any) -> None:
    product, _ = _product_with(twin, feature)
    (attached,) = twin.v1.products.features.list(product).data
    assert attached.entitlement_feature.lookup_key == feature.lookup_key
    twin.v1.entitlements.features.update(feature.id, {"name": "All reports"})
    assert twin.v1.products.features.retrieve(product, attached.id).entitlement_feature.name == "All reports"
    with pytest.raises(stripe.InvalidRequestError, match="already attached"):
        twin.v1.products.features.create(product, {"entitlement_feature": feature.id})
    other = twin.v1.products.create({"name": "Other"})
    with pytest.raises(stripe.InvalidRequestError, match="No such"):
        twin.v1.products.features.retrieve(other.id, attached.id)
    assert twin.v1.products.features.delete(product, attached.id).deleted is True
    assert twin.v1.products.features.list(product).data == []


def test_entitlements_follow_a_subscription(twin: Twin, clock: Clock, feature: Any) -> None:
    _, price = _product_with(twin, feature)
    buyer = clock.customer()
    mark = clock.mark()
    held = twin.v1.subscriptions.create(
        {"customer": buyer, "items": [{"price": price}], "trial_end": JAN_1 + 7 * DAY}
    )
    assert _held(twin, buyer) == [feature.id]
    event = clock.events(mark)[-1]
    assert event.type == _UPDATED
    summary = event.data.object
    assert (summary.customer, [each.lookup_key for each in summary.entitlements.data]) == (
        buyer, [feature.lookup_key]
    )  # fmt: skip
    (entry,) = twin.v1.entitlements.active_entitlements.list({"customer": buyer}).data
    assert twin.v1.entitlements.active_entitlements.retrieve(entry.id).lookup_key == feature.lookup_key
    clock.advance(FEB_1)
    assert _held(twin, buyer) == [feature.id]
    mark = clock.mark()
    twin.v1.subscriptions.cancel(held.id)
    assert _held(twin, buyer) == []
    assert clock.types(mark)[-1] == _UPDATED
    assert clock.events(mark)[-1].data.object.entitlements.data == []
    assert clock.types().count(_UPDATED) == 2


def test_a_pause_takes_entitlements_and_a_resumption_brings_them_back(
    twin: Twin, clock: Clock, feature: Any
) -> None:
    product, free = _product_with(twin, feature)
    dear = twin.v1.prices.create(
        {"product": product, "currency": "usd", "unit_amount": 900, "recurring": {"interval": "month"}}
    ).id
    for price in (free, dear):
        buyer = clock.customer()
        held = twin.v1.subscriptions.create({"customer": buyer, "items": [{"price": price}]})
        twin.v1.subscriptions.pause(held.id)
        assert _held(twin, buyer) == []
        gone_on = twin.v1.subscriptions.resume(held.id, {"payment_behavior": "resume_on_payment_success"})
        assert (gone_on.status, _held(twin, buyer)) == ("active", [feature.id])
        assert clock.types().count(_UPDATED) % 3 == 0


def test_two_subscriptions_entitle_once(twin: Twin, clock: Clock, feature: Any) -> None:
    _, price = _product_with(twin, feature)
    _, other = _product_with(twin, feature)
    buyer = clock.customer()
    first, second = (
        twin.v1.subscriptions.create({"customer": buyer, "items": [{"price": each}]})
        for each in (price, other)
    )
    assert _held(twin, buyer) == [feature.id]
    twin.v1.subscriptions.cancel(first.id)
    assert _held(twin, buyer) == [feature.id]
    twin.v1.subscriptions.cancel(second.id)
    assert _held(twin, buyer) == []


def test_a_new_feature_of_a_product_comes_with_the_renewal(twin: Twin, clock: Clock, feature: Any) -> None:
    product, price = _product_with(twin, feature)
    buyer = clock.customer()
    twin.v1.subscriptions.create({"customer": buyer, "items": [{"price": price}]})
    more = twin.v1.entitlements.features.create({"name": "More", "lookup_key": f"more-{clock.id}"})
    twin.v1.products.features.create(product, {"entitlement_feature": more.id})
    assert _held(twin, buyer) == [feature.id]
    clock.advance(FEB_1 + 2 * HOUR)
    assert _held(twin, buyer) == [more.id, feature.id]


def test_an_unpaid_start_entitles_to_nothing(twin: Twin, clock: Clock, feature: Any) -> None:
    product, _ = _product_with(twin, feature)
    price = twin.v1.prices.create(
        {"product": product, "currency": "usd", "unit_amount": 900, "recurring": {"interval": "month"}}
    )
    buyer = clock.customer("pm_card_chargeCustomerFail")
    held = twin.v1.subscriptions.create({"customer": buyer, "items": [{"price": price.id}]})
    assert (held.status, _held(twin, buyer)) == ("incomplete", [])
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        _held(twin, "cus_none")
