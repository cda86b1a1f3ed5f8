"""Take the steps with the official Python library; `python take_steps.py BASE` prints what was unexpected."""

from __future__ import annotations

import time
from typing import Any

import stripe

from tests.engine.sandbox.smoke.steps import Step, filled, part, steps

_PATIENCE = 20


def unexpected(base: str) -> list[str]:
    """The steps whose status was another than they say."""
    client = stripe.StripeClient("sk_test_smoke", base_addresses={"api": base}, max_network_retries=0)
    kept: dict[str, Any] = {}
    return [text for step in steps() if (text := _take(client.v1, step, kept)) is not None]


def _take(v1: Any, step: Step, kept: dict[str, Any]) -> str | None:
    try:
        status, said = _call(v1, step, kept)
    except (KeyError, IndexError) as missing:
        return f"{step['call']}: nothing was kept as {missing}"
    if status != step["status"]:
        return f"{step['call']}: {status} instead of {step['status']}: {said}"
    if status == 200 and "as" in step:
        kept[step["as"]] = said
    return None


def _call(v1: Any, step: Step, kept: dict[str, Any]) -> tuple[int, Any]:
    method = v1
    for name in step["call"].split("."):
        method = getattr(method, name)
    options = {"stripe_account": filled(step["account"], kept)} if "account" in step else {}
    ids, given = filled(step.get("ids", []), kept), filled(step.get("with", {}), kept)
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            answer = method(*ids, given, options)
        except stripe.StripeError as error:
            return error.http_status or 0, str(error)
        if _is_there(answer, step.get("until", {})) or time.monotonic() > deadline:
            return answer.last_response.code, answer
        time.sleep(0.01)


def _is_there(answer: Any, wanted: dict[str, Any]) -> bool:
    try:
        return all(part(answer, path) == value for path, value in wanted.items())
    except (KeyError, IndexError):
        return False
