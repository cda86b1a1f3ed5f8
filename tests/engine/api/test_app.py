from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import httpx2
import jsonschema  # type: ignore[import-untyped] # its stubs are another package
import pytest

from engine.api.app import create_app
from engine.api.page import page
from engine.attach.request import AttachRequest, Choice
from engine.customers.reference import Customer
from engine.errors import Contradiction, NotImplementedYet, PaymentRefused, Refused, TemporarilyUnable
from persistence.models.words import CustomerType
from tests.engine.api.fakes import ACME, NOW, Everything, problem, services, speaking

ACME_REF = Customer(CustomerType.ORGANIZATION, "acme")


@pytest.fixture
def everything() -> Everything:
    return Everything()


async def ask(
    everything: Everything, method: str, path: str, body: Any = None, **more: Any
) -> httpx2.Response:
    async with speaking(create_app(services(everything))) as client:
        return await client.request(method, path, json=body, **more)


async def test_an_attach_reaches_the_service_as_a_request(everything: Everything) -> None:
    response = await ask(
        everything,
        "POST",
        "/v1/attach",
        {"customer": ACME, "product": "pro", "quantities": {"messages": 300}},
        headers={"Idempotency-Key": "k1"},
    )

    assert response.status_code == 200
    assert response.json() == {"done": True}
    [(name, (request, key), _)] = everything.asked
    assert (name, key) == ("execute", "organization_acme:k1")
    assert isinstance(request, AttachRequest)
    assert request.customer == ACME_REF
    assert request.choices == (Choice("pro", {"messages": 300}, None, None),)
    assert request.parameters == {"quantities"}


@pytest.mark.parametrize(
    ("method", "path", "body", "called"),
    [
        ("POST", "/v1/attach/preview", {"customer": ACME, "product": "pro"}, "preview"),
        ("POST", "/v1/cancel", {"customer": ACME, "product": "pro", "mode": "now"}, "cancel"),
        ("POST", "/v1/uncancel", {"customer": ACME, "product": "pro"}, "uncancel"),
        ("GET", "/v1/attachments/att_01abc", None, "describe"),
        ("POST", "/v1/check", {"customer": ACME, "feature": "messages"}, "check"),
        ("POST", "/v1/track", {"customer": ACME, "event": "sent.ok", "value": 0.5}, "track"),
        ("POST", "/v1/usage", {"customer": ACME, "feature": "seats", "value": 3}, "set_usage"),
        ("PUT", "/v1/customers/user/u-1", {"receives_default": False}, "put"),
        ("GET", "/v1/customers/user/u-1", None, "view"),
        ("GET", "/v1/customers/user/u-1/invoices", None, "invoices"),
        ("PUT", "/v1/customers/user/u-1/payment-method", {"payment_method": None}, "set_payment_method"),
        ("PUT", "/v1/catalogs/main", {"products": [{"id": "free"}]}, "apply"),
        ("GET", "/v1/catalogs/main", None, "get"),
        ("POST", "/v1/sandbox/clocks", {"now": "2026-01-01T00:00:00Z"}, "create"),
        ("GET", "/v1/sandbox/clocks/live", None, "get"),
        ("POST", "/v1/sandbox/clocks/clk_1/advance", {"to": "2026-02-01T00:00:00+00:00"}, "advance"),
        ("POST", "/v1/sandbox/clocks/clk_1/settle", None, "settle"),
    ],
)
async def test_each_path_calls_its_service(
    everything: Everything, method: str, path: str, body: Any, called: str
) -> None:
    response = await ask(everything, method, path, body)

    assert response.status_code == 200, response.text
    assert [name for name, _, _ in everything.asked] == [called]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"customer": ACME, "product": "pro", "colour": "red"}, "/colour"),
        ({"customer": {**ACME, "vat": 1}, "product": "pro"}, "/customer/vat"),
        ({"customer": {"type": "robot", "id": "x"}, "product": "pro"}, "/customer/type"),
        ({"customer": {"type": "user", "id": "a.b"}, "product": "pro"}, "/customer/id"),
        ({"customer": {"type": "user", "id": "a_b"}, "product": "pro"}, "/customer/id"),
        ({"customer": {"type": "user", "id": "ab\n"}, "product": "pro"}, "/customer/id"),
        ({"customer": {"type": "user", "id": ""}, "product": "pro"}, "/customer/id"),
        ({"customer": ACME, "product": "pro plus"}, "/product"),
        ({"customer": ACME, "product": "pro\x00"}, "/product"),
        ({"customer": ACME, "product": "pro", "quantities": {"messages": "3"}}, "/quantities/messages"),
        ({"customer": ACME, "product": "pro", "quantities": {"messages": True}}, "/quantities/messages"),
        ({"customer": ACME, "product": "pro", "free_trial": {"days": 0}}, "/free_trial/days"),
        ({"customer": ACME, "product": "pro", "force_checkout": 1}, "/force_checkout"),
        ({"customer": ACME, "product": "pro", "starts_at": 1767225600}, "/starts_at"),
        ({"customer": ACME, "product": "pro", "starts_at": "2026-01-01T00:00:00"}, "/starts_at"),
        ({"customer": ACME, "products": [{"product": "a"}, {"product": "b", "x": 1}]}, "/products/1/x"),
        ({"customer": ACME, "product": "pro", "success_url": "javascript:alert(1)"}, "/success_url"),
        ({"product": "pro"}, "/customer"),
    ],
)
async def test_a_wrong_form_is_refused_with_its_place(
    everything: Everything, body: Any, pointer: str
) -> None:
    response = await ask(everything, "POST", "/v1/attach", body)

    refusal = problem(response)
    assert (response.status_code, refusal["code"]) == (400, "invalid_request")
    assert pointer in [mistake["pointer"] for mistake in refusal["errors"]]
    assert everything.asked == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_object_is_refused(everything: Everything, content: bytes) -> None:
    response = await ask(
        everything, "POST", "/v1/attach", content=content, headers={"Content-Type": "application/json"}
    )

    assert problem(response)["code"] == "invalid_request"
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("DELETE", "/v1/attach", 405, "method_not_allowed"),
        ("GET", "/v1/customers/robot/x", 400, "invalid_request"),
        ("GET", "/v1/customers/user/a%2Eb", 400, "invalid_request"),
        ("GET", "/v1/attachments/att_'--", 404, "attachment_not_found"),
    ],
)
async def test_a_wrong_path_is_a_problem(
    everything: Everything, method: str, path: str, status: int, code: str
) -> None:
    response = await ask(everything, method, path)

    assert problem(response)["code"] == code
    assert response.status_code == status
    assert everything.asked == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Refused("product_already_attached", "It is held already."), 409),
        (PaymentRefused("payment_failed", "The card was declined."), 402),
        (NotImplementedYet("params.discounts"), 501),
        (TemporarilyUnable("concurrent_request", "Another one is running."), 503),
        (Contradiction("no_decision", "No rule matched."), 500),
    ],
)
async def test_what_a_service_refuses_is_told_with_its_code(
    everything: Everything, error: Any, status: int
) -> None:
    everything.error = error

    response = await ask(everything, "POST", "/v1/attach", {"customer": ACME, "product": "pro"})

    refusal = problem(response)
    assert (response.status_code, refusal["code"]) == (status, error.code)
    assert refusal["detail"] == error.sentence
    assert refusal["instance"] == "/v1/attach"


