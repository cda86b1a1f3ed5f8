"""Explaining: why this rule, and for every other what was missing or what came first."""

from __future__ import annotations

from rules.explain import Missing, explain, render
from rules.ruleset import RuleSet
from tests.rules.requests import UP, decided, line


def test_every_rule_of_a_table_is_accounted_for(ruleset: RuleSet) -> None:
    facts = decided(ruleset, line(UP)).lines[0].facts
    told = explain(ruleset, "branch", facts)

    assert told.answer.rule_id == "upgrade"
    assert told.because == ("it replaces a paid plan", "it is an upgrade")
    everybody = {rule.id for rule in ruleset.compiled("branch").ordered}
    assert {each.rule_id for each in told.others} | {"upgrade"} == everybody
    for other in told.others:
        assert bool(other.missing) != bool(other.beaten_by)


def test_a_failed_condition_says_what_was_wanted_and_what_is(ruleset: RuleSet) -> None:
    facts = decided(ruleset, line(UP)).lines[0].facts
    told = explain(ruleset, "branch", facts)
    (downgrade,) = [each for each in told.others if each.rule_id == "downgrade"]

    assert downgrade.missing == (Missing("direction", ("down",), "up", "it is an upgrade"),)
    assert (downgrade.file, downgrade.outcome) == ("attach/branch.yaml", {"branch": "downgrade"})


def test_a_rule_that_an_earlier_tier_beats_says_which(ruleset: RuleSet) -> None:
    facts = decided(ruleset, line(UP, asked_timing="end_of_cycle")).lines[0].facts
    (default,) = [each for each in explain(ruleset, "timing", facts).others if each.rule_id == "at_once"]

    assert (default.missing, default.beaten_by) == ((), "asked_end_of_cycle")


def test_the_call_is_explained_from_its_own_facts(ruleset: RuleSet) -> None:
    decision = decided(ruleset, line(UP))

    assert explain(ruleset, "function", decision.facts).answer.rule_id == "replaces"


def test_an_explanation_reads_well(ruleset: RuleSet) -> None:
    facts = decided(ruleset, line(UP)).lines[0].facts
    text = render(explain(ruleset, "branch", facts))

    assert text.startswith("Which case a line is, from what it stands against. branch upgrade\n")
    assert "    since it replaces a paid plan\n" in text
    assert "    direction is up, not down: it is an upgrade" in text
    assert "  branch downgrade (downgrade, attach/branch.yaml:" in text
