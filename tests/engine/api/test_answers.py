"""What the running system answers has the forms that the OpenAPI document promises."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import pytest

from engine.api import answers as forms
from engine.bootstrap import running
from engine.settings import load_settings
from tests.conftest import MakeDatabase

pytestmark = pytest.mark.stack

ACME = {"type": "organization", "id": "answers-acme"}
CARDLESS = {"type": "user", "id": "answers-user"}
CATALOG: dict[str, Any] = {
    "features": [
        {"id": "messages", "type": "metered", "consumable": True},
        {"id": "sso", "type": "boolean"},
    ],
    "products": [
        {
            "id": "free",
            "group": "main",
            "default": True,
            "items": [{"feature": "messages", "included": 10, "reset": "month"}],
        },
        {
            "id": "pro",
            "group": "main",
            "prices": [{"amount": 2000, "interval": "month"}],
            "items": [
                {"feature": "sso"},
                {
                    "feature": "messages",
                    "included": 100,
                    "reset": "month",
                    "overage": {"billing": "prepaid", "amount": 1000, "per": 100},
                },
            ],
        },
    ],
}


@pytest.fixture(scope="module")
async def api(
    make_database: MakeDatabase, nats_url: str, twin_base: str
) -> AsyncGenerator[httpx2.AsyncClient]:
    settings = load_settings(
        port=0, database_url=await make_database(), nats_url=nats_url, stripe_api_base=twin_base
    )
    async with (
        running(settings) as system,
        httpx2.AsyncClient(base_url=system.api_url, timeout=60) as client,
    ):
        yield client


async def asked(
    api: httpx2.AsyncClient, method: str, path: str, form: type[forms.AnswerForm], body: Any = None
) -> Any:
    response = await api.request(method, path, json=body)
    promised = forms.ProblemAnswer if response.status_code >= 400 else form
    promised.model_validate(response.json(), strict=False)
    assert response.status_code == 200, response.text
    return response.json()


CUSTOMER = f"/v1/customers/{ACME['type']}/{ACME['id']}"


async def make_acme(api: httpx2.AsyncClient) -> str:
    """A catalog, a clock and a customer with a card; gives the path of the clock."""
    applied = await asked(api, "PUT", "/v1/catalogs/answers", forms.AppliedAnswer, CATALOG)
    assert all(product["ready"] for product in applied["products"])
    assert await asked(api, "GET", "/v1/catalogs/answers", forms.AnswerForm) == CATALOG
    clock = await asked(api, "POST", "/v1/sandbox/clocks", forms.ClockAnswer, {"now": "2026-01-01T00:00:00Z"})
    made = {"catalog": "answers", "clock": clock["id"]}
    await asked(api, "PUT", CUSTOMER, forms.CustomerAnswer, made)
    card = {"payment_method": "pm_card_visa"}
    await asked(api, "PUT", f"{CUSTOMER}/payment-method", forms.CustomerAnswer, card)
    return f"/v1/sandbox/clocks/{clock['id']}"


async def use(api: httpx2.AsyncClient) -> None:
    """Check, consume, track and set what was used."""
    used = {"customer": ACME, "feature": "messages"}
    await asked(api, "POST", "/v1/check", forms.CheckAnswer, used | {"consume": True})
    batch = {"checks": [{"customer": ACME, "feature": "sso"}, {"customer": ACME, "feature": "none"}]}
    checked = await asked(api, "POST", "/v1/check/batch", forms.CheckBatchAnswer, batch)
    assert [answer.get("code") for answer in checked["data"]] == [None, "feature_not_found"]
    await asked(api, "POST", "/v1/track", forms.TrackAnswer, used | {"value": 2.5})
    await asked(api, "POST", "/v1/usage", forms.TrackAnswer, used | {"value": 7})


async def test_every_answer_has_the_form_that_is_promised(api: httpx2.AsyncClient) -> None:
    pro = {"customer": ACME, "product": "pro", "quantities": {"messages": 300}}
    clock = await make_acme(api)

    preview = await asked(api, "POST", "/v1/attach/preview", forms.PreviewAnswer, pro)
    attached = await asked(api, "POST", "/v1/attach", forms.AttachAnswer, pro)
    told = await asked(api, "GET", f"/v1/attachments/{attached['id']}", forms.AttachmentAnswer)
    await use(api)
    ending = {"customer": ACME, "product": "pro"}
    await asked(api, "POST", "/v1/cancel", forms.AttachAnswer, ending)
    await asked(api, "POST", "/v1/uncancel", forms.AttachAnswer, ending)
    await asked(api, "POST", f"{clock}/advance", forms.ClockAnswer, {"to": "2026-02-01T02:00:00Z"})
    await asked(api, "POST", f"{clock}/settle", forms.ClockAnswer)
    await asked(api, "GET", clock, forms.ClockAnswer)
    seen = await asked(api, "GET", CUSTOMER, forms.CustomerAnswer)
    invoices = await asked(api, "GET", f"{CUSTOMER}/invoices", forms.InvoicesAnswer)
    await asked(api, "GET", "/v1/rules", forms.RulesAnswer)

    assert preview["total"] == attached["invoice"]["total"] == 4000
    assert (told["state"], told["kind"]) == ("completed", "attach")
    assert {product["product"]: product["state"] for product in seen["products"]} == {
        "free": "ended",
        "pro": "active",
    }
    assert seen["now"] == "2026-02-01T02:00:00Z"
    assert [(invoice["state"], invoice["total"]) for invoice in invoices["data"]] == [
        ("paid", 4000),
        ("paid", 4000),
    ]


async def test_without_a_card_a_purchase_hands_out_one_page(api: httpx2.AsyncClient) -> None:
    await asked(api, "PUT", "/v1/catalogs/answers", forms.AppliedAnswer, CATALOG)
    customer = f"/v1/customers/{CARDLESS['type']}/{CARDLESS['id']}"
    await asked(api, "PUT", customer, forms.CustomerAnswer, {"catalog": "answers", "receives_default": False})
    pro = {"customer": CARDLESS, "product": "pro"}

    first = await asked(api, "POST", "/v1/attach", forms.AttachAnswer, pro)
    second = await asked(api, "POST", "/v1/attach", forms.AttachAnswer, pro)

    assert (first["status"], first["checkout"]["url"]) == ("checkout", second["checkout"]["url"])


async def test_a_key_given_twice_buys_once(api: httpx2.AsyncClient) -> None:
    await asked(api, "PUT", "/v1/catalogs/answers", forms.AppliedAnswer, CATALOG)
    customers = [{"type": "user", "id": "answers-key-1"}, {"type": "user", "id": "answers-key-2"}]
    for who in customers:
        path = f"/v1/customers/{who['type']}/{who['id']}"
        await asked(api, "PUT", path, forms.CustomerAnswer, {"catalog": "answers", "receives_default": False})
        card = {"payment_method": "pm_card_visa"}
        await asked(api, "PUT", f"{path}/payment-method", forms.CustomerAnswer, card)
    bodies = [{"customer": who, "product": "pro", "idempotency_key": "k1"} for who in customers]

    first = [await asked(api, "POST", "/v1/attach", forms.AttachAnswer, body) for body in bodies]
    again = [await asked(api, "POST", "/v1/attach", forms.AttachAnswer, body) for body in bodies]
    other = await api.post("/v1/attach", json=bodies[0] | {"product": "free"})

    assert again == first
    assert first[0]["id"] != first[1]["id"], "a key of one customer says nothing of another's"
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")
    for who in customers:
        paid = await asked(
            api, "GET", f"/v1/customers/{who['type']}/{who['id']}/invoices", forms.InvoicesAnswer
        )
        assert [invoice["total"] for invoice in paid["data"]] == [2000]
