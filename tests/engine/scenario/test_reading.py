from __future__ import annotations

from pathlib import Path

import pytest

from engine.demo.play import shipped
from engine.scenario.reading import ScenarioUnreadable, find, read
from engine.scenario.support import unsupported

GOOD = """\
id: fine
now: '2026-01-01T00:00:00Z'
products:
- {id: pro, prices: [{amount: 2000, interval: month}]}
steps:
- do: attach
  product: pro
  expect: {result: active}
"""


def written(folder: Path, text: str, *, name: str = "file.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("line", "instead", "sentence"),
    [
        ("  product: pro", "  produkt: pro", ":7: unknown key `produkt` in steps 1"),
        (
            "  expect: {result: active}",
            "  expect: {invoice: [2000]}",
            ":8: unknown key `invoice` in steps 1 expect",
        ),
        ("- do: attach", "- do: atach", ":6: unknown verb `atach` in steps 1"),
        ("  product: pro", "  product: pro\n  params: {discount: 1}", "unknown parameter discount"),
        ("  product: pro", "  entity: e1", "name either `product` or `products`"),
        ("id: fine", "proves: nothing", "`id` is missing"),
        ("- {id: pro, prices:", "- {id: pro, price: 1, prices:", ":4: unknown key `price` in products 1"),
        ("now: '2026-01-01T00:00:00Z'", "now: '2026-01-01T00:00:00'", ":2: now: "),
        ("steps:", "steps: [", "not YAML"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, line: str, instead: str, sentence: str) -> None:
    path = written(tmp_path, GOOD.replace(line, instead, 1))
    with pytest.raises(ScenarioUnreadable) as told:
        read(path)
    assert str(path) in str(told.value)
    assert sentence in str(told.value)


def test_a_number_of_the_wrong_kind_is_told_once_for_each_kind(tmp_path: Path) -> None:
    text = GOOD + "- {do: track, feature: messages, value: many}\n"
    with pytest.raises(ScenarioUnreadable, match="steps 2 value"):
        read(written(tmp_path, text))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("  product: pro", "  produkt: pro").replace("{result: active}", "{resalt: active}")
    with pytest.raises(ScenarioUnreadable, match=r"produkt.*resalt|resalt.*produkt"):
        read(written(tmp_path, text))


def test_a_folder_is_searched_to_its_depths_in_order(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    for name in ("b.yaml", "a.yml", "inner/c.yaml"):
        written(tmp_path, GOOD, name=name)
    written(tmp_path, "no scenario", name="readme.txt")
    assert [found.path.name for found in find([tmp_path])] == ["a.yml", "b.yaml", "c.yaml"]


def test_a_file_named_twice_is_played_once(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    assert len(find([path, tmp_path])) == 1


def test_a_broken_file_does_not_hide_the_others(tmp_path: Path) -> None:
    written(tmp_path, "steps: 3", name="a.yaml")
    written(tmp_path, GOOD, name="b.yaml")
    broken, good = find([tmp_path])
    assert (broken.id, broken.scenario) == ("a", None)
    assert "`id` is missing" in broken.problem
    assert good.id == "fine"


@pytest.mark.parametrize("missing", ["nowhere.yaml", "empty"])
def test_a_run_of_nothing_is_refused(tmp_path: Path, missing: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ScenarioUnreadable, match=missing):
        find([tmp_path / missing])


def test_the_catalog_is_sent_as_it_was_written(tmp_path: Path) -> None:
    catalog = read(written(tmp_path, GOOD)).catalog()
    assert catalog["products"] == [{"id": "pro", "prices": [{"amount": 2000, "interval": "month"}]}]


def test_the_five_cases_of_the_demo_can_be_played_here() -> None:
    cases = [found.scenario for found in find([shipped()])]
    assert len(cases) == 5
    for case in cases:
        assert case is not None
        assert unsupported(case) == ()
        assert any(step.expect.function for step in case.steps), f"{case.id} tells no step in full"
    assert {case.customer.type for case in cases if case} == {"user", "organization"}
