from __future__ import annotations

import asyncio

import pytest

from engine.api.idempotency import agreed_key, once
from engine.api.services import Answer
from engine.errors import Contradiction, InvalidRequest, PaymentRefused, Refused, TemporarilyUnable
from tests.engine.api.fakes import MemoryKeys


class Work:
    def __init__(self, *outcomes: Answer | BaseException) -> None:
        self.outcomes = list(outcomes)
        self.runs = 0

    async def __call__(self) -> Answer:
        self.runs += 1
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


async def test_an_answer_is_given_again_and_said_to_be() -> None:
    keys, work = MemoryKeys(), Work({"n": 1})

    first = await once(keys, work, caller="c", key="k", fingerprint="f")
    second = await once(keys, work, caller="c", key="k", fingerprint="f")

    assert (first.body, first.replayed) == ({"n": 1}, False)
    assert (second.body, second.replayed) == ({"n": 1}, True)
    assert work.runs == 1


async def test_a_refusal_frees_the_key_for_another_request() -> None:
    keys, work = MemoryKeys(), Work(Refused("product_not_ready", "Wait."), {"n": 2})

    with pytest.raises(Refused):
        await once(keys, work, caller="c", key="k", fingerprint="f")
    again = await once(keys, work, caller="c", key="k", fingerprint="other")

    assert again.body == {"n": 2}


@pytest.mark.parametrize(
    "error",
    [
        Contradiction("no_decision", "Two."),
        RuntimeError("?"),
        PaymentRefused("payment_failed", "The card was declined."),
        TemporarilyUnable("outcome_unknown", "Stripe did not answer."),
        Refused("stripe_refused", "Stripe said no."),
    ],
)
async def test_what_may_have_had_an_effect_keeps_the_key_for_the_same_request(error: Exception) -> None:
    keys, work = MemoryKeys(), Work(error, {"n": 2})

    with pytest.raises(type(error)):
        await once(keys, work, caller="c", key="k", fingerprint="f")
    with pytest.raises(Refused, match="idempotency_mismatch"):
        await once(keys, work, caller="c", key="k", fingerprint="other")
    again = await once(keys, work, caller="c", key="k", fingerprint="f")

    assert again.body == {"n": 2}
    assert again.replayed is False


async def test_a_caller_who_goes_away_leaves_the_key_usable() -> None:
    keys, began = MemoryKeys(), asyncio.Event()

    async def endless() -> Answer:
        began.set()
        await asyncio.Event().wait()
        return {}

    task = asyncio.create_task(once(keys, endless, caller="c", key="k", fingerprint="f"))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    again = await once(keys, Work({"n": 3}), caller="c", key="k", fingerprint="f")

    assert again.body == {"n": 3}


async def test_one_that_waits_too_long_is_told_to_repeat() -> None:
    keys = MemoryKeys()
    await keys.claim("c", "k", "f")

    with pytest.raises(Refused, match="concurrent_request"):
        await once(keys, Work({}), caller="c", key="k", fingerprint="f", patience=0.05)


async def test_one_that_waits_gets_the_answer_of_the_first() -> None:
    keys, work = MemoryKeys(), Work({"n": 2})
    await keys.claim("c", "k", "f")
    waiting = asyncio.create_task(once(keys, work, caller="c", key="k", fingerprint="f"))
    await asyncio.sleep(0.03)
    await keys.store("c", "k", status=200, body={"n": 1})

    assert (await waiting).body == {"n": 1}
    assert work.runs == 0


def test_header_and_body_agree_on_one_key() -> None:
    assert agreed_key(None, None) is None
    assert agreed_key("a", None) == agreed_key(None, "a") == agreed_key("a", "a") == "a"
    with pytest.raises(InvalidRequest, match="conflicting_parameters"):
        agreed_key("a", "b")
