"""Test clocks: who fits on one, and what is left of it."""

from __future__ import annotations

import pytest
import stripe

from tests.engine.sandbox.launching import launched
from tests.engine.sandbox.twin_client import DAY, JAN_1, Clock, Twin


def test_three_customers_fit_on_a_clock(twin: Twin, clock: Clock) -> None:
    for _ in range(3):
        clock.customer(card=None)
    with pytest.raises(stripe.InvalidRequestError):
        twin.v1.customers.create({"test_clock": clock.id})


def test_a_deleted_clock_cancels_and_deletes(twin: Twin, clock: Clock) -> None:
    customer = clock.customer()
    given = {"customer": customer, "items": [{"price": twin.price(2000)}]}
    subscription = twin.v1.subscriptions.create(given)
    mark = clock.mark()
    assert twin.v1.test_helpers.test_clocks.delete(clock.id).deleted is True
    assert twin.v1.customers.retrieve(customer).deleted is True
    assert twin.v1.subscriptions.retrieve(subscription.id).status == "canceled"
    assert twin.v1.invoices.retrieve(subscription.latest_invoice).status == "paid"
    with pytest.raises(stripe.InvalidRequestError):
        twin.v1.test_helpers.test_clocks.retrieve(clock.id)
    told = clock.types(mark)
    assert {"customer.subscription.deleted", "customer.deleted"} <= set(told)
    assert told[-1] == "test_helpers.test_clock.deleted"


def test_a_clock_is_gone_after_30_days(tmp_path_factory: pytest.TempPathFactory) -> None:
    with launched(tmp_path_factory.mktemp("clock"), "--now", str(JAN_1)) as own:
        made = own.v1.test_helpers.test_clocks.create({"frozen_time": JAN_1})
        assert made.deletes_after == JAN_1 + 30 * DAY
        own.post_json("/_twin/clock", {"now": made.deletes_after - 1})
        own.v1.test_helpers.test_clocks.retrieve(made.id)
        own.post_json("/_twin/clock", {"now": made.deletes_after})
        with pytest.raises(stripe.InvalidRequestError):
            own.v1.test_helpers.test_clocks.retrieve(made.id)
