"""Files become tables: every key where it belongs, with its place; anything else is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rules import RuleFileRefused, load_ruleset
from rules.loader import FILES, SHIPPED, parse_file, parse_tables, read_files
from tests.rules.requests import DOWN, decided, line

TABLE = """tables:
  - name: usage
    stage: config
    sentence: What becomes of the usage.
    reads: [branch]
    decides: usage
    tiers: [kind, otherwise]
    invariants:
      - id: never_several
        sentence: a line is one product.
        never: {branch: multi_product}
    rules:
      - id: kept
        tier: kind
        when: {branch: [renew, same_custom]}
        then: {usage: carry}
        because: It is
          kept.
      - id: starts_again
        tier: otherwise
        then: {usage: reset}
"""


def test_a_table_remembers_where_everything_stands() -> None:
    (table,) = parse_file("attach/config.yaml", TABLE)

    assert (table.name, table.stage, table.decides, table.tiers) == (
        "usage",
        "config",
        ("usage",),
        ("kind", "otherwise"),
    )
    kept, again = table.rules
    assert str(kept.position) == "attach/config.yaml:13:9"
    assert kept.when[0].values == ("renew", "same_custom")
    assert str(kept.when[0].value_positions[1]) == "attach/config.yaml:15:32"
    assert (kept.because, again.because) == ("It is kept.", "")
    assert again.outcome == {"usage": "reset"}
    assert table.invariants[0].never[0].fact == "branch"


@pytest.mark.parametrize(
    ("old", "new", "place", "problem"),
    [
        ("    sentence: What", "    sentense: What", "4:5", "'sentense' is not known"),
        ("    decides: usage\n", "", "2:5", "'decides' is missing"),
        ("tables:", "table:", "1:1", "'table' is not known"),
        ("        then: {usage: carry}\n", "", "13:9", "'then' is missing"),
        ("        when: {branch: [renew, same_custom]}", "        when: {}", "15:15", "at least one"),
        ("branch: [renew, same_custom]", "branch: []", "15:24", "has no value"),
        ("branch: [renew, same_custom]", "branch: {a: b}", "15:24", "a single value"),
        ("{branch: [renew, same_custom]}", "renew", "15:15", "conditions are facts"),
        ("reads: [branch]", "reads: {branch: x}", "5:12", "a single value"),
        ("id: kept", "id: Kept", "13:13", "'Kept' is not a name"),
        ("id: kept", "id: true", "13:13", "a text is expected"),
        ("then: {usage: carry}", "then: carry", "16:15", "which outcome"),
        ("then: {usage: carry}", "then: {usage: [carry]}", "16:23", "a single value"),
    ],
)
def test_a_misshapen_table_is_refused_at_its_place(old: str, new: str, place: str, problem: str) -> None:
    assert TABLE.count(old) == 1

    with pytest.raises(RuleFileRefused) as caught:
        parse_file("attach/config.yaml", TABLE.replace(old, new))

    assert str(caught.value).startswith(f"attach/config.yaml:{place}: ")
    assert problem in str(caught.value)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    files = read_files()
    del files["attach/branch.yaml"]

    with pytest.raises(RuleFileRefused, match=r"attach/branch\.yaml:1:1: the file is missing"):
        parse_tables(files)
    with pytest.raises(RuleFileRefused, match="cannot be read"):
        read_files(tmp_path)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED / "attach", tmp_path / "attach")
    (tmp_path / "attach" / "branch.yaml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(RuleFileRefused, match=r"attach/branch\.yaml:1:1: the file cannot be read"):
        read_files(tmp_path)


def test_a_changed_rule_in_a_copied_folder_changes_the_decision(tmp_path: Path) -> None:
    for file in FILES:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(SHIPPED / file, tmp_path / file)
    config = tmp_path / "attach" / "config.yaml"
    rule = "        when: {branch: downgrade}\n        then: {timing: end_of_cycle}\n"
    text = config.read_text(encoding="utf-8")
    assert text.count(rule) == 1
    config.write_text(text.replace(rule, rule.replace("end_of_cycle", "immediate")), encoding="utf-8")

    shipped, copied = load_ruleset(), load_ruleset(tmp_path)
    before, after = decided(shipped, line(DOWN)), decided(copied, line(DOWN))

    assert (before.config["timing"], before.function) == ("end_of_cycle", "schedule_product")
    assert (after.config["timing"], after.function) == ("immediate", "update_product")
    assert before.rule_set_hash == shipped.hash
    assert after.rule_set_hash == copied.hash != shipped.hash
