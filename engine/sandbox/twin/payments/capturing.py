"""How is held money taken? All of it or a part; the rest goes back to the buyer."""

from __future__ import annotations

from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.objects import payments
from engine.sandbox.twin.values.types import Obj

from . import charging


def capture(world: World, intent: Obj, charge: Obj, amount: int | None, param: str) -> None:
    """Take what was held for an intent; less than all of it gives the rest back."""
    taken = _taken(charge, amount, param)
    charge["amount_captured"] = taken
    charge["captured"] = True
    charge["_capture_before"] = None
    intent["amount_capturable"] = 0
    payments.settle(world, intent, charge)
    charging.release(world, charge, charge["amount"] - taken)
    world.emit("charge.captured", charge)
    if intent["object"] == "payment_intent":
        world.emit("payment_intent.amount_capturable_updated", intent)
        world.emit("payment_intent.succeeded", intent)
        for told in world.after_payment:
            told(world, intent)


def _taken(charge: Obj, amount: int | None, param: str) -> int:
    held = int(charge["amount"] - charge["amount_refunded"])
    taken = held if amount is None else amount
    if taken < 1:
        text = "This value must be greater than or equal to 1."
        raise invalid(text, param=param, code="parameter_invalid_integer")
    if taken > held:
        text = f"The amount to capture is greater than what this charge still holds ({held})."
        raise invalid(text, param=param, code="amount_too_large")
    return taken
