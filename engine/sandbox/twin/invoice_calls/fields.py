"""What can be set on an invoice? Every field of a draft; of a finalized invoice only what is not frozen."""

from __future__ import annotations

from engine.sandbox.twin.core.call import assign, merge_metadata
from engine.sandbox.twin.core.errors import exclusive, invalid, no_such
from engine.sandbox.twin.core.ranges import amount_within, within
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.dunning.retries import resume_collection
from engine.sandbox.twin.invoicing.drafts import lines_of
from engine.sandbox.twin.objects.discounts import new_discounts
from engine.sandbox.twin.objects.payment_methods import of_customer
from engine.sandbox.twin.taxes.automatic import refuse_automatic
from engine.sandbox.twin.taxes.rates import named_rates
from engine.sandbox.twin.transfers.rules import account_named, refuse_shares
from engine.sandbox.twin.values.calendar import DAY
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, as_list

from .shipping import write_shipping

_TEXTS = ("description", "footer", "effective_at", "on_behalf_of", "statement_descriptor")
_MOST_CUSTOM_FIELDS = 4
_MOST_DAYS = 3650
_LATEST_FINALIZATION = 5 * 366 * DAY
# Stripe's API reference, "Update an invoice": what is neither money nor words on the document stays open.
_AFTER_FINALIZING = {
    "auto_advance", "default_payment_method", "default_source", "metadata", "payment_settings", "rendering",
    "statement_descriptor", "transfer_data", "application_fee_amount", "expand",
}  # fmt: skip
_FROZEN_WHEN_OVER = {"auto_advance", "default_payment_method", "default_source"}


def refuse_frozen(invoice: Obj, params: Params) -> None:
    """Raise where a finalized invoice cannot change in this way any more."""
    if invoice["status"] == "draft":
        return
    frozen = sorted(set(params) - _AFTER_FINALIZING)
    if invoice["status"] in {"paid", "void"}:
        frozen += sorted(set(params) & _FROZEN_WHEN_OVER)
    if frozen:
        text = f"Finalized invoices can't be updated in this way: `{frozen[0]}` can only change on a draft."
        raise invalid(text, param=frozen[0], code="invoice_not_editable")


def write(world: World, invoice: Obj, params: Params) -> None:
    """Set the fields that were sent."""
    _write_words(world, invoice, params)
    _write_collection(world, invoice, params)
    _write_payment(world, invoice, params)
    _write_connect(world, invoice, params)
    customer = world.fetch("customer", invoice["customer"])
    if "discounts" in params:
        purchase = (sum(line["amount"] for line in lines_of(world, invoice)), invoice["currency"])
        invoice["discounts"] = new_discounts(
            world, customer, params["discounts"], purchase=purchase, invoice=invoice["id"]
        )
    if "default_tax_rates" in params:
        named = params["default_tax_rates"]
        invoice["default_tax_rates"] = named_rates(world, named, "default_tax_rates")
    refuse_automatic(params)
    write_shipping(world, invoice, params)


def _write_words(world: World, invoice: Obj, params: Params) -> None:
    descriptor = params.get("statement_descriptor")
    if descriptor and not any(letter.isalpha() for letter in descriptor):
        text = "The statement descriptor must contain at least one letter."
        raise invalid(text, param="statement_descriptor")
    custom = as_list(params.get("custom_fields"))
    if custom is not None and len(custom) > _MOST_CUSTOM_FIELDS:
        text = f"You can only specify up to {_MOST_CUSTOM_FIELDS} custom fields."
        raise invalid(text, param="custom_fields")
    for index, id_ in enumerate(as_list(params.get("account_tax_ids")) or []):
        world.refer("tax_id", id_, f"account_tax_ids[{index}]")
    assign(invoice, params, *_TEXTS, "custom_fields", "account_tax_ids")
    merge_metadata(invoice, params)
    if "number" in params:
        _write_number(world, invoice, params["number"])
    if "rendering" in params:
        _write_rendering(invoice, params.whole("rendering"))


def _write_number(world: World, invoice: Obj, number: str) -> None:
    taken = any(
        held["number"] == number for held in world.shelf.kind("invoice") if held["id"] != invoice["id"]
    )
    if number and taken:
        raise invalid(f"An invoice with the number {number} already exists.", param="number")
    invoice["number"] = number or None


def _write_rendering(invoice: Obj, given: Obj) -> None:
    if given.get("template"):
        raise no_such("invoice template", given["template"], param="rendering[template]", status=400)
    names = ("amount_tax_display", "pdf", "template", "template_version")
    before = invoice["rendering"] or dict.fromkeys(names)
    invoice["rendering"] = {**before, **{name: value or None for name, value in given.items()}}
    if invoice["rendering"]["pdf"] is not None:
        invoice["rendering"]["pdf"].setdefault("page_size", "auto")


