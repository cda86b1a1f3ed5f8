"""What may a session not be? Which parameter goes with which mode and which page.

Source: Stripe's API description of `POST /v1/checkout/sessions`; the sentences are partly ours.
"""

from __future__ import annotations

from engine.sandbox.twin.core.errors import StripeError, exclusive, invalid, missing, no_such
from engine.sandbox.twin.taxes.automatic import refuse_automatic
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import inside

_ONLY_IN = {
    "subscription_data": ("subscription",),
    "payment_intent_data": ("payment",),
    "setup_intent_data": ("setup",),
    "invoice_creation": ("payment",),
    "customer_creation": ("payment", "setup"),
    "submit_type": ("payment", "subscription"),
    "saved_payment_method_options": ("payment", "subscription"),
    "line_items": ("payment", "subscription"),
    "optional_items": ("payment", "subscription"),
    "discounts": ("payment", "subscription"),
    "allow_promotion_codes": ("payment", "subscription"),
    "shipping_options": ("payment",),
    "shipping_address_collection": ("payment", "subscription"),
    "after_expiration": ("payment", "subscription"),
}
_NOT_WITH = {
    "success_url": ("embedded_page", "elements"),
    "cancel_url": ("embedded_page", "elements"),
    "after_expiration": ("elements",),
    "branding_settings": ("elements",),
    "custom_fields": ("elements",),
    "custom_text": ("elements",),
    "origin_context": ("elements",),
    "submit_type": ("elements",),
    "optional_items": ("elements", "form"),
    "return_url": ("hosted_page",),
    "redirect_on_completion": ("hosted_page", "elements"),
    "permissions": ("hosted_page",),
}
_ONE_OF = (
    ("customer", "customer_email", "customer_account"),
    ("allow_promotion_codes", "discounts"),
)
_MOST_TEXT = 1200
_MOST_FIELDS = 3


def refuse(params: Params, mode: str, ui_mode: str) -> None:
    """Raise Stripe's refusal of parameters that do not go together."""
    for names in _ONE_OF:
        given = [name for name in names if params.get(name)]
        if len(given) > 1:
            raise exclusive(*given)
    for name, modes in _ONLY_IN.items():
        if name in params and mode not in modes:
            raise _wrong_mode(name, mode, modes)
    for name, pages in _NOT_WITH.items():
        if name in params and ui_mode in pages:
            raise invalid(f"You can not pass `{name}` when `ui_mode` is `{ui_mode}`.", param=name)
    _refuse_urls(params, ui_mode)
    _refuse_what_is_missing(params, mode)
    _refuse_texts(params)
    refuse_automatic(params)
    _refuse_unknown(params)


def _refuse_unknown(params: Params) -> None:
    """Raise for what an account of the twin never has."""
    if params.get("customer_account"):
        raise no_such("account", params["customer_account"], param="customer_account", status=400)
    if params.get("payment_method_configuration"):
        id_ = params["payment_method_configuration"]
        raise no_such("payment_method_configuration", id_, param="payment_method_configuration", status=400)
    if inside(params.get("managed_payments")).get("enabled"):
        text = "Managed Payments is not enabled for this account."
        raise invalid(text, param="managed_payments[enabled]")


def _wrong_mode(name: str, mode: str, modes: tuple[str, ...]) -> StripeError:
    if name == "customer_creation":
        text = "You can only set `customer_creation` in `payment` and `setup` mode."
    elif len(modes) == 1:
        text = f"You can not pass `{name}` in `{mode}` mode."
    else:
        text = f"`{name}` can not be used in `{mode}` mode."
    return invalid(text, param=name)


def _refuse_urls(params: Params, ui_mode: str) -> None:
    if ui_mode == "hosted_page" and not params.get("success_url"):
        raise missing("success_url")
    if ui_mode != "embedded_page":
        return
    stays = params.get("redirect_on_completion") == "never"
    if stays and "return_url" in params:
        text = "You can not pass `return_url` when `redirect_on_completion` is `never`."
        raise invalid(text, param="return_url")
    if not stays and not params.get("return_url"):
        raise missing("return_url")


def _refuse_what_is_missing(params: Params, mode: str) -> None:
    if mode != "setup" and not params.get("line_items"):
        raise missing("line_items")
    if mode == "setup" and "currency" not in params and "allowed_payment_method_types" not in params:
        raise missing("currency")
    if "customer_update" in params and not params.get("customer"):
        text = "`customer_update` can only be used with `customer`."
        raise invalid(text, param="customer_update")
    if "payment_method_collection" in params and mode != "subscription":
        text = "You can only set `payment_method_collection` if there are recurring prices."
        raise invalid(text, param="payment_method_collection")
    named = inside(params.get("customer_update")).get("name")
    if inside(params.get("tax_id_collection")).get("enabled") and params.get("customer") and named != "auto":
        text = (
            "Tax ID collection requires updating business name on the customer. To enable tax ID collection"
            " for an existing customer, please set `customer_update[name]` to `auto`."
        )
        raise invalid(text, param="customer_update[name]")


def _refuse_texts(params: Params) -> None:
    for name, text in inside(params.get("custom_text")).items():
        if len(inside(text).get("message", "")) > _MOST_TEXT:
            words = f"Invalid string: must be at most {_MOST_TEXT} characters"
            raise invalid(words, param=f"custom_text[{name}][message]")
    if len(params.get("custom_fields") or []) > _MOST_FIELDS:
        raise invalid(f"You can only set up to {_MOST_FIELDS} custom fields.", param="custom_fields")
