from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from engine.scenario.door import Door
from engine.scenario.expect import Seen
from engine.scenario.format import Scenario, Step
from engine.scenario.reading import Found
from engine.scenario.runner import Outcome, Runner, Status
from engine.scenario.world import Person, World
from tests.engine.scenario.examples import attach, scenario
from tests.engine.scenario.fake import FakeWallstreet

NO_CARD = {"customer": {"type": "user", "payment_method": "none"}}
BOUGHT = {"result": "active", "invoices": [2000], "products": {"pro": "active"}, "subscriptions": 1}


async def played(wanted: Scenario, api: FakeWallstreet | None = None) -> Outcome:
    async with (api or FakeWallstreet()).client() as client:
        return await Runner(Door(client)).play(Found(Path("example.yaml"), wanted))


def told(outcome: Outcome) -> list[tuple[int, str, Any, Any]]:
    return [(f.step, f.difference.key, f.difference.expected, f.difference.actual) for f in outcome.failures]


async def test_a_scenario_whose_expectations_hold_passes() -> None:
    balances = {"messages": {"included": 100}}
    outcome = await played(scenario(attach(expect=BOUGHT | {"branch": "new", "balances": balances})))
    assert (outcome.status, told(outcome), outcome.id) == (Status.PASSED, [], "an-example")


async def test_what_does_not_hold_is_told_with_its_step() -> None:
    outcome = await played(scenario(attach(), attach(expect={"error": "other", "invoices": [5]})))
    assert outcome.status is Status.FAILED
    assert told(outcome) == [(2, "error", "other", "product_already_attached"), (2, "invoices", [5], [])]


async def test_a_refusal_nobody_spoke_of_fails_the_scenario() -> None:
    outcome = await played(scenario(attach(), attach()))
    assert told(outcome) == [(2, "result", "no error", "product_already_attached: It is there.")]


async def test_the_buyer_completes_the_checkout_on_the_hosted_page() -> None:
    api = FakeWallstreet()
    steps = (
        attach(expect={"result": "checkout", "invoices": [], "products": {"pro": "absent"}, "session": "s1"}),
        {"do": "complete_checkout", "session": "s1", "expect": BOUGHT},
    )
    assert (await played(scenario(*steps, **NO_CARD), api)).status is Status.PASSED
    assert [body for _, path, body in api.requests if path.startswith("/c/pay")] == [
        {"payment_method": "visa", "email": "buyer@example.com"}
    ]


async def test_a_checkout_that_nobody_handed_out_cannot_be_completed() -> None:
    outcome = await played(scenario({"do": "complete_checkout"}))
    assert told(outcome)[0][1:3] == ("result", "no error")


async def test_the_clock_goes_to_the_end_of_the_period_and_the_hour_of_the_draft() -> None:
    api = FakeWallstreet()
    steps = (attach(), {"do": "advance", "to": "period_end"}, {"do": "advance", "by": {"days": 1}})
    assert (await played(scenario(*steps), api)).status is Status.PASSED
    assert api.advanced == ["2026-02-01T00:00:00+00:00", "2026-02-02T00:00:00+00:00"]


async def test_an_end_that_never_comes_is_an_error_of_the_scenario() -> None:
    outcome = await played(scenario({"do": "advance", "to": "period_end"}))
    assert outcome.status is Status.ERROR
    assert "no period" in outcome.message


async def test_another_customer_is_made_on_its_first_use_and_is_its_own() -> None:
    api = FakeWallstreet()
    outcome = await played(scenario(attach(expect=BOUGHT), attach(customer="c2", expect=BOUGHT)), api)
    assert told(outcome) == []
    first, second = api.customers
    assert second == f"{first}-c2"


async def test_each_scenario_has_a_catalog_and_a_customer_of_its_own() -> None:
    api = FakeWallstreet()
    for _ in range(2):
        await played(scenario(attach(expect=BOUGHT)), api)
    catalogs = [path for _, path, _ in api.requests if path.startswith("/v1/catalogs/")]
    assert len(set(catalogs)) == len(set(api.customers)) == 2


