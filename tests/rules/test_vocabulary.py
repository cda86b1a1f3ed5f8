"""The words: closed, described, told apart by the library, and checked by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from machines.subscription_product import State
from rules import LINE_FACTS, WORDS, FactsRefused, check_facts
from rules.compiler import RESERVED, fnv1a
from rules.proof.glossary import glossary
from rules.vocabulary import CONFIG_FIELDS, SUMMED_FACTS, check_lines, sum_lines
from tests.rules.requests import line


def test_every_word_is_a_name_with_a_sentence_and_phrases() -> None:
    for name, word in WORDS.items():
        assert name == word.name
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name)
        assert name not in RESERVED
        assert word.sentence.endswith(".")
        assert len(word.values) > 1
        assert all(phrase and not phrase.endswith(".") for phrase in word.values.values())


def test_no_two_words_and_no_two_values_share_a_hash() -> None:
    assert len({fnv1a(name) for name in (*WORDS, *RESERVED)}) == len(WORDS) + len(RESERVED)
    for word in WORDS.values():
        assert len({fnv1a(str(value)) for value in word.values}) == len(word.values)


def test_the_hash_is_the_one_whose_collisions_were_found() -> None:
    assert fnv1a("fact_522789") == fnv1a("fact_739192")


def test_the_states_of_access_are_those_of_the_machine() -> None:
    assert tuple(WORDS["product_state"].values) == tuple(sorted(State, key=list(State).index))


def test_whole_facts_pass() -> None:
    assert check_facts(line()) == line()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"helt": "active"}, "'helt' is not known"),
        ({"held": "activ"}, "'held' is 'activ'"),
        ({"add_on": "true"}, "'add_on' is 'true'"),
        ({"add_on": 1}, "'add_on' is 1"),
        ({"held": True}, "'held' is True"),
        ({"held": None}, "'held' is None"),
        ({"against": "nothing"}, "'against' is not known"),
    ],
)
def test_a_wrong_fact_is_refused_by_name(change: dict[str, object], problem: str) -> None:
    with pytest.raises(FactsRefused, match=re.escape(problem)):
        check_facts({**line(), **change})


@pytest.mark.parametrize("name", LINE_FACTS)
def test_a_missing_fact_is_refused_by_name(name: str) -> None:
    facts = line()
    del facts[name]

    with pytest.raises(FactsRefused, match=f"'{name}' is missing"):
        check_facts(facts)


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(FactsRefused) as caught:
        check_facts({**line(), "held": "x", "usage_only": "y"})

    assert len(caught.value.problems) == 2


def test_facts_of_the_call_are_the_same_on_each_line() -> None:
    with pytest.raises(FactsRefused, match="'payment_method' belongs to the call"):
        check_lines([line(), line(payment_method="none")])


def test_a_request_has_a_line() -> None:
    with pytest.raises(FactsRefused, match="at least one line"):
        check_lines([])


def test_lines_sum_up_to_every_summed_fact() -> None:
    config = {name: next(iter(WORDS[name].values)) for name in CONFIG_FIELDS}
    other = {name: list(WORDS[name].values)[-1] for name in CONFIG_FIELDS}

    summed = sum_lines(
        [{"against": "nothing", **config}, {"against": "paid_plan", **other}],
        line_count="several",
        lead_branch="new",
    )

    assert set(summed) == set(SUMMED_FACTS)
    assert summed["any_against_paid_plan"] is True
    assert summed["any_against_itself"] is False
    assert summed["any_collection_charge"] is True
    assert summed["any_collection_invoice"] is True
    assert summed["any_collection_checkout"] is False


def test_the_page_of_words_is_fresh() -> None:
    page = Path(__file__).parents[2] / "docs" / "rules-words.md"

    assert page.read_text(encoding="utf-8") == glossary()
