"""How is a card set up for later? The endpoints of SetupIntents."""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes, assign, merge_metadata
from engine.sandbox.twin.core.errors import exclusive, invalid, no_such
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.methods.kinds import refuse_to_pay
from engine.sandbox.twin.objects import setup
from engine.sandbox.twin.transfers.rules import account_named
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj

from .card_input import refuse_spent
from .intent_fields import choose_method, refuse_what_is_not_there, unexpected

_OVER = frozenset({"succeeded", "canceled"})
_LISTS = ("allowed_payment_method_types", "excluded_payment_method_types", "flow_directions")
_NEED_CONFIRM = ("return_url", "mandate_data", "single_use")
_MANDATE = ("description", "end_date", "interval_count", "supported_types")


def create(call: Call) -> Obj:
    """A SetupIntent, confirmed at once where asked."""
    world, params = call.world, call.params
    for name in _NEED_CONFIRM:
        if name in params and not params.get("confirm"):
            text = (
                f"The parameter `{name}` cannot be passed when creating a SetupIntent unless `confirm` is set"
                " to true."
            )
            raise invalid(text, param=name)
    customer = params.get("customer")
    held = world.refer("customer", customer, "customer") if customer else None
    intent = setup.new_setup_intent(world, held)
    if "automatic_payment_methods" in params:
        given = params.whole("automatic_payment_methods")
        intent["automatic_payment_methods"] = {"allow_redirects": "always", **given}
    assign(intent, params, "usage")
    if "on_behalf_of" in params:
        account_named(world, params["on_behalf_of"], "on_behalf_of")
        intent["on_behalf_of"] = params["on_behalf_of"]
    _write(world, intent, params)
    if params.get("confirm"):
        _confirm(world, intent, params)
    return intent


def _write(world: World, intent: Obj, params: Params) -> None:
    """What creating, changing and confirming have in common."""
    refuse_what_is_not_there(params)
    if "single_use" in params:
        text = "A single-use mandate is not supported for the payment method type card."
        raise invalid(text, param="single_use")
    if params.get("attach_to_self"):
        text = "Only payment methods for moving an account's own money can be attached to itself."
        raise invalid(text, param="attach_to_self")
    assign(intent, params, "description", *_LISTS)
    merge_metadata(intent, params)
    _write_options(intent, params)
    if "payment_method" in params and "payment_method_data" in params:
        raise exclusive("payment_method", "payment_method_data")
    before = intent["payment_method"]
    choose_method(world, intent, params)
    if intent["payment_method"] != before:
        intent["next_action"] = None
        waits = intent["payment_method"] is None
        intent["status"] = "requires_payment_method" if waits else "requires_confirmation"


def _write_options(intent: Obj, params: Params) -> None:
    """What is asked of cards; options of other kinds have nothing to act on."""
    options: Params | None = params.get("payment_method_options")
    params.ignore("payment_method_options")
    given: Obj = (options or Params({})).get("card") or {}
    held = intent["payment_method_options"].setdefault("card", {})
    for name, value in given.items():
        if name == "mandate_options":
            held[name] = {**dict.fromkeys(_MANDATE), **value}
        elif name not in {"moto", "three_d_secure"}:
            held[name] = value


def update(call: Call) -> Obj:
    """Change a SetupIntent that is not over."""
    world, params = call.world, call.params
    intent = world.fetch("setup_intent", call.id, param="intent")
    if intent["status"] in _OVER and set(params.keys()) - {"metadata", "description", "expand"}:
        text = (
            f"You cannot update this SetupIntent because it has a status of {intent['status']}. Only a"
            " SetupIntent with one of the following statuses may be updated: requires_payment_method,"
            " requires_confirmation, requires_action."
        )
        raise unexpected(text, intent)
    if "customer" in params:
        customer = world.refer("customer", params["customer"], "customer")
        if intent["customer"] not in {None, customer["id"]}:
            text = "You cannot modify `customer` on a SetupIntent once it already has been set."
            raise unexpected(text, intent, param="customer")
        intent["_clock"] = customer["_clock"]
        world.shelf.own(intent, customer["id"])
    _write(world, intent, params)
    return intent


