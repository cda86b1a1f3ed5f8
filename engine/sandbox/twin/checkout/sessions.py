"""Which calls of a program make, show and end a session?

Source: Stripe docs, payments/checkout and api/checkout/sessions.
"""

from __future__ import annotations

from engine.sandbox.twin.core.agenda import Due
from engine.sandbox.twin.core.call import Call, Dues, Happenings, Including, Routes, merge_metadata
from engine.sandbox.twin.core.errors import invalid, no_such
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.methods import offered
from engine.sandbox.twin.objects.setup import new_setup_intent
from engine.sandbox.twin.transfers.rules import refuse_shares
from engine.sandbox.twin.values.types import Obj, inside, public

from .expiring import expire_session
from .fields import check_trial, expiry, fields
from .lines import line_items, optional_items
from .pricing import price_up
from .reductions import given_discounts
from .rules import refuse
from .shipping import choose, shipping_options
from .updating import update

_SECRET_LENGTH = 48
_EXPIRY_RANK = 6


def create(call: Call) -> Obj:
    """An open session with its page, or with the secret that opens it on a page of one's own."""
    world, params = call.world, call.params
    mode, ui_mode = params.get("mode", "payment"), params.get("ui_mode", "hosted_page")
    refuse(params, mode, ui_mode)
    for name in ("payment_intent_data", "setup_intent_data", "subscription_data"):
        refuse_shares(world, params.whole(name) or {}, name)
    customer = world.refer("customer", params["customer"], "customer") if params.get("customer") else None
    clock = customer["_clock"] if customer else None
    session = world.new("checkout.session", "cs_test", fields(params, mode, ui_mode, customer), clock=clock)
    offered.show_on_session(world, session)
    session["expires_at"] = expiry(params, world.now(clock))
    currency = session["currency"]
    session["_lines"] = line_items(world, params.get("line_items") or [], mode, currency)
    if session["_lines"]:
        currency = session["_lines"][0]["currency"]
    if "optional_items" in params:
        session["optional_items"] = optional_items(world, params["optional_items"], mode, currency)
    session["_discounts"] = given_discounts(world, params.get("discounts") or [])
    session["discounts"] = [] if mode != "setup" else None
    session["shipping_options"] = shipping_options(world, params.get("shipping_options") or [], str(currency))
    choose(session, None)
    check_trial(world, session)
    price_up(world, session)
    _open(world, session)
    if mode == "setup":
        session["setup_intent"] = new_setup_intent(world, customer)["id"]
    merge_metadata(session, params)
    return session


def _open(world: World, session: Obj) -> None:
    if session["ui_mode"] == "hosted_page":
        session["url"] = f"{world.base_url}/c/pay/{session['id']}"
    else:
        session["client_secret"] = f"{session['id']}_secret_{world.ids.token(_SECRET_LENGTH)}"


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


def retrieve(call: Call) -> Obj:
    """One session."""
    return call.world.fetch("checkout.session", call.id, param="session")


def list_all(call: Call) -> Obj:
    """Sessions, newest first."""
    params = call.params
    names = ("customer", "customer_account", "subscription", "payment_intent", "payment_link", "status")
    wanted = {name: params.get(name) for name in names}
    email = inside(params.get("customer_details")).get("email")
    found = [
        session
        for session in call.world.shelf.kind("checkout.session")
        if all(value in {None, session[name]} for name, value in wanted.items())
        and email in {None, inside(session, "customer_details").get("email")}
    ]
    return page("/v1/checkout/sessions", params, found)


def list_line_items(call: Call) -> Obj:
    """What a session sells."""
    session = call.world.fetch("checkout.session", call.id, param="session")
    url = f"/v1/checkout/sessions/{call.id}/line_items"
    return page(url, call.params, session["_lines"], newest_first=False)


def _line_items_of(_world: World, session: Obj) -> Obj:
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


def _dues(_world: World, session: Obj) -> list[Due]:
    return (
        [Due(session["expires_at"], _EXPIRY_RANK, "session_expires")] if session["status"] == "open" else []
    )


def _expires(world: World, session: Obj, _at: int) -> None:
    expire_session(world, session)


ROUTES: Routes = {
    "POST /v1/checkout/sessions": create,
    "GET /v1/checkout/sessions": list_all,
    "GET /v1/checkout/sessions/{id}": retrieve,
    "POST /v1/checkout/sessions/{id}": update,
    "POST /v1/checkout/sessions/{id}/expire": expire,
    "GET /v1/checkout/sessions/{id}/line_items": list_line_items,
}
DUES: Dues = {"checkout.session": _dues}
HAPPENINGS: Happenings = {"session_expires": _expires}
INCLUDING: Including = {("checkout.session", "line_items"): _line_items_of}
