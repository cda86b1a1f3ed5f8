"""What is set on a subscription without billing anything? How it is collected, shown and settled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.sandbox.twin.core.call import assign, merge_metadata
from engine.sandbox.twin.core.errors import invalid, missing, no_such, not_covered
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.objects.discounts import new_discounts
from engine.sandbox.twin.objects.payment_methods import of_customer
from engine.sandbox.twin.taxes.automatic import refuse_automatic
from engine.sandbox.twin.taxes.rates import named_rates
from engine.sandbox.twin.transfers.rules import account_named, fee_without_account, receiver_named
from engine.sandbox.twin.values.calendar import instant
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, as_list, inside

from . import limits

SETTINGS = (
    "application_fee_percent", "automatic_tax", "billing_schedules", "billing_thresholds",
    "cancellation_details", "collection_method", "days_until_due", "default_payment_method", "default_source",
    "default_tax_rates", "description", "discounts", "invoice_settings", "metadata", "on_behalf_of",
    "pause_collection", "payment_settings", "pending_invoice_item_interval", "transfer_data",
    "trial_settings",
)  # fmt: skip
_PLAIN = ("description", "collection_method", "days_until_due")
_MOST_FIELDS = 4
_WHOLE = 100
_OPTIONS = (
    "acss_debit", "bancontact", "card", "customer_balance", "konbini", "payto", "pix", "sepa_debit", "upi",
    "us_bank_account",
)  # fmt: skip


def new_settings() -> Obj:
    """The settings of a subscription for which nothing was said."""
    return {
        "cancellation_details": dict.fromkeys(("comment", "feedback", "feedback_option", "reason")),
        "collection_method": "charge_automatically",
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "trial_settings": {
            "end_behavior": {"missing_payment_method": "create_invoice", "billing_cycle_anchor": None}
        },
    }


def write_settings(world: World, state: Obj, given: Obj) -> None:
    """Write every setting that was given; raises Stripe's refusal for one that does not hold."""
    params = Params(given)
    _check_collection(state, params)
    assign(state, params, *_PLAIN)
    merge_metadata(state, params)
    customer = world.fetch("customer", state["customer"])
    for name, write in _WRITERS.items():
        if name in params:
            write(world, customer, state, params)


def _check_collection(state: Obj, params: Params) -> None:
    """Days to pay belong to sent invoices, and to them alone."""
    method = params.get("collection_method", state["collection_method"])
    days = params.get("days_until_due")
    if method == "send_invoice":
        if days is None and state["days_until_due"] is None:
            raise missing("days_until_due")
        limits.days_until_due(days or 0)
        return
    if days is not None:
        text = "You cannot set `days_until_due` if `collection_method` is `charge_automatically`."
        raise invalid(text, param="days_until_due")
    state["days_until_due"] = None


def _write_method(world: World, customer: Obj, state: Obj, params: Params) -> None:
    chosen = params["default_payment_method"]
    method = of_customer(world, chosen, customer, "default_payment_method") if chosen else None
    state["default_payment_method"] = method["id"] if method else None


def _write_source(_world: World, _customer: Obj, state: Obj, params: Params) -> None:
    """No customer has sources here, so none can be named."""
    if params["default_source"]:
        raise no_such("source", params["default_source"], param="default_source", status=400)
    state["default_source"] = None


def _write_rates(world: World, _customer: Obj, state: Obj, params: Params) -> None:
    state["default_tax_rates"] = named_rates(world, params["default_tax_rates"], "default_tax_rates")


def _write_discounts(world: World, customer: Obj, state: Obj, params: Params) -> None:
    """A list replaces the discounts, an empty string takes them off, an empty list changes nothing."""
    named = params["discounts"]
    if named == "":
        state["discounts"] = []
    elif named:
        state["discounts"] = new_discounts(world, customer, named, subscription=state["id"])


def _write_pause(world: World, _customer: Obj, state: Obj, params: Params) -> None:
    pause: Obj | str = params.whole("pause_collection")
    if isinstance(pause, str):
        state["pause_collection"] = None
        return
    if "resumes_at" in pause:
        limits.future(pause["resumes_at"], world.now_of(state), "pause_collection[resumes_at]")
    state["pause_collection"] = {"resumes_at": None, **pause}


def _write_payment(_world: World, _customer: Obj, state: Obj, params: Params) -> None:
    given: Obj = params.whole("payment_settings")
    settings: Obj = state["payment_settings"]
    settings.update({name: None if value == "" else value for name, value in given.items()})
    if "payment_method_options" in given:
        settings["payment_method_options"] = _options(given["payment_method_options"])


