"""How is a card kept without paying? SetupIntents."""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes, assign, merge_metadata
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.methods import offered
from engine.sandbox.twin.values.types import Obj

from . import payment_methods

_SECRET_LENGTH = 25


def new_setup_intent(world: World, customer: Obj | None) -> Obj:
    """A SetupIntent that waits for a card."""
    intent = world.new(
        "setup_intent",
        "seti",
        {
            "customer": customer["id"] if customer else None,
            "metadata": {},
            "automatic_payment_methods": offered.automatically(),
            "payment_method_configuration_details": offered.configuration(world),
            "payment_method_options": offered.of_setup(world.settings.payment_method_types),
            "payment_method_types": list(world.settings.payment_method_types),
            "status": "requires_payment_method",
            "usage": "off_session",
        },
        clock=customer["_clock"] if customer else None,
    )
    intent["client_secret"] = f"{intent['id']}_secret_{world.ids.token(_SECRET_LENGTH)}"
    world.emit("setup_intent.created", intent)
    return intent


def succeed(world: World, intent: Obj, method: Obj) -> None:
    """The card was kept."""
    intent["payment_method"] = method["id"]
    intent["status"] = "succeeded"
    intent["next_action"] = None
    world.emit("setup_intent.succeeded", intent)


def create(call: Call) -> Obj:
    """A SetupIntent, confirmed at once where asked."""
    world, params = call.world, call.params
    customer = params.get("customer")
    held = world.refer("customer", customer, "customer") if customer else None
    intent = new_setup_intent(world, held)
    assign(intent, params, "description", "usage", "automatic_payment_methods")
    merge_metadata(intent, params)
    if params.get("payment_method"):
        method = payment_methods.resolve(world, params["payment_method"], "payment_method")
        intent["payment_method"] = method["id"]
        intent["status"] = "requires_confirmation"
    if params.get("confirm"):
        _confirm(world, intent)
    return intent


def confirm(call: Call) -> Obj:
    """Confirm with a card: it is attached to the customer."""
    world = call.world
    intent = world.fetch("setup_intent", call.id, param="intent")
    if call.params.get("payment_method"):
        method = payment_methods.resolve(world, call.params["payment_method"], "payment_method")
        intent["payment_method"] = method["id"]
    _confirm(world, intent)
    return intent


def _confirm(world: World, intent: Obj) -> None:
    if intent["status"] in {"succeeded", "canceled"}:
        text = f"You cannot confirm this SetupIntent because it has a status of {intent['status']}."
        raise invalid(text, code="setup_intent_unexpected_state")
    if intent["payment_method"] is None:
        raise invalid("You cannot confirm this SetupIntent because it's missing a payment method.")
    method = world.fetch("payment_method", intent["payment_method"])
    if intent["customer"]:
        customer = world.fetch("customer", intent["customer"])
        payment_methods.attach_to(world, method["id"], customer, "payment_method")
    succeed(world, intent, method)


def cancel(call: Call) -> Obj:
    """Cancel a SetupIntent."""
    intent = call.world.fetch("setup_intent", call.id, param="intent")
    intent["status"] = "canceled"
    intent["cancellation_reason"] = call.params.get("cancellation_reason")
    call.world.emit("setup_intent.canceled", intent)
    return intent


def retrieve(call: Call) -> Obj:
    """One SetupIntent."""
    call.params.ignore("client_secret")
    return call.world.fetch("setup_intent", call.id, param="intent")


def list_all(call: Call) -> Obj:
    """SetupIntents, newest first."""
    customer, method = call.params.get("customer"), call.params.get("payment_method")
    found = [
        intent
        for intent in call.world.shelf.kind("setup_intent")
        if customer in {None, intent["customer"]} and method in {None, intent["payment_method"]}
    ]
    return page("/v1/setup_intents", call.params, found)


ROUTES: Routes = {
    "POST /v1/setup_intents": create,
    "GET /v1/setup_intents": list_all,
    "GET /v1/setup_intents/{id}": retrieve,
    "POST /v1/setup_intents/{id}/confirm": confirm,
    "POST /v1/setup_intents/{id}/cancel": cancel,
}
