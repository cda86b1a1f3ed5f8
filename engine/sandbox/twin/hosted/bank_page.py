"""How does the page of the buyer's bank look? It asks to complete or to fail the authentication."""

from __future__ import annotations

from engine.sandbox.twin.values.currencies import money
from engine.sandbox.twin.values.types import Obj

from .html import brand, document, el

REFUSED = (
    "We are unable to authenticate your payment method. Please choose a different payment method and try"
    " again."
)


def challenge(
    amount: int | None, currency: str | None, kept: list[tuple[str, str]], action: str | None = None
) -> str:
    """The page of the bank; `kept` are the fields of the form that led here and come along."""
    asked = "Confirm that you want to save this card."
    if amount:
        asked = f"Confirm your payment of {money(amount, currency or 'usd')}."
    form = el(
        "form",
        *[el("input", type="hidden", name=name, value=value) for name, value in kept],
        el("button", "Complete authentication", name="confirm_3ds", value="yes"),
        el("button", "Fail authentication", name="confirm_3ds", value="no", class_="plain"),
        method="post",
        action=action,
    )
    return document(
        "3D Secure",
        el(
            "section",
            brand("Your bank"),
            el("h2", "3D Secure"),
            el("p", asked),
            el("p", "This is a test of your bank's page. Nothing is sent to a bank.", class_="note"),
            form,
        ),
        narrow=True,
    )


def asks_bank(error: Obj) -> bool:
    """Whether an error says that the bank wants to see the buyer."""
    code = str(error.get("code"))
    return "requires_action" in code or "authentication" in code