def _write_collection(world: World, invoice: Obj, params: Params) -> None:
    """How and when the invoice is collected."""
    assign(invoice, params, "auto_advance", "collection_method")
    days, date = params.get("days_until_due"), params.get("due_date")
    if days is not None and date is not None:
        raise exclusive("days_until_due", "due_date")
    sends = invoice["collection_method"] == "send_invoice"
    if not sends and (days is not None or date is not None):
        text = "You can only specify `due_date` or `days_until_due` if `collection_method` is `send_invoice`."
        raise invalid(text, param="days_until_due" if date is None else "due_date")
    now = world.now_of(invoice)
    if days is not None:
        within(days, "days_until_due", most=_MOST_DAYS)
        invoice["_days_until_due"], date = days, now + days * DAY
    if date is not None and date < now:
        raise invalid("The due date must be in the future.", param="due_date")
    if date is not None or not sends:
        invoice["due_date"] = date
    if sends and invoice["due_date"] is None:
        text = "With `collection_method=send_invoice` you must specify `due_date` or `days_until_due`."
        raise invalid(text, param="days_until_due", code="parameter_missing")
    _write_finalization(world, invoice, params)


def _write_finalization(world: World, invoice: Obj, params: Params) -> None:
    """A draft that advances by itself is finalized an hour later, or when it is told."""
    at, now = params.get("automatically_finalizes_at"), world.now_of(invoice)
    if invoice["status"] != "draft":
        if "auto_advance" in params:
            resume_collection(world, invoice)
        return
    if at is not None:
        if not now < at <= now + _LATEST_FINALIZATION:
            text = "`automatically_finalizes_at` must be in the future and no more than 5 years from now."
            raise invalid(text, param="automatically_finalizes_at")
        if params.get("auto_advance") is False:
            text = "You cannot set `automatically_finalizes_at` if `auto_advance` is false."
            raise invalid(text, param="automatically_finalizes_at")
        invoice["auto_advance"], invoice["automatically_finalizes_at"] = True, at
    elif not invoice["auto_advance"]:
        invoice["automatically_finalizes_at"] = None
    elif "auto_advance" in params:
        later = now + world.settings.draft_seconds
        invoice["automatically_finalizes_at"] = invoice["automatically_finalizes_at"] or later


def _write_payment(world: World, invoice: Obj, params: Params) -> None:
    """What the invoice is paid with."""
    if params.get("default_source"):
        raise no_such("source", params["default_source"], param="default_source", status=400)
    if "default_payment_method" in params:
        chosen = params["default_payment_method"]
        customer = world.fetch("customer", invoice["customer"])
        method = of_customer(world, chosen, customer, "default_payment_method") if chosen else None
        invoice["default_payment_method"] = method["id"] if method else None
    settings: Obj = params.whole("payment_settings") or {}
    if settings.get("default_mandate"):
        where = "payment_settings[default_mandate]"
        raise no_such("mandate", settings["default_mandate"], param=where, status=400)
    for name, value in settings.items():
        invoice["payment_settings"][name] = (
            _options(value) if name == "payment_method_options" else value or None
        )


_OPTIONS = (
    "acss_debit", "bancontact", "card", "customer_balance", "konbini", "payto", "pix", "sepa_debit", "upi",
    "us_bank_account",
)  # fmt: skip


def _options(given: Obj | str) -> Obj | None:
    """Options of payment methods as an invoice shows them."""
    if isinstance(given, str):
        return None
    shown = {**dict.fromkeys(_OPTIONS), **{name: value or None for name, value in given.items()}}
    if shown["card"] is not None:
        shown["card"].setdefault("request_three_d_secure", None)
    return shown


def _write_connect(world: World, invoice: Obj, params: Params) -> None:
    """For whom the money is; moving it is the business of charges."""
    data = params.get("transfer_data", invoice.get("_transfer_data"))
    given = params.hand_on("on_behalf_of", "application_fee_amount")
    refuse_shares(world, {**given, "transfer_data": data})
    if "issuer" in params:
        issuer = params.whole("issuer")
        if (issuer["type"] == "account") != ("account" in issuer):
            raise invalid("`issuer[account]` goes with `issuer[type]=account`.", param="issuer[account]")
        if "account" in issuer:
            account_named(world, issuer["account"], "issuer[account]")
        invoice["issuer"] = issuer
    if "transfer_data" in params:
        invoice["_transfer_data"] = params.whole("transfer_data") or None
    if "application_fee_amount" in params:
        fee = params["application_fee_amount"]
        invoice["_application_fee_amount"] = amount_within(fee, "application_fee_amount")
