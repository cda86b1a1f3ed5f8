"""Which test card does what? Stripe's `pm_card_*` ids and card numbers, as in Stripe docs: testing."""

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
    network: str = "01"


@dataclass(frozen=True, slots=True)
class Card:
    """A test card: what it looks like and what happens when it is charged.

    `set_up` says when a NEEDS_ACTION card asks: every time (`never`), until it was set up (`once`), only
    while the buyer is there (`already`), or where 3D Secure is requested (`optional`). `after_action` is how
    it behaves once the buyer confirmed; `afterwards` what befalls a charge that worked.
    """

    brand: str
    last4: str
    behaviour: str = WORKS
    can_be_attached: bool = True
    number: str = ""
    set_up: str = "never"
    after_action: str = WORKS
    afterwards: str = ""
    risk: str = "normal"
    cvc_check: str = "pass"
    funding: str = "credit"
    country: str = "US"
    three_d_secure: bool = True


DECLINES = {
    "generic_decline": Decline("card_declined", "generic_decline"),
    "insufficient_funds": Decline(
        "card_declined", "insufficient_funds", "Your card has insufficient funds.", network="51"
    ),
    "lost_card": Decline("card_declined", "lost_card", advice="do_not_try_again", network="41"),
    "stolen_card": Decline("card_declined", "stolen_card", advice="do_not_try_again", network="43"),
    "card_velocity_exceeded": Decline(
        "card_declined",
        "card_velocity_exceeded",
        "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
        network="61",
    ),
    "fraudulent": Decline("card_declined", "fraudulent", advice="do_not_try_again"),
    "authentication_required": Decline(
        "authentication_required",
        "authentication_required",
        "Your card was declined. This transaction requires authentication.",
        advice="confirm_card_data",
        network="1A",
    ),
    "expired_card": Decline(
        "expired_card", "expired_card", "Your card has expired.", advice="confirm_card_data", network="54"
    ),
    "incorrect_cvc": Decline(
        "incorrect_cvc",
        "incorrect_cvc",
        "Your card's security code is incorrect.",
        advice="confirm_card_data",
        network="N7",
    ),
    "incorrect_number": Decline(
        "incorrect_number", "incorrect_number", "Your card number is incorrect.", advice="confirm_card_data"
    ),
    "processing_error": Decline(
        "processing_error",
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
        network="96",
    ),
}
# No automatic retry after these without a new card (Stripe docs: billing/revenue-recovery/smart-retries).
HARD_DECLINES = frozenset(
    {"lost_card", "stolen_card", "fraudulent", "incorrect_number", "authentication_required"}
)


def _refused(number: str, code: str) -> Card:
    return Card("visa", number[-4:], code, can_be_attached=False, number=number)


def _asking(number: str, set_up: str = "never", after: str = WORKS) -> Card:
    return Card("visa", number[-4:], NEEDS_ACTION, number=number, set_up=set_up, after_action=after)


def _working(number: str, afterwards: str = "", brand: str = "visa", **about: str) -> Card:
    return Card(brand, number[-4:], number=number, afterwards=afterwards, **about)  # type: ignore[arg-type]


