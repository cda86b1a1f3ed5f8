"""A list of calls that touches much of the twin; every answer is kept as it came."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.engine.sandbox.protocol.raw import FORM, KEY, Said, ask
from tests.engine.sandbox.twin_client import DAY, Twin

_CHANGING = {"date", "server"}


@dataclass
class Story:
    """Calls to one twin after another, and what they answered, byte by byte."""

    said: list[tuple[str, int, str, bytes]] = field(default_factory=list[tuple[str, int, str, bytes]])

    def call(self, twin: Twin, method: str, path: str, key: str | None = None, **form: Any) -> Any:
        pairs = urlencode({name.replace("__", "["): value for name, value in form.items()})
        headers = {**KEY, **FORM, **({"Idempotency-Key": key} if key else {})}
        body = pairs if method == "POST" else None
        target = path if method == "POST" or not pairs else f"{path}?{pairs}"
        answer = ask(twin, method, target, body, headers)
        self._keep(f"{method} {path}", answer)
        return answer.body

    def admin(self, twin: Twin, method: str, path: str, body: Any = None) -> Any:
        answer = ask(twin, method, path, None if body is None else json.dumps(body))
        self._keep(f"{method} {path}", answer)
        return answer.body

    def _keep(self, what: str, answer: Said) -> None:
        headers = {name: value for name, value in answer.headers.items() if name not in _CHANGING}
        self.said.append((what, answer.status, json.dumps(headers, sort_keys=True), answer.raw))


def first_half(twin: Twin, story: Story) -> dict[str, str]:
    """Make objects, faults, keys and things that are due."""
    call = story.call
    clock = call(twin, "POST", "/v1/test_helpers/test_clocks", frozen_time=1767225600)["id"]
    customers = [call(twin, "POST", "/v1/customers", f"c{n}", test_clock=clock)["id"] for n in range(2)]
    live = call(twin, "POST", "/v1/customers", email="live@x.test")["id"]
    product = call(twin, "POST", "/v1/products", name="Pro")["id"]
    recurring = {"recurring[interval]": "month", "currency": "usd", "product": product}
    price = call(twin, "POST", "/v1/prices", unit_amount=2000, **recurring)["id"]
    dearer = call(twin, "POST", "/v1/prices", unit_amount=5000, **recurring)["id"]
    for customer in (*customers, live):
        card = call(twin, "POST", "/v1/payment_methods/pm_card_visa/attach", customer=customer)["id"]
        default = {"invoice_settings[default_payment_method]": card}
        call(twin, "POST", f"/v1/customers/{customer}", **default)
    subscriptions = [
        call(twin, "POST", "/v1/subscriptions", customer=customer, **{"items[0][price]": price})["id"]
        for customer in (*customers, live)
    ]
    faults = [
        {"kind": "unavailable", "path": "/v1/prices", "probability": 0.5, "times": None},
        {"kind": "decline", "customer": customers[1], "code": "insufficient_funds"},
        {"kind": "server_error", "path": "/v1/products", "method": "POST", "work": "done"},
    ]
    story.admin(twin, "POST", "/_twin/faults", faults)
    story.admin(twin, "POST", "/_twin/settings", {"retry_days": [1, 2], "webhook_retries": "scheduled"})
    call(twin, "POST", "/v1/products", "stored", name="Broken")
    for _ in range(5):
        call(twin, "GET", "/v1/prices")
    # Nobody listens there: the delivery waits for its retry.
    hook = {"enabled_events[0]": "customer.created"}
    call(twin, "POST", "/v1/webhook_endpoints", url="http://127.0.0.1:9/hook", **hook)
    call(twin, "POST", "/v1/customers", email="told@x.test")
    quiet(twin)
    return {"clock": clock, "subscription": subscriptions[0], "dearer": dearer, "live": live}


def second_half(twin: Twin, story: Story, made: dict[str, str]) -> None:
    """Change, renew, replay, and read everything."""
    call = story.call
    call(twin, "POST", "/v1/products", "stored", name="Broken")
    call(twin, "POST", "/v1/customers", "c0", test_clock=made["clock"])
    for _ in range(5):
        call(twin, "GET", "/v1/prices")
    held = call(twin, "GET", f"/v1/subscriptions/{made['subscription']}")
    change = {"items[0][id]": held["items"]["data"][0]["id"], "items[0][price]": made["dearer"]}
    call(twin, "POST", f"/v1/subscriptions/{made['subscription']}", **change)
    call(
        twin,
        "POST",
        f"/v1/test_helpers/test_clocks/{made['clock']}/advance",
        frozen_time=1767225600 + 40 * DAY,
    )
    deadline = time.monotonic() + 20
    while twin.get(f"/_twin/clocks/{made['clock']}/next")["status"] == "advancing":
        assert time.monotonic() < deadline
    now = twin.get("/_twin/clock")["now"]
    story.admin(twin, "POST", "/_twin/clock", {"now": now + 20 * DAY})
    quiet(twin)
    story.admin(
        twin, "POST", "/_twin/dashboard", {"action": "cancel_now", "subscription": made["subscription"]}
    )
    story.admin(twin, "DELETE", "/_twin/faults")


def exports(twin: Twin, story: Story) -> None:
    """Everything that can be read."""
    for kind in ("customers", "subscriptions", "invoices", "charges", "prices", "payment_intents"):
        story.call(twin, "GET", f"/v1/{kind}", limit=100)
    events = story.call(twin, "GET", "/v1/events", limit=100)["data"]
    for event in events:
        story.admin(twin, "GET", f"/_twin/events/{event['id']}/deliveries")
    for path in ("faults", "settings", "clock", "ledger", "uncovered", "deliveries"):
        story.admin(twin, "GET", f"/_twin/{path}")


def quiet(twin: Twin) -> None:
    """Wait until no delivery is on its way."""
    deadline = time.monotonic() + 20
    while twin.get("/_twin/clocks/live/deliveries")["pending"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
