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


@pytest.mark.parametrize("given", [{}, {"now": "tomorrow"}, {"now": True}, {"now": 10**14}, [], 3])
def test_a_move_that_cannot_be_is_refused(twin: Twin, given: object) -> None:
    began = twin.get("/_twin/clock")
    status, error = twin.refused_json("/_twin/clock", given)
    assert status == 400
    assert error.startswith("Send the Unix time to move to, at most 32503680000, such as")
    assert twin.get("/_twin/clock")["follows_the_wall"] == began["follows_the_wall"]


def test_an_unknown_address_of_the_twin_says_so(twin: Twin) -> None:
    refused = twin.refused_json("/_twin/clocc", {})
    assert refused == (404, "No such address of the twin: /_twin/clocc")


def test_settings_that_are_no_object_are_refused(twin: Twin) -> None:
    assert twin.refused_json("/_twin/settings", []) == (400, "The body must be a JSON object.")
    assert twin.get("/_twin/requests?after=x")["last"] >= 0
    assert "deliveries" in twin.get("/_twin/deliveries?limit=x")
