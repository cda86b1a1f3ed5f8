from __future__ import annotations

from typing import Any

import pytest

from engine.api.app import create_app
from engine.api.operations import Operations, endpoints
from engine.api.problems import problem_of
from engine.errors import InvalidRequest, Refused
from tests.engine.api.fakes import ACME, Everything, services, speaking

ASKED_OVER_HTTP = Everything()
APP = create_app(services(ASKED_OVER_HTTP, keys=None))
PATHS = {
    "attach": "/v1/attach",
    "preview": "/v1/attach/preview",
    "cancel": "/v1/cancel",
    "uncancel": "/v1/uncancel",
    "check": "/v1/check",
    "check_batch": "/v1/check/batch",
    "track": "/v1/track",
    "usage": "/v1/usage",
}


def test_every_operation_of_nats_has_a_path_of_http() -> None:
    assert set(endpoints(Operations(services(Everything())))) == set(PATHS)


@pytest.mark.parametrize("name", sorted(PATHS))
@pytest.mark.parametrize(
    "body",
    [
        {"customer": ACME, "product": "pro"},
        {"customer": ACME, "feature": "messages", "value": 2},
        {"customer": ACME, "feature": "messages"},
        {"checks": [{"customer": ACME, "feature": "messages"}]},
        {"customer": ACME, "product": "pro", "idempotency_key": "k"},
        {"customer": {"type": "robot"}, "product": 3},
        {"customer": ACME, "products": [{"product": "a", "quantities": {"m": "x"}}]},
        {},
        [],
        None,
        "pro",
    ],
)
async def test_both_doors_say_the_same(name: str, body: Any) -> None:
    over_nats, over_http = Everything(), ASKED_OVER_HTTP
    over_http.asked.clear()
    handle = endpoints(Operations(services(over_nats)))[name]
    try:
        heard = dict(await handle(body, {}))
        status = 200
    except Exception as error:  # noqa: BLE001 -- whatever is raised, the door answers it
        told = problem_of(error, instance=PATHS[name])
        heard, status = told.body, told.status
    async with speaking(APP) as client:
        response = await client.post(PATHS[name], json=body)

    assert (status, heard) == (response.status_code, response.json())
    assert over_nats.asked == over_http.asked


async def test_the_key_comes_in_the_header_of_a_message() -> None:
    everything = Everything()
    handle = endpoints(Operations(services(everything)))["attach"]

    await handle({"customer": ACME, "product": "pro"}, {"Idempotency-Key": "k"})
    await handle({"customer": ACME, "product": "pro"}, {"idempotency-key": "k"})
    with pytest.raises(Refused, match="idempotency_mismatch"):
        await handle({"customer": ACME, "product": "free"}, {"Idempotency-Key": "k"})
    with pytest.raises(InvalidRequest):
        await handle({"customer": ACME, "product": "free"}, {"Idempotency-Key": "k\n"})

    assert len(everything.asked) == 1
