"""How does a new session look? Its fields from the parameters of `create`."""

from __future__ import annotations

from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values import calendar
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, Objs, clone, inside, texts

_SHORTEST = 30 * calendar.MINUTE
_LONGEST = calendar.DAY
_TRIAL_NOTICE = 2 * calendar.DAY
_COPIED = (
    "allow_promotion_codes", "allowed_payment_method_types", "billing_address_collection", "cancel_url",
    "client_reference_id", "customer_email", "integration_identifier", "locale", "origin_context",
    "permissions", "shipping_address_collection", "submit_type", "success_url", "wallet_options",
)  # fmt: skip
_ONLY_WHEN_GIVEN = (
    "excluded_payment_method_types",
    "name_collection",
    "redirect_on_completion",
    "return_url",
)
_USUAL_BRANDING: Obj = {
    "background_color": "#ffffff",
    "border_style": "rounded",
    "button_color": "#0074d4",
    "display_name": "Wallstreet",
    "font_family": "default",
    "icon": None,
    "logo": None,
}
_TEXTS = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
_UNNAMED: Obj = dict.fromkeys(("business_name", "individual_name", "shipping_details"))


def fields(params: Params, mode: str, ui_mode: str, customer: Obj | None) -> Obj:
    """The fields that do not depend on what is sold."""
    shown: Obj = {name: params.whole(name) or None for name in _COPIED}
    shown |= {name: params.whole(name) for name in _ONLY_WHEN_GIVEN if name in params}
    phone, tax = params.whole("phone_number_collection"), params.whole("tax_id_collection")
    return {
        **shown,
        **({"branding_settings": _branding(params)} if ui_mode != "elements" else {}),
        "adaptive_pricing": {
            "enabled": inside(params.get("adaptive_pricing")).get("enabled", mode != "setup")
        },
        "after_expiration": _after_expiration(params),
        "collected_information": clone(_UNNAMED),
        "consent_collection": _consent_collection(params),
        "currency": (params.get("currency") or "").lower() or None,
        "custom_fields": _custom_fields(params),
        "custom_text": {**dict.fromkeys(_TEXTS), **_texts(params)},
        "customer": customer["id"] if customer else None,
        "customer_creation": _customer_creation(params, mode, customer),
        "customer_details": _details_before(mode, customer, params.get("customer_email")),
        "invoice_creation": _invoice_creation(inside(params.get("invoice_creation")), mode),
        "managed_payments": params.whole("managed_payments"),
        "metadata": {},
        "mode": mode,
        "payment_method_collection": params.get(
            "payment_method_collection", "if_required" if mode == "payment" else "always"
        ),
        "payment_method_options": _method_options(params),
        "payment_status": "no_payment_required" if mode == "setup" else "unpaid",
        "phone_number_collection": phone or {"enabled": False},
        "saved_payment_method_options": _saved_methods(params, mode),
        "status": "open",
        "tax_id_collection": {"required": "never", **(tax or {"enabled": False})},
        "ui_mode": ui_mode,
        "_customer_update": params.whole("customer_update") or {},
        "_invoice_data": inside(params.whole("invoice_creation"), "invoice_data"),
        "_method_data": params.whole("payment_method_data") or {},
        "_intent_data": params.whole("payment_intent_data") or params.whole("setup_intent_data") or {},
        "_subscription_data": params.whole("subscription_data") or {},
    }


def _details_before(mode: str, customer: Obj | None, email: str | None) -> Obj | None:
    """What an open session shows of its buyer: names are told on the page, taxes are not for a setup."""
    details = details_of(customer, email)
    if details is None:
        return None
    return details | {"name": None} | ({"tax_exempt": None} if mode == "setup" else {})


def details_of(customer: Obj | None, email: str | None) -> Obj | None:
    """`customer_details` before the buyer said anything."""
    if customer is None and not email:
        return None
    held = customer or {"email": email, "address": None, "name": None, "phone": None, "tax_exempt": "none"}
    copied = {name: clone(held[name]) for name in ("address", "email", "name", "phone", "tax_exempt")}
    return {**copied, "business_name": None, "individual_name": None, "tax_ids": None}


def _branding(params: Params) -> Obj:
    given: Obj = params.whole("branding_settings") or {}
    return {**clone(_USUAL_BRANDING), **{name: value for name, value in given.items() if value != ""}}


