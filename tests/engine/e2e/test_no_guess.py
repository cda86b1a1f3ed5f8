"""Where the rules give no single answer nothing is done, nothing is kept, and a person is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from rules.ruleset import CompiledTable
from rules.vocabulary import Value
from tests.engine.e2e.shop import Shop

pytestmark = pytest.mark.stack

Fault = Callable[[pytest.MonkeyPatch, Shop], None]


def evaluators_disagree(monkeypatch: pytest.MonkeyPatch, shop: Shop) -> None:
    """Durable-rules finds another rule for the branch than the reference does."""
    durable = shop.system.rules.compiled("branch").durable
    found = durable.matches

    def the_next_ones(facts: Mapping[str, Value]) -> list[int]:
        return [number + 1 for number in found(facts)]

    monkeypatch.setattr(durable, "matches", the_next_ones)


def both_find(monkeypatch: pytest.MonkeyPatch, table: CompiledTable, numbers: list[int]) -> None:
    """Both evaluators of the table agree on these rules, whatever the facts."""

    def matches(_: Mapping[str, Value]) -> list[int]:
        return numbers

    for evaluator in (table.durable, table.reference):
        monkeypatch.setattr(evaluator, "matches", matches)


def no_rule_answers(monkeypatch: pytest.MonkeyPatch, shop: Shop) -> None:
    """Both evaluators agree that no rule names a function."""
    both_find(monkeypatch, shop.system.rules.compiled("function"), [])


def two_rules_answer(monkeypatch: pytest.MonkeyPatch, shop: Shop) -> None:
    """Both evaluators agree that two rules of one tier decide the timing."""
    table = shop.system.rules.compiled("timing")
    tier = table.ordered[0].tier
    rivals = [number for number, rule in enumerate(table.ordered) if rule.tier == tier][:2]
    assert len(rivals) == 2
    both_find(monkeypatch, table, rivals)


def durable_rules_breaks(monkeypatch: pytest.MonkeyPatch, shop: Shop) -> None:
    """The engine itself fails in the middle of a decision."""

    def broken(*_: object, **__: object) -> list[int]:
        raise RuntimeError

    monkeypatch.setattr("rules.compiler._run", broken)


FAULTS: list[Fault] = [evaluators_disagree, no_rule_answers, two_rules_answer, durable_rules_breaks]


async def alarms(shop: Shop) -> float:
    """How often a person was told that there is no decision."""
    page = (await shop.http.get("/metrics")).text
    lines = (line.rsplit(" ", 1) for line in page.splitlines())
    return sum(float(count) for name, count in lines if name == 'wallstreet_alarms_total{name="no_decision"}')


@pytest.mark.parametrize("fault", FAULTS)
async def test_nothing_is_done_without_a_decision(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    before, view, alarmed = await shop.told(), await shop.view(), await alarms(shop)
    calls = await shop.calls_so_far()
    with monkeypatch.context() as planted:
        fault(planted, shop)
        attach = await shop.attach("pro", key="order")
        preview = await shop.call("POST", "/v1/attach/preview", shop.asking("pro"))

    for said in (attach, preview):
        assert (said.status, said.code) == (500, "no_decision")
        assert "nothing was done" in said.body["detail"]
    assert await alarms(shop) == alarmed + 2
    await shop.settle()
    assert await shop.changes_at_stripe(after=calls) == []
    assert await shop.listed("/v1/subscriptions") == await shop.listed("/v1/invoices") == []
    assert (await shop.purchases(), await shop.told(), await shop.view()) == ([], before, view)


async def test_over_nats_it_is_the_same_problem(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as planted:
        evaluators_disagree(planted, shop)
        said = await shop.ask("attach", shop.asking("pro"))
    assert (said.status, said.code) == (500, "no_decision")
    assert await shop.purchases() == []


async def test_the_same_call_goes_through_once_the_rules_answer_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as planted:
        no_rule_answers(planted, shop)
        assert (await shop.attach("pro", key="order")).code == "no_decision"
    said = await shop.attach("pro", key="order")
    assert (said.status, said.body["status"]) == (200, "active")
    assert len(await shop.purchases()) == 1
