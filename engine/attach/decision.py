"""What do the rules say about this call? The decision, or the refusal as the error that a caller gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.attach.context import AttachContext
from engine.attach.facts import Facts, lines_of
from engine.attach.request import AttachRequest
from engine.errors import Contradiction, InvalidRequest, NotFound, NotImplementedYet, Refused, WallstreetError
from engine.telemetry import alarm
from rules import Decision, Match, Refusal, RuleSet
from rules.errors import RuleError

Json = dict[str, Any]

NOT_FOUND = frozenset(
    {"product_not_found", "feature_not_found", "customer_not_found", "entity_not_found", "price_not_found"}
)
REQUEST_IS_WRONG = frozenset(
    {
        "invalid_request",
        "invalid_quantity",
        "conflicting_parameters",
        "anchor_invalid",
        "start_date_invalid",
        "end_date_invalid",
        "checkout_not_possible",
        "nothing_to_pay",
        "mixed_intervals_in_checkout",
    }
)


class Decided:
    """A decision with the facts that led to it."""

    def __init__(self, facts: tuple[Facts, ...], decision: Decision) -> None:
        self.facts = facts
        self.decision = decision

    def as_json(self) -> Json:
        """The decision as it is stored, told and replayed."""
        decision = self.decision
        return {
            "rule_set_hash": decision.rule_set_hash,
            "branch": decision.branch,
            "config": _config(decision),
            "function": decision.function,
            "lines": [
                {
                    "facts": dict(facts),
                    "branch": line.branch,
                    "direction": line.direction,
                    "trace": [match_as_json(match) for match in line.trace],
                }
                for facts, line in zip(self.facts, decision.lines, strict=True)
            ],
            "trace": [match_as_json(match) for match in decision.trace],
        }


def decide(context: AttachContext, request: AttachRequest, rules: RuleSet) -> Decided:
    """Ask the rules; the facts are those of the context and nothing else.

    Raises:
        WallstreetError: the rules refuse the call, under the code and in the words of the rule.
        Contradiction: the rules have no answer or two, or the evaluators differ (`no_decision`): we stop.
    """
    facts = lines_of(context, request)
    try:
        answer = rules.decide(facts)
    except RuleError as error:
        alarm("no_decision", attachment=context.attachment, error=str(error))
        raise Contradiction(
            "no_decision", "The rules gave no single answer, so nothing was done; we have been told."
        ) from error
    if isinstance(answer, Refusal):
        raise refusal_error(answer)
    return Decided(facts, answer)


def refusal_error(refusal: Refusal) -> WallstreetError:
    """A refusal of the rules as the error that a caller gets: its code, and the sentence of its rule."""
    match, code = refusal.match, refusal.code
    facts = {"rule": match.rule_id, "file": match.file, "line": match.line}
    if code == "not_implemented":
        return NotImplementedYet(match.because)
    if code in NOT_FOUND:
        return NotFound(code, match.because, facts=facts)
    if code in REQUEST_IS_WRONG:
        return InvalidRequest(match.because, code=code, facts=facts)
    return Refused(code, match.because, facts=facts)


def match_as_json(match: Match) -> Json:
    """One rule that matched, as it is stored and shown."""
    return {
        "stage": match.stage,
        "table": match.table,
        "rule": match.rule_id,
        "file": match.file,
        "line": match.line,
        "because": match.because,
        "outcome": dict(match.outcome),
        "source": match.source,
    }


def _config(decision: Decision) -> Mapping[str, Json]:
    """Each config value with the rule that gave it, or the request that the rules let speak."""
    return {
        field: {
            "value": value,
            "source": decision.deciders[field].source,
            "rule": decision.deciders[field].rule_id,
        }
        for field, value in decision.config.items()
    }