def _after_expiration(params: Params) -> Obj | None:
    given = params.whole("after_expiration")
    if given is None:
        return None
    recovery = given.get("recovery")
    empty = {"allow_promotion_codes": False, "expires_at": None, "url": None}
    return {"recovery": {**empty, **recovery} if recovery else None}


def _consent_collection(params: Params) -> Obj | None:
    given = params.whole("consent_collection")
    names = ("payment_method_reuse_agreement", "promotions", "terms_of_service")
    return None if given is None else {**dict.fromkeys(names), **given}


def _texts(params: Params) -> Obj:
    given: Obj = params.whole("custom_text") or {}
    return {name: text or None for name, text in given.items()}


def _custom_fields(params: Params) -> Objs:
    wanted: Objs = params.whole("custom_fields") or []
    keys = [given["key"] for given in wanted]
    shown: Objs = []
    for index, given in enumerate(wanted):
        where, kind = f"custom_fields[{index}]", given["type"]
        if not given["key"].isalnum() or keys.count(given["key"]) > 1:
            raise invalid("The key must be unique and alphanumeric.", param=f"{where}[key]")
        about = given.get(kind)
        if kind == "dropdown" and not inside(about).get("options"):
            raise invalid("A dropdown needs its options.", param=f"{where}[dropdown][options]")
        limits = {} if kind == "dropdown" else {"maximum_length": None, "minimum_length": None}
        held = {"default_value": None, "value": None, **limits, **inside(about)}
        shown.append(
            {"key": given["key"], "label": given["label"], "optional": given.get("optional", False)}
            | {"type": kind, kind: held}
        )
    return shown


def _customer_creation(params: Params, mode: str, customer: Obj | None) -> str | None:
    if customer is not None:
        return None
    usual = {"payment": "if_required", "subscription": "always", "setup": "if_required"}[mode]
    return str(params.get("customer_creation", usual))


def _invoice_creation(given: Obj, mode: str) -> Obj | None:
    if mode != "payment":
        return None
    data = inside(given, "invoice_data")
    names = ("account_tax_ids", "custom_fields", "description", "footer", "issuer", "rendering_options")
    shown = {name: clone(data.get(name)) or None for name in names}
    if shown["rendering_options"]:
        shown["rendering_options"] = {"amount_tax_display": None, "template": None} | shown[
            "rendering_options"
        ]
    shown["metadata"] = texts(data.get("metadata"))
    return {"enabled": given.get("enabled", False), "invoice_data": shown}


def _method_options(params: Params) -> Obj:
    given = params.get("payment_method_options") or Params({})
    return {"card": {"request_three_d_secure": "automatic", **(given.whole("card") or {})}}


def _saved_methods(params: Params, mode: str) -> Obj | None:
    if mode == "setup":
        return None
    usual = {"allow_redisplay_filters": ["always"], "payment_method_remove": "disabled"}
    return {**usual, "payment_method_save": None, **(params.whole("saved_payment_method_options") or {})}


def expiry(params: Params, now: int) -> int:
    """When the session expires; raises outside 30 minutes to 24 hours."""
    wanted: int = params.get("expires_at", now + _LONGEST)
    if not now + _SHORTEST <= wanted <= now + _LONGEST:
        text = (
            "The `expires_at` timestamp must be at least 30 minutes and at most 24 hours from Checkout"
            " Session creation."
        )
        raise invalid(text, param="expires_at")
    return wanted


def check_trial(world: World, session: Obj) -> None:
    """Raise for a trial that is too short or said twice."""
    data: Obj = session["_subscription_data"]
    days, end = data.get("trial_period_days"), data.get("trial_end")
    if days is not None and end is not None:
        text = "You may only specify one of these parameters: trial_end, trial_period_days."
        raise invalid(text, param="subscription_data[trial_end]", code="parameters_exclusive")
    if days is not None and not 1 <= days <= 730:  # noqa: PLR2004 -- two years, as Stripe says
        text = "Trial days must be between 1 and 730."
        raise invalid(text, param="subscription_data[trial_period_days]")
    if end is not None and end < world.now_of(session) + _TRIAL_NOTICE:
        text = "The `trial_end` date has to be at least 2 days in the future."
        raise invalid(text, param="subscription_data[trial_end]")