def _options(given: Obj) -> Obj:
    """The options of each type of payment method, those of cards with their empty fields."""
    options: Obj = {**dict.fromkeys(_OPTIONS), **{name: value or None for name, value in given.items()}}
    if options["card"]:
        options["card"] = {"network": None, "request_three_d_secure": None, **options["card"]}
    return options


def _write_cancellation(_world: World, _customer: Obj, state: Obj, params: Params) -> None:
    given: Obj = params.whole("cancellation_details")
    state["cancellation_details"].update({name: value or None for name, value in given.items()})


def _write_trial(_world: World, _customer: Obj, state: Obj, params: Params) -> None:
    given = inside(params.whole("trial_settings"), "end_behavior")
    state["trial_settings"]["end_behavior"].update(given)


def _write_invoices(world: World, _customer: Obj, state: Obj, params: Params) -> None:
    given: Obj = params.whole("invoice_settings")
    fields = as_list(given.get("custom_fields")) or []
    if len(fields) > _MOST_FIELDS:
        text = f"Array custom_fields exceeded maximum {_MOST_FIELDS} allowed elements."
        raise invalid(text, param="invoice_settings[custom_fields]")
    issuer = inside(given, "issuer")
    if issuer.get("account"):
        account_named(world, issuer["account"], "invoice_settings[issuer][account]")
    state["invoice_settings"].update({name: value or None for name, value in given.items()})


def _write_interval(world: World, _customer: Obj, state: Obj, params: Params) -> None:
    """How often pending items are billed, counted from now."""
    given: Obj | str = params.whole("pending_invoice_item_interval")
    if isinstance(given, str):
        state["pending_invoice_item_interval"] = state["next_pending_invoice_item_invoice"] = None
        return
    limits.interval(given, "pending_invoice_item_interval")
    count = given.get("interval_count", 1)
    state["pending_invoice_item_interval"] = {"interval": given["interval"], "interval_count": count}
    following = instant(world.now_of(state), given["interval"], count, 1)
    state["next_pending_invoice_item_invoice"] = following


def _write_fee(world: World, _customer: Obj, state: Obj, params: Params) -> None:
    percent: float | str = params["application_fee_percent"]
    if percent and world.account is None and not params.get("transfer_data", state.get("transfer_data")):
        raise fee_without_account("application_fee_percent")
    if isinstance(percent, str):
        state["application_fee_percent"] = None
        return
    if not 0 <= percent <= _WHOLE or round(percent, 2) != percent:
        text = "Invalid decimal: must be between 0 and 100, with at most two decimal places"
        raise invalid(text, param="application_fee_percent")
    state["application_fee_percent"] = percent


def _write_transfer(world: World, _customer: Obj, state: Obj, params: Params) -> None:
    given: Obj | str = params.whole("transfer_data")
    if isinstance(given, str):
        state["transfer_data"] = None
        return
    receiver_named(world, given["destination"], "transfer_data[destination]")
    percent = given.get("amount_percent")
    if percent is not None and not 0 <= percent <= _WHOLE:
        text = "Invalid decimal: must be between 0 and 100"
        raise invalid(text, param="transfer_data[amount_percent]")
    state["transfer_data"] = {"amount_percent": percent, "destination": given["destination"]}


def _write_behalf(world: World, _customer: Obj, state: Obj, params: Params) -> None:
    account = params["on_behalf_of"]
    state["on_behalf_of"] = account_named(world, account, "on_behalf_of")["id"] if account else None


def _write_tax(_world: World, _customer: Obj, _state: Obj, params: Params) -> None:
    """Stripe Tax is not played; that it stays off may be said."""
    refuse_automatic(params)


def _write_thresholds(_world: World, _customer: Obj, _state: Obj, params: Params) -> None:
    if params.whole("billing_thresholds"):
        raise not_covered("billing_thresholds")


def _write_prebilling(_world: World, _customer: Obj, _state: Obj, params: Params) -> None:
    if params.whole("billing_schedules"):
        raise not_covered("billing_schedules")


_WRITERS: dict[str, Callable[[World, Obj, Obj, Params], Any]] = {
    "application_fee_percent": _write_fee,
    "automatic_tax": _write_tax,
    "billing_schedules": _write_prebilling,
    "billing_thresholds": _write_thresholds,
    "cancellation_details": _write_cancellation,
    "default_payment_method": _write_method,
    "default_source": _write_source,
    "default_tax_rates": _write_rates,
    "discounts": _write_discounts,
    "invoice_settings": _write_invoices,
    "on_behalf_of": _write_behalf,
    "pause_collection": _write_pause,
    "payment_settings": _write_payment,
    "pending_invoice_item_interval": _write_interval,
    "transfer_data": _write_transfer,
    "trial_settings": _write_trial,
}
