"""Deciding: total, checked twice, stopped on any doubt; several lines come together as one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from rules import (
    EvaluatorsDisagree,
    FactsRefused,
    InvariantViolated,
    NoDecision,
    TwoDecisions,
    load_ruleset,
)
from rules.compiler import DurableEvaluator
from rules.evaluator import ReferenceEvaluator
from rules.ruleset import Decision, Refusal, RuleSet
from rules.vocabulary import CONFIG_FIELDS, LINE_FACTS, WORDS
from rules.words.word import Value
from tests.rules.requests import DOWN, HELD, UP, decided, edited, line, quantity, refused, requests, tables_of

BRANCH = "attach/branch.yaml"


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_ruleset()


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines=requests())
def test_every_request_is_decided_or_refused(rules: RuleSet, lines: Sequence[Mapping[str, Any]]) -> None:
    answer = rules.decide(lines)

    if isinstance(answer, Refusal):
        assert answer.code in WORDS["refusal"].values
        assert answer.match.because.endswith(".")
        assert answer.facts["refusal"] == answer.code
    else:
        assert len(answer.lines) == len(lines)
        assert set(answer.config) == set(CONFIG_FIELDS) == set(answer.deciders)
        for config in (answer.config, *(each.config for each in answer.lines)):
            for name in CONFIG_FIELDS:
                assert WORDS[name].holds(config[name])
        assert WORDS["function"].holds(answer.function)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines=requests())
def test_deciding_again_gives_the_same_answer(rules: RuleSet, lines: Sequence[Mapping[str, Any]]) -> None:
    assert rules.decide(lines) == rules.decide([dict(reversed(list(each.items()))) for each in lines])


def test_a_decision_names_every_rule_with_its_place(rules: RuleSet) -> None:
    decision = decided(rules, line(UP))
    text = rules.files[BRANCH].splitlines()
    (match,) = [each for each in decision.lines[0].trace if each.stage == "branch"]

    assert match.outcome == {"branch": "upgrade"} == {"branch": decision.branch}
    assert text[match.line - 1].strip() == f"- id: {match.rule_id}"
    assert match.file == BRANCH
    assert match.because == "It is a step up from a paid plan."
    assert decision.rule_set_hash == rules.hash
    assert decision.lines[0].direction == "up"
    assert {each.table for each in (*decision.lines[0].trace, *decision.trace)} == {
        table.name for table in rules.tables
    } - {"access"}


def test_a_value_that_the_caller_chose_says_so(rules: RuleSet) -> None:
    decision = decided(rules, line(UP, asked_timing="end_of_cycle"))

    assert decision.deciders["timing"].source == "request"
    assert decision.deciders["collection"].source == "rule"
    assert decided(rules, line(DOWN)).deciders["timing"].source == "rule"


def test_what_is_known_at_the_end_is_part_of_the_decision(rules: RuleSet) -> None:
    decision = decided(rules, line(UP), line(product_price="free", due_now="something"))

    assert decision.lines[0].facts["against"] == "paid_plan"
    assert decision.facts["line_count"] == "several"
    assert decision.facts["any_against_paid_plan"] is True
    assert set(LINE_FACTS) <= set(decision.lines[1].facts)


def test_the_line_count_of_the_caller_is_compared(rules: RuleSet) -> None:
    assert isinstance(rules.decide([line()], {"line_count": "one"}), Decision)
    with pytest.raises(FactsRefused, match="line_count is 'several', but the lines make 'one'"):
        rules.decide([line()], {"line_count": "several"})
    with pytest.raises(FactsRefused, match="'lines' is not known"):
        rules.decide([line()], {"lines": "one"})


def test_quantity_lines_are_not_several_products(rules: RuleSet) -> None:
    product = line(HELD, quantities="changed")
    more, fewer = quantity("increase"), quantity("decrease", on_decrease="prorate_next_cycle")
    decision = decided(rules, product, more, fewer)

    assert (decision.branch, decision.function) == ("update_quantity", "update_quantity")
    assert [each.config["proration"] for each in decision.lines[1:]] == ["immediate", "next_cycle"]
    assert decision.config["proration"] == "immediate"


def test_a_product_line_that_stands_for_quantities_carries_nothing(rules: RuleSet) -> None:
    product = line(HELD, quantities="changed")
    decision = decided(rules, product, quantity("decrease", on_decrease="none"))

    assert decision.lines[0].config["proration"] == "immediate"
    assert (decision.config["proration"], decision.config["timing"]) == ("none", "end_of_cycle")
    assert decision.function == "update_quantity"
    assert decided(rules, product).config["proration"] == "immediate"


def test_a_custom_price_with_quantities_is_a_custom_price(rules: RuleSet) -> None:
    product = line(HELD, quantities="changed", custom_items="prices")

    assert decided(rules, product, quantity("increase", custom_items="prices")).branch == "same_custom"


def test_quantity_lines_alone_are_a_change_of_quantity(rules: RuleSet) -> None:
    assert decided(rules, quantity("increase")).branch == "update_quantity"


def test_the_first_table_that_refuses_wins_whatever_the_order_of_lines(rules: RuleSet) -> None:
    good, attached = line(), line(HELD)
    unready = line(product_ready=False)

    assert refused(rules, attached, unready).code == "product_not_ready"
    assert refused(rules, unready, attached).code == "product_not_ready"
    refusal = refused(rules, good, attached)
    assert (refusal.code, refusal.line, refusal.match.table) == (
        "product_already_attached",
        1,
        "held_product",
    )


@pytest.mark.parametrize(
    ("stronger", "weaker", "code"),
    [
        ({"start_date": "invalid"}, {"product_ready": False}, "start_date_invalid"),
        ({"product_ready": False}, {"entity_known": False}, "product_not_ready"),
        ({"entity_known": False}, {"discount": "unknown"}, "entity_not_found"),
    ],
)
def test_parts_refuse_in_order(
    rules: RuleSet, stronger: dict[str, Value], weaker: dict[str, Value], code: str
) -> None:
    assert refused(rules, line(stronger, weaker)).code == code
    assert refused(rules, line(weaker)).code != code


def test_a_broken_invariant_is_an_error(rules: RuleSet) -> None:
    with pytest.raises(InvariantViolated, match="a product that is canceling has an end date") as caught:
        rules.decide([line(HELD, held="canceling", ending=False)])

    assert caught.value.table == "against"


def test_a_gap_is_an_error_and_never_a_guess() -> None:
    files = edited(
        (BRANCH, "when: {against: paid_plan, direction: up}", "when: {against: trial_plan, direction: up}")
    )
    ruleset = RuleSet(files, tables_of(files))

    with pytest.raises(NoDecision, match="table branch: no rule matches"):
        ruleset.decide([line(UP)])


def test_an_overlap_is_an_error_and_never_a_guess() -> None:
    files = edited(
        (
            BRANCH,
            "when: {against: trial_plan, direction: up}",
            "when: {direction: up, against: [trial_plan, paid_plan]}",
        )
    )
    ruleset = RuleSet(files, tables_of(files))

    with pytest.raises(TwoDecisions, match="from_trial, upgrade of one tier"):
        ruleset.decide([line(UP)])


@pytest.mark.parametrize("evaluator", [DurableEvaluator, ReferenceEvaluator])
def test_a_disagreement_is_an_error_and_never_a_guess(
    evaluator: type[Any], rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = evaluator.matches

    def drops_the_last(self: Any, facts: Mapping[str, Value]) -> list[int]:
        found: list[int] = honest(self, facts)
        return found[:-1] if "due_now" in facts else found

    monkeypatch.setattr(evaluator, "matches", drops_the_last)

    with pytest.raises(EvaluatorsDisagree, match="table money_checkout"):
        rules.decide([line()])


def test_facts_are_checked_before_anything_is_decided(rules: RuleSet) -> None:
    with pytest.raises(FactsRefused, match="line 2: the fact 'held' is 'gone'"):
        rules.decide([line(), {**line(), "held": "gone"}])


def test_the_hash_changes_with_any_file_and_with_nothing_else() -> None:
    files = edited()
    hashes = {RuleSet(files, tables_of(files)).hash}
    for file in files:
        changed = {**files, file: files[file] + "# a remark\n"}
        hashes.add(RuleSet(changed, tables_of(files)).hash)

    assert len(hashes) == len(files) + 1
    assert RuleSet(dict(reversed(list(files.items()))), tables_of(files)).hash in hashes
    assert all(len(each) == 64 for each in hashes)


def test_stored_files_decide_as_before(rules: RuleSet) -> None:
    again = RuleSet.from_files(dict(rules.files))

    assert again.hash == rules.hash
    assert again.decide([line(UP)]) == rules.decide([line(UP)])


@pytest.mark.parametrize(
    ("state", "grants"),
    [
        ("incomplete", False),
        ("scheduled", False),
        ("trialing", True),
        ("active", True),
        ("past_due", True),
        ("paused", False),
        ("canceling", True),
        ("ended", False),
    ],
)
def test_access_follows_the_state_of_the_product(rules: RuleSet, state: str, grants: bool) -> None:  # noqa: FBT001 - a row of a table
    assert dict(rules.access(state)) == dict.fromkeys(("boolean", "metered", "credit_system"), grants)


def test_a_changed_access_rule_takes_access_away() -> None:
    files = edited(
        (
            "lifecycle/access.yaml",
            'feature_type: [metered, credit_system]}\n        then: {grants: "yes"}',
            'feature_type: [metered, credit_system]}\n        then: {grants: "no"}',
        )
    )

    assert dict(RuleSet(files, tables_of(files)).access("past_due")) == {
        "boolean": True,
        "metered": False,
        "credit_system": False,
    }
