from __future__ import annotations

import socket
from typing import Any

import pytest

from engine.payments.endpoints import ENDPOINTS
from engine.payments.gateway import (
    API_VERSION,
    Gateway,
    StripeBusy,
    StripeFailed,
    StripeRefused,
    StripeUnknown,
)
from tests.engine.payments.server import Answers

NOT_AGAIN = {"stripe-should-retry": "false"}


def _error(**error: Any) -> dict[str, Any]:
    return {"error": {"message": "no", **error}}


DECLINED = _error(type="card_error", code="card_declined", decline_code="insufficient_funds")
ACTION = _error(type="card_error", code="invoice_payment_intent_requires_action")
AUTHENTICATION = _error(type="card_error", code="card_declined", decline_code="authentication_required")
IN_USE = _error(type="idempotency_error", code="idempotency_key_in_use")
LOCKED = _error(type="invalid_request_error", code="lock_timeout")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, _error(type="invalid_request_error", code="parameter_missing"), StripeRefused),
        (401, _error(type="invalid_request_error"), StripeRefused),
        (402, DECLINED, StripeRefused),
        (403, _error(type="invalid_request_error"), StripeRefused),
        (404, _error(type="invalid_request_error", code="resource_missing"), StripeRefused),
        (409, IN_USE, StripeUnknown),
        (429, _error(type="rate_limit_error", code="rate_limit"), StripeBusy),
        (429, LOCKED, StripeBusy),
        (500, _error(type="api_error"), StripeUnknown),
        (502, b"<html>bad gateway</html>", StripeUnknown),
        (503, b"", StripeUnknown),
        (200, b"not json", StripeUnknown),
    ],
)
async def test_every_answer_is_of_one_of_three_kinds(
    answers: Answers, gateway: Gateway, status: int, body: Any, kind: type[StripeFailed]
) -> None:
    answers.status, answers.body, answers.headers = status, body, {"Request-Id": "req_1", **NOT_AGAIN}
    with pytest.raises(StripeFailed) as failed:
        await gateway.call("invoices.pay", {}, target="in_1", idempotency_key="k")
    assert type(failed.value) is kind
    failure = failed.value.failure
    assert (failure.status, failure.kind) == (status, "invoices.pay")
    assert failure.request_id == (None if isinstance(body, bytes) else "req_1"), (
        "known if it was Stripe's own"
    )
    assert failure.milliseconds > 0


@pytest.mark.parametrize(
    ("body", "needs_action"), [(DECLINED, False), (ACTION, True), (AUTHENTICATION, True)]
)
async def test_a_decline_says_whether_the_buyer_has_to_confirm(
    answers: Answers, gateway: Gateway, body: Any, *, needs_action: bool
) -> None:
    answers.status, answers.body = 402, body
    with pytest.raises(StripeRefused) as refused:
        await gateway.call("invoices.pay", {}, target="in_1")
    failure = refused.value.failure
    assert (failure.declined, failure.needs_action) == (True, needs_action)
    assert failure.code == body["error"]["code"]
    assert failure.decline_code == body["error"].get("decline_code")
    assert failure.message == "no"


async def test_a_wrong_request_is_no_decline(answers: Answers, gateway: Gateway) -> None:
    answers.status, answers.body = 400, _error(type="invalid_request_error", code="invoice_not_editable")
    with pytest.raises(StripeRefused) as refused:
        await gateway.call("invoices.pay", {}, target="in_1")
    assert not refused.value.failure.declined
    assert not refused.value.failure.needs_action


async def test_an_answer_that_does_not_come_in_time_is_unknown(answers: Answers, gateway: Gateway) -> None:
    answers.silent = True
    with pytest.raises(StripeUnknown) as unknown:
        await gateway.call("invoices.create", {"customer": "cus_1"}, idempotency_key="k")
    assert unknown.value.failure.status is None
    assert set(answers.keys) == {"k"}, "the library may send it again, with our key and no other"


async def test_a_connection_that_ends_without_an_answer_is_unknown(
    answers: Answers, gateway: Gateway
) -> None:
    answers.hangs_up = True
    with pytest.raises(StripeUnknown):
        await gateway.call("invoices.create", {"customer": "cus_1"}, idempotency_key="k")
    assert set(answers.keys) == {"k"}


