"""The recorded requests of the real Stripe, sent again: same statuses, same shapes, and effects to see."""

from __future__ import annotations

import pytest

from tests.conformance import judged, told
from tests.engine.sandbox.recordings.effects import unseen
from tests.engine.sandbox.recordings.exchanges import read
from tests.engine.sandbox.recordings.known import Known
from tests.engine.sandbox.recordings.replay import Replay, Replayed, Variation
from tests.engine.sandbox.recordings.shapes import Difference, differences
from tests.engine.sandbox.recordings.stripe_like import Answers
from tests.outside import EXCHANGES

pytestmark = pytest.mark.skipif(not EXCHANGES.exists(), reason=f"no recordings at {EXCHANGES}")

_ALIKE = 400


@pytest.fixture(scope="module")
async def replayed() -> list[Replayed]:
    """Every exchange with the twin's answer."""
    return [found async for found in Replay(read(EXCHANGES), Variation("first")).all()]


@pytest.fixture(scope="module")
async def replayed_otherwise() -> list[Replayed]:
    """The same with other ids, names and amounts."""
    how = Variation("second", scale=3, renamed=True)
    return [found async for found in Replay(read(EXCHANGES), how).all()]


def test_answers_have_the_recorded_status_and_shape(replayed: list[Replayed]) -> None:
    known = Known()
    unlike: dict[int, list[str]] = {}
    for found in replayed:
        left = known.unexplained(differences(found.exchange.answer, found.answer))
        told = [str(difference) for difference in dict.fromkeys(left)]
        if found.status != found.exchange.status:
            told.insert(0, f"{found.status} {found.answer.get('error', {}).get('message')}")
        if told:
            unlike[found.exchange.number] = [found.exchange.name, *told]
    unexpected = [text for number, text in unlike.items() if number not in known.exchanges]
    assert unexpected == []
    assert known.exchanges - unlike.keys() == set(), "these are alike now"
    assert known.unused == [], "these explain nothing"
    assert len(replayed) - len(unlike) >= _ALIKE


def test_other_ids_names_and_amounts_change_neither_status_nor_shape(
    replayed: list[Replayed], replayed_otherwise: list[Replayed]
) -> None:
    apart: list[tuple[str, list[Difference]]] = []
    for one, other in zip(replayed, replayed_otherwise, strict=True):
        assert one.status == other.status, (one.exchange.name, other.answer)
        if found := list(differences(one.answer, other.answer)):
            apart.append((one.exchange.name, found))
    assert apart == []


async def test_all_that_is_answered_fits_the_description(replayed: list[Replayed]) -> None:
    accounts: dict[Answers, set[str | None]] = {}
    for found in replayed:
        accounts.setdefault(found.twin, {None}).add(found.account)
    findings = [text for twin, named in accounts.items() for text in judged(await twin.lines(named))]
    assert not findings, told(findings)


async def test_every_effect_is_read_back() -> None:
    """What a call made or changed is there for GET, in the list of its kind, and in an event."""
    replay = Replay(read(EXCHANGES), Variation("third"))
    missing = [await unseen(found) async for found in replay.all() if found.exchange.method != "GET"]
    assert [text for text in missing if text is not None] == []
