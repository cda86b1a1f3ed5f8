"""What may somebody send who understands nothing? Calls drawn from the description of an endpoint."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from engine.sandbox.twin.core import parameters

_SHAPES: dict[str, Any] = json.loads(
    (Path(parameters.__file__).parents[1] / "data" / "parameters.json").read_text(encoding="utf-8")
)
_TEXTS = (
    "", "x", "-1", "0", "1e9", "null", "true", "[]", "a" * 600, "ä€\u2028", "'; --", "usd", "eur", "xyz",
    "2026-01-01", "https://example.com", "not a url", "a@b.c", "..", "%00", "now", "inf",
)  # fmt: skip
_NUMBERS = (-(2**63), -100000, -1, 0, 1, 2, 50, 99, 10000, 99999999, 10**12, 2**63, 10**30)
_DAY = 86400


class Nonsense:
    """Draws calls of one endpoint; some fit the description, some do not."""

    def __init__(self, random: Random, ids: list[str], now: int) -> None:
        self._random = random
        self._ids = ids
        self._now = now

    def path(self, template: str) -> str:
        """The path with ids of things that are there, mostly of the right kind."""
        parts = template.split("/")
        filled = [self._named(parts[i - 1]) if part[:1] == "{" else part for i, part in enumerate(parts)]
        return "/".join(filled)

    def params(self, endpoint: str) -> dict[str, Any]:
        """Parameters by the description, with mistakes."""
        drawn = self._hash(_SHAPES[endpoint], 0)
        if self._random.random() < 0.05:
            drawn[self._random.choice(["nonsense", "id", "object", "items[", "_clock"])] = "x"
        return drawn

    def _named(self, collection: str) -> str:
        fitting = [id_ for id_ in self._ids if id_.startswith(_PREFIXES.get(collection, "?"))]
        if not fitting or self._random.random() < 0.1:
            return self._random.choice([*self._ids, "nothing", "cus_%2F"])
        return self._random.choice(fitting)

    def _of(self, shape: Any, depth: int) -> Any:
        random = self._random
        if random.random() < 0.03:
            return random.choice([*_TEXTS, [], {}, ["x"], {"x": "y"}])
        if isinstance(shape, str):
            return self._scalar(shape)
        if "any" in shape or "enum" in shape:
            chosen = random.choice(shape.get("any") or shape["enum"])
            return self._of(chosen, depth) if "any" in shape else chosen
        if "list" in shape:
            return [self._of(shape["list"], depth + 1) for _ in range(random.choice([0, 1, 1, 1, 2, 3]))]
        if "map" in shape:
            return {random.choice(["a", "tier", "usd", "x y"]): self._of(shape["map"], depth + 1)}
        return self._hash(shape, depth)

    def _hash(self, shape: Any, depth: int) -> dict[str, Any]:
        random = self._random
        need = set(shape.get("need", ()))
        names = list(shape["hash"])
        share = min(1.0, random.choice([0, 2, 4, 8]) / max(1, len(names))) / (1 + depth)
        return {
            name: self._of(shape["hash"][name], depth + 1)
            for name in names
            if (random.random() < 0.95 if name in need else random.random() < share)
        }

    def _scalar(self, kind: str) -> Any:
        random = self._random
        match kind:
            case "integer":
                near = self._now + random.choice([-400, -40, -1, 0, 1, 10, 31, 400, 4000]) * _DAY
                return random.choice([*_NUMBERS, near, near, random.randrange(1, 5000)])
            case "number" | "decimal":
                return random.choice([*_NUMBERS, "0.5", "12.345", "-3.3", 7, 100])
            case "boolean":
                return random.choice([True, False])
            case "null":
                return ""
            case _:
                return random.choice(
                    [random.choice(self._ids), random.choice(self._ids), random.choice(_TEXTS)]
                )


_PREFIXES = {
    "accounts": "acct_",
    "active_entitlements": "ent_",
    "application_fees": "fee_",
    "balance_transactions": "txn_",
    "capabilities": "card_payments",
    "charges": "ch_",
    "configurations": "bpc_",
    "coupons": "",
    "credit_balance_transactions": "cbtxn_",
    "credit_grants": "credgr_",
    "credit_notes": "cn_",
    "customers": "cus_",
    "disputes": "du_",
    "events": "evt_",
    "external_accounts": "ba_",
    "features": "feat_",
    "invoice_payments": "inpay_",
    "invoiceitems": "ii_",
    "invoices": "in_",
    "lines": "il_",
    "meters": "mtr_",
    "payment_intents": "pi_",
    "payment_methods": "pm_",
    "payouts": "po_",
    "persons": "person_",
    "prices": "price_",
    "products": "prod_",
    "promotion_codes": "promo_",
    "refunds": "re_",
    "reversals": "trr_",
    "sessions": "cs_",
    "setup_intents": "seti_",
    "sources": "card_",
    "subscription_items": "si_",
    "subscription_schedules": "sub_sched_",
    "subscriptions": "sub_",
    "tax_ids": "txi_",
    "tax_rates": "txr_",
    "test_clocks": "clock_",
    "transfers": "tr_",
    "webhook_endpoints": "we_",
}
