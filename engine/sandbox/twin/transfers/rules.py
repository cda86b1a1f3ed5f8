"""Who may get a part of a payment, and who may take a fee? What Stripe refuses before any money moves.

Source: Stripe docs, connect/destination-charges and connect/account-capabilities.
"""

from __future__ import annotations

from engine.sandbox.twin.core.errors import StripeError, invalid, no_such
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, inside

_ENABLING = ("transfers", "legacy_payments", "crypto_transfers")


def account_named(world: World, id_: str, param: str) -> Obj:
    """A connected account; raises Stripe's refusal when there is none of this id."""
    account = world.shelf.peek(id_)
    if account is None or account["object"] != "account" or account.get("deleted"):
        raise no_such("destination" if "destination" in param else "account", id_, param=param, status=400)
    return account


def receiver_named(world: World, id_: str, param: str) -> Obj:
    """A connected account that can be sent money."""
    account = account_named(world, id_, param)
    if not any(account["capabilities"].get(name) == "active" for name in _ENABLING):
        text = (
            "Your destination account needs to have at least one of the following capabilities enabled:"
            " transfers, crypto_transfers, legacy_payments"
        )
        raise invalid(text, code="insufficient_capabilities_for_transfer")
    return account


def fee_without_account(param: str) -> StripeError:
    """The refusal of a fee on a payment that no connected account has a part in."""
    name = param.rpartition("[")[2].rstrip("]")
    return invalid(
        f"Can only apply an {name} when the request is made on behalf of another account (using an OAuth"
        " key, the Stripe-Account header, or the destination parameter).",
        param=param,
    )


def refuse_shares(world: World, given: Obj, where: str = "") -> None:
    """Raise where fee, destination and merchant that were sent (in the hash `where`) cannot be."""

    def named(name: str) -> str:
        head, _, rest = name.partition("[")
        return f"{where}[{head}]{'[' + rest if rest else ''}" if where else name

    to = inside(given, "transfer_data").get("destination")
    if to is not None:
        receiver_named(world, to, named("transfer_data[destination]"))
    if given.get("on_behalf_of"):
        account_named(world, given["on_behalf_of"], named("on_behalf_of"))
    fee = given.get("application_fee_amount")
    if fee is not None and fee < 0:
        raise invalid(
            "Invalid non-negative integer",
            param=named("application_fee_amount"),
            code="parameter_invalid_integer",
        )
    if fee and to is None and world.account is None:
        raise fee_without_account(named("application_fee_amount"))
