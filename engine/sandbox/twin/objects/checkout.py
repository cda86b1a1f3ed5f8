"""How does a buyer pay on Stripe's own page? Checkout Sessions: made, shown, expired.

Source: Stripe docs, payments/checkout and api/checkout/sessions.
"""

from __future__ import annotations

from engine.sandbox.twin.billing.items import price_for
from engine.sandbox.twin.catalog.prices import new_price
from engine.sandbox.twin.catalog.products import new_product
from engine.sandbox.twin.core.call import Call, Routes, merge_metadata
from engine.sandbox.twin.core.errors import exclusive, invalid, missing, no_such, not_covered
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing.discounting import parts_off
from engine.sandbox.twin.invoicing.lines import product_name
from engine.sandbox.twin.values import calendar
from engine.sandbox.twin.values.amounts import amount_of
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, Objs, clone, inside, public

_SHORTEST = 30 * calendar.MINUTE
_LONGEST = calendar.DAY
_COPIED = (
    "allow_promotion_codes", "billing_address_collection", "cancel_url", "client_reference_id",
    "customer_creation", "customer_email", "customer_update", "locale", "submit_type", "success_url",
)  # fmt: skip


def create(call: Call) -> Obj:
    """An open session with its page."""
    world, params = call.world, call.params
    mode = params.get("mode", "payment")
    _check(params, mode)
    customer = world.refer("customer", params["customer"], "customer") if params.get("customer") else None
    clock = customer["_clock"] if customer else None
    now = world.now(clock)
    session = world.new("checkout.session", "cs_test", _fields(params, mode, customer), clock=clock)
    session["expires_at"] = _expiry(params, now)
    session["_lines"] = _line_items(world, params, mode)
    session["_discounts"] = params.get("discounts") or []
    session["url"] = f"{world.base_url}/c/pay/{session['id']}"
    if "customer_update" in session:
        del session["customer_update"]
    price_up(world, session)
    merge_metadata(session, params)
    params.ignore("customer", "payment_method_options", "saved_payment_method_options", "consent_collection")
    return session


def _check(params: Params, mode: str) -> None:
    for names in (("customer", "customer_email"), ("allow_promotion_codes", "discounts")):
        if all(params.get(name) for name in names):
            raise exclusive(*names)
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise not_covered("ui_mode")
    if "success_url" not in params:
        raise missing("success_url")
    if mode != "setup" and not params.get("line_items"):
        raise missing("line_items")
    if mode == "setup" and "currency" not in params:
        raise missing("currency")
    if mode == "subscription" and "customer_creation" in params:
        raise invalid(
            "You can only set `customer_creation` in `payment` and `setup` mode.", param="customer_creation"
        )


def _fields(params: Params, mode: str, customer: Obj | None) -> Obj:
    creation: Obj = inside(params.get("invoice_creation"))
    shown: Obj = {name: params.get(name) for name in _COPIED}
    method = "if_required" if mode == "payment" else "always"
    return {
        **shown,
        "currency": params.get("currency"),
        "customer": customer["id"] if customer else None,
        "customer_details": _details(customer, params.get("customer_email")),
        "discounts": [],
        "invoice_creation": _invoice_creation(creation) if mode == "payment" else None,
        "metadata": {},
        "mode": mode,
        "payment_method_collection": params.get("payment_method_collection", method),
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "payment_status": "no_payment_required" if mode == "setup" else "unpaid",
        "status": "open",
        "ui_mode": "hosted_page",
        "_subscription_data": params.whole("subscription_data") or {},
        "_intent_data": params.whole("payment_intent_data") or params.whole("setup_intent_data") or {},
        "_invoice_data": clone(creation.get("invoice_data") or {}),
    }


def _details(customer: Obj | None, email: str | None) -> Obj | None:
    if customer is None and email is None:
        return None
    held = customer or {"email": email, "address": None, "name": None, "phone": None, "tax_exempt": "none"}
    return {
        "address": held["address"],
        "business_name": None,
        "email": held["email"],
        "individual_name": None,
        "name": held["name"],
        "phone": held["phone"],
        "tax_exempt": held["tax_exempt"],
        "tax_ids": None,
    }


def _invoice_creation(given: Obj) -> Obj:
    data = inside(given, "invoice_data")
    names = ("account_tax_ids", "custom_fields", "description", "footer", "issuer", "rendering_options")
    shown = {name: data.get(name) for name in names}
    metadata = {key: str(value) for key, value in inside(data, "metadata").items()}
    return {"enabled": given.get("enabled", False), "invoice_data": {**shown, "metadata": metadata}}


def _expiry(params: Params, now: int) -> int:
    wanted: int = params.get("expires_at", now + _LONGEST)
    if not now + _SHORTEST <= wanted <= now + _LONGEST:
        text = (
            "The `expires_at` timestamp must be at least 30 minutes and at most 24 hours from Checkout"
            " Session creation."
        )
        raise invalid(text, param="expires_at")
    return wanted


def _line_items(world: World, params: Params, mode: str) -> Objs:
    lines: Objs = []
    wanted: Objs = params.get("line_items") or []
    for index, given in enumerate(wanted):
        price = _price(world, given, f"line_items[{index}]")
        if mode == "payment" and price["type"] == "recurring":
            text = (
                "You specified `payment` mode but passed a recurring price. Either switch to `subscription`"
                " mode or use only one-time prices."
            )
            raise invalid(text, param=f"line_items[{index}][price]")
        lines.append(_line(world, price, given))
    recurring = [line for line in lines if line["price"]["type"] == "recurring"]
    if mode == "subscription" and not recurring:
        text = (
            "You must provide at least one recurring price in `subscription` mode when using prices. See"
            " https://stripe.com/docs/api/checkout/sessions/create#create_checkout_session-line_items"
        )
        raise invalid(text, param="line_items")
    return lines


