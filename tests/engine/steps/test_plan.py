from __future__ import annotations

import json

import pytest

from engine.steps.plan import Condition, PlannedStep, Ref, look_up, resolve

ANSWER = {
    "id": "sub_1",
    "items": {"data": [{"id": "si_1"}, {"id": "si_2"}]},
    "latest_invoice": {"id": "in_1"},
}


def test_a_plan_is_json_that_says_the_same_when_it_is_read_again() -> None:
    step = PlannedStep(
        "subscriptions.update",
        {"items": ({"id": Ref(0, "items.data.0.id"), "quantity": 2},), "metadata": {"a": "b"}},
        target=Ref(0),
        when=Condition(Ref(0, "latest_invoice.id"), ("paid",), "wait"),
        tolerates="gone",
    )
    frozen = step.as_json()
    assert json.loads(json.dumps(frozen)) == frozen
    assert frozen == {
        "kind": "subscriptions.update",
        "params": {
            "items": [{"id": {"ref": 0, "path": "items.data.0.id"}, "quantity": 2}],
            "metadata": {"a": "b"},
        },
        "target": {"ref": 0, "path": "id"},
        "when": {"of": {"ref": 0, "path": "latest_invoice.id"}, "is": ["paid"], "otherwise": "wait"},
        "tolerates": "gone",
    }


def test_references_are_replaced_wherever_they_stand_and_nothing_else() -> None:
    stored = PlannedStep(
        "x", {"a": [{"b": Ref(0, "items.data.1.id")}], "c": Ref(0), "d": 7, "e": None}
    ).as_json()
    assert resolve(stored["params"], {0: ANSWER}) == {"a": [{"b": "si_2"}], "c": "sub_1", "d": 7, "e": None}


def test_a_value_that_only_looks_like_a_reference_stays() -> None:
    value = {"ref": 0, "path": "id", "more": 1}
    assert resolve(value, {0: ANSWER}) == value


@pytest.mark.parametrize(("step", "path"), [(1, "id"), (0, "nothing"), (0, "latest_invoice.nothing")])
def test_a_reference_to_what_is_not_there_is_an_error(step: int, path: str) -> None:
    with pytest.raises(KeyError):
        resolve({"ref": step, "path": path}, {0: ANSWER})


def test_a_number_in_a_path_is_an_index() -> None:
    assert look_up(ANSWER, "items.data.0.id") == "si_1"
