"""What somebody does in the dashboard, seen from the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.sandbox.twin_client import Clock, Twin


def do(twin: Twin, action: str, **about: Any) -> Any:
    return twin.post_json("/_twin/dashboard", {"action": action, **about})


def last(twin: Twin, type_: str) -> Any:
    return twin.v1.events.list({"type": type_, "limit": 1}).data[0]


@pytest.fixture
def clock(broken: Twin) -> Clock:
    return broken.clock()


@pytest.fixture
def subscription(broken: Twin, clock: Clock) -> Any:
    given = {"customer": clock.customer(), "items": [{"price": broken.price(2000), "quantity": 1}]}
    return broken.v1.subscriptions.create(given)


def test_a_subscription_is_ended_kept_and_changed(broken: Twin, subscription: Any) -> None:
    id_ = subscription.id
    assert do(broken, "cancel_at_period_end", subscription=id_)["cancel_at_period_end"] is True
    event = last(broken, "customer.subscription.updated")
    assert (event.data.object.id, event.request.id) == (id_, None)
    assert do(broken, "uncancel", subscription=id_)["cancel_at_period_end"] is False
    dearer = broken.price(5000)
    changed = do(broken, "change_price", subscription=id_, price=dearer)
    assert changed["items"]["data"][0]["price"]["id"] == dearer
    assert do(broken, "change_quantity", subscription=id_, quantity=3)["items"]["data"][0]["quantity"] == 3
    assert do(broken, "pause_collection", subscription=id_)["pause_collection"]["behavior"] == "void"
    assert do(broken, "resume_collection", subscription=id_)["pause_collection"] is None
    assert do(broken, "cancel_now", subscription=id_)["status"] == "canceled"
    assert broken.v1.subscriptions.retrieve(id_).status == "canceled"
    assert last(broken, "customer.subscription.deleted").request.id is None


def test_money_is_given_back(broken: Twin, subscription: Any) -> None:
    refund = do(broken, "refund", invoice=subscription.latest_invoice, amount=500)
    assert (refund["amount"], refund["status"]) == (500, "succeeded")
    assert broken.v1.charges.retrieve(refund["charge"]).amount_refunded == 500


def test_a_charge_is_disputed_once(broken: Twin, subscription: Any) -> None:
    made = do(broken, "dispute", invoice=subscription.latest_invoice, reason="product_not_received")
    assert (made["amount"], made["status"]) == (2000, "needs_response")
    assert broken.v1.charges.retrieve(made["charge"]).disputed is True
    assert last(broken, "charge.dispute.created").request.id is None
    status, _ = broken.refused_json("/_twin/dashboard", {"action": "dispute", "charge": made["charge"]})
    assert status == 400


def test_invoices_are_paid_voided_and_written_off(broken: Twin, clock: Clock) -> None:
    customer = clock.customer()

    def invoice() -> str:
        made = broken.v1.invoices.create({"customer": customer, "auto_advance": False})
        broken.v1.invoices.add_lines(made.id, {"lines": [{"amount": 2000, "description": "x"}]})
        assert do(broken, "finalize_invoice", invoice=made.id)["status"] == "open"
        return str(made.id)

    assert do(broken, "pay_invoice", invoice=invoice())["status"] == "paid"
    assert do(broken, "void_invoice", invoice=invoice())["status"] == "void"
    assert do(broken, "mark_uncollectible", invoice=invoice())["status"] == "uncollectible"


def test_a_card_and_a_customer_go(broken: Twin, clock: Clock) -> None:
    customer = clock.customer()
    method = broken.v1.customers.retrieve(customer).invoice_settings.default_payment_method
    assert do(broken, "detach_card", payment_method=method)["customer"] is None
    assert do(broken, "delete_customer", customer=customer)["deleted"] is True
    assert broken.v1.customers.retrieve(customer).deleted


def test_metadata_and_raw_fields_are_edited(broken: Twin, subscription: Any) -> None:
    id_ = subscription.id
    assert do(broken, "edit_metadata", id=id_, metadata={"a": "1"})["metadata"] == {"a": "1"}
    event = last(broken, "customer.subscription.updated")
    assert (event.data.object.metadata.to_dict(), event.request.id) == ({"a": "1"}, None)
    do(broken, "edit", id=id_, fields={"status": "past_due"})
    assert broken.v1.subscriptions.retrieve(id_).status == "past_due"
    assert last(broken, "customer.subscription.updated").id == event.id
    do(broken, "edit", id=id_, fields={"description": "drift"}, event="customer.subscription.updated")
    assert last(broken, "customer.subscription.updated").data.object.description == "drift"


def test_any_call_can_be_made(broken: Twin, subscription: Any) -> None:
    path = f"/v1/subscriptions/{subscription.id}"
    made = do(broken, "call", method="POST", path=path, params={"metadata": {"b": 2}})
    assert made["metadata"] == {"b": "2"}
    assert last(broken, "customer.subscription.updated").request.id is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"action": "cancel_nwo"}, "Unknown action: cancel_nwo. Did you mean cancel_now?"),
        ({"action": "cancel_now"}, "`cancel_now` needs `subscription`"),
        ({"action": "cancel_now", "subscription": "s", "when": 1}, "does not know `when`"),
        ({"action": "refund"}, "needs `charge`"),
        ({"action": "edit", "id": "nobody", "fields": {}}, "No such object: nobody"),
        ({"action": "resend_event", "event": "evt_no"}, "No such event"),
        ([], "Send an action"),
    ],
)
def test_an_unclear_action_is_refused(broken: Twin, given: Any, said: str) -> None:
    status, error = broken.refused_json("/_twin/dashboard", given)
    assert status == 400
    assert said in error


def test_stripes_refusals_come_through(broken: Twin) -> None:
    given = {"action": "cancel_now", "subscription": "sub_no"}
    status, error = broken.refused_json("/_twin/dashboard", given)
    assert (status, error["code"]) == (404, "resource_missing")
