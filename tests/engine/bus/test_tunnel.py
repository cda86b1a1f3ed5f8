from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.bus.tunnel import UnreadableWebhook, read_event, read_webhook

AT = datetime(2026, 1, 16, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-01-16T09:00:00Z",
        "2026-01-16T10:00:00+01:00",
        "2026-01-16T09:00:00.000Z",
        "1768554000",
        "1768554000000",
    ],
)
def test_the_time_of_receipt_is_read_in_each_usual_form(written: str) -> None:
    webhook = read_webhook(b"x", {"stripe-signature": "t=1,v1=a", "received-at": written})
    assert webhook.received_at == AT
    assert webhook.signature == "t=1,v1=a"
    assert webhook.body == b"x"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Stripe-Signature": "s"},
        {"Received-At": "2026-01-16T09:00:00Z"},
        {"Stripe-Signature": "s", "Received-At": "2026-01-16T09:00:00"},
        {"Stripe-Signature": "s", "Received-At": "yesterday"},
    ],
)
def test_without_signature_or_time_it_is_no_webhook(headers: dict[str, str]) -> None:
    with pytest.raises(UnreadableWebhook):
        read_webhook(b"x", headers)


def test_an_event_about_something_without_an_id_is_an_event() -> None:
    event = read_event(
        b'{"id":"evt_1","type":"balance.available","created":1768554000,"livemode":true,"account":"acct_1",'
        b'"data":{"object":{"object":"balance"}}}'
    )
    assert (event.object_type, event.object_id, event.account) == ("balance", None, "acct_1")
    assert event.created == AT
