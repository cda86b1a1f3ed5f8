"""The import contracts hold, and each of them is seen to fail when somebody breaks it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, cast

import pytest
from grimp import ImportGraph, build_graph
from importlinter.api import read_configuration  # pyright: ignore[reportUnknownVariableType] - it gives a bare dict
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract
from importlinter.domain.contract import Contract

from tests.architecture.sources import ROOT

KINDS: dict[str, type[Contract]] = {
    "layers": LayersContract,
    "forbidden": ForbiddenContract,
    "protected": ProtectedContract,
}
CONFIGURED = cast("dict[str, Any]", read_configuration(str(ROOT / "pyproject.toml")))
SESSION = cast("dict[str, Any]", CONFIGURED["session_options"])
CONTRACTS = {
    str(each["name"]): each for each in cast("list[dict[str, Any]]", CONFIGURED["contracts_options"])
}

PLANTED = [
    ("Rooms", "persistence.due", "engine.clock"),
    ("Rooms", "machines.table", "persistence.database"),
    ("Rooms", "persistence.due", "rules.ruleset"),
    ("Inside the engine", "engine.pricing.lines", "engine.ledger.model"),
    ("Inside the engine", "engine.access.check", "engine.attach.service"),
    ("Inside the engine", "engine.attach.service", "engine.customers.service"),
    ("Inside the engine", "engine.mirror.converge", "engine.steps.executor"),
    ("Inside the engine", "engine.settle.due", "engine.api.app"),
    ("Inside the engine", "engine.a_new_room", "engine.clock"),
    ("What decides is pure", "engine.pricing.lines", "sqlalchemy"),
    ("What decides is pure", "rules.ruleset", "stripe"),
    ("What decides is pure", "engine.attach.facts", "engine.attach.gather"),
    ("What decides is pure", "engine.attach.planning.plan", "persistence.repositories.attachments"),
    ("What decides is pure", "engine.ledger.deduct", "engine.ledger.rows"),
    ("Only the gateway speaks to Stripe", "engine.attach.service", "stripe"),
    ("Only the compiler knows durable-rules", "rules.ruleset", "durable_rules_engine"),
    ("Only the table of machines knows transitions", "persistence.states", "transitions"),
    ("Only what reads and writes rows knows SQLAlchemy", "engine.settle.events", "sqlalchemy"),
    ("Only the bus knows NATS", "engine.api.app", "nats"),
    ("Only the API knows FastAPI", "engine.bootstrap", "fastapi"),
    ("The sandbox imports nothing of ours", "engine.sandbox.twin.values.amounts", "engine.money"),
    ("The sandbox imports nothing of ours", "engine.sandbox.stack", "engine.settings"),
    ("Nothing of ours imports the Stripe twin", "engine.settle.clocks", "engine.sandbox.twin.web.app"),
    ("Only the start knows the embedded servers", "engine.settle.clocks", "engine.sandbox.stack"),
    ("What looks from outside comes in by the doors", "engine.scenario.runner", "persistence.database"),
    ("What looks from outside comes in by the doors", "engine.demo.page", "engine.attach.service"),
]


@pytest.fixture(scope="module")
def graph() -> ImportGraph:
    rooms: list[str] = SESSION["root_packages"]
    return build_graph(rooms[0], *rooms[1:], include_external_packages=True, cache_dir=None)


def _kept(name: str, graph: ImportGraph) -> bool:
    options = CONTRACTS[name]
    contract = KINDS[options["type"]](name, SESSION, options)
    return contract.check(deepcopy(graph), verbose=False).kept


@pytest.mark.parametrize("name", sorted(CONTRACTS))
def test_the_contract_holds(name: str, graph: ImportGraph) -> None:
    assert _kept(name, graph), "lint-imports says where and how"


@pytest.mark.parametrize(("name", "importer", "imported"), PLANTED)
def test_a_planted_import_breaks_the_contract(
    name: str, importer: str, imported: str, graph: ImportGraph
) -> None:
    planted = deepcopy(graph)
    planted.add_import(importer=importer, imported=imported)
    assert not _kept(name, planted)


def test_each_contract_is_seen_to_fail() -> None:
    assert {name for name, _, _ in PLANTED} == set(CONTRACTS)
