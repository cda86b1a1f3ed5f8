"""What is worth telling while a scenario is played? Watches each step and prints what led to what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console

from engine.demo import page
from engine.scenario.door import part
from engine.scenario.expect import Seen
from engine.scenario.format import Attach, Scenario, Step
from engine.scenario.runner import deed
from engine.scenario.world import Person, World
from rules.ruleset import RuleSet
from rules.vocabulary import WORDS

Record = Mapping[str, Any]
Reads = Callable[[Record], frozenset[str]]
"""The facts that a matched rule looks at."""

NOTHING: Record = {}
QUIET = frozenset({"none", "unset", "nothing", "pass", False})
"""Values that say that there is nothing to say."""


class Narrator:
    """Tells one case after another; what it shows comes from the public API and the change feed alone."""

    def __init__(self, console: Console, reads: Reads) -> None:
        self._console = console
        self._reads = reads
        self._access: Mapping[str, Record] = {}
        self._when = ""
        self._shown: dict[str, int] = {}
        self._begun = False

    def open(self, number: int, count: int, scenario: Scenario) -> None:
        """The head of a case."""
        self._begun = False
        self._console.print(page.title(number, count, scenario.proves, scenario.customer.type))

    async def before(self, world: World, person: Person, step: Step) -> None:
        """Look at what the customer may do before the step."""
        self._when = str((await world.view(person))["now"])[:16].replace("T", " ")
        if step is chosen(world.scenario):
            self._begun = True
        if self._begun:
            self._access = await _access(world, person)

    async def after(self, world: World, person: Person, step: Step, seen: Seen) -> None:
        """Tell the step: the chosen one and what follows it in full, what leads to it in a line."""
        self._console.print(page.deed(self._when, deed(step), outcome(step, seen)))
        if not self._begun:
            return
        after = await _access(world, person)
        told = await world.attachment(person.last_attachment) if person.last_attachment else NOTHING
        decided = part(told, "decision") if step is chosen(world.scenario) else NOTHING
        self._console.print(
            page.sections(
                ("facts", page.facts(self._facts(decided)) if decided else None),
                ("decision", page.decision(decided) if decided else None),
                ("rules", page.rules(telling(decided)) if decided else None),
                ("Stripe", page.calls(self._fresh(told, "calls"))),
                ("invoice", page.invoices(seen.news.changed)),
                ("machine", page.moves(self._fresh(told, "transitions") or _from_feed(seen.feed))),
                ("feed", page.messages(seen.feed)),
                ("check", page.access(self._access, after)),
            )
        )

    def _facts(self, decided: Record) -> Iterator[tuple[str, str, str]]:
        """What the matched rules looked at, and what is out of the ordinary."""
        read = frozenset[str]().union(*(self._reads(match) for match in telling(decided)))
        for name, value in _first_line(decided).items():
            if name in read or value not in QUIET:
                word = WORDS.get(name)
                yield name, str(value).lower(), word.phrase(value) if word else ""

    def _fresh(self, told: Record, key: str) -> list[Record]:
        """What the attachment has done since it was told last."""
        rows: list[Record] = list(told.get(key) or ())
        seen = self._shown.get(f"{told.get('id')} {key}", 0)
        self._shown[f"{told.get('id')} {key}"] = len(rows)
        return rows[seen:]


def chosen(scenario: Scenario) -> Step | None:
    """The step of a scenario that is told in full: the one that names its function, else the last attach."""
    attaches = [step for step in scenario.steps if isinstance(step, Attach) and step.do == "attach"]
    named = [step for step in attaches if step.expect.function is not None]
    return next(iter(named or attaches[-1:]), None)


def outcome(step: Step, seen: Seen) -> str:
    """What came of a step, in a few words."""
    if seen.answer.error is not None:
        return f"refused: {seen.answer.error}"
    words = [str(seen.answer.body["status"])] if "status" in seen.answer.body else []
    if isinstance(step, Attach) and step.do == "preview":
        words.append(f"would cost {page.money(seen.answer.body.get('total', 0))} now")
    if "now" in seen.answer.body:
        words.append(f"it is {str(seen.answer.body['now'])[:16].replace('T', ' ')}")
    words += [f"invoice {page.money(total)}" for total in seen.news.totals]
    return ", ".join(words) or "done"


def telling(decided: Record) -> list[Record]:
    """The rules that decided something; those that merely let a request through are left out."""
    lines: Sequence[Record] = decided.get("lines") or ()
    matches = [match for line in lines for match in line.get("trace") or ()]
    matches += [match for match in decided.get("trace") or () if match not in matches]
    return [match for match in matches if part(match, "outcome").get("refusal") != "pass"]


def reading(ruleset: RuleSet) -> Reads:
    """Which facts the rule behind a match looks at."""
    conditions = {
        (table.name, rule.id): frozenset(condition.fact for condition in rule.when)
        for table in ruleset.tables
        for rule in table.rules
    }
    return lambda match: conditions.get((str(match.get("table")), str(match.get("rule"))), frozenset())


def _first_line(decided: Record) -> Record:
    lines: Sequence[Record] = decided.get("lines") or ()
    return part(lines[0], "facts") if lines else NOTHING


def _from_feed(messages: Sequence[Record]) -> list[Record]:
    """What happened to the customer's products, where no attachment tells it."""
    rows: list[Record] = []
    for message in messages:
        data = part(message, "data")
        state = part(part(data, "changes"), "state")
        if data.get("entity") == "subscription_product" and state:
            rows.append({"machine": data["entity"], "from": state["from"], "to": state["to"]})
    return rows


async def _access(world: World, person: Person) -> dict[str, Record]:
    """What `check` answers for each feature of the catalog."""
    return {
        feature.id: (
            await world.door.call("POST", "/v1/check", {"customer": person.reference, "feature": feature.id})
        ).body
        for feature in world.scenario.features
    }
