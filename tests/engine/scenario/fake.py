"""A small Wallstreet behind HTTP, without a database, so that the runner can be tried by itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

import httpx2

Row = dict[str, Any]


class FakeWallstreet:
    """Sells one plan of 20 a month; with a card at once, without one by checkout."""

    def __init__(self, *, broken: Callable[[str, str], httpx2.Response | None] = lambda _m, _p: None) -> None:
        self.broken = broken
        self.requests: list[tuple[str, str, Any]] = []
        self.now = ""
        self.customers: dict[str, Row] = {}
        self.advanced: list[str] = []

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        """One request, as the API would answer it."""
        path, body = request.url.path, self._body(request)
        self.requests.append((request.method, path, body))
        broken = self.broken(request.method, path)
        if broken is not None:
            return broken
        status, answer = self._route(request.method, path.strip("/").split("/"), body)
        return httpx2.Response(status, json=answer)

    def client(self) -> httpx2.AsyncClient:
        """A client whose requests come here."""
        return httpx2.AsyncClient(transport=httpx2.MockTransport(self.answer), base_url="http://wallstreet")

    def _body(self, request: httpx2.Request) -> Any:
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return {key: values[0] for key, values in parse_qs(request.content.decode()).items()}
        return json.loads(request.content) if request.content else None

    def _route(self, method: str, path: list[str], body: Any) -> tuple[int, Any]:  # noqa: C901, PLR0911 - a table
        match method, path:
            case "POST", ["v1", "sandbox", "clocks"]:
                self.now = body["now"]
                return 201, {"id": "clk_1", "now": self.now}
            case "POST", ["v1", "sandbox", "clocks", _, "advance"]:
                self.now = body["to"]
                self.advanced.append(self.now)
                return 200, {"id": "clk_1", "now": self.now}
            case "PUT", ["v1", "customers", kind, name]:
                self.customers[name] = {
                    "type": kind,
                    "id": name,
                    "card": None,
                    "products": [],
                    "invoices": [],
                }
                return 200, {}
            case "PUT", ["v1", "customers", _, name, "payment-method"]:
                self.customers[name]["card"] = body["payment_method"]
                return 200, {}
            case "GET", ["v1", "customers", _, name, "invoices"]:
                return 200, {"data": self.customers[name]["invoices"]}
            case "GET", ["v1", "customers", _, name]:
                return 200, self._view(self.customers[name])
            case "POST", ["v1", "attach"]:
                return self._attach(self.customers[body["customer"]["id"]])
            case "POST", ["c", "pay", name]:
                self._buy(self.customers[name])
                return 200, {"status": "complete"}
            case "GET", ["v1", "attachments", name]:
                products = self.customers[name.removeprefix("att_")]["products"]
                return 200, {"id": name, "status": "active" if products else "checkout"}
            case _:
                return 200, {}

    def _view(self, customer: Row) -> Row:
        subscription = {"stripe_subscription": "sub_1", "state": "active", "paid": True}
        end = {"current_period_end": "2026-02-01T00:00:00Z", "ends_at": None}
        bought = bool(customer["products"])
        return {
            "stripe_customer": f"cus_{customer['id']}" if customer["card"] else None,
            "now": datetime.fromisoformat(self.now).isoformat(),
            "products": customer["products"],
            "subscriptions": [subscription | end] if bought else [],
            "balances": {"messages": {"included": 100, "remaining": 100}} if bought else {},
        }

    def _attach(self, customer: Row) -> tuple[int, Row]:
        if customer["products"]:
            return 409, {"code": "product_already_attached", "detail": "It is there."}
        key = f"att_{customer['id']}"
        if customer["card"] is None:
            page = {"session": f"cs_{customer['id']}", "url": f"http://stripe/c/pay/{customer['id']}"}
            return 200, {"id": key, "status": "checkout", "branch": "new", "checkout": page}
        self._buy(customer)
        return 200, {"id": key, "status": "active", "branch": "new", "checkout": None}

    def _buy(self, customer: Row) -> None:
        customer["products"].append({"product": "pro", "state": "active", "started_at": self.now})
        number = len(customer["invoices"])
        customer["invoices"].append(
            {"id": f"in_{number}", "stripe_invoice": f"in_{number}", "state": "paid", "total": 2000}
        )
