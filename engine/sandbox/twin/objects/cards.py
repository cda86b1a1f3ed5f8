"""Which test card does what? Stripe's `pm_card_*` ids, as in Stripe docs: testing."""

from __future__ import annotations

from dataclasses import dataclass

WORKS = "works"
NEEDS_ACTION = "needs_action"
_DECLINED = "Your card was declined."


@dataclass(frozen=True, slots=True)
class Decline:
    """How a card error reads."""

    code: str
    decline_code: str
    message: str = _DECLINED
    advice: str = "try_again_later"


@dataclass(frozen=True, slots=True)
class Card:
    """A test card: what it looks like and what happens when it is charged."""

    brand: str
    last4: str
    behaviour: str = WORKS
    can_be_attached: bool = True


DECLINES = {
    "generic_decline": Decline("card_declined", "generic_decline"),
    "insufficient_funds": Decline("card_declined", "insufficient_funds", "Your card has insufficient funds."),
    "lost_card": Decline("card_declined", "lost_card", advice="do_not_try_again"),
    "stolen_card": Decline("card_declined", "stolen_card", advice="do_not_try_again"),
    "card_velocity_exceeded": Decline("card_declined", "card_velocity_exceeded"),
    "fraudulent": Decline("card_declined", "fraudulent", advice="do_not_try_again"),
    "expired_card": Decline("expired_card", "expired_card", "Your card has expired."),
    "incorrect_cvc": Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."),
    "processing_error": Decline(
        "processing_error",
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
    ),
}
# No automatic retry after these without a new card (Stripe docs: billing/revenue-recovery/smart-retries).
HARD_DECLINES = frozenset({"lost_card", "stolen_card", "fraudulent"})

CARDS = {
    "pm_card_visa": Card("visa", "4242"),
    "pm_card_visa_debit": Card("visa", "5556"),
    "pm_card_mastercard": Card("mastercard", "4444"),
    "pm_card_amex": Card("amex", "8431"),
    "pm_card_discover": Card("discover", "9424"),
    "pm_card_us": Card("visa", "4242"),
    "pm_card_chargeCustomerFail": Card("visa", "0341", "generic_decline"),
    "pm_card_authenticationRequired": Card("visa", "3184", NEEDS_ACTION),
    "pm_card_threeDSecure2Required": Card("visa", "3220", NEEDS_ACTION),
    "pm_card_authenticationRequiredOnSetup": Card("visa", "3155", NEEDS_ACTION),
    "pm_card_chargeDeclined": Card("visa", "0002", "generic_decline", can_be_attached=False),
    "pm_card_visa_chargeDeclined": Card("visa", "0002", "generic_decline", can_be_attached=False),
    "pm_card_chargeDeclinedInsufficientFunds": Card(
        "visa", "9995", "insufficient_funds", can_be_attached=False
    ),
    "pm_card_visa_chargeDeclinedInsufficientFunds": Card(
        "visa", "9995", "insufficient_funds", can_be_attached=False
    ),
    "pm_card_visa_chargeDeclinedLostCard": Card("visa", "9987", "lost_card", can_be_attached=False),
    "pm_card_visa_chargeDeclinedStolenCard": Card("visa", "9979", "stolen_card", can_be_attached=False),
    "pm_card_visa_chargeDeclinedVelocityLimitExceeded": Card(
        "visa", "6975", "card_velocity_exceeded", can_be_attached=False
    ),
    "pm_card_chargeDeclinedExpiredCard": Card("visa", "0069", "expired_card", can_be_attached=False),
    "pm_card_chargeDeclinedIncorrectCvc": Card("visa", "0127", "incorrect_cvc", can_be_attached=False),
    "pm_card_chargeDeclinedProcessingError": Card("visa", "0119", "processing_error", can_be_attached=False),
    "pm_card_radarBlock": Card("visa", "0019", "fraudulent", can_be_attached=False),
}
# What a person may choose on a hosted page.
PAGE_CARDS = {
    "visa": CARDS["pm_card_visa"],
    "mastercard": CARDS["pm_card_mastercard"],
    "declines_on_charge": CARDS["pm_card_chargeCustomerFail"],
    "requires_3ds": CARDS["pm_card_authenticationRequired"],
    "insufficient_funds": CARDS["pm_card_visa_chargeDeclinedInsufficientFunds"],
    "declined": CARDS["pm_card_visa_chargeDeclined"],
    "expired_card": CARDS["pm_card_chargeDeclinedExpiredCard"],
}
_BY_LAST4 = {card.last4: card for card in CARDS.values()}
_TOKENS = {"tok_visa": "pm_card_visa", "tok_mastercard": "pm_card_mastercard", "tok_amex": "pm_card_amex"}


def card_by_number(number: str) -> Card:
    """The test card with this number; an unknown one works."""
    return _BY_LAST4.get(number[-4:], Card("visa", number[-4:]))


def card_by_token(token: str) -> Card | None:
    """The test card behind `tok_visa` and the like."""
    named = _TOKENS.get(token, token.replace("tok_", "pm_card_", 1))
    return CARDS.get(named)
