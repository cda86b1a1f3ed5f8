"""How is a card kept without paying? SetupIntents and the attempts to set a card up."""

from __future__ import annotations

from engine.sandbox.twin.core.errors import PAYMENT_REQUIRED, StripeError
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.methods import offered
from engine.sandbox.twin.values.types import Obj, clone, inside, public

from . import payment_methods
from .cards import DECLINES, NEEDS_ACTION, WORKS
from .payments import asks_for_action

_SECRET_LENGTH = 25
_SHOWN = (
    "brand",
    "checks",
    "country",
    "exp_month",
    "exp_year",
    "fingerprint",
    "funding",
    "last4",
    "wallet",
)
_AUTHENTICATED: Obj = {
    "authentication_flow": "challenge",
    "electronic_commerce_indicator": "05",
    "result": "authenticated",
    "result_reason": None,
    "transaction_id": None,
    "version": "2.2.0",
}


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


def succeed(world: World, intent: Obj, method: Obj, *, authenticated: bool = False) -> None:
    """The card was kept, and its bank knows that it will be charged later."""
    method["_is_set_up"] = True
    intent["payment_method"] = method["id"]
    intent["status"] = "succeeded"
    intent["next_action"] = None
    intent["last_setup_error"] = None
    _note(world, intent, method, "succeeded", authenticated=authenticated)
    world.emit("setup_intent.succeeded", intent)


def try_to_set_up(world: World, intent: Obj, method: Obj, *, authenticated: bool = False) -> None:
    """Check a card with its bank and keep it; raises 402 where it is refused, and what happened stays."""
    behaviour = method["_behaviour"]
    options = inside(intent, "payment_method_options", "card")
    asked = behaviour == NEEDS_ACTION and asks_for_action(method, options=options)
    intent["payment_method"] = method["id"]
    if asked and not authenticated:
        _require_action(world, intent, method)
        return
    if behaviour == NEEDS_ACTION:
        behaviour = WORKS
    if behaviour != WORKS and not method["_attachable"]:
        raise _refused(world, intent, method)
    if intent["customer"] and method["customer"] is None:
        customer = world.fetch("customer", intent["customer"])
        payment_methods.attach_to(world, method["id"], customer, "payment_method")
    elif method["customer"] is None:
        method["_spent"] = True
    succeed(world, intent, method, authenticated=authenticated)


def _require_action(world: World, intent: Obj, method: Obj) -> None:
    page = f"{world.base_url}/3ds/{intent['id']}"
    back = intent.get("_return_url")
    intent["status"] = "requires_action"
    if back and not intent.get("_use_stripe_sdk"):
        where = {"return_url": back, "url": page}
        intent["next_action"] = {"type": "redirect_to_url", "redirect_to_url": where}
    else:
        script = {"type": "three_d_secure_redirect", "stripe_js": page}
        intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": script}
    _note(world, intent, method, "requires_action", authenticated=False)
    world.emit("setup_intent.requires_action", intent)


def _refused(world: World, intent: Obj, method: Obj) -> StripeError:
    decline = DECLINES[method["_behaviour"]]
    error: Obj = {
        "advice_code": decline.advice,
        "code": decline.code,
        "decline_code": decline.decline_code,
        "doc_url": f"https://stripe.com/docs/error-codes/{decline.code.replace('_', '-')}",
        "message": decline.message,
        "network_decline_code": decline.network,
        "type": "card_error",
    }
    _fail(world, intent, method, error)
    return StripeError(
        decline.message,
        status=PAYMENT_REQUIRED,
        kind="card_error",
        code=decline.code,
        keeps_state=True,
        advice_code=decline.advice,
        decline_code=decline.decline_code,
        network_decline_code=decline.network,
        payment_method=public(method),
        setup_intent=public(intent),
    )


def _fail(world: World, intent: Obj, method: Obj, error: Obj) -> None:
    intent["status"] = "requires_payment_method"
    intent["payment_method"] = None
    intent["next_action"] = None
    intent["last_setup_error"] = {**error, "payment_method": public(method)}
    _note(world, intent, method, "failed", authenticated=False)
    attempt = world.shelf.take(intent["latest_attempt"])
    assert attempt is not None
    attempt["setup_error"] = clone(intent["last_setup_error"])
    world.emit("setup_intent.setup_failed", intent)


def abandon_action(world: World, intent: Obj) -> None:
    """The buyer did not confirm with the bank: the intent waits for a card again."""
    method = world.fetch("payment_method", intent["payment_method"])
    code = "setup_intent_authentication_failure"
    text = (
        "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new"
        " PaymentMethod to attempt to fulfill this SetupIntent again."
    )
    error = {
        "code": code,
        "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}",
        "message": text,
        "type": "invalid_request_error",
    }
    _fail(world, intent, method, error)


def _note(world: World, intent: Obj, method: Obj, status: str, *, authenticated: bool) -> None:
    """Write the attempt down; it ends one that waited for the buyer."""
    held = world.shelf.take(intent["latest_attempt"] or "")
    if held is None or held["status"] != "requires_action":
        held = world.new(
            "setup_attempt",
            "setatt",
            {
                **{name: intent[name] for name in ("customer", "on_behalf_of", "usage")},
                "payment_method": method["id"],
                "payment_method_details": _details(method),
                "setup_intent": intent["id"],
                "status": status,
            },
            clock=intent["_clock"],
        )
    held["status"] = status
    if authenticated and "card" in held["payment_method_details"]:
        held["payment_method_details"]["card"]["three_d_secure"] = clone(_AUTHENTICATED)
    intent["latest_attempt"] = held["id"]


def _details(method: Obj) -> Obj:
    card = method["card"]
    shown = {name: clone(card[name]) for name in _SHOWN}
    return {"type": "card", "card": {**shown, "network": card["brand"], "three_d_secure": None}}
