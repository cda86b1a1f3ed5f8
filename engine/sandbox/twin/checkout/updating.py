"""What can be changed while a session is open?

Source: Stripe's API description of `POST /v1/checkout/sessions/{id}`.
"""

from __future__ import annotations

from engine.sandbox.twin.billing.items import check_currency
from engine.sandbox.twin.core.call import Call, merge_metadata
from engine.sandbox.twin.core.errors import invalid, missing, no_such
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.taxes.rates import named_rates
from engine.sandbox.twin.values.types import Obj, Objs, clone, texts

from .lines import adjustable, check_quantity, new_line, refuse_mixture
from .pricing import price_up
from .shipping import choose, shipping_options

_OWN_PAGES = {"embedded_page", "elements", "form"}


def update(call: Call) -> Obj:
    """Change metadata; while the session is open also what is sold and how it is shipped."""
    world, params = call.world, call.params
    session = world.fetch("checkout.session", call.id, param="session")
    changing = [
        name
        for name in ("line_items", "shipping_options", "collected_information", "payment_intent_data")
        if name in params
    ]
    if changing and session["status"] != "open":
        text = f"You can not update `{changing[0]}` of a Checkout Session with status {session['status']}."
        raise invalid(text, param=changing[0])
    if "collected_information" in params:
        _collect(session, params.whole("collected_information"))
    if "payment_intent_data" in params:
        _intent_data(session, params.whole("payment_intent_data"))
    if "line_items" in params:
        session["_lines"] = _lines(world, session, params["line_items"])
    if "shipping_options" in params:
        wanted: Objs = params["shipping_options"] or []
        session["shipping_options"] = shipping_options(world, wanted, str(session["currency"]))
        choose(session, None)
    merge_metadata(session, params)
    if changing:
        price_up(world, session)
    return session


def _collect(session: Obj, given: Obj) -> None:
    if session["ui_mode"] not in _OWN_PAGES:
        text = "You can only set `collected_information` when `ui_mode` is `embedded_page` or `elements`."
        raise invalid(text, param="collected_information")
    shipping = given.get("shipping_details")
    if shipping:
        empty = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
        shipping["address"] = {**empty, **shipping["address"]}
        session["collected_information"]["shipping_details"] = shipping


def _intent_data(session: Obj, given: Obj) -> None:
    if session["mode"] != "payment" or session["ui_mode"] != "elements":
        text = "You can only set `payment_intent_data` in `payment` mode when `ui_mode` is `elements`."
        raise invalid(text, param="payment_intent_data")
    data: Obj = session["_intent_data"]
    for name, value in given.items():
        if name == "metadata" and value:
            data["metadata"] = texts({**(data.get("metadata") or {}), **value})
        elif value == "":
            data.pop(name, None)
        else:
            data[name] = value


def _lines(world: World, session: Obj, wanted: Objs) -> Objs:
    if session["mode"] == "setup":
        raise invalid("`line_items` can not be used in `setup` mode.", param="line_items")
    if not wanted:
        raise missing("line_items")
    kept = {line["id"]: line for line in session["_lines"]}
    lines: Objs = []
    for index, given in enumerate(wanted):
        where = f"line_items[{index}]"
        line = _changed(world, session, kept, given, where)
        check_currency(line["price"], session["currency"], f"{where}[price]")
        lines.append(line)
    if len({line["id"] for line in lines}) < len(lines):
        raise invalid("A line item can only be named once.", param="line_items")
    refuse_mixture(lines, session["mode"])
    return lines


def _changed(world: World, session: Obj, kept: dict[str, Obj], given: Obj, where: str) -> Obj:
    """A line that stays, with its new values, or a new one."""
    id_ = given.get("id")
    if not id_:
        return new_line(world, given, session["mode"], where)
    if id_ not in kept:
        raise no_such("line item", id_, param=f"{where}[id]", status=400)
    line: Obj = clone(kept[id_])
    if given.get("price") or given.get("price_data"):
        line = new_line(world, {"quantity": line["quantity"], **given}, session["mode"], where) | {"id": id_}
        line["metadata"] = line["metadata"] or clone(kept[id_]["metadata"])
    if "tax_rates" in given:
        line["_tax_rates"] = named_rates(world, given["tax_rates"], f"{where}[tax_rates]")
    if "adjustable_quantity" in given:
        line["adjustable_quantity"] = adjustable(given["adjustable_quantity"], where)
    if "quantity" in given:
        check_quantity(given["quantity"], line["adjustable_quantity"], f"{where}[quantity]")
        line["quantity"] = given["quantity"]
    merge_metadata(line, given)
    return line