def confirm(call: Call) -> Obj:
    """Confirm with a card: it is attached to the customer."""
    intent = call.world.fetch("setup_intent", call.id, param="intent")
    _refuse_when_over(intent)
    _write(call.world, intent, call.params)
    _confirm(call.world, intent, call.params)
    return intent


def _refuse_when_over(intent: Obj) -> None:
    if intent["status"] in _OVER:
        text = f"You cannot confirm this SetupIntent because it has a status of {intent['status']}."
        raise unexpected(text, intent)


def _confirm(world: World, intent: Obj, params: Params) -> None:
    if intent["payment_method"] is None:
        text = (
            "You cannot confirm this SetupIntent because it's missing a payment method. Update the"
            " SetupIntent with a payment method and then confirm it again."
        )
        raise unexpected(text, intent)
    intent["_return_url"] = params.get("return_url", intent.get("_return_url"))
    intent["_use_stripe_sdk"] = params.get("use_stripe_sdk", intent.get("_use_stripe_sdk", False))
    params.ignore("mandate_data")
    method = world.fetch("payment_method", intent["payment_method"])
    refuse_to_pay(method)
    refuse_spent(method)
    setup.try_to_set_up(world, intent, method)


def finish_action(world: World, intent: Obj, *, confirmed: bool) -> None:
    """The buyer came back from the bank: the card is kept, or was refused."""
    if intent["status"] != "requires_action":
        raise unexpected("This SetupIntent does not wait for the buyer.", intent)
    if confirmed:
        method = world.fetch("payment_method", intent["payment_method"])
        setup.try_to_set_up(world, intent, method, authenticated=True)
    else:
        setup.abandon_action(world, intent)


def cancel(call: Call) -> Obj:
    """Cancel a SetupIntent that is not over."""
    intent = call.world.fetch("setup_intent", call.id, param="intent")
    if intent["status"] in _OVER:
        text = (
            f"You cannot cancel this SetupIntent because it has a status of {intent['status']}. Only a"
            " SetupIntent with one of the following statuses may be canceled: requires_payment_method,"
            " requires_confirmation, requires_action."
        )
        raise unexpected(text, intent)
    intent["status"] = "canceled"
    intent["next_action"] = None
    intent["cancellation_reason"] = call.params.get("cancellation_reason")
    call.world.emit("setup_intent.canceled", intent)
    return intent


def verify_microdeposits(call: Call) -> Obj:
    """Refused: only a bank account is verified by small deposits."""
    intent = call.world.fetch("setup_intent", call.id, param="intent")
    text = (
        "This SetupIntent could not be verified because it does not have a payment method that is verified"
        " with microdeposits."
    )
    raise unexpected(text, intent)


def retrieve(call: Call) -> Obj:
    """One SetupIntent; a client secret must be its own."""
    intent = call.world.fetch("setup_intent", call.id, param="intent")
    if call.params.get("client_secret", intent["client_secret"]) != intent["client_secret"]:
        raise no_such("setupintent", call.id, param="intent")
    return intent


def list_all(call: Call) -> Obj:
    """SetupIntents, newest first."""
    params = call.params
    refuse_what_is_not_there(params)
    customer, method = params.get("customer"), params.get("payment_method")
    own = params.get("attach_to_self", False)
    found = [
        intent
        for intent in call.world.shelf.kind("setup_intent")
        if customer in {None, intent["customer"]} and method in {None, intent["payment_method"]} and not own
    ]
    return page("/v1/setup_intents", params, found)


ROUTES: Routes = {
    "POST /v1/setup_intents": create,
    "GET /v1/setup_intents": list_all,
    "GET /v1/setup_intents/{id}": retrieve,
    "POST /v1/setup_intents/{id}": update,
    "POST /v1/setup_intents/{id}/confirm": confirm,
    "POST /v1/setup_intents/{id}/cancel": cancel,
    "POST /v1/setup_intents/{id}/verify_microdeposits": verify_microdeposits,
}
