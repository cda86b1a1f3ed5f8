"""Lint: each mistake that an author can make is found where it was made, with a way to mend it."""

from __future__ import annotations

import pytest

from rules import RuleFileRefused
from rules.lint import Severity, lint, refuse_faults
from rules.loader import read_files
from rules.ruleset import RuleSet
from tests.rules.requests import edited, tables_of

BRANCH = "attach/branch.yaml"
CONFIG = "attach/config.yaml"
REJECT = "attach/reject.yaml"
UPGRADE = "        when: {against: paid_plan, direction: up}\n        then: {branch: upgrade}\n"


def test_the_shipped_files_have_no_finding() -> None:
    assert lint(tables_of(read_files())) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        (BRANCH, UPGRADE, UPGRADE.replace("direction: up", "direction: upward"), "value_outside_domain"),
        (BRANCH, UPGRADE, UPGRADE.replace("direction: up", "direction: true"), "value_outside_domain"),
        (BRANCH, UPGRADE, UPGRADE.replace("branch: upgrade", "branch: update"), "value_outside_domain"),
        (BRANCH, UPGRADE, UPGRADE.replace("direction: up", "held: active"), "fact_not_read"),
        (BRANCH, UPGRADE, UPGRADE.replace("{branch: upgrade}", "{timing: at}"), "unknown_outcome"),
        (BRANCH, UPGRADE, UPGRADE.replace("{branch: upgrade}", "{timing: at}"), "missing_outcome"),
        (BRANCH, UPGRADE, UPGRADE.replace("direction: up", "direction: [up, up]"), "repeated_value"),
        (BRANCH, UPGRADE, UPGRADE[UPGRADE.index("        then") :], "empty_when"),
        (BRANCH, "      - id: upgrade\n", "      - id: from_trial\n", "duplicate_rule"),
        (BRANCH, "id: free_plan_is_up", "id: replaced_is_compared", "duplicate_invariant"),
        (BRANCH, "        because: It is a step up from a paid plan.\n", "", "missing_because"),
        (BRANCH, "reads: [product_price, ", "reads: [product_price, usage_only, ", "unused_fact"),
        (BRANCH, "reads: [product_price, ", "reads: [product_price, prise, ", "unknown_fact"),
        (BRANCH, "reads: [product_price, ", "reads: [product_price, add_on, ", "duplicate_fact"),
        (BRANCH, "reads: [product_price, ", "reads: [product_price, timing, ", "not_known_yet"),
        (BRANCH, "reads: [product_price, ", "reads: [product_price, any_timing_at, ", "not_known_yet"),
        (BRANCH, "tiers: [beside, held, plan]", "tiers: [beside, held, plan, later]", "empty_tier"),
        (BRANCH, "tiers: [beside, held, plan]", "tiers: [beside, plan]", "unknown_tier"),
        (BRANCH, "tiers: [beside, held, plan]", "tiers: [beside, held, held, plan]", "duplicate_tier"),
        (BRANCH, "    stage: branch\n", "    stage: config\n", "wrong_stage"),
        (BRANCH, "    decides: branch\n", "    decides: timing\n", "not_decided_here"),
        (BRANCH, "    decides: branch\n", "    decides: timing\n", "nobody_decides"),
        (BRANCH, "    stage: branch\n", "    stage: branch\n    part: money\n", "wrong_part"),
        (REJECT, "  - name: product_complete\n", "  - name: held_product\n", "duplicate_table"),
        (
            REJECT,
            "  - name: customer_scope\n    stage: reject\n    part: customer\n",
            "  - name: customer_scope\n    stage: reject\n    part: request\n",
            "parts_out_of_order",
        ),
        (
            CONFIG,
            "    tiers: [held, request, otherwise]",
            "    tiers: [held, otherwise, request]",
            "otherwise_not_last",
        ),
        (CONFIG, "  - name: usage\n", "  - name: usage_2\n", ""),
        (
            CONFIG,
            "      - id: asked_to_keep\n        tier: request\n        when: {carry_over: [usage, both]}\n",
            "      - id: asked_to_keep\n        tier: otherwise\n",
            "two_defaults",
        ),
        (
            "attach/combine.yaml",
            "    reads: [any_usage_reset]\n",
            "    reads: [any_usage_reset, held]\n",
            "not_known_yet",
        ),
    ],
)
def test_a_mistake_is_found(file: str, old: str, new: str, code: str) -> None:
    findings = lint(tables_of(edited((file, old, new))))

    assert (code in {each.code for each in findings}) if code else not findings
    for finding in findings:
        assert finding.position.file in str(finding)
        assert finding.fix


def test_a_fault_names_its_line_and_what_to_do() -> None:
    files = edited((BRANCH, UPGRADE, UPGRADE.replace("direction: up", "direction: upward")))
    number = files[BRANCH][: files[BRANCH].index("upward")].count("\n") + 1

    with pytest.raises(RuleFileRefused) as caught:
        RuleSet.from_files(files)

    assert str(caught.value) == (
        f"{BRANCH}:{number}:47: value_outside_domain: direction cannot be upward."
        " It is one of none, up, down."
    )


def test_a_table_twice_is_decided_twice() -> None:
    files = read_files()
    files["attach/function.yaml"] += files["attach/function.yaml"][
        files["attach/function.yaml"].index("  - name: function") :
    ].replace("name: function\n", "name: function_again\n")

    assert {each.code for each in lint(tables_of(files))} == {"decided_twice"}


def test_a_condition_that_is_always_true_is_only_a_warning() -> None:
    files = edited(
        (BRANCH, UPGRADE, UPGRADE.replace("direction: up", "direction: up, add_on: [true, false]"))
    )
    findings = lint(tables_of(files))

    assert [(each.code, each.severity) for each in findings] == [("condition_always_true", Severity.WARNING)]
    refuse_faults(findings)
