"""A twin, the official library speaking to it, and short ways to what the tests of the twin need."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import stripe

HOUR = 3600
DAY = 24 * HOUR


def unix(text: str) -> int:
    """An instant written as 2026-01-16 or 2026-01-16T12:00 in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


JAN_1 = unix("2026-01-01")
JAN_16 = unix("2026-01-16")
FEB_1 = unix("2026-02-01")
MAR_1 = unix("2026-03-01")


@dataclass(frozen=True)
class Twin:
    """One running twin."""

    base: str
    stripe: stripe.StripeClient

    @classmethod
    def at(cls, base: str) -> Twin:
        client = stripe.StripeClient("sk_test_twin", base_addresses={"api": base}, max_network_retries=0)
        return cls(base, client)

    @property
    def v1(self) -> Any:
        """The library, untyped: its parameters are TypedDicts and ours are built by the tests."""
        return self.stripe.v1

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.base + path, timeout=10) as answer:  # noqa: S310 -- our own twin
            return json.load(answer)

    def post_form(
        self, path: str, form: dict[str, str], *, accept: str = "application/json"
    ) -> tuple[int, Any]:
        """Send a page's form; answers the status and the body (JSON, or text where asked)."""
        data = urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(self.base + path, data, {"Accept": accept})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                return answer.status, _body(answer.read(), accept)
        except urllib.error.HTTPError as error:
            return error.code, _body(error.read(), accept)

    def post_json(self, path: str, body: Any) -> Any:
        data = json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data)  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)

    def delete(self, path: str) -> Any:
        request = urllib.request.Request(self.base + path, method="DELETE")  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)

    def refused_json(self, path: str, body: Any) -> tuple[int, Any]:
        """Send JSON that must be refused; answers the status and the error."""
        try:
            self.post_json(path, body)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)["error"]
        raise AssertionError(f"{path} took {body}")

    def clock(self, at: int = JAN_1) -> Clock:
        return Clock(self, self.v1.test_helpers.test_clocks.create({"frozen_time": at}).id)

    def price(self, amount: int, interval: str | None = "month", **more: Any) -> str:
        product = self.v1.products.create({"name": more.pop("name", "Pro")})
        given: dict[str, Any] = {"product": product.id, "currency": "usd", **more}
        if "tiers" not in given:
            given["unit_amount"] = amount
        if interval:
            given["recurring"] = {"interval": interval, **more.pop("recurring", {})}
        return cast("str", self.v1.prices.create(given).id)


def _body(raw: bytes, accept: str) -> Any:
    return json.loads(raw) if accept == "application/json" else raw.decode()


@dataclass(frozen=True)
class Clock:
    """A test clock and who lives on it."""

    twin: Twin
    id: str

    def customer(self, card: str | None = "pm_card_visa") -> str:
        v1 = self.twin.v1
        customer = v1.customers.create({"test_clock": self.id, "email": "buyer@example.com"})
        if card:
            self.give_card(customer.id, card)
        return cast("str", customer.id)

    def give_card(self, customer: str, card: str) -> str:
        v1 = self.twin.v1
        method = v1.payment_methods.attach(card, {"customer": customer})
        v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})
        return cast("str", method.id)

    def advance(self, to: int) -> None:
        """Move the clock and wait until it is ready."""
        self.twin.v1.test_helpers.test_clocks.advance(self.id, {"frozen_time": to})
        found = self.wait()
        assert (found.status, found.frozen_time) == ("ready", to)

    def wait(self) -> Any:
        """The clock when it does not move any more."""
        clocks = self.twin.v1.test_helpers.test_clocks
        deadline = time.monotonic() + 20
        while (found := clocks.retrieve(self.id)).status == "advancing":
            assert time.monotonic() < deadline
            time.sleep(0.005)
        return found

    def next(self) -> int | None:
        return cast("int | None", self.twin.get(f"/_twin/clocks/{self.id}/next")["next"])

    def events(self, after: int = 0) -> list[Any]:
        """The events of this clock, oldest first."""
        found = self.twin.get(f"/_twin/clocks/{self.id}/deliveries?after={after}")
        return [self.twin.v1.events.retrieve(id_) for id_ in found["events"]]

    def mark(self) -> int:
        return cast("int", self.twin.get(f"/_twin/clocks/{self.id}/deliveries")["last"])

    def types(self, after: int = 0) -> list[str]:
        return [event.type for event in self.events(after)]


def untyped(value: Any) -> Any:
    """The same thing where the types of the library say too little."""
    return value


def error_of(error: stripe.StripeError) -> Any:
    """The `error` hash of a refused call."""
    return untyped(error).json_body["error"]


def amounts(invoice: Any) -> list[int]:
    """The amounts of an invoice's lines."""
    return [line.amount for line in invoice.lines.data]
