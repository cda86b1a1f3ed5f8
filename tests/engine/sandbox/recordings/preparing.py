"""What did a recording take for granted? Objects made before it began, made again as it shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.engine.sandbox.recordings.exchanges import Exchange, objects
from tests.engine.sandbox.recordings.stripe_like import Answers

Obj = dict[str, Any]
_AUTHENTICATION = "pm_card_authenticationRequired"


class Catalog:
    """The first sight of every object in all recordings, by its id."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self.seen: dict[str, Obj] = {}
        self.lines: dict[str, Obj] = {}
        self.sessions: dict[str, Obj] = {}
        self.demanding: set[str] = set()
        for exchange in exchanges:
            self._note(exchange)

    def _note(self, exchange: Exchange) -> None:
        for found in objects(exchange.answer):
            if found["object"] != "plan":  # a price and its older form have the same id
                self.seen.setdefault(found.get("id", ""), found)
            if found["object"] == "line_item":
                pricing: Obj = found["pricing"] or {}
                details: Obj = pricing.get("price_details") or {}
                self.lines.setdefault(details.get("price") or "", found)
            if found.get("status") == "requires_action":
                self.demanding.add(str(found["payment_method"]))
        for item in exchange.params.get("line_items", []):
            self.sessions.setdefault(item["price"], exchange.answer)


@dataclass
class Preparation:
    """Makes what a recording names and never made; `known` maps recorded ids to those of the twin."""

    twin: Answers
    catalog: Catalog
    scale: int
    known: dict[str, str] = field(default_factory=dict[str, str])

    async def customer(self, id_: str, account: str | None) -> None:
        """A customer with the name and address of the recorded one."""
        seen = self.catalog.seen.get(id_, {})
        fields = {name: seen[name] for name in ("name", "email") if seen.get(name)}
        made = await self.twin.must("POST", "/v1/customers", fields, account)
        self.known[id_] = made["id"]

    async def card(self, id_: str, customer: str, account: str | None) -> None:
        """A card of the customer, one that asks for authentication where the recording did."""
        name = _AUTHENTICATION if id_ in self.catalog.demanding else "pm_card_visa"
        path = f"/v1/payment_methods/{name}/attach"
        made = await self.twin.must("POST", path, {"customer": self.known[customer]}, account)
        self.known[id_] = made["id"]

    async def price(self, id_: str, account: str | None) -> None:
        """A price with the recorded amount, under a product of its own."""
        seen = self.catalog.seen.get(id_) or self._price_of_line(id_) or self._price_of_session(id_)
        product = await self.twin.must("POST", "/v1/products", {"name": "Recorded"}, account)
        given: Obj = {"product": product["id"], "currency": seen["currency"]}
        given["unit_amount"] = seen["unit_amount"] * self.scale
        if seen.get("recurring"):
            given["recurring"] = {"interval": seen["recurring"]["interval"]}
        if seen.get("nickname"):
            given["nickname"] = seen["nickname"]
        self.known[id_] = (await self.twin.must("POST", "/v1/prices", given, account))["id"]

    def _price_of_line(self, id_: str) -> Obj | None:
        line = self.catalog.lines.get(id_)
        return None if line is None else {"currency": line["currency"], "unit_amount": line["amount"]}

    def _price_of_session(self, id_: str) -> Obj:
        session = self.catalog.sessions[id_]
        recurring = {"interval": "month"} if session["mode"] == "subscription" else None
        amount = session["amount_subtotal"]
        return {"currency": session["currency"], "unit_amount": amount, "recurring": recurring}

    async def coupon(self, id_: str, account: str | None) -> None:
        """A coupon with the recorded discount."""
        seen = self.catalog.seen[id_]
        given = {name: seen[name] for name in ("percent_off", "duration", "name")}
        self.known[id_] = (await self.twin.must("POST", "/v1/coupons", given, account))["id"]

    async def invoice(self, id_: str, account: str | None) -> None:
        """A draft invoice with the recorded lines."""
        seen = self.catalog.seen[id_]
        customer = self.known[seen["customer"]]
        for line in seen["lines"]["data"]:
            given = {
                "customer": customer,
                "amount": line["amount"] * self.scale,
                "currency": line["currency"],
            }
            given["description"] = line["description"]
            await self.twin.must("POST", "/v1/invoiceitems", given, account)
        given = {"customer": customer, "pending_invoice_items_behavior": "include"}
        self.known[id_] = (await self.twin.must("POST", "/v1/invoices", given, account))["id"]

    async def funds(self, params: Obj) -> None:
        """Enough in the balance of the platform for a transfer."""
        given = {"amount": int(params["amount"]) * 2 * self.scale, "currency": params["currency"]}
        given |= {"payment_method": "pm_card_bypassPending", "confirm": "true"}
        given["automatic_payment_methods"] = {"enabled": "true", "allow_redirects": "never"}
        await self.twin.must("POST", "/v1/payment_intents", given)

    async def first_payment(self, id_: str, account: str | None) -> None:
        """The payment of a new subscription of the recorded customer and amount."""
        seen = self.catalog.seen[id_]
        price = f"for {id_}"
        self.catalog.seen[price] = {
            "currency": seen["currency"],
            "unit_amount": seen["amount"],
            "recurring": {"interval": "month"},
        }
        await self.price(price, account)
        given: Obj = {"customer": self.known[seen["customer"]], "items": [{"price": self.known[price]}]}
        given["expand"] = ["latest_invoice.payments"]
        made = await self.twin.must("POST", "/v1/subscriptions", given, account)
        self.known[id_] = made["latest_invoice"]["payments"]["data"][0]["payment"]["payment_intent"]
