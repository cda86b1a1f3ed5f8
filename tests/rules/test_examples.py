"""The examples beside the rules: they hold, they show every rule, and a wrong one is found."""

from __future__ import annotations

import re

import pytest

from rules import WORDS, RuleFileRefused
from rules.loader import SHIPPED, read_text
from rules.proof.examples import FILE, Examples, check_examples, parse_examples
from rules.ruleset import RuleSet
from tests.rules.requests import edited, tables_of

TEXT = read_text(SHIPPED, FILE)


def test_the_shipped_examples_hold_and_show_every_rule(ruleset: RuleSet, examples: Examples) -> None:
    assert check_examples(ruleset, examples) == []


def test_the_examples_lead_to_every_branch_function_and_refusal(examples: Examples) -> None:
    for word in ("branch", "function", "refusal"):
        expected = {example.expect.get(word) for example in examples.attach}
        assert set(WORDS[word].values) - {"pass"} <= expected


def test_every_example_has_a_name_of_its_own(examples: Examples) -> None:
    names = [each.id for each in examples.attach] + [each.id for each in examples.access]

    assert len(names) == len(set(names))


def test_a_rule_without_an_example_is_a_finding_at_its_line(ruleset: RuleSet) -> None:
    text = TEXT.replace("product_complete.too_many", "product_complete.not_ready")
    findings = check_examples(ruleset, parse_examples(text))
    missing = [each for each in findings if each.code == "no_example"]

    assert [each.message for each in missing] == ["no example shows the rule product_complete.too_many."]
    assert missing[0].position.file == "attach/reject.yaml"


def test_a_changed_rule_differs_from_its_examples(examples: Examples) -> None:
    files = edited(
        (
            "attach/config.yaml",
            "when: {branch: downgrade}\n        then: {timing: end_of_cycle}",
            "when: {branch: downgrade}\n        then: {timing: immediate}",
        )
    )
    findings = check_examples(RuleSet(files, tables_of(files)), examples)
    differing = {each.message.split(":")[0] for each in findings if each.code == "example_differs"}

    assert "example downgrade" in differing
    assert "example upgrade" not in differing


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("facts: {payment_method: none}", "facts: {payment_methods: none}", "'payment_methods' is not known"),
        ("facts: {payment_method: none}", "facts: {payment_method: card}", "'payment_method' is 'card'"),
        ("facts: {payment_method: none}", "facts: none", "names with values"),
        ("    facts: {payment_method: none}\n", "", "either `facts` or `lines`"),
        ("  line_kind: product\n", "", "'line_kind' is missing"),
    ],
)
def test_a_misshapen_example_is_refused_at_its_line(old: str, new: str, problem: str) -> None:
    with pytest.raises(RuleFileRefused, match=re.escape(problem)) as caught:
        parse_examples(TEXT.replace(old, new, 1))

    assert caught.value.position.file == FILE
    assert caught.value.position.line > 1


def test_an_expectation_that_is_not_met_is_found(ruleset: RuleSet) -> None:
    text = TEXT.replace("expect: {refusal: product_not_ready}", "expect: {refusal: invalid_quantity}")
    (finding,) = check_examples(ruleset, parse_examples(text))

    assert "example not_ready: refusal should be invalid_quantity, the rules say product_not_ready" in str(
        finding
    )


def test_facts_that_cannot_be_are_found(ruleset: RuleSet) -> None:
    text = TEXT.replace("facts: {payment_method: none}", "facts: {held: canceling}", 1)
    findings = check_examples(ruleset, parse_examples(text))

    assert any("the rules give no answer" in each.message for each in findings)


def test_an_access_example_that_is_not_met_is_found(ruleset: RuleSet) -> None:
    head, _, tail = TEXT.partition("\naccess:\n")
    text = head + "\naccess:\n" + tail.replace('grants: "yes"', 'grants: "no"', 1)
    findings = check_examples(ruleset, parse_examples(text))

    assert [each.message for each in findings] == ["example active_metered: grants should be no."]
