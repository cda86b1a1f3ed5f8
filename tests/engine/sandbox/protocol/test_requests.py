"""What is sent: keys, versions, bodies, methods; what Stripe would not read is refused as Stripe does."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.engine.sandbox.protocol.raw import KEY, ask
from tests.engine.sandbox.twin_client import Twin


def basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer sk_test_x"},
        {"Authorization": "Bearer rk_test_x"},
        basic("sk_test_x:"),
        basic("sk_test_x:password"),
        {**KEY, "Stripe-Version": "2026-10-28.endive"},
    ],
)
def test_a_secret_key_of_the_sandbox_is_enough(twin: Twin, headers: dict[str, str]) -> None:
    assert ask(twin, "GET", "/v1/customers", headers=headers).status == 200


@pytest.mark.parametrize(
    ("headers", "status", "code", "said"),
    [
        ({}, 401, None, "You did not provide an API key."),
        ({"Authorization": "Bearer "}, 401, None, "You did not provide an API key."),
        ({"Authorization": "Basic ???"}, 401, None, "You did not provide an API key."),
        ({"Authorization": "Basic /w=="}, 401, None, "You did not provide an API key."),
        ({"Authorization": "Digest x"}, 401, None, "You did not provide an API key."),
        (
            {"Authorization": "Bearer sk_live_1234567890abcd"},
            401,
            None,
            "Invalid API Key provided: sk_live_**********abcd",
        ),
        ({"Authorization": "Bearer nonsense"}, 401, None, "Invalid API Key provided: ****ense"),
        ({"Authorization": "Bearer pk_test_x"}, 403, "secret_key_required", "publishable API key"),
        ({**KEY, "Stripe-Version": "2019-01-01"}, 400, None, "Invalid Stripe API version: 2019-01-01"),
    ],
)
def test_any_other_key_or_version_is_refused(
    twin: Twin, headers: dict[str, str], status: int, code: str | None, said: str
) -> None:
    answer = ask(twin, "GET", "/v1/customers", headers=headers)
    assert (answer.status, answer.error["type"]) == (status, "invalid_request_error")
    assert answer.error.get("code") == code
    assert said in answer.error["message"]
    assert answer.headers["request-id"].startswith("req_")


@pytest.mark.parametrize(
    ("body", "kind"),
    [('{"name": "x"}', "application/json"), ("name=x", "text/plain"), ("x", "multipart/form-data")],
)
def test_only_forms_are_read(twin: Twin, body: str, kind: str) -> None:
    answer = ask(twin, "POST", "/v1/customers", body, {**KEY, "Content-Type": kind})
    assert answer.status == 400
    assert "application/x-www-form-urlencoded" in answer.error["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"name=\xff\xfe",
        b"name=%ff%fe",
        b"metadata" + b"[a]" * 500 + b"=1",
        b"[]=1",
        b"name[=1",
        "metadata[²]=1&metadata[³]=2&metadata[x][y]=1".encode(),
        b"balance=" + b"9" * 5000,
        b"balance=" + "٣".encode(),
        b"balance=1%0A",
        b"name=a&name[b]=c",
    ],
)
def test_broken_forms_are_refused_and_change_nothing(twin: Twin, body: bytes) -> None:
    before = len(ask(twin, "GET", "/v1/customers?limit=100").body["data"])
    answer = ask(twin, "POST", "/v1/customers", body)
    assert (answer.status, answer.error["type"]) == (400, "invalid_request_error")
    assert len(ask(twin, "GET", "/v1/customers?limit=100").body["data"]) == before


def test_a_large_body_is_refused(twin: Twin) -> None:
    large = ask(twin, "POST", "/v1/customers", "description=" + "x" * (2 * 1024 * 1024))
    assert (large.status, large.error["type"]) == (413, "invalid_request_error")


def test_text_of_every_language_comes_back(twin: Twin) -> None:
    made = ask(twin, "POST", "/v1/customers", "name=%E2%82%AC+Žižka+🙂".encode())
    assert made.body["name"] == "€ Žižka 🙂"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/v1/customers"),
        ("PATCH", "/v1/customers/cus_1"),
        ("DELETE", "/v1/customers"),
        ("OPTIONS", "/v1/customers"),
        ("GET", "/v1/nothing"),
        ("GET", "/v1/customers/"),
        ("GET", "/v1"),
        ("GET", "/v2/core/accounts"),
        ("POST", "/v1/customers/cus_1/nothing"),
    ],
)
def test_what_is_no_endpoint_is_an_unrecognized_url(twin: Twin, method: str, path: str) -> None:
    answer = ask(twin, method, path)
    assert (answer.status, answer.error["type"]) == (404, "invalid_request_error")
    assert answer.error["message"].startswith(f"Unrecognized request URL ({method}: {path})")


def test_head_answers_as_get_without_a_body(twin: Twin) -> None:
    answer = ask(twin, "HEAD", "/v1/customers")
    assert (answer.status, answer.raw) == (200, b"")
    assert answer.headers["request-id"].startswith("req_")


@pytest.mark.parametrize(
    ("query", "param", "said"),
    [
        ("limit=0", "limit", "greater than or equal to 1"),
        ("limit=-5", "limit", "greater than or equal to 1"),
        ("limit=101", "limit", "less than or equal to 100"),
        ("limit=x", "limit", "Invalid integer"),
        ("starting_after=a&ending_before=b", "starting_after", "only specify one"),
        ("starting_after=cus_no", "starting_after", "No such"),
        ("expand[]=nothing", "expand[]", "cannot be expanded (nothing)"),
        ("expand[]=data.a.b.c.d.e", "expand[]", "more than 4 levels"),
        ("created[gte]=yesterday", "created[gte]", "Invalid"),
    ],
)
def test_lists_refuse_what_they_cannot_do(twin: Twin, query: str, param: str, said: str) -> None:
    ask(twin, "POST", "/v1/customers", "")
    answer = ask(twin, "GET", f"/v1/customers?{query}")
    assert (answer.status, answer.error["param"]) == (400, param)
    assert said in answer.error["message"]


def test_errors_tell_where_to_read_on(twin: Twin) -> None:
    answer = ask(twin, "GET", "/v1/customers/cus_no")
    error: Any = answer.error
    assert error["doc_url"] == "https://stripe.com/docs/error-codes/resource-missing"
    assert error["request_log_url"].endswith(answer.headers["request-id"])
    assert answer.headers["stripe-version"] == "2026-10-28.endive"
    assert answer.headers["content-type"] == "application/json"
