"""What does the buyer choose on the page? Quantities, optional items, a code, the shipping, a saved card."""

from __future__ import annotations

from engine.sandbox.twin.checkout import shipping
from engine.sandbox.twin.checkout.lines import bounds_of, new_line
from engine.sandbox.twin.checkout.reductions import typed_code
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, Objs, inside


def apply(world: World, session: Obj, form: Obj, quantities: dict[str, int]) -> None:
    """Write the choices into the session; raises for what it does not offer."""
    _set_quantities(session, quantities)
    _add_optional(world, session, inside(form, "optional"))
    if form.get("shipping_rate"):
        shipping.choose(session, str(form["shipping_rate"]))


def _set_quantities(session: Obj, quantities: dict[str, int]) -> None:
    for line in session["_lines"]:
        wanted = quantities.get(line["id"])
        if wanted is None or wanted == line["quantity"]:
            continue
        if not inside(line, "adjustable_quantity").get("enabled"):
            raise invalid("This quantity cannot be changed.", param=f"q[{line['id']}]")
        least, most = bounds_of(line)
        if not least <= wanted <= most:
            raise invalid("This quantity is out of bounds.", param=f"q[{line['id']}]")
        line["quantity"] = wanted


def _add_optional(world: World, session: Obj, told: Obj) -> None:
    """Optional items that the buyer ticked become lines; those that were unticked go."""
    offered: Objs = session.get("optional_items") or []
    for item in offered:
        ticked = told.get(item["price"])
        added = [line for line in session["_lines"] if line.get("_optional") == item["price"]]
        if ticked == "yes" and not added:
            given = {name: item[name] for name in ("price", "quantity", "adjustable_quantity")}
            session["_lines"].append(
                new_line(world, given, session["mode"], "optional_items") | {"_optional": item["price"]}
            )
        elif ticked == "no":
            session["_lines"] = [line for line in session["_lines"] if line not in added]


def apply_code(world: World, session: Obj, text: str) -> None:
    """Take the promotion code that the buyer typed."""
    if not session["allow_promotion_codes"]:
        raise invalid("This code is invalid.", param="promotion_code")
    session["_discounts"] = [typed_code(world, session, text)]


def saved_cards(world: World, session: Obj) -> Objs:
    """The customer's cards that the page may show, newest first."""
    options = session["saved_payment_method_options"]
    if not session["customer"] or options is None:
        return []
    shown: list[str] = options["allow_redisplay_filters"] or []
    found = world.shelf.find("payment_method", customer=session["customer"], type="card")
    return [held for held in reversed(found) if held["allow_redisplay"] in shown]
