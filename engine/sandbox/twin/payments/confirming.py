"""How is a PaymentIntent confirmed? With a card, by the buyer at the bank, or for an invoice."""

from __future__ import annotations

from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing import paying
from engine.sandbox.twin.objects import payments
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, public

from .card_input import refuse_spent
from .intent_fields import unexpected

_ONLY_CONFIRMING = ("return_url", "off_session", "error_on_requires_action", "mandate_data")
_MISSING = (
    "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the"
    " PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a"
    " payment method."
)


def refuse_without_confirm(params: Params) -> None:
    """What belongs to a confirmation is refused where there is none."""
    for name in _ONLY_CONFIRMING:
        if name in params and not params.get("confirm"):
            text = (
                f"The parameter `{name}` cannot be passed when creating a PaymentIntent unless `confirm` is"
                " set to true."
            )
            raise invalid(text, param=name)


def confirm(world: World, intent: Obj, params: Params) -> None:
    """Try to take the money; a card that is refused answers 402 and what happened stays."""
    refuse_unless_confirmable(intent)
    intent["_return_url"] = params.get("return_url", intent.get("_return_url"))
    intent["_use_stripe_sdk"] = params.get("use_stripe_sdk", intent.get("_use_stripe_sdk", False))
    params.ignore("mandate_data", "radar_options")
    off_session = params.get("off_session") not in {None, False}
    refuses = off_session or bool(params.get("error_on_requires_action"))
    method = _method_of(world, intent)
    authenticated = bool(intent.pop("_authenticated", False))
    invoice = world.shelf.take(intent.get("_invoice") or "")
    if invoice is not None:
        result = paying.charge(world, invoice, method, authenticated=authenticated, automatic=False)
    else:
        result = payments.attempt(
            world,
            intent,
            method,
            authenticated=authenticated,
            off_session=off_session,
            refuses_action=refuses,
        )
    if result.error is not None:
        more = {"payment_intent": public(intent), "payment_method": public(method)}
        raise payments.card_error(result.error, keeps_state=True, **more)


def refuse_unless_confirmable(intent: Obj) -> None:
    """Raise unless the intent can still be confirmed."""
    if intent["status"] == "succeeded":
        text = (
            "You cannot confirm this PaymentIntent because it has already succeeded after being previously"
            " confirmed."
        )
        raise unexpected(text, intent)
    if intent["status"] in {"canceled", "requires_capture"}:
        text = (
            f"This PaymentIntent could not be confirmed because it has a status of {intent['status']}. Only a"
            " PaymentIntent with one of the following statuses may be confirmed: requires_confirmation,"
            " requires_action."
        )
        raise unexpected(text, intent)


def _method_of(world: World, intent: Obj) -> Obj:
    chosen = intent["payment_method"]
    invoice = world.shelf.peek(intent.get("_invoice") or "")
    method = world.shelf.take(chosen) if chosen else paying.method_for(world, invoice) if invoice else None
    if method is None:
        raise unexpected(_MISSING, intent)
    refuse_spent(method)
    if method["type"] not in intent["payment_method_types"] or method["type"] != "card":
        listed = ", ".join(intent["payment_method_types"])
        text = (
            f"The PaymentMethod provided ({method['type']}) is not allowed for this PaymentIntent. Please"
            f" attach a PaymentMethod of one of the following types: {listed}. Alternatively update the"
            " allowed"
            f' payment_method_types for this PaymentIntent to include "{method["type"]}".'
        )
        raise invalid(text, param="payment_method")
    if intent["statement_descriptor"]:
        text = (
            "The statement_descriptor parameter is not supported for card payments. Use"
            " statement_descriptor_suffix instead."
        )
        raise invalid(text, param="statement_descriptor")
    return method


def finish_action(world: World, intent: Obj, *, confirmed: bool) -> None:
    """The buyer came back from the bank: the money is taken, waits to be confirmed again, or was refused."""
    if intent["status"] != "requires_action":
        raise unexpected("This PaymentIntent does not wait for the buyer.", intent)
    if not confirmed:
        payments.abandon_action(world, intent)
        return
    if intent["confirmation_method"] == "manual":
        intent["status"] = "requires_confirmation"
        intent["next_action"] = None
        intent["_authenticated"] = True
        return
    method = _method_of(world, intent)
    invoice = world.shelf.take(intent.get("_invoice") or "")
    if invoice is not None:
        paying.charge(world, invoice, method, authenticated=True, automatic=False)
    else:
        payments.attempt(world, intent, method, authenticated=True)
