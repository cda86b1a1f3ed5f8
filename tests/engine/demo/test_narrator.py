from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console

from engine.demo.narrator import Narrator, Rulebook, chosen, outcome, telling
from engine.scenario.door import Answer, Door
from engine.scenario.expect import Seen
from engine.scenario.reading import Found
from engine.scenario.runner import Runner
from engine.scenario.world import News
from rules import load_ruleset
from tests.engine.scenario.examples import attach, scenario
from tests.engine.scenario.fake import FakeWallstreet


def match(rule: str, **said: Any) -> dict[str, Any]:
    return {
        "table": "t",
        "rule": rule,
        "file": "f.yaml",
        "line": 1,
        "outcome": said,
        "because": f"{rule} says so",
    }


DECISION: dict[str, Any] = {
    "branch": "new",
    "function": "new_product",
    "config": {},
    "lines": [
        {
            "facts": {
                "current_plan": "none",
                "product_price": "recurring",
                "add_on": False,
                "invoice_mode": False,
            },
            "trace": [match("let_through", refusal="pass"), match("is_new", branch="new")],
        }
    ],
    "trace": [match("by_function", function="new_product")],
}


def test_the_step_that_names_its_function_is_told_in_full() -> None:
    named = attach(expect={"function": "update_product"})
    assert chosen(given := scenario(attach(), named, attach())) is given.steps[1]
    assert (
        chosen(given := scenario(attach(), attach(), {"do": "check", "feature": "messages"}))
        is given.steps[1]
    )
    assert chosen(scenario({"do": "preview", "product": "pro"})) is None


def test_rules_that_only_let_through_are_not_told() -> None:
    assert [found["rule"] for found in telling(DECISION)] == ["is_new", "by_function"]


def test_an_outcome_is_told_in_a_few_words() -> None:
    step = scenario(attach()).steps[0]
    news = News(totals=(2000, -300), statuses=("paid", "paid"))
    assert outcome(step, Seen(Answer(200, {"status": "active"}), news=news)) == (
        "active, invoice $20.00, invoice -$3.00"
    )
    assert outcome(step, Seen(Answer(409, {"code": "limit_reached"}))) == "refused: limit_reached"
    preview = scenario({"do": "preview", "product": "pro"}).steps[0]
    assert outcome(preview, Seen(Answer(200, {"total": 2581}))) == "would cost $25.81 now"


class Telling(FakeWallstreet):
    """Tells of each attachment how it was decided and done."""

    def _route(self, method: str, path: list[str], body: Any) -> tuple[int, Any]:
        if path[1:2] == ["attachments"]:
            calls = [
                {"method": "POST", "path": "/v1/subscriptions", "status": 200, "params": {"customer": "c"}}
            ]
            moves = [
                {
                    "machine": "subscription_product",
                    "row": "sp_1",
                    "from": None,
                    "to": "active",
                    "event": "activated",
                }
            ]
            return 200, {"id": path[2], "decision": DECISION, "calls": calls, "transitions": moves}
        return super()._route(method, path, body)


async def test_a_case_is_told_from_its_facts_to_what_the_customer_may_do() -> None:
    console = Console(width=118, record=True, file=StringIO())
    narrator = Narrator(console, Rulebook(load_ruleset()))
    case = scenario(attach(expect={"function": "new_product"}), proves="a plan is bought")
    async with Telling().client() as client:
        narrator.open(1, 5, case)
        await Runner(Door(client), observer=narrator).play(Found(Path("x.yaml"), case))
    told = " ".join(console.export_text().split())
    assert "1 of 5 an example for an organization" in told
    assert "a plan is bought" in told
    assert "attach pro → active, invoice $20.00" in told
    assert "product_price = recurring it is paid each period" in told
    assert "invoice_mode" not in told
    assert "f.yaml:1 branch = new is_new says so" in told
    assert "let_through" not in told
    assert "200 POST /v1/subscriptions customer=c" in told
    assert "subscription_product none → active activated" in told
    assert "messages" in told
