"""Which states may a column hold? What the machines say, in the words of the database."""

from __future__ import annotations

from collections.abc import Iterable

from machines import attachment, checkout, invoice, subscription_product


def listed(states: Iterable[str]) -> str:
    """The states as the right side of an SQL `IN`."""
    return "(" + ", ".join(f"'{state}'" for state in states) + ")"


SUBSCRIPTION_PRODUCT = tuple(subscription_product.State)
SUBSCRIPTION_PRODUCT_LIVE = listed(subscription_product.LIVE)
END_REASONS = tuple(subscription_product.EndReason)
INVOICE = tuple(invoice.State)
CHECKOUT = tuple(checkout.State)
ATTACHMENT = tuple(attachment.State)
ATTACHMENT_RUNNING = listed(attachment.LIVE)