async def test_an_unexpected_error_tells_nothing_but_an_id(everything: Everything) -> None:
    everything.error = RuntimeError("password=hunter2")

    response = await ask(everything, "POST", "/v1/attach", {"customer": ACME, "product": "pro"})

    refusal = problem(response)
    assert (response.status_code, refusal["code"]) == (500, "internal_error")
    assert refusal["request_id"] in refusal["detail"]
    assert "hunter2" not in response.text
    assert "Traceback" not in response.text


async def test_a_batch_answers_the_others_when_one_fails(everything: Everything) -> None:
    everything.error = Refused("feature_not_found", "There is no such feature.")

    response = await ask(
        everything, "POST", "/v1/check/batch", {"checks": [{"customer": ACME, "feature": "a"}]}
    )

    assert response.status_code == 200
    [answer] = response.json()["data"]
    assert answer["code"] == "feature_not_found"


async def test_several_scopes_reach_the_check_in_order(everything: Everything) -> None:
    user = {"type": "user", "id": "u"}

    await ask(everything, "POST", "/v1/check", {"scopes": [user, ACME], "feature": "sso"})
    both = await ask(everything, "POST", "/v1/check", {"scopes": [user], "customer": ACME, "feature": "sso"})

    [(_, (scopes,), named)] = everything.asked
    assert scopes == [Customer(CustomerType.USER, "u"), ACME_REF]
    assert (named["feature"], named["required"], named["consume"]) == ("sso", 1, False)
    assert both.status_code == 400


async def test_a_webhook_is_published_only_when_stripe_signed_it(everything: Everything) -> None:
    app = create_app(services(everything))
    async with speaking(app) as client:
        good = await client.post("/v1/webhooks/stripe", content=b"{}", headers={"Stripe-Signature": "t=1"})
        unsigned = await client.post("/v1/webhooks/stripe", content=b"{}")
        everything.signed = False
        forged = await client.post("/v1/webhooks/stripe", content=b"{}", headers={"Stripe-Signature": "x"})
        everything.secret = False
        unset = await client.post("/v1/webhooks/stripe", content=b"{}", headers={"Stripe-Signature": "x"})

    assert good.status_code == 200
    assert everything.asked == [("publish", (b"{}",), {"signature": "t=1", "received_at": NOW})]
    assert (unsigned.status_code, problem(unsigned)["code"]) == (400, "bad_signature")
    assert (forged.status_code, problem(forged)["code"]) == (400, "bad_signature")
    assert (unset.status_code, problem(unset)["code"]) == (404, "webhooks_not_configured")


