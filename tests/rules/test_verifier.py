"""The proof: it holds for the shipped files, and every planted fault is found with a customer in words."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from rules.proof.space import Space
from rules.ruleset import RuleSet
from rules.verifier import Fault, Kind, Report, render, verify
from rules.words.word import Value
from tests.rules.requests import edited, tables_of

BRANCH = "attach/branch.yaml"
COMPARE = "attach/compare.yaml"
UPGRADE = """      - id: upgrade
        tier: plan
        when: {against: paid_plan, direction: up}
        then: {branch: upgrade}
        because: It is a step up from a paid plan.
"""


def faulty(file: str, old: str, new: str, *, table: str) -> Report:
    files = edited((file, old, new))
    return verify(
        RuleSet(files, [each for each in tables_of(files) if each.name in {table, "access", "call_branch"}]),
        only={table},
    )


def only_fault(report: Report, kind: Kind) -> Fault:
    (fault,) = [each for each in report.faults if each.kind is kind]
    return fault


def test_the_shipped_rules_are_proved(ruleset: RuleSet) -> None:
    report = verify(ruleset)

    assert report.holds, render(report)
    assert len(report.tables) == len(ruleset.tables)
    for table in report.tables:
        assert 0 < table.valid <= 1_000_000
        assert table.raw == table.valid + sum(each.combinations for each in table.removed)
        for removed in table.removed:
            assert removed.combinations > 0, f"{table.name}: {removed.invariant} removes nothing"
    text = render(report)
    assert f"Proved: {len(ruleset.tables)} tables" in text
    assert "60 removed by a_line_is_one_product: a single line is never a combination" in text


def test_a_gap_is_found_with_a_customer() -> None:
    report = faulty(BRANCH, UPGRADE, "", table="branch")
    fault = only_fault(report, Kind.GAP)

    assert not report.holds
    assert fault.facts is not None
    assert (fault.facts["against"], fault.facts["direction"]) == ("paid_plan", "up")
    assert fault.customer.startswith("A request where ")
    assert "it replaces a paid plan" in fault.customer
    assert "it is an upgrade" in fault.customer
    assert fault.times > 1
    assert fault.customer in render(report)
    assert "NOT proved" in render(report)


def test_an_overlap_is_found_at_the_second_rule() -> None:
    wider = UPGRADE.replace("direction: up", "direction: [up, down]")
    report = faulty(BRANCH, UPGRADE, wider, table="branch")
    fault = only_fault(report, Kind.OVERLAP)

    assert "upgrade and downgrade of the tier plan" in fault.message
    assert fault.position.file == BRANCH
    assert fault.facts is not None
    assert fault.facts["direction"] == "down"


def test_a_dead_rule_is_found_at_its_line() -> None:
    shadowed = UPGRADE.replace("id: upgrade", "id: never").replace("paid_plan", "nothing")
    report = faulty(BRANCH, UPGRADE, UPGRADE + shadowed, table="branch")
    fault = only_fault(report, Kind.DEAD_RULE)

    assert "the rule never never answers" in fault.message
    assert [each.kind for each in report.faults] == [Kind.DEAD_RULE]


def test_an_outcome_that_nothing_leads_to_is_found() -> None:
    report = faulty(COMPARE, "then: {difference: features}", "then: {difference: prices}", table="difference")
    fault = only_fault(report, Kind.UNREACHABLE_OUTCOME)

    assert "nothing leads to difference features" in fault.message
    assert [each.kind for each in report.faults] == [Kind.UNREACHABLE_OUTCOME]


def test_a_difference_between_the_evaluators_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    files = edited()
    ruleset = RuleSet(files, [each for each in tables_of(files) if each.name in {"waits", "access"}])
    durable = ruleset.compiled("waits").durable
    honest = durable.matches

    def drops_one(facts: Mapping[str, Value]) -> list[int]:
        return honest(facts)[1:] if facts["direction"] == "down" else honest(facts)

    monkeypatch.setattr(durable, "matches", drops_one)
    report = verify(ruleset, only={"waits"})
    fault = only_fault(report, Kind.EVALUATORS_DIFFER)

    assert fault.times == 3
    assert "it is a downgrade" in fault.customer


def test_a_failing_library_is_a_fault_and_not_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    files = edited()
    ruleset = RuleSet(files, [each for each in tables_of(files) if each.name in {"waits", "access"}])
    monkeypatch.setattr("rules.compiler.MAX_RULES", -2)

    report = verify(ruleset, only={"waits"})

    assert {each.kind for each in report.faults} == {Kind.EVALUATORS_DIFFER}
    assert "durable-rules failed" in report.faults[0].message


def test_too_many_combinations_are_a_fault(monkeypatch: pytest.MonkeyPatch, ruleset: RuleSet) -> None:
    monkeypatch.setattr("rules.verifier.MAX_COMBINATIONS", 100)

    report = verify(ruleset, only={"branch"})

    assert only_fault(report, Kind.TOO_MANY_COMBINATIONS).table == "branch"


def test_an_invariant_removes_exactly_what_it_names(ruleset: RuleSet) -> None:
    table = ruleset.compiled("against").table
    space = Space(table)
    seen = [dict(facts) for facts in space.walk()]

    assert len(seen) == len({tuple(sorted(facts.items(), key=str)) for facts in seen})
    assert len(seen) + sum(space.removed.values()) == space.raw
    assert not [f for f in seen if f["held"] == "canceling" and f["ending"] is False]
    assert not [f for f in seen if f["current_plan"] == "none" and f["current_state"] != "none"]
