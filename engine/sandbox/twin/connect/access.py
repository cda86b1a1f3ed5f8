"""On whose behalf is a call made? The `Stripe-Account` header, and the accounts that the platform may name.

Source: Stripe docs, connect/authentication.
"""

from __future__ import annotations

from engine.sandbox.twin.core.errors import StripeError
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.ids import platform_account, platform_application
from engine.sandbox.twin.values.types import Obj

FORBIDDEN = 403
_HIDDEN_KEY = f"sk_test_{'*' * 20}"


def platform_id(world: World) -> str:
    """The id of the platform's own account; it follows from the seed."""
    return platform_account(world.seed)


def application_id(world: World) -> str:
    """The id of the platform as an application; it follows from the seed."""
    return platform_application(world.seed)


def connected(world: World, id_: str) -> Obj:
    """A connected account of the platform that may be changed; raises Stripe's account_invalid."""
    account = world.shelf.take(id_)
    if account is None or account["object"] != "account" or account.get("deleted"):
        text = (
            f"The provided key '{_HIDDEN_KEY}' does not have access to account '{id_}' (or that account"
            " does not exist). Application access may have been revoked."
        )
        raise StripeError(text, status=FORBIDDEN, code="account_invalid", stored=False)
    return account


def in_force(world: World, header: str | None) -> str | None:
    """The connected account that the header names; none is the platform."""
    if header is None or header == platform_id(world):
        return None
    connected(world, header)
    return header
