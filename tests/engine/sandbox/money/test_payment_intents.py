"""How is money taken? PaymentIntents from their creation to capture, cancel and refusal."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.money.books import accounts, audit
from tests.engine.sandbox.twin_client import DAY, JAN_1, Clock, Twin, error_of


def pay(twin: Twin, card: str = "pm_card_visa", amount: int = 1000, **more: Any) -> Any:
    given = {"amount": amount, "currency": "usd", "payment_method": card, "confirm": True}
    return twin.v1.payment_intents.create({**given, **more})


def charge_of(twin: Twin, intent: Any) -> Any:
    return twin.v1.charges.retrieve(intent.latest_charge)


def refused(twin: Twin, card: str, **more: Any) -> Any:
    with pytest.raises(stripe.CardError) as error:
        pay(twin, card, **more)
    assert error.value.http_status == 402
    return error_of(error.value)


def test_confirmed_later_with_a_method(twin: Twin) -> None:
    v1 = twin.v1
    made = v1.payment_intents.create({"amount": 1000, "currency": "USD", "description": "A"})
    assert (made.status, made.currency, made.amount) == ("requires_payment_method", "usd", 1000)
    changed = v1.payment_intents.update(
        made.id, {"amount": 1200, "payment_method": "pm_card_visa", "metadata": {"a": "b"}}
    )
    assert (changed.status, changed.amount, changed.metadata.a) == ("requires_confirmation", 1200, "b")
    paid = v1.payment_intents.confirm(made.id)
    assert (paid.status, paid.amount_received) == ("succeeded", 1200)
    with pytest.raises(stripe.InvalidRequestError, match="amount could not be updated") as error:
        v1.payment_intents.update(made.id, {"amount": 1})
    assert error_of(error.value)["code"] == "payment_intent_unexpected_state"
    assert v1.payment_intents.update(made.id, {"description": "B"}).description == "B"
    with pytest.raises(stripe.InvalidRequestError, match="already succeeded"):
        v1.payment_intents.confirm(made.id)
    with pytest.raises(stripe.InvalidRequestError, match="status of succeeded"):
        v1.payment_intents.cancel(made.id)


def test_what_is_said_is_on_the_charge(twin: Twin) -> None:
    said: dict[str, Any] = {
        "description": "Order 7",
        "receipt_email": "a@example.com",
        "shipping": {"name": "A", "address": {"line1": "1 Way", "country": "US"}},
        "statement_descriptor_suffix": "ORDER7",
        "metadata": {"order": "7"},
        "transfer_group": "group",
    }
    charge = charge_of(twin, pay(twin, **said))
    assert (charge.description, charge.receipt_email, charge.transfer_group) == (
        "Order 7",
        "a@example.com",
        "group",
    )
    assert (charge.shipping.name, charge.shipping.address.line1, charge.shipping.carrier) == (
        "A",
        "1 Way",
        None,
    )
    assert charge.calculated_statement_descriptor == "WALLSTREET* ORDER7"
    assert (charge.outcome.type, charge.outcome.risk_level) == ("authorized", "normal")


@pytest.mark.parametrize(
    ("given", "code", "param"),
    [
        ({"amount": 0}, "parameter_invalid_integer", "amount"),
        ({"amount": 49}, "amount_too_small", "amount"),
        ({"amount": 10**8}, "amount_too_large", "amount"),
        ({"currency": "xxx"}, None, "currency"),
        ({"customer": "cus_nope"}, "resource_missing", "customer"),
        ({"payment_method": "pm_nope"}, "resource_missing", "payment_method"),
        ({"confirmation_token": "ctoken_1"}, "resource_missing", "confirmation_token"),
        ({"on_behalf_of": "acct_nope"}, "resource_missing", "on_behalf_of"),
        ({"application_fee_amount": 5}, None, "application_fee_amount"),
        ({"transfer_data": {"destination": "acct_no"}}, "resource_missing", "transfer_data[destination]"),
        ({"excluded_payment_method_types": ["card"]}, None, "excluded_payment_method_types"),
        ({"statement_descriptor_suffix": "x" * 23}, None, "statement_descriptor_suffix"),
        ({"payment_method_data": {"type": "alipay"}}, "parameters_exclusive", None),
        ({"off_session": True, "confirm": False}, None, "off_session"),
        ({"statement_descriptor": "SHOP"}, None, "statement_descriptor"),
    ],
)
def test_what_is_refused(twin: Twin, given: dict[str, Any], code: str | None, param: str | None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        pay(twin, **given)
    told = error_of(error.value)
    assert (error.value.http_status, told.get("code")) == (400, code)
    assert param in {None, told["param"]}


def test_held_money_is_captured_in_part(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    mark = clock.mark()
    intent = pay(twin, customer=customer, capture_method="manual")
    assert (intent.status, intent.amount_capturable) == ("requires_capture", 1000)
    assert not charge_of(twin, intent).captured
    assert accounts(twin, customer) == {}
    with pytest.raises(stripe.InvalidRequestError, match="greater than"):
        twin.v1.payment_intents.capture(intent.id, {"amount_to_capture": 1001})
    done = twin.v1.payment_intents.capture(intent.id, {"amount_to_capture": 600})
    charge = charge_of(twin, intent)
    assert (done.status, done.amount_received, done.amount_capturable) == ("succeeded", 600, 0)
    assert (charge.amount, charge.amount_captured, charge.amount_refunded) == (1000, 600, 400)
    assert accounts(twin, customer)[f"payments:{customer}"] == -600
    assert clock.types(mark) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "charge.captured",
        "payment_intent.amount_capturable_updated",
        "payment_intent.succeeded",
    ]
    with pytest.raises(stripe.InvalidRequestError, match="could not be captured"):
        twin.v1.payment_intents.capture(intent.id)
    audit(twin)


def test_held_money_that_is_canceled_or_forgotten_goes_back(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    canceled = pay(twin, customer=customer, capture_method="manual")
    twin.v1.payment_intents.cancel(canceled.id, {"cancellation_reason": "abandoned"})
    charge = charge_of(twin, canceled)
    assert (charge.refunded, charge.captured, charge.amount_refunded) == (True, False, 1000)
    forgotten = pay(twin, customer=customer, capture_method="manual")
    mark = clock.mark()
    clock.advance(JAN_1 + 7 * DAY)
    assert twin.v1.payment_intents.retrieve(forgotten.id).cancellation_reason == "automatic"
    assert clock.types(mark)[1:3] == ["charge.expired", "payment_intent.canceled"]
    assert accounts(twin, customer) == {}
    audit(twin)


def test_what_only_other_kinds_of_payment_do(twin: Twin) -> None:
    calls = twin.v1.payment_intents
    intent = pay(twin, capture_method="manual")
    for refuse, given in (
        (calls.increment_authorization, {"amount": 2000}),
        (calls.apply_customer_balance, {}),
        (calls.verify_microdeposits, {"amounts": [1, 2]}),
    ):
        with pytest.raises(stripe.InvalidRequestError) as error:
            refuse(intent.id, given)
        assert error_of(error.value)["code"] == "payment_intent_unexpected_state"
    with pytest.raises(stripe.InvalidRequestError, match="multicapture"):
        calls.capture(intent.id, {"final_capture": False})


def test_line_items_add_up(twin: Twin) -> None:
    lines = [{"product_name": "A", "quantity": 2, "unit_cost": 400, "tax": {"total_tax_amount": 100}}]
    details = {"line_items": lines, "shipping": {"amount": 100}}
    intent = pay(twin, amount_details=details)
    found = twin.v1.payment_intents.amount_details_line_items.list(intent.id)
    assert [(line.product_name, line.quantity, line.unit_cost) for line in found.data] == [("A", 2, 400)]
    assert intent.amount_details.shipping.amount == 100
    with pytest.raises(stripe.InvalidRequestError, match="add up"):
        pay(twin, amount=1001, amount_details=details)
    lenient = pay(twin, amount=1001, amount_details={**details, "enforce_arithmetic_validation": False})
    assert lenient.amount_details.error.code == "amount_details_amount_mismatch"


@pytest.mark.parametrize(
    ("card", "code", "decline", "advice"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline", "try_again_later"),
        (
            "pm_card_visa_chargeDeclinedInsufficientFunds",
            "card_declined",
            "insufficient_funds",
            "try_again_later",
        ),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card", "do_not_try_again"),
        ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card", "do_not_try_again"),
        (
            "pm_card_visa_chargeDeclinedVelocityLimitExceeded",
            "card_declined",
            "card_velocity_exceeded",
            "try_again_later",
        ),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card", "confirm_card_data"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc", "confirm_card_data"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error", "try_again_later"),
        ("pm_card_radarBlock", "card_declined", "fraudulent", "do_not_try_again"),
    ],
)
def test_cards_that_are_declined(twin: Twin, card: str, code: str, decline: str, advice: str) -> None:
    error = refused(twin, card)
    assert (error["code"], error["decline_code"], error["advice_code"]) == (code, decline, advice)
    intent = error["payment_intent"]
    assert (intent["status"], intent["last_payment_error"]["code"]) == ("requires_payment_method", code)
    charge = twin.v1.charges.retrieve(error["charge"])
    blocked = card == "pm_card_radarBlock"
    assert (charge.status, charge.paid, charge.outcome.type) == (
        "failed",
        False,
        "blocked" if blocked else "issuer_declined",
    )
    paid = twin.v1.payment_intents.confirm(intent["id"], {"payment_method": "pm_card_visa"})
    assert (paid.status, paid.last_payment_error) == ("succeeded", None)


def answer_bank(twin: Twin, intent: Any, answer: str) -> None:
    twin.post_form(f"/3ds/{intent.id}", {"confirm_3ds": answer}, accept="text/html")


def test_a_card_that_always_asks(twin: Twin) -> None:
    intent = pay(twin, "pm_card_authenticationRequired", return_url="https://shop.test/done")
    assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")
    assert intent.next_action.redirect_to_url.return_url == "https://shop.test/done"
    sdk = pay(twin, "pm_card_authenticationRequired", use_stripe_sdk=True)
    assert sdk.next_action.type == "use_stripe_sdk"
    answer_bank(twin, sdk, "no")
    failed = twin.v1.payment_intents.retrieve(sdk.id)
    assert failed.last_payment_error.code == "payment_intent_authentication_failure"
    answer_bank(twin, sdk, "yes")
    assert twin.v1.payment_intents.retrieve(sdk.id).status == "requires_payment_method"


def test_an_absent_buyer_cannot_be_asked(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    for card in ("pm_card_authenticationRequired", "pm_card_authenticationRequiredOnSetup"):
        error = refused(twin, card, customer=customer, off_session=True)
        assert (error["code"], error["payment_intent"]["status"]) == (
            "authentication_required",
            "requires_payment_method",
        )
    assert refused(twin, "pm_card_threeDSecure2Required", error_on_requires_action=True)["code"] == (
        "authentication_required"
    )
    already = "pm_card_authenticationRequiredSetupForOffSession"
    assert pay(twin, already, customer=customer, off_session=True).status == "succeeded"
    assert pay(twin, already, customer=customer).status == "requires_action"


def test_a_card_that_asks_until_it_is_set_up(twin: Twin, clock: Clock) -> None:
    customer = clock.customer(card=None)
    given = {
        "customer": customer,
        "payment_method": "pm_card_authenticationRequiredOnSetup",
        "confirm": True,
    }
    setup = twin.v1.setup_intents.create(given)
    assert setup.status == "requires_action"
    answer_bank(twin, setup, "yes")
    done = twin.v1.setup_intents.retrieve(setup.id, {"expand": ["latest_attempt"]})
    assert (done.status, done.latest_attempt.status) == ("succeeded", "succeeded")
    assert pay(twin, done.payment_method, customer=customer, off_session=True).status == "succeeded"


def test_manual_confirmation_is_confirmed_twice(twin: Twin) -> None:
    intent = pay(twin, "pm_card_authenticationRequired", confirmation_method="manual")
    answer_bank(twin, intent, "yes")
    assert twin.v1.payment_intents.retrieve(intent.id).status == "requires_confirmation"
    assert twin.v1.payment_intents.confirm(intent.id).status == "succeeded"


def test_a_requested_3d_secure_is_asked_of_a_card_that_knows_it(twin: Twin) -> None:
    options = {"card": {"request_three_d_secure": "any"}}
    asked = pay(twin, "pm_card_threeDSecureOptional", payment_method_options=options)
    assert asked.status == "requires_action"
    answer_bank(twin, asked, "yes")
    charge = charge_of(twin, twin.v1.payment_intents.retrieve(asked.id))
    assert charge.payment_method_details.card.three_d_secure.result == "authenticated"
    assert pay(twin, "pm_card_threeDSecureOptional").status == "succeeded"
    assert pay(twin, payment_method_options=options).status == "succeeded"


def test_a_method_without_a_customer_is_used_once(twin: Twin, clock: Clock) -> None:
    method = twin.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    assert pay(twin, method.id).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        pay(twin, method.id)
    customer = clock.customer(card=None)
    kept = pay(twin, customer=customer, setup_future_usage="off_session")
    assert twin.v1.payment_methods.retrieve(kept.payment_method).customer == customer
    assert pay(twin, kept.payment_method, customer=customer, off_session=True).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="must provide the customer"):
        pay(twin, kept.payment_method)


def test_another_kind_of_payment_is_not_switched_on(twin: Twin) -> None:
    data = {"type": "alipay", "billing_details": {"name": "A"}}
    given = {"amount": 1000, "currency": "usd", "payment_method_data": data}
    intent = twin.v1.payment_intents.create(given)
    assert twin.v1.payment_methods.retrieve(intent.payment_method).billing_details.name == "A"
    with pytest.raises(stripe.InvalidRequestError, match="not allowed for this PaymentIntent"):
        twin.v1.payment_intents.confirm(intent.id)


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ({"number": "4242424242424241"}, "incorrect_number"),
        ({"exp_month": 13}, "invalid_expiry_month"),
        ({"exp_year": 2019}, "invalid_expiry_year"),
        ({"cvc": "12"}, "invalid_cvc"),
    ],
)
def test_card_numbers_that_are_refused(twin: Twin, card: dict[str, Any], code: str) -> None:
    good = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2034, "cvc": "123"}
    with pytest.raises(stripe.CardError) as error:
        twin.v1.payment_methods.create({"type": "card", "card": {**good, **card}})
    assert error_of(error.value)["code"] == code
