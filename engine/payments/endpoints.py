"""Which calls of Stripe's API do we use, and where are they? A table; a step's kind is a key of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One call: its method, its path with at most one `{id}`, and the type of object that it answers."""

    method: Literal["get", "post", "delete"]
    path: str
    answers: str

    def url(self, target: str | None) -> str:
        """The path for one object; a call that addresses an object must name it, others must not."""
        if ("{id}" in self.path) != (target is not None):
            raise ValueError(f"{self.path} was called with target {target!r}")
        return self.path.replace("{id}", target) if target is not None else self.path


def _resource(path: str, answers: str) -> dict[str, Endpoint]:
    name = path.removeprefix("/v1/").replace("/", ".")
    return {
        f"{name}.create": Endpoint("post", path, answers),
        f"{name}.retrieve": Endpoint("get", f"{path}/{{id}}", answers),
        f"{name}.update": Endpoint("post", f"{path}/{{id}}", answers),
        f"{name}.list": Endpoint("get", path, "list"),
    }


ENDPOINTS: dict[str, Endpoint] = {
    **_resource("/v1/customers", "customer"),
    **_resource("/v1/products", "product"),
    **_resource("/v1/prices", "price"),
    **_resource("/v1/subscriptions", "subscription"),
    "subscriptions.cancel": Endpoint("delete", "/v1/subscriptions/{id}", "subscription"),
    **_resource("/v1/subscription_schedules", "subscription_schedule"),
    "subscription_schedules.release": Endpoint(
        "post", "/v1/subscription_schedules/{id}/release", "subscription_schedule"
    ),
    **_resource("/v1/invoices", "invoice"),
    "invoices.add_lines": Endpoint("post", "/v1/invoices/{id}/add_lines", "invoice"),
    "invoices.finalize": Endpoint("post", "/v1/invoices/{id}/finalize", "invoice"),
    "invoices.pay": Endpoint("post", "/v1/invoices/{id}/pay", "invoice"),
    "invoices.void": Endpoint("post", "/v1/invoices/{id}/void", "invoice"),
    **_resource("/v1/payment_methods", "payment_method"),
    "payment_methods.attach": Endpoint("post", "/v1/payment_methods/{id}/attach", "payment_method"),
    "payment_methods.detach": Endpoint("post", "/v1/payment_methods/{id}/detach", "payment_method"),
    **_resource("/v1/checkout/sessions", "checkout.session"),
    "checkout.sessions.expire": Endpoint("post", "/v1/checkout/sessions/{id}/expire", "checkout.session"),
    **_resource("/v1/test_helpers/test_clocks", "test_helpers.test_clock"),
    "test_helpers.test_clocks.advance": Endpoint(
        "post", "/v1/test_helpers/test_clocks/{id}/advance", "test_helpers.test_clock"
    ),
    **_resource("/v1/webhook_endpoints", "webhook_endpoint"),
    "webhook_endpoints.delete": Endpoint("delete", "/v1/webhook_endpoints/{id}", "webhook_endpoint"),
    "events.list": Endpoint("get", "/v1/events", "list"),
}
