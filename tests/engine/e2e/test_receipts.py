"""What is kept of a decision explains it, and makes it again; what a preview tells is what is invoiced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rules import Decision, load_ruleset
from rules.ruleset import RuleSet
from tests.engine.e2e.shop import MID_JANUARY, Shop

pytestmark = pytest.mark.stack


async def test_an_attachment_tells_everything(shop: Shop) -> None:
    await shop.bought("pro")
    told = await shop.attachment(await shop.bought("premium", timing="immediate"))

    assert (told["kind"], told["state"], told["status"]) == ("attach", "completed", "active")
    assert told["request"] == shop.asking("premium", timing="immediate")
    decision, rules = told["decision"], load_ruleset()
    assert (decision["branch"], decision["function"]) == ("upgrade", "update_product")
    (line,) = decision["lines"]
    assert line["facts"]["current_plan"] == "paid"
    for match in [*line["trace"], *decision["trace"]]:
        assert match["because"]
        lines, number = rules.files[str(match["file"])].splitlines(), int(match["line"])
        assert lines[number - 1].strip() == f"- id: {match['rule']}"
    sources = {name: each["source"] for name, each in decision["config"].items()}
    assert sources["timing"] == "request"
    assert set(sources.values()) == {"rule", "request"}
    assert [name for name, source in sources.items() if source == "request"] == ["timing"]


async def test_each_call_to_stripe_is_told_with_the_id_of_the_request(shop: Shop) -> None:
    before = await shop.calls_so_far()
    told = await shop.attachment(await shop.bought("pro"))
    steps = {step["n"]: step for step in told["steps"]}
    assert {step["state"] for step in steps.values()} == {"done"}
    assert next(iter(steps.values()))["kind"] == "subscriptions.create"
    by_request = {call["request_id"]: call for call in await shop.changes_at_stripe(after=before)}
    changes = [call for call in told["calls"] if call["method"] == "POST"]
    assert changes
    for call in changes:
        at_stripe = by_request[call["request_id"]]
        assert (call["path"], call["status"]) == (at_stripe["path"], at_stripe["status"])
        assert call["idempotency_key"] == at_stripe["key"]
        assert call["n"] in steps
        assert call["milliseconds"] > 0


async def test_the_way_of_every_machine_is_told(shop: Shop) -> None:
    await shop.bought("pro")
    attached = await shop.bought("premium")
    told = await shop.attachment(attached)
    moves = [(row["machine"], row["event"], row["to"]) for row in told["transitions"]]
    assert moves[0][:2] == ("attachment", "plan_stored")
    assert [to for machine, _, to in moves if machine == "attachment"][-1] == "completed"
    assert ("subscription_product", "replaced", "ended") in moves
    assert ("subscription_product", "activated", "active") in moves
    assert {row["cause"]["id"] for row in told["transitions"]} == {attached["id"]}


async def lives(shop: Shop) -> list[dict[str, Any]]:
    """Attachments of many kinds, decided one after the other."""
    asked: list[tuple[str, Mapping[str, Any]]] = [
        ("boost", {}),
        ("pro", {"quantities": {"messages": 300}}),
        ("pro", {"quantities": {"messages": 500}}),
        ("premium", {}),
        ("pro", {}),
        ("premium", {}),
        ("yearly", {"timing": "immediate"}),
        ("boost", {"force_checkout": True}),
    ]
    return [await shop.attachment(await shop.bought(product, **more)) for product, more in asked]


def replayed(rules: RuleSet, decision: Mapping[str, Any]) -> Decision:
    answer = rules.decide([line["facts"] for line in decision["lines"]])
    assert isinstance(answer, Decision)
    return answer


async def test_stored_facts_decide_the_same_again(shop: Shop) -> None:
    rules = load_ruleset()
    told = await lives(shop)
    branches = {each["decision"]["branch"] for each in told}
    assert branches >= {"one_off", "upgrade", "downgrade", "renew", "update_quantity"}, branches
    for decision in (each["decision"] for each in told):
        again = replayed(rules, decision)
        assert decision["rule_set_hash"] == rules.hash
        assert (again.branch, again.function) == (decision["branch"], decision["function"])
        assert dict(again.config) == {name: each["value"] for name, each in decision["config"].items()}
        assert [line.branch for line in again.lines] == [line["branch"] for line in decision["lines"]]


async def test_a_preview_stores_nothing_and_calls_nobody(shop: Shop) -> None:
    before = await shop.calls_so_far()
    messages = await shop.told()
    await shop.must("POST", "/v1/attach/preview", shop.asking("pro"))
    await shop.settle()
    changes = await shop.changes_at_stripe(after=before)
    assert (changes, await shop.told(), await shop.purchases()) == ([], messages, [])


PURCHASES: list[tuple[str, dict[str, Any], dict[str, dict[str, Any]]]] = [
    ("pro", {}, {}),
    ("pro", {"quantities": {"messages": 350}}, {}),
    ("setup", {}, {}),
    ("boost", {}, {}),
    ("yearly", {}, {}),
    ("premium", {}, {"pro": {}}),
    ("premium", {}, {"pro": {"quantities": {"messages": 300}}}),
    ("yearly", {"timing": "immediate"}, {"premium": {}}),
    ("pro", {"timing": "immediate"}, {"premium": {}}),
    ("pro", {"quantities": {"messages": 700}}, {"pro": {"quantities": {"messages": 200}}}),
    ("pro", {"quantities": {"messages": 200}}, {"pro": {"quantities": {"messages": 700}}}),
    ("setup", {"timing": "immediate"}, {"pro": {}}),
]


@pytest.mark.parametrize(("product", "more", "before"), PURCHASES)
async def test_the_invoice_is_that_of_the_preview(
    shop: Shop, product: str, more: dict[str, Any], before: dict[str, dict[str, Any]]
) -> None:
    for held, terms in before.items():
        await shop.bought(held, **terms)
        await shop.advance(MID_JANUARY)
    told = await shop.must("POST", "/v1/attach/preview", shop.asking(product, **more))
    made = await shop.bought(product, **more)

    assert (made["branch"], made["config"], made["function"]) == (
        told["branch"],
        told["config"],
        told["function"],
    )
    kept = (await shop.attachment(made))["lines"]
    assert [{name: line[name] for name in told["lines"][0]} for line in kept] == told["lines"]
    invoice = made["invoice"]
    assert (invoice["total"], invoice["currency"]) == (told["total"], told["currency"])
    at_stripe = await shop.at_stripe(f"/v1/invoices/{invoice['id']}")
    assert at_stripe["total"] == told["total"]
    assert sorted(line["amount"] for line in at_stripe["lines"]["data"]) == sorted(
        line["amount"] for line in told["lines"]
    )
    await shop.settle()
    ours = (await shop.must("GET", f"{shop.path}/invoices"))["data"][-1]
    assert (ours["stripe_invoice"], ours["total"], ours["state"]) == (invoice["id"], told["total"], "paid")


async def test_what_costs_nothing_now_shows_no_invoice(shop: Shop) -> None:
    await shop.bought("premium")
    for product, status in (("pro", "scheduled"), ("premium", "active")):
        made = await shop.bought(product)
        assert (made["status"], made["invoice"]) == (status, None)
    canceled = await shop.must("POST", "/v1/cancel", {"customer": shop.customer, "product": "premium"})
    assert canceled["invoice"] is None


async def test_the_next_cycle_is_that_of_the_preview(shop: Shop) -> None:
    await shop.bought("pro", quantities={"messages": 300})
    await shop.advance(MID_JANUARY)
    told = await shop.must("POST", "/v1/attach/preview", shop.asking("premium"))
    await shop.bought("premium")
    await shop.advance(told["next_cycle"]["starts_at"])
    renewal = (await shop.must("GET", f"{shop.path}/invoices"))["data"][-1]
    assert (renewal["total"], renewal["reason"]) == (told["next_cycle"]["total"], "subscription_cycle")
