"""What is said about a payment? What creating, changing and confirming a PaymentIntent have in common."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.core.call import assign, merge_metadata
from engine.sandbox.twin.core.errors import StripeError, invalid, no_such
from engine.sandbox.twin.core.ranges import amount_within, currency_named
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.objects import payment_methods
from engine.sandbox.twin.transfers.rules import account_named, receiver_named
from engine.sandbox.twin.values.amounts import MINIMUM_CHARGE
from engine.sandbox.twin.values.currencies import money
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, inside

from . import amount_details
from .card_input import refuse_spent

_LARGEST = 99_999_999
_LONGEST_DESCRIPTOR = 22
_PLAIN = (
    "allowed_payment_method_types",
    "capture_method",
    "description",
    "excluded_payment_method_types",
    "receipt_email",
    "setup_future_usage",
)
_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
_NOTHING_SUCH = ("confirmation_token", "mandate", "payment_method_configuration", "customer_account")
_TOO_SMALL = (
    "The amount must be greater than or equal to the minimum charge amount allowed for your account and the"
    " currency set (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts).  If you want to"
    " save a Payment Method for future use without an immediate payment, use a Setup Intent instead:"
    " https://docs.stripe.com/payments/setup-intents"
)


def chargeable(amount: int, currency: str, param: str = "amount") -> int:
    """An amount that a card can be charged with; raises for what is too little or too much."""
    if amount < 1:
        raise invalid(_TOO_SMALL, param=param, code="parameter_invalid_integer")
    if amount < MINIMUM_CHARGE:
        text = f"Amount must be at least {money(MINIMUM_CHARGE, currency)} {currency}"
        raise invalid(text, param=param, code="amount_too_small")
    if amount > _LARGEST:
        text = f"Amount must be no more than {money(_LARGEST, currency)}"
        raise invalid(text, param=param, code="amount_too_large")
    return amount


def refuse_what_is_not_there(params: Params) -> None:
    """Confirmation tokens, mandates and the like: none was ever made, so no id names one."""
    for name in _NOTHING_SUCH:
        if name in params:
            raise no_such(name, params[name], param=name, status=400)
    calculation: str | None = inside(params.whole("hooks"), "inputs", "tax").get("calculation")
    if calculation:
        where = "hooks[inputs][tax][calculation]"
        raise no_such("tax calculation", calculation, param=where, status=400)


def write(world: World, intent: Obj, params: Params) -> None:
    """Write what was given into the intent; what was not given stays."""
    refuse_what_is_not_there(params)
    if "amount" in params or "currency" in params:
        currency = currency_named(params.get("currency", intent["currency"]))
        intent["amount"] = chargeable(params.get("amount", intent["amount"]), currency)
        intent["currency"] = currency
    assign(intent, params, *_PLAIN)
    _allow_types(world, intent)
    merge_metadata(intent, params)
    _describe(intent, params)
    if "shipping" in params:
        intent["shipping"] = shipping_of(params.whole("shipping"))
    if "payment_details" in params:
        given: Obj = params.whole("payment_details") or {}
        names = ("customer_reference", "order_reference")
        intent["payment_details"] = {name: given.get(name) or None for name in names}
    amount_details.write(world, intent, params)
    _write_options(intent, params)
    _share(world, intent, params)


def _allow_types(world: World, intent: Obj) -> None:
    """Which ways to pay are left of those that are allowed."""
    if not (intent["allowed_payment_method_types"] or intent["excluded_payment_method_types"]):
        return
    allowed = intent["allowed_payment_method_types"] or world.settings.payment_method_types
    types = [kind for kind in allowed if kind not in (intent["excluded_payment_method_types"] or ())]
    if not types:
        raise invalid(
            "No valid payment method types for this Payment Intent. Please ensure that you have activated"
            " payment methods compatible with your chosen currency in your dashboard"
            " (https://dashboard.stripe.com/settings/payment_methods) and that the currency is supported.",
            param="excluded_payment_method_types",
        )
    intent["payment_method_types"] = types


def _describe(intent: Obj, params: Params) -> None:
    for name in ("statement_descriptor", "statement_descriptor_suffix"):
        given = params.get(name)
        if given is not None and len(given) > _LONGEST_DESCRIPTOR:
            text = f"The statement descriptor must be at most {_LONGEST_DESCRIPTOR} characters."
            raise invalid(text, param=name)
        if given is not None:
            intent[name] = given or None


def shipping_of(given: Any) -> Obj | None:
    """Where something is sent, with every field that Stripe shows."""
    if not given:
        return None
    address = {name: inside(given, "address").get(name) or None for name in _ADDRESS}
    names = ("carrier", "phone", "tracking_number")
    return {
        "address": address,
        "name": given.get("name", ""),
        **{name: given.get(name) or None for name in names},
    }


def _write_options(intent: Obj, params: Params) -> None:
    """What is asked of cards; options of other kinds have nothing to act on."""
    options: Any = params.get("payment_method_options")
    if options is None:
        return
    params.ignore("payment_method_options")
    given = options.get("card")
    if not given:
        return
    held = intent["payment_method_options"].setdefault("card", {})
    for name, value in given.items():
        match name:
            case "cvc_token" | "moto" | "three_d_secure":
                continue
            case "installments":
                held[name] = _installments(value)
            case "mandate_options":
                blank = dict.fromkeys(("description", "end_date", "interval_count", "supported_types"))
                held[name] = {**blank, **value}
            case _ if value == "":
                held.pop(name, None)
            case _:
                held[name] = value


def _installments(given: Obj) -> Obj:
    plan = given.get("plan") or None
    shown = plan and {"count": None, "interval": None, **plan}
    return {"available_plans": [], "enabled": given.get("enabled", False), "plan": shown}


def _share(world: World, intent: Obj, params: Params) -> None:
    """Who else gets a part of the money: kept here, moved when it is captured."""
    if "transfer_data" in params:
        given: Obj = params.whole("transfer_data")
        destination: str | None = given.get("destination") or inside(intent, "transfer_data").get(
            "destination"
        )
        if destination is None:
            text = "You cannot update transfer_data on a PaymentIntent that was created without it."
            raise invalid(text, param="transfer_data")
        receiver_named(world, destination, "transfer_data[destination]")
        part = amount_within(given.get("amount"), "transfer_data[amount]")
        if part is not None and part > intent["amount"]:
            text = "The transfer amount must be less than or equal to the amount of the PaymentIntent."
            raise invalid(text, param="transfer_data[amount]")
        intent["transfer_data"] = {**(intent["transfer_data"] or {}), **given, "destination": destination}
    if "on_behalf_of" in params:
        account_named(world, params["on_behalf_of"], "on_behalf_of")
        intent["on_behalf_of"] = params["on_behalf_of"]
    if "transfer_group" in params:
        intent["transfer_group"] = params["transfer_group"] or None
    if "application_fee_amount" in params:
        fee = params["application_fee_amount"]
        intent["application_fee_amount"] = None if fee == "" else _fee(world, intent, fee)


def _fee(world: World, intent: Obj, fee: int) -> int | None:
    where = "application_fee_amount"
    if world.account is None and not intent["transfer_data"]:
        raise invalid(
            "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment"
            " (using an OAuth key or Stripe-Account header) or destination payment (using"
            " `transfer_data[destination]`).",
            param=where,
        )
    if amount_within(fee, where) and fee > intent["amount"]:
        raise invalid("The application fee cannot be greater than the amount.", param=where)
    return fee


def choose_method(world: World, intent: Obj, params: Params) -> None:
    """Take the payment method that is named or described; its owner must be the intent's customer."""
    if "payment_method_data" in params:
        data = params["payment_method_data"]
        clock = intent["_clock"]
        method = payment_methods.method_of(world, data, clock=clock, where="payment_method_data")
        intent["payment_method"] = method["id"]
    elif "payment_method" in params:
        if params["payment_method"] == "":
            intent["payment_method"] = None
            return
        clock = intent["_clock"]
        method = payment_methods.resolve(world, params["payment_method"], "payment_method", clock=clock)
        _hold_to_owner(intent, method)
        intent["payment_method"] = method["id"]


def _hold_to_owner(intent: Obj, method: Obj) -> None:
    refuse_spent(method)
    if method["customer"] is None or method["customer"] == intent["customer"]:
        return
    if intent["customer"] is None:
        text = (
            "The PaymentMethod you provided is attached to a customer so for security purposes you must"
            " provide the customer in the request."
        )
        raise invalid(text, param="payment_method")
    text = (
        f"The customer does not have a payment method with the ID {method['id']}."
        " The payment method must be attached to the customer."
    )
    raise invalid(text, param="payment_method", code="resource_missing")


def unexpected(text: str, intent: Obj, **more: Any) -> StripeError:
    """The refusal of what does not fit the status of an intent."""
    code = f"{intent['object']}_unexpected_state"
    return invalid(text, code=code, **more)
