"""The strict reader: what it takes, and what it refuses at which place."""

from __future__ import annotations

import pytest

from rules.errors import RuleFileRefused
from rules.source import MAX_BYTES, Mapping, Scalar, Sequence, read_source

ATTACKS = {
    "a python object": ("a: x\nb: !!python/object/apply:os.system ['true']", 2, 4),
    "a tag": ("a: x\nb: !!python/name:os.system ''", 2, 4),
    "a local tag": ("a: !thing x", 1, 4),
    "a tag on a list": ("a: !!set [x]", 1, 4),
    "an anchor": ("a: &x [y]\nb: z", 1, 4),
    "an alias bomb": ("a: x\nb: [*a, *a, *a]", 2, 5),
    "a merge key": ("a: x\nb: {<<: *a}", 2, 9),
    "a duplicate key": ("price: low\nother: x\nprice: high", 3, 1),
    "a duplicate key in a flow": ("a: {b: c, b: d}", 1, 11),
    "yes": ("a: x\nb: yes", 2, 4),
    "No": ("a: No", 1, 4),
    "off in a list": ("a: [x, off]", 1, 8),
    "on as a key": ("on: x", 1, 1),
    "True": ("a: True", 1, 4),
    "null": ("a: null", 1, 4),
    "a tilde": ("a: ~", 1, 4),
    "nothing": ("a:\nb: x", 1, 1),
    "a float that loses its zero": ("a: 1.10", 1, 4),
    "an octal": ("a: 010", 1, 4),
    "a sexagesimal": ("a: 12:30:00", 1, 4),
    "a date": ("a: 2026-01-01", 1, 4),
    "an infinity": ("a: -.inf", 1, 4),
    "a second document": ("a: x\n---\nb: y", 2, 1),
    "a directive": ("%YAML 1.1\n---\na: x", 2, 1),
    "a key that is a list": ("? [a]\n: b", 1, 3),
    "an open quote": ('a: "x', 1, 6),
    "a stray colon": ("a: b: c", 1, 5),
    "a tab": ("a:\n\t- x", 2, 1),
    "a control character": ("a: \x00", 1, 1),
    "an empty file": ("", 1, 1),
    "only a comment": ("# nothing\n", 2, 1),
    "too deep": ("a: " + "[" * 20 + "x" + "]" * 20, 1, 11),
    "very deep": ("[" * 50_000, 1, 9),
    "too large": ("a: " + "x" * MAX_BYTES, 1, 1),
}


@pytest.mark.parametrize(("text", "line", "column"), ATTACKS.values(), ids=ATTACKS)
def test_an_attack_is_refused_at_its_place(text: str, line: int, column: int) -> None:
    with pytest.raises(RuleFileRefused) as caught:
        read_source("bad.yaml", text)

    position = caught.value.position
    assert (position.file, position.line, position.column) == ("bad.yaml", line, column)
    assert str(caught.value).startswith(f"bad.yaml:{line}:{column}: ")
    assert caught.value.fix


def test_plain_words_quoted_words_and_booleans_are_told_apart() -> None:
    node = read_source("good.yaml", 'a: true\nb: "true"\nc: "off"\nd: [end_of_cycle]\ne: two words\n')

    assert isinstance(node, Mapping)
    values = {key.text: value for key, value in node.entries}
    assert [values[name].value for name in "abce" if isinstance(values[name], Scalar)] == [  # type: ignore[union-attr]  # narrowed by the condition
        True,
        "true",
        "off",
        "two words",
    ]
    assert isinstance(values["d"], Sequence)
    assert values["d"].items[0].position.line == 4
