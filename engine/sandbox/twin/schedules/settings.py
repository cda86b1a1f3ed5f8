"""What does a schedule or a phase set on its subscription? Checked when it is told, shown as Stripe does."""

from __future__ import annotations

from engine.sandbox.twin.core.errors import invalid, missing, not_covered
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.objects.payment_methods import of_customer
from engine.sandbox.twin.taxes.automatic import refuse_automatic
from engine.sandbox.twin.terms import limits
from engine.sandbox.twin.values.types import Obj, as_list, clone, inside

_WHOLE = 100
_MOST_FIELDS = 4
_INVOICE = ("account_tax_ids", "custom_fields", "days_until_due", "description", "footer")
PLAIN = ("billing_cycle_anchor", "collection_method", "description", "on_behalf_of")


def blank_defaults() -> Obj:
    """The default settings of a schedule for which nothing was said."""
    return {
        "application_fee_percent": None,
        "automatic_tax": blank_tax(),
        "billing_cycle_anchor": "automatic",
        "billing_thresholds": None,
        "collection_method": "charge_automatically",
        "default_payment_method": None,
        "description": None,
        "invoice_settings": blank_invoice_settings(),
        "on_behalf_of": None,
        "transfer_data": None,
    }


def blank_tax() -> Obj:
    """Automatic tax, which is off."""
    return {"disabled_reason": None, "enabled": False, "liability": None}


def blank_invoice_settings() -> Obj:
    """Settings of invoices for which nothing was said."""
    return {**dict.fromkeys(_INVOICE), "issuer": {"type": "self"}}


def write_settings(world: World, customer: Obj, held: Obj, given: Obj, where: str) -> None:
    """Set what was sent on a phase or on the defaults; an empty text takes it off."""
    for name in PLAIN:
        if name in given:
            held[name] = given[name] or None
    if held["on_behalf_of"]:
        world.refer("account", held["on_behalf_of"], f"{where}[on_behalf_of]")
    if given.get("default_payment_method"):
        chosen, param = given["default_payment_method"], f"{where}[default_payment_method]"
        held["default_payment_method"] = of_customer(world, chosen, customer, param)["id"]
    if "invoice_settings" in given:
        held["invoice_settings"] = _invoice(world, held["invoice_settings"], given["invoice_settings"], where)
    _write_connect(world, held, given, where)
    if "automatic_tax" in given:
        refuse_automatic(given, where)
        held["automatic_tax"] = blank_tax()
    if given.get("billing_thresholds"):
        raise not_covered(f"{where}[billing_thresholds]")


def _write_connect(world: World, held: Obj, given: Obj, where: str) -> None:
    """What a connected account gets of it."""
    if "application_fee_percent" in given:
        percent = given["application_fee_percent"]
        held["application_fee_percent"] = _percent(percent, f"{where}[application_fee_percent]")
    if "transfer_data" in given:
        held["transfer_data"] = _transfer(world, given["transfer_data"], f"{where}[transfer_data]")


def _percent(given: float | str | None, where: str) -> float | None:
    if not isinstance(given, int | float):
        return None
    if not 0 <= given <= _WHOLE or round(given, 2) != given:
        text = "Invalid decimal: must be between 0 and 100, with at most two decimal places"
        raise invalid(text, param=where)
    return given


def _transfer(world: World, given: Obj | str, where: str) -> Obj | None:
    if isinstance(given, str):
        return None
    world.refer("account", given["destination"], f"{where}[destination]")
    percent = _percent(given.get("amount_percent"), f"{where}[amount_percent]")
    return {"amount_percent": percent, "destination": given["destination"]}


def _invoice(world: World, before: Obj | None, given: Obj, where: str) -> Obj:
    at = f"{where}[invoice_settings]"
    if len(as_list(given.get("custom_fields")) or []) > _MOST_FIELDS:
        text = f"You can only specify up to {_MOST_FIELDS} custom fields."
        raise invalid(text, param=f"{at}[custom_fields]")
    if "days_until_due" in given:
        limits.days_until_due(given["days_until_due"])
    for index, id_ in enumerate(as_list(given.get("account_tax_ids")) or []):
        world.refer("tax_id", id_, f"{at}[account_tax_ids][{index}]")
    issuer = inside(given, "issuer")
    if issuer.get("account"):
        world.refer("account", issuer["account"], f"{at}[issuer][account]")
    told: Obj = clone(given)
    shown = {name: None if value == "" else value for name, value in told.items()}
    return {**(before or blank_invoice_settings()), **shown}


def check_collection(phase: Obj, defaults: Obj, where: str) -> None:
    """Sent invoices need days to pay, from the phase or from the defaults."""
    method = phase["collection_method"] or defaults["collection_method"]
    days = [inside(each, "invoice_settings").get("days_until_due") for each in (phase, defaults)]
    if method == "send_invoice" and days == [None, None]:
        raise missing(f"{where}[invoice_settings][days_until_due]")


def on_subscription(phase: Obj, defaults: Obj) -> Obj:
    """The parameters by which a subscription becomes what a phase, or else the defaults, say."""
    found: Obj = {}
    for name in (
        "application_fee_percent", "collection_method", "default_payment_method", "description",
        "on_behalf_of", "transfer_data",
    ):  # fmt: skip
        value = phase[name] if phase[name] is not None else defaults[name]
        if value is not None:
            found[name] = clone(value)
    invoices = phase["invoice_settings"] or defaults["invoice_settings"]
    sends = found.get("collection_method") == "send_invoice"
    if sends:
        own, usual = invoices["days_until_due"], defaults["invoice_settings"]["days_until_due"]
        found["days_until_due"] = usual if own is None else own
    kept = {
        name: invoices[name]
        for name in ("account_tax_ids", "custom_fields", "description", "footer")
        if invoices[name] is not None
    }
    if kept or invoices["issuer"] != {"type": "self"}:
        found["invoice_settings"] = clone({**kept, "issuer": invoices["issuer"]})
    if phase["_tax_rates"] is not None:
        found["default_tax_rates"] = phase["_tax_rates"] or ""
    return found
