"""A shop on a twin of its own, inside the test: short ways to sell, let time pass and read what was told."""

from __future__ import annotations

from typing import Any

from tests.engine.sandbox.laws.inside import Inside
from tests.engine.sandbox.twin_client import unix

DECLINING = "pm_card_chargeCustomerFail"
THREE_D_SECURE = "pm_card_authenticationRequired"
_OF_THE_BALANCE = "balance.available"
"""An event of the calendar of money, not of the happening that is looked at."""


class Shop:
    """A twin whose live clock stands at 2026-01-01 until told to move."""

    def __init__(self) -> None:
        self.inside = Inside(now=unix("2026-01-01"), seed="reference")
        self._told = 0

    def post(self, path: str, **given: Any) -> Any:
        return self.inside.made("POST", f"/v1/{path}", given)

    def get(self, path: str, **given: Any) -> Any:
        return self.inside.made("GET", f"/v1/{path}", given)

    def delete(self, path: str, **given: Any) -> Any:
        return self.inside.made("DELETE", f"/v1/{path}", given)

    def refused(self, path: str, *, method: Any = "POST", status: Any = 400, **given: Any) -> Any:
        """The error of a call that must be refused."""
        said = self.inside.call(method, f"/v1/{path}", given)
        assert said.status == status, said.body
        return said.body["error"]

    def settings(self, **given: Any) -> None:
        """What the account sets in its dashboard."""
        for name, value in given.items():
            assert hasattr(self.inside.world.settings, name)
            setattr(self.inside.world.settings, name, value)

    def until(self, at: str | int) -> None:
        self.inside.move(unix(at) if isinstance(at, str) else at)

    def price(self, amount: int = 1000, interval: str | None = "month", **more: Any) -> str:
        product = more.pop("product", None) or self.post("products", name=more.pop("name", "Pro"))["id"]
        recurring = {"recurring": {"interval": interval}} if interval else {}
        given = {"product": product, "currency": "usd", "unit_amount": amount, **recurring, **more}
        return str(self.post("prices", **given)["id"])

    def customer(self, card: str | None = "pm_card_visa") -> str:
        made = self.post("customers", email="buyer@example.com")["id"]
        if card:
            self.give_card(made, card)
        return str(made)

    def give_card(self, customer: str, card: str) -> str:
        method = self.post(f"payment_methods/{card}/attach", customer=customer)["id"]
        self.post(f"customers/{customer}", invoice_settings={"default_payment_method": method})
        return str(method)

    def subscribe(self, customer: str, *prices: str, **more: Any) -> Any:
        """A subscription with its latest invoice."""
        items = [{"price": price} for price in prices]
        return self.post("subscriptions", customer=customer, items=items, expand=["latest_invoice"], **more)

    def change(self, subscription: Any, **given: Any) -> Any:
        return self.post(f"subscriptions/{subscription['id']}", expand=["latest_invoice"], **given)

    def read(self, subscription: Any) -> Any:
        return self.get(f"subscriptions/{subscription['id']}", expand=["latest_invoice"])

    def latest(self, subscription: Any) -> Any:
        return self.read(subscription)["latest_invoice"]

    def other_price(self, subscription: Any, price: str) -> list[dict[str, Any]]:
        """The `items` of an update that gives the first item another price."""
        return [{"id": subscription["items"]["data"][0]["id"], "price": price}]

    def intent(self, invoice: Any) -> str:
        """The PaymentIntent of an invoice."""
        found = self.get("invoice_payments", invoice=invoice["id"])["data"]
        return str(next(each for each in found if each["is_default"])["payment"]["payment_intent"])

    def events(self) -> list[Any]:
        """The events since they were last read, oldest first, without those of the balance."""
        found: list[Any] = []
        after: dict[str, Any] = {}
        while True:
            page = self.get("events", limit=100, **after)
            found += page["data"]
            if not page["has_more"]:
                break
            after = {"starting_after": page["data"][-1]["id"]}
        new = found[::-1][self._told :]
        self._told += len(new)
        return [event for event in new if event["type"] != _OF_THE_BALANCE]

    def told(self) -> list[str]:
        """The types of the events since they were last read, oldest first."""
        return [event["type"] for event in self.events()]

    def forget(self) -> None:
        """Look only at events from here on."""
        self.events()


def amounts(invoice: Any) -> list[int]:
    return [line["amount"] for line in invoice["lines"]["data"]]
