"""Section 18: test cards."""

from __future__ import annotations

from typing import Any

import pytest

from .shop import Shop

# id, number, whether it attaches, what a payment answers: a status, or code and decline code
CARDS: list[tuple[str, str, bool, str, str]] = [
    ("pm_card_visa", "4242424242424242", True, "succeeded", ""),
    ("pm_card_mastercard", "5555555555554444", True, "succeeded", ""),
    ("pm_card_discover", "6011111111111117", True, "succeeded", ""),
    ("pm_card_chargeCustomerFail", "4000000000000341", True, "card_declined", "generic_decline"),
    ("pm_card_visa_chargeDeclined", "4000000000000002", False, "card_declined", "generic_decline"),
    (
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        "4000000000009995",
        False,
        "card_declined",
        "insufficient_funds",
    ),
    ("pm_card_visa_chargeDeclinedLostCard", "4000000000009987", False, "card_declined", "lost_card"),
    ("pm_card_visa_chargeDeclinedStolenCard", "4000000000009979", False, "card_declined", "stolen_card"),
    (
        "pm_card_visa_chargeDeclinedVelocityLimitExceeded",
        "4000000000006975",
        False,
        "card_declined",
        "card_velocity_exceeded",
    ),
    ("pm_card_chargeDeclinedExpiredCard", "4000000000000069", False, "expired_card", "expired_card"),
    ("pm_card_chargeDeclinedIncorrectCvc", "4000000000000127", False, "incorrect_cvc", "incorrect_cvc"),
    (
        "pm_card_chargeDeclinedProcessingError",
        "4000000000000119",
        False,
        "processing_error",
        "processing_error",
    ),
    ("pm_card_authenticationRequired", "4000002760003184", True, "requires_action", ""),
    ("pm_card_authenticationRequiredOnSetup", "4000002500003155", True, "requires_action", ""),
    ("pm_card_radarBlock", "4100000000000019", False, "card_declined", "fraudulent"),
]


def typed(shop: Shop, number: str) -> str:
    card = {"number": number, "exp_month": 12, "exp_year": 2030, "cvc": "123"}
    return str(shop.post("payment_methods", type="card", card=card)["id"])


@pytest.mark.parametrize(
    ("named", "number", "attaches", "answer", "decline"), CARDS, ids=[c[0] for c in CARDS]
)
def test_each_card(shop: Shop, named: str, number: str, *, attaches: bool, answer: str, decline: str) -> None:
    """By its id and by its number: whether it attaches, and what a payment with it answers."""
    for card in (named, typed(shop, number)):
        buyer = {"customer": shop.customer(None)}
        said = shop.inside.call("POST", f"/v1/payment_methods/{card}/attach", buyer)
        assert said.status == (200 if attaches else 402)
        method = said.body["id"] if attaches else named
        owner = buyer if attaches else {}
        paid = pay(shop, method, **owner)
        error = paid.body.get("error", {})
        assert (error.get("code", paid.body.get("status")), error.get("decline_code", "")) == (
            answer,
            decline,
        )
        assert paid.status == (402 if decline else 200)


def pay(shop: Shop, method: str, **more: Any) -> Any:
    given = {"amount": 500, "currency": "usd", "confirm": True, "return_url": "https://shop.example"}
    return shop.inside.call("POST", "/v1/payment_intents", {**given, "payment_method": method, **more})


def test_attaching_makes_a_new_id(shop: Shop) -> None:
    """Each attach of a `pm_card_*` returns a method of its own."""
    path, buyer = "payment_methods/pm_card_visa/attach", shop.customer(None)
    ids = {shop.post(path, customer=buyer)["id"] for _ in range(2)}
    assert len(ids) == 2
    assert "pm_card_visa" not in ids


def test_a_decline_on_attach_reads_as_recorded(shop: Shop) -> None:
    """402 with the fields of the recorded answer."""
    error = shop.refused(
        "payment_methods/pm_card_chargeDeclined/attach", status=402, customer=shop.customer(None)
    )
    assert {name: error[name] for name in ("type", "code", "decline_code", "advice_code", "param")} == {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": "generic_decline",
        "advice_code": "try_again_later",
        "param": "",
    }
    assert (error["network_decline_code"], error["message"]) == ("01", "Your card was declined.")
    assert set(error) >= {"doc_url", "request_log_url"}


def test_a_blocked_card_never_reaches_the_bank(shop: Shop) -> None:
    """Radar's block shows in the charge's outcome."""
    charge = pay(shop, "pm_card_radarBlock").body["error"]["charge"]
    outcome = shop.get(f"charges/{charge}")["outcome"]
    assert (outcome["type"], outcome["network_status"]) == ("blocked", "not_sent_to_network")
