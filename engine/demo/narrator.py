"""What is worth telling while a scenario is played? Watches each step and prints what led to what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console

from engine.demo import page
from engine.scenario.door import part
from engine.scenario.expect import Seen
from engine.scenario.format import Attach, Scenario, Step
from engine.scenario.runner import deed
from engine.scenario.world import Person, World
from rules.model import OTHERWISE
from rules.ruleset import RuleSet
from rules.vocabulary import LET_THROUGH, WORDS

Record = Mapping[str, Any]
USUAL: Record = {
    "line_kind": "product",
    "product_ready": True,
    "entity_known": True,
    "currency_matches": True,
}
"""What holds for nearly every purchase, and says little; other facts are silent when they hold nothing."""

NOTHING: Record = {}
QUIET = frozenset({"none", "unset", "nothing", False})
"""Values that say that there is nothing to say."""


class Narrator:
    """Tells one case after another; what it shows comes from the public API and the change feed alone."""

    def __init__(self, console: Console, book: Rulebook) -> None:
        self._console = console
        self._book = book
        self._access: Mapping[str, Record] = {}
        self._when = ""
        self._shown: dict[str, int] = {}
        self._begun = False

    def open(self, number: int, count: int, scenario: Scenario) -> None:
        """The head of a case."""
        self._begun = False
        name = scenario.id.removeprefix("demo-").replace("-", " ")
        who = "an organization" if scenario.customer.type == "organization" else "a user"
        self._console.print(page.title(number, count, name, scenario.proves, who))

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
        rows = (await world.view(person)).get("products", ())
        names = {str(row.get("id")): str(row.get("product")) for row in rows}
        matched = telling(decided)
        shown = [match for match in matched if self._book.special(match)]
        self._console.print(
            page.sections(
                ("facts", page.facts(self._facts(decided, shown)) if decided else None),
                ("decision", page.decision(decided) if decided else None),
                ("rules", page.rules(shown, more=len(matched) - len(shown))),
                ("Stripe", page.calls(self._fresh(told, "calls"))),
                ("invoice", page.invoices(seen.news.changed)),
                ("machine", page.moves(self._fresh(told, "transitions") or _from_feed(seen.feed), names)),
                ("feed", page.messages(seen.feed)),
                ("check", page.access(self._access, after)),
            )
        )

    def _facts(self, decided: Record, shown: Sequence[Record]) -> Iterator[tuple[str, str, str]]:
        """What the told rules looked at, and what is out of the ordinary."""
        read = frozenset[str]().union(*(self._book.reads(match) for match in shown))
        for name, value in _first_line(decided).items():
            if name in read or _unusual(name, value):
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
    status = seen.result or seen.answer.body.get("status")
    words = [str(status)] if status else []
    if isinstance(step, Attach) and step.do == "preview":
        words.append(f"would cost {page.money(seen.answer.body.get('total', 0))} now")
    if "now" in seen.answer.body:
        words.append(f"it is {str(seen.answer.body['now'])[:16].replace('T', ' ')}")
    words += [f"invoice {page.money(total)}" for total in seen.news.totals]
    return ", ".join(words) or "done"


def telling(decided: Record) -> list[Record]:
    """The rules that decided; not those that let a request through, nor sums of what one line said."""
    lines: Sequence[Record] = decided.get("lines") or ()
    matches = [match for line in lines for match in line.get("trace") or ()]
    matches += decided.get("trace") or ()
    return [
        match
        for match in matches
        if part(match, "outcome").get("refusal") != LET_THROUGH
        and (match.get("stage") != "combine" or len(lines) > 1)
    ]


class Rulebook:
    """What the rule behind a match looks at, and whether it says more than what is usual."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._rules = {
            (table.name, rule.id): (table, rule) for table in ruleset.tables for rule in table.rules
        }

    def reads(self, match: Record) -> frozenset[str]:
        """The facts that the rule looks at."""
        found = self._rules.get(_key(match))
        return frozenset(condition.fact for condition in found[1].when) if found else frozenset()

    def special(self, match: Record) -> bool:
        """Whether the rule is worth telling: it chose branch or function, or made an exception."""
        found = self._rules.get(_key(match))
        if found is None or found[0].stage in ("branch", "function"):
            return True
        quiet = all(value in QUIET for value in part(match, "outcome").values())
        return found[1].tier != OTHERWISE and not quiet


def _key(match: Record) -> tuple[str, str]:
    return str(match.get("table")), str(match.get("rule"))


def _unusual(name: str, value: object) -> bool:
    return USUAL[name] != value if name in USUAL else value not in QUIET


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
            rows.append(
                {"machine": data["entity"], "row": data.get("id"), "from": state["from"], "to": state["to"]}
            )
    return rows


async def _access(world: World, person: Person) -> dict[str, Record]:
    """What `check` answers for each feature of the catalog."""
    return {
        feature.id: (
            await world.door.call("POST", "/v1/check", {"customer": person.reference, "feature": feature.id})
        ).body
        for feature in world.scenario.features
    }