def _price(world: World, given: Obj, where: str) -> Obj:
    described = given.get("price_data")
    if described is None:
        named = world.shelf.peek(given.get("price", "")) or {}
        return price_for(world, given, where, recurring=named.get("type") == "recurring")
    if "product_data" in described:
        product = new_product(world, described["product_data"])
        described = {**described, "product": product["id"]}
    return new_price(world, described, inline=True)


def _line(world: World, price: Obj, given: Obj) -> Obj:
    adjustable: Obj | None = given.get("adjustable_quantity")
    bounds = None if adjustable is None else {"maximum": None, "minimum": None, **adjustable}
    return {
        "id": world.ids.new("li"),
        "object": "item",
        "adjustable_quantity": bounds,
        "amount_discount": 0,
        "amount_subtotal": 0,
        "amount_tax": 0,
        "amount_total": 0,
        "currency": price["currency"],
        "description": product_name(world, price),
        "metadata": {key: str(value) for key, value in inside(given, "metadata").items()},
        "price": clone(price),
        "quantity": given.get("quantity", 1),
    }


def price_up(world: World, session: Obj) -> None:
    """Work the amounts out: what is due now, discounts taken off."""
    lines: Objs = session["_lines"]
    data = session["_subscription_data"]
    trial = data.get("trial_period_days") or data.get("trial_end")
    amounts = [0 if trial and _recurs(line) else amount_of(line["price"], line["quantity"]) for line in lines]
    off = _discounts(world, session, amounts)
    for line, amount, less in zip(lines, amounts, off, strict=True):
        line |= {"amount_subtotal": amount, "amount_discount": less, "amount_total": amount - less}
    if not lines:
        return
    session["currency"] = lines[0]["currency"]
    session["amount_subtotal"] = sum(amounts)
    session["amount_total"] = sum(amounts) - sum(off)
    session["total_details"] = {"amount_discount": sum(off), "amount_shipping": 0, "amount_tax": 0}


def _recurs(line: Obj) -> bool:
    return line["price"]["recurring"] is not None


def _discounts(world: World, session: Obj, amounts: list[int]) -> list[int]:
    """What the session's coupons take off each line."""
    off = [0 for _ in amounts]
    products = [line["price"]["product"] for line in session["_lines"]]
    shown: Objs = []
    for index, given in enumerate(session["_discounts"]):
        where = f"discounts[{index}]"
        code = given.get("promotion_code")
        named = world.refer("promotion_code", code, f"{where}[promotion_code]") if code else None
        coupon_id = named["promotion"]["coupon"] if named else given["coupon"]
        coupon = world.refer("coupon", coupon_id, f"{where}[coupon]")
        parts = parts_off(
            coupon, products, [amount - less for amount, less in zip(amounts, off, strict=True)]
        )
        off = [less + part for less, part in zip(off, parts, strict=True)]
        shown.append({"coupon": None if code else coupon_id, "promotion_code": code})
    session["discounts"] = shown
    return off


def expire_session(world: World, session: Obj) -> None:
    """The page is closed for good."""
    session["status"] = "expired"
    session["url"] = None
    world.emit("checkout.session.expired", session)


def expire(call: Call) -> Obj:
    """Expire an open session by a call."""
    session = call.world.fetch("checkout.session", call.id, param="session")
    if session["status"] != "open":
        text = (
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a'
            f" status of {session['status']}."
        )
        raise invalid(text)
    expire_session(call.world, session)
    return session


def update(call: Call) -> Obj:
    """Change the metadata."""
    session = call.world.fetch("checkout.session", call.id, param="session")
    merge_metadata(session, call.params)
    return session


def retrieve(call: Call) -> Obj:
    """One session."""
    return call.world.fetch("checkout.session", call.id, param="session")


def list_all(call: Call) -> Obj:
    """Sessions, newest first."""
    params = call.params
    names = ("customer", "subscription", "payment_intent", "status")
    wanted = {name: params.get(name) for name in names}
    found = [
        session
        for session in call.world.shelf.kind("checkout.session")
        if all(value in {None, session[name]} for name, value in wanted.items())
    ]
    return page("/v1/checkout/sessions", params, found)


def list_line_items(call: Call) -> Obj:
    """What a session sells."""
    session = call.world.fetch("checkout.session", call.id, param="session")
    url = f"/v1/checkout/sessions/{call.id}/line_items"
    return page(url, call.params, session["_lines"], newest_first=False)


def line_items_of(session: Obj) -> Obj:
    """The `line_items` of an expanded session."""
    url = f"/v1/checkout/sessions/{session['id']}/line_items"
    return {"object": "list", "data": public(session["_lines"]), "has_more": False, "url": url}


def open_session(world: World, id_: str) -> Obj:
    """A session that can still be completed; raises otherwise."""
    session = world.shelf.take(id_)
    if session is None or session["object"] != "checkout.session":
        raise no_such("checkout session", id_, param="session")
    if session["status"] != "open":
        raise invalid(f"This Checkout Session is {session['status']}.")
    return session


ROUTES: Routes = {
    "POST /v1/checkout/sessions": create,
    "GET /v1/checkout/sessions": list_all,
    "GET /v1/checkout/sessions/{id}": retrieve,
    "POST /v1/checkout/sessions/{id}": update,
    "POST /v1/checkout/sessions/{id}/expire": expire,
    "GET /v1/checkout/sessions/{id}/line_items": list_line_items,
}
