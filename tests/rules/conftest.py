"""What the tests of the rules share: the shipped rules, loaded once."""

from __future__ import annotations

import pytest

from rules import load_ruleset
from rules.proof.examples import Examples, load_examples
from rules.ruleset import RuleSet


@pytest.fixture(scope="session")
def ruleset() -> RuleSet:
    return load_ruleset()


@pytest.fixture(scope="session")
def examples() -> Examples:
    return load_examples()
