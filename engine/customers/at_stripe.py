"""What does Stripe have to know of a customer? Itself and its card, as frozen steps."""

from __future__ import annotations

from typing import Any

from engine.steps.plan import PlannedStep, Ref
from persistence.models import Customer

Json = dict[str, Any]
CARD = "invoice_settings.default_payment_method"


def create(customer: Customer) -> PlannedStep:
    """Make the Stripe customer; that of a sandbox lives by the test clock of its clock."""
    params: Json = {
        **_person(customer),
        "metadata": {
            "ws_customer_id": customer.id,
            "ws_customer": f"{customer.type}_{customer.external_id}",
        },
    }
    if customer.clock.stripe_test_clock_id is not None:
        params["test_clock"] = customer.clock.stripe_test_clock_id
    return PlannedStep("customers.create", params)


def rename(customer: Customer, stripe_id: str) -> PlannedStep:
    """Tell Stripe the name and the address that changed."""
    return PlannedStep("customers.update", _person(customer), target=stripe_id)


def put_card(stripe_id: str, payment_method: str) -> tuple[PlannedStep, ...]:
    """Attach the card, then charge it from now on; one that is refused leaves the old one in its place.

    A test card is attached as a copy with a name of its own (Stripe docs: testing), hence the reference.
    """
    return (
        PlannedStep("payment_methods.attach", {"customer": stripe_id}, target=payment_method),
        _default(stripe_id, Ref(0)),
    )


def take_card(stripe_id: str, payment_method: str) -> tuple[PlannedStep, ...]:
    """Charge no card from now on, and forget the one on file."""
    return (
        _default(stripe_id, ""),
        PlannedStep("payment_methods.detach", {}, target=payment_method, tolerates="gone"),
    )


def _default(stripe_id: str, card: Ref | str) -> PlannedStep:
    return PlannedStep(
        "customers.update",
        {"invoice_settings": {"default_payment_method": card}, "expand": [CARD]},
        target=stripe_id,
    )


def _person(customer: Customer) -> Json:
    said = {"name": customer.name, "email": customer.email}
    return {name: value for name, value in said.items() if value is not None}