_DECLINED_CARDS = {
    "chargeDeclined": _refused("4000000000000002", "generic_decline"),
    "chargeDeclinedInsufficientFunds": _refused("4000000000009995", "insufficient_funds"),
    "chargeDeclinedLostCard": _refused("4000000000009987", "lost_card"),
    "chargeDeclinedStolenCard": _refused("4000000000009979", "stolen_card"),
    "chargeDeclinedExpiredCard": _refused("4000000000000069", "expired_card"),
    "chargeDeclinedIncorrectCvc": _refused("4000000000000127", "incorrect_cvc"),
    "chargeDeclinedProcessingError": _refused("4000000000000119", "processing_error"),
    "chargeDeclinedVelocityLimitExceeded": _refused("4000000000006975", "card_velocity_exceeded"),
}
CARDS = {
    "pm_card_visa": _working("4242424242424242"),
    "pm_card_us": _working("4242424242424242"),
    "pm_card_visa_debit": _working("4000056655665556", funding="debit"),
    "pm_card_mastercard": _working("5555555555554444", brand="mastercard"),
    "pm_card_mastercard_debit": _working("5200828282828210", brand="mastercard", funding="debit"),
    "pm_card_mastercard_prepaid": _working("5105105105105100", brand="mastercard", funding="prepaid"),
    "pm_card_amex": _working("371449635398431", brand="amex"),
    "pm_card_discover": _working("6011000990139424", brand="discover"),
    "pm_card_diners": _working("36227206271667", brand="diners"),
    "pm_card_jcb": _working("3566002020360505", brand="jcb"),
    "pm_card_unionpay": _working("6200000000000005", brand="unionpay"),
    "pm_card_br": _working("4000000760000002", country="BR"),
    "pm_card_ca": _working("4000001240000000", country="CA"),
    "pm_card_mx": _working("4000004840008001", country="MX"),
    "pm_card_de": _working("4000002760000016", country="DE"),
    "pm_card_fr": _working("4000002500000003", country="FR"),
    "pm_card_gb": _working("4000008260000000", country="GB"),
    "pm_card_au": _working("4000000360000006", country="AU"),
    "pm_card_jp": _working("4000003920000003", country="JP"),
    "pm_card_chargeCustomerFail": Card("visa", "0341", "generic_decline", number="4000000000000341"),
    **{f"pm_card_{name}": card for name, card in _DECLINED_CARDS.items()},
    **{f"pm_card_visa_{name}": card for name, card in _DECLINED_CARDS.items()},
    "pm_card_radarBlock": Card(
        "visa", "0019", "fraudulent", can_be_attached=False, number="4100000000000019", risk="highest"
    ),
    "pm_card_riskLevelHighest": Card("visa", "4954", number="4000000000004954", risk="highest"),
    "pm_card_riskLevelElevated": Card("visa", "9235", number="4000000000009235", risk="elevated"),
    "pm_card_cvcCheckFail": Card("visa", "0101", number="4000000000000101", cvc_check="fail"),
    "pm_card_authenticationRequired": _asking("4000002760003184"),
    "pm_card_authenticationRequiredOnSetup": _asking("4000002500003155", "once"),
    "pm_card_authenticationRequiredSetupForOffSession": _asking("4000003800000446", "already"),
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": _asking(
        "4000008260003178", after="insufficient_funds"
    ),
    "pm_card_threeDSecure2Required": _asking("4000000000003220"),
    "pm_card_threeDSecureRequired": _asking("4000000000003063"),
    "pm_card_threeDSecureRequiredChargeDeclined": _asking("4000008400001629", after="generic_decline"),
    "pm_card_threeDSecureRequiredProcessingError": _asking("4000008400001280", after="processing_error"),
    "pm_card_threeDSecureOptional": _asking("4000000000003055", "optional"),
    "pm_card_amex_threeDSecureNotSupported": Card(
        "amex", "0005", number="378282246310005", three_d_secure=False
    ),
    "pm_card_createDispute": _working("4000000000000259", "dispute:fraudulent"),
    "pm_card_createDisputeProductNotReceived": _working("4000000000002685", "dispute:product_not_received"),
    "pm_card_createDisputeInquiry": _working("4000000000001976", "inquiry:general"),
    "pm_card_createMultipleDisputes": _working("4000000404000079", "dispute:fraudulent"),
    "pm_card_pendingRefund": _working("4000000000007726", "refund:pending"),
    "pm_card_refundFail": _working("4000000000005126", "refund:fails"),
    "pm_card_bypassPending": _working("4000000000000077", "available"),
    "pm_card_bypassPendingInternational": _working("4000003720000278", "available", country="IE"),
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
_BY_NUMBER = {card.number: card for card in CARDS.values()}
_BRANDS = (
    ("34", "amex"),
    ("37", "amex"),
    ("30", "diners"),
    ("36", "diners"),
    ("35", "jcb"),
    ("62", "unionpay"),
)
_FIRST_DIGITS = {"4": "visa", "5": "mastercard", "2": "mastercard", "6": "discover"}


def card_by_number(number: str) -> Card:
    """The test card with this number; an unknown one works."""
    brand = next((brand for start, brand in _BRANDS if number.startswith(start)), None)
    return _BY_NUMBER.get(
        number, Card(brand or _FIRST_DIGITS.get(number[:1], "visa"), number[-4:], number=number)
    )


def valid_number(number: str) -> bool:
    """Whether a card may have this number: 12 to 19 digits whose Luhn sum fits."""
    if not (number.isascii() and number.isdigit() and 12 <= len(number) <= 19):  # noqa: PLR2004 -- ISO 7812
        return False
    doubled = [int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(number))]
    return sum(each // 10 + each % 10 for each in doubled) % 10 == 0


def card_by_token(token: str) -> Card | None:
    """The test card behind `tok_visa` and the like."""
    return CARDS.get(token.replace("tok_", "pm_card_", 1)) if token.startswith("tok_") else None