async def test_everything_settles_after_each_step() -> None:
    api = FakeWallstreet()
    await played(scenario(attach(), {"do": "check", "feature": "messages"}), api)
    paths = [path for _, path, _ in api.requests]
    for deed in ("/v1/attach", "/v1/check"):
        assert paths[paths.index(deed) + 1] == "/v1/sandbox/clocks/clk_1/settle"


@pytest.mark.parametrize("path", ["/v1/attach", "/v1/catalogs/"])
async def test_what_the_api_has_not_built_makes_the_scenario_unsupported(path: str) -> None:
    problem = {"code": "not_implemented", "detail": "a price in tiers is not built yet; nothing was done."}
    api = FakeWallstreet(
        broken=lambda _method, asked: httpx2.Response(501, json=problem) if asked.startswith(path) else None
    )
    outcome = await played(scenario(attach()), api)
    assert (outcome.status, outcome.message) == (Status.UNSUPPORTED, "a price in tiers")


async def test_an_unsupported_scenario_makes_no_request() -> None:
    api = FakeWallstreet()
    outcome = await played(scenario(attach(entity="e1")), api)
    assert (outcome.status, outcome.message) == (Status.UNSUPPORTED, "entities")
    assert api.requests == []


async def test_an_api_that_breaks_is_an_error_and_never_a_pass() -> None:
    for answer in (httpx2.Response(200, text="hello"), httpx2.Response(500, json={"code": "internal_error"})):

        def broken(_method: str, path: str, said: httpx2.Response = answer) -> httpx2.Response | None:
            return said if "invoices" in path else None

        outcome = await played(scenario(attach()), FakeWallstreet(broken=broken))
        assert outcome.status is Status.ERROR
        assert "/invoices" in outcome.message


async def test_a_feed_without_a_bus_is_unsupported() -> None:
    outcome = await played(scenario(attach(expect={"feed": []})))
    assert (outcome.status, outcome.message) == (Status.UNSUPPORTED, "feed without --nats")


async def test_a_file_that_cannot_be_read_is_an_error_under_its_name() -> None:
    async with FakeWallstreet().client() as client:
        outcome = await Runner(Door(client)).play(
            Found(Path("folder/odd.yaml"), None, "odd.yaml:3: unknown key")
        )
    assert (outcome.id, outcome.status, outcome.message) == ("odd", Status.ERROR, "odd.yaml:3: unknown key")


async def test_many_are_played_at_once_and_each_is_handed_out() -> None:
    files = [
        Found(Path(f"{n}.yaml"), scenario(attach(expect=BOUGHT)).model_copy(update={"id": f"number-{n}"}))
        for n in range(5)
    ]
    async with FakeWallstreet().client() as client:
        came = [pair async for pair in Runner(Door(client)).play_all(files, jobs=3)]
    assert {outcome.id for _, outcome in came} == {f"number-{n}" for n in range(5)}
    assert all(found.id == outcome.id and outcome.status is Status.PASSED for found, outcome in came)


class Watching:
    def __init__(self) -> None:
        self.saw: list[str] = []

    async def before(self, world: World, person: Person, step: Step) -> None:
        self.saw.append(f"before {step.do} in {world.scenario.id} by a {person.type}")

    async def after(self, world: World, person: Person, step: Step, seen: Seen) -> None:
        assert (await world.view(person))["products"]
        self.saw.append(f"after {step.do}: {seen.answer.body.get('status')}, {seen.news.totals}")


async def test_a_watcher_sees_each_step_before_and_after() -> None:
    watching = Watching()
    async with FakeWallstreet().client() as client:
        await Runner(Door(client), observer=watching).play(Found(Path("x.yaml"), scenario(attach())))
    assert watching.saw == [
        "before attach in an-example by a organization",
        "after attach: active, (2000,)",
    ]