async def test_production_has_no_sandbox(everything: Everything) -> None:
    async with speaking(create_app(services(everything, clocks=None))) as client:
        response = await client.post("/v1/sandbox/clocks", json={"now": "2026-01-01T00:00:00Z"})
        document = (await client.get("/openapi.json")).json()

    assert problem(response)["code"] == "not_found"
    assert not [path for path in document["paths"] if "sandbox" in path]


async def test_readiness_names_what_cannot_be_reached(everything: Everything) -> None:
    async def fine() -> None: ...

    async def broken() -> None:
        raise ConnectionError("secret address")

    async with speaking(create_app(services(everything, readiness={"a": fine}))) as client:
        ready = await client.get("/readyz")
    async with speaking(create_app(services(everything, readiness={"a": fine, "b": broken}))) as client:
        unready = await client.get("/readyz")
        alive = await client.get("/healthz")

    assert (ready.status_code, ready.json()) == (200, {"ready": True, "checks": {"a": "ok"}})
    assert unready.status_code == 503
    assert unready.json() == {"ready": False, "checks": {"a": "ok", "b": "ConnectionError"}}
    assert alive.status_code == 200


async def test_calls_are_counted_by_path_not_by_customer(everything: Everything) -> None:
    await ask(everything, "GET", "/v1/customers/user/somebody")
    response = await ask(everything, "GET", "/metrics")

    counted = [line for line in response.text.splitlines() if line.startswith("wallstreet_http_calls_total")]
    assert any('path="/v1/customers/{type}/{id}"' in line for line in counted)
    assert "somebody" not in response.text


async def test_the_document_describes_every_operation_and_validates_its_own_examples(
    everything: Everything,
) -> None:
    app = create_app(services(everything))
    document = app.openapi()

    assert document["openapi"].startswith("3.1")
    described = [op for methods in document["paths"].values() for op in methods.values()]
    assert len(described) == 24
    assert all(operation["summary"] and operation["description"] for operation in described)
    examples = 0
    for schema in document["components"]["schemas"].values():
        for example in schema.get("examples", ()):
            examples += 1
            whole = {**schema, "components": document["components"]}
            validator: Any = jsonschema.Draft202012Validator(whole)
            validator.validate(example)
    assert examples >= 10


async def test_the_page_lists_every_path_and_needs_no_network(everything: Everything) -> None:
    app = create_app(services(everything))
    async with speaking(app) as client:
        response = await client.get("/docs")

    assert response.headers["content-type"].startswith("text/html")
    assert all(path in response.text for path in app.openapi()["paths"])
    assert "<script" not in response.text
    assert "http://" not in response.text.replace("http://api", "")
    hostile = json.loads(json.dumps(app.openapi()).replace("May this customer", "<img src=x>"))
    assert "<img" not in page(hostile)


def test_every_form_that_the_page_names_is_explained_on_it(everything: Everything) -> None:
    shown = page(create_app(services(everything)).openapi())
    links = set(re.findall(r"href='#([^']+)'", shown))
    assert links >= {"attach", "forms", "CustomerRef", "ProblemAnswer"}
    assert links <= set(re.findall(r"id='?([^'>]+)", shown))
    assert "<table></table>" not in shown
    assert "`" not in shown


async def test_a_second_call_with_a_key_gets_the_first_answer(everything: Everything) -> None:
    body = {"customer": ACME, "product": "pro", "idempotency_key": "k1"}
    async with speaking(create_app(services(everything))) as client:
        first = await client.post("/v1/attach", json=body)
        everything.answer = {"done": "again"}
        second = await client.post(
            "/v1/attach", json={"customer": ACME, "product": "pro"}, headers={"Idempotency-Key": "k1"}
        )
        other = await client.post("/v1/attach", json=body | {"product": "premium"})
        else_where = await client.post("/v1/cancel", json=body)
        stranger = await client.post("/v1/attach", json=body | {"customer": {"type": "user", "id": "u"}})

    assert first.json() == second.json() == {"done": True}
    assert (other.status_code, problem(other)["code"]) == (409, "idempotency_mismatch")
    assert problem(else_where)["code"] == "idempotency_mismatch"
    assert stranger.json() == {"done": "again"}
    assert len(everything.asked) == 2


async def test_two_keys_for_one_call_are_refused(everything: Everything) -> None:
    response = await ask(
        everything,
        "POST",
        "/v1/attach",
        {"customer": ACME, "product": "pro", "idempotency_key": "a"},
        headers={"Idempotency-Key": "b"},
    )

    assert problem(response)["code"] == "conflicting_parameters"


async def test_twenty_calls_with_one_key_have_one_effect(everything: Everything) -> None:
    everything.gate = asyncio.Event()
    body = {"customer": ACME, "product": "pro", "idempotency_key": "k"}
    async with speaking(create_app(services(everything))) as client:
        calls = [asyncio.create_task(client.post("/v1/attach", json=body)) for _ in range(20)]
        await asyncio.sleep(0.05)
        everything.gate.set()
        answers = await asyncio.gather(*calls)

    assert {answer.status_code for answer in answers} == {200}
    assert len(everything.asked) == 1
