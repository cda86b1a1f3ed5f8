"""durable-rules behind its fence: the same answers as plain Python, and an error where it fails."""

from __future__ import annotations

import random
import resource
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from rules import compiler
from rules.compiler import DurableEvaluator
from rules.errors import EvaluatorBroken, Position
from rules.evaluator import ReferenceEvaluator
from rules.model import Condition, Rule, Table
from rules.ruleset import RuleSet
from rules.vocabulary import LINE_FACTS
from rules.words.word import Value
from tests.rules.requests import line

HERE = Position("random.yaml", 1, 1)
FACTS = ("held", "current_state", "quantity_problem", "on_decrease", "add_on", "discount", "usage_only")


def random_table(dice: random.Random, rules: int) -> Table:
    def condition(name: str) -> Condition:
        domain: list[Value] = list(LINE_FACTS[name].values)
        values = tuple(dice.sample(domain, dice.randint(1, max(1, len(domain) - 1))))
        return Condition(name, values, HERE, (HERE,) * len(values))

    made = tuple(
        Rule(
            id=f"rule_{number}",
            tier=dice.choice(("first", "second")),
            when=tuple(condition(name) for name in dice.sample(FACTS, dice.randint(0, 4))),
            then=(),
            because="",
            position=HERE,
        )
        for number in range(rules)
    )
    return Table("random", "", "", "", FACTS, (HERE,) * 7, (), (), ("first", "second"), (), made, HERE)


def random_facts(dice: random.Random) -> dict[str, Value]:
    return {name: dice.choice(list(LINE_FACTS[name].values)) for name in FACTS}


@pytest.mark.parametrize("rules", [1, 2, 47, 48, 49, 130])
def test_random_tables_match_the_same_rules_in_the_same_order(rules: int) -> None:
    dice = random.Random(rules)  # noqa: S311 - test data
    table = random_table(dice, rules)
    durable, reference = DurableEvaluator(table), ReferenceEvaluator(table)

    for _ in range(150):
        facts = random_facts(dice)
        assert durable.matches(facts) == reference.matches(facts), facts


def test_a_wide_table_is_split_by_its_alternatives() -> None:
    dice = random.Random(7)  # noqa: S311 - test data
    table = random_table(dice, 48)
    chunks = list(compiler._chunks(table.ordered() * 3))  # pyright: ignore[reportPrivateUsage] - the fence itself

    assert sum(len(rules) for _, rules in chunks) == 144
    assert [offset for offset, _ in chunks] == [
        sum(len(rules) for _, rules in chunks[:n]) for n in range(len(chunks))
    ]
    for _, rules in chunks:
        assert len(rules) <= compiler.MAX_RULES
        assert sum(len(each.values) for rule in rules for each in rule.when) <= compiler.MAX_ALTERNATIVES


def test_threads_get_the_same_answers(ruleset: RuleSet) -> None:
    table = ruleset.compiled("product_complete")
    facts = line(quantity_problem="negative")

    def answer(_: int) -> str:
        return table.decide(facts).rule_id

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(answer, range(400)))

    assert set(answers) == {"negative_quantity"}


def test_many_evaluations_leave_no_memory_behind(ruleset: RuleSet) -> None:
    durable = ruleset.compiled("held_product").durable
    facts = {**line(), "against": "nothing", "difference": "nothing"}
    for _ in range(500):
        durable.matches(facts)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(5_000):
        durable.matches(facts)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4_096


def _refuses(real: Callable[[], tuple[int, int]]) -> tuple[int, int]:
    return 314, real()[1]


def _stops(_: object) -> None:
    return None


def _repeats(_: object) -> str:
    return '{"r1":{"m":{}}}'


class Broken:
    """An engine that fails in one way at one call, and otherwise is the real one."""

    def __init__(self, name: str, answer: Any) -> None:
        self._real = compiler._engine  # pyright: ignore[reportPrivateUsage] - replaced in these tests
        self._name, self._answer = name, answer
        self.left = 1

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)
        if name != self._name or not self.left:
            return real
        self.left -= 1

        def broken(*args: Any) -> Any:
            if isinstance(self._answer, Exception):
                raise self._answer
            return self._answer(lambda: real(*args))

        return broken


@pytest.mark.parametrize(
    ("name", "answer", "problem"),
    [
        ("assert_fact", RuntimeError("Could not assert fact, error code: 303"), "error code: 303"),
        ("assert_fact", _refuses, "status 314"),
        ("start_action_for_state", _stops, "the sentinel did not fire"),
        ("complete_and_start_action", _stops, "the sentinel did not fire"),
        ("delete_state", MemoryError("Out of memory"), "Out of memory"),
    ],
)
def test_a_failure_is_an_error_and_the_next_decision_is_right(
    name: str, answer: Any, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = random_table(random.Random(3), 20)  # noqa: S311 - test data
    durable, reference = DurableEvaluator(table), ReferenceEvaluator(table)
    facts = random_facts(random.Random(5))  # noqa: S311 - test data
    assert durable.matches(facts), "the facts must fire a rule before the sentinel"
    monkeypatch.setattr(compiler, "_engine", Broken(name, answer))

    with pytest.raises(EvaluatorBroken, match=problem):
        durable.matches(facts)

    assert durable.matches(facts) == reference.matches(facts)


def test_an_endless_engine_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    durable = DurableEvaluator(random_table(random.Random(3), 20))  # noqa: S311 - test data
    engine = Broken("complete_and_start_action", _repeats)
    engine.left = 1_000
    monkeypatch.setattr(compiler, "_engine", engine)

    with pytest.raises(EvaluatorBroken, match="rules fired"):
        durable.matches(random_facts(random.Random(5)))  # noqa: S311 - test data
