from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from engine.telemetry import REDACTED, alarm, configure_logging, metrics_page, without_secrets

SECRETS = [
    "sk_test_51Abc",
    "rk_live_zzz",
    "whsec_abc123",
    "ws_live_0123",
    "pi_1_secret_abc",
    "eyJhbGciOi.eyJzdWIi.c2lnbmF0",
    "ada@example.com",
    "4242 4242 4242 4242",
    "4000056655665556",
    "v1=" + "ab" * 32,
]


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    before = logging.getLogger().handlers[:], logging.getLogger().level
    configure_logging(pretty=False, stream=stream)
    yield stream
    structlog.reset_defaults()
    logging.basicConfig(handlers=before[0], level=before[1], force=True)


def _fail(words: str) -> None:
    raise ValueError(words)


def _last(stream: io.StringIO) -> dict[str, object]:
    last: dict[str, object] = json.loads(stream.getvalue().splitlines()[-1])
    return last


@pytest.mark.parametrize("secret", SECRETS)
def test_what_looks_like_a_secret_is_not_written_wherever_it_stands(lines: io.StringIO, secret: str) -> None:
    log = structlog.get_logger("ours")
    log.info("said", deep={"list": [f"it is {secret}."]})
    log.info("said " + secret)  # noqa: G003 - a message that was put together carelessly
    logging.getLogger("theirs").warning("said %s", secret)
    try:
        _fail(secret)
    except ValueError as error:
        log.exception("failed", error=error, raw=secret.encode())
    assert secret not in lines.getvalue()
    assert lines.getvalue().count(REDACTED) >= 5


def test_what_is_named_like_a_secret_is_not_written(lines: io.StringIO) -> None:
    names = [
        "api_key",
        "Authorization",
        "client_secret",
        "password",
        "token",
        "email",
        "card",
        "stripe_signature",
    ]
    structlog.get_logger("ours").info("said", **dict.fromkeys(names, "value"))
    line = _last(lines)
    assert {line[name] for name in names} == {REDACTED}


def test_ordinary_facts_are_left_as_they_are(lines: io.StringIO) -> None:
    facts = {"customer": "organization_acme", "amount": 4242424242424242, "at": "2026-01-16T00:00:00Z"}
    structlog.get_logger("ours").info("said", **facts, entitled=None)
    assert {name: _last(lines)[name] for name in facts} == facts
    assert without_secrets("order 4242 4242 4242 4243") == "order 4242 4242 4242 4243"
    assert without_secrets("postgresql://u:hidden@h/db") == f"postgresql://u:{REDACTED}@h/db"


def test_an_alarm_is_an_error_with_its_facts_and_is_counted(lines: io.StringIO) -> None:
    before = _count("no_decision")
    alarm("no_decision", attachment="att_1", name="still a fact")
    line = _last(lines)
    assert (line["level"], line["event"], line["attachment"]) == ("error", "no_decision", "att_1")
    assert _count("no_decision") == before + 1


def _count(name: str) -> float:
    page, kind = metrics_page()
    assert kind.startswith("text/plain")
    wanted = f'wallstreet_alarms_total{{name="{name}"}} '
    found = [line for line in page.decode().splitlines() if line.startswith(wanted)]
    return float(found[0].split()[-1]) if found else 0.0


def test_a_line_for_people_is_not_json() -> None:
    stream = io.StringIO()
    configure_logging(pretty=True, stream=stream)
    structlog.get_logger("ours").info("said", key="sk_test_x1")
    structlog.reset_defaults()
    assert not stream.getvalue().startswith("{")
    assert "sk_test" not in stream.getvalue()
