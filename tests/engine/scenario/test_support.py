from __future__ import annotations

from typing import Any

import pytest

from engine.scenario.support import PARAMETERS, UNSUPPORTED, VERBS, unsupported
from tests.engine.scenario.examples import PRO, attach, scenario

ITEM: dict[str, Any] = {"feature": "messages", "interval": "month"}


def item(**more: Any) -> dict[str, Any]:
    return {"products": [PRO | {"items": [ITEM | more]}]}


def overage(**more: Any) -> dict[str, Any]:
    return item(overage={"billing": "prepaid", "amount": 100} | more)


def test_the_list_is_the_one_that_was_agreed() -> None:
    """Whoever builds a word takes it off here; a word that is added here is a promise taken back."""
    assert {word.name for word in UNSUPPORTED} == {
        "entities",
        "several products",
        "add_on",
        "trial",
        "arrears",
        "allocated",
        "allocated_arrears",
        "tiers",
        "rollover",
        "per_entity",
        "credit_system",
        "versions",
        "parallel",
        "upcoming_quantities",
    }
    assert {"quantities", "timing", "force_checkout", "success_url"} == PARAMETERS
    agreed = (
        "attach preview check track set_usage advance complete_checkout set_payment_method cancel uncancel"
    )
    assert set(agreed.split()) | {"pay_invoice", "stripe", "fault", "heal"} == VERBS


def test_a_plain_scenario_can_be_played() -> None:
    params = {
        "quantities": {"messages": 100},
        "timing": "immediate",
        "force_checkout": True,
        "success_url": "u",
    }
    plain = scenario(attach(params=params), **overage())
    assert unsupported(plain) == ()


CASES: list[tuple[str, list[dict[str, Any]], dict[str, Any]]] = [
    ("entities", [], {"entities": {"feature": "seats", "ids": ["e1"]}}),
    ("entities", [attach(entity="e1")], {}),
    ("entities", [{"do": "create_entity", "ids": ["e1"], "feature": "seats"}], {}),
    ("entities", [attach(expect={"entity_products": {"e1": {"pro": "active"}}})], {}),
    ("entities", [{"do": "check", "feature": "messages", "entity": "e1"}], {}),
    ("several products", [{"do": "attach", "products": [{"product": "a"}, {"product": "b"}]}], {}),
    ("add_on", [], {"products": [PRO | {"add_on": True}]}),
    ("trial", [], {"products": [PRO | {"trial": {"days": 7}}]}),
    ("trial", [attach(params={"free_trial": False})], {}),
    ("arrears", [], overage(billing="arrears")),
    ("allocated", [], overage(billing="allocated")),
    ("allocated_arrears", [], overage(billing="allocated_arrears")),
    ("tiers", [], overage(tiers=[{"up_to": 5, "amount": 10}])),
    ("rollover", [], item(rollover={"max": 5})),
    ("per_entity", [], item(per_entity="seats")),
    ("credit_system", [], {"features": [{"id": "c", "type": "credit_system", "costs": {"a": 0.2}}]}),
    ("versions", [], {"products": [PRO, PRO | {"version": 2}]}),
    ("versions", [attach(params={"version": 2})], {}),
    ("versions", [{"do": "create_version", "product": "pro", "changes": {}}], {}),
    ("parallel", [{"do": "parallel", "repeat": 2, "step": attach()}], {}),
    ("stripe change_price", [{"do": "stripe", "action": "change_price", "product": "pro"}], {}),
    ("stripe cancel_at_period_end", [{"do": "stripe", "action": "cancel_at_period_end"}], {}),
    ("stripe uncancel", [{"do": "stripe", "action": "uncancel"}], {}),
    ("upcoming_quantities", [attach(expect={"upcoming_quantities": {}})], {}),
    ("do: set_limit", [{"do": "set_limit", "feature": "messages", "spend_limit": 5}], {}),
    ("do: expire_checkout", [{"do": "expire_checkout"}], {}),
    ("params.discounts", [attach(params={"discounts": []})], {}),
    ("params.custom", [{"do": "attach", "products": [{"product": "pro", "custom": {"price": 1}}]}], {}),
    ("params.refund", [{"do": "cancel", "product": "pro", "params": {"refund": "full"}}], {}),
]


@pytest.mark.parametrize(("word", "steps", "more"), CASES)
def test_a_word_that_is_not_built_is_the_reason_and_the_only_one(
    word: str, steps: list[dict[str, Any]], more: dict[str, Any]
) -> None:
    assert unsupported(scenario(*steps, **more)) == (word,)


def test_a_word_inside_parallel_steps_is_found() -> None:
    inner = {"do": "parallel", "steps": [attach(entity="e1"), attach(params={"invoice": True})]}
    assert unsupported(scenario(inner)) == ("entities", "parallel", "params.invoice")
