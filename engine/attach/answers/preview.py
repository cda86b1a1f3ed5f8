"""What does a buyer see before saying yes? The lines, the sum, what comes next, and why."""

from __future__ import annotations

from typing import Any

from engine.attach.context import AttachContext
from engine.attach.decision import Decided
from engine.attach.planning.plan import AttachPlan, line_as_json
from engine.pricing.model import Line

Json = dict[str, Any]
SHOWN = ("description", "amount", "quantity", "period", "product", "feature", "kind", "formula")


def preview_answer(plan: AttachPlan, decided: Decided, context: AttachContext) -> Json:
    """The answer of a preview; its total is that of the invoice which follows at the same instant."""
    told = decided.as_json()
    cycle = plan.next_cycle
    return {
        "branch": told["branch"],
        "config": {name: each["value"] for name, each in told["config"].items()},
        "function": told["function"],
        "currency": next((line.currency for line in plan.lines), context.customer.currency or "usd"),
        "lines": [_shown(line) for line in plan.lines],
        "total": plan.total,
        "amount_due": max(0, plan.total),
        "next_cycle": None
        if cycle is None
        else {
            "total": cycle.total,
            "starts_at": cycle.starts_at.isoformat().replace("+00:00", "Z"),
            "lines": [_shown(line) for line in cycle.lines],
        },
        "incoming": list(plan.incoming),
        "outgoing": list(plan.outgoing),
        "decision": told,
    }


def _shown(line: Line) -> Json:
    told = line_as_json(line)
    return {name: told[name] for name in SHOWN}