async def test_a_server_that_is_not_there_is_unknown() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    gateway = Gateway("sk_test_1", api_base=f"http://127.0.0.1:{port}", timeout=1)
    with pytest.raises(StripeUnknown) as unknown:
        await gateway.call("customers.create", {})
    assert unknown.value.failure.status is None
    await gateway.close()


async def test_a_call_carries_our_key_the_pinned_version_and_the_secret(
    answers: Answers, gateway: Gateway
) -> None:
    answers.body = {"id": "cus_1"}
    answers.headers = {"Request-Id": "req_7", "Idempotent-Replayed": "true"}
    answer = await gateway.call("customers.create", {"name": "A"}, idempotency_key="ws1:test:att_1:0:1")
    assert (answer.body, answer.status, answer.request_id, answer.replayed) == (
        {"id": "cus_1"},
        200,
        "req_7",
        True,
    )
    line, headers = answers.requests[0]
    assert line == "POST /v1/customers HTTP/1.1"
    assert headers["idempotency-key"] == "ws1:test:att_1:0:1"
    assert headers["stripe-version"] == API_VERSION
    assert headers["authorization"] == "Bearer sk_test_secret"


async def test_reading_carries_no_key_since_it_would_do_nothing(answers: Answers, gateway: Gateway) -> None:
    await gateway.call("customers.retrieve", {}, target="cus_1", idempotency_key="k")
    assert answers.keys == [None]
    assert answers.requests[0][0] == "GET /v1/customers/cus_1 HTTP/1.1"


async def test_it_can_be_used_again_after_it_was_closed(answers: Answers, gateway: Gateway) -> None:
    await gateway.call("customers.list")
    await gateway.close()
    await gateway.close()
    await gateway.call("customers.list")
    assert len(answers.requests) == 2


async def test_a_list_is_read_page_by_page(twin: Gateway) -> None:
    customer = (await twin.call("customers.create", {})).body["id"]
    made = [
        (await twin.call("invoices.create", {"customer": customer, "auto_advance": False})).body["id"]
        for _ in range(5)
    ]
    found = await twin.list_all("invoices.list", {"customer": customer, "limit": 2})
    assert [invoice["id"] for invoice in found] == made[::-1]


async def test_the_twin_replays_what_was_asked_with_the_same_key(twin: Gateway) -> None:
    key = (await twin.call("customers.create", {})).body["id"]
    first = await twin.call("customers.create", {"name": "A"}, idempotency_key=key)
    again = await twin.call("customers.create", {"name": "A"}, idempotency_key=key)
    assert (first.replayed, again.replayed) == (False, True)
    assert first.body == again.body
    with pytest.raises(StripeRefused):
        await twin.call("customers.create", {"name": "B"}, idempotency_key=key)


@pytest.mark.parametrize(
    ("card", "needs_action"),
    [("pm_card_chargeCustomerFail", False), ("pm_card_authenticationRequired", True)],
)
async def test_the_twin_declines_in_words_that_are_understood(
    twin: Gateway, card: str, *, needs_action: bool
) -> None:
    customer = (await twin.call("customers.create", {})).body["id"]
    method = (await twin.call("payment_methods.attach", {"customer": customer}, target=card)).body["id"]
    invoice = (await twin.call("invoices.create", {"customer": customer, "auto_advance": False})).body["id"]
    lines = {"lines": [{"description": "x", "amount": 100}]}
    await twin.call("invoices.add_lines", lines, target=invoice)
    await twin.call("invoices.finalize", {}, target=invoice)
    with pytest.raises(StripeRefused) as refused:
        await twin.call("invoices.pay", {"payment_method": method}, target=invoice)
    failure = refused.value.failure
    assert (failure.status, failure.declined, failure.needs_action) == (402, True, needs_action)


def test_a_call_names_an_object_exactly_when_its_path_has_a_place_for_one() -> None:
    assert ENDPOINTS["invoices.pay"].url("in_1") == "/v1/invoices/in_1/pay"
    assert ENDPOINTS["invoices.create"].url(None) == "/v1/invoices"
    with pytest.raises(ValueError, match="was called with target None"):
        ENDPOINTS["invoices.pay"].url(None)
    with pytest.raises(ValueError, match="was called with target 'in_1'"):
        ENDPOINTS["invoices.create"].url("in_1")
